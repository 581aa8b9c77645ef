//! Documents of the same normalised text.
//!
//! In: the content hashes. Out: [`Copies`]: which documents are copies of an
//! earlier one. Equal hashes only say where to look; [`Copies::confirm`] has the texts
//! themselves compared, byte by byte, when the candidates are [inspected](super::inspect).

use rayon::prelude::*;

use crate::document::DocId;
use crate::error::Result;

use super::survey::Facts;

/// The group of a document that is none's copy.
const ALONE: u32 = u32::MAX;

/// Which documents are copies.
pub struct Copies {
    /// For each document the place of its group, if it has one.
    group_of: Vec<u32>,
    /// The groups of two and more, each ascending, in the order of their first document.
    pub groups: Vec<Vec<DocId>>,
}

impl Copies {
    /// Groups documents by their content hashes.
    pub fn by_content(facts: &[Facts]) -> Self {
        let content = |document: DocId| facts[document.index()].content;
        // Half of each content stands beside its document: that of two documents is seldom alike by chance.
        let mut by_content: Vec<(u64, DocId)> = Vec::with_capacity(facts.len());
        let documents = (0..facts.len() as u32).map(DocId);
        let with_words = documents.filter(|document| facts[document.index()].tokens > 0);
        by_content.extend(with_words.map(|document| (content(document)[0], document)));
        by_content.par_sort_unstable_by(|one, other| {
            let of_all = |document| (content(document), document);
            one.0.cmp(&other.0).then_with(|| of_all(one.1).cmp(&of_all(other.1)))
        });
        let mut groups: Vec<Vec<DocId>> = by_content
            .chunk_by(|a, b| a.0 == b.0 && content(a.1) == content(b.1))
            .filter(|group| group.len() > 1)
            .map(|group| group.iter().map(|&(_, document)| document).collect())
            .collect();
        groups.sort_unstable();
        Copies::new(facts.len(), groups)
    }

    fn new(documents: usize, groups: Vec<Vec<DocId>>) -> Self {
        let mut group_of = vec![ALONE; documents];
        for (number, group) in (0..).zip(&groups) {
            group.iter().for_each(|document| group_of[document.index()] = number);
        }
        Copies { group_of, groups }
    }

    /// All documents of the same normalised text, if there are more than this one.
    fn copies_of(&self, document: DocId) -> Option<&[DocId]> {
        match self.group_of[document.index()] {
            ALONE => None,
            number => Some(&self.groups[number as usize]),
        }
    }

    /// The same with each group split by what `are_equal` says of its texts, and the first
    /// documents of groups that had to be split off, each with the first of all: their hashes
    /// were equal, so their shingles are.
    pub fn confirm(
        self,
        are_equal: impl Fn(DocId, DocId) -> Result<bool> + Sync,
    ) -> Result<(Self, Vec<(DocId, DocId)>)> {
        let split: Vec<Vec<Vec<DocId>>> = self
            .groups
            .par_iter()
            .map(|group| {
                let mut equals: Vec<Vec<DocId>> = Vec::new();
                'members: for &document in group {
                    for others in &mut equals {
                        if are_equal(others[0], document)? {
                            others.push(document);
                            continue 'members;
                        }
                    }
                    equals.push(vec![document]);
                }
                Ok(equals)
            })
            .collect::<Result<_>>()?;
        let split_off = split.iter().flat_map(|equals| {
            equals[1..].iter().map(|others| (equals[0][0], others[0])).collect::<Vec<_>>()
        });
        let split_off = split_off.collect();
        let mut groups: Vec<Vec<DocId>> =
            split.into_iter().flatten().filter(|group| group.len() > 1).collect();
        groups.sort_unstable();
        Ok((Copies::new(self.group_of.len(), groups), split_off))
    }

    /// The first document with the same normalised text.
    pub fn first_of(&self, document: DocId) -> DocId {
        self.copies_of(document).map_or(document, |group| group[0])
    }

    /// All documents of the same normalised text as `first`, which is the first of them.
    pub fn group<'a>(&'a self, first: &'a DocId) -> &'a [DocId] {
        self.copies_of(*first).unwrap_or(std::slice::from_ref(first))
    }

    /// How many documents there are, copies or not.
    pub fn documents(&self) -> usize {
        self.group_of.len()
    }

    /// Whether the document is the first of its text.
    pub fn is_first(&self, document: DocId) -> bool {
        self.first_of(document) == document
    }

    /// Whether the document has a copy, earlier or later.
    pub fn has_copy(&self, document: DocId) -> bool {
        self.group_of[document.index()] != ALONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_split_by_its_texts() {
        let facts = |content| Facts { content: [1, content], tokens: 9, half_words: 18 };
        let copies = Copies::by_content(&[7, 8, 7, 7, 9, 7].map(facts));
        assert_eq!(copies.groups, [[0, 2, 3, 5].map(DocId)]);
        let texts = ["a", "", "b", "a", "", "b"];
        let equal = |one: DocId, other: DocId| Ok(texts[one.index()] == texts[other.index()]);
        let (copies, split_off) = copies.confirm(equal).unwrap();
        assert_eq!(copies.groups, [[0, 3].map(DocId), [2, 5].map(DocId)]);
        assert_eq!(split_off, [(DocId(0), DocId(2))]);
        assert!(
            copies.is_first(DocId(2)) && copies.has_copy(DocId(5)) && !copies.has_copy(DocId(1))
        );
    }
}
