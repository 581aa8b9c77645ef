//! In how many places of the corpus each shingle stands, about.
//!
//! In: the low part of all [`Lists`]. Out: a count beside each shingle there, as a byte. A count
//! is never too small: shingles that fall into one cell of the table are counted
//! together. So a count of one is certain, and so is what the join makes of it.
//!
//! The table is as large as the corpus asks for, since the result must not depend on
//! the memory there is; what of it does not fit is made in slices, one after the other. Each
//! thread counts a range of cells of its own over all lists: reading them again is cheaper than
//! to share cells.

use std::ops::Range;

use memmap2::MmapMut;
use rayon::prelude::*;

use super::Role;
use super::lists::{List, Lists, Part};
use crate::document::DocId;
use crate::error::{Error, ErrorKind, Result};
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
        let slice = cells.min((workspace.memory() / 4).max(SMALLEST_SLICE));
        let spill = workspace.spill();
        let mut units: Vec<Stored<u8>> = Vec::new();
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
            units = (0..lists.units())
                .into_par_iter()
                .map(|unit| {
                    let (mut low, mut before) = (Vec::new(), Vec::new());
                    let mut counts = match units.get(unit) {
                        Some(stored) => spill.read_all(stored, &mut before)?.to_vec(),
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
        }
        Ok(Frequencies { spill, units })
    }

    /// The counts beside the shingles of a unit, in the order of [`Lists::read`].
    ///
    /// # Errors
    /// Those of [`Spill::read`].
    pub fn read<'a>(&'a self, unit: usize, buffer: &'a mut Vec<u8>) -> Result<&'a [u8]> {
        self.spill.read_all(&self.units[unit], buffer)
    }
}

/// A slice of a table of counts.
pub struct Table {
    counts: MmapMut,
    cells: u64,
    slice: Range<u64>,
}

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
        let mut counts = zeros((slice.end - slice.start) as usize)?;
        let share = counts.len().div_ceil(rayon::current_num_threads()).max(1);
        counts.par_chunks_mut(share).enumerate().try_for_each(|(number, counts)| {
            let first = slice.start + (number * share) as u64;
            feed(&mut |shingles: &[u32]| {
                for &shingle in shingles {
                    let place = cell(shingle, cells).wrapping_sub(first);
                    if let Some(count) = counts.get_mut(place as usize) {
                        *count = count.saturating_add(1);
                    }
                }
            })
        })?;
        Ok(Table { counts, cells, slice })
    }

    /// The count of a shingle, if it is in the slice.
    pub fn of(&self, shingle: u32) -> Option<u8> {
        let place = cell(shingle, self.cells).wrapping_sub(self.slice.start);
        self.counts.get(place as usize).copied()
    }
}

/// So many zeros, in large pages where the system has them: every second access to the table
/// would miss the processor's list of pages otherwise.
fn zeros(length: usize) -> Result<MmapMut> {
    let map = MmapMut::map_anon(length).map_err(|error| Error::new(ErrorKind::Io(error)))?;
    // Without large pages it is only slower.
    #[cfg(target_os = "linux")]
    let _ = map.advise(memmap2::Advice::HugePage);
    Ok(map)
}

/// The cell of a shingle: its place among all shingles there can be, so that a range of cells is a range of shingles.
fn cell(shingle: u32, cells: u64) -> u64 {
    (u64::from(shingle) * cells) >> 32
}
