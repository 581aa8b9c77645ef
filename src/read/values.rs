//! Values of a column in memory, whatever their type, to ids and texts.
//!
//! In: the arrays of a batch. Out: for a row the [`Record`] that it is.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;

use super::encoding;
use super::record::Record;
use crate::error::{Error, ErrorKind};

/// The two columns of a batch that are read.
#[derive(Debug)]
pub struct Cells {
    /// The texts.
    pub texts: Values,
    /// The ids, if there are any.
    pub ids: Option<Values>,
}

impl Cells {
    /// Makes a record of a row.
    ///
    /// # Errors
    /// Why its text is none.
    pub fn fill(&self, record: &mut Record, row: usize) -> Result<(), NoText> {
        record.clear();
        if let Some(ids) = &self.ids {
            record.has_id = ids.add_to(&mut record.id, row).is_ok() && !record.id.is_empty();
        }
        (record.replaced, record.guessed) = self.texts.add_to(&mut record.text, row)?;
        Ok(())
    }
}

/// Why a cell is no text.
#[derive(Debug)]
pub enum NoText {
    /// Something else stands there.
    Other(&'static str),
    /// Bytes that are no text.
    Binary(&'static str),
}

impl NoText {
    /// The same as an error about a field.
    pub fn error(self, field: String) -> Error {
        Error::new(match self {
            NoText::Other(found) => ErrorKind::FieldNotText { field, found },
            NoText::Binary(reason) => ErrorKind::NotText(reason),
        })
    }
}

/// The values of a column in a batch.
#[derive(Debug)]
pub struct Values {
    array: ArrayRef,
    /// Which value each row has, if equal ones are kept once.
    keys: Option<Vec<usize>>,
    /// The arrays around it, and what may be null of its keys.
    around: Vec<ArrayRef>,
}

impl Values {
    /// The column of this path, if it is there.
    pub fn of(batch: &RecordBatch, path: &[String]) -> Option<Self> {
        let (root, inner) = path.split_first()?;
        let mut array = Arc::clone(batch.column_by_name(root)?);
        let mut around = Vec::new();
        for name in inner {
            let next = Arc::clone(array.as_struct_opt()?.column_by_name(name)?);
            around.push(std::mem::replace(&mut array, next));
        }
        Some(Values::within(array, around))
    }

    /// The values of an array that stands in others.
    fn within(mut array: ArrayRef, mut around: Vec<ArrayRef>) -> Self {
        let mut keys = None;
        if let Some(dictionary) = array.as_any_dictionary_opt() {
            let values = Arc::clone(dictionary.values());
            // Without a value all rows are null.
            keys = Some(match values.is_empty() {
                true => vec![0; array.len()],
                false => dictionary.normalized_keys(),
            });
            around.push(std::mem::replace(&mut array, values));
        }
        Values { array, keys, around }
    }

    /// How many bytes of text they are, about.
    pub fn bytes(&self) -> u64 {
        let array = &*self.array;
        let bytes = match array.data_type() {
            DataType::Utf8 => length(array.as_string::<i32>().value_offsets()),
            DataType::LargeUtf8 => length(array.as_string::<i64>().value_offsets()),
            DataType::Utf8View => array.as_string_view().lengths().map(u64::from).sum(),
            DataType::Binary => length(array.as_binary::<i32>().value_offsets()),
            DataType::LargeBinary => length(array.as_binary::<i64>().value_offsets()),
            DataType::BinaryView => array.as_binary_view().lengths().map(u64::from).sum(),
            _ => 8 * array.len() as u64,
        };
        match &self.keys {
            // Equal values are kept once.
            Some(keys) => bytes / (array.len() as u64).max(1) * keys.len() as u64,
            None => bytes,
        }
    }

    /// Adds a row's value to `out`; gives what was replaced and guessed to decode it.
    pub fn add_to(
        &self,
        out: &mut String,
        row: usize,
    ) -> Result<(u64, Option<&'static str>), NoText> {
        let null = || NoText::Other("null");
        if self.around.iter().any(|array| array.is_null(row)) {
            return Err(null());
        }
        let at = self.keys.as_ref().map_or(row, |keys| keys[row]);
        let array = &*self.array;
        if at >= array.len() || array.is_null(at) {
            return Err(null());
        }
        macro_rules! number {
            ($type:ty) => {
                out.push_str(&array.as_primitive::<$type>().value(at).to_string())
            };
        }
        let mut decode = |bytes: &[u8]| {
            let decoded = encoding::decode(bytes).map_err(NoText::Binary)?;
            out.push_str(&decoded.text);
            Ok((decoded.replaced, decoded.guessed))
        };
        match array.data_type() {
            DataType::Utf8 => out.push_str(array.as_string::<i32>().value(at)),
            DataType::LargeUtf8 => out.push_str(array.as_string::<i64>().value(at)),
            DataType::Utf8View => out.push_str(array.as_string_view().value(at)),
            DataType::Binary => return decode(array.as_binary::<i32>().value(at)),
            DataType::LargeBinary => return decode(array.as_binary::<i64>().value(at)),
            DataType::BinaryView => return decode(array.as_binary_view().value(at)),
            DataType::FixedSizeBinary(_) => return decode(array.as_fixed_size_binary().value(at)),
            DataType::Int8 => number!(Int8Type),
            DataType::Int16 => number!(Int16Type),
            DataType::Int32 => number!(Int32Type),
            DataType::Int64 => number!(Int64Type),
            DataType::UInt8 => number!(UInt8Type),
            DataType::UInt16 => number!(UInt16Type),
            DataType::UInt32 => number!(UInt32Type),
            DataType::UInt64 => number!(UInt64Type),
            _ => return Err(NoText::Other("of another type")),
        }
        Ok((0, None))
    }
}

/// From the first to the last of some offsets.
fn length<T: Copy + Into<i64>>(offsets: &[T]) -> u64 {
    let bounds = offsets.first().zip(offsets.last());
    bounds.map_or(0, |(&first, &last)| (last.into() - first.into()) as u64)
}
