//! The index of the complete join: rare shingles to the documents that have them.
//!
//! In: shingle sets. Out: [`Frequencies`], approximate, and a [`PrefixIndex`]
//! of sorted entries behind a bit filter, since nearly every lookup is of a
//! shingle that is not there.

use std::sync::atomic::{AtomicU8, Ordering};

use rayon::prelude::*;

use crate::document::DocId;
use crate::lsh::CROWD_SIZE;

/// Counts stop here, far enough below the type's end that racing threads cannot pass it.
const SATURATED: u8 = 150;

/// In how many documents a shingle stands, or more: shingles that fall into one cell are counted together.
pub struct Frequencies {
    cells: Vec<AtomicU8>,
    /// Up to this hash the shingles of all documents were counted, beyond it those of some.
    counted: u64,
}

impl Frequencies {
    /// Counts, for each of some lists of documents, the shingles that it gives
    /// of them, which are at least all up to the hash `counted`.
    pub fn count<'s, S>(counted: u64, lists: impl Iterator<Item = (&'s [DocId], S)> + Clone) -> Self
    where
        S: Fn(DocId) -> &'s [u64] + Sync,
    {
        let sizes = |(documents, shingles): (&[DocId], S)| -> usize {
            documents.iter().map(|&document| shingles(document).len()).sum()
        };
        let total: usize = lists.clone().map(sizes).sum();
        let cells = 2 * total.max(1024).next_power_of_two();
        let frequencies =
            Frequencies { cells: (0..cells).map(|_| AtomicU8::new(0)).collect(), counted };
        for (documents, shingles) in lists {
            documents.par_iter().for_each(|&document| {
                for &shingle in shingles(document) {
                    let cell = frequencies.cell(shingle);
                    if cell.load(Ordering::Relaxed) < SATURATED {
                        cell.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        frequencies
    }

    /// The low bits choose the cell: the high ones are alike within a part of the hash space.
    fn cell(&self, shingle: u64) -> &AtomicU8 {
        &self.cells[shingle as usize & (self.cells.len() - 1)]
    }

    fn of(&self, shingle: u64) -> u8 {
        self.cell(shingle).load(Ordering::Relaxed)
    }

    /// Whether a shingle stands in one document only, for certain.
    fn is_unique(&self, shingle: u64, count: u8) -> bool {
        count == 1 && shingle <= self.counted
    }
}

/// Shingles with the documents whose prefix they are in.
pub struct PrefixIndex {
    /// Ascending by shingle.
    entries: Vec<(u64, DocId)>,
    /// The shingles whose entries are the leaders of a crowd, ascending.
    crowded: Vec<u64>,
    /// How many high bits are zero in every entry.
    spare: u32,
    /// Where the entries begin whose shingle, less the spare bits, starts with these bits.
    directory: Vec<u32>,
    directory_shift: u32,
    /// A bit for each of the many values that the upper bits of a shingle, less the spare ones, can have.
    filter: Vec<u64>,
    filter_shift: u32,
}

impl PrefixIndex {
    /// Indexes, of these shingles of each document, the `prefix` rarest, as far as another
    /// document has them too. Of more than
    /// [`CROWD_SIZE`] documents with the same one only those that `lead` chooses are.
    pub fn build<'s>(
        documents: &[DocId],
        shingles: impl Fn(DocId) -> &'s [u64] + Sync,
        prefix: impl Fn(DocId) -> usize + Sync,
        frequencies: &Frequencies,
        lead: impl FnMut(&[DocId]) -> Vec<DocId>,
    ) -> Self {
        let mut entries: Vec<(u64, DocId)> = documents
            .par_chunks(256)
            .flat_map_iter(|chunk| {
                let mut ranked: Vec<(u8, u64)> = Vec::new();
                let mut entries = Vec::new();
                for &document in chunk {
                    let shingles = shingles(document);
                    let wanted = prefix(document).min(shingles.len());
                    if wanted == 0 {
                        continue;
                    }
                    ranked.clear();
                    ranked
                        .extend(shingles.iter().map(|&shingle| (frequencies.of(shingle), shingle)));
                    ranked.select_nth_unstable(wanted - 1);
                    // What no other document has leads to none, and that is most of what is rare.
                    let shared = ranked[..wanted]
                        .iter()
                        .filter(|&&(count, shingle)| !frequencies.is_unique(shingle, count));
                    entries.extend(shared.map(|&(_, shingle)| (shingle, document)));
                }
                entries
            })
            .collect();
        entries.par_sort_unstable();
        let crowded = thin_crowds(&mut entries, lead);
        let spare = entries.last().map_or(0, |&(largest, _)| largest.leading_zeros());
        let bits = (entries.len().max(64) as u64).ilog2();
        let directory_shift = 64 - bits;
        let filter_shift = directory_shift.saturating_sub(4);
        let mut directory = vec![0u32; (1 << bits) + 1];
        let mut filter = vec![0u64; 1 << (64 - filter_shift - 6)];
        for &(shingle, _) in &entries {
            let spread = shingle << spare;
            directory[(spread >> directory_shift) as usize + 1] += 1;
            let bit = spread >> filter_shift;
            filter[(bit >> 6) as usize] |= 1 << (bit & 63);
        }
        // A crowd without a leader has no entry, and who meets it must be told all the same.
        for &shingle in &crowded {
            let bit = (shingle << spare) >> filter_shift;
            filter[(bit >> 6) as usize] |= 1 << (bit & 63);
        }
        let mut sum = 0;
        for start in &mut directory {
            sum += *start;
            *start = sum;
        }
        PrefixIndex { entries, crowded, spare, directory, directory_shift, filter, filter_shift }
    }

    /// Appends the documents that have one of `shingles` in their prefix, as
    /// often as they do; tells whether one of the shingles is that of a crowd.
    pub fn look_up(&self, shingles: &[u64], hits: &mut Vec<DocId>) -> bool {
        let mut meets_crowd = false;
        if self.entries.is_empty() && self.crowded.is_empty() {
            return false;
        }
        for &shingle in shingles {
            // A shingle that loses a bit here is in no entry; what it becomes is compared in full below.
            let spread = shingle << self.spare;
            let bit = spread >> self.filter_shift;
            if self.filter[(bit >> 6) as usize] & (1 << (bit & 63)) == 0 {
                continue;
            }
            let cell = (spread >> self.directory_shift) as usize;
            let (start, end) = (self.directory[cell] as usize, self.directory[cell + 1] as usize);
            let entries = self.entries[start..end].iter();
            hits.extend(entries.filter(|entry| entry.0 == shingle).map(|&(_, document)| document));
            meets_crowd |= !self.crowded.is_empty() && self.crowded.binary_search(&shingle).is_ok();
        }
        meets_crowd
    }
}

/// Leaves of each crowd its leaders; gives the shingles of the crowds.
fn thin_crowds(
    entries: &mut Vec<(u64, DocId)>,
    mut lead: impl FnMut(&[DocId]) -> Vec<DocId>,
) -> Vec<u64> {
    let mut crowded = Vec::new();
    let mut leaders: Vec<(u64, DocId)> = Vec::new();
    for list in entries.chunk_by(|a, b| a.0 == b.0).filter(|list| list.len() > CROWD_SIZE) {
        let members: Vec<DocId> = list.iter().map(|&(_, document)| document).collect();
        crowded.push(list[0].0);
        leaders.extend(lead(&members).into_iter().map(|leader| (list[0].0, leader)));
    }
    if !crowded.is_empty() {
        entries.retain(|(shingle, _)| crowded.binary_search(shingle).is_err());
        entries.append(&mut leaders);
        entries.par_sort_unstable();
    }
    crowded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_met_even_if_nobody_leads_it() {
        let documents: Vec<DocId> = (0..=CROWD_SIZE as u32).map(DocId).collect();
        let shingles: [u64; 1] = [7 << 40];
        let frequencies = Frequencies::count(
            u64::MAX,
            std::iter::once((&documents[..], |_: DocId| &shingles[..])),
        );
        for leaders in [Vec::new(), vec![DocId(3)]] {
            let lead = |_: &[DocId]| leaders.clone();
            let index = PrefixIndex::build(&documents, |_| &shingles, |_| 1, &frequencies, lead);
            let mut hits = Vec::new();
            assert!(index.look_up(&shingles, &mut hits));
            assert_eq!(hits, leaders);
            assert!(!index.look_up(&[8 << 40], &mut hits));
        }
    }
}
