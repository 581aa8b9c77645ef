//! Findings and clusters to bytes.
//!
//! In: sorted findings. Out: CSV with the fixed header, or one JSON object a
//! line with the same names. Texts that a spreadsheet would run as a formula
//! are defused in CSV by a leading apostrophe, as spreadsheets themselves do.

use std::borrow::Cow;
use std::io::{self, Write};
use std::str::FromStr;

use rayon::prelude::*;
use serde::Serialize;

use super::{ClusterRow, Finding, Side};
use crate::error::Error;

/// The columns, in order.
pub const COLUMNS: [&str; 18] = [
    "kind",
    "jaccard",
    "containment",
    "words_a",
    "words_b",
    "doc_a",
    "start_a",
    "end_a",
    "line_a",
    "doc_b",
    "start_b",
    "end_b",
    "line_b",
    "cluster",
    "passage",
    "occurrences",
    "text_a",
    "text_b",
];

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OutputFormat {
    /// Comma-separated values (RFC 4180) with a header.
    #[default]
    Csv,
    /// One JSON object a line.
    Jsonl,
}

impl FromStr for OutputFormat {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "csv" => Ok(OutputFormat::Csv),
            "jsonl" => Ok(OutputFormat::Jsonl),
            _ => {
                Err(Error::options(format!("unknown output format `{name}`: use `csv` or `jsonl`")))
            }
        }
    }
}

/// A row as it is written; the order of the fields is that of [`COLUMNS`].
#[derive(Serialize)]
struct Row<'a> {
    kind: &'static str,
    jaccard: Similarity,
    containment: Similarity,
    words_a: u32,
    words_b: u32,
    doc_a: &'a str,
    start_a: u32,
    end_a: u32,
    line_a: u64,
    doc_b: &'a str,
    start_b: u32,
    end_b: u32,
    line_b: u64,
    cluster: Option<u32>,
    passage: Option<u32>,
    occurrences: Option<u32>,
    text_a: Cow<'a, str>,
    text_b: Cow<'a, str>,
}

/// A similarity with four decimals: text in CSV, a number in JSON.
struct Similarity(f64, OutputFormat);

impl Serialize for Similarity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.1 {
            OutputFormat::Csv => {
                let rounded = (self.0 * 1e4).round() as u32;
                let (whole, decimals) = (rounded / 10_000, rounded % 10_000);
                serializer.collect_str(&format_args!("{whole}.{decimals:04}"))
            }
            OutputFormat::Jsonl => serializer.serialize_f64((self.0 * 1e4).round() / 1e4),
        }
    }
}

impl<'a> Row<'a> {
    fn new(finding: &'a Finding, format: OutputFormat) -> Self {
        let Finding { kind, jaccard, containment, a, b, cluster, passage, occurrences } = finding;
        let text = |text: &'a str| match format {
            OutputFormat::Csv => defused(text),
            OutputFormat::Jsonl => Cow::Borrowed(text),
        };
        Row {
            kind: kind.name(),
            jaccard: Similarity(*jaccard, format),
            containment: Similarity(*containment, format),
            words_a: a.words,
            words_b: b.words,
            doc_a: &a.document,
            start_a: a.start,
            end_a: a.end,
            line_a: a.line,
            doc_b: &b.document,
            start_b: b.start,
            end_b: b.end,
            line_b: b.line,
            cluster: *cluster,
            passage: *passage,
            occurrences: *occurrences,
            text_a: text(&a.text),
            text_b: text(&b.text),
        }
    }
}

/// The text with an apostrophe before it if a spreadsheet would take it for a formula.
fn defused(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Writes findings, one a line.
///
/// # Errors
/// The writer's.
pub fn write_findings(
    findings: &[Finding],
    format: OutputFormat,
    out: &mut dyn Write,
) -> io::Result<()> {
    write_rows(&COLUMNS, findings, |finding| Row::new(finding, format), format, out)
}

/// The columns of the words around, which follow [`COLUMNS`].
pub const CONTEXT_COLUMNS: [&str; 4] = ["before_a", "after_a", "before_b", "after_b"];

/// The words around both sides; the order of the fields is that of [`CONTEXT_COLUMNS`].
#[derive(Serialize)]
struct Context<'a> {
    before_a: Cow<'a, str>,
    after_a: Cow<'a, str>,
    before_b: Cow<'a, str>,
    after_b: Cow<'a, str>,
}

impl<'a> Context<'a> {
    fn new(finding: &'a Finding, format: OutputFormat) -> Self {
        let text = |side: &'a Side, place: usize| {
            let text = side.context.as_ref().map_or("", |context| &context[place]);
            match format {
                OutputFormat::Csv => defused(text),
                OutputFormat::Jsonl => Cow::Borrowed(text),
            }
        };
        let Finding { a, b, .. } = finding;
        Context {
            before_a: text(a, 0),
            after_a: text(a, 1),
            before_b: text(b, 0),
            after_b: text(b, 1),
        }
    }
}

/// Writes findings with the words around them, one a line.
///
/// # Errors
/// The writer's.
pub fn write_findings_in_context(
    findings: &[Finding],
    format: OutputFormat,
    out: &mut dyn Write,
) -> io::Result<()> {
    #[derive(Serialize)]
    struct Both<'a> {
        #[serde(flatten)]
        row: Row<'a>,
        #[serde(flatten)]
        context: Context<'a>,
    }
    let parts = |finding| (Row::new(finding, format), Context::new(finding, format));
    match format {
        OutputFormat::Csv => {
            write_rows(&[&COLUMNS[..], &CONTEXT_COLUMNS].concat(), findings, parts, format, out)
        }
        // A pair of structs would be an array here, and a flattened one no record there.
        OutputFormat::Jsonl => {
            let both = |finding| {
                let (row, context) = parts(finding);
                Both { row, context }
            };
            write_rows(&[], findings, both, format, out)
        }
    }
}

/// Writes the clusters, one document a line.
///
/// # Errors
/// The writer's.
pub fn write_clusters(
    rows: &[ClusterRow],
    format: OutputFormat,
    out: &mut dyn Write,
) -> io::Result<()> {
    #[derive(Serialize)]
    struct Row<'a> {
        document: &'a str,
        cluster: u32,
        kept: &'a str,
        similarity: Similarity,
    }
    fn row(row: &ClusterRow, format: OutputFormat) -> Row<'_> {
        let ClusterRow { document, cluster, kept, similarity } = row;
        Row { document, cluster: *cluster, kept, similarity: Similarity(*similarity, format) }
    }
    let header = ["document", "cluster", "kept", "similarity"];
    write_rows(&header, rows, |one| row(one, format), format, out)
}

/// How many rows a thread turns into bytes at a time.
const ROWS_A_PIECE: usize = 512;

/// Writes a row for each item. Pieces are made on all threads, and written in order.
fn write_rows<'a, T: Sync, R: Serialize>(
    header: &[&str],
    items: &'a [T],
    row: impl Fn(&'a T) -> R + Sync,
    format: OutputFormat,
    out: &mut dyn Write,
) -> io::Result<()> {
    if format == OutputFormat::Csv {
        out.write_all(&csv_bytes(|writer| writer.write_record(header))?)?;
    }
    for items in items.chunks(2 * ROWS_A_PIECE * rayon::current_num_threads()) {
        let pieces = items.par_chunks(ROWS_A_PIECE).map(|items| match format {
            OutputFormat::Csv => {
                csv_bytes(|writer| items.iter().try_for_each(|item| writer.serialize(row(item))))
            }
            OutputFormat::Jsonl => {
                let mut bytes = Vec::new();
                for item in items {
                    serde_json::to_writer(&mut bytes, &row(item))?;
                    bytes.push(b'\n');
                }
                Ok(bytes)
            }
        });
        for piece in pieces.collect::<io::Result<Vec<Vec<u8>>>>()? {
            out.write_all(&piece)?;
        }
    }
    out.flush()
}

fn csv_bytes(
    write: impl FnOnce(&mut csv::Writer<Vec<u8>>) -> csv::Result<()>,
) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    write(&mut writer).map_err(io_error)?;
    writer.into_inner().map_err(|error| error.into_error())
}

fn io_error(error: csv::Error) -> io::Error {
    let message = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        _ => io::Error::other(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Kind, Side};

    fn finding() -> Finding {
        let side = |name: &str, text: &str| Side {
            document: name.into(),
            start: 3,
            end: 90,
            line: 2,
            words: 11,
            text: text.to_owned(),
            context: None,
        };
        Finding {
            kind: Kind::Passage,
            jaccard: 10.0 / 12.0,
            containment: 1.0,
            a: side("a, \"b\".txt", "=SUM(A1)").into(),
            b: side("c.txt", "plain, text").into(),
            cluster: None,
            passage: Some(1),
            occurrences: Some(2),
        }
    }

    #[test]
    fn rows_are_quoted_rounded_and_defused() {
        let mut out = Vec::new();
        write_findings(&[finding()], OutputFormat::Csv, &mut out).unwrap();
        let expected = format!(
            "{}\npassage,0.8333,1.0000,11,11,\"a, \"\"b\"\".txt\",3,90,2,c.txt,3,90,2,,1,2,'=SUM(A1),\"plain, text\"\n",
            COLUMNS.join(",")
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn json_rows_have_the_same_names_in_the_same_order() {
        let mut out = Vec::new();
        write_findings(&[finding()], OutputFormat::Jsonl, &mut out).unwrap();
        let line = String::from_utf8(out).unwrap();
        let mut at = 0;
        for column in COLUMNS {
            at += line[at..].find(&format!("\"{column}\":")).unwrap();
        }
        assert!(line.contains("\"jaccard\":0.8333,") && line.contains("\"text_a\":\"=SUM(A1)\""));
    }
}
