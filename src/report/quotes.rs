//! What rows quote: names, places and the beginnings of texts.
//!
//! In: the spans that are to be told, unit by unit, on any thread ([`UnitQuotes`]). Out: [`Quotes`], where
//! each has a number. A row refers to its two sides by these numbers, so a document of a thousand rows is
//! quoted once; and names and texts are spilled, so that what is held does not grow
//! with their length.

use rayon::prelude::*;

use super::finding::{EXCERPT, Side, on_one_line};
use crate::document::{DocId, Span};
use crate::error::Result;
use crate::spill::{Spill, Stored, Workspace};

/// A quoted span, its name and text put away with those of its unit.
#[derive(Clone, Copy, Debug)]
struct Quoted {
    document: DocId,
    start: u32,
    end: u32,
    line: u32,
    words: u32,
    name: u64,
    text: u64,
    name_length: u32,
    /// Of the excerpt, the words before and those after it, which follow one another.
    lengths: [u32; 3],
}

/// A span that is to be quoted.
#[derive(Clone, Copy, Debug)]
pub struct Excerpt {
    /// The span.
    pub span: Span,
    /// How many tokens it has.
    pub words: u32,
    /// What is told as standing before it.
    pub before: Span,
    /// What is told as standing after it.
    pub after: Span,
}

impl Excerpt {
    /// A span without what stands around it.
    pub fn alone(span: Span, words: u32) -> Self {
        let nothing = Span { end: span.start, ..span };
        Excerpt { span, words, before: nothing, after: nothing }
    }
}

/// The quotes of one unit, while they are made.
#[derive(Debug, Default)]
pub struct QuoteBuilder {
    texts: String,
    quoted: Vec<Quoted>,
}

/// The quotes of one unit, put away.
#[derive(Debug)]
pub struct UnitQuotes {
    bytes: Stored<u8>,
    quoted: Vec<Quoted>,
}

impl QuoteBuilder {
    /// Adds excerpts of a document of this name, in order of their places.
    pub fn push(
        &mut self,
        document: DocId,
        name: &str,
        text: &str,
        excerpts: impl IntoIterator<Item = Excerpt>,
    ) {
        let name_at = self.texts.len() as u64;
        self.texts.push_str(name);
        let (mut line, mut counted) = (1, 0);
        for Excerpt { span, words, before, after } in excerpts {
            let start = span.start as usize;
            // A document has fewer than 2^32 bytes, so fewer lines.
            line += memchr::memchr_iter(b'\n', &text.as_bytes()[counted..start]).count() as u32;
            counted = start;
            let text_at = self.texts.len();
            let mut ends = [text_at; 4];
            let most = [EXCERPT, usize::MAX, usize::MAX];
            for (part, (span, most)) in [span, before, after].into_iter().zip(most).enumerate() {
                on_one_line(&text[span.range()], most, &mut self.texts);
                ends[part + 1] = self.texts.len();
            }
            self.quoted.push(Quoted {
                document,
                start: span.start,
                end: span.end,
                line,
                words,
                name: name_at,
                text: text_at as u64,
                name_length: name.len() as u32,
                lengths: [0, 1, 2].map(|part| (ends[part + 1] - ends[part]) as u32),
            });
        }
    }

    /// Puts the quotes away and makes room for another unit.
    ///
    /// # Errors
    /// Those of [`Spill::store`].
    pub fn store(&mut self, spill: &Spill) -> Result<UnitQuotes> {
        let bytes = spill.store(self.texts.as_bytes())?;
        self.texts.clear();
        let mut quoted = std::mem::take(&mut self.quoted);
        quoted.shrink_to_fit();
        Ok(UnitQuotes { bytes, quoted })
    }
}

/// All quotes; each has a number, from 0.
#[derive(Debug)]
pub struct Quotes {
    spill: Spill,
    units: Vec<UnitQuotes>,
    /// The first number of each unit, and how many quotes there are at the end.
    starts: Vec<u32>,
}

impl Default for Quotes {
    /// None, and in memory whatever is added.
    fn default() -> Self {
        Quotes::new(Workspace::default().spill())
    }
}

impl Quotes {
    /// None yet; what is added was put into `spill`.
    pub fn new(spill: Spill) -> Self {
        Quotes { spill, units: Vec::new(), starts: vec![0] }
    }

    /// Where units are to put their quotes.
    pub fn spill(&self) -> &Spill {
        &self.spill
    }

    /// Adds the quotes of units. The first gets the number that [`Quotes::len`] was.
    pub fn extend(&mut self, units: Vec<UnitQuotes>) {
        self.units.extend(units);
        self.count();
    }

    /// Counts the quotes of each unit anew.
    fn count(&mut self) {
        let mut sum = 0;
        self.starts = vec![0];
        self.starts.extend(self.units.iter().map(|unit| {
            sum += unit.quoted.len() as u32;
            sum
        }));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.starts.last().map_or(0, |&count| count as usize)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets the quotes of documents that are not `wanted`; the others are numbered anew, in the same order.
    pub fn retain(&mut self, wanted: impl Fn(DocId) -> bool) {
        for unit in &mut self.units {
            unit.quoted.retain(|one| wanted(one.document));
            unit.quoted.shrink_to_fit();
        }
        self.count();
    }

    /// The documents that are quoted, by number of the quote.
    pub fn documents(&self) -> impl Iterator<Item = DocId> + '_ {
        self.units.iter().flat_map(|unit| &unit.quoted).map(|one| one.document)
    }

    /// The quote of a number, and the unit it is of.
    fn get(&self, number: u32) -> (&UnitQuotes, &Quoted) {
        let unit = self.starts.partition_point(|&start| start <= number) - 1;
        (&self.units[unit], &self.units[unit].quoted[(number - self.starts[unit]) as usize])
    }

    /// For each quote the place of its name and start among those of all, from 0: equal for quotes of one
    /// document that start at one byte, and otherwise in the order of names, bytewise, and of starts.
    ///
    /// Cost: all names are held for a while, and sorted.
    ///
    /// # Errors
    /// Those of [`Spill::read`].
    pub fn places(&self) -> Result<Vec<u32>> {
        let mut names: Vec<u8> = Vec::new();
        // Where each name is, and which quote of which unit.
        let mut order: Vec<(u64, u32, u32)> = Vec::with_capacity(self.len());
        let mut buffer = Vec::new();
        for (number, unit) in (0..).zip(&self.units) {
            let bytes = self.spill.read_all(&unit.bytes, &mut buffer)?;
            let mut last = None;
            for (index, one) in (0..).zip(&unit.quoted) {
                // The spans of a document follow one another.
                if last != Some(one.name) {
                    last = Some(one.name);
                    names
                        .extend_from_slice(&bytes[one.name as usize..][..one.name_length as usize]);
                }
                order.push((names.len() as u64 - u64::from(one.name_length), number, index));
            }
        }
        let key = |&(at, unit, index): &(u64, u32, u32)| {
            let one = &self.units[unit as usize].quoted[index as usize];
            (&names[at as usize..][..one.name_length as usize], one.document, one.start)
        };
        order.par_sort_unstable_by(|one, other| key(one).cmp(&key(other)));
        let mut places = vec![0; order.len()];
        let mut place = 0;
        for (rank, one) in order.iter().enumerate() {
            if rank > 0 && key(one) != key(&order[rank - 1]) {
                place += 1;
            }
            places[(self.starts[one.1 as usize] + one.2) as usize] = place;
        }
        Ok(places)
    }

    /// How many words a quoted span has.
    pub(super) fn words(&self, number: u32) -> u32 {
        self.get(number).1.words
    }

    /// One past the last byte of a quoted span.
    pub(super) fn end(&self, number: u32) -> u32 {
        self.get(number).1.end
    }
}

/// One side of a row, for as long as it is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quote<'a> {
    pub document: &'a str,
    pub start: u32,
    pub end: u32,
    pub line: u32,
    pub words: u32,
    pub text: &'a str,
    pub before: &'a str,
    pub after: &'a str,
}

impl Quote<'_> {
    pub fn to_side(self) -> Side {
        Side {
            document: self.document.to_owned(),
            start: self.start,
            end: self.end,
            line: self.line,
            words: self.words,
            text: self.text.to_owned(),
            before: self.before.to_owned(),
            after: self.after.to_owned(),
        }
    }
}

/// Reads quotes one after the other; the same once more costs nothing.
pub(super) struct QuoteReader<'a> {
    quotes: &'a Quotes,
    /// Name and text of one that is in memory, and its number.
    held: Option<(u32, [&'a str; 2])>,
    name: Vec<u8>,
    text: Vec<u8>,
    /// What the buffers hold.
    number: Option<u32>,
}

impl<'a> QuoteReader<'a> {
    pub fn new(quotes: &'a Quotes) -> Self {
        QuoteReader { quotes, held: None, name: Vec::new(), text: Vec::new(), number: None }
    }

    pub fn read(&mut self, number: u32) -> Result<Quote<'_>> {
        fn string(bytes: &[u8]) -> &str {
            simdutf8::basic::from_utf8(bytes).expect("names and excerpts are put away whole")
        }
        let (unit, one) = self.quotes.get(number);
        let stored = &unit.bytes;
        let part = |at: u64, length: u32| at as usize..at as usize + length as usize;
        let (name, text) =
            (part(one.name, one.name_length), part(one.text, one.lengths.iter().sum()));
        let [document, text] = match stored {
            Stored::Held(bytes) => match self.held {
                Some((last, strings)) if last == number => strings,
                _ => self.held.insert((number, [string(&bytes[name]), string(&bytes[text])])).1,
            },
            Stored::Written { .. } => {
                if self.number != Some(number) {
                    self.number = None;
                    self.quotes.spill.read(stored, name, &mut self.name)?;
                    self.quotes.spill.read(stored, text, &mut self.text)?;
                    self.number = Some(number);
                }
                [string(&self.name), string(&self.text)]
            }
        };
        let [text_end, before_end, _] = one.lengths.map(|length| length as usize);
        let (text, around) = text.split_at(text_end);
        let (before, after) = around.split_at(before_end);
        Ok(Quote {
            document,
            start: one.start,
            end: one.end,
            line: one.line,
            words: one.words,
            text,
            before,
            after,
        })
    }
}
