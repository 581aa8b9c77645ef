//! The index of the complete join: rare shingles to the documents that have them.
//!
//! In: shingle sets. Out: [`Frequencies`], approximate, and a [`PrefixIndex`]
//! of sorted entries behind a bit filter, since nearly every lookup is of a
//! shingle that is not there.

use std::sync::atomic::{AtomicU16, Ordering};

use rayon::prelude::*;

use crate::document::DocId;
use crate::shingle::ShingleSets;

/// Counts stop here, far enough below the type's end that racing threads cannot pass it.
const SATURATED: u16 = 60_000;

/// In how many documents a shingle stands, about: shingles that fall into one cell are counted together.
pub struct Frequencies {
    cells: Vec<AtomicU16>,
    shift: u32,
}

impl Frequencies {
    /// Counts the shingles of `documents`.
    pub fn count(sets: &ShingleSets, documents: &[DocId]) -> Self {
        let total: usize = documents.iter().map(|&document| sets.size(document)).sum();
        let bits = (total.max(1024) as u64).ilog2();
        let cells = (0..1usize << bits).map(|_| AtomicU16::new(0)).collect();
        let frequencies = Frequencies { cells, shift: 64 - bits };
        documents.par_iter().for_each(|&document| {
            for &shingle in sets.get(document) {
                let cell = frequencies.cell(shingle);
                if cell.load(Ordering::Relaxed) < SATURATED {
                    cell.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        frequencies
    }

    fn cell(&self, shingle: u64) -> &AtomicU16 {
        &self.cells[(shingle >> self.shift) as usize]
    }

    fn of(&self, shingle: u64) -> u16 {
        self.cell(shingle).load(Ordering::Relaxed)
    }
}

/// Shingles with the documents whose prefix they are in.
pub struct PrefixIndex {
    /// Ascending.
    entries: Vec<(u64, DocId)>,
    /// Where the entries begin whose shingle starts with these bits.
    directory: Vec<u32>,
    directory_shift: u32,
    /// A bit for each of the many values that the upper bits of a shingle can have.
    filter: Vec<u64>,
    filter_shift: u32,
}

impl PrefixIndex {
    /// Indexes, of each document, its `prefix` rarest shingles.
    pub fn build(
        sets: &ShingleSets,
        documents: &[DocId],
        frequencies: &Frequencies,
        prefix: impl Fn(DocId) -> usize + Sync,
    ) -> Self {
        let mut entries: Vec<(u64, DocId)> = documents
            .par_chunks(256)
            .flat_map_iter(|chunk| {
                let mut ranked: Vec<(u16, u64)> = Vec::new();
                let mut entries = Vec::new();
                for &document in chunk {
                    let wanted = prefix(document).min(sets.size(document));
                    if wanted == 0 {
                        continue;
                    }
                    ranked.clear();
                    ranked.extend(
                        sets.get(document)
                            .iter()
                            .map(|&shingle| (frequencies.of(shingle), shingle)),
                    );
                    ranked.select_nth_unstable(wanted - 1);
                    entries
                        .extend(ranked[..wanted].iter().map(|&(_, shingle)| (shingle, document)));
                }
                entries
            })
            .collect();
        entries.par_sort_unstable();
        let bits = (entries.len().max(64) as u64).ilog2();
        let directory_shift = 64 - bits;
        let filter_shift = directory_shift.saturating_sub(4);
        let mut directory = vec![0u32; (1 << bits) + 1];
        let mut filter = vec![0u64; 1 << (64 - filter_shift - 6)];
        for &(shingle, _) in &entries {
            directory[(shingle >> directory_shift) as usize + 1] += 1;
            let bit = shingle >> filter_shift;
            filter[(bit >> 6) as usize] |= 1 << (bit & 63);
        }
        let mut sum = 0;
        for start in &mut directory {
            sum += *start;
            *start = sum;
        }
        PrefixIndex { entries, directory, directory_shift, filter, filter_shift }
    }

    /// Appends the documents that have one of `shingles` in their prefix, as often as they do.
    pub fn look_up(&self, shingles: &[u64], hits: &mut Vec<DocId>) {
        for &shingle in shingles {
            let bit = shingle >> self.filter_shift;
            if self.filter[(bit >> 6) as usize] & (1 << (bit & 63)) == 0 {
                continue;
            }
            let cell = (shingle >> self.directory_shift) as usize;
            let (start, end) = (self.directory[cell] as usize, self.directory[cell + 1] as usize);
            let entries = self.entries[start..end].iter();
            hits.extend(entries.filter(|entry| entry.0 == shingle).map(|&(_, document)| document));
        }
    }
}
