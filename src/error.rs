//! What can go wrong, worded for the person who has the file.
//!
//! In: a cause. Out: an [`Error`] that says *where* (path, record, byte) and
//! *what*, and for most causes a [`hint`](Error::hint) with the next step. The same type
//! serves for a fatal error and for a [problem](crate::read::Survey::problems) that
//! only costs one record: which of the two it is, is the caller's decision.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error with its place. One machine word wide, so that a `Result` stays small.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    path: Option<String>,
    line: Option<u64>,
    /// What `line` counts.
    noun: &'static str,
    offset: Option<u64>,
    kind: ErrorKind,
    /// What can be done about it, where that is more than the kind tells.
    hint: Option<String>,
}

/// The causes an [`Error`] can have.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operating system refused.
    #[error("{0}")]
    Io(#[source] std::io::Error),
    /// The folder for temporary files cannot be used.
    #[error("temporary file: {0}")]
    Temporary(#[source] std::io::Error),
    /// Compressed data ends or breaks before its own end mark.
    #[error("damaged {format} data: {detail}")]
    Damaged {
        /// `gzip` or `zstd`.
        format: &'static str,
        /// What the decompressor said.
        detail: String,
    },
    /// Packed data is too small for what it unpacks to.
    #[error("it unpacks to more than {0} times its size")]
    Bomb(u64),
    /// Zstandard data wants more memory to be unpacked than it is given.
    #[error("its window is larger than 128 MiB")]
    Window,
    /// A record is no JSON object.
    #[error("invalid JSON: {0}")]
    Json(String),
    /// A record is JSON, but no object.
    #[error("{0}, not a JSON object")]
    NotAnObject(&'static str),
    /// A record lacks the field that holds the text.
    #[error("no field `{field}`{}", among(present))]
    MissingField {
        /// The field's name, nested by dots.
        field: String,
        /// The names of the fields there are, where they have names.
        present: String,
    },
    /// A table lacks the column that holds the text.
    #[error("no column `{column}` among `{present}`")]
    MissingColumn {
        /// The column's name.
        column: String,
        /// The names of the columns there are.
        present: String,
        /// Whether columns may be told by number, too.
        numbered: bool,
    },
    /// The field that should hold the text holds something else.
    #[error("field `{field}` is {found}, not a string")]
    FieldNotText {
        /// The field's name, nested by dots.
        field: String,
        /// What stands there instead.
        found: &'static str,
    },
    /// A record is not where, or not as, the format has it.
    #[error("broken record: {0}")]
    BrokenRecord(&'static str),
    /// A document is longer than `--max-document`.
    #[error("longer than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// A file that by its name or the user's word is text is none.
    #[error("not text: {0}")]
    NotText(&'static str),
    /// A file that the user named is of a format that is not read.
    #[error("not read: {0}")]
    Unsupported(&'static str),
    /// A file to be read is also to be written.
    #[error("it is an input, and inputs are never written to")]
    OutputIsInput,
    /// Texts would be written where the next run would read them as documents.
    #[error("what is written there would be read as documents by the next run")]
    OutputInInput,
    /// A file is not what it was when it was first read.
    #[error("changed while it was being read")]
    Changed,
    /// A folder that is to be filled has something in it.
    #[error("there is something in it")]
    NotEmpty,
    /// A folder that is to be restored was not written by `clean`, or not to its end.
    #[error("{0}")]
    NotCleaned(&'static str),
    /// A file that should hold the rows of a scan holds something else, or not all of them.
    #[error("not the rows of a scan: {0}")]
    NotFindings(String),
    /// A file that should be the summary of a scan is something else.
    #[error("not the summary of a scan: {0}")]
    NotSummary(String),
    /// A file that is to be merged is no shard, or not whole.
    #[error("{0}")]
    NotShard(&'static str),
    /// Shards that are to be merged do not belong together.
    #[error("{0}")]
    Shards(String),
    /// What another process met, as it was told there.
    #[error("{message}")]
    Told {
        /// The message, without its place.
        message: String,
        /// What can be done about it.
        hint: Option<String>,
    },
    /// A name that cannot be written below a folder.
    #[error("{0}")]
    Name(String),
    /// What the user asked for makes no sense.
    #[error("{0}")]
    Options(String),
    /// Whoever listens to the run wanted it to end.
    #[error("interrupted")]
    Interrupted,
}

/// An error as it is told to another process.
#[derive(Serialize, Deserialize)]
pub(crate) struct ErrorTold {
    path: Option<String>,
    line: Option<u64>,
    noun: Cow<'static, str>,
    offset: Option<u64>,
    message: String,
    hint: Option<String>,
}

impl From<&Error> for ErrorTold {
    fn from(error: &Error) -> Self {
        let Inner { path, line, noun, offset, kind, hint: _ } = &*error.0;
        ErrorTold {
            path: path.clone(),
            line: *line,
            noun: Cow::Borrowed(noun),
            offset: *offset,
            message: kind.to_string(),
            hint: error.hint(),
        }
    }
}

impl ErrorTold {
    /// The error that it was.
    pub(crate) fn into_error(self) -> Error {
        let ErrorTold { path, line, noun, offset, message, hint } = self;
        let kind = ErrorKind::Told { message, hint };
        Error(Box::new(Inner { path, line, noun: counted(&noun), offset, kind, hint: None }))
    }
}

/// The noun of what is counted, of those that there are.
pub(crate) fn counted(noun: &str) -> &'static str {
    ["line", "record", "row"].into_iter().find(|&one| one == noun).unwrap_or_default()
}

/// How many columns or fields are named in a message, and how many characters of each name.
const MOST_COLUMNS: usize = 20;
const LONGEST_COLUMN: usize = 40;

/// The first of the names, which may be foreign text of any length.
fn some_of<N: AsRef<str>>(names: impl Iterator<Item = N>) -> String {
    let mut names = names.map(|name| match name.as_ref().char_indices().nth(LONGEST_COLUMN) {
        Some((cut, _)) => format!("{}…", &name.as_ref()[..cut]),
        None => name.as_ref().to_owned(),
    });
    let mut present = names.by_ref().take(MOST_COLUMNS).collect::<Vec<_>>().join(", ");
    let more = names.count();
    if more > 0 {
        present.push_str(&format!(", and {more} more"));
    }
    present
}

fn among(present: &str) -> String {
    if present.is_empty() { String::new() } else { format!(" among `{present}`") }
}

impl Error {
    /// An error without a place yet.
    pub fn new(kind: ErrorKind) -> Self {
        let (path, line, offset, hint) = (None, None, None, None);
        Error(Box::new(Inner { path, line, noun: "line", offset, kind, hint }))
    }

    /// An error about the options given.
    pub fn options(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Options(message.into()))
    }

    /// An operating system error at a path.
    pub fn io(path: impl AsRef<Path>, error: std::io::Error) -> Self {
        Self::new(ErrorKind::Io(error)).at_path(path.as_ref().display())
    }

    /// An error about a table that lacks the column of the text, with the names of those it has.
    pub(crate) fn missing_column<N: AsRef<str>>(
        column: String,
        names: impl Iterator<Item = N>,
        numbered: bool,
    ) -> Self {
        let present = some_of(names);
        Self::new(ErrorKind::MissingColumn { column, present, numbered })
    }

    /// Says what can be done about this very error.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// An error about a record that lacks the field of the text, with the names of those it has.
    pub(crate) fn missing_field<N: AsRef<str>>(
        field: String,
        names: impl Iterator<Item = N>,
    ) -> Self {
        Self::new(ErrorKind::MissingField { field, present: some_of(names) })
    }

    /// Adds the file, unless one is named already.
    pub fn at_path(mut self, path: impl fmt::Display) -> Self {
        self.0.path.get_or_insert_with(|| path.to_string());
        self
    }

    /// Adds the record: its 1-based line and the byte offset of its first byte.
    pub fn at_record(mut self, line: u64, offset: u64) -> Self {
        self.0.line = Some(line);
        self.0.offset = Some(offset);
        self
    }

    /// Says what the record's number counts, where it is not lines.
    pub(crate) fn counting(mut self, noun: &'static str) -> Self {
        self.0.noun = noun;
        self
    }

    /// Counts the line otherwise: a part of a file counts from its own start.
    pub(crate) fn shift_lines(&mut self, shift: impl FnOnce(u64) -> u64) {
        if let Some(line) = &mut self.0.line {
            *line = shift(*line);
        }
    }

    /// Leaves the line away, where only the place in a part of the file is known; of a row its number always is.
    pub(crate) fn without_line(mut self) -> Self {
        if self.0.noun != "row" {
            self.0.line = None;
        }
        self
    }

    /// Whether it is only that a table has other columns than the one asked for.
    pub(crate) fn is_about_columns(&self) -> bool {
        matches!(self.0.kind, ErrorKind::MissingColumn { .. })
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The file it went wrong in, as the user would recognise it.
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// The 1-based line of the record, or its number where there are no lines; of a row of a table
    /// in memory its number from 0.
    pub fn line(&self) -> Option<u64> {
        self.0.line
    }

    /// The offset, in bytes of the decompressed file, of the record's first byte; rows have none.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset.filter(|_| self.0.noun != "row")
    }

    /// What the user can do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        if self.0.hint.is_some() {
            return self.0.hint.clone();
        }
        Some(match self.kind() {
            ErrorKind::MissingField { field, .. } => {
                format!("name the field that holds the text with `--text-field` (now `{field}`)")
            }
            ErrorKind::MissingColumn { numbered: false, .. } => {
                "name the column that holds the text with `--text-field`, nested ones with dots"
                    .to_owned()
            }
            ErrorKind::MissingColumn { .. } => {
                "name the column that holds the text with `--text-field`, or count it from 1 if the \
                 first line is a record like the others"
                    .to_owned()
            }
            ErrorKind::FieldNotText { found: "null", .. } => {
                "a record without a text is left out; the others were used".to_owned()
            }
            ErrorKind::FieldNotText { .. } => {
                "name the field that holds the text with `--text-field`, nested fields with dots"
                    .to_owned()
            }
            ErrorKind::TooLarge { .. } => "raise the limit with `--max-document`".to_owned(),
            ErrorKind::BrokenRecord(_) => "the other records were used".to_owned(),
            ErrorKind::NotText(_) => "leave it out with `--exclude`, or convert it".to_owned(),
            ErrorKind::Changed => "run again once nothing writes to the corpus".to_owned(),
            ErrorKind::Damaged { .. } => {
                "fetch the file again; of its records, those that could be read were used".to_owned()
            }
            ErrorKind::Json(_) | ErrorKind::NotAnObject(_) => {
                "a file of JSON lines has one whole object on each line".to_owned()
            }
            ErrorKind::Bomb(_) => {
                "if you trust it, unpack it yourself and name what comes out; else leave it out with `--exclude`"
                    .to_owned()
            }
            ErrorKind::Window => {
                "unpack it first with `zstd -d --long=31`, or pack it again with `--long=27` at most"
                    .to_owned()
            }
            ErrorKind::OutputIsInput => {
                "write elsewhere, or leave the file out with `--exclude`".to_owned()
            }
            ErrorKind::OutputInInput => {
                "write elsewhere, or leave the folder out with `--exclude`".to_owned()
            }
            ErrorKind::NotEmpty => {
                "name a new folder, or write into this one with `--force`".to_owned()
            }
            ErrorKind::NotCleaned(_) => {
                "name a folder that `dittograph clean` has written; if it was stopped, run it again"
                    .to_owned()
            }
            ErrorKind::NotFindings(_) => {
                "write the rows again: `dittograph scan PATH... -o pairs.csv`, with `--clusters` for the clusters"
                    .to_owned()
            }
            ErrorKind::NotSummary(_) => {
                "write it again: `dittograph scan PATH... -o pairs.csv --summary summary.json`".to_owned()
            }
            ErrorKind::NotShard(_) => "make it again with `dittograph sketch`".to_owned(),
            ErrorKind::Shards(_) => {
                "sketch all shards with the same arguments while the corpus does not change".to_owned()
            }
            ErrorKind::Told { hint, .. } => return hint.clone(),
            ErrorKind::Name(_) => {
                "leave the file out with `--exclude`, or clean the folder it is in".to_owned()
            }
            ErrorKind::Unsupported(_) => {
                "unpack or convert it first; `--input-format text` reads any text as it stands".to_owned()
            }
            ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                "free some space, or write elsewhere".to_owned()
            }
            ErrorKind::Temporary(_) => {
                "name a folder with more room for temporary files with `--temp-dir`".to_owned()
            }
            _ => return None,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.0.path {
            write!(f, "{path}: ")?;
        }
        match (self.0.line, self.0.offset) {
            (Some(line), Some(_)) if self.0.noun == "row" => write!(f, "row {line}: ")?,
            (Some(line), Some(offset)) => write!(f, "{} {line} (byte {offset}): ", self.0.noun)?,
            (None, Some(offset)) => write!(f, "byte {offset}: ")?,
            (_, None) => {}
        }
        self.0.kind.fmt(f)
    }
}

/// For where a writer's error is asked for, and reading failed; [`std::io::Error::downcast`] gives it back.
impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        std::io::Error::other(error)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            ErrorKind::Io(error) | ErrorKind::Temporary(error) => error.source(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_path_line_and_byte() {
        let error = Error::new(ErrorKind::Json("expected value".into()))
            .at_record(17, 3021)
            .at_path("feeds/a.jsonl");
        assert_eq!(
            error.to_string(),
            "feeds/a.jsonl: line 17 (byte 3021): invalid JSON: expected value"
        );
    }

    #[test]
    fn the_first_path_named_stays() {
        let error = Error::io("a", std::io::Error::other("boom")).at_path("b");
        assert_eq!(error.path(), Some("a"));
    }
}
