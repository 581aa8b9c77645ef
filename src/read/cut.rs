//! Where a record of a stream ends.
//!
//! In: bytes that begin with a record, and how far they have been looked through. Out: its length,
//! as soon as its end is among them. A [`Cutter`] knows no more of a format than that; it is run
//! by one thread ahead of those that parse, so it looks at as few bytes as it can.

use super::warc;

/// How records are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cutter {
    /// A record ends where a line ends.
    Lines,
    /// A record ends where a line ends outside of quotes.
    Table(Dialect),
    /// Records tell their length.
    Warc,
}

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// What stands between fields.
    pub delimiter: u8,
    /// What ends a record: a line feed, or a carriage return where there is no line feed.
    pub terminator: u8,
}

/// What is wrong with the last record of a table, if it ends inside quotes.
const UNCLOSED: &str = "nothing closes its quotation mark, so all that follows is in it";

/// How far an unfinished record has been looked through.
#[derive(Debug, Default)]
pub struct Look {
    /// Bytes of the record that need no second look.
    pub at: usize,
    /// Whether they end inside quotes.
    quoted: bool,
    /// Whether they end inside a field; if not, a quotation mark opens it.
    within: bool,
}

/// The end of a record.
#[derive(Debug, PartialEq)]
pub struct End {
    /// Bytes of the record, and of what ends it.
    pub length: usize,
    /// Why it cannot be used, if so.
    pub broken: Option<&'static str>,
}

impl End {
    fn whole(length: usize) -> Option<Self> {
        Some(End { length, broken: None })
    }
}

impl Cutter {
    /// The end of the record that `bytes` start with, or `None` if it is not among them; at the
    /// end of the stream it always is. Called again with more bytes, it looks on from `look`.
    pub fn end(self, bytes: &[u8], look: &mut Look, ended: bool) -> Option<End> {
        let found = match self {
            Cutter::Lines => line_end(bytes, b'\n', look),
            Cutter::Table(dialect) => table_end(bytes, dialect, look),
            Cutter::Warc => return warc::record_end(bytes, ended),
        };
        match found {
            Some(length) => End::whole(length),
            None if ended && look.quoted => {
                Some(End { length: bytes.len(), broken: Some(UNCLOSED) })
            }
            None if ended && !bytes.is_empty() => End::whole(bytes.len()),
            None => None,
        }
    }

    /// Looks for the end of a record that is too long to be held: tells how many of `bytes` belong to
    /// it, and whether it ends there.
    pub fn pass(self, bytes: &[u8], look: &mut Look, ended: bool) -> (usize, bool) {
        let found = match self {
            Cutter::Lines => line_end(bytes, b'\n', look),
            Cutter::Table(dialect) => table_end(bytes, dialect, look),
            Cutter::Warc => return warc::pass_over(bytes, ended),
        };
        look.at = 0;
        (found.unwrap_or(bytes.len()), found.is_some() || ended)
    }

    /// What may end a record.
    pub fn terminator(self) -> u8 {
        match self {
            Cutter::Lines | Cutter::Warc => b'\n',
            Cutter::Table(dialect) => dialect.terminator,
        }
    }

    /// How many lines end within a part of a record that is too long.
    pub fn lines_within(self, part: &[u8]) -> u64 {
        match self {
            Cutter::Lines | Cutter::Warc => 0,
            Cutter::Table(dialect) => memchr::memchr_iter(dialect.terminator, part).count() as u64,
        }
    }

    /// How many lines `record` adds to the count by which records are called.
    pub fn lines(self, record: &[u8]) -> u64 {
        match self {
            Cutter::Lines | Cutter::Warc => 1,
            Cutter::Table(dialect) => {
                self.lines_within(record) + u64::from(record.last() != Some(&dialect.terminator))
            }
        }
    }
}

fn line_end(bytes: &[u8], terminator: u8, look: &mut Look) -> Option<usize> {
    let found = memchr::memchr(terminator, &bytes[look.at..]);
    let end = found.map(|found| look.at + found + 1);
    look.at = bytes.len();
    end
}

/// As RFC 4180 has it: quotation marks count only where they open a field, and inside of it
/// a doubled one closes and opens it again.
fn table_end(bytes: &[u8], dialect: Dialect, look: &mut Look) -> Option<usize> {
    loop {
        if look.quoted {
            let Some(closing) = memchr::memchr(b'"', &bytes[look.at..]) else {
                look.at = bytes.len();
                return None;
            };
            look.at += closing + 1;
            // A second mark right behind opens the field again.
            (look.quoted, look.within) = (false, false);
            continue;
        }
        if !look.within {
            look.within = true;
            match bytes.get(look.at) {
                None => {
                    look.within = false;
                    return None;
                }
                Some(b'"') => {
                    look.at += 1;
                    look.quoted = true;
                    continue;
                }
                _ => {}
            }
        }
        let next = memchr::memchr2(b'"', dialect.terminator, &bytes[look.at..]);
        let Some(next) = next.map(|next| look.at + next) else {
            let last = bytes[look.at..].last().copied();
            look.within = last != Some(dialect.delimiter);
            look.at = bytes.len();
            return None;
        };
        if bytes[next] == dialect.terminator {
            return Some(next + 1);
        }
        let opens = next > look.at && bytes[next - 1] == dialect.delimiter;
        look.quoted = opens;
        look.at = next + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COMMAS: Dialect = Dialect { delimiter: b',', terminator: b'\n' };

    fn ends(text: &[u8], step: usize) -> Vec<usize> {
        let (mut ends, mut start, mut shown, mut look) = (Vec::new(), 0, 0, Look::default());
        while start < text.len() {
            shown = (shown + step).min(text.len());
            while let Some(end) =
                Cutter::Table(COMMAS).end(&text[start..shown], &mut look, shown == text.len())
            {
                start += end.length;
                ends.push(start);
                look = Look::default();
            }
        }
        ends
    }

    proptest! {
        /// Byte for byte, by hand, and however the text comes in.
        #[test]
        fn records_end_where_they_do_by_the_book(
            text in proptest::collection::vec(
                proptest::sample::select(vec![b'a', b'"', b',', b'\n']), 0..60
            ), step in 1usize..20
        ) {
            let (mut expected, mut quoted, mut opening) = (Vec::new(), false, true);
            for (at, &byte) in text.iter().enumerate() {
                match (quoted, byte) {
                    (true, b'"') => (quoted, opening) = (false, true),
                    (true, _) => {}
                    (false, b'"') if opening => (quoted, opening) = (true, false),
                    (false, b',') => opening = true,
                    (false, b'\n') => {
                        opening = true;
                        expected.push(at + 1);
                    }
                    (false, _) => opening = false,
                }
            }
            if text.last().is_some() && expected.last() != Some(&text.len()) {
                expected.push(text.len());
            }
            prop_assert_eq!(ends(&text, step), expected);
        }
    }

    #[test]
    fn the_count_of_lines_is_that_of_the_file() {
        let table = Cutter::Table(COMMAS);
        assert_eq!(table.lines(b"a,\"b\nc\"\n"), 2);
        assert_eq!(table.lines(b"a,\"b\nc\""), 2);
        assert_eq!(Cutter::Lines.lines(b"a\n"), 1);
    }
}
