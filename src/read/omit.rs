//! What is left out of documents when they are read again.
//!
//! In: for each document that is not to be read as it stands the spans to leave out. Out:
//! [`Omissions`], which a [`Corpus`](super::Corpus) applies to every later reading, so that whoever
//! reads sees the texts as they are by now, and nobody has to know why.

use std::borrow::Cow;

use ahash::{AHashMap, RandomState};

use super::Visitor;
use crate::document::{DocId, Document, Span};
use crate::error::{Error, ErrorKind, Result};

/// Spans by document.
#[derive(Clone, Debug)]
pub struct Omissions(AHashMap<DocId, Omitted>);

/// What is left out of one document.
#[derive(Clone, Debug)]
struct Omitted {
    /// Bytes of the whole text.
    length: u32,
    /// Ascending and disjoint.
    spans: Vec<Span>,
}

impl Default for Omissions {
    fn default() -> Self {
        Omissions(AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4)))
    }
}

impl Omissions {
    /// Leaves `spans` (ascending and disjoint) out of a document whose whole text has `length`
    /// bytes; replaces what was left out of it before.
    pub fn set(&mut self, document: DocId, length: u32, spans: Vec<Span>) {
        debug_assert!(spans.is_sorted_by(|a, b| a.end <= b.start));
        if spans.is_empty() {
            self.0.remove(&document);
        } else {
            self.0.insert(document, Omitted { length, spans });
        }
    }

    /// What is left out of a document, ascending and disjoint.
    pub fn of(&self, document: DocId) -> &[Span] {
        self.0.get(&document).map_or(&[], |omitted| &omitted.spans)
    }

    /// Whether nothing is left out of any document.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text without what is left out; `None` if it is not the text that spans were made for.
    fn apply<'t>(&self, document: DocId, text: &'t str) -> Option<Cow<'t, str>> {
        let Some(omitted) = self.0.get(&document) else { return Some(Cow::Borrowed(text)) };
        if text.len() != omitted.length as usize {
            return None;
        }
        without(text, &omitted.spans).map(Cow::Owned)
    }
}

/// A text without some of its spans; `None` if they are not spans of it.
pub fn without(text: &str, spans: &[Span]) -> Option<String> {
    let mut left = String::with_capacity(text.len());
    let mut at = 0;
    for span in spans {
        left.push_str(text.get(at..span.start as usize)?);
        at = span.end as usize;
    }
    left.push_str(text.get(at..)?);
    Some(left)
}

/// A visitor that is shown documents without what is left out of them.
pub struct Omitting<'a, V> {
    /// Whom it shows them to.
    pub visitor: &'a V,
    /// What is left out.
    pub omissions: &'a Omissions,
}

impl<V: Visitor> Visitor for Omitting<'_, V> {
    /// With it, whether a text was not what it had been.
    type Unit = (V::Unit, bool);
    type Kept = V::Kept;

    fn begin(&self) -> Self::Unit {
        (self.visitor.begin(), false)
    }

    fn visit(&self, (unit, changed): &mut Self::Unit, number: DocId, document: Document<'_>) {
        match self.omissions.apply(number, document.text) {
            Some(text) => self.visitor.visit(unit, number, Document { text: &text, ..document }),
            None => *changed = true,
        }
    }

    fn finish(&self, (unit, changed): Self::Unit) -> Result<V::Kept> {
        if changed {
            return Err(Error::new(ErrorKind::Changed).at_path("the corpus"));
        }
        self.visitor.finish(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_left_out_of_the_text_they_were_made_for() {
        let mut omissions = Omissions::default();
        omissions.set(DocId(3), 9, vec![Span::new(0, 2), Span::new(5, 6)]);
        assert_eq!(omissions.apply(DocId(3), "abcdefghi").unwrap(), "cdeghi");
        assert_eq!(omissions.apply(DocId(2), "abc").unwrap(), "abc");
        assert!(omissions.apply(DocId(3), "abcdefgh").is_none());
        // The same length, but a character where the cut is.
        assert!(omissions.apply(DocId(3), "a\u{e9}cdefgh").is_none());
        omissions.set(DocId(3), 9, Vec::new());
        assert!(omissions.is_empty());
    }
}
