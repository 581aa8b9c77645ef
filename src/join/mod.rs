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

mod index;

use rayon::prelude::*;

use crate::document::DocId;
use crate::lsh::Candidate;
use crate::progress::{Progress, Unit};
use crate::shingle::ShingleSets;
use crate::verify::least_overlap_contained;
use index::{Frequencies, PrefixIndex};

/// The least share of its own shingles that a set has in a set of at least its
/// size, when their Jaccard similarity is at least `threshold`.
pub fn share_of_smaller(threshold: f64) -> f64 {
    2.0 * threshold / (1.0 + threshold)
}

/// Gives `each` every two of `documents` of which the smaller, by its own
/// `share` (none if it is not to be found as the smaller), may stand in the
/// larger, and collects what it makes of them, in the order of the larger.
///
/// Cost: one index entry for each of the n - α + 1 rarest shingles of a
/// document, one lookup for each shingle of each document.
pub fn complete<T: Send>(
    sets: &ShingleSets,
    documents: &[DocId],
    share: impl Fn(DocId) -> Option<f64> + Sync,
    progress: &dyn Progress,
    each: impl Fn(Candidate) -> Option<T> + Sync,
) -> Vec<T> {
    let frequencies = Frequencies::count(sets, documents);
    let index = PrefixIndex::build(sets, documents, &frequencies, |document| {
        let size = sets.size(document);
        // A hair less than the share asks for, so that no rounding loses a pair; the pair is verified anyway.
        let least = share(document).map(|share| least_overlap_contained(share - 1e-9, size));
        least.map_or(0, |least| size - least.min(size) + 1)
    });
    drop(frequencies);
    progress.begin("joining", documents.len() as u64, Unit::Items);
    let found = documents
        .par_chunks(256)
        .flat_map_iter(|chunk| {
            let mut hits = Vec::new();
            let mut found = Vec::new();
            for &larger in chunk {
                hits.clear();
                let set = sets.get(larger);
                index.look_up(set, &mut hits);
                hits.sort_unstable();
                hits.dedup();
                found.extend(hits.iter().filter_map(|&smaller| {
                    let ordered = (sets.size(smaller), smaller) < (set.len(), larger);
                    if ordered { each((smaller, larger)) } else { None }
                }));
            }
            progress.advance(chunk.len() as u64);
            found
        })
        .collect();
    progress.end();
    found
}
