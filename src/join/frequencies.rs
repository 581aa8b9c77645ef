//! In how many places of the corpus each shingle stands, about.
//!
//! In: the low part of all [`Lists`]. Out: a count beside each shingle there, as a byte. It
//! is never too small, up to a few ten thousand: shingles that fall into one cell of the table are
//! counted together. So a count of one is certain, and so is what the join makes of it; larger ones serve
//! to put the rarer before the more frequent.
//!
//! The table is as large as the corpus asks for, and where a shingle falls in it nobody can foresee. So the
//! shingles of some units are put in order of their part of the hash space first; each part is
//! counted in a table that the nearer caches hold, and its counts are brought back to where the
//! shingles stand. So there are more steps, but none of them waits for memory, as each would that finds its
//! place in a table of all shingles.

use std::ops::Range;

use rayon::prelude::*;

use super::Role;
use super::lists::{Lists, Part};
use crate::document::DocId;
use crate::error::Result;
use crate::lsh::coded;
use crate::parts::put_in_order;
use crate::spill::{Spill, Stored, Workspace};

/// Cells for each shingle: with four, a shingle that stands alone is taken for shared in two cases of nine.
const CELLS_A_SHINGLE: u64 = 4;

/// Cells of the table of a part, about: half a megabyte.
const CELLS_A_PART: u64 = 1 << 20;

/// Most bits that tell the part of a shingle.
const MOST_BITS: u32 = 8;

/// How many shingles of a part are put away together at least, about: to read fewer at a time would cost more than to
/// count them.
const SHINGLES_A_READ: usize = 1 << 10;

/// How many shingles are put in order together at least: where there are few parts, this makes for fewer readings.
const SHINGLES_A_BATCH: usize = 1 << 16;

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
        let shingles_a_batch = |bits: u32| (SHINGLES_A_READ << bits).max(SHINGLES_A_BATCH);
        Self::count_in_parts(lists, role, workspace, CELLS_A_PART, shingles_a_batch)
    }

    fn count_in_parts(
        lists: &Lists,
        role: impl Fn(DocId) -> Role + Sync,
        workspace: &Workspace,
        cells_a_part: u64,
        shingles_a_batch: impl Fn(u32) -> usize,
    ) -> Result<Self> {
        let (cells, bits) = shape(lists.low_shingles(), cells_a_part);
        let is_present = |document| !matches!(role(document), Role::Absent);
        let parts = Parts::split(lists, is_present, bits, shingles_a_batch(bits), workspace)?;
        let counted = parts.count(cells, workspace)?;
        let spill = workspace.spill();
        let units = counted.batches.par_iter().with_max_len(1).map(|places| {
            let counts = counted.of(places)?;
            let mut next = places.starts.to_vec();
            let mut low = Vec::new();
            let back = places.units.clone().map(|unit| {
                let mut in_order = Vec::new();
                for list in lists.read(unit, Part::Low, &mut low)? {
                    if !is_present(list.document) {
                        in_order.resize(in_order.len() + list.shingles.len(), 0);
                        continue;
                    }
                    in_order.extend(list.shingles.iter().map(|&shingle| {
                        let next = &mut next[part_of(shingle, bits)];
                        *next += 1;
                        counts[*next as usize - 1]
                    }));
                }
                spill.store(&in_order)
            });
            back.collect()
        });
        let units = units.collect::<Result<Vec<Vec<Stored<u8>>>>>()?;
        let units = units.into_iter().flatten().collect();
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

/// How many cells each part has where there are so many shingles, and how many bits tell the part.
fn shape(shingles: u64, cells_a_part: u64) -> (u64, u32) {
    // More cells than there are short hashes would tell no more apart.
    let cells = (CELLS_A_SHINGLE * shingles).clamp(1024, u64::from(u32::MAX));
    let bits = cells.div_ceil(cells_a_part).next_power_of_two().ilog2().min(MOST_BITS);
    (cells.div_ceil(1 << bits), bits)
}

/// The part of the hash space that a shingle is in: its upper bits.
fn part_of(shingle: u32, bits: u32) -> usize {
    (u64::from(shingle) >> (u32::BITS - bits)) as usize
}

/// The shingles of the low part of all documents that take part, those of a batch of units by their part of the
/// hash space.
struct Parts {
    bits: u32,
    spill: Spill,
    batches: Vec<(Stored<u32>, Places)>,
}

/// The counts of the shingles of each part, batch by batch.
struct PartCounts {
    spill: Spill,
    parts: Vec<Stored<u8>>,
    batches: Vec<Places>,
}

/// Where the shingles of a batch stand.
struct Places {
    units: Range<usize>,
    /// For each part where it begins in the batch, and the end.
    starts: Box<[u32]>,
    /// For each part how many shingles of it the batches before have.
    before: Box<[u64]>,
}

impl Parts {
    fn split(
        lists: &Lists,
        is_present: impl Fn(DocId) -> bool + Sync,
        bits: u32,
        shingles_a_batch: usize,
        workspace: &Workspace,
    ) -> Result<Self> {
        let spill = workspace.spill();
        let batches = lists.batches(shingles_a_batch);
        let sorted = batches.into_par_iter().with_max_len(1).map(|units| {
            let (mut low, mut shingles) = (Vec::new(), Vec::new());
            for unit in units.clone() {
                for list in lists.read(unit, Part::Low, &mut low)? {
                    if is_present(list.document) {
                        shingles.extend_from_slice(list.shingles);
                    }
                }
            }
            let mut sorted = Vec::new();
            let part = |shingle: &u32| part_of(*shingle, bits);
            let starts = put_in_order(&shingles, 1 << bits, part, &mut sorted);
            Ok((spill.store(&sorted)?, Places { units, starts, before: Box::default() }))
        });
        let mut batches: Vec<(Stored<u32>, Places)> = sorted.collect::<Result<_>>()?;
        let mut sums = vec![0u64; 1 << bits];
        for (_, Places { starts, before, .. }) in &mut batches {
            *before = sums.clone().into();
            for (sum, ends) in sums.iter_mut().zip(starts.windows(2)) {
                *sum += u64::from(ends[1] - ends[0]);
            }
        }
        Ok(Parts { bits, spill, batches })
    }

    /// Counts one part after the other, in tables of so many cells.
    fn count(self, cells: u64, workspace: &Workspace) -> Result<PartCounts> {
        let spill = workspace.spill();
        let parts = (0..1 << self.bits).into_par_iter().with_max_len(1).map(|part| {
            let mut table = Table::new(cells, self.bits);
            let mut size = 0;
            self.for_each(part, |shingles| {
                table.add(shingles);
                size += shingles.len();
            })?;
            let mut counts = Vec::with_capacity(size);
            self.for_each(part, |shingles| {
                counts.extend(shingles.iter().map(|&shingle| table.of(shingle)));
            })?;
            spill.store(&counts)
        });
        let parts = parts.collect::<Result<_>>()?;
        let batches = self.batches.into_iter().map(|(_, places)| places).collect();
        Ok(PartCounts { spill, parts, batches })
    }

    /// Hands out the shingles of a part, batch by batch.
    fn for_each(&self, part: usize, mut each: impl FnMut(&[u32])) -> Result<()> {
        let mut buffer = Vec::new();
        for (shingles, places) in &self.batches {
            each(self.spill.read(shingles, places.of(part), &mut buffer)?);
        }
        Ok(())
    }
}

impl Places {
    /// Where a part stands in the batch.
    fn of(&self, part: usize) -> Range<usize> {
        self.starts[part] as usize..self.starts[part + 1] as usize
    }
}

impl PartCounts {
    /// The counts of a batch, in the order of its parts.
    fn of(&self, places: &Places) -> Result<Vec<u8>> {
        let mut counts = vec![0; places.starts[self.parts.len()] as usize];
        for (part, (stored, &before)) in self.parts.iter().zip(&places.before).enumerate() {
            let room = &mut counts[places.of(part)];
            let before = before as usize;
            self.spill.read_into(stored, before..before + room.len(), room)?;
        }
        Ok(counts)
    }
}

/// How many shingles are counted at a time.
const PIECE: usize = 256;

/// A table of counts of shingles: four bits a cell, and what is more than they hold in
/// larger counters, one for some neighbours. Most shingles are rare, and a table that is small is quick.
struct Table {
    small: Vec<u8>,
    large: Vec<u16>,
    cells: u64,
    /// How many upper bits all its shingles have in common.
    bits: u32,
}

/// What four bits hold.
const MOST_SMALL: u8 = 15;

/// How many cells share a large counter.
const CELLS_A_COUNTER: usize = 16;

impl Table {
    /// A table of about so many cells for shingles whose first `bits` bits are the same.
    fn new(cells: u64, bits: u32) -> Self {
        let counters = (cells as usize).div_ceil(CELLS_A_COUNTER);
        let cells = counters * CELLS_A_COUNTER;
        Table { small: vec![0; cells / 2], large: vec![0; counters], cells: cells as u64, bits }
    }

    /// The cell of a shingle: its place among all shingles there can be.
    fn place(&self, shingle: u32) -> usize {
        ((u64::from(shingle << self.bits) * self.cells) >> u32::BITS) as usize
    }

    /// Counts shingles.
    fn add(&mut self, shingles: &[u32]) {
        for &shingle in shingles {
            let place = self.place(shingle);
            let pair = &mut self.small[place / 2];
            let shift = 4 * (place % 2);
            if *pair >> shift & MOST_SMALL < MOST_SMALL {
                *pair += 1 << shift;
            } else {
                let counter = &mut self.large[place / CELLS_A_COUNTER];
                *counter = counter.saturating_add(1);
            }
        }
    }

    /// The count of a shingle, [coded].
    fn of(&self, shingle: u32) -> u8 {
        let place = self.place(shingle);
        match self.small[place / 2] >> (4 * (place % 2)) & MOST_SMALL {
            MOST_SMALL => {
                coded(u32::from(MOST_SMALL) + u32::from(self.large[place / CELLS_A_COUNTER]))
            }
            count => count,
        }
    }
}

/// Counts of shingles that are few enough to be looked up in no order.
pub struct Counts {
    bits: u32,
    /// One a part of the hash space.
    tables: Vec<Table>,
}

impl Counts {
    /// Counts, in about so many cells, the shingles that `feed` hands out; every thread calls it.
    ///
    /// # Errors
    /// Those of `feed`.
    pub fn new(
        cells: u64,
        feed: impl Fn(&mut dyn FnMut(&[u32])) -> Result<()> + Sync,
    ) -> Result<Self> {
        let bits = rayon::current_num_threads().next_power_of_two().ilog2().min(MOST_BITS);
        Self::in_parts(cells, bits, feed)
    }

    fn in_parts(
        cells: u64,
        bits: u32,
        feed: impl Fn(&mut dyn FnMut(&[u32])) -> Result<()> + Sync,
    ) -> Result<Self> {
        // Whole counters in each part, or which cells share one would depend on the number of parts.
        let cells = cells.next_multiple_of((CELLS_A_COUNTER as u64) << MOST_BITS);
        let tables = (0..1 << bits).into_par_iter().with_max_len(1).map(|part| {
            let mut table = Table::new(cells >> bits, bits);
            let mut picked = [0; PIECE];
            feed(&mut |shingles: &[u32]| {
                for shingles in shingles.chunks(PIECE) {
                    // Which part's a shingle is cannot be guessed: so they are picked without a branch.
                    let mut count = 0;
                    for &shingle in shingles {
                        picked[count] = shingle;
                        count += usize::from(part_of(shingle, bits) == part);
                    }
                    table.add(&picked[..count]);
                }
            })?;
            Ok(table)
        });
        let tables = tables.collect::<Result<_>>()?;
        Ok(Counts { bits, tables })
    }

    /// The count of a shingle, [coded].
    pub fn of(&self, shingle: u32) -> u8 {
        self.tables[part_of(shingle, self.bits)].of(shingle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join::ListBuilder;
    use proptest::prelude::*;
    use std::collections::HashMap;

    #[test]
    fn counts_are_exact_while_small_and_grow_with_the_shingles() {
        // Far apart, so that each has a cell and a counter of its own.
        let shingle = |number: u32| number << 24;
        let mut table = Table::new(1 << 16, 0);
        for number in 0..200u32 {
            table.add(&vec![shingle(number); (number * number / 4) as usize]);
        }
        let counts: Vec<u8> = (0..200).map(|number| table.of(shingle(number))).collect();
        assert_eq!(counts[..8], [0, 0, 1, 2, 4, 6, 9, 12]);
        assert!(counts.is_sorted() && counts[199] > counts[100] && counts[100] > counts[30]);
    }

    proptest! {
        #[test]
        fn each_shingle_has_the_count_of_all_documents_that_take_part(
            documents in proptest::collection::vec(proptest::collection::vec(0u64..60, 0..80), 1..30),
            unit in 1usize..12,
            absent in 0u32..30,
            cells_a_part in 16u64..2000,
            shingles_a_batch in 1usize..200,
            held in 0u64..400,
        ) {
            let workspace = Workspace::new(&std::env::temp_dir(), 24 * held, 0);
            let spill = workspace.spill();
            let mut builder = ListBuilder::default();
            let stored = documents.chunks(unit).map(|unit| {
                unit.iter().for_each(|tokens| builder.push(tokens, 1));
                builder.store(&spill).unwrap()
            });
            let stored = stored.collect();
            let lists = Lists::new(spill, stored);
            let role = |document| match document == DocId(absent) {
                true => Role::Absent,
                false => Role::Larger,
            };
            let mut buffer = Vec::new();
            let (cells, bits) = shape(lists.low_shingles(), cells_a_part);
            let table = Table::new(cells, bits);
            let cell = |shingle: u32| (part_of(shingle, bits), table.place(shingle));
            let mut naive: HashMap<(usize, usize), u32> = HashMap::new();
            for unit in 0..lists.units() {
                let present = lists.read(unit, Part::Low, &mut buffer).unwrap();
                for list in present.filter(|list| list.document != DocId(absent)) {
                    list.shingles.iter().for_each(|&one| *naive.entry(cell(one)).or_default() += 1);
                }
            }
            let found =
                Frequencies::count_in_parts(&lists, role, &workspace, cells_a_part, |_| shingles_a_batch)
                    .unwrap();
            let mut counts = Vec::new();
            for unit in 0..lists.units() {
                let mut counts = found.read(unit, &mut counts).unwrap();
                for list in lists.read(unit, Part::Low, &mut buffer).unwrap() {
                    let (own, others) = counts.split_at(list.shingles.len());
                    counts = others;
                    for (&count, shingle) in own.iter().zip(list.shingles) {
                        let expected = match list.document == DocId(absent) {
                            true => 0,
                            false => coded(naive[&cell(*shingle)]),
                        };
                        // Cells that are full share a counter with others.
                        prop_assert!(count == expected || count > expected && expected >= MOST_SMALL);
                    }
                }
                prop_assert!(counts.is_empty());
            }
        }

        #[test]
        fn how_many_threads_count_does_not_matter(
            shingles in proptest::collection::vec(any::<u32>(), 0..3000), cells in 1u64..9000
        ) {
            let feed = |each: &mut dyn FnMut(&[u32])| {
                each(&shingles);
                shingles.chunks(700).for_each(&mut *each);
                Ok(())
            };
            let [whole, parts] = [0, 3].map(|bits| Counts::in_parts(cells, bits, feed).unwrap());
            for &shingle in &shingles {
                prop_assert!(whole.of(shingle) >= 2);
                prop_assert_eq!(whole.of(shingle), parts.of(shingle));
            }
        }
    }
}
