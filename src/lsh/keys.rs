//! One set at a time to the keys under which the sets like it are found.
//!
//! In: the distinct shingles of a document. Out: keys, of which two documents at or above the
//! threshold share one, with the recall that was asked for. Whoever keeps documents by their keys, in a map or
//! in a table of a cluster, needs nothing else to find candidates, and no second pass over the corpus.
//!
//! A set of `num_hashes` shingles or more has the keys of its bands. A smaller one has its first
//! shingles in the order of their hashes: two sets of Jaccard similarity t share one of the first
//! n - ⌈tn⌉ + 1 of each, so that of small ones nothing is missed. A set that is only so much
//! larger that it may be near a small one has both. Whoever can look at all sets first takes
//! [the rarest](super::RareKeys) shingles instead.

use super::{LshParams, ShortSets, band_keys};
use crate::sketch::{SketchParams, Sketcher};
use crate::text::mix;

/// Sets the keys that are shingles apart from those of bands: from the fractional part of √2.
const FIRST: u64 = 0x6a09_e667_f3bc_c908;

/// The key of a shingle.
pub(super) fn shingle_key(shingle: u64) -> u64 {
    shingle ^ FIRST
}

/// Makes keys under fixed parameters.
#[derive(Clone, Debug)]
pub struct KeyMaker {
    sketcher: Sketcher,
    lsh: LshParams,
    short: ShortSets,
    signature: Vec<u32>,
    banded: Vec<u64>,
}

impl KeyMaker {
    /// A maker of keys that find, at the threshold, the share of pairs for which `lsh` was chosen; it sketches
    /// as wide as that needs.
    pub fn new(lsh: LshParams, threshold: f64, shingle_size: usize, seed: u64) -> Self {
        let params = SketchParams { shingle_size, num_hashes: lsh.num_hashes(), seed };
        KeyMaker {
            sketcher: Sketcher::new(&params),
            lsh,
            short: ShortSets::new(lsh, threshold),
            signature: vec![0; params.num_hashes],
            banded: Vec::new(),
        }
    }

    /// Appends the keys of a set (ascending, each shingle once). Cost: as of a signature.
    pub fn keys(&mut self, set: &[u64], keys: &mut Vec<u64>) {
        self.band_keys(set, keys);
        keys.extend(set[..self.short.prefix(set.len())].iter().map(|&one| shingle_key(one)));
    }

    /// Appends the keys of the bands of a set, if it is large enough to have any.
    pub fn band_keys(&mut self, set: &[u64], keys: &mut Vec<u64>) {
        if self.short.is_short(set.len()) {
            return;
        }
        self.sketcher.sketch(set, &mut self.signature);
        self.banded.clear();
        band_keys(&self.signature, self.lsh, &mut self.banded);
        // Equal rows of two bands say nothing.
        keys.extend((1..).zip(&self.banded).map(|(band, &key)| mix(key.wrapping_add(band))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn of_small_sets_nothing_is_missed(
            shared in 0u64..200, own in 0u64..60, others in 0u64..60, threshold in 0.3f64..=1.0, seed: u64
        ) {
            let element = |number: u64| mix(seed.wrapping_add(number));
            let set = |range: std::ops::Range<u64>| {
                let mut set: Vec<u64> = range.map(element).collect();
                set.sort_unstable();
                set
            };
            let (one, other) = (set(0..own + shared), set(own..own + shared + others));
            let lsh = LshParams::choose(threshold, 0.99).unwrap();
            let mut maker = KeyMaker::new(lsh, threshold, 5, seed);
            let mut keys = |set: &[u64]| {
                let mut keys = Vec::new();
                maker.keys(set, &mut keys);
                keys
            };
            let small = one.len().min(other.len()) < lsh.num_hashes();
            if small && shared > 0 && shared as f64 / (own + shared + others) as f64 >= threshold {
                let (one, other) = (keys(&one), keys(&other));
                prop_assert!(one.iter().any(|key| other.contains(key)));
            }
        }
    }

    #[test]
    fn bands_have_keys_of_their_own_and_only_large_sets_have_them() {
        let lsh = LshParams::choose(0.8, 0.999).unwrap();
        let mut maker = KeyMaker::new(lsh, 0.8, 5, 0);
        let mut count = |size: u64| {
            let mut set: Vec<u64> = (0..size).map(mix).collect();
            set.sort_unstable();
            let mut keys = Vec::new();
            maker.keys(&set, &mut keys);
            let found = keys.len();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), found);
            found
        };
        // 18 bands of 5 rows: 90 hashes, and sets of up to 112 may be near one of 89.
        assert_eq!([0, 1, 5, 89, 90, 112, 113].map(&mut count), [0, 1, 2, 18, 37, 41, 18]);
    }
}
