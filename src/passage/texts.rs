//! The tokens of all documents, for those who follow passages.
//!
//! In: the tokens of each unit of reading. Out: [`Texts`], from which the tokens of any document
//! are read: of one a part, or of many all. A token is its 64-bit hash but for the lowest bit, which tells
//! whether it is a character of a script without spaces.

use std::io::{self, Read};
use std::ops::Range;

use rayon::prelude::*;

use crate::document::DocId;
use crate::error::Result;
use crate::shelf::{ShelfReader, ShelfWriter};
use crate::spill::{Spill, Stored, Workspace};
use crate::text::{Tokens, Words};

/// Bytes of hashes for each byte of a corpus, about: a word has 6 bytes or 7.
const BYTES_A_BYTE: f64 = 1.3;

/// The tokens of one unit while they are made.
#[derive(Clone, Debug, Default)]
pub struct TextBuilder {
    hashes: Vec<u64>,
    ends: Vec<u32>,
    has_half_words: Vec<u8>,
}

/// The tokens of one unit, put away.
#[derive(Debug)]
pub struct UnitTexts {
    hashes: Stored<u64>,
    /// Where the tokens of each document end.
    ends: Box<[u32]>,
    /// Of each document whether any token is no whole word: 1 or 0.
    has_half_words: Box<[u8]>,
}

/// The tokens of all documents.
#[derive(Debug)]
pub struct Texts {
    spill: Spill,
    units: Vec<UnitTexts>,
    /// The first document of each unit, and the number of documents at the end.
    starts: Vec<u32>,
}

/// The tokens of a part of a document, as they were read.
#[derive(Clone, Debug, Default)]
pub struct Text {
    hashes: Vec<u64>,
    half_words: Box<[u32]>,
}

impl TextBuilder {
    /// Adds the next document.
    pub fn push(&mut self, tokens: &Tokens) {
        let words = tokens.words(0..tokens.len());
        if words.are_whole() {
            self.hashes.extend(words.hashes().iter().map(|hash| hash & !1));
        } else {
            self.hashes.extend(
                words
                    .hashes()
                    .iter()
                    .enumerate()
                    .map(|(at, hash)| (hash & !1) | u64::from(words.half_words(at..at + 1) == 1)),
            );
        }
        self.ends.push(self.hashes.len() as u32);
        self.has_half_words.push(u8::from(!words.are_whole()));
    }

    /// Puts the tokens away and makes room for another unit.
    ///
    /// # Errors
    /// Those of [`Spill::store`].
    pub fn store(&mut self, spill: &Spill) -> Result<UnitTexts> {
        let stored = UnitTexts {
            hashes: spill.store(&self.hashes)?,
            ends: self.ends.as_slice().into(),
            has_half_words: self.has_half_words.as_slice().into(),
        };
        self.hashes.clear();
        self.ends.clear();
        self.has_half_words.clear();
        Ok(stored)
    }
}

impl UnitTexts {
    /// Writes the tokens, which are kept in `spill`, for another process.
    ///
    /// # Errors
    /// Those of [`ShelfWriter::stored`].
    pub fn write(&self, spill: &Spill, shelf: &mut ShelfWriter<'_>) -> io::Result<()> {
        shelf.stored(spill, &self.hashes)?;
        shelf.list(&self.ends)?;
        shelf.list(&self.has_half_words)
    }

    /// Reads tokens that another process has written, and keeps them in `spill`.
    ///
    /// # Errors
    /// Those of [`ShelfReader::stored`].
    pub fn read(spill: &Spill, shelf: &mut ShelfReader<impl Read>) -> Result<Self> {
        Ok(UnitTexts {
            hashes: shelf.stored(spill)?,
            ends: shelf.list()?.into(),
            has_half_words: shelf.list()?.into(),
        })
    }
}

impl Default for Texts {
    /// None.
    fn default() -> Self {
        Texts::new(Workspace::default().spill(), Vec::new())
    }
}

impl Texts {
    /// Where units are to put their tokens: up to a quarter of the memory is for them.
    pub fn spill(workspace: &Workspace) -> Spill {
        workspace.spill_of(BYTES_A_BYTE, workspace.memory() / 4)
    }

    /// The tokens of documents in reading order, kept in `spill`.
    pub fn new(spill: Spill, units: Vec<UnitTexts>) -> Self {
        let mut starts = vec![0];
        let mut end = 0;
        starts.extend(units.iter().map(|unit| {
            end += unit.ends.len() as u32;
            end
        }));
        Texts { spill, units, starts }
    }

    /// How many documents there are.
    pub fn documents(&self) -> usize {
        self.starts.last().map_or(0, |&end| end as usize)
    }

    /// How many tokens a document has.
    pub fn tokens(&self, document: DocId) -> usize {
        self.place(document).range.len()
    }

    /// How many bytes of memory [`load`](Self::load) takes for a document.
    pub fn size(&self, document: DocId) -> usize {
        let Place { hashes, range, .. } = self.place(document);
        match hashes {
            Stored::Held(_) => 0,
            Stored::Written { .. } => range.len() * size_of::<u64>(),
        }
    }

    fn place(&self, document: DocId) -> Place<'_> {
        let unit = self.starts.partition_point(|&start| start <= document.0) - 1;
        let number = (document.0 - self.starts[unit]) as usize;
        let unit = &self.units[unit];
        let start = if number == 0 { 0 } else { unit.ends[number - 1] as usize };
        Place {
            hashes: &unit.hashes,
            range: start..unit.ends[number] as usize,
            has_half_words: unit.has_half_words[number] == 1,
        }
    }

    /// Some of the tokens of a document: those of `around` that it has, and the first of them.
    ///
    /// # Errors
    /// Those of [`Spill::read`].
    pub fn part<'a>(
        &'a self,
        document: DocId,
        around: Range<usize>,
        text: &'a mut Text,
    ) -> Result<Words<'a>> {
        let place = self.place(document);
        let start = place.range.start;
        let part = start + around.start..place.range.end.min(start + around.end);
        let Text { hashes, half_words } = text;
        let hashes = self.spill.read(place.hashes, part, hashes)?;
        *half_words = place.half_words(hashes);
        Ok(Words::new(hashes, half_words))
    }

    /// The tokens of some documents (ascending): borrowed where they are held, all read into one
    /// `buffer` where they are not, for pieces for each would be more and leave holes.
    ///
    /// # Errors
    /// Those of [`Spill::read`].
    pub fn load<'a>(&'a self, documents: &[DocId], buffer: &'a mut Vec<u64>) -> Result<Loaded<'a>> {
        let size = |&document: &DocId| self.size(document) / size_of::<u64>();
        buffer.resize(documents.iter().map(size).sum(), 0);
        let mut rest = &mut buffer[..];
        let mut rooms = Vec::with_capacity(documents.len());
        for document in documents {
            let (room, others) = rest.split_at_mut(size(document));
            rooms.push(room);
            rest = others;
        }
        let texts = documents.par_iter().zip(rooms).map(|(&document, room)| {
            let place = self.place(document);
            let hashes: &[u64] = match place.hashes {
                Stored::Held(hashes) => &hashes[place.range.clone()],
                written => {
                    self.spill.read_into(written, place.range.clone(), room)?;
                    room
                }
            };
            Ok((hashes, place.half_words(hashes)))
        });
        let texts = texts.collect::<Result<_>>()?;
        let first = documents.first().map_or(0, |first| first.index());
        let mut numbers = vec![0; documents.last().map_or(0, |last| last.index() + 1 - first)];
        for (number, document) in (0..).zip(documents) {
            numbers[document.index() - first] = number;
        }
        Ok(Loaded { first, numbers, texts })
    }
}

/// Where the tokens of a document are.
struct Place<'a> {
    hashes: &'a Stored<u64>,
    range: Range<usize>,
    has_half_words: bool,
}

impl Place<'_> {
    /// Half words before each of some tokens of the document, and in all, if there is one that is no whole word.
    fn half_words(&self, hashes: &[u64]) -> Box<[u32]> {
        // Whether there is one is known without a look at the tokens, which are far away.
        if !self.has_half_words || hashes.iter().all(|hash| hash & 1 == 0) {
            return Box::default();
        }
        let mut sum = 0;
        let sums = hashes.iter().map(|hash| {
            sum += 2 - (hash & 1) as u32;
            sum
        });
        std::iter::once(0).chain(sums).collect()
    }
}

/// The tokens of some documents.
#[derive(Debug)]
pub struct Loaded<'a> {
    first: usize,
    /// For each document from the first to the last its number among those that were asked for.
    numbers: Vec<u32>,
    /// Hashes, and half words.
    texts: Vec<(&'a [u64], Box<[u32]>)>,
}

impl Loaded<'_> {
    /// The tokens of one of the documents that were asked for.
    pub fn words(&self, document: DocId) -> Words<'_> {
        let number = self.numbers[document.index() - self.first];
        let (hashes, half_words) = &self.texts[number as usize];
        Words::new(hashes, half_words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Tokenizer;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn tokens_come_back_with_their_half_words(
            texts in proptest::collection::vec("([a-c]{1,3} |[日本語]|ช้าง){0,9}", 1..12),
            unit in 1usize..5,
            limit in prop_oneof![Just(0), Just(u64::MAX)],
            chosen in any::<u16>(),
            around in (0usize..9, 0usize..9),
        ) {
            let mut tokenizer = Tokenizer::new(0);
            let tokens: Vec<Tokens> =
                texts.iter().map(|text| Tokens::of(text, &mut tokenizer)).collect();
            let spill = Spill::new(&std::env::temp_dir(), limit);
            let mut builder = TextBuilder::default();
            let units = tokens.chunks(unit).map(|unit| {
                unit.iter().for_each(|tokens| builder.push(tokens));
                builder.store(&spill).unwrap()
            });
            let units = units.collect();
            let stored = Texts::new(spill, units);
            prop_assert_eq!(stored.documents(), tokens.len());
            let same = |found: Words<'_>, expected: Words<'_>| {
                let half_words = |words: Words<'_>| -> Vec<u32> {
                    (0..words.len()).map(|at| words.half_words(at..at + 1)).collect()
                };
                let hashes =
                    |words: Words<'_>| -> Vec<u64> { words.hashes().iter().map(|hash| hash & !1).collect() };
                assert_eq!(hashes(found), hashes(expected));
                assert_eq!(half_words(found), half_words(expected));
                assert_eq!(found.are_whole(), half_words(expected).iter().all(|&count| count == 2));
            };
            let chosen: Vec<DocId> = (0..tokens.len() as u32)
                .filter(|number| chosen >> number & 1 == 1)
                .map(DocId)
                .collect();
            let mut buffer = Vec::new();
            let loaded = stored.load(&chosen, &mut buffer).unwrap();
            let mut text = Text::default();
            for &document in &chosen {
                let own = &tokens[document.index()];
                same(loaded.words(document), own.words(0..own.len()));
                prop_assert_eq!(stored.tokens(document), own.len());
                let start = around.0.min(own.len());
                let part = start..own.len().min(start + around.1);
                let found = stored.part(document, start..start + around.1, &mut text).unwrap();
                same(found, own.words(part));
            }
        }
    }
}
