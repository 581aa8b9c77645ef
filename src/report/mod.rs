//! What is written: findings as rows, clusters, and the summary of a run.
//!
//! In: verified pairs and passages with their places and texts. Out: CSV or
//! JSON lines, one [`Finding`] a line, in columns whose names and order are a
//! promise to other programs.

mod finding;
mod summary;
mod write;

pub use finding::{Finding, Kind, Side, excerpt};
pub use summary::{Counts, Parameters, Summary};
pub(crate) use summary::{bytes, count, grouped};
pub use write::{COLUMNS, OutputFormat, write_clusters, write_findings};

/// A document's place in a cluster, as `--clusters` writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterRow {
    /// The document.
    pub document: std::sync::Arc<str>,
    /// Number of its cluster, from 1.
    pub cluster: u32,
    /// The document to keep in its stead; itself, if it is to be kept.
    pub kept: std::sync::Arc<str>,
    /// Jaccard similarity to the kept document.
    pub similarity: f64,
}
