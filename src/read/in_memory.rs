//! Rows that are documents: of a Parquet file, or of a table in memory.
//!
//! In: a table. Out: its rows, by number, as often as they are wanted.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Fields, Schema};

use super::UNIT_SIZE;
use super::columns::{Footer, Section};
use super::record::Record;
use super::values::{Cells, Values, not_text};
use crate::error::{Error, ErrorKind, Result};

/// A table of documents.
pub enum Rows {
    /// In a file.
    Parquet(Section, Footer),
    /// In memory.
    Memory(MemoryTable),
}

impl Rows {
    /// All rows.
    pub fn all(&self) -> Range<u64> {
        match self {
            Rows::Parquet(_, footer) => footer.rows(),
            Rows::Memory(table) => 0..table.len(),
        }
    }

    /// Ranges of rows for tasks to read.
    pub fn slices(&self) -> Vec<Range<u64>> {
        match self {
            Rows::Parquet(_, footer) => footer.slices(4 * UNIT_SIZE),
            Rows::Memory(table) => cut(0..table.len(), table.bytes(), UNIT_SIZE).collect(),
        }
    }

    /// Calls `visit` with each row of `wanted` (sorted, apart from one another) and what stands in it.
    ///
    /// # Errors
    /// Those of [`Footer::read`]; what `visit` gives.
    pub fn read(
        &self,
        wanted: &[Range<u64>],
        record: &mut Record,
        visit: &mut dyn FnMut(u64, Result<&Record>) -> Result<()>,
    ) -> Result<()> {
        match self {
            Rows::Parquet(section, footer) => footer.read(section, wanted, record, visit),
            Rows::Memory(table) => table.read(wanted, record, visit),
        }
    }
}

/// Cuts rows that have so many bytes into ranges of about `size`.
pub fn cut(rows: Range<u64>, bytes: u64, size: u64) -> impl Iterator<Item = Range<u64>> {
    let count = rows.end - rows.start;
    let parts = (bytes / size).clamp(1, count.max(1));
    let step = count.div_ceil(parts).max(1);
    let starts = rows.clone().step_by(usize::try_from(step).unwrap_or(usize::MAX));
    starts.map(move |start| start..(start + step).min(rows.end))
}

/// A table in memory whose rows are documents. It is shared, not copied.
#[derive(Clone, Debug)]
pub struct MemoryTable(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The name of the column of texts.
    text: String,
    batches: Vec<Cells>,
    /// The first row of each batch, and the number of rows.
    starts: Vec<u64>,
    bytes: u64,
}

impl MemoryTable {
    /// The table of these batches, with the columns that hold ids and texts: by name, or nested with dots.
    /// Without a column of ids, rows are called by their numbers, from 0.
    ///
    /// # Errors
    /// [`ErrorKind::MissingColumn`], if one of the columns is not there; [`ErrorKind::FieldNotText`],
    /// if the texts are numbers or the like.
    pub fn new(
        schema: &Schema,
        batches: &[RecordBatch],
        id_field: Option<&str>,
        text_field: &str,
    ) -> Result<Self> {
        let text_path = path(schema, text_field)?;
        if let Some(found) = find(schema.fields(), &text_path).and_then(not_text) {
            return Err(Error::new(ErrorKind::FieldNotText {
                field: text_field.to_owned(),
                found,
            }));
        }
        let id_path = id_field.map(|name| path(schema, name)).transpose()?;
        let missing = || missing(schema, text_field);
        let mut starts = vec![0];
        let mut bytes = 0;
        let mut cells = Vec::with_capacity(batches.len());
        for batch in batches {
            let texts = Values::of(batch, &text_path).ok_or_else(missing)?;
            let ids = id_path.as_ref().and_then(|path| Values::of(batch, path));
            bytes += texts.bytes();
            starts.push(starts[starts.len() - 1] + batch.num_rows() as u64);
            cells.push(Cells { texts, ids });
        }
        Ok(MemoryTable(Arc::new(Inner {
            text: text_field.to_owned(),
            batches: cells,
            starts,
            bytes,
        })))
    }

    /// How many rows it has.
    pub fn len(&self) -> u64 {
        self.0.starts[self.0.starts.len() - 1]
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of its texts, about.
    pub fn bytes(&self) -> u64 {
        self.0.bytes
    }

    fn read(
        &self,
        wanted: &[Range<u64>],
        record: &mut Record,
        visit: &mut dyn FnMut(u64, Result<&Record>) -> Result<()>,
    ) -> Result<()> {
        let Inner { text, batches, starts, .. } = &*self.0;
        for row in wanted.iter().cloned().flatten() {
            let batch = starts.partition_point(|&start| start <= row) - 1;
            match batches[batch].fill(record, (row - starts[batch]) as usize) {
                Ok(()) => visit(row, Ok(record))?,
                Err(kind) => visit(row, Err(kind.error(text.clone())))?,
            }
        }
        Ok(())
    }
}

/// The way to a column: a name with dots may be that of a column, or lead into one.
fn path(schema: &Schema, name: &str) -> Result<Vec<String>> {
    let path: Vec<String> = match schema.column_with_name(name) {
        Some(_) => vec![name.to_owned()],
        None => name.split('.').map(str::to_owned).collect(),
    };
    match find(schema.fields(), &path) {
        Some(kind) if kind.is_nested() && !matches!(kind, DataType::Dictionary(..)) => {
            Err(Error::new(ErrorKind::FieldNotText {
                field: name.to_owned(),
                found: "of another type",
            }))
        }
        Some(_) => Ok(path),
        None => Err(missing(schema, name)),
    }
}

/// The type of the column that a path leads to.
fn find<'a>(fields: &'a Fields, path: &[String]) -> Option<&'a DataType> {
    let (name, inner) = path.split_first()?;
    let kind = fields.find(name)?.1.data_type();
    match kind {
        _ if inner.is_empty() => Some(kind),
        DataType::Struct(fields) => find(fields, inner),
        _ => None,
    }
}

fn missing(schema: &Schema, name: &str) -> Error {
    let names = schema.fields().iter().map(|field| field.name());
    Error::missing_column(name.to_owned(), names, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, DictionaryArray, Int64Array, StringViewArray, StructArray};

    /// What is read of some rows of a table of three batches.
    fn rows(table: &MemoryTable, wanted: &[Range<u64>]) -> Vec<(u64, String)> {
        let mut read = Vec::new();
        table
            .read(wanted, &mut Record::default(), &mut |row, record| {
                read.push(match record {
                    Ok(record) => (row, format!("{}={}", record.id, record.text)),
                    Err(error) => (row, error.to_string()),
                });
                Ok(())
            })
            .unwrap();
        read
    }

    #[test]
    fn rows_of_any_batch_are_read_by_number() {
        let texts: ArrayRef = Arc::new(StringViewArray::from(vec![Some("a"), None, Some("c")]));
        let keys: ArrayRef = Arc::new(
            ["x", "y", "x"].into_iter().collect::<DictionaryArray<arrow_array::types::Int8Type>>(),
        );
        let ids: ArrayRef = Arc::new(Int64Array::from(vec![7, 8, 9]));
        let inner = StructArray::try_from(vec![("text", texts)]).unwrap();
        let batch = RecordBatch::try_from_iter([
            ("id", ids),
            ("body", Arc::new(inner) as ArrayRef),
            ("key.name", keys),
        ])
        .unwrap();
        let batches = [batch.clone(), batch.slice(0, 0), batch.slice(1, 2)];
        let schema = batch.schema();
        let table = MemoryTable::new(&schema, &batches, Some("id"), "body.text").unwrap();
        assert_eq!(table.len(), 5);
        let null = "field `body.text` is null, not a string".to_owned();
        let expected = [(0, "7=a".to_owned()), (1, null), (4, "9=c".to_owned())];
        assert_eq!(rows(&table, &[0..2, 4..5]), expected);
        let table = MemoryTable::new(&schema, &batches, None, "key.name").unwrap();
        assert_eq!(rows(&table, &[2..3, 3..4]), [(2, "=x".to_owned()), (3, "=y".to_owned())]);
        for (id, text, message) in [
            (None, "title", "no column `title` among `id, body, key.name`"),
            (Some("name"), "body.text", "no column `name` among `id, body, key.name`"),
            (None, "body", "field `body` is of another type, not a string"),
        ] {
            let error = MemoryTable::new(&schema, &batches, id, text).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn slices_hold_every_row_once() {
        for (count, bytes) in [(0, 0), (1, 1 << 40), (7, 30), (100, 1000), (1000, 10)] {
            let slices: Vec<Range<u64>> = cut(5..5 + count, bytes, 10).collect();
            assert!(slices.iter().cloned().flatten().eq(5..5 + count), "{count} {bytes}");
            assert_eq!(slices.len() > 1, count > 1 && bytes >= 20, "{count} {bytes}");
        }
    }
}
