//! The index of the join: shingles to the documents that have them in their prefix.
//!
//! In: [`Entry`]s. Out: a [`PrefixIndex`], entries in the order of the first bits of their shingles, behind a
//! bit filter, since nearly every lookup is of a shingle that is not there.

use rayon::prelude::*;

use crate::document::DocId;
use crate::error::{Error, ErrorKind, Result};
use crate::memory::Pages;

/// A shortened shingle and a document that has it in its prefix, as one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(transparent)]
pub struct Entry(u64);

impl Entry {
    /// The entry of a document for a shingle of it.
    pub fn new(shingle: u32, document: DocId) -> Self {
        Entry(u64::from(shingle) << 32 | u64::from(document.0))
    }

    /// The shingle.
    pub fn shingle(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The document.
    pub fn document(self) -> DocId {
        DocId(self.0 as u32)
    }
}

/// Shingles with the documents whose prefix they are in.
pub struct PrefixIndex {
    /// By the first bits of their shingles, and then as they came.
    entries: Pages<Entry>,
    /// Where the entries begin whose shingle starts with these bits.
    directory: Pages<u32>,
    directory_shift: u32,
    /// A bit for each of the values that the upper bits of a shingle can have.
    filter: Pages<u64>,
    filter_shift: u32,
}

/// Bits of the filter for each entry, as a power of two: one lookup in 16 gets past it in vain.
const FILTER_BITS: u32 = 4;

/// How many shingles are looked up at a time.
const BATCH: usize = 128;

/// Cells of the smallest directory, as a power of two: 64 bits of the filter stand for 4 of them.
const FEWEST_BITS: u32 = 6;

impl PrefixIndex {
    /// Indexes those of the entries that `feed` hands out that are `wanted`; there are at most so many and fewer than
    /// 2^32. Every thread calls it twice, to count and to put a range of shingles where they belong.
    ///
    /// # Errors
    /// Those of `feed`; the system's, if there is no memory.
    pub fn new(
        most: usize,
        feed: impl Fn(&mut dyn FnMut(&[Entry])) -> Result<()> + Sync,
        wanted: impl Fn(Entry) -> bool + Sync,
    ) -> Result<Self> {
        let no_room = |error| Error::new(ErrorKind::Io(error));
        let bits = (most.max(1) as u64).ilog2().clamp(FEWEST_BITS, 32 - FILTER_BITS);
        let directory_shift = 32 - bits;
        let filter_shift = directory_shift - FILTER_BITS;
        let cell_of = |entry: Entry| (entry.shingle() >> directory_shift) as usize;
        let mut directory = Pages::<u32>::zeroed((1 << bits) + 1).map_err(no_room)?;
        let mut filter = Pages::<u64>::zeroed(1 << (bits + FILTER_BITS - 6)).map_err(no_room)?;
        // Whole words of the filter for each thread.
        let threads = rayon::current_num_threads().next_power_of_two().min(1 << (bits - 2));
        let cells = (1usize << bits) / threads;
        let words = filter.len() / threads;
        let ranges = directory[1..].par_chunks_mut(cells).zip(filter.par_chunks_mut(words));
        ranges.enumerate().try_for_each(|(range, (counts, filter))| {
            let (first, first_word) = (range * cells, range * words);
            feed(&mut |entries| {
                for &entry in entries {
                    let cell = cell_of(entry).wrapping_sub(first);
                    if cell < counts.len() && wanted(entry) {
                        counts[cell] += 1;
                        let bit = entry.shingle() >> filter_shift;
                        filter[(bit >> 6) as usize - first_word] |= 1 << (bit & 63);
                    }
                }
            })
        })?;
        let mut sum = 0;
        for end in &mut directory[1..] {
            sum += std::mem::replace(end, sum);
        }
        // Each cell's end is now its start, and moves to its end while it is filled.
        let mut entries = Pages::<Entry>::zeroed((sum as usize).max(1)).map_err(no_room)?;
        let start_of = |range: usize| directory.get(1 + range * cells).map_or(sum, |&start| start);
        let mut rest = &mut entries[..];
        let mut rooms = Vec::with_capacity(threads);
        for range in 0..threads {
            let start = start_of(range);
            let (room, others) = rest.split_at_mut((start_of(range + 1) - start) as usize);
            rooms.push((start, room));
            rest = others;
        }
        let ranges = directory[1..].par_chunks_mut(cells).zip(rooms);
        ranges.enumerate().try_for_each(|(range, (places, (start, room)))| {
            let first = range * cells;
            feed(&mut |entries| {
                for &entry in entries {
                    let cell = cell_of(entry).wrapping_sub(first);
                    if cell < places.len() && wanted(entry) {
                        room[(places[cell] - start) as usize] = entry;
                        places[cell] += 1;
                    }
                }
            })
        })?;
        Ok(PrefixIndex { entries, directory, directory_shift, filter, filter_shift })
    }

    /// Calls `hit` with the documents that have one of `shingles` in their prefix, as often as they do.
    ///
    /// Each step is taken for a batch of shingles before the next one, for the tables
    /// are larger than the nearer caches: so the processor waits for many of them at a time.
    #[inline]
    pub fn look_up(&self, shingles: &[u32], mut hit: impl FnMut(DocId)) {
        let (directory, filter) = (&self.directory[..], &self.filter[..]);
        let entries = &self.entries[..];
        let mut passed = [0u32; BATCH];
        let mut cells = [(0u32, 0u32); BATCH];
        let mut firsts = [Entry(0); BATCH];
        for batch in shingles.chunks(BATCH) {
            let mut count = 0;
            for &shingle in batch {
                let bit = shingle >> self.filter_shift;
                passed[count] = shingle;
                count += (filter[(bit >> 6) as usize] >> (bit & 63) & 1) as usize;
            }
            for (cell, shingle) in cells[..count].iter_mut().zip(passed) {
                let place = (shingle >> self.directory_shift) as usize;
                *cell = (directory[place], directory[place + 1]);
            }
            // The filter lets nothing pass whose cell is empty.
            for (first, (start, _)) in firsts[..count].iter_mut().zip(cells) {
                *first = entries[start as usize];
            }
            let found = cells[..count].iter().zip(firsts).zip(passed);
            for ((&(start, end), first), shingle) in found {
                if first.shingle() == shingle {
                    hit(first.document());
                }
                let others = entries[start as usize + 1..end as usize].iter();
                let same = others.filter(|entry| entry.shingle() == shingle);
                same.for_each(|entry| hit(entry.document()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_put_in_is_found(
            entries in proptest::collection::vec((0u32..40, 0u32..9), 0..300), spread in any::<u32>()
        ) {
            let place = |small: u32| small.wrapping_mul(spread | 1);
            let put_in = entries.iter().map(|&(small, document)| Entry::new(place(small), DocId(document)));
            let put_in: Vec<Entry> = put_in.collect();
            let feed = |each: &mut dyn FnMut(&[Entry])| {
                put_in.chunks(100).for_each(each);
                Ok(())
            };
            let wanted = |entry: Entry| entry.document() != DocId(4);
            let index = PrefixIndex::new(put_in.len(), feed, wanted).unwrap();
            for small in 0..50 {
                let mut hits = Vec::new();
                index.look_up(&[place(small)], |document| hits.push(document));
                hits.sort_unstable();
                let mut expected: Vec<DocId> = entries
                    .iter()
                    .filter(|entry| entry.0 == small && entry.1 != 4)
                    .map(|&(_, document)| DocId(document))
                    .collect();
                expected.sort_unstable();
                prop_assert_eq!(hits, expected);
            }
        }
    }
}
