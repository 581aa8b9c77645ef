//! Short sets to the keys under which those like them are found, where all of them can be looked at first.
//!
//! In: the sets that have a [prefix](ShortSets::prefix), twice: to count their shingles, and to choose of each
//! the rarest. Out: keys with the [`Spot`] of each, and which two documents of a key have to be compared.
//! Nothing at or above the threshold is missed, as with shingles in the order of their hashes
//! ([`KeyMaker`](super::KeyMaker)); but of set phrases, which many sets share, few become keys. The table of
//! ranks is all that has to be known of other sets, so that these can be anywhere.
//!
//! - *Cells, not shingles.* Shingles of a cell are counted together, so that a count is never too small and the
//!   table has at most 16 MB, however many shingles there are. A shingle that is alone in its cell is in no
//!   other set, and is no key; nor is, of a set that has bands, a shingle in whose cell none of a short set is.
//! - *Sizes and places.* Documents meet at their first common shingle in the order of ranks, which leaves them
//!   no more to share than follows there in either. If that is too little for the threshold, they are no
//!   candidates, at least not by this key (Xiao, Wang, Lin, Yu: Efficient similarity joins for near duplicate
//!   detection, 2008).

use super::ShortSets;
use super::keys::shingle_key;
use crate::text::mix;
use crate::verify::least_overlap_near;

/// The most cells a table has, as a power of two.
const MOST_CELLS: u32 = 24;

/// How many shingles are counted, about: four for each of the most cells there are. Of more, a sample tells
/// nearly as well which are everywhere.
const MOST_SHINGLES: u64 = 1 << 26;

/// How many cells are in a slice, as a power of two.
const SLICE: u32 = 16;

/// Of the rank of a cell the bit that tells of a shingle of a short set.
const OF_SHORT: u8 = 1 << 7;

/// Most that one entry of a slice counts.
const MOST_AN_ENTRY: u32 = (1 << 15) - 1;

/// The cell of a shingle: its first bits, so that the shingles of a set are looked up in ascending order.
fn cell(shingle: u64, cells: u32) -> usize {
    (shingle >> (64 - cells)) as usize
}

/// A count as a byte: itself below 15, and a number that grows with its logarithm from there on.
pub(crate) const fn coded(count: u32) -> u8 {
    if count < 15 {
        return count as u8;
    }
    let more = count + 1;
    let octave = more.ilog2();
    let quarter = more >> (octave - 2) & 3;
    15 + (4 * (octave - 4) + quarter) as u8
}

/// How often shingles occur in some of the sets.
pub struct ShingleCounts {
    short: ShortSets,
    cells: u32,
    /// Of so many sets, as a power of two, one is counted.
    sets_a_sample: u32,
    /// A count, with the lowest bit for shingles of short sets.
    counts: Vec<u32>,
}

impl ShingleCounts {
    /// None yet, of sets that have so many shingles together. There are about as many cells.
    pub fn new(short: ShortSets, shingles: u64) -> Self {
        let cells = shingles.max(1).next_power_of_two().ilog2().clamp(SLICE, MOST_CELLS);
        let sets_a_sample = shingles.div_ceil(MOST_SHINGLES).max(1).next_power_of_two().ilog2();
        ShingleCounts::with(short, cells, sets_a_sample)
    }

    fn with(short: ShortSets, cells: u32, sets_a_sample: u32) -> Self {
        ShingleCounts { short, cells, sets_a_sample, counts: vec![0; 1 << cells] }
    }

    /// How many cells there are, as many as there will be ranks.
    pub fn cells(&self) -> usize {
        self.counts.len()
    }

    /// Whether all sets are counted, and no sample.
    pub fn is_whole(&self) -> bool {
        self.sets_a_sample == 0
    }

    /// Counts the shingles of a set, if it has a prefix and is of the sample. Which sets are depends on nothing
    /// but their shingles.
    pub fn add(&mut self, set: &[u64]) {
        let sum = mix(set.iter().fold(0, |sum: u64, &shingle| sum.wrapping_add(shingle)));
        if self.short.prefix(set.len()) == 0 || sum.trailing_zeros() < self.sets_a_sample {
            return;
        }
        let is_short = u32::from(self.short.is_short(set.len()));
        for &shingle in set {
            let count = &mut self.counts[cell(shingle, self.cells)];
            *count = count.saturating_add(2) | *count & 1 | is_short;
        }
    }

    /// The counts slice by slice, as entries for [`SliceSum::add`]; slices without any are left out.
    pub fn slices(&self) -> impl Iterator<Item = (usize, Vec<u32>)> {
        let slices = self.counts.chunks(1 << SLICE).map(|counts| {
            let mut entries = Vec::new();
            for (place, &count) in (0u32..).zip(counts) {
                let (mut left, is_short) = (count >> 1, count & 1);
                while left > 0 {
                    let part = left.min(MOST_AN_ENTRY);
                    entries.push(place << SLICE | part << 1 | is_short);
                    left -= part;
                }
            }
            entries
        });
        slices.enumerate().filter(|(_, entries)| !entries.is_empty())
    }
}

/// The counts of a slice, from wherever there are some.
pub struct SliceSum(Vec<u32>);

impl Default for SliceSum {
    fn default() -> Self {
        SliceSum(vec![0; 1 << SLICE])
    }
}

impl SliceSum {
    /// Adds what was counted somewhere.
    pub fn add(&mut self, entries: impl IntoIterator<Item = u32>) {
        for entry in entries {
            let sum = &mut self.0[(entry >> SLICE) as usize];
            let count = entry & (2 * MOST_AN_ENTRY);
            *sum = sum.saturating_add(count) | *sum & 1 | entry & 1;
        }
    }

    /// The rank of each cell; the ranks of all slices, one after the other, are a table for [`RareKeys`].
    pub fn ranks(&self) -> Vec<u8> {
        self.0
            .iter()
            .map(|&sum| coded(sum >> 1) | if sum & 1 == 1 { OF_SHORT } else { 0 })
            .collect()
    }
}

/// Where in a set, ordered by ranks, the shingle of a key stands, and how large the set is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// How many shingles the set has.
    pub size: u16,
    /// How many of them come before.
    pub place: u16,
}

impl Spot {
    /// As a number that is ordered as spots are, by size first.
    pub fn to_number(self) -> i32 {
        i32::from(self.size) << 16 | i32::from(self.place)
    }

    /// From such a number.
    pub fn from_number(number: i32) -> Self {
        Spot { size: (number >> 16) as u16, place: number as u16 }
    }
}

impl ShortSets {
    /// Whether two sets whose first common shingle has these spots may be a pair that bands do not find.
    pub fn may_match(&self, one: Spot, other: Spot) -> bool {
        let (size_a, size_b) = (usize::from(one.size), usize::from(other.size));
        // A hair less than the threshold, so that no rounding loses a pair; it is verified anyway.
        let least = least_overlap_near(self.threshold() - 1e-9, size_a, size_b);
        let left = |spot: Spot| usize::from(spot.size - spot.place);
        self.is_short(size_a.min(size_b)) && least <= left(one).min(left(other))
    }
}

/// Chooses the keys of sets by a table of ranks.
pub struct RareKeys<'a> {
    short: ShortSets,
    ranks: &'a [u8],
    cells: u32,
    is_whole: bool,
    ordered: Vec<(u8, u64)>,
}

impl<'a> RareKeys<'a> {
    /// By the ranks of a power of two of cells; `is_whole` if all sets were counted.
    pub fn new(short: ShortSets, ranks: &'a [u8], is_whole: bool) -> Self {
        let cells = ranks.len().ilog2();
        RareKeys { short, ranks, cells, is_whole, ordered: Vec::new() }
    }

    /// Hands out the keys of a set.
    pub fn keys(&mut self, set: &[u64], mut each: impl FnMut(u64, Spot)) {
        let prefix = self.short.prefix(set.len());
        if prefix == 0 {
            return;
        }
        let rank_of = |shingle| self.ranks[cell(shingle, self.cells)];
        self.ordered.clear();
        self.ordered.extend(set.iter().map(|&shingle| (rank_of(shingle) & !OF_SHORT, shingle)));
        self.ordered.sort_unstable();
        for (place, &(rank, shingle)) in self.ordered[..prefix].iter().enumerate() {
            let is_alone =
                rank == 1 || !self.short.is_short(set.len()) && rank_of(shingle) & OF_SHORT == 0;
            if !(self.is_whole && is_alone) {
                let spot = Spot { size: set.len() as u16, place: place as u16 };
                each(shingle_key(shingle), spot);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lsh::LshParams;
    use proptest::prelude::*;

    /// Sets that share runs of each other's shingles and phrases that are everywhere.
    fn sets(seed: u64, count: u64) -> Vec<Vec<u64>> {
        let element = |number: u64| mix(seed.wrapping_add(number));
        (0..count)
            .map(|set| {
                let draw = |what: u64, most: u64| mix(seed ^ mix(set << 8 | what)) % most;
                let start = 1000 * draw(0, 4) + draw(1, 8);
                let own = (start..start + 20 + draw(2, 4) * 29 + draw(3, 6)).map(element);
                let common = (0..draw(4, 9)).map(|number| element(1 << 20 | number));
                let mut set: Vec<u64> = own.chain(common).collect();
                set.sort_unstable();
                set
            })
            .collect()
    }

    fn jaccard(one: &[u64], other: &[u64]) -> f64 {
        let shared = one.iter().filter(|shingle| other.contains(shingle)).count();
        shared as f64 / (one.len() + other.len() - shared) as f64
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_pair_with_a_short_set_is_missed(
            seed: u64, threshold in 0.4f64..=1.0, sets_a_sample in 0u32..3, shares in 1usize..4
        ) {
            let short = ShortSets::new(LshParams::choose(threshold, 0.99).unwrap(), threshold);
            let sets = sets(seed, 40);
            // Counted in several places, in any order.
            let mut sums: Vec<SliceSum> = Vec::new();
            for share in (0..shares).rev() {
                let mut counts = ShingleCounts::with(short, SLICE + 1, sets_a_sample);
                sets.iter().skip(share).step_by(shares).for_each(|set| counts.add(set));
                sums.resize_with(2, SliceSum::default);
                counts.slices().for_each(|(slice, entries)| sums[slice].add(entries));
            }
            let ranks: Vec<u8> = sums.iter().flat_map(SliceSum::ranks).collect();
            let mut rare = RareKeys::new(short, &ranks, sets_a_sample == 0);
            let keys: Vec<Vec<(u64, Spot)>> = sets
                .iter()
                .map(|set| {
                    let mut keys = Vec::new();
                    rare.keys(set, |key, spot| keys.push((key, spot)));
                    keys
                })
                .collect();
            for (a, one) in sets.iter().enumerate() {
                for (b, other) in sets[..a].iter().enumerate() {
                    let is_short = short.is_short(one.len().min(other.len()));
                    if is_short && jaccard(one, other) >= threshold {
                        let meet = |(key, spot): &(u64, Spot)| {
                            keys[b].iter().any(|(other, at)| key == other && short.may_match(*spot, *at))
                        };
                        prop_assert!(keys[a].iter().any(meet), "{} {}", one.len(), other.len());
                    }
                }
            }
        }
    }

    #[test]
    fn what_all_have_comes_last_and_what_one_has_is_no_key() {
        let short = ShortSets::new(LshParams::choose(0.8, 0.999).unwrap(), 0.8);
        // Each shingle in a cell of its own: one set has the first 40 alone, and 100 others all the rest.
        let shingles: Vec<u64> = (0..60).map(|number: u64| number << 52).collect();
        let mut counts = ShingleCounts::new(short, 1);
        counts.add(&shingles);
        (0..100).for_each(|_| counts.add(&shingles[40..]));
        let mut sum = SliceSum::default();
        counts.slices().for_each(|(slice, entries)| {
            assert_eq!(slice, 0);
            sum.add(entries);
        });
        let ranks = sum.ranks();
        let mut rare = RareKeys::new(short, &ranks, true);
        let mut found = Vec::new();
        // Of 60, twelve may be missing in another: the prefix is of the 40 that nobody else has.
        rare.keys(&shingles, |key, spot| found.push((key, spot)));
        assert_eq!(found, []);
        rare.keys(&shingles[40..], |key, spot| found.push((key, spot)));
        let expected = (0..5).map(|place| {
            (shingle_key(shingles[40 + place]), Spot { size: 20, place: place as u16 })
        });
        assert_eq!(found, expected.collect::<Vec<_>>());
    }

    #[test]
    fn ranks_ascend_and_spots_are_numbers() {
        let ranks: Vec<u8> = (0..100_000).map(coded).collect();
        assert!(ranks.is_sorted() && ranks[15] == 15 && coded(u32::MAX >> 1) < OF_SHORT);
        let spot = Spot { size: 426, place: 300 };
        assert_eq!(Spot::from_number(spot.to_number()), spot);
        // Twenty of a hundred may be missing; with eleven of both passed, 89 are left to share.
        let short = ShortSets::new(LshParams::choose(0.8, 0.999).unwrap(), 0.8);
        let spot = |size, place| Spot { size, place };
        for (one, other, may) in [
            (spot(80, 8), spot(80, 8), true),
            (spot(80, 9), spot(80, 0), false),
            (spot(80, 0), spot(100, 0), true),
            (spot(80, 0), spot(101, 0), false),
            (spot(90, 0), spot(90, 0), false),
        ] {
            assert_eq!(short.may_match(one, other), may, "{one:?} {other:?}");
            assert_eq!(short.may_match(other, one), may);
        }
    }

    #[test]
    fn tables_are_bounded() {
        let short = ShortSets::new(LshParams::choose(0.8, 0.999).unwrap(), 0.8);
        for (shingles, cells, is_whole) in [
            (0, 16, true),
            (1 << 16, 16, true),
            ((1 << 16) + 1, 17, true),
            (1 << 26, 24, true),
            ((1 << 26) + 1, 24, false),
            (1 << 40, 24, false),
        ] {
            let counts = ShingleCounts::new(short, shingles);
            assert_eq!((counts.cells(), counts.is_whole()), (1 << cells, is_whole), "{shingles}");
        }
        // One in four.
        let mut counts = ShingleCounts::new(short, 1 << 28);
        (1..1000).for_each(|number| counts.add(&[number << 40]));
        let counted: usize = counts.slices().map(|(_, entries)| entries.len()).sum();
        assert!((150..350).contains(&counted), "{counted}");
    }

    #[test]
    fn counts_are_not_cut_where_an_entry_is_full() {
        let short = ShortSets::new(LshParams::choose(0.8, 0.999).unwrap(), 0.8);
        let mut counts = ShingleCounts::new(short, 1);
        (0..100_000).for_each(|_| counts.add(&[7 << 60]));
        let mut sum = SliceSum::default();
        counts.slices().for_each(|(_, entries)| sum.add(entries));
        assert_eq!(sum.ranks()[7 << 12], coded(100_000) | OF_SHORT);
    }
}
