//! Findings and clusters to bytes.
//!
//! In: sorted findings. Out: CSV with the fixed header, one JSON object a line with the same names, or a
//! Parquet file with columns of these names. Every row is first made [`Cell`]s, so that all say the
//! same. Texts that a spreadsheet would run as a formula are defused in CSV by a leading apostrophe, as
//! spreadsheets themselves do.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::ops::Range;
use std::str::FromStr;
use std::sync::mpsc::{self, Receiver, TryRecvError};

use arrow_array::RecordBatch;
use rayon::Yield;

use super::cells::{Cell, Lines, Piece, Table};
use super::findings::{ClusterMember, ClusterRows, Findings, Row, SideReaders};
use super::quotes::Quote;
use crate::error::Error;
use crate::pool::Pool;

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
    /// A Parquet file, compressed with Zstandard.
    Parquet,
}

impl FromStr for OutputFormat {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "csv" => Ok(OutputFormat::Csv),
            "jsonl" => Ok(OutputFormat::Jsonl),
            "parquet" => Ok(OutputFormat::Parquet),
            _ => Err(Error::options(format!(
                "unknown output format `{name}`: use `csv`, `jsonl` or `parquet`"
            ))),
        }
    }
}

/// The cells of a finding, in the order of [`COLUMNS`].
fn finding_cells<'a>(row: &Row, (a, b): (Quote<'a>, Quote<'a>)) -> [Cell<'a>; COLUMNS.len()] {
    [
        Cell::Name(row.kind.name()),
        Cell::Share(row.jaccard()),
        Cell::Share(row.containment()),
        Cell::Number(a.words),
        Cell::Number(b.words),
        Cell::Name(a.document),
        Cell::Number(a.start),
        Cell::Number(a.end),
        Cell::Number(a.line),
        Cell::Name(b.document),
        Cell::Number(b.start),
        Cell::Number(b.end),
        Cell::Number(b.line),
        Cell::Optional(row.cluster()),
        Cell::Optional(row.passage()),
        Cell::Optional(row.occurrences()),
        Cell::Text(a.text),
        Cell::Text(b.text),
    ]
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
    write_rows(&COLUMNS, findings.rows(), || findings.readers(), put_finding, format, out)
}

fn put_finding(sides: &mut SideReaders<'_>, row: &Row, lines: &mut Lines<'_>) -> io::Result<()> {
    let sides = sides.read(row.a, row.b)?;
    lines.put(&finding_cells(row, sides))
}

/// The columns of the words around, which follow [`COLUMNS`].
pub const CONTEXT_COLUMNS: [&str; 4] = ["before_a", "after_a", "before_b", "after_b"];

/// Writes findings with the words around them, one a line.
///
/// # Errors
/// Those of [`write_findings`].
pub fn write_findings_in_context(
    findings: &Findings,
    format: OutputFormat,
    out: &mut dyn Write,
) -> io::Result<()> {
    let header = [&COLUMNS[..], &CONTEXT_COLUMNS].concat();
    write_rows(&header, findings.rows(), || findings.readers(), put_in_context, format, out)
}

fn put_in_context(sides: &mut SideReaders<'_>, row: &Row, lines: &mut Lines<'_>) -> io::Result<()> {
    let (a, b) = sides.read(row.a, row.b)?;
    let context = [a.before, a.after, b.before, b.after].map(Cell::Text);
    lines.put(&[&finding_cells(row, (a, b))[..], &context].concat())
}

/// The columns of the clusters.
const CLUSTER_COLUMNS: [&str; 4] = ["document", "cluster", "kept", "similarity"];

/// Writes the clusters, one document a line.
///
/// # Errors
/// Those of [`write_findings`].
pub fn write_clusters(
    clusters: &ClusterRows,
    format: OutputFormat,
    out: &mut dyn Write,
) -> io::Result<()> {
    let members = clusters.members();
    write_rows(&CLUSTER_COLUMNS, members, || clusters.readers(), put_member, format, out)
}

fn put_member(
    sides: &mut SideReaders<'_>,
    member: &ClusterMember,
    lines: &mut Lines<'_>,
) -> io::Result<()> {
    let (document, kept) = sides.read(member.document, member.kept)?;
    lines.put(&[
        Cell::Name(document.document),
        Cell::Number(member.cluster),
        Cell::Name(kept.document),
        Cell::Share(member.similarity),
    ])
}

/// Some findings as columns of Arrow, the same as in Parquet, with the words around them if these are wanted.
///
/// # Errors
/// Those of [`Findings::get`], inside one.
///
/// # Panics
/// If there are not so many.
pub fn findings_batch(
    findings: &Findings,
    range: Range<usize>,
    context: bool,
) -> io::Result<RecordBatch> {
    let (rows, mut readers) = (&findings.rows()[range], findings.readers());
    match context {
        false => batch(&COLUMNS, rows, |row, lines| put_finding(&mut readers, row, lines)),
        true => {
            let header = [&COLUMNS[..], &CONTEXT_COLUMNS].concat();
            batch(&header, rows, |row, lines| put_in_context(&mut readers, row, lines))
        }
    }
}

/// Some rows of clusters as columns of Arrow.
///
/// # Errors
/// Those of [`findings_batch`].
///
/// # Panics
/// If there are not so many.
pub fn clusters_batch(clusters: &ClusterRows, range: Range<usize>) -> io::Result<RecordBatch> {
    let mut readers = clusters.readers();
    let put =
        |member: &ClusterMember, lines: &mut Lines<'_>| put_member(&mut readers, member, lines);
    batch(&CLUSTER_COLUMNS, &clusters.members()[range], put)
}

fn batch<T>(
    header: &[&str],
    items: &[T],
    mut put: impl FnMut(&T, &mut Lines<'_>) -> io::Result<()>,
) -> io::Result<RecordBatch> {
    let mut lines = Lines::new(header, OutputFormat::Parquet, Vec::new());
    items.iter().try_for_each(|item| put(item, &mut lines))?;
    match lines.into_piece()? {
        Piece::Batch(batch) => Ok(batch),
        Piece::Bytes(_) => unreachable!("lines of Parquet are a batch"),
    }
}

/// How many rows a thread turns into bytes at a time.
const ROWS_A_PIECE: usize = 512;

/// How many pieces for each thread are made before the first of them must be written.
const PIECES_AHEAD: usize = 2;

/// Writes a line for each item. Pieces are made on all threads, and written in order, while the next are made.
fn write_rows<T: Sync, S>(
    header: &[&str],
    items: &[T],
    readers: impl Fn() -> S + Sync,
    put: impl Fn(&mut S, &T, &mut Lines<'_>) -> io::Result<()> + Sync,
    format: OutputFormat,
    out: &mut dyn Write,
) -> io::Result<()> {
    let rooms: Pool<Vec<u8>> = Pool::default();
    let make = |items: &[T]| {
        let mut readers = readers();
        let mut lines = Lines::new(header, format, rooms.take(Vec::new));
        items.iter().try_for_each(|item| put(&mut readers, item, &mut lines))?;
        lines.into_piece()
    };
    let make = &make;
    let mut table = Table::begin(header, format, out)?;
    let most = PIECES_AHEAD * rayon::current_num_threads();
    rayon::in_place_scope_fifo(|scope| {
        let mut ahead: VecDeque<Receiver<io::Result<Piece>>> = VecDeque::with_capacity(most);
        for items in items.chunks(ROWS_A_PIECE) {
            if ahead.len() == most
                && let Some(piece) = ahead.pop_front()
            {
                rooms.give_back(table.write(received(&piece)?)?);
            }
            let (sender, receiver) = mpsc::sync_channel(1);
            // Where an earlier one could not be written, nobody waits for it.
            scope.spawn_fifo(move |_| drop(sender.send(make(items))));
            ahead.push_back(receiver);
        }
        ahead.iter().try_for_each(|piece| table.write(received(piece)?).map(drop))
    })?;
    table.finish()
}

/// A piece that was made, or is being made, or is made now: whoever waits may be the only thread.
fn received(piece: &Receiver<io::Result<Piece>>) -> io::Result<Piece> {
    loop {
        match piece.try_recv() {
            Ok(piece) => return piece,
            Err(TryRecvError::Empty) if rayon::yield_now() == Some(Yield::Executed) => {}
            Err(_) => return piece.recv().map_err(io::Error::other)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{DocId, Span};
    use crate::report::{Excerpt, Kind, QuoteBuilder, Quotes};
    use std::sync::Arc;

    fn findings() -> Findings {
        rows(1)
    }

    /// So many rows, told apart by their clusters.
    fn rows(count: u32) -> Findings {
        let mut quotes = Quotes::default();
        let mut builder = QuoteBuilder::default();
        let texts = [("c.txt", "x\n\nplain,\ttext"), ("a, \"b\".txt", "0\n =SUM(A1)")];
        for (document, (name, text)) in (0..).zip(texts) {
            let span = Span::new(3, text.len());
            builder.push(DocId(document), name, text, [Excerpt::alone(span, 11)]);
        }
        let unit = builder.store(quotes.spill()).unwrap();
        quotes.extend(vec![unit]);
        let places = quotes.places().unwrap();
        assert_eq!(places, [1, 0]);
        let row = |group| Row {
            kind: Kind::Passage,
            a: 1,
            b: 0,
            shared: 10,
            union: 12,
            smaller: 10,
            group,
            occurrences: 2,
        };
        Findings::new(Arc::new(quotes), &places, (1..=count).map(row).collect())
    }

    #[test]
    fn rows_of_many_pieces_stand_in_order_even_where_the_writer_is_the_only_thread() {
        let count = 21 * ROWS_A_PIECE as u32 + 5;
        let findings = rows(count);
        let write = || {
            let mut out = Vec::new();
            write_findings(&findings, OutputFormat::Csv, &mut out).unwrap();
            out
        };
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let out = alone.install(write);
        assert_eq!(out, write());
        let mut lines = csv::Reader::from_reader(&out[..]);
        let passages = lines.records().map(|line| line.unwrap()[14].parse::<u32>().unwrap());
        assert!(passages.eq(1..=count));
    }

    #[test]
    fn what_cannot_be_written_ends_the_writing() {
        struct Full(usize);
        impl Write for Full {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let findings = rows(21 * ROWS_A_PIECE as u32);
        for room in [0, 1000, 400_000] {
            let written = write_findings(&findings, OutputFormat::Csv, &mut Full(room));
            assert_eq!(written.unwrap_err().kind(), io::ErrorKind::StorageFull, "{room}");
        }
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
