//! The two tables beside a cleaned corpus: what was removed, and what became of each document.
//!
//! In: rows. Out: lines of CSV (RFC 4180), and from these rows again. Texts are kept to the byte:
//! nothing is defused or shortened, since [`restore`](super::restore()) puts them back.

use std::io::Read;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::read::TextField;

/// The columns of `removed.csv`.
pub const REMOVED_COLUMNS: [&str; 12] = [
    "document",
    "start",
    "end",
    "line",
    "reason",
    "kept",
    "kept_start",
    "kept_end",
    "similarity",
    "words",
    "text",
    "source",
];

/// The columns of `kept.csv`.
pub const KEPT_COLUMNS: [&str; 9] =
    ["document", "file", "line", "action", "words_before", "words_after", "rows", "form", "hash"];

/// Something that was cut: a line of `removed.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemovedRow {
    /// The document.
    pub document: String,
    /// First byte of the span in the document's original text.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
    /// The line of the text it starts in, from 1.
    pub line: u64,
    /// The name of the reason.
    pub reason: String,
    /// The document of the copy that stays.
    pub kept: Option<String>,
    /// Where the copy starts in its document's original text.
    pub kept_start: Option<u32>,
    /// Where it ends.
    pub kept_end: Option<u32>,
    /// How similar the two are, with four decimals.
    pub similarity: Option<String>,
    /// Words in the span.
    pub words: u32,
    /// What was cut, with the white space that was closed up.
    pub text: String,
    /// What stood in the file for it, where that is not the text itself nor what usually stands in
    /// such a record for it: the whole record if that is gone, or other escapes.
    pub source: String,
}

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is as it was.
    Kept,
    /// Something was cut from it.
    Cut,
    /// It is gone.
    Dropped,
    /// It was not judged, or its bytes cannot be made of its text, and is as it was.
    Copied,
}

/// A document: a line of `kept.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptRow {
    /// Its name.
    pub document: String,
    /// The file it stands in, below the folder; what is no UTF-8, and `%`, as `%XX`.
    pub file: String,
    /// The line or row of a record in the original file; none if the file is the document.
    pub line: Option<u64>,
    /// What became of it.
    pub action: Action,
    /// Words before; none of a file that was not read.
    pub words_before: Option<u32>,
    /// Words after.
    pub words_after: Option<u32>,
    /// How many rows of `removed.csv` are about it.
    pub rows: u32,
    /// Of what was changed, how the original stood in its file: the compression, and the encoding
    /// of a text or the layout of a record.
    pub form: String,
    /// Of what was changed, the xxh3 hash of the original text.
    pub hash: String,
}

/// Rows as lines, without a header.
pub fn lines<R: Serialize>(rows: &[R]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).expect("rows are plain, and a vector takes all of them");
    }
    writer.into_inner().unwrap_or_default()
}

/// A header as a line.
pub fn header(columns: &[&str]) -> Vec<u8> {
    format!("{}\n", columns.join(",")).into_bytes()
}

/// The rows of a table that is called `name`.
pub fn rows<R: for<'de> Deserialize<'de>>(
    source: impl Read,
    name: String,
) -> impl Iterator<Item = Result<R>> {
    csv::Reader::from_reader(source).into_deserialize().map(move |row| {
        row.map_err(|error| {
            let message = error.to_string();
            let error = match error.into_kind() {
                csv::ErrorKind::Io(error) => Error::new(ErrorKind::Io(error)),
                _ => Error::options(message),
            };
            error.at_path(&name)
        })
    })
}

/// What stood in a record for a text, left out if it is what usually stands there for it.
pub fn source_of(field: &TextField<'_>, text: &str, source: &str) -> String {
    if field.escaped(text) == source { String::new() } else { source.to_owned() }
}

/// A similarity with four decimals.
pub fn four_decimals(similarity: f64) -> String {
    format!("{:.4}", (similarity * 1e4).round() / 1e4)
}

/// The hash of a text, in hexadecimal digits.
pub fn text_hash(text: &str) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(text.as_bytes()))
}
