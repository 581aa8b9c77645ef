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

use super::encoding::Form;
use super::guard::guarded;
use super::in_memory::cut;
use super::record::{Fields, Record};
use super::rows::is_writable;
use super::values::{Cells, Values};
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
        let find = |name: &str| {
            let index =
                schema.columns().iter().position(|column| column.path().string() == name)?;
            Some(Leaf { index, path: schema.column(index).path().parts().to_vec() })
        };
        let text = find(&fields.text).ok_or_else(|| {
            let names = schema.columns().iter().map(|column| column.path().string());
            Error::missing_column(fields.text.clone(), names, false)
        })?;
        let found = match schema.column(text.index).physical_type() {
            PhysicalType::BYTE_ARRAY | PhysicalType::FIXED_LEN_BYTE_ARRAY => None,
            PhysicalType::BOOLEAN => Some("a truth value"),
            _ => Some("a number"),
        };
        if let Some(found) = found {
            return Err(Error::new(ErrorKind::FieldNotText { field: fields.text.clone(), found }));
        }
        let id = find(&fields.id);
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
            let bytes = group.columns().get(self.text.index);
            let bytes = bytes.map_or(0, |column| column.uncompressed_size().max(0) as u64);
            slices.extend(cut(rows[0]..rows[1], bytes, size));
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
            let cells = Cells {
                texts: Values::of(&batch, &self.text.path)
                    .ok_or_else(|| damaged("its columns are not those of its footer"))?,
                ids: self.id.as_ref().and_then(|id| Values::of(&batch, &id.path)),
            };
            for at in 0..batch.num_rows() {
                let row = rows.next().ok_or_else(|| damaged("it has more rows than it says"))?;
                match cells.fill(record, at) {
                    Ok(()) => {
                        record.form = self.is_writable.then(Form::utf8);
                        visit(row, Ok(record))?;
                    }
                    Err(kind) => visit(row, Err(kind.error(self.text.path.join("."))))?,
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
