//! Captions that have hardly a word of their own.
//!
//! In: a page. Out: the lines to cut of which nearly all words stand elsewhere in the text,
//! in any order. Captions are judged one after the other, each beside what is left by
//! then, so that two that have their words from one another do not both go.

use std::ops::Range;

use ahash::{AHashMap, RandomState};

use super::{Page, PageCut, is_punctuated};
use crate::passage::PassageParams;
use crate::text::Tokens;

/// Which share of a caption's words must stand elsewhere.
const SHARE: f64 = 0.9;

/// The lines to cut: those of at least [`PassageParams::min_words_within`] words that stand by
/// themselves, end without a stop, are no heading, and have their words elsewhere. `is_fixed` tells
/// of sentences that are never cut. Cost: linear.
pub fn captions(
    page: &Page<'_>,
    tokens: &Tokens,
    is_fixed: impl Fn(usize) -> bool,
    params: &PassageParams,
) -> Vec<PageCut> {
    let mut standing: AHashMap<u64, usize> =
        AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
    for word in words_of(tokens, 0..tokens.len()) {
        *standing.entry(word).or_default() += 1;
    }
    let mut cuts = Vec::new();
    for sentence in 0..page.sentences.len() {
        let range = tokens.within(page.sentences[sentence].span);
        if tokens.half_words(range.clone()) < 2 * params.min_words_within
            || !page.is_alone(sentence)
            || is_fixed(sentence)
        {
            continue;
        }
        let line = page.blocks.trimmed(page.block_of(sentence));
        if is_punctuated(line) || line.starts_with('#') {
            continue;
        }
        let words = words_of(tokens, range);
        let mut here: AHashMap<u64, usize> =
            AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        for &word in &words {
            *here.entry(word).or_default() += 1;
        }
        let count = |words: &AHashMap<u64, usize>, word| words.get(word).copied().unwrap_or(0);
        let elsewhere =
            words.iter().filter(|&word| count(&standing, word) > count(&here, word)).count();
        let share = elsewhere as f64 / words.len() as f64;
        if share >= SHARE {
            for (word, count) in here {
                let left = standing.entry(word).or_default();
                *left = left.saturating_sub(count);
            }
            cuts.push(PageCut { sentence, kept: None, similarity: share });
        }
    }
    cuts
}

/// Words, and of a script without spaces, a character of which says nothing, three in a row.
fn words_of(tokens: &Tokens, range: Range<usize>) -> Vec<u64> {
    let hashes = &tokens.hashes()[range.clone()];
    let word = |at: usize| match tokens.half_words(range.start + at..range.start + at + 1) {
        1 => {
            let run = &hashes[at..hashes.len().min(at + 3)];
            run.iter().fold(0u64, |sum, hash| sum.rotate_left(7) ^ hash)
        }
        _ => hashes[at],
    };
    (0..hashes.len()).map(word).collect()
}
