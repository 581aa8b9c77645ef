//! Values of a column in memory, whatever their type, to ids and texts.
//!
//! In: the arrays of a batch. Out: for a row the [`Record`] that it is.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::display::array_value_to_string;
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
            ids.add_id(&mut record.id, row);
            record.has_id = !record.id.is_empty();
        }
        (record.replaced, record.guessed) = self.texts.add_text(&mut record.text, row)?;
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
    pub fn add_text(
        &self,
        out: &mut String,
        row: usize,
    ) -> Result<(u64, Option<&'static str>), NoText> {
        let at = self.place(row).ok_or(NoText::Other("null"))?;
        match self.written(at) {
            Some(Written::Text(text)) => {
                out.push_str(text);
                Ok((0, None))
            }
            Some(Written::Bytes(bytes)) => {
                let decoded = encoding::decode(bytes).map_err(NoText::Binary)?;
                out.push_str(&decoded.text);
                Ok((decoded.replaced, decoded.guessed))
            }
            None => Err(NoText::Other(not_text(self.array.data_type()).unwrap_or("null"))),
        }
    }

    /// Adds a row's value to `out` as an id, nothing if it is null: bytes that are no UTF-8 in hexadecimal digits,
    /// whole numbers without a point, whatever they are kept as.
    pub fn add_id(&self, out: &mut String, row: usize) {
        let Some(at) = self.place(row) else { return };
        let array = &*self.array;
        match (self.written(at), array.data_type()) {
            (Some(Written::Text(text)), _) => out.push_str(text),
            (Some(Written::Bytes(bytes)), _) => match std::str::from_utf8(bytes) {
                Ok(text) => out.push_str(text),
                Err(_) => out.extend(bytes.iter().map(|byte| format!("{byte:02x}"))),
            },
            // A column of whole numbers of which one is missing is one of floating-point numbers in some tools.
            (None, DataType::Float32) => {
                out.push_str(&array.as_primitive::<Float32Type>().value(at).to_string());
            }
            (None, DataType::Float64) => {
                out.push_str(&array.as_primitive::<Float64Type>().value(at).to_string());
            }
            (None, _) => out.push_str(&array_value_to_string(array, at).unwrap_or_default()),
        }
    }

    /// Where among the values that of a row is, if it has one.
    fn place(&self, row: usize) -> Option<usize> {
        if self.around.iter().any(|array| array.is_null(row)) {
            return None;
        }
        let at = self.keys.as_ref().map_or(row, |keys| keys[row]);
        (at < self.array.len() && !self.array.is_null(at)).then_some(at)
    }

    /// The value at a place, if it is text or bytes.
    fn written(&self, at: usize) -> Option<Written<'_>> {
        let array = &*self.array;
        Some(match array.data_type() {
            DataType::Utf8 => Written::Text(array.as_string::<i32>().value(at)),
            DataType::LargeUtf8 => Written::Text(array.as_string::<i64>().value(at)),
            DataType::Utf8View => Written::Text(array.as_string_view().value(at)),
            DataType::Binary => Written::Bytes(array.as_binary::<i32>().value(at)),
            DataType::LargeBinary => Written::Bytes(array.as_binary::<i64>().value(at)),
            DataType::BinaryView => Written::Bytes(array.as_binary_view().value(at)),
            DataType::FixedSizeBinary(_) => Written::Bytes(array.as_fixed_size_binary().value(at)),
            _ => return None,
        })
    }
}

/// A value that may be a text.
enum Written<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// What values of this type are, if they are no texts.
pub fn not_text(kind: &DataType) -> Option<&'static str> {
    match kind {
        DataType::Dictionary(_, values) => not_text(values),
        DataType::Null
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => None,
        DataType::Boolean => Some("a truth value"),
        kind if kind.is_numeric() => Some("a number"),
        _ => Some("of another type"),
    }
}

/// From the first to the last of some offsets.
fn length<T: Copy + Into<i64>>(offsets: &[T]) -> u64 {
    let bounds = offsets.first().zip(offsets.last());
    bounds.map_or(0, |(&first, &last)| (last.into() - first.into()) as u64)
}
