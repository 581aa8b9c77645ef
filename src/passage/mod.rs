//! Tokens to passages: text that repeats within a document or across documents.
//!
//! In: the tokens of each document. Out: [`Match`]es, two runs of tokens that
//! align, and from them [`Passages`], the groups of runs that repeat one another.
//!
//! Across documents, winnowed [fingerprints](Winnower), put away as [`Prints`], [meet](Meetings)
//! wherever a run of `min_words` is shared, and a [`Follower`] extends each hit as far as the
//! [`Texts`] go together, through small edits. Within a document the units
//! are short and edited more, so [`Repeats`] compares sentences and lines
//! themselves. [`Passages::group`] puts the matches of either kind together.

mod across;
mod align;
mod group;
mod meet;
mod prints;
mod standing;
mod texts;
mod twice;
mod winnow;
mod within;

use std::ops::Range;

pub use across::Follower;
pub use align::Aligner;
pub use group::{Passage, Passages};
pub use meet::{Hit, Meetings};
pub use prints::{PrintBuilder, Prints, UnitPrints};
pub use texts::{Text, TextBuilder, Texts, UnitTexts};
pub use winnow::{Fingerprint, Winnower};
pub use within::Repeats;

use crate::document::DocId;

/// When a repeat counts.
#[derive(Clone, Copy, Debug)]
pub struct PassageParams {
    /// Fewest words on either side, across documents.
    pub min_words_across: u32,
    /// Fewest words of a sentence or line, within a document.
    pub min_words_within: u32,
    /// Least share of the shorter side's words that align, in order, with the other side.
    pub min_similarity: f64,
}

/// A run of tokens in a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Run {
    /// The document.
    pub document: DocId,
    /// Its first token.
    pub start: u32,
    /// One past its last token.
    pub end: u32,
}

impl Run {
    /// The run of these tokens.
    pub fn new(document: DocId, tokens: Range<usize>) -> Self {
        Run { document, start: tokens.start as u32, end: tokens.end as u32 }
    }

    /// How many tokens it has.
    pub fn len(&self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Its tokens.
    pub fn tokens(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Two runs that repeat one another, the earlier first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match {
    /// The earlier run.
    pub a: Run,
    /// The later run.
    pub b: Run,
    /// Words that align, in order.
    pub aligned: u32,
}

impl Match {
    /// Words of both runs, an aligned one counted once.
    pub fn union(&self) -> u32 {
        (self.a.len() + self.b.len()) as u32 - self.aligned
    }

    /// Words of the shorter run.
    pub fn smaller(&self) -> u32 {
        self.a.len().min(self.b.len()) as u32
    }
}
