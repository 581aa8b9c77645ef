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
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::basic::Type as PhysicalType;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::columns::{BATCH, Footer, Section, Values, damaged, decoded};
use super::record::Fields;
use crate::error::{Error, Result};

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
        Values::of(batch, &self.footer.text)?.add_to(&mut text, row).ok()?;
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

    /// Begins to write a file like this one.
    ///
    /// # Errors
    /// If such a file can only be read.
    pub fn writer<'o>(&self, out: &'o mut dyn Write) -> io::Result<RowWriter<'o>> {
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
            .with_parquet_schema(schema);
        RowWriter::new(Arc::clone(self.footer.metadata.schema()), options, out)
    }
}

/// Writes a Parquet file, a row group at a time.
pub struct RowWriter<'o> {
    /// Writes into memory, from which finished row groups are taken.
    writer: ArrowWriter<Vec<u8>>,
    out: &'o mut dyn Write,
}

impl<'o> RowWriter<'o> {
    /// Begins a file of rows of this schema.
    ///
    /// # Errors
    /// If there is no way to write such rows.
    pub fn new(
        schema: SchemaRef,
        options: ArrowWriterOptions,
        out: &'o mut dyn Write,
    ) -> io::Result<Self> {
        let writer = ArrowWriter::try_new_with_options(Vec::new(), schema, options);
        Ok(RowWriter { writer: writer.map_err(io_error)?, out })
    }

    /// How many rows stand in the row group under way.
    pub fn rows_in_group(&self) -> usize {
        self.writer.in_progress_rows()
    }

    /// Writes rows.
    ///
    /// # Errors
    /// If they are not of the schema.
    pub fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.writer.write(batch).map_err(io_error)
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
        self.writer.flush().map_err(io_error)?;
        self.out.write_all(self.writer.inner())?;
        self.writer.inner_mut().clear();
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(mut self) -> io::Result<()> {
        self.end_group()?;
        let rest = self.writer.into_inner().map_err(io_error)?;
        self.out.write_all(&rest)
    }
}

/// An error of a writer of Parquet, told as what it is.
fn io_error(error: ParquetError) -> io::Error {
    match error {
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
