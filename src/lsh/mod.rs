//! Signatures to candidates: pairs of documents that share a band.
//!
//! In: the signature of each document. Out: every two documents with equal rows in some band, once:
//! of a corpus that is read as a whole from its [`Bands`], and of one that is met a document at
//! a time, or on a cluster, by the [keys](KeyMaker) of each.

mod bands;
mod keys;
mod params;
mod rare;
mod short;

pub use bands::{BandBuilder, Bands, Candidates, UnitBands};
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
