//! The rows of a table, one after the other: of CSV, JSON lines or Parquet, whichever it is.
//!
//! In: a file of rows, and the sets of columns that it may have. Out: a record of fields at a time, with its place.
//! What a number or nothing is in the other formats is written as CSV would have it, so that one reader of fields
//! serves, with one set of checks.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt32Type};
use arrow_array::{Array, RecordBatch, RecordBatchReader};
use arrow_schema::DataType;
use csv::{ByteRecord, Position, Reader};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};
use crate::read::guarded;

/// How a table of these rows begins if it is Parquet.
const PARQUET: &[u8] = b"PAR1";

/// The rows of a table, with their places.
pub struct Lines<'a> {
    source: Source<'a>,
    path: &'a Path,
    /// The fields of the row, in the order of `columns`.
    pub record: ByteRecord,
    /// The names of the columns.
    pub columns: &'a [&'static str],
}

enum Source<'a> {
    Csv(Box<Reader<&'a File>>),
    Jsonl(Box<Objects<'a>>),
    Parquet(Box<Batches>),
}

/// Lines of JSON.
struct Objects<'a> {
    reader: BufReader<&'a File>,
    line: Vec<u8>,
    /// How many there were, and their bytes.
    read: (u64, u64),
}

/// Rows of Parquet.
struct Batches {
    reader: ParquetRecordBatchReader,
    batch: Option<RecordBatch>,
    /// The next row of the batch.
    row: usize,
    /// How many there were.
    read: u64,
}

impl<'a> Lines<'a> {
    /// Begins with the first row of a table, of which `what` says whose rows they should be. Of `layouts` the first
    /// is taken whose columns there are.
    ///
    /// # Errors
    /// The system's; no such columns.
    pub fn open(
        file: &'a File,
        path: &'a Path,
        layouts: &[&'a [&'static str]],
        what: &str,
    ) -> Result<Self> {
        let system = |error| Error::io(path, error);
        let mut start = file;
        start.rewind().map_err(system)?;
        let mut head = Vec::new();
        start.take(PARQUET.len() as u64).read_to_end(&mut head).map_err(system)?;
        start.rewind().map_err(system)?;
        // No rows at all are an empty file, of which only the name says what it is.
        let is_lines = path.extension().is_some_and(|it| it == "jsonl" || it == "ndjson");
        let is_without_rows = head.is_empty() && is_lines;
        let mut lines = Lines {
            source: match &head[..] {
                PARQUET => Source::Parquet(Box::new(Batches::open(file).map_err(|detail| {
                    Error::new(ErrorKind::NotFindings(detail)).at_path(path.display())
                })?)),
                head if head.starts_with(b"{") || is_without_rows => {
                    Source::Jsonl(Box::new(Objects {
                        reader: BufReader::with_capacity(1 << 18, file),
                        line: Vec::new(),
                        read: (0, 0),
                    }))
                }
                _ => Source::Csv(Box::new(
                    csv::ReaderBuilder::new()
                        .has_headers(false)
                        .flexible(true)
                        .buffer_capacity(1 << 18)
                        .from_reader(file),
                )),
            },
            path,
            record: ByteRecord::new(),
            columns: &[],
        };
        if is_without_rows {
            lines.columns = layouts[0];
            return Ok(lines);
        }
        if head.is_empty() {
            return Err(lines.error("it is empty"));
        }
        let found = layouts.iter().copied();
        let (layout, wrong) = match &mut lines.source {
            Source::Csv(_) => {
                lines.next()?;
                let layout = found.into_iter().find(|columns| lines.is_header(columns));
                (layout, format!("the first line is not the header of {what}"))
            }
            Source::Jsonl(_) => {
                let first = first_line(file).map_err(system)?;
                let object: Map<String, Value> = serde_json::from_slice(&first).unwrap_or_default();
                let has = |columns: &&[&str]| columns.iter().all(|it| object.contains_key(*it));
                (
                    found.into_iter().find(has),
                    format!("the first line has not the fields of {what}"),
                )
            }
            Source::Parquet(batches) => {
                let schema = batches.reader.schema();
                let has =
                    |columns: &&[&str]| columns.iter().all(|it| schema.field_with_name(it).is_ok());
                (found.into_iter().find(has), format!("it has not the columns of {what}"))
            }
        };
        lines.columns = layout.ok_or_else(|| lines.error(&wrong))?;
        Ok(lines)
    }

    /// Whether texts are written as a spreadsheet is to have them.
    pub fn is_csv(&self) -> bool {
        matches!(self.source, Source::Csv(_))
    }

    /// Goes to the next row; there may be none.
    pub fn next(&mut self) -> Result<bool> {
        let columns = self.columns;
        let read = match &mut self.source {
            Source::Csv(reader) => reader.read_byte_record(&mut self.record).map_err(|error| {
                let message = error.to_string();
                match error.into_kind() {
                    csv::ErrorKind::Io(error) => Failure::System(error),
                    _ => Failure::Rows(message),
                }
            }),
            Source::Jsonl(objects) => objects.next(columns, &mut self.record),
            Source::Parquet(batches) => batches.next(columns, &mut self.record),
        };
        read.map_err(|failure| match failure {
            Failure::System(error) => Error::io(self.path, error),
            Failure::Rows(what) => self.error(&what),
        })
    }

    /// Whether the last line is whole: one that was cut in its last field has all fields.
    pub fn check_end(&self) -> Result<()> {
        let Source::Csv(reader) = &self.source else { return Ok(()) };
        let (mut file, mut last) = (*reader.get_ref(), [0]);
        let read = file.seek(io::SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last));
        read.map_err(|error| Error::io(self.path, error))?;
        if last == *b"\n" { Ok(()) } else { Err(self.error("the last row is cut off")) }
    }

    /// What is wrong with this row.
    pub fn error(&self, what: &str) -> Error {
        let (line, byte) =
            self.record.position().map_or((1, 0), |place| (place.line(), place.byte()));
        let noun = if matches!(self.source, Source::Parquet(_)) { "row" } else { "line" };
        Error::new(ErrorKind::NotFindings(what.to_owned()))
            .at_record(line, byte)
            .counting(noun)
            .at_path(self.path.display())
    }

    fn is_header(&self, columns: &[&str]) -> bool {
        let field = |bytes: &'_ [u8]| bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).to_vec();
        self.record.len() == columns.len()
            && self.record.iter().zip(columns).all(|(one, other)| field(one) == other.as_bytes())
    }
}

/// Why there is no next row.
enum Failure {
    System(io::Error),
    Rows(String),
}

/// The first line of a file, which is left at its start.
fn first_line(mut file: &File) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    BufReader::new(file).read_until(b'\n', &mut line)?;
    file.rewind().map(|()| line)
}

fn place(record: &mut ByteRecord, number: u64, byte: u64) {
    let mut place = Position::new();
    place.set_line(number).set_byte(byte);
    record.set_position(Some(place));
}

impl Objects<'_> {
    fn next(&mut self, columns: &[&str], record: &mut ByteRecord) -> Result<bool, Failure> {
        self.line.clear();
        let length = self.reader.read_until(b'\n', &mut self.line).map_err(Failure::System)?;
        if length == 0 {
            return Ok(false);
        }
        record.clear();
        place(record, self.read.0 + 1, self.read.1);
        self.read = (self.read.0 + 1, self.read.1 + length as u64);
        let object: Map<String, Value> = serde_json::from_slice(&self.line).map_err(|error| {
            Failure::Rows(match error.is_eof() {
                true => "the last row is cut off".to_owned(),
                false => "the line is no JSON object".to_owned(),
            })
        })?;
        for column in columns {
            match object.get(*column) {
                Some(Value::String(text)) => record.push_field(text.as_bytes()),
                Some(Value::Number(number)) => record.push_field(number.to_string().as_bytes()),
                Some(Value::Null) => record.push_field(b""),
                _ => {
                    return Err(Failure::Rows(format!(
                        "`{column}` is missing, or no text and no number"
                    )));
                }
            }
        }
        Ok(true)
    }
}

impl Batches {
    fn open(file: &File) -> Result<Self, String> {
        let file = file.try_clone().map_err(|error| error.to_string())?;
        let open = || ParquetRecordBatchReaderBuilder::try_new(file)?.build();
        let reader = guarded(open).and_then(Result::ok);
        let reader = reader.ok_or("it is damaged, or no Parquet file")?;
        Ok(Batches { reader, batch: None, row: 0, read: 0 })
    }

    fn next(&mut self, columns: &[&str], record: &mut ByteRecord) -> Result<bool, Failure> {
        while self.batch.as_ref().is_none_or(|batch| self.row == batch.num_rows()) {
            self.row = 0;
            match guarded(|| self.reader.next()) {
                Some(Some(Ok(batch))) => self.batch = Some(batch),
                Some(None) => return Ok(false),
                _ => return Err(Failure::Rows("it is damaged".to_owned())),
            }
        }
        record.clear();
        self.read += 1;
        place(record, self.read, 0);
        let batch = self.batch.iter();
        for (batch, column) in batch.flat_map(|batch| columns.iter().map(move |it| (batch, it))) {
            let values = batch.column_by_name(column);
            let field = values.and_then(|values| field(values, self.row));
            let wrong = || Failure::Rows(format!("`{column}` is of another type"));
            record.push_field(field.ok_or_else(wrong)?.as_bytes());
        }
        self.row += 1;
        Ok(true)
    }
}

/// A value as CSV has it.
fn field(values: &dyn Array, row: usize) -> Option<String> {
    if values.is_null(row) {
        return Some(String::new());
    }
    Some(match values.data_type() {
        DataType::Utf8 => values.as_string::<i32>().value(row).to_owned(),
        DataType::LargeUtf8 => values.as_string::<i64>().value(row).to_owned(),
        DataType::UInt32 => values.as_primitive::<UInt32Type>().value(row).to_string(),
        DataType::Float64 => values.as_primitive::<Float64Type>().value(row).to_string(),
        _ => return None,
    })
}
