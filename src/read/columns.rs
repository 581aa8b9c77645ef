//! The rows of a Parquet file to ids and texts.
//!
//! In: the file by position, and which of its rows are wanted. Out: the values of two columns, row
//! by row; of other columns and other row groups nothing is read, and pages without a wanted row are
//! passed over. A footer that lies is found out by the `parquet` crate, or bounded here: no more is
//! asked of the file than it has.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use parquet::basic::Type as PhysicalType;
use parquet::errors::ParquetError;
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::reader::{ChunkReader, Length};

use super::encoding::{self, Form};
use super::guard::guarded;
use super::record::{Fields, Record};
use super::rows::is_writable;
use crate::error::{Error, ErrorKind, Result};
use crate::spill::read_at;

/// Rows that are decoded at once: few, since each may be as long as a document may be.
pub(super) const BATCH: usize = 128;

/// The bytes of a file, or of an entry of an archive.
#[derive(Clone, Debug)]
pub struct Section {
    file: Arc<File>,
    range: Range<u64>,
}

impl Section {
    /// These bytes of the file.
    pub fn new(file: File, range: Range<u64>) -> io::Result<Self> {
        let end = range.end.min(file.metadata()?.len());
        Ok(Section { file: Arc::new(file), range: range.start.min(end)..end })
    }
}

impl Length for Section {
    fn len(&self) -> u64 {
        self.range.end - self.range.start
    }
}

impl ChunkReader for Section {
    type T = BufReader<Stretch>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let start = start.min(self.len()) + self.range.start;
        Ok(BufReader::new(Stretch { file: Arc::clone(&self.file), rest: start..self.range.end }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.len()) {
            return Err(ParquetError::EOF("its footer tells of bytes that it has not".to_owned()));
        }
        let mut bytes = vec![0; length];
        self.get_read(start)?.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// A reader of a part of a file, by position.
pub struct Stretch {
    file: Arc<File>,
    rest: Range<u64>,
}

impl Read for Stretch {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.rest.end - self.rest.start;
        let most = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let count = read_at(&self.file, &mut buffer[..most], self.rest.start)?;
        self.rest.start += count as u64;
        Ok(count)
    }
}

/// Where the columns of a file are, and how many rows it has.
#[derive(Clone)]
pub struct Footer {
    pub(super) metadata: ArrowReaderMetadata,
    pub(super) text: Leaf,
    id: Option<Leaf>,
    /// Whether files can be written like it.
    is_writable: bool,
    /// The first row of each row group, and the number of rows.
    starts: Vec<u64>,
}

/// A column that holds values.
#[derive(Clone)]
pub(super) struct Leaf {
    index: usize,
    pub(super) path: Vec<String>,
}

impl Footer {
    /// Reads the footer.
    ///
    /// # Errors
    /// [`ErrorKind::Damaged`]; [`ErrorKind::MissingColumn`], if there is no column of text.
    pub fn load(section: &Section, fields: &Fields) -> Result<Self> {
        let options = ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Optional);
        let metadata = decoded(|| ArrowReaderMetadata::load(section, options))?;
        let schema = metadata.parquet_schema();
        let find = |name: String| {
            let index =
                schema.columns().iter().position(|column| column.path().string() == name)?;
            Some(Leaf { index, path: schema.column(index).path().parts().to_vec() })
        };
        let text = find(fields.text_name()).ok_or_else(|| {
            let names = schema.columns().iter().map(|column| column.path().string());
            Error::missing_column(fields.text_name(), names, false)
        })?;
        let found = match schema.column(text.index).physical_type() {
            PhysicalType::BYTE_ARRAY | PhysicalType::FIXED_LEN_BYTE_ARRAY => None,
            PhysicalType::BOOLEAN => Some("a truth value"),
            _ => Some("a number"),
        };
        if let Some(found) = found {
            return Err(Error::new(ErrorKind::FieldNotText { field: fields.text_name(), found }));
        }
        let id = find(fields.id_name());
        let mut starts = vec![0u64];
        for group in metadata.metadata().row_groups() {
            let rows = u64::try_from(group.num_rows()).ok();
            let next = rows.and_then(|rows| starts[starts.len() - 1].checked_add(rows));
            starts.push(next.ok_or_else(|| damaged("it has a row group of less than no rows"))?);
        }
        let types = schema.columns().iter().map(|column| column.physical_type());
        let is_writable = is_writable(metadata.schema().fields(), &text.path, types);
        Ok(Footer { metadata, text, id, is_writable, starts })
    }

    /// Ranges of rows that hold about `size` bytes of text each, none of them of two row groups.
    pub fn slices(&self, size: u64) -> Vec<Range<u64>> {
        let mut slices = Vec::new();
        for (group, rows) in
            self.metadata.metadata().row_groups().iter().zip(self.starts.windows(2))
        {
            let count = rows[1] - rows[0];
            let bytes = group.columns().get(self.text.index);
            let bytes = bytes.map_or(0, |column| column.uncompressed_size().max(0) as u64);
            let parts = (bytes / size).clamp(1, count.max(1));
            let step = count.div_ceil(parts).max(1);
            let ends = (rows[0]..rows[1]).step_by(usize::try_from(step).unwrap_or(usize::MAX));
            slices.extend(ends.map(|start| start..(start + step).min(rows[1])));
        }
        slices
    }

    /// All rows.
    pub fn rows(&self) -> Range<u64> {
        0..self.starts[self.starts.len() - 1]
    }

    /// Calls `visit` with each row of `wanted` (sorted, apart from one another) and what stands in it.
    ///
    /// # Errors
    /// [`ErrorKind::Damaged`], at the first row that cannot be read; what `visit` gives.
    pub fn read(
        &self,
        section: &Section,
        wanted: &[Range<u64>],
        record: &mut Record,
        visit: &mut dyn FnMut(u64, Result<&Record>) -> Result<()>,
    ) -> Result<()> {
        let (groups, selection) = self.select(wanted);
        let mut rows = wanted.iter().cloned().flatten();
        let leaves = [Some(self.text.index), self.id.as_ref().map(|id| id.index)];
        let mask =
            ProjectionMask::leaves(self.metadata.parquet_schema(), leaves.into_iter().flatten());
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(
            section.clone(),
            self.metadata.clone(),
        );
        let mut batches: ParquetRecordBatchReader = decoded(|| {
            let builder = builder.with_projection(mask).with_row_groups(groups);
            builder.with_row_selection(selection).with_batch_size(BATCH).build()
        })?;
        while let Some(batch) = decoded(|| batches.next().transpose())? {
            let texts = Values::of(&batch, &self.text);
            let ids = self.id.as_ref().and_then(|id| Values::of(&batch, id));
            let texts = texts.ok_or_else(|| damaged("its columns are not those of its footer"))?;
            for at in 0..batch.num_rows() {
                let row = rows.next().ok_or_else(|| damaged("it has more rows than it says"))?;
                record.clear();
                if let Some(ids) = &ids {
                    let mut id = std::mem::take(&mut record.id);
                    record.has_id = ids.add_to(&mut id, at).is_ok_and(|_| !id.is_empty());
                    record.id = id;
                }
                let mut text = std::mem::take(&mut record.text);
                let added = texts.add_to(&mut text, at);
                record.text = text;
                match added {
                    Ok(guess) => {
                        (record.replaced, record.guessed) = guess;
                        record.form = self.is_writable.then(Form::utf8);
                        visit(row, Ok(record))?;
                    }
                    Err(kind) => {
                        let field = self.text.path.join(".");
                        visit(row, Err(kind.error(field)))?;
                    }
                }
            }
        }
        match rows.next() {
            Some(_) => Err(damaged("it has fewer rows than it says")),
            None => Ok(()),
        }
    }

    /// The row groups in which wanted rows are, and which rows of these groups they are.
    fn select(&self, wanted: &[Range<u64>]) -> (Vec<usize>, RowSelection) {
        let (mut groups, mut selectors) = (Vec::new(), Vec::new());
        for (group, bounds) in self.starts.windows(2).enumerate() {
            let from = wanted.partition_point(|range| range.end <= bounds[0]);
            let within = wanted[from..].iter().take_while(|range| range.start < bounds[1]);
            let mut at = bounds[0];
            let before = selectors.len();
            for range in within.filter(|range| !range.is_empty()) {
                let (start, end) = (range.start.max(bounds[0]), range.end.min(bounds[1]));
                selectors.push(RowSelector::skip((start - at) as usize));
                selectors.push(RowSelector::select((end - start) as usize));
                at = end;
            }
            if selectors.len() > before {
                selectors.push(RowSelector::skip((bounds[1] - at) as usize));
                groups.push(group);
            }
        }
        (groups, selectors.into())
    }
}

pub(super) fn damaged(detail: impl ToString) -> Error {
    let detail = detail.to_string();
    // The decoder says more than once whose error it is.
    let told = ["Parquet argument error: ", "Parquet error: ", "EOF: "];
    let detail = told.iter().fold(&*detail, |detail, prefix| detail.trim_start_matches(prefix));
    Error::new(ErrorKind::Damaged { format: "parquet", detail: detail.to_owned() })
}

/// Runs the decoder, whose panics mean damage as its errors do.
pub(super) fn decoded<T, E: ToString>(decode: impl FnOnce() -> Result<T, E>) -> Result<T> {
    match guarded(decode) {
        Some(done) => done.map_err(damaged),
        None => Err(damaged("it cannot be decoded")),
    }
}

/// Why a cell is no text.
pub(super) enum NoText {
    Other(&'static str),
    Binary(&'static str),
}

impl NoText {
    fn error(self, field: String) -> Error {
        Error::new(match self {
            NoText::Other(found) => ErrorKind::FieldNotText { field, found },
            NoText::Binary(reason) => ErrorKind::NotText(reason),
        })
    }
}

/// The values of a column in a batch.
pub(super) struct Values {
    array: ArrayRef,
    /// Which value each row has, if equal ones are kept once.
    keys: Option<Vec<usize>>,
    /// The arrays around it, and what may be null of its keys.
    around: Vec<ArrayRef>,
}

impl Values {
    pub(super) fn of(batch: &RecordBatch, leaf: &Leaf) -> Option<Self> {
        let (root, inner) = leaf.path.split_first()?;
        let mut array = Arc::clone(batch.column_by_name(root)?);
        let mut around = Vec::new();
        for name in inner {
            let next = Arc::clone(array.as_struct_opt()?.column_by_name(name)?);
            around.push(std::mem::replace(&mut array, next));
        }
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
        Some(Values { array, keys, around })
    }

    /// Adds a row's value to `out`; gives what was replaced and guessed to decode it.
    pub(super) fn add_to(
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
