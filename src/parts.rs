//! Items in the order of their parts, such as those of the hash space, and ranges of what is worked on together.
//!
//! In: items, and what tells the part of each. Out: the same items, those of one part after those of the other, and
//! where each part begins. It takes two readings of the items, whatever their order. Of the sizes of things, the ranges
//! that fit.

use std::ops::Range;

use bytemuck::Pod;

/// Cuts things of these sizes into ranges of up to `most`, or of one thing.
pub fn ranges(sizes: impl Iterator<Item = usize>, most: usize) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut sum = 0;
    for (number, size) in sizes.enumerate() {
        sum += size;
        match ranges.last_mut() {
            Some(range) if sum <= most => range.end = number + 1,
            _ => {
                ranges.push(number..number + 1);
                sum = size;
            }
        }
    }
    ranges
}

/// Puts `items`, fewer than 2^32, into `sorted` part by part, those of one part as they came, in the place of what
/// was there. Gives where each of so many `parts` begins, and the end. Cost: linear in items and parts.
///
/// # Panics
/// If the part of an item is not one of these.
pub fn put_in_order<T: Pod>(
    items: &[T],
    parts: usize,
    part: impl Fn(&T) -> usize,
    sorted: &mut Vec<T>,
) -> Box<[u32]> {
    let mut starts = vec![0u32; parts + 1].into_boxed_slice();
    for item in items {
        starts[part(item) + 1] += 1;
    }
    for part in 0..parts {
        starts[part + 1] += starts[part];
    }
    let mut next = starts[..parts].to_vec();
    sorted.clear();
    sorted.resize(items.len(), T::zeroed());
    for item in items {
        let next = &mut next[part(item)];
        sorted[*next as usize] = *item;
        *next += 1;
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_hold_as_much_as_they_may() {
        let cut = |most| ranges([3, 1, 0, 9, 2, 2].into_iter(), most);
        assert_eq!(cut(4), [0..3, 3..4, 4..6]);
        assert_eq!(cut(0), [0..1, 1..2, 2..3, 3..4, 4..5, 5..6]);
        assert_eq!((cut(usize::MAX).len(), cut(usize::MAX)[0].clone()), (1, 0..6));
        assert!(ranges(std::iter::empty(), 4).is_empty());
    }

    proptest! {
        #[test]
        fn it_is_a_stable_sort_by_part(items in proptest::collection::vec(0u32..1000, 0..200)) {
            let part = |item: &u32| *item as usize % 7;
            let mut sorted = vec![3; 5];
            let starts = put_in_order(&items, 8, part, &mut sorted);
            let mut expected = items;
            expected.sort_by_key(part);
            prop_assert_eq!(&sorted, &expected);
            for number in 0..8 {
                let range = starts[number] as usize..starts[number + 1] as usize;
                prop_assert!(sorted[range].iter().all(|item| part(item) == number));
            }
            prop_assert_eq!((starts[0], starts[8] as usize), (0, sorted.len()));
        }
    }
}
