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

use super::findings::{ClusterMember, ClusterRows, Findings, Row, SideReaders};
use super::quotes::Quote;
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
struct Line<'a> {
    kind: &'static str,
    jaccard: Similarity,
    containment: Similarity,
    words_a: u32,
    words_b: u32,
    doc_a: &'a str,
    start_a: u32,
    end_a: u32,
    line_a: u32,
    doc_b: &'a str,
    start_b: u32,
    end_b: u32,
    line_b: u32,
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

impl<'a> Line<'a> {
    fn new(row: &Row, (a, b): (Quote<'a>, Quote<'a>), format: OutputFormat) -> Self {
        let text = |text| cell(text, format);
        Line {
            kind: row.kind.name(),
            jaccard: Similarity(row.jaccard(), format),
            containment: Similarity(row.containment(), format),
            words_a: a.words,
            words_b: b.words,
            doc_a: a.document,
            start_a: a.start,
            end_a: a.end,
            line_a: a.line,
            doc_b: b.document,
            start_b: b.start,
            end_b: b.end,
            line_b: b.line,
            cluster: row.cluster(),
            passage: row.passage(),
            occurrences: row.occurrences(),
            text_a: text(a.text),
            text_b: text(b.text),
        }
    }
}

/// A text as it is written: defused in CSV.
fn cell(text: &str, format: OutputFormat) -> Cow<'_, str> {
    match format {
        OutputFormat::Csv => defused(text),
        OutputFormat::Jsonl => Cow::Borrowed(text),
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
/// The writer's, and those of [`Findings::get`] inside one.
pub fn write_findings(
    findings: &Findings,
    format: OutputFormat,
    out: &mut dyn Write,
) -> io::Result<()> {
    let put = |sides: &mut _, row: &Row, piece: &mut Piece| {
        let sides = SideReaders::read(sides, row.a, row.b).map_err(io::Error::other)?;
        piece.put(&Line::new(row, sides, format))
    };
    write_rows(&COLUMNS, findings.rows(), || findings.readers(), put, format, out)
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
    fn new((a, b): (Quote<'a>, Quote<'a>), format: OutputFormat) -> Self {
        let text = |text| cell(text, format);
        Context {
            before_a: text(a.before),
            after_a: text(a.after),
            before_b: text(b.before),
            after_b: text(b.after),
        }
    }
}

/// Writes findings with the words around them, one a line.
///
/// # Errors
/// Those of [`write_findings`].
pub fn write_findings_in_context(
    findings: &Findings,
    format: OutputFormat,
    out: &mut dyn Write,
) -> io::Result<()> {
    #[derive(Serialize)]
    struct Both<'a> {
        #[serde(flatten)]
        line: Line<'a>,
        #[serde(flatten)]
        context: Context<'a>,
    }
    let put = |sides: &mut _, row: &Row, piece: &mut Piece| {
        let sides = SideReaders::read(sides, row.a, row.b).map_err(io::Error::other)?;
        let (line, context) = (Line::new(row, sides, format), Context::new(sides, format));
        match format {
            // A pair of structs would be an array in JSON, and a flattened one is no record in CSV.
            OutputFormat::Csv => piece.put(&(line, context)),
            OutputFormat::Jsonl => piece.put(&Both { line, context }),
        }
    };
    let header = [&COLUMNS[..], &CONTEXT_COLUMNS].concat();
    write_rows(&header, findings.rows(), || findings.readers(), put, format, out)
}

/// Writes the clusters, one document a line.
///
/// # Errors
/// Those of [`write_findings`].
pub fn write_clusters(
    clusters: &ClusterRows,
    format: OutputFormat,
    out: &mut dyn Write,
) -> io::Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        document: &'a str,
        cluster: u32,
        kept: &'a str,
        similarity: Similarity,
    }
    let put = |sides: &mut _, member: &ClusterMember, piece: &mut Piece| {
        let (document, kept) =
            SideReaders::read(sides, member.document, member.kept).map_err(io::Error::other)?;
        piece.put(&Line {
            document: document.document,
            cluster: member.cluster,
            kept: kept.document,
            similarity: Similarity(member.similarity, format),
        })
    };
    let header = ["document", "cluster", "kept", "similarity"];
    write_rows(&header, clusters.members(), || clusters.readers(), put, format, out)
}

/// How many rows a thread turns into bytes at a time.
const ROWS_A_PIECE: usize = 512;

/// Writes a line for each item. Pieces are made on all threads, and written in order.
fn write_rows<T: Sync, S>(
    header: &[&str],
    items: &[T],
    readers: impl Fn() -> S + Sync,
    put: impl Fn(&mut S, &T, &mut Piece) -> io::Result<()> + Sync,
    format: OutputFormat,
    out: &mut dyn Write,
) -> io::Result<()> {
    if format == OutputFormat::Csv {
        let mut piece = Piece::new(format);
        piece.put(&header)?;
        out.write_all(&piece.into_bytes()?)?;
    }
    for items in items.chunks(2 * ROWS_A_PIECE * rayon::current_num_threads()) {
        let pieces = items.par_chunks(ROWS_A_PIECE).map(|items| {
            let (mut readers, mut piece) = (readers(), Piece::new(format));
            items.iter().try_for_each(|item| put(&mut readers, item, &mut piece))?;
            piece.into_bytes()
        });
        for piece in pieces.collect::<io::Result<Vec<Vec<u8>>>>()? {
            out.write_all(&piece)?;
        }
    }
    out.flush()
}

/// Some lines, in either format.
enum Piece {
    Csv(Box<csv::Writer<Vec<u8>>>),
    Jsonl(Vec<u8>),
}

impl Piece {
    fn new(format: OutputFormat) -> Self {
        match format {
            OutputFormat::Csv => Piece::Csv(Box::new(
                csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new()),
            )),
            OutputFormat::Jsonl => Piece::Jsonl(Vec::new()),
        }
    }

    fn put(&mut self, line: &impl Serialize) -> io::Result<()> {
        match self {
            Piece::Csv(writer) => writer.serialize(line).map_err(io_error),
            Piece::Jsonl(bytes) => {
                serde_json::to_writer(&mut *bytes, line)?;
                bytes.push(b'\n');
                Ok(())
            }
        }
    }

    fn into_bytes(self) -> io::Result<Vec<u8>> {
        match self {
            Piece::Csv(writer) => writer.into_inner().map_err(|error| error.into_error()),
            Piece::Jsonl(bytes) => Ok(bytes),
        }
    }
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
    use crate::document::{DocId, Span};
    use crate::report::{Excerpt, Kind, QuoteBuilder, Quotes};
    use std::sync::Arc;

    fn findings() -> Findings {
        let mut quotes = Quotes::default();
        let mut builder = QuoteBuilder::default();
        let texts = [("c.txt", "x\n\nplain,\ttext"), ("a, \"b\".txt", "0\n =SUM(A1)")];
        for (document, (name, text)) in (0..).zip(texts) {
            let span = Span::new(3, text.len());
            builder.push(DocId(document), name, text, [Excerpt::alone(span, 11)]);
        }
        let unit = builder.store(quotes.spill()).unwrap();
        quotes.push(unit);
        let places = quotes.places().unwrap();
        assert_eq!(places, [1, 0]);
        let row = Row {
            kind: Kind::Passage,
            a: 1,
            b: 0,
            shared: 10,
            union: 12,
            smaller: 10,
            group: 7,
            occurrences: 2,
        };
        Findings::new(Arc::new(quotes), &places, vec![row])
    }

    #[test]
    fn rows_are_quoted_rounded_and_defused() {
        let mut out = Vec::new();
        write_findings(&findings(), OutputFormat::Csv, &mut out).unwrap();
        let expected = format!(
            "{}\npassage,0.8333,1.0000,11,11,\"a, \"\"b\"\".txt\",3,11,2,c.txt,3,14,3,,1,2,'=SUM(A1),\"plain, text\"\n",
            COLUMNS.join(",")
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn json_rows_have_the_same_names_in_the_same_order() {
        let mut out = Vec::new();
        write_findings(&findings(), OutputFormat::Jsonl, &mut out).unwrap();
        let line = String::from_utf8(out).unwrap();
        let mut at = 0;
        for column in COLUMNS {
            at += line[at..].find(&format!("\"{column}\":")).unwrap();
        }
        assert!(line.contains("\"jaccard\":0.8333,") && line.contains("\"text_a\":\"=SUM(A1)\""));
    }
}
