//! A text as it is cut: in sentences and blocks, with the white space that is closed up.
//!
//! In: a text and which of its sentences or blocks are to go. Out: [`Piece`]s, the spans that
//! go with them. A block is a line, or the lines that a paragraph was wrapped into; one that goes
//! as a whole takes the blank lines on one side with it, so that of two gaps the
//! larger stays. A sentence takes the space to its neighbour. Pieces never overlap.

use std::ops::Range;

use crate::document::Span;
use crate::text::{Sentence, Tokens, blocks, sentences};

/// What goes with one sentence or one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The sentences; all of a block, or one.
    pub sentences: Range<usize>,
    /// What is cut.
    pub span: Span,
}

/// A text in blocks.
pub struct Blocks<'t> {
    text: &'t str,
    /// The lines of each block, with their ends.
    pub ranges: Vec<Range<usize>>,
}

/// Fewest words of a paragraph of text.
const TEXT: usize = 12;

/// Fewest words of a headline that is not the first line.
const HEADLINE: usize = 5;

/// Fewest words of what begins a text and is no headline, if it ends as a sentence does.
const PARAGRAPH: u32 = 30;

/// In how many blocks from where a text begins there is more of it, and its headline before it.
const NEARBY: usize = 8;

/// How much longer than a sentence its block may be for it to be most of it.
const MOST: f64 = 1.4;

/// Marks that end a sentence.
const STOPS: [char; 14] =
    ['.', '!', '?', '…', '。', '！', '？', '．', '؟', '۔', '।', '॥', '։', '።'];

/// What may stand after the mark that ends a sentence.
fn closes(c: char) -> bool {
    c.is_whitespace() || "\"'”’»“‘)]}›」』）】*_".contains(c)
}

/// Whether a text ends as a sentence does.
pub fn is_punctuated(text: &str) -> bool {
    text.trim_end_matches(closes).ends_with(STOPS)
}

impl<'t> Blocks<'t> {
    /// The blocks of a text. Cost: linear.
    pub fn of(text: &'t str) -> Self {
        Blocks { text, ranges: blocks(text) }
    }

    /// The text of a block, without the white space around it.
    pub fn trimmed(&self, block: usize) -> &'t str {
        self.text[self.ranges[block].clone()].trim()
    }

    /// The blank lines before a block, or after the last.
    fn gap(&self, block: usize) -> Range<usize> {
        let start = if block == 0 { 0 } else { self.ranges[block - 1].end };
        let end = self.ranges.get(block).map_or(self.text.len(), |range| range.start);
        start..end
    }

    /// Whether a block is a paragraph of text.
    pub fn is_text(&self, block: usize) -> bool {
        let text = self.trimmed(block);
        is_punctuated(text) && text.split_whitespace().count() >= TEXT
    }

    /// Whether a block is too long for a headline.
    pub fn is_paragraph(&self, block: usize, tokens: &Tokens) -> bool {
        let Range { start, end } = self.ranges[block];
        let words = tokens.within(Span::new(start, end));
        tokens.half_words(words) >= 2 * PARAGRAPH && is_punctuated(self.trimmed(block))
    }

    /// The line that is taken for the headline of a page that begins with something else: the first
    /// of some words in the few lines before the place where the paragraphs begin.
    pub fn headline(&self) -> Option<usize> {
        let count = self.ranges.len();
        let texts = |from: usize| (from..count).take(NEARBY).filter(|&block| self.is_text(block));
        let start = (0..count).find(|&block| self.is_text(block) && texts(block).count() >= 3)?;
        (start.saturating_sub(NEARBY)..start).find(|&block| {
            !self.is_text(block) && self.trimmed(block).split_whitespace().count() >= HEADLINE
        })
    }

    /// What goes when these blocks (ascending) go: a span for each.
    pub fn close_up(&self, cut: &[usize]) -> Vec<Span> {
        let lines = |gap: Range<usize>| self.text[gap].matches('\n').count();
        let mut spans = Vec::with_capacity(cut.len());
        for run in cut.chunk_by(|one, next| one + 1 == *next) {
            let (first, after) = (run[0], run[run.len() - 1] + 1);
            let starts = first == 0;
            let ends = after == self.ranges.len();
            let keeps_before =
                starts || (!ends && lines(self.gap(first)) >= lines(self.gap(after)));
            spans.extend(run.iter().map(|&block| {
                let Range { start, end } = self.ranges[block];
                match keeps_before {
                    true => Span::new(start, self.gap(block + 1).end),
                    false => Span::new(self.gap(block).start, end),
                }
            }));
        }
        spans
    }
}

/// A text in blocks and sentences.
pub struct Page<'t> {
    /// The text.
    pub text: &'t str,
    /// Its blocks.
    pub blocks: Blocks<'t>,
    /// Its sentences.
    pub sentences: Vec<Sentence>,
    /// The first sentence of each block, and the number of sentences at the end.
    firsts: Vec<usize>,
}

impl<'t> Page<'t> {
    /// The page of a text. Cost: linear.
    pub fn of(text: &'t str) -> Self {
        let blocks = Blocks::of(text);
        let sentences = sentences(text);
        let first = |block: usize| sentences.partition_point(|one| (one.block as usize) < block);
        let firsts = (0..=blocks.ranges.len()).map(first).collect();
        Page { text, blocks, sentences, firsts }
    }

    /// The sentences of a block.
    pub fn sentences_of(&self, block: usize) -> Range<usize> {
        self.firsts[block]..self.firsts[block + 1]
    }

    /// The block of a sentence.
    pub fn block_of(&self, sentence: usize) -> usize {
        self.sentences[sentence].block as usize
    }

    /// Whether a sentence is a block by itself.
    pub fn is_alone(&self, sentence: usize) -> bool {
        self.sentences_of(self.block_of(sentence)).len() == 1
    }

    /// Whether a sentence is nearly all of its block: what is beside it may be a credit.
    pub fn is_most_of_its_block(&self, sentence: usize) -> bool {
        let length = self.sentences[sentence].span.range().len();
        let block = self.blocks.trimmed(self.block_of(sentence)).len();
        MOST * length as f64 >= block as f64
    }

    /// What goes when the sentences go for which `is_cut` holds.
    pub fn pieces(&self, is_cut: impl Fn(usize) -> bool) -> Vec<Piece> {
        let blocks: Vec<usize> = (0..self.blocks.ranges.len())
            .filter(|&block| self.sentences_of(block).all(&is_cut))
            .collect();
        let spans = self.blocks.close_up(&blocks);
        let mut pieces: Vec<Piece> = blocks
            .iter()
            .zip(spans)
            .map(|(&block, span)| Piece { sentences: self.sentences_of(block), span })
            .collect();
        for block in 0..self.blocks.ranges.len() {
            let sentences = self.sentences_of(block);
            if blocks.binary_search(&block).is_ok() || !sentences.clone().any(&is_cut) {
                continue;
            }
            let last_kept = sentences.clone().rev().find(|&one| !is_cut(one));
            for sentence in sentences.clone().filter(|&one| is_cut(one)) {
                // A run of them at the end of the block takes the space before, any other that after.
                let at_end = last_kept < Some(sentence);
                let span = self.sentences[sentence].span;
                let span = match at_end {
                    true => Span { start: self.sentences[sentence - 1].span.end, ..span },
                    false => Span { end: self.sentences[sentence + 1].span.start, ..span },
                };
                pieces.push(Piece { sentences: sentence..sentence + 1, span });
            }
        }
        pieces.sort_unstable_by_key(|piece| piece.span.start);
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::without;

    fn left(text: &str, cut: &[usize]) -> String {
        let pieces = Page::of(text).pieces(|sentence| cut.contains(&sentence));
        let spans: Vec<Span> = pieces.iter().map(|piece| piece.span).collect();
        without(text, &spans).unwrap()
    }

    #[test]
    fn what_remains_is_closed_up() {
        for (text, cut, expected) in [
            ("One\n\nTwo\n\nThree\n", &[1][..], "One\n\nThree\n"),
            ("One\nTwo\n\nThree\n", &[1], "One\n\nThree\n"),
            ("One\n\nTwo\nThree\n", &[1], "One\n\nThree\n"),
            ("One\n\nTwo\nThree\n\n\nFour", &[1, 2], "One\n\n\nFour"),
            ("One\n\nTwo\n", &[1], "One\n"),
            ("One\n\nTwo", &[1], "One\n"),
            ("One\n\nTwo\n\n", &[0], "Two\n\n"),
            ("It is. It was. It will.\n", &[1], "It is. It will.\n"),
            ("It is. It was. It will.\nSo.", &[1, 2], "It is.\nSo."),
            ("It is. It was.\r\n\r\nSo.\r\n", &[0], "It was.\r\n\r\nSo.\r\n"),
            ("It is. It was.\r\n\r\nSo.\r\n", &[0, 1], "So.\r\n"),
            ("一句话。两句话！三句话。", &[1], "一句话。三句话。"),
        ] {
            assert_eq!(left(text, cut), expected, "{text:?} {cut:?}");
        }
    }

    #[test]
    fn a_sentence_is_told_by_its_end() {
        assert!(is_punctuated("“Go,” she said. “Now.”") && is_punctuated("Gut so!)\n"));
        assert!(!is_punctuated("A crane comes down (photo: A. Holm)") && !is_punctuated("End:"));
    }
}
