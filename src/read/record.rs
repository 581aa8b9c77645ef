//! One record of a file of many: its fields, and the formats that have such records.
//!
//! In: the bytes of a record, as a [`Cutter`] found them. Out: its id and its text, in a [`Record`]
//! that is filled again for the next one.

use super::ReadOptions;
use super::cut::Cutter;
use super::encoding::{self, Form};
use super::html::{self, Html};
use super::table::Table;
use super::warc;
use crate::document::Document;
use crate::error::{Error, ErrorKind, Result};

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Which fields of a record are its id and its text.
#[derive(Clone, Debug)]
pub struct Fields {
    /// The id field as it was named.
    pub id: String,
    /// The text field as it was named.
    pub text: String,
    pub(super) extra: Vec<String>,
}

impl Fields {
    /// Fields by name, nested ones with dots.
    pub fn new(id: &str, text: &str, extra: &[String]) -> Self {
        Fields { id: id.to_owned(), text: text.to_owned(), extra: extra.to_vec() }
    }

    /// The fields that the options name.
    pub fn of(options: &ReadOptions) -> Self {
        Fields::new(&options.id_field, &options.text_field, &options.extra_fields)
    }
}

/// What is left of the way to a field below a key, nothing at the field itself; none if the key is not on the
/// way. A key may have dots itself.
pub(super) fn below<'f>(field: &'f str, key: &str) -> Option<&'f str> {
    let rest = field.strip_prefix(key)?;
    if rest.is_empty() && !field.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
}

/// A record's values; the buffers are kept from record to record.
#[derive(Debug, Default)]
pub struct Record {
    /// The text field.
    pub text: String,
    /// The id field, or empty.
    pub id: String,
    /// Whether there is an id.
    pub has_id: bool,
    /// How many characters stand for bytes that could not be decoded.
    pub replaced: u64,
    /// The encoding, where it had to be guessed.
    pub guessed: Option<&'static str>,
    /// The further fields that were asked for.
    pub extra: Vec<Option<String>>,
    /// How its bytes stand for the text; none if they cannot be made of it again.
    pub form: Option<Form>,
    /// When the document was published, if it tells.
    pub date: Option<String>,
    /// Where the document belongs, if it tells.
    pub link: Option<String>,
    /// Whether it is a page of which all text was taken, for want of a main text.
    pub stripped: bool,
    /// The fields of a table's record, one after the other, and where each ends.
    pub(super) cells: Vec<u8>,
    pub(super) ends: Vec<usize>,
}

impl Record {
    /// Forgets the values, but not the buffers.
    pub fn clear(&mut self) {
        self.text.clear();
        self.id.clear();
        (self.has_id, self.replaced, self.guessed) = (false, 0, None);
        self.extra.clear();
        (self.form, self.date, self.link, self.stripped) = (None, None, None, false);
    }

    /// The record as what it is read for.
    pub fn document(&self) -> Document<'_> {
        Document {
            id: self.has_id.then_some(self.id.as_str()),
            text: &self.text,
            date: self.date.as_deref(),
            link: self.link.as_deref(),
            extra: &self.extra,
            form: self.form,
        }
    }

    /// Takes what is to be read of a page.
    pub fn take_page(&mut self, source: &str, html: Html) {
        let page = html::page(source, html);
        (self.text, self.date, self.link) = (page.text, page.date, page.link);
        self.stripped = page.stripped;
    }

    /// A field of a table's record.
    pub(super) fn column(&self, column: usize) -> Option<&[u8]> {
        let end = *self.ends.get(column)?;
        let start = if column == 0 { 0 } else { self.ends[column - 1] };
        self.cells.get(start..end)
    }
}

/// What a record turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// A document; the [`Record`] holds it.
    Document,
    /// Nothing, such as an empty line.
    Nothing,
    /// Something that is not read, for this reason.
    PassedBy(&'static str),
}

/// A format of which each file holds many records.
#[derive(Clone)]
pub enum Records {
    /// A JSON object a line.
    Jsonl {
        /// Whether the lines stand in a file of their own as they are read.
        in_place: bool,
    },
    /// A table.
    Table {
        /// How it is written.
        table: Box<Table>,
        /// Whether its records stand in a file of their own as they are read.
        in_place: bool,
    },
    /// A crawl.
    Warc {
        /// What to read of its pages.
        html: Html,
        /// How long an unpacked page may be, in bytes.
        limit: u64,
    },
}

impl Records {
    /// How its records are told apart.
    pub fn cutter(&self) -> Cutter {
        match self {
            Records::Jsonl { .. } => Cutter::Lines,
            Records::Table { table, .. } => table.cutter(),
            Records::Warc { .. } => Cutter::Warc,
        }
    }

    /// What is counted in the place of a record.
    pub fn noun(&self) -> &'static str {
        match self {
            Records::Jsonl { .. } | Records::Table { .. } => "line",
            Records::Warc { .. } => "record",
        }
    }

    /// Whether its texts are in no file as they stand.
    pub fn is_extracted(&self) -> bool {
        matches!(self, Records::Warc { .. })
    }

    /// Reads one record; `first` tells that the file starts with it.
    ///
    /// # Errors
    /// Why the record cannot be used.
    pub fn parse(
        &self,
        bytes: &[u8],
        first: bool,
        fields: &Fields,
        record: &mut Record,
    ) -> Result<Found> {
        if let &Records::Warc { html, limit } = self {
            return warc::parse(bytes, html, limit, record);
        }
        let whole = bytes;
        // Files that were put together have marks in their midst, which no line of JSON may begin with.
        let bytes = match first || matches!(self, Records::Jsonl { .. }) {
            true => bytes.strip_prefix(MARK).unwrap_or(bytes),
            false => bytes,
        };
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        if bytes.trim_ascii().is_empty() {
            return Ok(Found::Nothing);
        }
        if let Records::Table { table, .. } = self
            && first
            && table.has_header()
        {
            return Ok(Found::Nothing);
        }
        match simdutf8::basic::from_utf8(bytes) {
            Ok(text) => {
                self.parse_text(text, fields, record)?;
                record.form = self.is_in_place(whole).then(Form::utf8);
            }
            Err(_) => {
                let decoded = encoding::decode(bytes)
                    .map_err(|reason| Error::new(ErrorKind::NotText(reason)))?;
                self.parse_text(&decoded.text, fields, record)?;
                (record.replaced, record.guessed) = (decoded.replaced, decoded.guessed);
            }
        }
        Ok(Found::Document)
    }

    /// Whether a record stands in a file of its own, with its text in one piece.
    fn is_in_place(&self, bytes: &[u8]) -> bool {
        match self {
            Records::Jsonl { in_place } => *in_place,
            Records::Table { table, in_place } => {
                *in_place && !bytes.starts_with(MARK) && table.text_place(bytes).is_some()
            }
            Records::Warc { .. } => false,
        }
    }

    fn parse_text(&self, text: &str, fields: &Fields, record: &mut Record) -> Result<()> {
        match self {
            Records::Jsonl { .. } => record.parse_json(text, fields),
            Records::Table { table, .. } => table.parse(text, record),
            Records::Warc { .. } => Ok(()),
        }
    }
}
