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

/// Sets as rows of bits; the room is kept from sets to sets.
#[derive(Debug, Default)]
pub struct BitSets {
    /// Words a row.
    width: usize,
    rows: Vec<u64>,
    /// By the hash of a shingle: the shingle, or 0, and its column.
    table: Vec<(u64, u32)>,
    /// For each shingle of each set its slot in the table.
    places: Vec<u32>,
}

/// No column: only one set has the shingle, so far.
const ALONE: u32 = u32::MAX;

impl BitSets {
    /// Makes bits of the `sets`, whose shingles are distinct in each, in place of those before. Cost: linear, in 40
    /// bytes a shingle, and the rows.
    pub fn fill(&mut self, sets: &[&[u64]]) {
        let BitSets { width, rows, table, places } = self;
        let total: usize = sets.iter().map(|set| set.len()).sum();
        let slots = (2 * total).next_power_of_two().max(2);
        let shift = 64 - slots.ilog2();
        table.clear();
        table.resize(slots, (0, 0));
        places.clear();
        let mut columns = 0;
        for &shingle in sets.iter().copied().flatten() {
            // A shingle is a hash already. Zero marks an empty slot, so that zero itself, should it
            // come, is taken for another.
            let key = shingle.max(1);
            let mut slot = (key >> shift) as usize;
            while table[slot].0 != key && table[slot].0 != 0 {
                slot = (slot + 1) & (slots - 1);
            }
            let (found, column) = &mut table[slot];
            if *found == 0 {
                (*found, *column) = (key, ALONE);
            } else if *column == ALONE {
                *column = columns;
                columns += 1;
            }
            places.push(slot as u32);
        }
        *width = (columns as usize).div_ceil(64);
        rows.clear();
        rows.resize(*width * sets.len(), 0);
        let mut place = places.iter();
        for (set, row) in sets.iter().zip(rows.chunks_mut((*width).max(1))) {
            for &slot in place.by_ref().take(set.len()) {
                let column = table[slot as usize].1;
                if column != ALONE {
                    row[(column >> 6) as usize] |= 1 << (column & 63);
                }
            }
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
            sets in proptest::collection::vec(proptest::collection::btree_set(0u64..200, 0..120), 0..9)
        ) {
            let hashed: Vec<Vec<u64>> =
                sets.iter().map(|set| set.iter().map(|&one| mix(one + 1)).collect()).collect();
            let slices: Vec<&[u64]> = hashed.iter().map(Vec::as_slice).collect();
            let mut bits = BitSets::default();
            // What was there before is nothing to what comes.
            bits.fill(&slices[..slices.len() / 2]);
            bits.fill(&slices);
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
