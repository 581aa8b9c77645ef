//! Tokens to shingles: the runs of k consecutive words that documents are compared by.
//!
//! In: the token hashes of a document in order. Out: one 64-bit hash a
//! [shingle](shingles), rolled from word to word, so that the cost does
//! not depend on k. A document of fewer than k tokens is one shingle.
//!
//! The hash is a cyclic polynomial over the word hashes (Cohen 1997; Lemire and Kaser 2010): each
//! word is rotated by its distance from the end and added without carry, so that a word enters and leaves by a
//! rotation and an exclusive or. A bijective mixer (Stafford's variant 13 of the
//! MurmurHash3 finaliser) spreads what is left of the words' order. Two different shingles of a pair of
//! documents of 10,000 shingles each share a hash with a chance below 10^-11; of words that repeat with a period,
//! 33 bits are left at [`LONGEST_SHINGLE`], all at odd sizes.

use crate::text::mix;

/// The most words of a shingle: the words of a longer one that repeat would cancel one another.
pub const LONGEST_SHINGLE: usize = 32;

/// Sets a document of fewer words apart from a full shingle of other words: odd, from the
/// fractional part of the golden ratio.
const SHORT: u64 = 0x9e37_79b9_7f4a_7c15;

/// The shingles of a document, in the order of its tokens: one for each run of
/// `size` tokens (at most [`LONGEST_SHINGLE`]); one for all of them if they are fewer; none if there is no token.
pub fn shingles(tokens: &[u64], size: usize) -> impl Iterator<Item = u64> {
    let size = size.max(1);
    let roll = |sum: u64, token: u64| sum.rotate_left(1) ^ token;
    let (head, entering) = tokens.split_at(tokens.len().min(size));
    let first = head.iter().fold(0, |sum, &token| roll(sum, token));
    let first = match head.len() {
        0 => None,
        length if length == size => Some(first),
        length => Some(first ^ (length as u64).wrapping_mul(SHORT)),
    };
    let rolled =
        entering.iter().zip(tokens).scan(first.unwrap_or(0), move |sum, (&token, &oldest)| {
            *sum = sum.rotate_left(1) ^ (token ^ oldest.rotate_left(size as u32));
            Some(*sum)
        });
    first.into_iter().chain(rolled).map(mix)
}

/// Makes shingle sets; the buffers are kept from document to document.
#[derive(Clone, Debug)]
pub struct SetBuilder {
    size: usize,
    shingles: Vec<u64>,
    /// For each bucket of the sort, where its next shingle goes.
    places: Vec<u32>,
}

impl SetBuilder {
    /// A builder of sets of shingles of `size` tokens.
    pub fn new(size: usize) -> Self {
        SetBuilder { size, shingles: Vec::new(), places: Vec::new() }
    }

    /// Appends the distinct shingles of a document, ascending, to `set`. Cost: linear.
    pub fn build(&mut self, tokens: &[u64], set: &mut Vec<u64>) {
        self.shingles.clear();
        self.shingles.extend(shingles(tokens, self.size));
        let start = set.len();
        set.resize(start + self.shingles.len(), 0);
        self.sort_into(start, set);
        let mut kept = start;
        for index in start..set.len() {
            if index == start || set[index] != set[kept - 1] {
                set[kept] = set[index];
                kept += 1;
            }
        }
        set.truncate(kept);
    }

    /// Sorts the shingles into `set` from `start` on. Hashes are spread evenly, so
    /// each is put about where it belongs, one a bucket, and what is left
    /// to do is to move few of them by few places.
    fn sort_into(&mut self, start: usize, set: &mut [u64]) {
        let set = &mut set[start..];
        let buckets = self.shingles.len() as u128;
        let bucket = |shingle: u64| ((u128::from(shingle) * buckets) >> 64) as usize;
        self.places.clear();
        self.places.resize(self.shingles.len() + 1, 0);
        for &shingle in &self.shingles {
            self.places[bucket(shingle) + 1] += 1;
        }
        let mut sum = 0;
        for place in &mut self.places {
            sum += *place;
            *place = sum;
        }
        for &shingle in &self.shingles {
            let place = &mut self.places[bucket(shingle)];
            set[*place as usize] = shingle;
            *place += 1;
        }
        // A text that repeats itself fills few buckets with many equals, which are in order already.
        for index in 1..set.len() {
            let shingle = set[index];
            let mut place = index;
            while place > 0 && set[place - 1] > shingle {
                set[place] = set[place - 1];
                place -= 1;
            }
            set[place] = shingle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_documents_are_one_shingle_and_empty_ones_none() {
        let mut builder = SetBuilder::new(5);
        for (length, expected) in [(0, 0), (1, 1), (4, 1), (5, 1), (6, 2), (9, 5)] {
            let mut set = Vec::new();
            builder.build(&(1..=length).collect::<Vec<u64>>(), &mut set);
            assert_eq!(set.len(), expected, "{length} tokens");
        }
    }

    proptest! {
        #[test]
        fn a_set_is_sorted_and_has_each_shingle_once(
            tokens in proptest::collection::vec(0u64..30, 0..300), size in 1usize..4
        ) {
            let mut expected: Vec<u64> = shingles(&tokens, size).collect();
            expected.sort_unstable();
            expected.dedup();
            let mut set = vec![7];
            SetBuilder::new(size).build(&tokens, &mut set);
            prop_assert_eq!(&set[1..], &expected);
        }

        #[test]
        fn a_rolled_shingle_depends_on_its_own_tokens_alone(
            tokens in proptest::collection::vec(0u64..4, 0..60), size in 1usize..7
        ) {
            prop_assume!(tokens.len() >= size);
            let tokens: Vec<u64> = tokens.into_iter().map(mix).collect();
            let rolled: Vec<u64> = shingles(&tokens, size).collect();
            let alone: Vec<u64> =
                tokens.windows(size).flat_map(|window| shingles(window, size)).collect();
            prop_assert_eq!(&rolled, &alone);
            for (i, a) in tokens.windows(size).enumerate() {
                for (j, b) in tokens.windows(size).enumerate() {
                    prop_assert_eq!(rolled[i] == rolled[j], a == b);
                }
            }
        }
    }
}
