//! A document to the places where it may repeat itself.
//!
//! In: a document's text and tokens. Out: which runs of [`GRAM`] words stand in it twice, and
//! the sentences around those that stand close to another such run.
//!
//! Cutting a text into sentences takes longer than cutting it into words, and most texts
//! repeat nothing. Two units that have more than half of the shorter in common runs have two
//! such runs within [`CLOSE`] half words of one another, so where there are none,
//! no sentence is made.

use std::ops::Range;

use crate::document::Span;
use crate::text::mix;
use crate::text::{Sentence, Tokens, sentences};

/// How many words a run has.
pub const GRAM: u32 = 4;

/// How many tokens a run has at most: of an unspaced script, four words have about six characters.
const MOST_TOKENS: usize = 6;

/// If runs of up to 9 half words began further apart than this, they would be less than half
/// of a unit of 16 or more, however many there were.
const CLOSE: u32 = 28;

/// A paragraph of fewer bytes goes with its neighbours: it may stand between two repeated ones.
const SHORT: usize = 100;

/// No run begins here that stands twice.
const ONCE: u32 = u32::MAX;

/// The runs of a document that stand twice; the buffers are kept from document to document.
#[derive(Clone, Debug, Default)]
pub struct Twice {
    /// The hash of the run that begins with each token.
    hashes: Vec<u64>,
    /// The run that begins with each token, by the first place where it stands, if there are two.
    run: Vec<u32>,
    /// A hash table: one more than the place where a run was seen first.
    seen: Vec<u32>,
}

impl Twice {
    /// The tokens where runs that stand twice are close to one another, in order. Tokens need no
    /// spans for that. Cost: linear.
    pub fn close(&mut self, tokens: &Tokens) -> Vec<Range<usize>> {
        if !self.find(tokens) {
            return Vec::new();
        }
        let mut close: Vec<Range<usize>> = Vec::new();
        let mut before: Option<usize> = None;
        for at in (0..self.run.len()).filter(|&at| self.run[at] != ONCE) {
            if let Some(before) = before.replace(at)
                && tokens.half_words(before..at) <= CLOSE
            {
                match close.last_mut() {
                    Some(last) if last.end > before => last.end = at + 1,
                    _ => close.push(before..at + 1),
                }
            }
        }
        close
    }

    /// The sentences of a text that are worth comparing: those around what is `close`.
    pub fn sentences(&self, text: &str, tokens: &Tokens, close: &[Range<usize>]) -> Vec<Sentence> {
        let mut found: Vec<Sentence> = Vec::new();
        let close = close.iter().map(|range| tokens.span(range.clone()).range());
        for part in parts(text, &close.collect::<Vec<_>>()) {
            let first = found.last().map_or(0, |last| last.block + 1);
            found.extend(sentences(&text[part.clone()]).into_iter().map(|sentence| {
                let range = sentence.span.range();
                let span = Span::new(part.start + range.start, part.start + range.end);
                Sentence { span, block: first + sentence.block }
            }));
        }
        found
    }

    /// The runs of some tokens that stand twice in the document, each with its first token.
    pub fn runs(
        &self,
        tokens: &Tokens,
        range: Range<usize>,
    ) -> impl Iterator<Item = (u32, u32)> + '_ {
        let mut last = range.end;
        while last > range.start && !is_run(tokens, last - 1..range.end) {
            last -= 1;
        }
        (range.start..last).map(|at| (self.run[at], at as u32)).filter(|&(run, _)| run != ONCE)
    }

    /// Where the run that begins with a token ends.
    pub fn end(&self, tokens: &Tokens, start: usize) -> usize {
        let mut end = start + 1;
        while !is_run(tokens, start..end) {
            end += 1;
        }
        end
    }

    /// Finds the runs that stand twice; whether there are two.
    fn find(&mut self, tokens: &Tokens) -> bool {
        self.hashes.clear();
        let step = |hash: u64, &token: &u64| {
            (hash ^ token).wrapping_mul(0x9fb2_1c65_1e98_df25).rotate_left(29)
        };
        let hashes = tokens.hashes();
        if tokens.words(0..tokens.len()).are_whole() {
            let runs = hashes.windows(GRAM as usize);
            self.hashes.extend(runs.map(|run| run.iter().fold(0, step)));
        } else {
            let mut end = 0;
            for start in 0..hashes.len() {
                while end < hashes.len() && !is_run(tokens, start..end) {
                    end += 1;
                }
                if !is_run(tokens, start..end) {
                    break;
                }
                self.hashes.push(hashes[start..end].iter().fold(0, step));
            }
        }
        self.run.clear();
        self.run.resize(hashes.len(), ONCE);
        let size = (2 * self.hashes.len()).next_power_of_two();
        self.seen.clear();
        self.seen.resize(size, 0);
        let mut count = 0;
        for (place, &hash) in self.hashes.iter().enumerate() {
            let mut slot = mix(hash) as usize & (size - 1);
            loop {
                let Some(first) = self.seen[slot].checked_sub(1) else {
                    self.seen[slot] = place as u32 + 1;
                    break;
                };
                if self.hashes[first as usize] == hash {
                    self.run[first as usize] = first;
                    self.run[place] = first;
                    count += 1;
                    break;
                }
                slot = (slot + 1) & (size - 1);
            }
        }
        count > 1
    }
}

/// Whether some tokens are enough for a run.
fn is_run(tokens: &Tokens, range: Range<usize>) -> bool {
    range.len() >= MOST_TOKENS || tokens.half_words(range) >= 2 * GRAM
}

/// The paragraphs of a text that have bytes of one of the ranges (ascending), and short ones next to them.
fn parts(text: &str, ranges: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        if parts.last().is_some_and(|last| range.end <= last.end) {
            continue;
        }
        let mut start = paragraph_start(text, range.start);
        let mut end = paragraph_end(text, range.end);
        while start > 0 {
            let before = paragraph_start(text, start - 1);
            if start - before >= SHORT {
                break;
            }
            start = before;
        }
        while end < text.len() {
            let after = paragraph_end(text, end + 1);
            if after - end >= SHORT {
                break;
            }
            end = after;
        }
        match parts.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            _ => parts.push(start..end),
        }
    }
    parts
}

/// Where the paragraph of a byte begins: behind the last line break before it that ends one.
fn paragraph_start(text: &str, at: usize) -> usize {
    let breaks = memchr::memrchr_iter(b'\n', &text.as_bytes()[..at]);
    breaks.map(|place| place + 1).find(|&place| ends_paragraph(text, place)).unwrap_or(0)
}

/// Where the paragraph of the byte before `at` ends.
fn paragraph_end(text: &str, at: usize) -> usize {
    let breaks = memchr::memchr_iter(b'\n', &text.as_bytes()[at - 1..]);
    breaks.map(|place| at + place).find(|&place| ends_paragraph(text, place)).unwrap_or(text.len())
}

/// Whether no sentence goes on behind a line break: the next line is no wrapped one.
fn ends_paragraph(text: &str, place: usize) -> bool {
    let mut rest = text.as_bytes()[place..].iter().skip_while(|byte| b" \t\r".contains(byte));
    rest.next().is_some_and(|byte| byte.is_ascii() && !byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Tokenizer;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn the_sentences_of_the_parts_are_those_of_the_text(
            text in "([a-c]{1,2} |[A-C]{1,2} |[.!] |\n|\n\n|\r\n| \n|é\n|[a-z ]{60}\n){0,40}"
        ) {
            let tokens = Tokens::of(&text, &mut Tokenizer::new(0));
            let whole: Vec<Span> = sentences(&text).iter().map(|one| one.span).collect();
            let mut twice = Twice::default();
            let close = twice.close(&tokens);
            for sentence in twice.sentences(&text, &tokens, &close) {
                prop_assert!(whole.contains(&sentence.span), "{:?}", sentence);
            }
        }
    }

    #[test]
    fn what_stands_once_is_not_looked_at() {
        let text = "The gulls left on Monday. The boats went out again on Tuesday.";
        let tokens = Tokens::of(text, &mut Tokenizer::new(0));
        assert!(Twice::default().close(&tokens).is_empty());
    }
}
