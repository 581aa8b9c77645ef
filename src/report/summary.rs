//! What a run did, for people and for programs.

use std::fmt;

use serde::Serialize;

use crate::read::ReadTotals;

/// How the run was made: enough to make it again.
#[derive(Clone, Debug, Serialize)]
pub struct Parameters {
    /// Version of this program.
    pub version: &'static str,
    /// `documents`, `passages` or `all`.
    pub find: &'static str,
    /// `minhash` or `complete`.
    pub method: &'static str,
    /// Tokens a shingle.
    pub shingle_size: usize,
    /// Least Jaccard similarity of a near pair.
    pub threshold: f64,
    /// Least containment of a contained pair.
    pub containment: f64,
    /// Recall asked for at the threshold; 1 if the method is complete.
    pub recall: f64,
    /// Bands, if the method has them.
    pub bands: Option<usize>,
    /// Rows a band, if the method has them.
    pub rows: Option<usize>,
    /// The chance that a pair at the threshold is missed.
    pub miss_probability: f64,
    /// Fewest words of a passage across documents.
    pub min_words_across: u32,
    /// Fewest words of a passage within a document.
    pub min_words_within: u32,
    /// Least share of aligned words of a passage.
    pub min_similarity: f64,
    /// Seed of all hashes.
    pub seed: u64,
}

/// What was found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Counts {
    /// Documents that the others were held against.
    pub references: u64,
    /// Documents without a single word.
    pub empty: u64,
    /// Rows of kind `exact`.
    pub exact: u64,
    /// Rows of kind `near`.
    pub near: u64,
    /// Rows of kind `contained`.
    pub contained: u64,
    /// Rows of kind `passage`.
    pub passage_rows: u64,
    /// Distinct passages.
    pub passages: u64,
    /// Passages of which not all occurrences are written.
    pub shortened: u64,
    /// Clusters of documents.
    pub clusters: u64,
    /// Documents in clusters.
    pub clustered: u64,
    /// Documents that a cleaned corpus could do without.
    pub droppable: u64,
    /// Clusters of more than a thousand documents, written as a star.
    pub stars: u64,
    /// Documents that share a band or a rare shingle with more than a thousand others and
    /// were compared with a few of these only.
    pub crowded: u64,
}

/// The summary of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The command that makes the same rows again; none if the program was not run by one.
    pub command: Vec<String>,
    /// How it was made.
    pub parameters: Parameters,
    /// What was read.
    pub read: ReadTotals,
    /// What was found.
    pub found: Counts,
    /// What could not be read, in words; of many only the first.
    pub problems: Vec<String>,
    /// What the user should know although nothing failed.
    pub notices: Vec<String>,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Wall time of each stage in seconds, in order.
    pub stages: Vec<(&'static str, f64)>,
    /// Largest resident size in bytes, where the system tells.
    pub peak_memory: Option<u64>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { parameters, read, found, seconds, peak_memory, .. } = self;
        write_read(read, f)?;
        if found.references > 0 {
            writeln!(
                f,
                "           {} to hold the others against",
                count(found.references, "document")
            )?;
        }
        if found.empty > 0 {
            writeln!(f, "           {} without a word", count(found.empty, "document"))?;
        }
        write_left_out(read, f)?;
        for (encoding, &number) in &read.guessed {
            writeln!(f, "guessed    {encoding} for {}", count(number, "document"))?;
        }
        if read.replaced > 0 {
            writeln!(
                f,
                "replaced   {} that could not be decoded",
                count(read.replaced, "character")
            )?;
        }
        if read.stripped > 0 {
            writeln!(
                f,
                "stripped   {} without a main text: all text was read",
                count(read.stripped, "page")
            )?;
        }
        if parameters.find != "passages" {
            writeln!(
                f,
                "documents  {} exact, {} near, {} contained; {} of {}",
                grouped(found.exact),
                grouped(found.near),
                grouped(found.contained),
                count(found.clusters, "cluster"),
                count(found.clustered, "document"),
            )?;
            let but = match found.crowded {
                0 => "",
                _ => ", but among the crowded documents below",
            };
            match (parameters.bands, parameters.rows) {
                (Some(bands), Some(rows)) => writeln!(
                    f,
                    "recall     {:.4} asked for at Jaccard {}: {bands} bands of {rows} rows miss {:.4} % there, less above{but}",
                    parameters.recall,
                    parameters.threshold,
                    100.0 * parameters.miss_probability
                )?,
                _ => writeln!(
                    f,
                    "recall     complete from Jaccard {} up{but}",
                    parameters.threshold
                )?,
            }
        }
        if parameters.find != "documents" {
            writeln!(
                f,
                "passages   {} in {}",
                grouped(found.passages),
                count(found.passage_rows, "row")
            )?;
        }
        if found.shortened > 0 {
            writeln!(
                f,
                "shortened  {}, of which only the first occurrences are written",
                count(found.shortened, "passage")
            )?;
        }
        if found.stars > 0 {
            writeln!(
                f,
                "summarised {} of more than 1,000 or of crowded documents: each document beside its kept one, not beside all",
                count(found.stars, "cluster")
            )?;
        }
        if found.crowded > 0 {
            writeln!(
                f,
                "crowded    {} that share a band or a rare shingle with more than 1,000 others were compared with a few of these",
                count(found.crowded, "document")
            )?;
        }
        write!(f, "took       {seconds:.2} s")?;
        if let Some(peak) = peak_memory {
            write!(f, ", {} at most", bytes(*peak))?;
        }
        Ok(())
    }
}

/// Says how much was read.
pub(crate) fn write_read(read: &ReadTotals, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "read       {} in {} ({})",
        count(read.documents, "document"),
        count(read.files, "file"),
        bytes(read.bytes)
    )
}

/// Says what was not read, and why.
pub(crate) fn write_left_out(read: &ReadTotals, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (reason, &number) in &read.skipped {
        writeln!(f, "skipped    {}: {reason}", count(number, "file"))?;
    }
    for (reason, &number) in &read.passed_by {
        writeln!(f, "passed by  {}: {reason}", count(number, "record"))?;
    }
    if read.problems > 0 {
        writeln!(f, "unreadable {}", count(read.problems, "file or record"))?;
    }
    Ok(())
}

/// `1 file`, `2 files`, `12,345 files`.
pub fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { String::new() } else { "s".to_owned() };
    match noun.split_once(" or ") {
        Some((one, other)) => format!("{} {one}{plural} or {other}{plural}", grouped(number)),
        None => format!("{} {noun}{plural}", grouped(number)),
    }
}

/// A number with commas between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A size in the unit that suits it.
pub(crate) fn bytes(size: u64) -> String {
    let mut value = size as f64;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if value < 1000.0 {
            return if unit == "bytes" {
                format!("{size} bytes")
            } else {
                format!("{value:.1} {unit}")
            };
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(2, "file or record"), "2 files or records");
        assert_eq!((bytes(999), bytes(1500)), ("999 bytes".to_owned(), "1.5 kB".to_owned()));
    }
}
