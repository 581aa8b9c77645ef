//! Candidates to pairs: what two documents really share.
//!
//! In: two shingle [`Set`]s. Out: a [`Pair`] with the true size of their
//! intersection, from which Jaccard similarity and containment follow, if it
//! meets the [`Criteria`]. One pair is counted by merging; where many
//! pairs are of few documents, all of their sets are made [bits](BitSets) first.

mod bits;
mod groups;
mod overlap;

pub use bits::BitSets;
pub use groups::{Edge, groups};

use crate::document::DocId;
use overlap::overlap;

/// A document as it is compared.
#[derive(Clone, Copy, Debug)]
pub struct Set<'a, T = u64> {
    /// Which one it is.
    pub document: DocId,
    /// Its distinct shingles, ascending.
    pub shingles: &'a [T],
    /// How many tokens it has.
    pub words: u32,
    /// Whether it is long enough to be contained in another.
    pub may_be_contained: bool,
}

/// Two documents with what they share, counted on their whole shingle sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// The document that is read first.
    pub a: DocId,
    /// The document that is read later.
    pub b: DocId,
    /// Distinct shingles that both have.
    pub shared: u32,
    /// Distinct shingles of `a`.
    pub size_a: u32,
    /// Distinct shingles of `b`.
    pub size_b: u32,
}

impl Pair {
    /// |A ∩ B| / |A ∪ B|.
    pub fn jaccard(&self) -> f64 {
        f64::from(self.shared)
            / (f64::from(self.size_a) + f64::from(self.size_b) - f64::from(self.shared))
    }

    /// |A ∩ B| / min(|A|, |B|): the share of the smaller that stands in the larger.
    pub fn containment(&self) -> f64 {
        f64::from(self.shared) / f64::from(self.size_a.min(self.size_b))
    }
}

/// How many shingles two sets (ascending, each once) share. Cost: linear, less when they differ much in size.
pub fn shared<T: Copy + Ord>(one: &[T], other: &[T]) -> usize {
    overlap(one, other, 0).expect("every overlap is at least nothing")
}

/// When a pair counts.
#[derive(Clone, Copy, Debug)]
pub struct Criteria {
    /// Least Jaccard similarity of a near pair.
    pub threshold: f64,
    /// Least containment of a contained pair.
    pub containment: f64,
}

impl Criteria {
    /// Whether the two are near-duplicates.
    pub fn is_near(&self, pair: &Pair) -> bool {
        pair.jaccard() >= self.threshold
    }

    /// Counts what two documents share, unless it is too little for either criterion.
    /// Cost: linear in the two sets, less when they differ much.
    pub fn verify<T: Copy + Ord>(&self, one: Set<'_, T>, other: Set<'_, T>) -> Option<Pair> {
        self.judge(one, other, |least| overlap(one.shingles, other.shingles, least))
    }

    /// The same, where `count` gives what the two share, if it is at least as much as it is told.
    pub fn judge<T: Copy>(
        &self,
        one: Set<'_, T>,
        other: Set<'_, T>,
        count: impl FnOnce(usize) -> Option<usize>,
    ) -> Option<Pair> {
        let (a, b) = if one.document < other.document { (one, other) } else { (other, one) };
        let (size_a, size_b) = (a.shingles.len(), b.shingles.len());
        // Fewer words decide between sets of one size, not the order of reading.
        let smaller = std::cmp::min_by_key(a, b, |set| (set.shingles.len(), set.words));
        let near = least_overlap_near(self.threshold, size_a, size_b);
        let contained = least_overlap_contained(self.containment, smaller.shingles.len());
        let least = if smaller.may_be_contained { near.min(contained) } else { near };
        let shared = count(least)? as u32;
        let (size_a, size_b) = (size_a as u32, size_b as u32);
        Some(Pair { a: a.document, b: b.document, shared, size_a, size_b })
    }
}

/// The smallest intersection with which two sets of these sizes reach a Jaccard similarity.
pub fn least_overlap_near(threshold: f64, size_a: usize, size_b: usize) -> usize {
    // The quotient decides, as it will be printed; the closed form is only where to start.
    let reaches = |shared: usize| shared as f64 / (size_a + size_b - shared) as f64 >= threshold;
    let mut least = (threshold / (1.0 + threshold) * (size_a + size_b) as f64) as usize;
    least = least.min(size_a + size_b - 1).saturating_sub(1);
    while least < size_a + size_b && !reaches(least) {
        least += 1;
    }
    least
}

/// The smallest intersection with which a set of this size reaches a containment.
pub fn least_overlap_contained(containment: f64, size: usize) -> usize {
    let mut least = ((containment * size as f64) as usize).saturating_sub(1);
    while least as f64 / (size as f64) < containment {
        least += 1;
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_least_overlaps_are_the_least(
            threshold in 0.3f64..=1.0, size_a in 1usize..300, size_b in 1usize..300
        ) {
            let jaccard = |shared: usize| shared as f64 / (size_a + size_b - shared) as f64;
            let least = least_overlap_near(threshold, size_a, size_b);
            let smaller = size_a.min(size_b);
            for shared in 0..=smaller {
                prop_assert_eq!(shared >= least, jaccard(shared) >= threshold);
            }
            let least = least_overlap_contained(threshold, smaller);
            for shared in 0..=smaller {
                prop_assert_eq!(shared >= least, shared as f64 / smaller as f64 >= threshold);
            }
        }
    }
}
