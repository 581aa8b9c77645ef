//! The nouns every stage shares: [`DocId`], [`Span`], [`Document`].

use std::ops::Range;

use crate::read::Form;
use bytemuck::{Pod, Zeroable};

/// A document's number: its position in reading order, from 0.
///
/// Reading order is the order of the PATHs as given and of names, bytewise,
/// within each; it never depends on threads or on the order of a directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub struct DocId(pub u32);

impl DocId {
    /// The number as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A half-open byte range in a document's text, always on `char` boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` to `end`.
    pub fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end && end <= u32::MAX as usize);
        Span { start: start as u32, end: end as u32 }
    }

    /// The range to index a text with.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether both have a byte in common.
    pub fn overlaps(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The smallest span around both.
    pub fn hull(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A document as a reader hands it out: borrowed, for the length of one visit.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// The record's own id, where the format has one.
    pub id: Option<&'a str>,
    /// When it was published, as the document itself tells it, where the format has such a place.
    pub date: Option<&'a str>,
    /// Where it belongs, as the document itself tells it: a page's canonical link.
    pub link: Option<&'a str>,
    /// The decoded text: no byte order mark, line ends as in the file.
    pub text: &'a str,
    /// The values of [`ReadOptions::extra_fields`](crate::read::ReadOptions::extra_fields), in
    /// their order, where the record has them.
    pub extra: &'a [Option<String>],
    /// How its bytes stand for the text; none if they cannot be made of it again.
    pub form: Option<Form>,
}
