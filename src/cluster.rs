//! Pairs to clusters: which documents belong together, and which of them to keep.
//!
//! In: verified exact and near pairs. Out: the connected [components](Clusters)
//! and, inside each, the [kept groups](kept_groups), in which every dropped
//! document matches the kept one itself. Components alone would chain: a is
//! like b, b like c, and c has nothing of a.

use crate::document::DocId;

/// Disjoint sets of documents; the smallest number is the root of each.
#[derive(Debug)]
pub struct UnionFind {
    parents: Vec<u32>,
}

impl UnionFind {
    /// `count` documents, each by itself.
    pub fn new(count: usize) -> Self {
        UnionFind { parents: (0..count as u32).collect() }
    }

    /// The smallest member of the set of `item`. Cost: nearly constant (path halving).
    pub fn find(&mut self, item: u32) -> u32 {
        let mut at = item;
        while self.parents[at as usize] != at {
            let above = self.parents[self.parents[at as usize] as usize];
            self.parents[at as usize] = above;
            at = above;
        }
        at
    }

    /// Joins the sets of two items.
    pub fn union(&mut self, one: u32, other: u32) {
        let (one, other) = (self.find(one), self.find(other));
        self.parents[one.max(other) as usize] = one.min(other);
    }
}

/// The connected components of two and more documents, in the order of their smallest member.
#[derive(Debug)]
pub struct Clusters {
    /// The members of each, ascending.
    pub members: Vec<Vec<DocId>>,
    /// The cluster of each document, if it is in one.
    of: Vec<Option<u32>>,
}

impl Clusters {
    /// The components of `count` documents under `edges`.
    pub fn new(count: usize, edges: impl IntoIterator<Item = (DocId, DocId)>) -> Self {
        let mut sets = UnionFind::new(count);
        for (a, b) in edges {
            sets.union(a.0, b.0);
        }
        let mut by_root: Vec<(u32, DocId)> =
            (0..count as u32).map(|document| (sets.find(document), DocId(document))).collect();
        by_root.sort_unstable();
        let mut clusters = Clusters { members: Vec::new(), of: vec![None; count] };
        for group in by_root.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1) {
            for &(_, document) in group {
                clusters.of[document.index()] = Some(clusters.members.len() as u32);
            }
            clusters.members.push(group.iter().map(|&(_, document)| document).collect());
        }
        clusters
    }

    /// The number of the cluster that a document is in, from 0.
    pub fn of(&self, document: DocId) -> Option<usize> {
        self.of[document.index()].map(|cluster| cluster as usize)
    }
}

/// For each member of a component its kept document: the first member, in
/// order, takes every remaining one that directly matches it; then the next
/// that remains does. A kept document is its own.
///
/// `matches` gives, for a document, those that directly match it.
pub fn kept_groups<I: IntoIterator<Item = DocId>>(
    members: &[DocId],
    matches: impl Fn(DocId) -> I,
) -> Vec<(DocId, DocId)> {
    let mut kept: Vec<Option<DocId>> = vec![None; members.len()];
    for index in 0..members.len() {
        if kept[index].is_some() {
            continue;
        }
        kept[index] = Some(members[index]);
        for partner in matches(members[index]) {
            if let Ok(place) = members.binary_search(&partner) {
                kept[place].get_or_insert(members[index]);
            }
        }
    }
    members.iter().zip(kept).filter_map(|(&member, kept)| Some((member, kept?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_one_cluster_and_two_kept_groups() {
        // 1 - 3 - 4: 1 takes 3, and 4, which does not match 1, is kept.
        let edges = [(DocId(1), DocId(3)), (DocId(3), DocId(4))];
        let clusters = Clusters::new(6, edges);
        assert_eq!(clusters.members, [vec![DocId(1), DocId(3), DocId(4)]]);
        assert_eq!((clusters.of(DocId(4)), clusters.of(DocId(0))), (Some(0), None));
        let matches = |document: DocId| match document.0 {
            1 => vec![DocId(3)],
            3 => vec![DocId(1), DocId(4)],
            _ => vec![DocId(3)],
        };
        let kept = kept_groups(&clusters.members[0], matches);
        assert_eq!(kept, [(DocId(1), DocId(1)), (DocId(3), DocId(1)), (DocId(4), DocId(4))]);
    }
}
