//! How much two sets share, by going through both.
//!
//! In: two ascending sets and the least overlap that counts. Out: the size of the intersection,
//! or nothing as soon as it can no longer reach the least.

/// How many times larger the larger set must be for leaping to beat walking.
const LEAP: usize = 8;

/// The size of the intersection of two ascending sets, if it is at least `least`.
pub fn overlap<T: Copy + Ord>(one: &[T], other: &[T], least: usize) -> Option<usize> {
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
