//! Which documents are compared: all with all, or only with those of the other side.
//!
//! In: how many documents are references. Out: [`Sides`]. References have the first numbers,
//! so that what stands for others is one of them wherever there is one: the document to keep of a
//! cluster, the first occurrence of a passage.

use crate::document::DocId;

use super::exact::Copies;

/// The sides of a scan.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sides {
    /// How many documents are references, if there are sides.
    references: Option<u32>,
}

/// Which sides a text and its copies stand on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    reference: bool,
    other: bool,
}

impl Sides {
    /// The first so many documents against all others.
    pub fn against(references: u32) -> Self {
        Sides { references: Some(references) }
    }

    /// How many references there are.
    pub fn references(self) -> u64 {
        self.references.unwrap_or(0).into()
    }

    /// Whether a document is one that the others are held against.
    pub fn is_reference(self, document: DocId) -> bool {
        self.references.is_some_and(|references| document.0 < references)
    }

    /// Whether two documents are to be compared.
    pub fn meet(self, one: DocId, other: DocId) -> bool {
        self.references.is_none() || self.is_reference(one) != self.is_reference(other)
    }

    /// Whether a document is the first of its text on its side.
    pub fn is_first(self, document: DocId, copies: &Copies) -> bool {
        let first = copies.first_of(document);
        let (_, others) = self.split(copies.group(&first));
        document == first || others.first() == Some(&document)
    }

    /// The references among some documents, which are ascending, and the others.
    fn split(self, documents: &[DocId]) -> (&[DocId], &[DocId]) {
        documents.split_at(documents.partition_point(|&document| self.is_reference(document)))
    }

    /// Those after one of some documents, which are ascending, that it is to be compared with.
    pub fn met(self, documents: &[DocId], index: usize) -> &[DocId] {
        if self.references.is_none() {
            return &documents[index + 1..];
        }
        match self.split(documents) {
            (references, others) if index < references.len() => others,
            _ => &[],
        }
    }

    /// In how many ways one of some documents is compared with one of others; both are ascending, and have none in common.
    pub fn pairs(self, ones: &[DocId], others: &[DocId]) -> usize {
        if self.references.is_none() {
            return ones.len() * others.len();
        }
        let [(references, rest), (other_references, other_rest)] =
            [ones, others].map(|documents| self.split(documents));
        references.len() * other_rest.len() + rest.len() * other_references.len()
    }

    /// How many copies of a document stand on its side, itself counted.
    pub fn copies(self, document: DocId, copies: &Copies) -> u32 {
        let first = copies.first_of(document);
        let (references, others) = self.split(copies.group(&first));
        let same = if self.is_reference(document) { references } else { others };
        same.len() as u32
    }

    /// Where a document and its copies stand.
    pub fn standing(self, document: DocId, copies: &Copies) -> Standing {
        let first = copies.first_of(document);
        let (references, others) = self.split(copies.group(&first));
        Standing { reference: !references.is_empty(), other: !others.is_empty() }
    }

    /// Whether of two texts or their copies any two are to be compared.
    pub fn may_meet(self, one: DocId, other: DocId, copies: &Copies) -> bool {
        if self.references.is_none() {
            return true;
        }
        let (one, other) = (self.standing(one, copies), self.standing(other, copies));
        (one.reference && other.other) || (one.other && other.reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_as_many_as_meet() {
        let (ones, others) = ([0, 2, 5, 7].map(DocId), [1, 3, 4, 6, 8].map(DocId));
        let of_one = |sides: Sides, one| others.iter().filter(|&&it| sides.meet(one, it)).count();
        let references = (0..10).map(Sides::against);
        for sides in references.chain([Sides::default()]) {
            let met: usize = ones.iter().map(|&one| of_one(sides, one)).sum();
            assert_eq!(sides.pairs(&ones, &others), met, "{sides:?}");
        }
    }
}
