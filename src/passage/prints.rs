//! The fingerprints of all documents, put away by their hashes.
//!
//! In: the fingerprints of each unit of reading. Out: [`Prints`], from which those of any part of the
//! hash space are read, whichever document they are of. Equal hashes are in one part, so
//! parts are worked on one by one, in memory, and by any number of threads.

use std::io::{self, Read};
use std::ops::Range;

use super::winnow::{Fingerprint, Winnower};
use crate::document::DocId;
use crate::error::Result;
use crate::parts::{put_in_order, ranges};
use crate::shelf::{ShelfReader, ShelfWriter};
use crate::spill::{Spill, Stored, Workspace};
use crate::text::Tokens;

/// Bits of a hash that tell its part.
const PART_BITS: u32 = 10;

/// Parts of the hash space.
const PARTS: usize = 1 << PART_BITS;

/// Bytes of fingerprints for each byte of a corpus, about: one for every fourth word of 6 bytes or 7.
const BYTES_A_BYTE: f64 = 0.7;

/// The fingerprints of one unit while they are made.
#[derive(Debug)]
pub struct PrintBuilder {
    winnower: Winnower,
    prints: Vec<Fingerprint>,
    by_part: Vec<Fingerprint>,
}

/// The fingerprints of one unit, put away. Documents are numbered from the first of the unit.
#[derive(Debug)]
pub struct UnitPrints {
    prints: Stored<Fingerprint>,
    /// Where each part begins, and the end.
    starts: Box<[u32]>,
}

/// The fingerprints of all documents.
#[derive(Debug)]
pub struct Prints {
    spill: Spill,
    units: Vec<(DocId, UnitPrints)>,
}

impl PrintBuilder {
    /// A builder of what lets no shared run of `min_words` go unnoticed.
    pub fn new(min_words: u32) -> Self {
        PrintBuilder { winnower: Winnower::new(min_words), prints: Vec::new(), by_part: Vec::new() }
    }

    /// Adds a document, by its number in the unit. Cost: linear.
    pub fn push(&mut self, document: DocId, tokens: &Tokens) {
        let prints = &mut self.prints;
        self.winnower.for_each(tokens, |hash, position| {
            prints.push(Fingerprint { hash, document, position });
        });
    }

    /// Puts the fingerprints away and makes room for another unit.
    ///
    /// # Errors
    /// Those of [`Spill::store`].
    pub fn store(&mut self, spill: &Spill) -> Result<UnitPrints> {
        let starts = put_in_order(&self.prints, PARTS, part, &mut self.by_part);
        self.prints.clear();
        Ok(UnitPrints { prints: spill.store(&self.by_part)?, starts })
    }
}

impl UnitPrints {
    /// Writes the fingerprints, which are kept in `spill`, for another process.
    ///
    /// # Errors
    /// Those of [`ShelfWriter::stored`].
    pub fn write(&self, spill: &Spill, shelf: &mut ShelfWriter<'_>) -> io::Result<()> {
        shelf.stored(spill, &self.prints)?;
        shelf.list(&self.starts)
    }

    /// Reads fingerprints that another process has written, and keeps them in `spill`.
    ///
    /// # Errors
    /// Those of [`ShelfReader::stored`].
    pub fn read(spill: &Spill, shelf: &mut ShelfReader<impl Read>) -> Result<Self> {
        Ok(UnitPrints { prints: shelf.stored(spill)?, starts: shelf.list()?.into() })
    }
}

/// The part of the hash space that a fingerprint is in.
fn part(print: &Fingerprint) -> usize {
    (print.hash >> (u64::BITS - PART_BITS)) as usize
}

impl Default for Prints {
    /// None.
    fn default() -> Self {
        Prints::new(Workspace::default().spill(), Vec::new())
    }
}

impl Prints {
    /// Where units are to put their fingerprints: up to an eighth of the memory is for them.
    pub fn spill(workspace: &Workspace) -> Spill {
        workspace.spill_of(BYTES_A_BYTE, workspace.memory() / 8)
    }

    /// The fingerprints of units in reading order, each with its first document, kept in `spill`.
    pub fn new(spill: Spill, units: Vec<(DocId, UnitPrints)>) -> Self {
        Prints { spill, units }
    }

    /// How many bytes are held, whatever is spilled.
    pub fn held(&self) -> u64 {
        self.units.iter().map(|(_, unit)| size_of_val(&*unit.starts) as u64).sum()
    }

    /// Cuts the hash space into ranges of parts of about `most` fingerprints, one part at least; with each, how
    /// many it has.
    pub fn ranges(&self, most: usize) -> Vec<(Range<usize>, usize)> {
        let mut sizes = vec![0usize; PARTS];
        for (_, unit) in &self.units {
            for (size, ends) in sizes.iter_mut().zip(unit.starts.windows(2)) {
                *size += (ends[1] - ends[0]) as usize;
            }
        }
        let count = |parts: &Range<usize>| sizes[parts.clone()].iter().sum();
        let ranges = ranges(sizes.iter().copied(), most);
        ranges.into_iter().map(|parts| (parts.clone(), count(&parts))).collect()
    }

    /// Calls `each` with the fingerprints of a range of parts, in reading order of their units.
    ///
    /// # Errors
    /// Those of [`Spill::read`].
    pub fn for_each(&self, parts: &Range<usize>, mut each: impl FnMut(Fingerprint)) -> Result<()> {
        let mut buffer = Vec::new();
        for (first, unit) in &self.units {
            let range = unit.starts[parts.start] as usize..unit.starts[parts.end] as usize;
            for print in self.spill.read(&unit.prints, range, &mut buffer)? {
                each(Fingerprint { document: DocId(print.document.0 + first.0), ..*print });
            }
        }
        Ok(())
    }
}
