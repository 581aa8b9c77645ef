//! Tokens to fingerprints, sparse and yet sure to meet.
//!
//! In: the tokens of a document. Out: the hashes of some of its k-grams, chosen
//! by winnowing (Schleimer, Wilkerson, Aiken 2003): of each window of w
//! consecutive k-grams the least hash, the rightmost of equals. Two documents
//! that share a run of k + w - 1 words share all k-grams of one window and
//! so choose the same one. About 2/(w+1) of all k-grams are chosen.
//!
//! Lengths are counted in half words, so that a k-gram of an unspaced script
//! has twice as many characters as one of words has words, and mixed text has
//! what lies between; what a k-gram is, depends on its own tokens alone.

use std::collections::VecDeque;

use bytemuck::{Pod, Zeroable};

use crate::document::DocId;
use crate::text::Tokens;
use crate::text::mix;

/// Longest k-gram, in words: longer ones would not survive the edits of an edited passage.
const LONGEST_GRAM: u32 = 8;

/// Multiplier of the polynomial over token hashes.
const MULTIPLIER: u64 = 0xd6e8_feb8_6659_fd93;

/// A chosen k-gram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
pub struct Fingerprint {
    /// Hash of the k-gram.
    pub hash: u64,
    /// Its document.
    pub document: DocId,
    /// Its first token.
    pub position: u32,
}

/// Chooses fingerprints; the buffers are kept from document to document.
#[derive(Clone, Debug)]
pub struct Winnower {
    /// Half words a k-gram has at least.
    gram: u32,
    /// Half words by which the starts of a window's k-grams can differ at most.
    window: u32,
    powers: Vec<u64>,
    prefixes: Vec<u64>,
    grams: Vec<u64>,
    least: VecDeque<(u64, u32)>,
}

/// How many words a k-gram has at least.
pub(super) fn gram_words(min_words: u32) -> u32 {
    min_words.div_ceil(2).min(LONGEST_GRAM)
}

impl Winnower {
    /// A winnower that lets no shared run of `min_words` words, at least two, go unnoticed.
    pub fn new(min_words: u32) -> Self {
        let min_words = min_words.max(2);
        Winnower::with_gram(min_words, gram_words(min_words))
    }

    /// The same with k-grams of `gram` words, fewer than `min_words`: longer ones are more fingerprints, of
    /// which fewer meet by chance.
    pub fn with_gram(min_words: u32, gram: u32) -> Self {
        let min_words = min_words.max(2);
        let gram = gram.clamp(1, min_words - 1);
        let powers =
            std::iter::successors(Some(1u64), |power| Some(power.wrapping_mul(MULTIPLIER)));
        Winnower {
            gram: 2 * gram,
            // A k-gram may overshoot by half a word; one word less than the guarantee leaves room for it.
            window: 2 * (min_words - gram - 1),
            powers: powers.take(2 * gram as usize + 1).collect(),
            prefixes: Vec::new(),
            grams: Vec::new(),
            least: VecDeque::new(),
        }
    }

    /// Calls `each` with the hash and the first token of every chosen k-gram, in order. Cost: linear.
    pub fn for_each(&mut self, tokens: &Tokens, each: impl FnMut(u64, u32)) {
        self.prefixes.clear();
        self.prefixes.push(0);
        let mut sum = 0u64;
        self.prefixes.extend(tokens.hashes().iter().map(|&token| {
            sum = sum.wrapping_mul(MULTIPLIER).wrapping_add(token);
            sum
        }));
        if tokens.words(0..tokens.len()).are_whole() {
            self.choose_of_whole(each);
        } else {
            self.choose(tokens, each);
        }
    }

    /// Chooses where every token is a whole word, so that all k-grams and windows are of one length.
    fn choose_of_whole(&mut self, mut each: impl FnMut(u64, u32)) {
        let (gram, window) = (self.gram as usize / 2, self.window as usize / 2);
        let power = self.powers[gram];
        self.grams.clear();
        self.grams.extend(
            self.prefixes
                .iter()
                .zip(self.prefixes.iter().skip(gram))
                .map(|(before, sum)| mix(sum.wrapping_sub(before.wrapping_mul(power)))),
        );
        let (mut least, mut place, mut chosen) = (u64::MAX, 0, usize::MAX);
        for (start, &hash) in self.grams.iter().enumerate() {
            if hash <= least {
                (least, place) = (hash, start);
            } else if place + window < start {
                // The least has left the window.
                (least, place) = (u64::MAX, start);
                for (other, &hash) in (start - window..).zip(&self.grams[start - window..=start]) {
                    if hash <= least {
                        (least, place) = (hash, other);
                    }
                }
            }
            if start >= window && place != chosen {
                chosen = place;
                each(least, place as u32);
            }
        }
    }

    /// Chooses where some tokens are half words.
    fn choose(&mut self, tokens: &Tokens, mut each: impl FnMut(u64, u32)) {
        self.least.clear();
        let (mut end, mut first, mut chosen) = (0, 0, None);
        for start in 0..tokens.len() {
            while end < tokens.len() && tokens.half_words(start..end) < self.gram {
                end += 1;
            }
            if tokens.half_words(start..end) < self.gram {
                break;
            }
            let hash = mix(self.prefixes[end]
                .wrapping_sub(self.prefixes[start].wrapping_mul(self.powers[end - start])));
            while self.least.back().is_some_and(|&(other, _)| other >= hash) {
                self.least.pop_back();
            }
            self.least.push_back((hash, start as u32));
            // Windows that end here: those whose next k-gram would start too far on.
            while first <= start
                && (start + 1 == tokens.len() || tokens.half_words(first..start + 1) > self.window)
            {
                while self.least.front().is_some_and(|&(_, position)| (position as usize) < first) {
                    self.least.pop_front();
                }
                let Some(&(hash, position)) = self.least.front() else { break };
                if chosen != Some(position) {
                    chosen = Some(position);
                    each(hash, position);
                }
                first += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Span;
    use crate::text::{Token, Tokens};
    use proptest::prelude::*;

    fn tokens(hashes: &[(u64, bool)]) -> Tokens {
        let mut tokens = Tokens::default();
        for (index, &(hash, unspaced)) in hashes.iter().enumerate() {
            tokens.push(Token { span: Span::new(index, index + 1), hash, unspaced });
        }
        tokens
    }

    fn fingerprints(hashes: &[(u64, bool)], min_words: u32) -> Vec<(u64, u32)> {
        fingerprints_by(Winnower::new(min_words), hashes)
    }

    fn fingerprints_by(mut winnower: Winnower, hashes: &[(u64, bool)]) -> Vec<(u64, u32)> {
        let mut found = Vec::new();
        winnower.for_each(&tokens(hashes), |hash, position| found.push((hash, position)));
        found
    }

    proptest! {
        #[test]
        fn whole_words_are_chosen_alike_either_way(
            words in proptest::collection::vec(0u64..9, 0..80),
            min_words in 2u32..20,
        ) {
            let whole: Vec<(u64, bool)> = words.iter().map(|&word| (word, false)).collect();
            let mut winnower = Winnower::new(min_words);
            let tokens = tokens(&whole);
            winnower.for_each(&tokens, |_, _| ());
            let mut slow = Vec::new();
            winnower.choose(&tokens, |hash, position| slow.push((hash, position)));
            prop_assert_eq!(fingerprints(&whole, min_words), slow);
        }

        #[test]
        fn every_shared_run_of_min_words_meets(
            run in proptest::collection::vec((0u64..1000, any::<bool>()), 1..60),
            before in proptest::collection::vec((0u64..1000, any::<bool>()), 0..20),
            after in proptest::collection::vec((0u64..1000, any::<bool>()), 0..20),
            min_words in 2u32..20,
            gram in proptest::option::of(1u32..20),
        ) {
            let half_words: u32 = run.iter().map(|&(_, unspaced)| if unspaced { 1 } else { 2 }).sum();
            prop_assume!(half_words >= 2 * min_words);
            let winnower = match gram {
                Some(gram) => Winnower::with_gram(min_words, gram),
                None => Winnower::new(min_words),
            };
            let fingerprints = |hashes: &[(u64, bool)]| fingerprints_by(winnower.clone(), hashes);
            let one = fingerprints(&run);
            let other = fingerprints(&[before.clone(), run, after].concat());
            let shift = before.len() as u32;
            prop_assert!(one.iter().any(|&(hash, at)| other.contains(&(hash, at + shift))));
        }
    }
}
