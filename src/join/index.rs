//! The index of the join: shingles to the documents that have them in their prefix.
//!
//! In: [`Entry`]s. Out: a [`PrefixIndex`], sorted entries behind a bit filter, since
//! nearly every lookup is of a shingle that is not there.

use rayon::prelude::*;

use crate::document::DocId;
use crate::error::{Error, ErrorKind, Result};
use crate::memory::Zeros;

/// A shortened shingle and a document that has it in its prefix, as one number: the order
/// of entries is that of shingles, then of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, bytemuck::Pod, bytemuck::Zeroable)]
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
    /// Ascending.
    entries: Vec<Entry>,
    /// Where the entries begin whose shingle starts with these bits.
    directory: Zeros<u32>,
    directory_shift: u32,
    /// A bit for each of the values that the upper bits of a shingle can have.
    filter: Zeros<u64>,
    filter_shift: u32,
}

/// Bits of the filter for each entry, as a power of two: one lookup in 16 gets past it in vain.
const FILTER_BITS: u32 = 4;

/// How many shingles are looked up at a time.
const BATCH: usize = 128;

impl PrefixIndex {
    /// Indexes entries, fewer than 2^32 of them.
    ///
    /// # Errors
    /// The system's, if there is no memory for it.
    pub fn new(mut entries: Vec<Entry>) -> Result<Self> {
        let no_room = |error| Error::new(ErrorKind::Io(error));
        entries.par_sort_unstable();
        let bits = (entries.len().max(64) as u64).ilog2().min(32 - FILTER_BITS);
        let directory_shift = 32 - bits;
        let filter_shift = directory_shift - FILTER_BITS;
        let mut places = Zeros::<u32>::new((1 << bits) + 1).map_err(no_room)?;
        let directory = &mut places[..];
        let mut marks = Zeros::<u64>::new(1 << (bits + FILTER_BITS - 6)).map_err(no_room)?;
        let filter = &mut marks[..];
        for entry in &entries {
            directory[(entry.shingle() >> directory_shift) as usize + 1] += 1;
            let bit = entry.shingle() >> filter_shift;
            filter[(bit >> 6) as usize] |= 1 << (bit & 63);
        }
        let mut sum = 0;
        for start in directory {
            sum += *start;
            *start = sum;
        }
        Ok(PrefixIndex { entries, directory: places, directory_shift, filter: marks, filter_shift })
    }

    /// Calls `hit` with the documents that have one of `shingles` in their prefix, as often as they do.
    ///
    /// Each step is taken for a batch of shingles before the next one, for the tables
    /// are larger than the nearer caches: so the processor waits for many of them at a time.
    #[inline]
    pub fn look_up(&self, shingles: &[u32], mut hit: impl FnMut(DocId)) {
        let (directory, filter) = (&self.directory[..], &self.filter[..]);
        let mut passed = [0u32; BATCH];
        let mut cells = [(0u32, 0u32); BATCH];
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
            for (&(start, end), shingle) in cells[..count].iter().zip(passed) {
                let cell = &self.entries[start as usize..end as usize];
                let same = cell.iter().filter(|entry| entry.shingle() == shingle);
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
            let index = PrefixIndex::new(put_in.collect()).unwrap();
            for small in 0..50 {
                let mut hits = Vec::new();
                index.look_up(&[place(small)], |document| hits.push(document));
                let mut expected: Vec<DocId> = entries
                    .iter()
                    .filter(|entry| entry.0 == small)
                    .map(|&(_, document)| DocId(document))
                    .collect();
                expected.sort_unstable();
                prop_assert_eq!(hits, expected);
            }
        }
    }
}
