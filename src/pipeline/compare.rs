//! Two texts beside one another.
//!
//! In: two texts. Out: a [`Comparison`]: what a scan would say of them as documents.

use crate::document::DocId;
use crate::error::Result;
use crate::report::Kind;
use crate::shingle::SetBuilder;
use crate::text::{Tokenizer, Tokens, normalised};
use crate::verify::{Pair, Set, shared};

use super::{Plan, ScanOptions};

/// What two texts share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// What a scan would call them; `None` if it would not tell of them.
    pub kind: Option<Kind>,
    /// |A ∩ B| / |A ∪ B| over their shingles; 0 if one of them has no word.
    pub jaccard: f64,
    /// The share of the smaller one's shingles that the larger has; 0 if one of them has no word.
    pub containment: f64,
    /// Words of either.
    pub words: [u32; 2],
}

/// Compares texts; the buffers are kept from pair to pair.
pub struct Comparer {
    plan: Plan,
    tokenizer: Tokenizer,
    set_builder: SetBuilder,
    tokens: [Tokens; 2],
    sets: [Vec<u64>; 2],
}

impl Comparer {
    /// Compares as a scan with these options would.
    ///
    /// # Errors
    /// Options that make no sense.
    pub fn new(options: &ScanOptions) -> Result<Self> {
        let plan = Plan::new(options)?;
        Ok(Comparer {
            tokenizer: Tokenizer::new(plan.sketch.seed),
            set_builder: SetBuilder::new(plan.sketch.shingle_size),
            plan,
            tokens: Default::default(),
            sets: Default::default(),
        })
    }

    /// Compares two texts. Cost: linear.
    pub fn compare(&mut self, one: &str, other: &str) -> Comparison {
        let Comparer { plan, tokenizer, set_builder, tokens, sets } = self;
        for ((text, tokens), set) in [one, other].into_iter().zip(&mut *tokens).zip(&mut *sets) {
            tokens.fill_without_spans(text, tokenizer);
            set.clear();
            set_builder.build(tokens.hashes(), set);
        }
        let words = [0, 1].map(|side| tokens[side].len() as u32);
        if words.contains(&0) {
            return Comparison { kind: None, jaccard: 0.0, containment: 0.0, words };
        }
        let side = |side: usize| Set {
            document: DocId(side as u32),
            shingles: &sets[side],
            words: words[side],
            may_be_contained: tokens[side].half_words(0..tokens[side].len())
                >= 2 * plan.options.passages.min_words_across,
        };
        let (a, b) = (side(0), side(1));
        let pair = Pair {
            a: a.document,
            b: b.document,
            shared: shared(a.shingles, b.shingles) as u32,
            size_a: a.shingles.len() as u32,
            size_b: b.shingles.len() as u32,
        };
        let count = |least: usize| Some(pair.shared as usize).filter(|&count| count >= least);
        let kind = if tokens[0].hashes() == tokens[1].hashes()
            && normalised(one) == normalised(other)
        {
            Some(Kind::Exact)
        } else {
            let found = plan.criteria.judge(a, b, count);
            found
                .map(|pair| if plan.criteria.is_near(&pair) { Kind::Near } else { Kind::Contained })
        };
        Comparison { kind, jaccard: pair.jaccard(), containment: pair.containment(), words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_texts_are_what_a_scan_would_call_them() {
        let mut comparer = Comparer::new(&ScanOptions::default()).unwrap();
        let words = |range: std::ops::Range<u32>| {
            range.map(|number| format!("Word{number}")).collect::<Vec<_>>().join(" ")
        };
        for (one, other, kind, jaccard, containment) in [
            ("", "", None, 0.0, 0.0),
            ("Hello, world!", "hello\u{a0}WORLD", Some(Kind::Exact), 1.0, 1.0),
            ("no", "yes", None, 0.0, 0.0),
            (&words(0..104), &words(1..104), Some(Kind::Near), 0.99, 1.0),
            (&words(0..104), &words(0..24), Some(Kind::Contained), 0.2, 1.0),
            // Of fewer than twelve words nobody tells that they stand in others.
            (&words(0..104), &words(0..9), None, 0.05, 1.0),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                let found = comparer.compare(one, other);
                assert_eq!(
                    (found.kind, found.jaccard, found.containment),
                    (kind, jaccard, containment)
                );
            }
        }
    }
}
