//! Texts that come one by one: which of those before are like this one?
//!
//! In: texts, each with a number in the order in which it was added. Out: the [`Alike`] of a text,
//! each verified on whole sets of shingles. What is kept is in memory: 8 bytes for each distinct
//! shingle, and about 20 for each of a few dozen keys.

use ahash::{AHashMap, RandomState};

use crate::document::DocId;
use crate::error::Result;
use crate::lsh::KeyMaker;
use crate::shingle::SetBuilder;
use crate::text::Tokenizer;
use crate::verify::Set;

use super::{Plan, ScanOptions};

/// A text that is like another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alike {
    /// The number of the text, from 0.
    pub number: u32,
    /// |A ∩ B| / |A ∪ B| over shingles, at least the threshold.
    pub jaccard: f64,
    /// The share of the smaller one's shingles that the larger has.
    pub containment: f64,
}

/// A text that ends the list of those that have a key.
const LAST: u32 = u32::MAX;

/// Keeps texts as sets of shingles, and finds those like a new one.
pub struct Deduplicator {
    plan: Plan,
    tokenizer: Tokenizer,
    set_builder: SetBuilder,
    key_maker: KeyMaker,
    /// For each key the latest entry that has it.
    latest: AHashMap<u64, u32>,
    /// A text with a key, and the entry before it of the same key.
    entries: Vec<(u32, u32)>,
    sets: Vec<Box<[u64]>>,
    hashes: Vec<u64>,
    set: Vec<u64>,
    keys: Vec<u64>,
}

impl Deduplicator {
    /// Keeps nothing yet. Of the options `threshold`, `recall`, `shingle_size` and `seed` count.
    ///
    /// # Errors
    /// Options that make no sense.
    pub fn new(options: &ScanOptions) -> Result<Self> {
        let plan = Plan::new(options)?;
        let ScanOptions { threshold, shingle_size, seed, .. } = plan.options;
        Ok(Deduplicator {
            tokenizer: Tokenizer::new(seed),
            set_builder: SetBuilder::new(shingle_size),
            key_maker: KeyMaker::new(plan.lsh, threshold, shingle_size, seed),
            plan,
            latest: AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4)),
            entries: Vec::new(),
            sets: Vec::new(),
            hashes: Vec::new(),
            set: Vec::new(),
            keys: Vec::new(),
        })
    }

    /// How many texts it keeps.
    pub fn len(&self) -> usize {
        self.sets.len()
    }

    /// Whether it keeps none.
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// The texts that are like this one, in the order in which they were added. A text without a word is
    /// like no other. Cost: linear in the text, and in the texts that share a key with it.
    pub fn query(&mut self, text: &str) -> Vec<Alike> {
        self.sketch(text);
        self.alike()
    }

    /// Adds a text, and gives those before it that are like it.
    ///
    /// # Errors
    /// Too many texts.
    pub fn add(&mut self, text: &str) -> Result<Vec<Alike>> {
        self.sketch(text);
        let alike = self.alike();
        let full = || crate::error::Error::options("there is no room for more texts or keys");
        let number = u32::try_from(self.sets.len()).map_err(|_| full())?;
        for &key in &self.keys {
            let entry = u32::try_from(self.entries.len()).ok().filter(|&entry| entry != LAST);
            let entry = entry.ok_or_else(full)?;
            let before = self.latest.insert(key, entry).unwrap_or(LAST);
            self.entries.push((number, before));
        }
        self.sets.push(self.set.as_slice().into());
        Ok(alike)
    }

    /// Makes the set of a text and its keys.
    fn sketch(&mut self, text: &str) {
        self.hashes.clear();
        self.set.clear();
        self.keys.clear();
        self.tokenizer.hash_into(text, &mut self.hashes);
        self.set_builder.build(&self.hashes, &mut self.set);
        if !self.set.is_empty() {
            self.key_maker.keys(&self.set, &mut self.keys);
        }
    }

    fn alike(&self) -> Vec<Alike> {
        let mut candidates: Vec<u32> = Vec::new();
        for key in &self.keys {
            let mut entry = self.latest.get(key).copied().unwrap_or(LAST);
            while entry != LAST {
                let (number, before) = self.entries[entry as usize];
                candidates.push(number);
                entry = before;
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        let set =
            |document, shingles| Set { document, shingles, words: 0, may_be_contained: false };
        let new = set(DocId(LAST), &self.set);
        let verify = |number: u32| {
            let pair =
                self.plan.criteria.verify(set(DocId(number), &self.sets[number as usize]), new)?;
            Some(Alike { number, jaccard: pair.jaccard(), containment: pair.containment() })
        };
        candidates.into_iter().filter_map(verify).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_by_those_that_are_like_them() {
        let mut texts = Deduplicator::new(&ScanOptions::default()).unwrap();
        let words = |range: std::ops::Range<u32>| {
            range.map(|number| format!("word{number}")).collect::<Vec<_>>().join(" ")
        };
        for (text, alike) in [
            ("", vec![]),
            ("Hello, world!", vec![]),
            (&words(0..504), vec![]),
            ("hello world", vec![(1, 1.0)]),
            ("", vec![]),
            (&words(0..454), vec![(2, 0.9)]),
            // 400 of 500 shingles of the first, and 400 of 450 of the second.
            (&words(0..404), vec![(2, 0.8), (5, 400.0 / 450.0)]),
            (&words(0..403), vec![(5, 399.0 / 450.0), (6, 399.0 / 400.0)]),
        ] {
            let asked = texts.query(text);
            let added = texts.add(text).unwrap();
            assert_eq!(asked, added);
            let found: Vec<(u32, f64)> =
                added.iter().map(|one| (one.number, one.jaccard)).collect();
            assert_eq!(found, alike, "{text}");
        }
        assert_eq!(texts.len(), 8);
    }
}
