//! In how many places of the corpus each shingle stands, about.
//!
//! In: the low part of all [`Lists`]. Out: a count beside each shingle there, as a byte. It
//! is never too small, up to a few ten thousand: shingles that fall into one cell of the table are
//! counted together. So a count of one is certain, and so is what the join makes of it; larger ones serve
//! to put the rarer before the more frequent.
//!
//! The table is as large as the corpus asks for, since the result must not depend on
//! the memory there is; what of it does not fit is made in slices, one after the other. Each
//! thread counts a range of cells of its own over all lists: reading them again is cheaper than
//! to share cells.

use std::ops::Range;

use rayon::prelude::*;

use super::Role;
use super::lists::{List, Lists, Part};
use crate::document::DocId;
use crate::error::{Error, ErrorKind, Result};
use crate::lsh::coded;
use crate::memory;
use crate::spill::{Spill, Stored, Workspace};

/// Cells for each shingle: with two, a shingle that stands alone is taken for shared in two cases of five.
const CELLS_A_SHINGLE: u64 = 2;

/// The smallest slice, in cells.
const SMALLEST_SLICE: u64 = 16 << 20;

/// The counts beside the shingles of the low part, unit by unit.
pub struct Frequencies {
    spill: Spill,
    units: Vec<Stored<u8>>,
}

impl Frequencies {
    /// Counts the shingles of the documents that have a role.
    ///
    /// # Errors
    /// Those of [`Spill`].
    pub fn count(
        lists: &Lists,
        role: impl Fn(DocId) -> Role + Sync,
        workspace: &Workspace,
    ) -> Result<Self> {
        // More cells than there are short hashes would tell no more apart.
        let cells = (CELLS_A_SHINGLE * lists.low_shingles()).clamp(1024, u64::from(u32::MAX));
        // Whole counters, or which cells share one would depend on the memory.
        let counters = (workspace.memory() / 2).max(SMALLEST_SLICE) / CELLS_A_COUNTER as u64;
        let slice = cells.min(counters * CELLS_A_COUNTER as u64);
        let mut counted = Frequencies { spill: workspace.spill(), units: Vec::new() };
        for start in (0..cells).step_by(slice as usize) {
            let table = Table::count(cells, start..(start + slice).min(cells), |each| {
                let mut buffer = Vec::new();
                for unit in 0..lists.units() {
                    let present = |list: &List<'_>| !matches!(role(list.document), Role::Absent);
                    lists
                        .read(unit, Part::Low, &mut buffer)?
                        .filter(present)
                        .for_each(|list| each(list.shingles));
                }
                Ok(())
            })?;
            let spill = workspace.spill();
            let units = (0..lists.units())
                .into_par_iter()
                .with_max_len(1)
                .map(|unit| {
                    let (mut low, mut before) = (Vec::new(), Vec::new());
                    let mut counts = match counted.units.get(unit) {
                        Some(stored) => counted.spill.read_all(stored, &mut before)?.to_vec(),
                        None => Vec::new(),
                    };
                    let mut at = 0;
                    for list in lists.read(unit, Part::Low, &mut low)? {
                        counts.resize(counts.len().max(at + list.shingles.len()), 0);
                        for (count, &shingle) in counts[at..].iter_mut().zip(list.shingles) {
                            *count = table.of(shingle).unwrap_or(*count);
                        }
                        at += list.shingles.len();
                    }
                    spill.store(&counts)
                })
                .collect::<Result<_>>()?;
            counted = Frequencies { spill, units };
        }
        Ok(counted)
    }

    /// The counts beside the shingles of a unit, in the order of [`Lists::read`].
    ///
    /// # Errors
    /// Those of [`Spill::read`].
    pub fn read<'a>(&'a self, unit: usize, buffer: &'a mut Vec<u8>) -> Result<&'a [u8]> {
        self.spill.read_all(&self.units[unit], buffer)
    }
}

/// How many shingles are counted at a time.
const PIECE: usize = 256;

/// A slice of a table of counts: four bits a cell, and what is more than they hold in
/// larger counters, one for some neighbours. Most shingles are rare, and a table that is small is quick.
pub struct Table {
    small: memory::Zeros<u8>,
    large: Vec<u16>,
    cells: u64,
    slice: Range<u64>,
}

/// What four bits hold.
const MOST_SMALL: u8 = 15;

/// How many cells share a large counter.
const CELLS_A_COUNTER: usize = 16;

impl Table {
    /// Counts, in a slice of a table of so many cells, the shingles that `feed` hands out;
    /// every thread calls it.
    ///
    /// # Errors
    /// Those of `feed`.
    pub fn count(
        cells: u64,
        slice: Range<u64>,
        feed: impl Fn(&mut dyn FnMut(&[u32])) -> Result<()> + Sync,
    ) -> Result<Self> {
        let counters = ((slice.end - slice.start) as usize).div_ceil(CELLS_A_COUNTER);
        let mut small = memory::Zeros::new(counters * CELLS_A_COUNTER / 2)
            .map_err(|error| Error::new(ErrorKind::Io(error)))?;
        let mut large = vec![0u16; counters];
        let share = counters.div_ceil(rayon::current_num_threads()).max(1);
        let shares = small
            .par_chunks_mut(share * CELLS_A_COUNTER / 2)
            .zip(large.par_chunks_mut(share))
            .enumerate();
        shares.try_for_each(|(number, (small, large))| {
            let first = slice.start + (number * share * CELLS_A_COUNTER) as u64;
            let mut places = [0usize; PIECE];
            feed(&mut |shingles: &[u32]| {
                for shingles in shingles.chunks(PIECE) {
                    // Which thread's a shingle is cannot be guessed: so first those of this one are picked, without
                    // a branch, and then counted.
                    let mut count = 0;
                    for &shingle in shingles {
                        let place = cell(shingle, cells).wrapping_sub(first) as usize;
                        places[count] = place;
                        count += usize::from(place / 2 < small.len());
                    }
                    for &place in &places[..count] {
                        let pair = &mut small[place / 2];
                        let shift = 4 * (place % 2);
                        if *pair >> shift & MOST_SMALL < MOST_SMALL {
                            *pair += 1 << shift;
                        } else {
                            let counter = &mut large[place / CELLS_A_COUNTER];
                            *counter = counter.saturating_add(1);
                        }
                    }
                }
            })
        })?;
        Ok(Table { small, large, cells, slice })
    }

    /// The count of a shingle, [coded], if it is in the slice.
    pub fn of(&self, shingle: u32) -> Option<u8> {
        let place = cell(shingle, self.cells).wrapping_sub(self.slice.start) as usize;
        let count = self.small.get(place / 2)? >> (4 * (place % 2)) & MOST_SMALL;
        Some(match count {
            MOST_SMALL => {
                coded(u32::from(MOST_SMALL) + u32::from(self.large[place / CELLS_A_COUNTER]))
            }
            _ => count,
        })
    }
}

/// The cell of a shingle: its place among all shingles there can be, so that a range of cells is a range of shingles.
fn cell(shingle: u32, cells: u64) -> u64 {
    (u64::from(shingle) * cells) >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_while_small_and_grow_with_the_shingles() {
        // Far apart, so that each has a cell and a counter of its own.
        let shingle = |number: u32| number << 24;
        let feed = |each: &mut dyn FnMut(&[u32])| {
            for number in 0..200u32 {
                each(&vec![shingle(number); (number * number / 4) as usize]);
            }
            Ok(())
        };
        let whole = Table::count(1 << 16, 0..1 << 16, feed).unwrap();
        let counts: Vec<u8> = (0..200).map(|number| whole.of(shingle(number)).unwrap()).collect();
        assert_eq!(counts[..8], [0, 0, 1, 2, 4, 6, 9, 12]);
        assert!(counts.is_sorted() && counts[199] > counts[100] && counts[100] > counts[30]);
        let half = Table::count(1 << 16, 0..1 << 15, feed).unwrap();
        for number in 0..200 {
            let expected = (number < 128).then_some(counts[number as usize]);
            assert_eq!(half.of(shingle(number)), expected, "{number}");
        }
    }
}
