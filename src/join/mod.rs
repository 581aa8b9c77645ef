//! The complete join: every pair of sets of which enough of the smaller stands in the larger.
//!
//! In: the shingle sets and, for each document, the share of its own shingles
//! that a partner of at least its size must have. Out: every two documents for
//! which that may hold, found through their rarest shingles; nothing is missed,
//! by construction.
//!
//! If at least α of the n shingles of x stand in y, then of any n - α + 1
//! shingles of x at least one stands in y. So an index of that many shingles
//! of each x, its rarest, looked up with all shingles of each y, meets every
//! pair (the prefix filter; Chaudhuri, Ganti, Kaushik 2006; Bayardo, Ma, Srikant
//! 2007; PPJoin, Xiao et al. 2008). One lookup serves both criteria:
//! containment c asks for α = ⌈c·n⌉, and Jaccard t of x with a y that is
//! no smaller asks for α = ⌈2t/(1+t)·n⌉. Which shingles are rarest
//! changes the cost and never the result, so their frequencies may be approximate.
//!
//! *Any* n - α + 1 shingles will do, so they are taken from the lower part of
//! the hash space, the same for all documents, and only that part of each y
//! is looked up: at α = 0.9·n a quarter of it instead of the whole. Documents
//! that have too few shingles there, as short ones may by chance, go to
//! indexes of the lower half and of the whole, which are small. With a few more
//! shingles than n - α + 1 as many more must be met, which spares most vain checks.
//!
//! A shingle that stands in the prefix of more than [`CROWD_SIZE`](crate::lsh::CROWD_SIZE) documents tells of a
//! crowd: copies of one template, whose pairs would be quadratic. Of a crowd
//! only its leaders ([`Crowds`]) are indexed; its members are compared with them.

mod crowd;
mod index;

use rayon::prelude::*;

use crate::document::DocId;
use crate::lsh::Candidate;
use crate::progress::{Progress, Unit};
use crate::shingle::ShingleSets;
use crate::verify::{Pair, least_overlap_contained};
use index::{Frequencies, PrefixIndex};

pub use crowd::Crowds;

/// The parts of the hash space that prefixes are taken from: the lower quarter, half, or all of it.
const PARTS: [u32; 3] = [2, 1, 0];

/// The least share of its own shingles that a set has in a set of at least its
/// size, when their Jaccard similarity is at least `threshold`.
pub fn share_of_smaller(threshold: f64) -> f64 {
    2.0 * threshold / (1.0 + threshold)
}

/// What the join found.
#[derive(Debug, Default)]
pub struct Joined {
    /// The verified pairs, each once, in no order.
    pub pairs: Vec<Pair>,
    /// Documents that were compared with the leaders of a crowd, not with all of it; ascending.
    pub crowded: Vec<DocId>,
}

/// Finds every two of `documents` of which the smaller, by its own `share`
/// (none if it is not to be found as the smaller), stands in the larger, as
/// `verify` sees it. Of a crowd, members that are `is_near` to a leader are left to it.
///
/// Cost: one index entry for each of the n - α + 1 rarest shingles of a
/// document, a lookup for some share of the shingles of each document, and
/// what there is to verify, of which crowds keep it from being quadratic.
pub fn complete(
    sets: &ShingleSets,
    documents: &[DocId],
    share: impl Fn(DocId) -> Option<f64> + Sync,
    progress: &dyn Progress,
    verify: impl Fn(Candidate) -> Option<Pair> + Sync,
    is_near: impl Fn(&Pair) -> bool,
) -> Joined {
    let prefixes = Prefixes::new(sets, documents, share);
    let by_part: [Vec<DocId>; PARTS.len()] = std::array::from_fn(|part| {
        documents
            .iter()
            .copied()
            .filter(|&document| prefixes.of(document).part == part as u8)
            .collect()
    });
    let frequencies = Frequencies::count(
        u64::MAX >> PARTS[0],
        by_part.iter().zip(PARTS).map(|(documents, part)| {
            (&documents[..], move |document| lower_part(sets.get(document), part))
        }),
    );
    let mut crowds = Crowds::default();
    let indexes: Vec<PrefixIndex> = by_part
        .iter()
        .zip(PARTS)
        .map(|(documents, part)| {
            let shingles = |document| lower_part(sets.get(document), part);
            let length = |document| prefixes.of(document).length as usize;
            PrefixIndex::build(documents, shingles, length, &frequencies, |list| {
                crowds.lead(list, &verify, &is_near)
            })
        })
        .collect();
    drop(frequencies);
    progress.begin("joining", documents.len() as u64, Unit::Items);
    let found: Vec<(Vec<Pair>, Vec<DocId>)> = documents
        .par_chunks(256)
        .map(|chunk| {
            let mut hits = Vec::new();
            let (mut pairs, mut crowded) = (Vec::new(), Vec::new());
            for &larger in chunk {
                hits.clear();
                let set = sets.get(larger);
                let mut meets_crowd = false;
                for (index, part) in indexes.iter().zip(PARTS) {
                    meets_crowd |= index.look_up(lower_part(set, part), &mut hits);
                }
                if meets_crowd {
                    crowded.push(larger);
                }
                hits.sort_unstable();
                pairs.extend(hits.chunk_by(|one, other| one == other).filter_map(|hits| {
                    let smaller = hits[0];
                    // What a crowd left out of the index cannot be hit.
                    let enough =
                        meets_crowd || hits.len() >= usize::from(prefixes.of(smaller).hits);
                    let ordered = (sets.size(smaller), smaller) < (set.len(), larger);
                    if enough && ordered { verify((smaller, larger)) } else { None }
                }));
            }
            progress.advance(chunk.len() as u64);
            (pairs, crowded)
        })
        .collect();
    progress.end();
    let mut joined = Joined { pairs: crowds.pairs, crowded: Vec::new() };
    for (pairs, crowded) in found {
        joined.pairs.extend(pairs);
        joined.crowded.extend(crowded);
    }
    joined.pairs.par_sort_unstable();
    joined.pairs.dedup();
    joined
}

/// What is indexed of a document.
#[derive(Clone, Copy, Default)]
struct Prefix {
    /// The part of the hash space that it is taken from, by its place in [`PARTS`].
    part: u8,
    /// How many of its rarest shingles there.
    length: u32,
    /// How many of these a partner has at least.
    hits: u8,
}

/// What is indexed of each document, by number.
struct Prefixes(Vec<Prefix>);

/// Shingles that a prefix is lengthened by, where it can be: a partner then has
/// that many more of them, and who shares a lucky one is not verified in vain.
const SURPLUS: usize = 3;

impl Prefixes {
    fn new(
        sets: &ShingleSets,
        documents: &[DocId],
        share: impl Fn(DocId) -> Option<f64> + Sync,
    ) -> Self {
        let prefix = |&document: &DocId| -> Prefix {
            let Some(share) = share(document) else { return Prefix::default() };
            let set = sets.get(document);
            // A hair less than the share asks for, so that no rounding loses a pair; the pair is verified anyway.
            let least = least_overlap_contained(share - 1e-9, set.len()).min(set.len());
            let shortest = set.len() - least + 1;
            let available = |part: usize| lower_part(set, PARTS[part]).len();
            // The last part is the whole set, of which a prefix is never more, if there is a set.
            let part = (0..PARTS.len()).find(|&part| available(part) >= shortest);
            let part = part.unwrap_or(PARTS.len() - 1);
            let surplus = SURPLUS.min(available(part).saturating_sub(shortest));
            Prefix {
                part: part as u8,
                length: (shortest + surplus) as u32,
                hits: surplus as u8 + 1,
            }
        };
        let count = documents.last().map_or(0, |last| last.index() + 1);
        let mut all = vec![Prefix::default(); count];
        let chosen: Vec<Prefix> = documents.par_iter().map(prefix).collect();
        for (document, prefix) in documents.iter().zip(chosen) {
            all[document.index()] = prefix;
        }
        Prefixes(all)
    }

    fn of(&self, document: DocId) -> Prefix {
        self.0[document.index()]
    }
}

/// What of an ascending set is in the lower part of the hash space that so many halvings leave.
fn lower_part(set: &[u64], halvings: u32) -> &[u64] {
    if halvings == 0 {
        return set;
    }
    let last = u64::MAX >> halvings;
    &set[..set.partition_point(|&shingle| shingle <= last)]
}
