//! Rows of a Parquet file with all their columns: for whoever writes them again.
//!
//! In: a file that is read as [`columns`](super::columns) read it. Out: its rows in batches, the same with
//! other texts, and a writer of files like it: the schema, the compression of each column and the
//! metadata are the same.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, LargeStringArray, RecordBatch, StringArray,
    StringViewArray, StructArray,
};
use arrow_schema::{DataType, Fields as ArrowFields, SchemaRef};
use arrow_select::filter::filter_record_batch;
use arrow_select::interleave::interleave;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::{
    ArrowWriter, ArrowWriterOptions, PageKey, PageStore, PageStoreArgs, PageStoreFactory,
};
use parquet::basic::Type as PhysicalType;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::columns::{BATCH, Footer, Section, damaged, decoded};
use super::record::Fields;
use super::values::Values;
use crate::error::{Error, Result};
use crate::spill::{Spill, Stored};

/// The key under which a Parquet file keeps the schema of Arrow.
const ARROW_SCHEMA: &str = "ARROW:schema";

/// A Parquet file whose rows are read with all their columns.
pub struct RowFile {
    pub(super) section: Section,
    pub(super) footer: Footer,
}

impl RowFile {
    /// Opens a file whose text stands in `text_field`.
    ///
    /// # Errors
    /// The system's; that it is damaged, or has no such column.
    pub fn open(path: &Path, text_field: &str) -> Result<Self> {
        let io = |error| Error::io(path, error);
        let section = Section::new(File::open(path).map_err(io)?, 0..u64::MAX).map_err(io)?;
        let footer = Footer::load(&section, &Fields::new("", text_field, &[]))
            .map_err(|error| error.at_path(path.display()))?;
        Ok(RowFile { section, footer })
    }

    /// The field of the text, nested with dots.
    pub fn text_field(&self) -> String {
        self.footer.text.path.join(".")
    }

    /// How many row groups there are.
    pub fn groups(&self) -> usize {
        self.footer.metadata.metadata().num_row_groups()
    }

    /// The rows of a row group.
    ///
    /// # Errors
    /// That the file is damaged; so is then each item.
    pub fn batches(
        &self,
        group: usize,
    ) -> Result<impl Iterator<Item = Result<RecordBatch>> + 'static> {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(
            self.section.clone(),
            self.footer.metadata.clone(),
        );
        let mut batches =
            decoded(|| builder.with_row_groups(vec![group]).with_batch_size(BATCH).build())?;
        Ok(std::iter::from_fn(move || decoded(|| batches.next().transpose()).transpose()))
    }

    /// The text of a row of a batch, if it has one.
    pub fn text(&self, batch: &RecordBatch, row: usize) -> Option<String> {
        let mut text = String::new();
        Values::of(batch, &self.footer.text.path)?.add_text(&mut text, row).ok()?;
        Some(text)
    }

    /// A batch with other texts in some of its rows.
    ///
    /// # Errors
    /// If it is no batch of this file.
    pub fn with_texts(
        &self,
        batch: &RecordBatch,
        texts: &[(usize, String)],
    ) -> Result<RecordBatch> {
        let foreign = || damaged("its columns are not those of its footer");
        let (root, inner) = self.footer.text.path.split_first().ok_or_else(foreign)?;
        let at = batch.schema().index_of(root).map_err(damaged)?;
        let mut columns = batch.columns().to_vec();
        columns[at] = with_texts(&columns[at], inner, texts).ok_or_else(foreign)?;
        RecordBatch::try_new(batch.schema(), columns).map_err(damaged)
    }

    /// Begins to write a file like this one. A row group is put together in `spill`.
    ///
    /// # Errors
    /// If such a file can only be read.
    pub fn writer<W: Write + Send>(&self, out: W, spill: Spill) -> io::Result<RowWriter<W>> {
        let footer = self.footer.metadata.metadata();
        let entries = footer.file_metadata().key_value_metadata();
        let (arrow, others): (Vec<_>, Vec<_>) =
            entries.into_iter().flatten().cloned().partition(|entry| entry.key == ARROW_SCHEMA);
        let mut properties = WriterProperties::builder()
            .set_max_row_group_row_count(None)
            .set_key_value_metadata((!others.is_empty()).then_some(others));
        for column in footer.row_groups().first().into_iter().flat_map(|group| group.columns()) {
            let path = column.column_path().clone();
            properties = properties
                .set_column_dictionary_enabled(
                    path.clone(),
                    column.dictionary_page_offset().is_some(),
                )
                .set_column_compression(path, column.compression());
        }
        let schema = self.footer.metadata.parquet_schema().clone();
        let options = ArrowWriterOptions::new()
            .with_properties(properties.build())
            .with_skip_arrow_metadata(arrow.is_empty())
            .with_schema_root(schema.root_schema().name().to_owned())
            .with_parquet_schema(schema)
            .with_page_store_factory(Arc::new(Pages(Arc::new(spill))));
        RowWriter::new(Arc::clone(self.footer.metadata.schema()), options, out)
    }
}

/// Keeps the pages of a row group until it is whole.
#[derive(Debug)]
struct Pages(Arc<Spill>);

impl PageStoreFactory for Pages {
    fn create(&self, _: &PageStoreArgs<'_>) -> Result<Box<dyn PageStore>, ParquetError> {
        Ok(Box::new(ColumnPages { spill: Arc::clone(&self.0), stored: Vec::new() }))
    }
}

/// Keeps the pages of a column.
struct ColumnPages {
    spill: Arc<Spill>,
    stored: Vec<Stored<u8>>,
}

impl PageStore for ColumnPages {
    fn put(&mut self, page: Bytes) -> Result<PageKey, ParquetError> {
        let stored =
            self.spill.store(&page).map_err(|error| ParquetError::External(error.into()))?;
        self.stored.push(stored);
        Ok(PageKey::new(self.stored.len() as u64 - 1))
    }

    fn take(&mut self, key: PageKey) -> Result<Bytes, ParquetError> {
        let foreign = || ParquetError::General("a page that was never put away".to_owned());
        let page = self.stored.get(key.get() as usize).ok_or_else(foreign)?;
        let mut buffer = Vec::new();
        let bytes = self.spill.read_all(page, &mut buffer);
        Ok(Bytes::copy_from_slice(bytes.map_err(|error| ParquetError::External(error.into()))?))
    }
}

/// Writes a Parquet file, a row group at a time.
pub struct RowWriter<W: Write + Send>(ArrowWriter<W>);

impl<W: Write + Send> RowWriter<W> {
    /// Begins a file of rows of this schema.
    ///
    /// # Errors
    /// If there is no way to write such rows.
    pub fn new(schema: SchemaRef, options: ArrowWriterOptions, out: W) -> io::Result<Self> {
        let writer = ArrowWriter::try_new_with_options(out, schema, options);
        Ok(RowWriter(writer.map_err(io_error)?))
    }

    /// What it writes to.
    pub fn out(&mut self) -> &mut W {
        self.0.inner_mut()
    }

    /// How many rows stand in the row group under way.
    pub fn rows_in_group(&self) -> usize {
        self.0.in_progress_rows()
    }

    /// Writes rows.
    ///
    /// # Errors
    /// If they are not of the schema.
    pub fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.0.write(batch).map_err(io_error)
    }

    /// Writes the rows that `wanted` holds for.
    ///
    /// # Errors
    /// Those of [`write`](Self::write).
    pub fn write_where(
        &mut self,
        batch: &RecordBatch,
        wanted: impl Fn(usize) -> bool,
    ) -> io::Result<()> {
        let rows: Vec<bool> = (0..batch.num_rows()).map(wanted).collect();
        match rows.iter().filter(|&&wanted| wanted).count() {
            0 => Ok(()),
            count if count == rows.len() => self.write(batch),
            _ => {
                let rows = filter_record_batch(batch, &BooleanArray::from(rows));
                self.write(&rows.map_err(io::Error::other)?)
            }
        }
    }

    /// Ends a row group, unless nothing is in it.
    ///
    /// # Errors
    /// The writer's.
    pub fn end_group(&mut self) -> io::Result<()> {
        self.0.flush().map_err(io_error)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(self) -> io::Result<W> {
        self.0.into_inner().map_err(io_error)
    }
}

/// An error of a writer of Parquet, told as what it is.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        // What a page store or a writer has to say, as it said it.
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        error => io::Error::other(error),
    }
}

/// Whether files can be written like one whose text stands at `path`.
pub(super) fn is_writable(
    fields: &ArrowFields,
    path: &[String],
    types: impl IntoIterator<Item = PhysicalType>,
) -> bool {
    // It can only be read: times in it were given up long ago.
    let has_old_times = types.into_iter().any(|kind| kind == PhysicalType::INT96);
    let Some((name, inner)) = path.split_first() else { return false };
    let Some((_, field)) = fields.find(name) else { return false };
    !has_old_times
        && match field.data_type() {
            DataType::Struct(fields) => is_writable(fields, inner, []),
            DataType::Dictionary(key, value) => {
                inner.is_empty() && **key == DataType::Int32 && **value == DataType::Utf8
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => inner.is_empty(),
            _ => false,
        }
}

/// An array with other texts at some places of what stands at `path` in it.
fn with_texts(array: &ArrayRef, path: &[String], texts: &[(usize, String)]) -> Option<ArrayRef> {
    if let Some((name, inner)) = path.split_first() {
        let (fields, mut columns, nulls) = array.as_struct_opt()?.clone().into_parts();
        let (at, _) = fields.find(name)?;
        columns[at] = with_texts(&columns[at], inner, texts)?;
        return Some(Arc::new(StructArray::try_new(fields, columns, nulls).ok()?));
    }
    let values = texts.iter().map(|(_, text)| text.as_str());
    let others: ArrayRef = match array.data_type() {
        DataType::Utf8 => Arc::new(StringArray::from_iter_values(values)),
        DataType::LargeUtf8 => Arc::new(LargeStringArray::from_iter_values(values)),
        DataType::Utf8View => Arc::new(StringViewArray::from_iter_values(values)),
        DataType::Dictionary(..) => Arc::new(values.collect::<DictionaryArray<Int32Type>>()),
        _ => return None,
    };
    let mut places: Vec<(usize, usize)> = (0..array.len()).map(|row| (0, row)).collect();
    for (number, (row, _)) in texts.iter().enumerate() {
        *places.get_mut(*row)? = (1, number);
    }
    interleave(&[array.as_ref(), others.as_ref()], &places).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same file, whether its row groups are put together in memory or in a temporary file.
    #[test]
    fn pages_are_kept_anywhere() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let texts: Vec<String> = (0..5000).map(|row| format!("row {row} {}", row % 7)).collect();
        let column: ArrayRef = Arc::new(StringArray::from(texts));
        let batch = RecordBatch::try_from_iter([("text", column)]).unwrap();
        let options = ArrowWriterOptions::new();
        let mut writer = RowWriter::new(batch.schema(), options, Vec::new()).unwrap();
        for rows in [batch.slice(0, 3000), batch.slice(3000, 2000)] {
            writer.write(&rows).unwrap();
            writer.end_group().unwrap();
        }
        std::fs::write(&path, writer.finish().unwrap()).unwrap();
        let source = RowFile::open(&path, "text").unwrap();
        let copy = |limit| {
            let spill = Spill::new(folder.path(), limit);
            let mut writer = source.writer(Vec::new(), spill).unwrap();
            for group in 0..source.groups() {
                for batch in source.batches(group).unwrap() {
                    writer.write(&batch.unwrap()).unwrap();
                }
                writer.end_group().unwrap();
            }
            writer.finish().unwrap()
        };
        assert!(copy(0) == copy(u64::MAX));
        std::fs::write(&path, copy(0)).unwrap();
        let again = RowFile::open(&path, "text").unwrap();
        let texts = again.batches(1).unwrap().flat_map(|batch| {
            let batch = batch.unwrap();
            (0..batch.num_rows()).map(|row| again.text(&batch, row).unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(texts.last().unwrap(), "row 4999 1");
    }
}
