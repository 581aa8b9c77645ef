//! Files as they are: for whoever writes them again.
//!
//! In: a file of the [`Corpus`] by number. Out: its decompressed bytes, where each document stands in
//! them, and in a record the string that holds the text, so that the rest of a file can be
//! kept to the byte.

use std::io::Read;
use std::ops::Range;

use serde_json::value::RawValue;

use super::encoding::{self, Form};
use super::format::Compression;
use super::omit::{Omissions, without};
use super::open::{Content, Opened, Opening, read_error};
use super::record::{Fields, Records};
use super::revisit::record_body;
use super::walk::SourceFile;
use super::{Catalog, Corpus};
use crate::document::{DocId, Span};
use crate::error::{Error, ErrorKind, Result};
use crate::progress::Silent;

/// A file that was opened to be written again.
pub struct RawFile<'a> {
    /// Whether it is one document, and not a record a line.
    pub is_whole: bool,
    /// How it is compressed.
    pub compression: Compression,
    /// Its decompressed bytes.
    pub reader: Box<dyn Read + 'a>,
}

impl Corpus {
    /// All files, in reading order.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// What later readings leave out.
    pub fn omissions(&self) -> &Omissions {
        &self.omissions
    }

    /// The same, to be changed.
    pub fn omissions_mut(&mut self) -> &mut Omissions {
        &mut self.omissions
    }

    /// Opens a file that has documents.
    ///
    /// # Errors
    /// The system's; that it is no longer what it was.
    pub fn open_raw(&self, file: usize) -> Result<RawFile<'_>> {
        let file = &self.files[file];
        let changed = || Error::new(ErrorKind::Changed).at_path(file.path.display());
        let Opening::Read(Opened { reader, content, compression, .. }) =
            file.open(&self.options, &Silent)?
        else {
            return Err(changed());
        };
        let is_whole = match content {
            Content::Records(Records::Jsonl { in_place: true }) => false,
            content if content.is_extracted() => return Err(changed()),
            Content::Text | Content::Page(_) => true,
            Content::Records(_) | Content::Rows(_) => return Err(changed()),
        };
        Ok(RawFile { is_whole, compression, reader })
    }

    /// Reads all of a file that is one document, and gives its form.
    ///
    /// # Errors
    /// The system's; that it is no longer what it was.
    pub fn read_text(&self, file: usize, raw: RawFile<'_>) -> Result<(String, Form)> {
        let file = &self.files[file];
        let mut bytes = Vec::new();
        let RawFile { mut reader, compression, .. } = raw;
        reader
            .read_to_end(&mut bytes)
            .map_err(|error| read_error(error, compression).at_path(file.path.display()))?;
        let changed = || Error::new(ErrorKind::Changed).at_path(file.path.display());
        let decoded = encoding::decode(&bytes).map_err(|_| changed())?;
        let form = Form::of(&bytes, &decoded).ok_or_else(changed)?;
        Ok((decoded.text.into_owned(), form))
    }

    /// The text of a record and the string that holds it.
    pub fn text_field<'l>(&self, line: &'l str) -> Option<TextField<'l>> {
        TextField::find(line, &self.fields)
    }
}

impl Catalog {
    /// The number of the file that a document stands in.
    pub fn file_of(&self, document: DocId) -> usize {
        self.file(document) as usize
    }

    /// The documents of a file, by number.
    pub fn documents_of(&self, file: usize) -> Range<u32> {
        let before = |limit: usize| {
            self.locators.partition_point(|locator| (locator.file as usize) < limit) as u32
        };
        before(file)..before(file + 1)
    }

    /// The line of a record in its file, from 1; `None` if the file is the document.
    pub fn line_of(&self, document: DocId) -> Option<u64> {
        Some(self.locators[document.index()].line).filter(|&line| line > 0)
    }

    /// Where a record stands in its decompressed file, with the end of its line.
    pub fn bytes_of(&self, document: DocId) -> Range<u64> {
        let locator = self.locators[document.index()];
        locator.offset..locator.offset + u64::from(locator.length)
    }
}

/// The string of a record that holds its text.
#[derive(Debug, PartialEq)]
pub struct TextField<'l> {
    line: &'l str,
    /// Where the string stands in the line, without its quotation marks.
    inside: Range<usize>,
    /// What it stands for.
    pub text: String,
}

impl<'l> TextField<'l> {
    fn find(line: &'l str, fields: &Fields) -> Option<Self> {
        let body = record_body(line);
        let mut found: Option<&'l RawValue> = None;
        find_last(body, &fields.text, &mut found);
        let raw = found?.get();
        // Both are parts of one line, so that their addresses tell how far they are apart.
        let start = raw.as_ptr() as usize - line.as_ptr() as usize;
        let text = serde_json::from_str(raw).ok()?;
        Some(TextField { line, inside: start + 1..start + raw.len() - 1, text })
    }

    /// Where each byte in `places` (ascending, on `char` boundaries of the text) stands in the line.
    fn in_line(&self, places: impl IntoIterator<Item = u32>) -> Option<Vec<usize>> {
        let inside = self.line[self.inside.clone()].as_bytes();
        let (mut at, mut decoded) = (0, 0);
        let hex = |at: usize| {
            let digits = inside.get(at + 2..at + 6)?;
            u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        };
        places
            .into_iter()
            .map(|place| {
                while decoded < place as usize {
                    match (inside.get(at)?, inside.get(at + 1)) {
                        (b'\\', Some(b'u')) => {
                            let unit = hex(at)?;
                            let pair = (0xd800..0xdc00).contains(&unit);
                            decoded += if pair { 4 } else { char::from_u32(unit)?.len_utf8() };
                            at += if pair { 12 } else { 6 };
                        }
                        (b'\\', _) => (decoded, at) = (decoded + 1, at + 2),
                        _ => (decoded, at) = (decoded + 1, at + 1),
                    }
                }
                Some(self.inside.start + at)
            })
            .collect()
    }

    /// The line without `spans` of the text, and what each of them was in the line. `None` if
    /// they are not spans of the text.
    pub fn cut(&self, spans: &[Span]) -> Option<(String, Vec<&'l str>)> {
        // Whoever gives spans of another text must not get a broken line.
        without(&self.text, spans)?;
        let places = self.in_line(spans.iter().flat_map(|span| [span.start, span.end]))?;
        let in_line: Vec<Span> =
            places.chunks_exact(2).map(|pair| Span::new(pair[0], pair[1])).collect();
        let cut = without(self.line, &in_line)?;
        Some((cut, in_line.iter().map(|span| &self.line[span.range()]).collect()))
    }

    /// The line with pieces put back into its text: each with the place in the whole text, in
    /// order, that it belongs to, the length it has there, and what it was in the line.
    pub fn put_back(&self, pieces: &[(u32, u32, String)]) -> Option<String> {
        let mut before = 0;
        let places = self.in_line(pieces.iter().map(|(start, length, _)| {
            let place = start.saturating_sub(before);
            before += length;
            place
        }))?;
        let mut line = String::with_capacity(self.line.len());
        let mut at = 0;
        for (place, (_, _, source)) in places.into_iter().zip(pieces) {
            line.push_str(self.line.get(at..place)?);
            line.push_str(source);
            at = place;
        }
        line.push_str(&self.line[at..]);
        Some(line)
    }

    /// The field of a line by its path, as [`Corpus::text_field`] finds it.
    pub fn of(line: &'l str, text_field: &str) -> Option<Self> {
        TextField::find(line, &Fields::new("id", text_field, &[]))
    }
}

/// Finds the last string that stands at a path.
fn find_last<'l>(object: &'l str, path: &[String], found: &mut Option<&'l RawValue>) {
    let Some((first, rest)) = path.split_first() else { return };
    let Ok(Entries(entries)) = serde_json::from_str::<Entries<'l>>(object) else { return };
    for (_, value) in entries.iter().filter(|(key, _)| key == first) {
        match (rest.is_empty(), value.get().as_bytes().first()) {
            (true, Some(b'"')) => *found = Some(value),
            (true, _) => *found = None,
            (false, Some(b'{')) => find_last(value.get(), rest, found),
            (false, _) => {}
        }
    }
}

/// The entries of an object, in order, repeated keys too.
struct Entries<'l>(Vec<(String, &'l RawValue)>);

impl<'de> serde::Deserialize<'de> for Entries<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_inside_its_text_and_put_together_again() {
        for line in [
            r#"{"id": 1, "text": "abcdefgh", "n": [1, 2.50]}"#,
            r#"{"text" : "a\u0062c\ndefgh" , "more": "\u00e9"}"#,
            r#"{"text": "no", "text": "\ud83d\ude00\u00e9\/\"xyz"}"#,
        ] {
            let field = TextField::of(line, "text").unwrap();
            let all: Vec<usize> = field.text.char_indices().map(|(at, _)| at).collect();
            for (n, &start) in all.iter().enumerate() {
                for &end in &all[n..] {
                    let spans = [Span::new(start, end), Span::new(end, field.text.len())];
                    let (cut, pieces) = field.cut(&spans).unwrap();
                    let after = TextField::of(&cut, "text").unwrap();
                    assert_eq!(after.text, &field.text[..start]);
                    let back: Vec<_> = spans
                        .iter()
                        .zip(pieces)
                        .map(|(span, piece)| (span.start, span.end - span.start, piece.to_owned()))
                        .collect();
                    assert_eq!(after.put_back(&back).unwrap(), line);
                }
            }
        }
    }

    #[test]
    fn the_text_is_the_string_that_reading_takes() {
        let text = |line, path| TextField::of(line, path).map(|field| field.text);
        assert_eq!(text(r#"{"a": {"b": "x"}, "a": {}}"#, "a.b").as_deref(), Some("x"));
        assert_eq!(text(r#"{"a": {"b": "x"}, "a": {"b": 1}}"#, "a.b"), None);
        assert_eq!(text(r#"{"a.b": "x"}"#, "a.b"), None);
    }
}
