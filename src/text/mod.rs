//! Document to tokens and sentences: what matching compares, with the way back.
//!
//! In: the decoded text. Out: [`Tokens`], each with the [`Span`] it stands at,
//! and [`sentences`]. Matching sees folded words only (case, punctuation,
//! white space and compatibility forms folded away); spans always refer to the
//! text as it is.

mod book;
mod bounds;
mod classes;
mod fold;
mod hash;
mod plain;
mod sentences;
mod simple;
mod words;
mod writer;

pub(crate) use hash::mix;
pub use sentences::{Sentence, blocks, sentences};
pub use words::{Token, Tokenizer};

use std::ops::Range;

use crate::document::Span;

/// The folded tokens of a text with a space after each: equal for texts of the same words.
pub fn normalised(text: &str) -> Vec<u8> {
    let mut normalised = Vec::with_capacity(text.len());
    Tokenizer::default().for_each(text, |_, folded| {
        normalised.extend_from_slice(folded);
        normalised.push(b' ');
    });
    normalised
}

/// The tokens of one document, column by column.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    hashes: Vec<u64>,
    spans: Vec<Span>,
    /// Half words before each token, and in all; nothing as long as every token is a whole word.
    half_words: Vec<u32>,
}

impl Tokens {
    /// The tokens of `text`.
    pub fn of(text: &str, tokenizer: &mut Tokenizer) -> Self {
        let mut tokens = Tokens::default();
        tokens.fill(text, tokenizer);
        tokens
    }

    /// Replaces them by the tokens of `text`.
    pub fn fill(&mut self, text: &str, tokenizer: &mut Tokenizer) {
        self.clear();
        tokenizer.for_each(text, |token, _| self.push(token));
    }

    /// Replaces them by the tokens of `text`, their places left out, in half of the time. Their
    /// [`spans`](Self::spans) are empty, and whatever needs them panics.
    pub fn fill_without_spans(&mut self, text: &str, tokenizer: &mut Tokenizer) {
        self.clear();
        let half_words = tokenizer.hash_into(text, &mut self.hashes);
        if half_words as usize != 2 * self.hashes.len() {
            self.fill(text, tokenizer);
            self.spans.clear();
        }
    }

    /// Makes it empty, keeping the memory.
    pub fn clear(&mut self) {
        self.hashes.clear();
        self.spans.clear();
        self.half_words.clear();
    }

    /// Adds a token that stands after all others.
    #[inline]
    pub fn push(&mut self, token: Token) {
        if token.unspaced || !self.half_words.is_empty() {
            self.push_half_words(token.unspaced);
        }
        self.hashes.push(token.hash);
        self.spans.push(token.span);
    }

    /// Adds the half words of the next token, and before the first unspaced one those of all before.
    fn push_half_words(&mut self, unspaced: bool) {
        if self.half_words.is_empty() {
            self.half_words.extend((0..=self.hashes.len() as u32).map(|words| 2 * words));
        }
        let before = self.half_words[self.hashes.len()];
        self.half_words.push(before + if unspaced { 1 } else { 2 });
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The hashes of the folded tokens, in order.
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// The spans of the tokens, in order.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// How many half words a range of tokens has: two a word, one a character of an unspaced script.
    pub fn half_words(&self, range: Range<usize>) -> u32 {
        half_words(&self.half_words, range)
    }

    /// Some of them, without their places.
    pub fn words(&self, range: Range<usize>) -> Words<'_> {
        Words { hashes: &self.hashes, half_words: &self.half_words }.part(range)
    }

    /// The span from the first to the last token of a range that is not empty.
    pub fn span(&self, range: Range<usize>) -> Span {
        self.spans[range.start].hull(self.spans[range.end - 1])
    }

    /// The tokens that stand inside `span`.
    pub fn within(&self, span: Span) -> Range<usize> {
        let start = self.spans.partition_point(|token| token.start < span.start);
        let end = self.spans.partition_point(|token| token.end <= span.end);
        start..end.max(start)
    }
}

/// Consecutive tokens, without their places.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words<'a> {
    hashes: &'a [u64],
    /// As in [`Tokens`], but for what stands before the first.
    half_words: &'a [u32],
}

impl<'a> Words<'a> {
    /// Tokens of these hashes. `half_words` is empty if every token is a whole word; if not, it
    /// has the half words before each token, and in all, counted from any token.
    pub fn new(hashes: &'a [u64], half_words: &'a [u32]) -> Self {
        debug_assert!(half_words.is_empty() || half_words.len() == hashes.len() + 1);
        Words { hashes, half_words }
    }

    /// How many tokens there are.
    pub fn len(self) -> usize {
        self.hashes.len()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.hashes.is_empty()
    }

    /// The hashes of the folded tokens, in order.
    pub fn hashes(self) -> &'a [u64] {
        self.hashes
    }

    /// Whether none is a character of an unspaced script.
    pub fn are_whole(self) -> bool {
        self.half_words.is_empty()
    }

    /// Some of them.
    pub fn part(self, range: Range<usize>) -> Words<'a> {
        let half_words = match self.half_words.is_empty() {
            true => self.half_words,
            false => &self.half_words[range.start..=range.end],
        };
        Words { hashes: &self.hashes[range], half_words }
    }

    /// How many half words a range of tokens has.
    pub fn half_words(self, range: Range<usize>) -> u32 {
        half_words(self.half_words, range)
    }

    /// Whether a range of tokens has at least `words` words.
    pub fn has_words(self, range: Range<usize>, words: u32) -> bool {
        self.half_words(range) >= 2 * words
    }
}

/// The half words of a range of tokens, of which `before` has those before each if not all are whole.
fn half_words(before: &[u32], range: Range<usize>) -> u32 {
    if before.is_empty() { 2 * range.len() as u32 } else { before[range.end] - before[range.start] }
}
