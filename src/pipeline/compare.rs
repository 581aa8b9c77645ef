//! Two texts beside one another.
//!
//! In: two texts. Out: a [`Comparison`]: what a scan would say of them as documents. Where a text is
//! compared with several, a [`Reading`] of it is kept.

use xxhash_rust::xxh3::xxh3_128;

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

/// A text as it is compared.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Its distinct shingles, ascending.
    set: Vec<u64>,
    words: u32,
    half_words: u32,
    /// A hash of its words in order.
    content: u128,
}

/// Compares texts; the buffers are kept from pair to pair.
pub struct Comparer {
    plan: Plan,
    tokenizer: Tokenizer,
    set_builder: SetBuilder,
    tokens: Tokens,
    readings: [Reading; 2],
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
            tokens: Tokens::default(),
            readings: Default::default(),
        })
    }

    /// Replaces a reading by that of `text`. Cost: linear.
    pub fn read(&mut self, text: &str, reading: &mut Reading) {
        let Comparer { tokenizer, set_builder, tokens, .. } = self;
        tokens.fill_without_spans(text, tokenizer);
        reading.set.clear();
        set_builder.build(tokens.hashes(), &mut reading.set);
        reading.words = tokens.len() as u32;
        reading.half_words = tokens.half_words(0..tokens.len());
        reading.content = xxh3_128(bytemuck::cast_slice(tokens.hashes()));
    }

    /// Compares two texts. Cost: linear.
    pub fn compare(&mut self, one: &str, other: &str) -> Comparison {
        let [mut a, mut b] = std::mem::take(&mut self.readings);
        self.read(one, &mut a);
        self.read(other, &mut b);
        let found = self.compare_readings((one, &a), (other, &b));
        self.readings = [a, b];
        found
    }

    /// Compares two texts that were read. Cost: linear, and no look at a text unless the words seem equal.
    pub fn compare_readings(&self, one: (&str, &Reading), other: (&str, &Reading)) -> Comparison {
        let (plan, (one, reading), (other, other_reading)) = (&self.plan, one, other);
        let readings = [reading, other_reading];
        let words = readings.map(|reading| reading.words);
        if words.contains(&0) {
            return Comparison { kind: None, jaccard: 0.0, containment: 0.0, words };
        }
        let side = |side: usize| Set {
            document: DocId(side as u32),
            shingles: &readings[side].set,
            words: words[side],
            may_be_contained: readings[side].half_words
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
        let kind = if reading.content == other_reading.content
            && (one == other || normalised(one) == normalised(other))
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
