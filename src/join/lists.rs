//! What the join keeps of every document: its shingles, shortened to 32 bits.
//!
//! In: the token hashes of each document of a unit of reading. Out: [`Lists`], from which the
//! join reads the shingles of one document after the other. They stand in two parts. The *low*
//! part has the shingles of the lower quarter of the hash space, which is all that most documents
//! are joined by; the *high* part has the rest and is read only where there are
//! documents that have too little in the lower quarter. Neither is sorted, and a shingle
//! that a document repeats stands there as often.
//!
//! A quarter, because a set that is to find its partners at 0.8 needs about a ninth of its shingles
//! in what is indexed: of a quarter that is less than a half, so few sets have too little there,
//! and three quarters of the shingles are never looked at again. 32 bits, because two shingles that
//! become equal only cost a check in vain.

use std::io::{self, Read};
use std::ops::{Add, Range};

use bytemuck::{Pod, Zeroable};

use super::split::Split;
use crate::document::DocId;
use crate::error::Result;
use crate::parts::ranges;
use crate::shelf::{ShelfReader, ShelfWriter};
use crate::shingle::for_each_block;
use crate::spill::{Spill, Stored, Workspace};

/// The lists of the documents of one unit, while they are made.
#[derive(Clone, Debug, Default)]
pub struct ListBuilder {
    low: Vec<u32>,
    high: Vec<u32>,
    lengths: Vec<Lengths>,
    split: Split,
}

/// How many shingles a document has, each counted as often as it stands there.
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
struct Lengths {
    low: u32,
    high: u32,
}

impl ListBuilder {
    /// Adds the next document, by the hashes of its tokens. Cost: linear.
    pub fn push(&mut self, tokens: &[u64], shingle_size: usize) {
        let (low_before, high_before) = (self.low.len(), self.high.len());
        for_each_block(tokens, shingle_size, |block| {
            self.split.fill(block);
            self.low.extend_from_slice(self.split.low());
            self.high.extend_from_slice(self.split.high());
        });
        self.lengths.push(Lengths {
            low: (self.low.len() - low_before) as u32,
            high: (self.high.len() - high_before) as u32,
        });
    }

    /// Puts the lists away and makes room for another unit.
    ///
    /// # Errors
    /// Those of [`Spill::store`].
    pub fn store(&mut self, spill: &Spill) -> Result<UnitLists> {
        let stored = UnitLists {
            low: spill.store(&self.low)?,
            high: spill.store(&self.high)?,
            lengths: self.lengths.as_slice().into(),
        };
        self.low.clear();
        self.high.clear();
        self.lengths.clear();
        Ok(stored)
    }
}

/// The lists of the documents of one unit, put away.
#[derive(Debug)]
pub struct UnitLists {
    low: Stored<u32>,
    high: Stored<u32>,
    lengths: Box<[Lengths]>,
}

/// Which shingles of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Those of the lower quarter of the hash space.
    Low,
    /// The others.
    High,
}

/// The lists of all documents.
#[derive(Debug)]
pub struct Lists {
    spill: Spill,
    units: Vec<UnitLists>,
    /// The first document of each unit, and the number of documents at the end.
    starts: Vec<u32>,
    /// For each unit the sums of the lengths before every [`STEP`]th document.
    sums: Vec<Box<[Lengths]>>,
}

/// How many lengths are summed up to find a list.
const STEP: usize = 64;

impl Default for Lists {
    /// No documents.
    fn default() -> Self {
        Lists::new(Workspace::default().spill(), Vec::new())
    }
}

impl Lists {
    /// The lists of documents in reading order, kept in `spill`.
    pub fn new(spill: Spill, units: Vec<UnitLists>) -> Self {
        let mut starts = vec![0];
        let mut end = 0;
        starts.extend(units.iter().map(|unit| {
            end += unit.lengths.len() as u32;
            end
        }));
        let sums = |unit: &UnitLists| {
            let mut sum = Lengths { low: 0, high: 0 };
            let steps = unit.lengths.chunks(STEP).map(|lengths| {
                let before = sum;
                lengths.iter().for_each(|&lengths| sum = sum + lengths);
                before
            });
            steps.collect()
        };
        let sums = units.iter().map(sums).collect();
        Lists { spill, units, starts, sums }
    }

    /// How many documents there are.
    pub fn documents(&self) -> usize {
        self.starts.last().map_or(0, |&end| end as usize)
    }

    /// How many units they were read in.
    pub fn units(&self) -> usize {
        self.units.len()
    }

    /// How many documents there are in a unit.
    pub fn documents_of(&self, unit: usize) -> usize {
        self.units[unit].lengths.len()
    }

    /// How many shingles there are in the low part of all documents.
    pub fn low_shingles(&self) -> u64 {
        self.units.iter().map(|unit| unit.low.len() as u64).sum()
    }

    /// Cuts the units into ranges that have up to `most` shingles in the low part, or into one unit each.
    pub fn batches(&self, most: usize) -> Vec<Range<usize>> {
        ranges(self.units.iter().map(|unit| unit.low.len()), most)
    }

    /// Reads one part of the lists of a unit.
    ///
    /// # Errors
    /// Those of [`Spill::read`].
    pub fn read<'a>(
        &'a self,
        unit: usize,
        part: Part,
        buffer: &'a mut Vec<u32>,
    ) -> Result<Reading<'a>> {
        let lists = &self.units[unit];
        Ok(Reading {
            shingles: self.spill.read_all(lists.part(part), buffer)?,
            lengths: &lists.lengths,
            next: DocId(self.starts[unit]),
            part,
        })
    }

    /// Appends all shingles of one document to `list`.
    ///
    /// # Errors
    /// Those of [`Spill::read`].
    pub fn append(&self, document: DocId, list: &mut Vec<u32>) -> Result<()> {
        let mut buffer = Vec::new();
        for part in [Part::Low, Part::High] {
            list.extend_from_slice(self.read_one(document, part, &mut buffer)?.shingles);
        }
        Ok(())
    }

    /// Reads one part of the list of one document.
    ///
    /// # Errors
    /// Those of [`Spill::read`].
    pub fn read_one<'a>(
        &'a self,
        document: DocId,
        part: Part,
        buffer: &'a mut Vec<u32>,
    ) -> Result<List<'a>> {
        let unit = self.starts.partition_point(|&start| start <= document.0) - 1;
        let lists = &self.units[unit];
        let at = (document.0 - self.starts[unit]) as usize;
        let step = at / STEP;
        let between = lists.lengths[step * STEP..at].iter();
        let before = between.fold(self.sums[unit][step], |sum, &lengths| sum + lengths);
        let lengths = lists.lengths[at];
        let range = before.of(part)..before.of(part) + lengths.of(part);
        let shingles = self.spill.read(lists.part(part), range, buffer)?;
        Ok(List { document, shingles, size: lengths.size() })
    }
}

impl UnitLists {
    /// Writes the lists, which are kept in `spill`, for another process.
    ///
    /// # Errors
    /// Those of [`ShelfWriter::stored`].
    pub fn write(&self, spill: &Spill, shelf: &mut ShelfWriter<'_>) -> io::Result<()> {
        shelf.stored(spill, &self.low)?;
        shelf.stored(spill, &self.high)?;
        shelf.list(&self.lengths)
    }

    /// Reads lists that another process has written, and keeps them in `spill`.
    ///
    /// # Errors
    /// Those of [`ShelfReader::stored`].
    pub fn read(spill: &Spill, shelf: &mut ShelfReader<impl Read>) -> Result<Self> {
        Ok(UnitLists {
            low: shelf.stored(spill)?,
            high: shelf.stored(spill)?,
            lengths: shelf.list()?.into(),
        })
    }

    fn part(&self, part: Part) -> &Stored<u32> {
        match part {
            Part::Low => &self.low,
            Part::High => &self.high,
        }
    }
}

impl Add for Lengths {
    type Output = Lengths;

    fn add(self, other: Lengths) -> Lengths {
        Lengths { low: self.low + other.low, high: self.high + other.high }
    }
}

impl Lengths {
    fn of(self, part: Part) -> usize {
        match part {
            Part::Low => self.low as usize,
            Part::High => self.high as usize,
        }
    }

    fn size(self) -> usize {
        self.low as usize + self.high as usize
    }
}

/// The lists of a unit, one document after the other.
pub struct Reading<'a> {
    shingles: &'a [u32],
    lengths: &'a [Lengths],
    next: DocId,
    part: Part,
}

/// What is in a document's list.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    /// The document.
    pub document: DocId,
    /// Its shingles in the part that was asked for.
    pub shingles: &'a [u32],
    /// How many shingles it has in both parts, each as often as it stands there.
    pub size: usize,
}

impl<'a> Iterator for Reading<'a> {
    type Item = List<'a>;

    fn next(&mut self) -> Option<List<'a>> {
        let (&lengths, others) = self.lengths.split_first()?;
        let (shingles, rest) = self.shingles.split_at(lengths.of(self.part));
        let list = List { document: self.next, shingles, size: lengths.size() };
        (self.lengths, self.shingles, self.next) = (others, rest, DocId(self.next.0 + 1));
        Some(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shingle::shingles;

    #[test]
    fn every_shingle_is_in_one_part_and_documents_keep_apart() {
        let documents: Vec<Vec<u64>> = [0, 1, 7, 5000, 3]
            .iter()
            .map(|&length| (0..length).map(crate::text::mix).collect())
            .collect();
        for limit in [0, u64::MAX] {
            let spill = Spill::new(&std::env::temp_dir(), limit);
            let mut builder = ListBuilder::default();
            let mut units = Vec::new();
            for unit in documents.chunks(2) {
                unit.iter().for_each(|tokens| builder.push(tokens, 5));
                units.push(builder.store(&spill).unwrap());
            }
            let lists = Lists::new(spill, units);
            assert_eq!((lists.documents(), lists.units()), (5, 3));
            let (mut low, mut high) = (Vec::new(), Vec::new());
            let mut seen = 0;
            for unit in 0..lists.units() {
                let low = lists.read(unit, Part::Low, &mut low).unwrap();
                let high = lists.read(unit, Part::High, &mut high).unwrap();
                for (low, high) in low.zip(high) {
                    let expected = shingles(&documents[seen], 5);
                    let of = |wanted: bool| {
                        let chosen = expected.iter().filter(|&&one| (one < 1 << 62) == wanted);
                        chosen.map(|&one| (one >> 30) as u32).collect::<Vec<u32>>()
                    };
                    assert_eq!((low.document.index(), low.size), (seen, expected.len()));
                    assert_eq!((low.shingles, high.shingles), (&of(true)[..], &of(false)[..]));
                    let mut all = Vec::new();
                    lists.append(low.document, &mut all).unwrap();
                    assert_eq!(all, [of(true), of(false)].concat());
                    seen += 1;
                }
            }
            assert_eq!(seen, 5);
        }
    }
}
