//! Sets too small for bands.
//!
//! A set of fewer shingles than a signature has values would say them again and again. It is found by a few
//! shingles of its own instead, its prefix; and so must be what is only so much larger that it may
//! be near it. Of two sets of Jaccard similarity t, the larger has at most ⌊n/t⌋ shingles where the smaller has n.

use super::LshParams;

/// Tells which sets are short, and how long the prefix of a set is.
#[derive(Clone, Copy, Debug)]
pub struct ShortSets {
    threshold: f64,
    /// How many values a signature has.
    width: usize,
}

impl ShortSets {
    /// For signatures of these bands, and pairs at or above the threshold.
    pub fn new(lsh: LshParams, threshold: f64) -> Self {
        ShortSets { threshold, width: lsh.num_hashes() }
    }

    /// The least similarity of a pair.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Whether a set of this size has no bands.
    pub fn is_short(&self, size: usize) -> bool {
        size < self.width
    }

    /// How many of the first shingles of a set of this size are its prefix: in whatever order, if it is that of
    /// all sets, two at or above the threshold have one of these in common. None, if it cannot be near a short set.
    pub fn prefix(&self, size: usize) -> usize {
        // One too many costs a key; one too few would cost a pair.
        let least = self.threshold * size as f64 - 1e-9;
        if least >= self.width as f64 - 1e-9 {
            0
        } else {
            (size + 1 - least.ceil() as usize).min(size)
        }
    }
}
