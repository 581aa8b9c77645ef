//! Shingle sets to verified pairs of documents.
//!
//! In: the sketched corpus without its exact copies. Out: [`DocumentPairs`].
//! They come from the complete join: all of them, or with `--method minhash` the
//! contained ones and those of documents too short for a signature, and the
//! other near ones from the bands. All are verified alike.

use ahash::AHashSet;
use rayon::prelude::*;

use crate::cluster::Clusters;
use crate::document::DocId;
use crate::join::{self, Crowds};
use crate::lsh::{Candidate, candidates};
use crate::progress::{Progress, Unit};
use crate::verify::Pair;

use super::exact::Copies;
use super::survey::Sketched;
use super::{LARGEST_COMPONENT, Method, Plan};

/// What was verified, between documents that are the first of their text.
pub struct DocumentPairs {
    /// Pairs that reach the threshold, ascending.
    pub near: Vec<Pair>,
    /// Other pairs of which the smaller is contained in the larger, ascending.
    pub contained: Vec<Pair>,
    /// Documents that were compared with the leaders of a crowd, not with all of it; ascending.
    pub crowded: Vec<DocId>,
    /// The components of exact and near pairs, copies and all.
    pub clusters: Clusters,
    /// Which of them are too large, or too crowded, for all their pairs to be written.
    pub is_large: Vec<bool>,
    /// All pairs, as [`key`] makes them.
    pairs: AHashSet<u64>,
}

impl DocumentPairs {
    fn new(pairs: Vec<Pair>, crowded: Vec<DocId>, copies: &Copies, plan: &Plan) -> Self {
        let keys = pairs.iter().map(|pair| key(pair.a, pair.b)).collect();
        let (near, contained): (Vec<Pair>, Vec<Pair>) =
            pairs.into_iter().partition(|pair| plan.criteria.is_near(pair));
        let copied =
            copies.groups.iter().flat_map(|group| group[1..].iter().map(|&copy| (group[0], copy)));
        let edges = copied.chain(near.iter().map(|pair| (pair.a, pair.b)));
        let clusters = Clusters::new(copies.documents(), edges);
        let is_large = |members: &Vec<DocId>| {
            members.len() > LARGEST_COMPONENT
                || members.iter().any(|member| crowded.binary_search(member).is_ok())
        };
        let is_large = clusters.members.iter().map(is_large).collect();
        DocumentPairs { near, contained, crowded, clusters, is_large, pairs: keys }
    }

    /// Whether two documents are a pair, or would be if all of their large cluster were compared.
    pub fn are_pair(&self, one: DocId, other: DocId) -> bool {
        let cluster = self.clusters.of(one);
        let in_large = cluster.is_some_and(|cluster| self.is_large[cluster]);
        (in_large && cluster == self.clusters.of(other)) || self.pairs.contains(&key(one, other))
    }
}

/// Two documents as one number, the earlier in the upper half.
fn key(one: DocId, other: DocId) -> u64 {
    u64::from(one.min(other).0) << 32 | u64::from(one.max(other).0)
}

/// Finds and verifies all pairs.
pub fn pairs(
    sketched: &Sketched,
    copies: &Copies,
    plan: &Plan,
    progress: &dyn Progress,
) -> DocumentPairs {
    let sets = &sketched.sets;
    let distinct: Vec<DocId> = (0..sketched.facts.len() as u32)
        .map(DocId)
        .filter(|&document| sets.size(document) > 0 && copies.is_first(document))
        .collect();
    let long_enough = |document: DocId| {
        sketched.facts[document.index()].half_words >= 2 * plan.options.passages.min_words_across
    };
    let verify = |(one, other): Candidate| {
        // Fewer words decide between equal sets, not the order of reading.
        let length = |document: DocId| sketched.facts[document.index()].tokens;
        let smaller =
            std::cmp::min_by_key(one, other, |&document| (sets.size(document), length(document)));
        plan.criteria.verify(sets, one, other, long_enough(smaller))
    };
    let by_bands = |document: DocId| {
        plan.options.method == Method::Minhash && sets.size(document) >= plan.sketch.num_hashes
    };
    let share = |document: DocId| plan.share(by_bands(document), long_enough(document));
    let is_near = |pair: &Pair| plan.criteria.is_near(pair);
    let joined = join::complete(sets, &distinct, share, progress, verify, is_near);
    let (mut pairs, mut crowded) = (joined.pairs, joined.crowded);
    if plan.options.method == Method::Minhash {
        let (documents, keys) = first_of_their_text(sketched, copies, plan.lsh.bands);
        let found = candidates(&documents, &keys, plan.lsh.bands);
        progress.begin("verifying", found.pairs.len() as u64, Unit::Items);
        let is_known = |candidate: &Candidate| {
            pairs.binary_search_by_key(candidate, |pair| (pair.a, pair.b)).is_ok()
        };
        let verified: Vec<Pair> = found
            .pairs
            .par_chunks(4096)
            .flat_map_iter(|chunk| {
                progress.advance(chunk.len() as u64);
                let unknown = chunk.iter().filter(|candidate| !is_known(candidate));
                unknown.filter_map(|&candidate| verify(candidate)).collect::<Vec<_>>()
            })
            .collect();
        pairs.extend(verified);
        let mut crowds = Crowds::default();
        for crowd in &found.crowds {
            crowds.lead(crowd, verify, is_near);
            crowded.extend(crowd);
        }
        pairs.append(&mut crowds.pairs);
        progress.end();
    }
    pairs.par_sort_unstable();
    pairs.dedup();
    crowded.par_sort_unstable();
    crowded.dedup();
    DocumentPairs::new(pairs, crowded, copies, plan)
}

/// The banded documents that are the first of their text, with their keys.
fn first_of_their_text(
    sketched: &Sketched,
    copies: &Copies,
    bands: usize,
) -> (Vec<DocId>, Vec<u64>) {
    let banded = sketched.banded.iter().zip(sketched.keys.chunks_exact(bands));
    let first = banded.filter(|(document, _)| copies.is_first(**document));
    let (documents, keys): (Vec<DocId>, Vec<&[u64]>) = first.unzip();
    (documents, keys.concat())
}
