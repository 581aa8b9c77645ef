//! Signatures to candidates: pairs of documents that share a band.
//!
//! In: the [band keys](band_keys) of each document. Out: every two documents
//! with an equal key in some band, once. Keys are grouped by sorting, not by a
//! map of lists, so the result does not depend on threads, and a group that
//! would be quadratic is seen before it is expanded: it comes out as a
//! [crowd](Candidates::crowds).

mod keys;
mod params;
mod rare;
mod short;

use rayon::prelude::*;

pub use keys::KeyMaker;
pub use params::{LshParams, MAX_HASHES};
pub(crate) use rare::coded;
pub use rare::{RareKeys, ShingleCounts, SliceSum, Spot};
pub use short::ShortSets;

use crate::document::DocId;
use crate::text::mix;

/// The largest group whose pairs are all made candidates.
pub const CROWD_SIZE: usize = 1000;

/// Two documents that may be a pair, the earlier first.
pub type Candidate = (DocId, DocId);

/// Appends the keys of a signature, one a band. A key stands for the rows of
/// the band: equal rows have equal keys, and unequal ones almost never, which
/// costs a needless check and never a pair.
pub fn band_keys(signature: &[u32], params: LshParams, keys: &mut Vec<u64>) {
    keys.extend(
        signature
            .chunks_exact(params.rows)
            .map(|rows| rows.iter().fold(0, |key, &row| mix(key ^ u64::from(row)))),
    );
}

/// What the bands brought together.
#[derive(Debug, Default)]
pub struct Candidates {
    /// Ascending, each once.
    pub pairs: Vec<Candidate>,
    /// Groups of more than [`CROWD_SIZE`] documents, each ascending, each once.
    pub crowds: Vec<Vec<DocId>>,
}

/// The candidates among `documents`, whose keys stand in `keys`, `bands` each.
/// Cost: a sort per band, and the pairs of each group of up to [`CROWD_SIZE`].
pub fn candidates(documents: &[DocId], keys: &[u64], bands: usize) -> Candidates {
    debug_assert_eq!(documents.len() * bands, keys.len());
    let mut found = Candidates::default();
    let by_band: Vec<Candidates> = (0..bands)
        .into_par_iter()
        .map(|band| {
            let mut entries: Vec<(u64, DocId)> = documents
                .iter()
                .zip(keys.chunks_exact(bands))
                .map(|(&document, keys)| (keys[band], document))
                .collect();
            entries.par_sort_unstable();
            let mut found = Candidates::default();
            for group in entries.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1) {
                if group.len() > CROWD_SIZE {
                    found.crowds.push(group.iter().map(|&(_, document)| document).collect());
                    continue;
                }
                for (index, &(_, a)) in group.iter().enumerate() {
                    found.pairs.extend(group[index + 1..].iter().map(|&(_, b)| (a, b)));
                }
            }
            found
        })
        .collect();
    for band in by_band {
        found.pairs.extend(band.pairs);
        found.crowds.extend(band.crowds);
    }
    found.pairs.par_sort_unstable();
    found.pairs.dedup();
    found.crowds.sort_unstable();
    found.crowds.dedup();
    found
}
