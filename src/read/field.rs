//! Where a record holds its text, so that all else of it can be kept to the byte.
//!
//! In: a record as it stands in its file, and the [`Layout`] of such records. Out: a [`TextField`], which can
//! be cut, and put together again. A layout has a name, so that whoever has only what was left of a file
//! knows how it was written.

use std::io::{self, BufRead};
use std::ops::Range;

use serde_json::value::RawValue;

use super::cut::{Cutter, Look};
use super::omit::without;
use super::record::below;
use super::revisit::record_body;
use super::table::Table;
use crate::document::Span;

/// How the records of a file hold their text.
#[derive(Clone)]
pub enum Layout {
    /// As a string of a JSON object, at this path.
    Json(String),
    /// As a cell of a table.
    Table(Box<Table>),
}

/// What the name of a layout of JSON begins with; the path of the text follows, with dots.
const JSON: &str = "json ";

/// What the name of a layout of a table begins with; numbers follow.
const TABLE: &str = "table ";

impl Layout {
    /// Objects whose text stands at `path`, with dots.
    pub fn json(path: &str) -> Self {
        Layout::Json(path.to_owned())
    }

    /// The name of the layout, for [`from_name`](Self::from_name).
    pub fn name(&self) -> String {
        match self {
            Layout::Json(path) => format!("{JSON}{path}"),
            Layout::Table(table) => format!("{TABLE}{}", table.name()),
        }
    }

    /// The layout of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        match (name.strip_prefix(JSON), name.strip_prefix(TABLE)) {
            (Some(path), _) => Some(Layout::json(path)),
            (_, Some(table)) => Some(Layout::Table(Box::new(Table::from_name(table)?))),
            _ => None,
        }
    }

    fn cutter(&self) -> Cutter {
        match self {
            Layout::Json(_) => Cutter::Lines,
            Layout::Table(table) => table.cutter(),
        }
    }

    /// Reads the next record, with what ends it; tells whether there was one.
    ///
    /// # Errors
    /// The reader's.
    pub fn read_record(&self, reader: &mut impl BufRead, record: &mut Vec<u8>) -> io::Result<bool> {
        record.clear();
        let cutter = self.cutter();
        let mut look = Look::default();
        while reader.read_until(cutter.terminator(), record)? > 0 {
            if cutter.end(record, &mut look, false).is_some() {
                break;
            }
        }
        Ok(!record.is_empty())
    }

    /// How many lines a record adds to the count by which records are called.
    pub fn lines(&self, record: &[u8]) -> u64 {
        self.cutter().lines(record)
    }

    /// The text of a record, and where it stands.
    pub fn text_field<'r>(&self, record: &'r str) -> Option<TextField<'r>> {
        match self {
            Layout::Json(path) => {
                let raw = last_at(record_body(record), path)?.get();
                // Both are parts of one record, so that their addresses tell how far they are apart.
                let start = raw.as_ptr() as usize - record.as_ptr() as usize;
                let text = serde_json::from_str(raw).ok()?;
                let inside = start + 1..start + raw.len() - 1;
                Some(TextField { record, inside, escapes: Escapes::Json, text })
            }
            Layout::Table(table) => {
                let inside = table.text_place(record.as_bytes())?;
                let text = record.get(inside.clone())?.replace("\"\"", "\"");
                Some(TextField { record, inside, escapes: Escapes::Doubled, text })
            }
        }
    }
}

/// What may stand for a character of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Escapes {
    /// The escapes of JSON.
    Json,
    /// Two quotation marks for one.
    Doubled,
}

/// The part of a record that holds its text.
#[derive(Debug, PartialEq)]
pub struct TextField<'r> {
    record: &'r str,
    /// Where it stands in the record, without its quotation marks.
    inside: Range<usize>,
    escapes: Escapes,
    /// What it stands for.
    pub text: String,
}

impl<'r> TextField<'r> {
    /// Where each byte in `places` (ascending, on `char` boundaries of the text) stands in the record.
    fn in_record(&self, places: impl IntoIterator<Item = u32>) -> Option<Vec<usize>> {
        let inside = self.record[self.inside.clone()].as_bytes();
        let (mut at, mut decoded) = (0, 0);
        let hex = |at: usize| {
            let digits = inside.get(at + 2..at + 6)?;
            u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        };
        places
            .into_iter()
            .map(|place| {
                while decoded < place as usize {
                    match (self.escapes, inside.get(at)?, inside.get(at + 1)) {
                        (Escapes::Json, b'\\', Some(b'u')) => {
                            let unit = hex(at)?;
                            let pair = (0xd800..0xdc00).contains(&unit);
                            decoded += if pair { 4 } else { char::from_u32(unit)?.len_utf8() };
                            at += if pair { 12 } else { 6 };
                        }
                        (Escapes::Json, b'\\', _) | (Escapes::Doubled, b'"', _) => {
                            (decoded, at) = (decoded + 1, at + 2);
                        }
                        _ => (decoded, at) = (decoded + 1, at + 1),
                    }
                }
                Some(self.inside.start + at)
            })
            .collect()
    }

    /// The record without `spans` of the text, and what each of them was in the record. `None` if
    /// they are not spans of the text.
    pub fn cut(&self, spans: &[Span]) -> Option<(String, Vec<&'r str>)> {
        // Whoever gives spans of another text must not get a broken record.
        without(&self.text, spans)?;
        let places = self.in_record(spans.iter().flat_map(|span| [span.start, span.end]))?;
        let in_record: Vec<Span> =
            places.chunks_exact(2).map(|pair| Span::new(pair[0], pair[1])).collect();
        let cut = without(self.record, &in_record)?;
        Some((cut, in_record.iter().map(|span| &self.record[span.range()]).collect()))
    }

    /// The record with pieces put back into its text: each with the place in the whole text, in
    /// order, that it belongs to, the length it has there, and what it was in the record.
    pub fn put_back(&self, pieces: &[(u32, u32, String)]) -> Option<String> {
        let mut before = 0;
        let places = self.in_record(pieces.iter().map(|(start, length, _)| {
            let place = start.saturating_sub(before);
            before += length;
            place
        }))?;
        let mut record = String::with_capacity(self.record.len());
        let mut at = 0;
        for (place, (_, _, source)) in places.into_iter().zip(pieces) {
            record.push_str(self.record.get(at..place)?);
            record.push_str(source);
            at = place;
        }
        record.push_str(&self.record[at..]);
        Some(record)
    }

    /// What usually stands for a text in such a record.
    pub fn escaped(&self, text: &str) -> String {
        match self.escapes {
            Escapes::Json => {
                let quoted = serde_json::to_string(text).expect("any text is a JSON string");
                quoted[1..quoted.len() - 1].to_owned()
            }
            Escapes::Doubled => text.replace('"', "\"\""),
        }
    }
}

/// What stands last at a field of an object, as it is written.
pub(super) fn last_at<'l>(object: &'l str, field: &str) -> Option<&'l RawValue> {
    let Entries(entries) = serde_json::from_str::<Entries<'l>>(object).ok()?;
    entries.iter().rev().find_map(|&(ref key, value)| match below(field, key)? {
        "" => Some(value),
        rest => last_at(value.get(), rest),
    })
}

/// The entries of an object, in order, repeated keys too.
pub(super) struct Entries<'l>(pub(super) Vec<(String, &'l RawValue)>);

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

    /// Every two cuts that meet are made, and undone.
    fn check(layout: &Layout, record: &str) {
        let field = layout.text_field(record).unwrap();
        let all: Vec<usize> = field.text.char_indices().map(|(at, _)| at).collect();
        for (n, &start) in all.iter().enumerate() {
            for &end in &all[n..] {
                let spans = [Span::new(start, end), Span::new(end, field.text.len())];
                let (cut, pieces) = field.cut(&spans).unwrap();
                let after = layout.text_field(&cut).unwrap();
                assert_eq!(after.text, &field.text[..start]);
                let back: Vec<_> = spans
                    .iter()
                    .zip(pieces)
                    .map(|(span, piece)| (span.start, span.end - span.start, piece.to_owned()))
                    .collect();
                assert_eq!(after.put_back(&back).unwrap(), record);
            }
        }
    }

    #[test]
    fn a_record_is_cut_inside_its_text_and_put_together_again() {
        for line in [
            r#"{"id": 1, "text": "abcdefgh", "n": [1, 2.50]}"#,
            r#"{"text" : "a\u0062c\ndefgh" , "more": "\u00e9"}"#,
            r#"{"text": "no", "text": "\ud83d\ude00\u00e9\/\"xyz"}"#,
        ] {
            check(&Layout::json("text"), line);
        }
        let table = Layout::from_name("table 2 44 10").unwrap();
        for record in [
            "1,ab\u{e9}defgh,x\r\n",
            "1,\"a \"\"b\"\", c\n\u{1f600}\"\"\",\"x\"\n",
            "\"a,\"\"\",ab",
        ] {
            check(&table, record);
        }
    }

    #[test]
    fn the_text_is_the_string_that_reading_takes() {
        let text = |line, path| Layout::json(path).text_field(line).map(|field| field.text);
        assert_eq!(text(r#"{"a": {"b": "x"}, "a": {}}"#, "a.b").as_deref(), Some("x"));
        assert_eq!(text(r#"{"a": {"b": "x"}, "a": {"b": 1}}"#, "a.b"), None);
        assert_eq!(text(r#"{"a.b": "x"}"#, "a.b").as_deref(), Some("x"));
        assert_eq!(
            text(r#"{"a.b": {"c": "x"}, "a": {"b.c": "y"}}"#, "a.b.c").as_deref(),
            Some("y")
        );
        assert_eq!(text(r#"{"ab": "x", "a": "y"}"#, "a.b"), None);
    }

    #[test]
    fn records_are_read_with_the_lines_in_them() {
        let table = Layout::from_name("table 1 44 10").unwrap();
        let mut reader = &b"a,\"b\nc\"\n\nd,\"e\n"[..];
        let mut record = Vec::new();
        let mut found = Vec::new();
        while table.read_record(&mut reader, &mut record).unwrap() {
            found.push((String::from_utf8(record.clone()).unwrap(), table.lines(&record)));
        }
        let expected = [("a,\"b\nc\"\n", 2), ("\n", 1), ("d,\"e\n", 1)];
        assert_eq!(found, expected.map(|(record, lines)| (record.to_owned(), lines)));
    }

    #[test]
    fn layouts_have_names() {
        for name in ["json body.text", "table 3 59 13"] {
            assert_eq!(Layout::from_name(name).unwrap().name(), name);
        }
        for name in ["json", "table 0 44 10", "table 3 59", "UTF-8"] {
            assert!(Layout::from_name(name).is_none(), "{name}");
        }
    }
}
