//! Candidates to pairs: what two documents really share.
//!
//! In: two shingle [`Set`]s. Out: a [`Pair`] with the true size of their
//! intersection, from which Jaccard similarity and containment follow, if it
//! meets the [`Criteria`]. The merge stops as soon as the intersection can no
//! longer reach what is needed.

use crate::document::DocId;

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
        let (a, b) = if one.document < other.document { (one, other) } else { (other, one) };
        let (size_a, size_b) = (a.shingles.len(), b.shingles.len());
        // Fewer words decide between sets of one size, not the order of reading.
        let smaller = std::cmp::min_by_key(a, b, |set| (set.shingles.len(), set.words));
        let near = least_overlap_near(self.threshold, size_a, size_b);
        let contained = least_overlap_contained(self.containment, smaller.shingles.len());
        let least = if smaller.may_be_contained { near.min(contained) } else { near };
        let shared = overlap(a.shingles, b.shingles, least)? as u32;
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

/// How many times larger the larger set must be for leaping to beat walking.
const LEAP: usize = 8;

/// The size of the intersection of two ascending sets, if it is at least `least`.
fn overlap<T: Copy + Ord>(one: &[T], other: &[T], least: usize) -> Option<usize> {
    let (small, large) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    // How many of the smaller set may be missing in the larger.
    let missing = small.len().checked_sub(least)?;
    let shared = if large.len() / LEAP > small.len() {
        overlap_leaping(small, large, missing)
    } else {
        overlap_walking(small, large, missing)
    };
    shared.filter(|&shared| shared >= least)
}

/// Goes through both sets, and stops once too many of the smaller are `missing`.
fn overlap_walking<T: Copy + Ord>(small: &[T], large: &[T], missing: usize) -> Option<usize> {
    const STEP: usize = 32;
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < small.len() && j < large.len() {
        if i - shared > missing {
            return None;
        }
        // As many steps as neither set can end in, without a look at the ends.
        let steps = STEP.min(small.len() - i).min(large.len() - j);
        for _ in 0..steps {
            let (x, y) = (small[i], large[j]);
            shared += usize::from(x == y);
            i += usize::from(x <= y);
            j += usize::from(y <= x);
        }
    }
    Some(shared)
}

/// Looks for each of the smaller set in the larger, from where the last one was, in growing leaps.
fn overlap_leaping<T: Copy + Ord>(small: &[T], large: &[T], missing: usize) -> Option<usize> {
    let (mut rest, mut shared) = (large, 0);
    for (index, &x) in small.iter().enumerate() {
        if index - shared > missing {
            return None;
        }
        let mut reach = 1;
        while reach < rest.len() && rest[reach] < x {
            reach *= 2;
        }
        let near = &rest[..rest.len().min(reach + 1)];
        rest = &rest[near.partition_point(|&y| y < x)..];
        shared += usize::from(rest.first() == Some(&x));
    }
    Some(shared)
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

        #[test]
        fn the_overlap_is_that_of_sets(
            a in proptest::collection::btree_set(0u64..120, 0..80),
            b in proptest::collection::btree_set(0u64..120, 0..80),
            lone in proptest::collection::btree_set(0u64..120, 0..8),
            least in 0usize..40,
        ) {
            let truth = a.intersection(&b).count();
            let (a, b): (Vec<u64>, Vec<u64>) = (a.into_iter().collect(), b.into_iter().collect());
            prop_assert_eq!(overlap(&a, &b, least), (truth >= least).then_some(truth));
            prop_assert_eq!(overlap(&b, &a, least), (truth >= least).then_some(truth));
            let truth = lone.iter().filter(|x| a.contains(x)).count();
            let lone: Vec<u64> = lone.into_iter().collect();
            prop_assert_eq!(overlap_leaping(&lone, &a, lone.len()), Some(truth));
            prop_assert_eq!(overlap_walking(&lone, &a, lone.len()), Some(truth));
        }
    }
}
