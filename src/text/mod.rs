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
        tokenizer.for_each(text, |token, _| tokens.push(token));
        tokens
    }

    /// The same tokens without their places, in as little memory as they need.
    pub fn without_spans(&self) -> Self {
        Tokens {
            hashes: self.hashes.clone(),
            spans: Vec::new(),
            half_words: self.half_words.clone(),
        }
    }

    /// Makes it empty, keeping the memory.
    pub fn clear(&mut self) {
        self.hashes.clear();
        self.spans.clear();
        self.half_words.clear();
    }

    /// Adds a token that stands after all others.
    pub fn push(&mut self, token: Token) {
        if token.unspaced && self.half_words.is_empty() {
            self.half_words.extend((0..=self.hashes.len() as u32).map(|words| 2 * words));
        }
        if let Some(&before) = self.half_words.last() {
            self.half_words.push(before + if token.unspaced { 1 } else { 2 });
        }
        self.hashes.push(token.hash);
        self.spans.push(token.span);
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
        if self.half_words.is_empty() {
            return 2 * range.len() as u32;
        }
        self.half_words[range.end] - self.half_words[range.start]
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
