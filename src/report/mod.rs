//! What is written: findings as rows, clusters, and the summary of a run.
//!
//! In: verified pairs and passages with their places and texts. Out: CSV, JSON lines, Parquet
//! or Arrow columns, one [`Finding`] a row, in columns whose names and order are a
//! promise to other programs. [`html`] makes a page of them.

mod cells;
mod finding;
mod findings;
pub mod html;
mod quotes;
mod summary;
mod write;

pub use finding::{EXCERPT, Finding, Kind, Side, excerpt};
pub use findings::{ClusterMember, ClusterRow, ClusterRows, Findings, Row};
pub use quotes::{Excerpt, QuoteBuilder, Quotes, UnitQuotes};
pub use summary::{Counts, Parameters, Summary, count, grouped};
pub(crate) use summary::{bytes, write_left_out, write_read};
pub use write::{
    COLUMNS, CONTEXT_COLUMNS, OutputFormat, clusters_batch, findings_batch, write_clusters,
    write_findings, write_findings_in_context,
};
