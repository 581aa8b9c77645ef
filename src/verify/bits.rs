//! How much each two of some sets share, by bits.
//!
//! In: the sets of documents that are alike, such as all editions of a story. Out: [`BitSets`], a
//! row of bits for each set and a column for each shingle that two of them have. The
//! intersection of two sets is then a bitwise and of their rows: of a hundred editions of 500 words
//! each pair takes some twenty words, where a merge would take a thousand steps. To
//! make the bits costs about as much as ten merges of each set.
//!
//! The counting loop is plain Rust, compiled a second time for x86-64 processors that count bits
//! in one instruction, which is asked at run time.

use std::ops::Range;

/// Sets as rows of bits; the room is kept from sets to sets.
#[derive(Debug, Default)]
pub struct BitSets {
    /// Words a row.
    width: usize,
    rows: Vec<u64>,
    /// By the hash of a shingle: the shingle, or 0, and its column. Of a part at a time.
    table: Vec<(u64, u32)>,
    /// How many shingles of each set have been gone through.
    ends: Vec<usize>,
    /// For each shingle of each set its slot in the table of its part, then its column.
    columns: Vec<u32>,
}

/// The column of what only one set has; it stays empty.
const ALONE: u32 = 0;

/// About how many shingles are numbered at a time: their table is held by the second cache.
const SHINGLES_A_PART: usize = 1 << 11;

impl BitSets {
    /// Makes bits of the `sets`, each ascending and distinct, in place of those before. Cost: linear, in 4
    /// bytes a shingle, the rows, and the table of a part.
    pub fn fill(&mut self, sets: &[&[u64]]) {
        self.fill_in_parts(sets, SHINGLES_A_PART);
    }

    fn fill_in_parts(&mut self, sets: &[&[u64]], shingles_a_part: usize) {
        let BitSets { width, rows, table, ends, columns } = self;
        let total: usize = sets.iter().map(|set| set.len()).sum();
        columns.clear();
        columns.reserve_exact(total);
        columns.resize(total, ALONE);
        ends.clear();
        ends.resize(sets.len(), 0);
        let mut next = ALONE + 1;
        let bits = (total / shingles_a_part).max(1).ilog2();
        for part in 0..1u64 << bits {
            // Shingles are hashes already: their first bits are the part, and those that follow the slot.
            let last = (part << (u64::BITS - 1 - bits) << 1) | (u64::MAX >> bits);
            let parts: Vec<Range<usize>> = sets
                .iter()
                .zip(ends.iter_mut())
                .map(|(set, end)| {
                    let start = *end;
                    *end += set[start..].iter().take_while(|&&shingle| shingle <= last).count();
                    start..*end
                })
                .collect();
            let slots =
                (2 * parts.iter().map(Range::len).sum::<usize>()).next_power_of_two().max(2);
            let slot_of = |key: u64| ((key << bits) >> (u64::BITS - slots.ilog2())) as usize;
            table.clear();
            table.resize(slots, (0, ALONE));
            let mut rest = &mut columns[..];
            for (set, part) in sets.iter().zip(&parts) {
                let (of_set, others) = rest.split_at_mut(set.len());
                rest = others;
                for (place, &shingle) in of_set[part.clone()].iter_mut().zip(&set[part.clone()]) {
                    // Zero marks an empty slot, so that zero itself, should it come, is taken for another.
                    let key = shingle.max(1);
                    let mut slot = slot_of(key);
                    while table[slot].0 != key && table[slot].0 != 0 {
                        slot = (slot + 1) & (slots - 1);
                    }
                    let (found, column) = &mut table[slot];
                    // Whether it is the second time is cheaper to count than to guess.
                    let is_second = *found == key && *column == ALONE;
                    *found = key;
                    *column = if is_second { next } else { *column };
                    next += u32::from(is_second);
                    *place = slot as u32;
                }
            }
            let mut rest = &mut columns[..];
            for (set, part) in sets.iter().zip(parts) {
                let (of_set, others) = rest.split_at_mut(set.len());
                rest = others;
                of_set[part].iter_mut().for_each(|place| *place = table[*place as usize].1);
            }
        }
        *width = (next as usize).div_ceil(64);
        rows.clear();
        rows.resize(*width * sets.len(), 0);
        let mut rest = &columns[..];
        for (set, row) in sets.iter().zip(rows.chunks_exact_mut(*width)) {
            let (of_set, others) = rest.split_at(set.len());
            rest = others;
            of_set.iter().for_each(|column| row[(column >> 6) as usize] |= 1 << (column & 63));
            row[0] &= !(1 << ALONE);
        }
    }

    /// How many shingles two of the sets share, by their places. Cost: a word of each for 64 columns.
    pub fn shared(&self, one: usize, other: usize) -> usize {
        let row = |set: usize| &self.rows[set * self.width..(set + 1) * self.width];
        common_bits(row(one), row(other))
    }
}

/// How many bits two rows have in common.
fn common_bits(one: &[u64], other: &[u64]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("popcnt") {
        // SAFETY: the processor was just found to have POPCNT, the one feature the function is compiled for.
        return unsafe { common_bits_popcnt(one, other) };
    }
    common_bits_portable(one, other)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "popcnt")]
fn common_bits_popcnt(one: &[u64], other: &[u64]) -> usize {
    common_bits_portable(one, other)
}

#[inline(always)]
fn common_bits_portable(one: &[u64], other: &[u64]) -> usize {
    one.iter().zip(other).map(|(one, other)| (one & other).count_ones() as usize).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::mix;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn bits_share_what_sets_share(
            sets in proptest::collection::vec(proptest::collection::btree_set(0u64..200, 0..120), 0..9),
            shingles_a_part in 1usize..400,
        ) {
            // The smallest hash there is, and the largest, which ends the last part.
            let hash = |&one: &u64| match one {
                0 => 0,
                1 => u64::MAX,
                _ => mix(one),
            };
            let hashed = |set: &BTreeSet<u64>| set.iter().map(hash).collect::<BTreeSet<u64>>();
            let hashed: Vec<Vec<u64>> =
                sets.iter().map(|set| hashed(set).into_iter().collect()).collect();
            let slices: Vec<&[u64]> = hashed.iter().map(Vec::as_slice).collect();
            let mut bits = BitSets::default();
            // What was there before is nothing to what comes.
            bits.fill(&slices[..slices.len() / 2]);
            bits.fill_in_parts(&slices, shingles_a_part);
            for (i, one) in sets.iter().enumerate() {
                for (j, other) in sets.iter().enumerate().filter(|(j, _)| *j != i) {
                    prop_assert_eq!(bits.shared(i, j), one.intersection(other).count());
                }
            }
        }

        #[test]
        fn both_ways_to_count_agree(rows in proptest::collection::vec((any::<u64>(), any::<u64>()), 0..40)) {
            let (one, other): (Vec<u64>, Vec<u64>) = rows.into_iter().unzip();
            let chosen = common_bits(&one, &other);
            prop_assert_eq!(chosen, common_bits_portable(&one, &other));
            let places = |row: &[u64]| -> BTreeSet<usize> {
                (0..64 * row.len()).filter(|bit| row[bit / 64] >> (bit % 64) & 1 == 1).collect()
            };
            prop_assert_eq!(chosen, places(&one).intersection(&places(&other)).count());
        }
    }
}
