//! dittograph finds duplicate and near-duplicate text in a corpus and says
//! exactly what it found: which documents are copies, near-copies or parts of
//! one another, and which passages repeat, each with its place, its true
//! similarity and its text.
//!
//! ```text
//! read -> text -> shingle -> sketch -> lsh -> verify -> cluster -> report
//!                    \-> passage (seed -> extend -> merge) -------/
//! ```
//!
//! Each stage is a module, and a stage uses the types of earlier stages only.
//! [`pipeline`] wires them on Rayon:
//!
//! ```
//! use dittograph::pipeline::{ScanOptions, scan};
//! use dittograph::progress::Silent;
//!
//! # fn main() -> dittograph::error::Result<()> {
//! # let folder = tempfile::tempdir().expect("a temporary folder can be made");
//! # let story = "The ferry to Gannet Sound will run twice a day from June, the harbour board said.";
//! # for name in ["courier.txt", "post.txt"] {
//! #     std::fs::write(folder.path().join(name), story).expect("a file can be written");
//! # }
//! # let folder = folder.path().to_owned();
//! let scan = scan(&[folder], &ScanOptions::default(), &Silent)?;
//! let found = scan.findings.get(0)?;
//! assert_eq!((found.kind.name(), found.jaccard), ("exact", 1.0));
//! assert_eq!((&*found.a.document, &*found.b.document), ("courier.txt", "post.txt"));
//! # Ok(())
//! # }
//! ```

#![deny(missing_docs)]

pub mod clean;
pub mod cluster;
pub mod document;
pub mod error;
pub mod join;
pub mod lsh;
pub mod memory;
pub mod parts;
pub mod passage;
pub mod pipeline;
mod pool;
pub mod progress;
pub mod read;
pub mod report;
pub mod shelf;
pub mod shingle;
pub mod sketch;
pub mod sorter;
pub mod spill;
pub mod text;
pub mod verify;
