//! A record of a CSV or TSV file to an id and a text.
//!
//! In: the first bytes of a file, to tell its dialect and its columns from; then one record at a
//! time. Out: the values of the two columns. A column is told by its name in the first line, or by
//! its number where the first line is a record like any other.

use std::ops::Range;

use super::cut::{Cutter, Dialect, Look};
use super::encoding;
use super::record::{Fields, Record};
use crate::error::{Error, ErrorKind, Result};

/// How a table is read.
#[derive(Clone)]
pub struct Table {
    dialect: Dialect,
    /// The columns from 0.
    text: usize,
    id: Option<usize>,
    /// Whether the first line names the columns.
    has_header: bool,
    /// How many it names.
    columns: usize,
    text_name: String,
}

impl Table {
    /// Finds out from `head`, which has at least the first line, how the table is written and where the fields are.
    ///
    /// # Errors
    /// [`ErrorKind::MissingColumn`], if no column is the text; [`ErrorKind::NotText`].
    pub fn of(head: &[u8], delimiter: Option<u8>, fields: &Fields) -> Result<Self> {
        // The last character may be cut.
        let head =
            encoding::decode(head).map_err(|reason| Error::new(ErrorKind::NotText(reason)))?;
        let head = head.text.as_bytes();
        // A first line may be longer than the head; then the next byte may be the other half of its end.
        let inner = &head[..head.len().saturating_sub(1)];
        let is_old =
            memchr::memchr(b'\n', head).is_none() && memchr::memchr(b'\r', inner).is_some();
        let terminator = if is_old { b'\r' } else { b'\n' };
        let candidates: &[u8] = match &delimiter {
            Some(delimiter) => std::slice::from_ref(delimiter),
            None => b",;\t|",
        };
        let tables: Vec<(Table, Vec<String>)> = candidates
            .iter()
            .map(|&delimiter| {
                let mut table = Table::with(Dialect { delimiter, terminator }, fields);
                let names = table.first_record(head);
                table.find_columns(&names, fields);
                (table, names)
            })
            .collect();
        // The delimiter is the one that makes the text a column; if several do, the one that makes most columns.
        let rank = |(table, names): &&(Table, Vec<String>)| (table.has_header, names.len());
        let mut best = &tables[0];
        for candidate in &tables[1..] {
            if rank(&candidate) > rank(&best) {
                best = candidate;
            }
        }
        let (table, names) = best;
        if head.is_empty()
            || table.text < names.len()
            || (table.text != usize::MAX && !table.has_header)
        {
            return Ok(table.clone());
        }
        Err(Error::missing_column(fields.text.clone(), names.iter(), true))
    }

    fn with(dialect: Dialect, fields: &Fields) -> Self {
        let text_name = fields.text.clone();
        Table {
            dialect,
            text: usize::MAX,
            id: None,
            has_header: false,
            columns: usize::MAX,
            text_name,
        }
    }

    fn first_record(&self, head: &[u8]) -> Vec<String> {
        let end = Cutter::Table(self.dialect).end(head, &mut Look::default(), true);
        let mut record = Record::default();
        self.split(self.without_end(&head[..end.map_or(0, |end| end.length)]), &mut record);
        let columns = 0..record.ends.len();
        columns
            .filter_map(|column| record.column(column))
            .map(|name| String::from_utf8_lossy(name).trim().to_owned())
            .collect()
    }

    fn find_columns(&mut self, names: &[String], fields: &Fields) {
        let find = |wanted: &str| names.iter().position(|name| name == wanted);
        let number = |wanted: &str| wanted.parse::<usize>().ok()?.checked_sub(1);
        match find(&fields.text) {
            Some(column) => {
                self.has_header = true;
                self.columns = names.len();
                self.text = column;
                self.id = find(&fields.id);
            }
            None => {
                self.text = number(&fields.text).unwrap_or(usize::MAX);
                self.id = number(&fields.id);
            }
        }
    }

    /// How its records are told apart.
    pub fn cutter(&self) -> Cutter {
        Cutter::Table(self.dialect)
    }

    /// Whether the record at offset 0 holds no values but names.
    pub fn has_header(&self) -> bool {
        self.has_header
    }

    /// Fills `record` from the bytes of one record.
    ///
    /// # Errors
    /// [`ErrorKind::MissingField`], if it has fewer fields than it takes; [`ErrorKind::BrokenRecord`], if it has
    /// more than have names, for then the text may be a part of what it was meant to be.
    pub fn parse(&self, bytes: &str, record: &mut Record) -> Result<()> {
        record.clear();
        self.split(self.without_end(bytes.as_bytes()), record);
        let nameless = record.ends.get(self.columns - 1).copied().unwrap_or(record.cells.len());
        if nameless < record.cells.len() {
            return Err(Error::new(ErrorKind::BrokenRecord(
                "it has more fields than the first line names",
            )));
        }
        let missing = || Error::missing_field(self.text_name.clone(), std::iter::empty::<&str>());
        let cell = |column: usize| record.column(column).map(String::from_utf8_lossy);
        let text = cell(self.text).ok_or_else(missing)?.into_owned();
        let id = self.id.and_then(cell).filter(|id| !id.is_empty()).map(|id| id.into_owned());
        record.text.push_str(&text);
        record.has_id = id.is_some();
        record.id.push_str(id.as_deref().unwrap_or_default());
        Ok(())
    }

    /// How the text stands in its records: the number of its column, the delimiter, and what ends a record.
    pub fn name(&self) -> String {
        let Dialect { delimiter, terminator } = self.dialect;
        format!("{} {delimiter} {terminator}", self.text + 1)
    }

    /// A table of this [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        let mut numbers = name.split(' ').map(str::parse::<usize>);
        let mut number = || numbers.next()?.ok();
        let text = number()?.checked_sub(1)?;
        let mut byte = || u8::try_from(number()?).ok();
        let dialect = Dialect { delimiter: byte()?, terminator: byte()? };
        Some(Table { text, ..Table::with(dialect, &Fields::new("", "", &[])) })
    }

    /// Where the text stands in a record, without quotation marks around it. `None` if it is not written
    /// as RFC 4180 has it: in marks from end to end, or without any.
    pub fn text_place(&self, bytes: &[u8]) -> Option<Range<usize>> {
        let bytes = self.without_end(bytes);
        let mut start = 0;
        for column in 0..=self.text {
            let mut at = start;
            while bytes.get(at) == Some(&b'"') {
                at += 1;
                at += memchr::memchr(b'"', &bytes[at..])? + 1;
            }
            let next = memchr::memchr(self.dialect.delimiter, &bytes[at..]).map(|next| at + next);
            let end = next.unwrap_or(bytes.len());
            if column < self.text {
                start = next? + 1;
            } else if at > start {
                return (at == end).then_some(start + 1..end - 1);
            } else {
                return memchr::memchr(b'"', &bytes[start..end]).is_none().then_some(start..end);
            }
        }
        None
    }

    fn without_end<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let body = bytes.strip_suffix(&[self.dialect.terminator]).unwrap_or(bytes);
        body.strip_suffix(b"\r").unwrap_or(body)
    }

    /// Splits a record into its fields, quotation marks undone.
    fn split(&self, bytes: &[u8], record: &mut Record) {
        let Record { cells, ends, .. } = record;
        cells.clear();
        ends.clear();
        let mut rest = bytes;
        loop {
            while let Some(quoted) = rest.strip_prefix(b"\"") {
                let closing = memchr::memchr(b'"', quoted).unwrap_or(quoted.len());
                cells.extend_from_slice(&quoted[..closing]);
                rest = quoted.get(closing + 1..).unwrap_or_default();
                // A second mark right behind stands for one, and opens the field again.
                if rest.starts_with(b"\"") {
                    cells.push(b'"');
                }
            }
            let next = memchr::memchr(self.dialect.delimiter, rest);
            cells.extend_from_slice(&rest[..next.unwrap_or(rest.len())]);
            ends.push(cells.len());
            match next {
                Some(next) => rest = &rest[next + 1..],
                None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever has an end of its own is split as the `csv` crate splits it.
        #[test]
        fn records_are_split_as_the_csv_crate_splits_them(
            bytes in proptest::collection::vec(proptest::sample::select(vec![b'a', b'"', b',', b' ']), 1..30)
        ) {
            let table = Table::with(Dialect { delimiter: b',', terminator: b'\n' }, &Fields::new("id", "text", &[]));
            let mut record = Record::default();
            table.split(&bytes, &mut record);
            let found: Vec<Vec<u8>> =
                (0..record.ends.len()).map(|column| record.column(column).unwrap().to_vec()).collect();
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[..]);
            let expected = reader.byte_records().next().unwrap().unwrap();
            prop_assert_eq!(found, expected.iter().map(<[u8]>::to_vec).collect::<Vec<_>>());
        }
    }

    fn table(head: &str, id: &str, text: &str) -> Result<Table> {
        Table::of(head.as_bytes(), None, &Fields::new(id, text, &[]))
    }

    fn parse(table: &Table, bytes: &str) -> Result<(Option<String>, String), String> {
        let mut record = Record::default();
        table.parse(bytes, &mut record).map_err(|error| error.to_string())?;
        Ok((record.has_id.then_some(record.id), record.text))
    }

    #[test]
    fn columns_are_found_by_name_and_by_number() {
        for (head, id, text, header) in [
            ("id,text\n1,a\n", "id", "text", true),
            ("\u{feff}text;title;id\r\n", "id", "text", true),
            ("\"text\"\t\"id\"\n", "id", "text", true),
            ("id|the text|text\n", "id", "text", true),
            ("7,some prose\n", "1", "2", false),
        ] {
            assert_eq!(table(head, id, text).unwrap().has_header(), header, "{head}");
        }
        assert_eq!(
            table("key,body\n", "id", "text").err().unwrap().to_string(),
            "no column `text` among `key, body`"
        );
    }

    #[test]
    fn cells_are_unquoted() {
        let table = table("id,x,text\n", "id", "text").unwrap();
        for (bytes, id, text) in [
            ("1,,plain\n", Some("1"), "plain"),
            (
                "\"1\",,\"two\nlines, and a \"\"quote\"\"\"\r\n",
                Some("1"),
                "two\nlines, and a \"quote\"",
            ),
            (",,5\" pipe", None, "5\" pipe"),
            ("1,x,\n", Some("1"), ""),
            ("1,x,\"a\",,\n", Some("1"), "a"),
        ] {
            assert_eq!(parse(&table, bytes).unwrap(), (id.map(str::to_owned), text.to_owned()));
        }
        assert_eq!(parse(&table, "1,x\n").unwrap_err(), "no field `text`");
        assert_eq!(
            parse(&table, "1,x,a text, cut here\n").unwrap_err(),
            "broken record: it has more fields than the first line names"
        );
    }
}
