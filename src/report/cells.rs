//! Cells to bytes: the same table as CSV, as JSON lines and as Parquet.
//!
//! In: the names of the columns, and rows of [`Cell`]s. Out: [`Lines`] are made of rows on any thread, and put
//! together by a [`Table`].

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder, UInt32Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::write::OutputFormat;
use crate::read::RowWriter;

/// What stands in a column of a row.
#[derive(Clone, Copy)]
pub enum Cell<'a> {
    /// A word of ours, or a name.
    Name(&'a str),
    /// A foreign text, which is defused in CSV.
    Text(&'a str),
    /// A number.
    Number(u32),
    /// A number, or nothing.
    Optional(Option<u32>),
    /// A similarity, of which four decimals are written.
    Share(f64),
}

/// The columns that may be empty.
const OPTIONAL: [&str; 3] = ["cluster", "passage", "occurrences"];

/// How many rows of Parquet are put away together.
const ROWS_A_GROUP: usize = 128 << 10;

/// The text with an apostrophe before it if a spreadsheet would take it for a formula.
fn defused(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Some rows on their way to bytes.
pub enum Lines<'h> {
    Csv(Box<csv::Writer<Vec<u8>>>),
    Jsonl(&'h [&'h str], Vec<u8>),
    Parquet(Arc<Schema>, Vec<Column>),
}

/// Some rows, done.
pub enum Piece {
    Bytes(Vec<u8>),
    Batch(RecordBatch),
}

impl<'h> Lines<'h> {
    /// No rows yet of a table with these columns. Where they are bytes, these are put into `room`, which is empty.
    pub fn new(header: &'h [&'h str], format: OutputFormat, room: Vec<u8>) -> Self {
        match format {
            OutputFormat::Csv => {
                Lines::Csv(Box::new(csv::WriterBuilder::new().has_headers(false).from_writer(room)))
            }
            OutputFormat::Jsonl => Lines::Jsonl(header, room),
            OutputFormat::Parquet => {
                let schema = schema(header);
                let columns = schema.fields().iter().map(|field| Column::of(field.data_type()));
                Lines::Parquet(Arc::clone(&schema), columns.collect())
            }
        }
    }

    /// Adds a row, a cell for each column.
    ///
    /// # Errors
    /// None in practice: it is written into memory.
    pub fn put(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        match self {
            Lines::Csv(writer) => {
                for &cell in cells {
                    let mut digits = itoa::Buffer::new();
                    match cell {
                        Cell::Name(name) => writer.write_field(name)?,
                        Cell::Text(text) => writer.write_field(&*defused(text))?,
                        Cell::Number(number) | Cell::Optional(Some(number)) => {
                            writer.write_field(digits.format(number))?;
                        }
                        Cell::Optional(None) => writer.write_field("")?,
                        Cell::Share(share) => writer.write_field(four_decimals(share))?,
                    }
                }
                writer.write_record(None::<&[u8]>)?;
            }
            Lines::Jsonl(header, bytes) => {
                for (number, (name, &cell)) in header.iter().zip(cells).enumerate() {
                    write!(bytes, "{}\"{name}\":", if number == 0 { '{' } else { ',' })?;
                    match cell {
                        Cell::Name(text) | Cell::Text(text) => {
                            serde_json::to_writer(&mut *bytes, text)?;
                        }
                        Cell::Number(number) => write!(bytes, "{number}")?,
                        Cell::Optional(number) => serde_json::to_writer(&mut *bytes, &number)?,
                        Cell::Share(share) => serde_json::to_writer(&mut *bytes, &rounded(share))?,
                    }
                }
                bytes.extend_from_slice(b"}\n");
            }
            Lines::Parquet(_, columns) => {
                columns.iter_mut().zip(cells).for_each(|(column, &cell)| column.push(cell));
            }
        }
        Ok(())
    }

    /// The rows, as they can be put together with others.
    ///
    /// # Errors
    /// None in practice.
    pub fn into_piece(self) -> io::Result<Piece> {
        Ok(match self {
            Lines::Csv(writer) => {
                Piece::Bytes(writer.into_inner().map_err(|error| error.into_error())?)
            }
            Lines::Jsonl(_, bytes) => Piece::Bytes(bytes),
            Lines::Parquet(schema, columns) => {
                let columns = columns.into_iter().map(Column::finish).collect();
                let batch = RecordBatch::try_new(schema, columns);
                Piece::Batch(batch.map_err(io::Error::other)?)
            }
        })
    }
}

/// A similarity in digits, with four decimals.
fn four_decimals(share: f64) -> [u8; 6] {
    let rounded = (share * 1e4).round() as u32;
    let digit = |place: u32| b'0' + (rounded / place % 10) as u8;
    [digit(10_000), b'.', digit(1000), digit(100), digit(10), digit(1)]
}

/// A similarity as a number with four decimals.
fn rounded(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}

/// A column of Parquet.
pub enum Column {
    Text(StringBuilder),
    Number(UInt32Builder),
    Share(Float64Builder),
}

impl Column {
    fn of(kind: &DataType) -> Self {
        match kind {
            DataType::Float64 => Column::Share(Float64Builder::new()),
            DataType::UInt32 => Column::Number(UInt32Builder::new()),
            _ => Column::Text(StringBuilder::new()),
        }
    }

    fn push(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (Column::Text(texts), Cell::Name(text) | Cell::Text(text)) => texts.append_value(text),
            (Column::Number(numbers), Cell::Number(number)) => numbers.append_value(number),
            (Column::Number(numbers), Cell::Optional(number)) => numbers.append_option(number),
            (Column::Share(shares), Cell::Share(share)) => shares.append_value(rounded(share)),
            _ => unreachable!("the schema has the kinds of the cells"),
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Column::Text(mut texts) => Arc::new(texts.finish()),
            Column::Number(mut numbers) => Arc::new(numbers.finish()),
            Column::Share(mut shares) => Arc::new(shares.finish()),
        }
    }
}

/// The columns with their types.
fn schema(header: &[&str]) -> Arc<Schema> {
    let field = |name: &&str| {
        let kind = match *name {
            "jaccard" | "containment" | "similarity" => DataType::Float64,
            "words_a" | "words_b" | "start_a" | "start_b" | "end_a" | "end_b" | "line_a"
            | "line_b" | "cluster" | "passage" | "occurrences" => DataType::UInt32,
            _ => DataType::Utf8,
        };
        Field::new(*name, kind, OPTIONAL.contains(name))
    };
    Arc::new(Schema::new(header.iter().map(field).collect::<Vec<_>>()))
}

/// A table that is being written.
pub enum Table<'o> {
    Bytes(&'o mut dyn Write),
    /// What was written is taken from memory whenever a group of rows is whole: not every writer can be
    /// sent to another thread, as the rows' own must.
    Rows(Box<RowWriter<Vec<u8>>>, &'o mut dyn Write),
}

impl<'o> Table<'o> {
    /// Begins with the names of the columns.
    ///
    /// # Errors
    /// The writer's.
    pub fn begin(
        header: &[&str],
        format: OutputFormat,
        out: &'o mut dyn Write,
    ) -> io::Result<Self> {
        match format {
            OutputFormat::Csv => writeln!(out, "{}", header.join(","))?,
            OutputFormat::Jsonl => {}
            OutputFormat::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .set_max_row_group_row_count(None)
                    .build();
                let options = ArrowWriterOptions::new().with_properties(properties);
                let rows = RowWriter::new(schema(header), options, Vec::new())?;
                return Ok(Table::Rows(Box::new(rows), out));
            }
        }
        Ok(Table::Bytes(out))
    }

    /// Adds rows. Gives back the room that they took, for others.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&mut self, piece: Piece) -> io::Result<Vec<u8>> {
        match (self, piece) {
            (Table::Bytes(out), Piece::Bytes(mut bytes)) => {
                out.write_all(&bytes)?;
                bytes.clear();
                Ok(bytes)
            }
            (Table::Rows(rows, out), Piece::Batch(batch)) => {
                rows.write(&batch)?;
                if rows.rows_in_group() >= ROWS_A_GROUP {
                    rows.end_group()?;
                    out.write_all(rows.out())?;
                    rows.out().clear();
                }
                Ok(Vec::new())
            }
            _ => unreachable!("a table has one format"),
        }
    }

    /// Ends the table.
    ///
    /// # Errors
    /// The writer's.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Table::Bytes(out) => out.flush(),
            Table::Rows(rows, out) => out.write_all(&rows.finish()?).and_then(|()| out.flush()),
        }
    }
}
