//! Integration tests: one binary, a module a subject.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

/// Helpers: a temporary corpus, a scan of it, properties.
mod support;

/// A folder to run the program in, and a run as a transcript.
#[cfg(unix)]
mod desk;

/// The oracles: what the answers ought to be, by the most obvious code.
mod naive;

/// Helpers: a cleaned corpus, its tables, and what restoring it gives.
mod clean_support;

/// What cannot be read: told with its place, and nothing else is lost.
mod bad_input;
/// What is cut and what stays, on texts of a few lines.
mod clean;
/// What cleaning writes: every format, refused places, runs that are stopped, full disks.
#[cfg(unix)]
mod clean_files;
/// The same is cut from every format, and written back to it.
#[cfg(unix)]
mod clean_formats;
/// What holds of every cleaned corpus.
mod clean_properties;
/// What is typed, printed and left behind: help, messages, exit codes, files.
mod cli;
/// The sample corpus against its manifest, row by row.
mod corpus;
/// The same bytes for any number of threads, file order and compression.
mod determinism;
/// Exact, near and contained rows against the oracle.
mod documents;
/// The same rows from every format; what is wrong with a file is told.
mod formats;
/// Hashes that must not change silently.
mod golden;
/// Parquet: types of text, stretches of rows, files that lie.
mod parquet;
/// Passage rows against the oracle: complete, and true.
mod passages;
/// Bytes that nobody wrote, in every format.
mod readers;
/// The page of a scan: its data, what it leaves out, and that nothing foreign gets out of its place.
mod report;
/// A scan by several processes: the rows of one.
#[cfg(unix)]
mod shards;
/// The recall of the bands against its formula.
mod statistics;
/// Tables in memory: the rows of a file of the same records. Runs that are stopped.
mod tables;
/// What `tune` says of the bands: the formula's numbers, and a measurement.
mod tune;
