//! Tokens to shingles: the runs of k consecutive words that documents are compared by.
//!
//! In: the token hashes of a document in order. Out: one 64-bit hash a
//! [shingle](for_each_block). A document of fewer than k tokens is one shingle.
//!
//! The hash is a cyclic polynomial over the word hashes (Cohen 1997; Lemire and Kaser 2010): each
//! word is rotated by its distance from the end and added without carry. It could be rolled from word to word, but then each
//! shingle would wait for the one before; instead a block of them is added up side by side, each from its first word,
//! which takes less time for the few words that shingles have. A bijective mixer (Stafford's variant 13 of the
//! MurmurHash3 finaliser) spreads what is left of the words' order. Two different shingles of a pair of
//! documents of 10,000 shingles each share a hash with a chance below 10^-11; of words that repeat with a period,
//! 33 bits are left at [`LONGEST_SHINGLE`], all at odd sizes.

use crate::text::mix;

/// The most words of a shingle: the words of a longer one that repeat would cancel one another.
pub const LONGEST_SHINGLE: usize = 32;

/// Sets a document of fewer words apart from a full shingle of other words: odd, from the
/// fractional part of the golden ratio.
const SHORT: u64 = 0x9e37_79b9_7f4a_7c15;

/// How many shingles are made at a time.
pub const BLOCK: usize = 256;

/// Hands out the shingles of a document, in the order of its tokens, in slices of at most [`BLOCK`]: one for each run of
/// `size` tokens (at most [`LONGEST_SHINGLE`]); one for all of them if they are fewer; none if there is no token.
pub fn for_each_block(tokens: &[u64], size: usize, mut each: impl FnMut(&[u64])) {
    let size = size.max(1);
    let Some(count) = (tokens.len() + 1).checked_sub(size).filter(|&count| count > 0) else {
        if !tokens.is_empty() {
            let sum = tokens.iter().fold(0u64, |sum, &token| sum.rotate_left(1) ^ token);
            each(&[mix(sum ^ (tokens.len() as u64).wrapping_mul(SHORT))]);
        }
        return;
    };
    let mut block = [0; BLOCK];
    for start in (0..count).step_by(BLOCK) {
        let block = &mut block[..BLOCK.min(count - start)];
        hash_runs(&tokens[start..start + block.len() + size - 1], size, block);
        each(block);
    }
}

/// The shingles of a document, as [`for_each_block`] hands them out.
pub fn shingles(tokens: &[u64], size: usize) -> Vec<u64> {
    let mut shingles = Vec::with_capacity(tokens.len());
    for_each_block(tokens, size, |block| shingles.extend_from_slice(block));
    shingles
}

/// The hashes of all runs of `size` of the tokens, in the place of as many `hashes`.
fn hash_runs(tokens: &[u64], size: usize, hashes: &mut [u64]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx512dq") {
        // SAFETY: the processor was just found to have AVX-512DQ, the one feature the function is compiled for.
        unsafe { hash_runs_avx512(tokens, size, hashes) };
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor was just found to have AVX2, the one feature the function is compiled for.
        unsafe { hash_runs_avx2(tokens, size, hashes) };
        return;
    }
    hash_runs_portable(tokens, size, hashes);
}

/// The same loops: AVX-512 rotates and multiplies eight numbers in a step each.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512dq")]
fn hash_runs_avx512(tokens: &[u64], size: usize, hashes: &mut [u64]) {
    hash_runs_portable(tokens, size, hashes);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn hash_runs_avx2(tokens: &[u64], size: usize, hashes: &mut [u64]) {
    hash_runs_portable(tokens, size, hashes);
}

#[inline(always)]
fn hash_runs_portable(tokens: &[u64], size: usize, hashes: &mut [u64]) {
    hashes.copy_from_slice(&tokens[..hashes.len()]);
    for place in 1..size {
        for (sum, &token) in hashes.iter_mut().zip(&tokens[place..]) {
            *sum = sum.rotate_left(1) ^ token;
        }
    }
    hashes.iter_mut().for_each(|sum| *sum = mix(*sum));
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
        for_each_block(tokens, self.size, |block| self.shingles.extend_from_slice(block));
        let start = set.len();
        set.resize(start + self.shingles.len(), 0);
        self.sort_into(&mut set[start..]);
        let distinct = keep_distinct(&mut set[start..]);
        set.truncate(start + distinct);
    }

    /// Sorts the shingles into `set`. Hashes are spread evenly, so each is put about where it belongs, in one of
    /// more buckets than there are shingles, and what is left to do is to move few of them by few places.
    fn sort_into(&mut self, set: &mut [u64]) {
        let bits = set.len().max(1).ilog2() + 1;
        let bucket = |shingle: u64| (shingle >> (u64::BITS - bits)) as usize;
        self.places.clear();
        self.places.resize((1 << bits) + 1, 0);
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

/// Moves the distinct ones of ascending shingles to the front; how many there are.
fn keep_distinct(set: &mut [u64]) -> usize {
    let Some(&first) = set.first() else { return 0 };
    let (mut kept, mut last) = (1, first);
    for index in 1..set.len() {
        // Written in any case: whether it is another one is cheaper to count than to guess.
        let shingle = set[index];
        set[kept] = shingle;
        kept += usize::from(shingle != last);
        last = shingle;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blocks_follow_one_another() {
        let tokens: Vec<u64> = (0..3 * BLOCK as u64 + 9).map(mix).collect();
        for length in [5, 6, BLOCK + 4, BLOCK + 5, BLOCK + 6, 2 * BLOCK + 5, tokens.len()] {
            let tokens = &tokens[..length];
            let alone: Vec<u64> =
                tokens.windows(5).flat_map(|window| shingles(window, 5)).collect();
            assert_eq!(shingles(tokens, 5), alone, "{length} tokens");
        }
    }

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
        fn all_ways_to_hash_runs_agree(
            tokens in proptest::collection::vec(any::<u64>(), 40..120), size in 1..=LONGEST_SHINGLE
        ) {
            let hash = |run: &[u64]| {
                mix(run.iter().fold(0u64, |sum, &token| sum.rotate_left(1) ^ token))
            };
            let expected: Vec<u64> = tokens.windows(size).map(hash).collect();
            let mut hashes = vec![7; expected.len()];
            hash_runs(&tokens, size, &mut hashes);
            prop_assert_eq!(&hashes, &expected);
            hash_runs_portable(&tokens, size, &mut hashes);
            prop_assert_eq!(&hashes, &expected);
            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("avx2") {
                // SAFETY: the processor was just found to have AVX2, the one feature the function is compiled for.
                unsafe { hash_runs_avx2(&tokens, size, &mut hashes) };
                prop_assert_eq!(&hashes, &expected);
            }
        }

        #[test]
        fn a_set_is_sorted_and_has_each_shingle_once(
            tokens in proptest::collection::vec(0u64..30, 0..300), size in 1usize..4
        ) {
            let mut expected: Vec<u64> = shingles(&tokens, size);
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
            let rolled = shingles(&tokens, size);
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
