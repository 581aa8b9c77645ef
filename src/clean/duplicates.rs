//! Which of duplicate documents stay.
//!
//! In: pairs that were verified, and the order in which documents are to be preferred. Out: each
//! document that goes, with the one that stays for it, which it matches itself.
//!
//! Of exact and near duplicates the preferred one stays. Of a document that stands in a larger
//! one, the larger stays whatever is preferred: the smaller has nothing that would be lost with it.
//! So documents that stand in no other are taken first, in the order of preference, and each takes
//! along those that match it and are still there; then the rest is, the largest first.
//! Of what stays no two match, so that a second look finds nothing more.

use std::cmp::Reverse;

use ahash::{AHashMap, RandomState};

use crate::document::DocId;

/// How two documents match.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likeness {
    /// Jaccard similarity, or of a contained one the share of it that stands in the other.
    pub similarity: f64,
    /// Whether only the second can go: it stands in the first.
    pub contained: bool,
}

/// Two documents that match.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alike {
    /// One of them; the larger, if the other stands in it.
    pub one: DocId,
    /// The other.
    pub other: DocId,
    /// How.
    pub likeness: Likeness,
}

/// The documents that go, ascending, each with the one that stays for it and how they match.
/// `rank` orders documents by preference, the smallest first, and `size` by their length.
/// Documents for which `is_fixed` holds never go. Cost: a sort of the pairs.
pub fn kept_documents<R: Ord>(
    pairs: &[Alike],
    rank: impl Fn(DocId) -> R,
    size: impl Fn(DocId) -> u64,
    is_fixed: impl Fn(DocId) -> bool,
) -> Vec<(DocId, DocId, Likeness)> {
    // From each document to those that may go in its favour.
    let mut takes: Vec<(DocId, DocId, Likeness)> = Vec::with_capacity(2 * pairs.len());
    for &Alike { one, other, likeness } in pairs {
        takes.push((one, other, likeness));
        if !likeness.contained {
            takes.push((other, one, likeness));
        }
    }
    takes.sort_unstable_by_key(|&(one, other, _)| (one, other));
    let mut documents: Vec<DocId> = pairs.iter().flat_map(|pair| [pair.one, pair.other]).collect();
    documents.sort_unstable();
    documents.dedup();
    let mut contained: Vec<DocId> =
        pairs.iter().filter(|pair| pair.likeness.contained).map(|pair| pair.other).collect();
    contained.sort_unstable();
    let stands_in_another = |document: &DocId| contained.binary_search(document).is_ok();
    let (mut inner, mut outer): (Vec<DocId>, Vec<DocId>) =
        documents.into_iter().partition(stands_in_another);
    outer.sort_by_key(|&document| (!is_fixed(document), rank(document), document));
    inner.sort_by_key(|&document| (!is_fixed(document), Reverse(size(document)), document));
    let mut gone: AHashMap<DocId, (DocId, Likeness)> =
        AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
    let mut stays: Vec<DocId> = Vec::new();
    for document in outer.into_iter().chain(inner) {
        if gone.contains_key(&document) {
            continue;
        }
        stays.push(document);
        let start = takes.partition_point(|take| take.0 < document);
        for &(_, other, likeness) in takes[start..].iter().take_while(|take| take.0 == document) {
            if !is_fixed(other) {
                gone.entry(other).or_insert((document, likeness));
            }
        }
    }
    // Whoever was kept before it was taken stays: others may have gone in its favour.
    for document in stays {
        gone.remove(&document);
    }
    let mut gone: Vec<(DocId, DocId, Likeness)> =
        gone.into_iter().map(|(document, (kept, likeness))| (document, kept, likeness)).collect();
    gone.sort_unstable_by_key(|one| one.0);
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(one: u32, other: u32) -> Alike {
        let likeness = Likeness { similarity: 0.9, contained: false };
        Alike { one: DocId(one), other: DocId(other), likeness }
    }

    fn inside(larger: u32, smaller: u32) -> Alike {
        let likeness = Likeness { similarity: 0.95, contained: true };
        Alike { one: DocId(larger), other: DocId(smaller), likeness }
    }

    fn gone(pairs: &[Alike], fixed: &[u32]) -> Vec<(u32, u32)> {
        let size = |document: DocId| 100 - u64::from(document.0);
        let is_fixed = |document: DocId| fixed.contains(&document.0);
        let gone = kept_documents(pairs, |document| document, size, is_fixed);
        gone.into_iter().map(|(document, kept, _)| (document.0, kept.0)).collect()
    }

    #[test]
    fn nothing_goes_through_a_chain_and_no_two_that_match_stay() {
        assert_eq!(gone(&[near(1, 3), near(3, 4)], &[]), [(3, 1)]);
        // The first stands in the second: the second stays, although the first is preferred.
        assert_eq!(gone(&[inside(2, 1), near(1, 3)], &[]), [(1, 2)]);
        assert_eq!(gone(&[inside(5, 6), inside(6, 7), inside(5, 7)], &[]), [(6, 5), (7, 5)]);
        // What 8 stands in goes in favour of 1, so that 8 is judged by itself.
        assert_eq!(gone(&[near(1, 4), inside(4, 8), inside(8, 9)], &[]), [(4, 1), (9, 8)]);
        assert_eq!(gone(&[near(1, 3), near(3, 4)], &[3]), [(1, 3), (4, 3)]);
        assert_eq!(gone(&[near(1, 3)], &[1, 3]), []);
    }
}
