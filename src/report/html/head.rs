//! What stands at the top of a page: what was scanned, how, and what came of it.
//!
//! In: the summary of the scan, as `--summary` writes it, if there is one, and the counts. Out: a [`Head`]
//! of plain text, which the template escapes.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::data::LeftOut;
use super::outline::Outline;
use super::tallies::Tallies;
use super::visible::visible;
use crate::error::{Error, ErrorKind, Result};
use crate::report::{Summary, bytes, count, grouped};

/// What a page needs of the summary. Fields that an older version did not write are not told.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Told {
    /// The command that makes the rows again.
    #[serde(default)]
    pub command: Vec<String>,
    #[serde(default)]
    problems: Vec<String>,
    #[serde(default)]
    notices: Vec<String>,
    pub(super) parameters: ToldParameters,
    read: ToldReading,
    found: ToldCounts,
}

/// The parameters that a summary tells.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ToldParameters {
    version: String,
    find: String,
    pub method: String,
    shingle_size: usize,
    pub threshold: f64,
    containment: f64,
    recall: f64,
    pub bands: Option<usize>,
    pub rows: Option<usize>,
    pub miss_probability: f64,
    min_words_across: u32,
    min_words_within: u32,
    min_similarity: f64,
    seed: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct ToldReading {
    files: u64,
    documents: u64,
    bytes: u64,
    skipped: BTreeMap<String, u64>,
    passed_by: BTreeMap<String, u64>,
    problems: u64,
    replaced: u64,
    guessed: BTreeMap<String, u64>,
    stripped: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct ToldCounts {
    references: u64,
    empty: u64,
    shortened: u64,
    stars: u64,
    crowded: u64,
}

impl Told {
    /// What `--summary` would write.
    ///
    /// # Errors
    /// None is known: a summary is what this reads.
    pub fn of(summary: &Summary) -> Result<Self> {
        let told = serde_json::to_value(summary).and_then(serde_json::from_value);
        told.map_err(|error| Error::new(ErrorKind::NotSummary(error.to_string())))
    }

    /// Reads what `--summary` wrote.
    ///
    /// # Errors
    /// The system's; that it is no such file.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Error::io(path, error))?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let what = match error.is_data() {
                true => "it is JSON, but does not have what a summary has".to_owned(),
                false => error.to_string(),
            };
            Error::new(ErrorKind::NotSummary(what)).at_path(path.display())
        })
    }
}

/// A line of the head.
#[derive(Debug, PartialEq, Eq)]
pub struct Fact {
    pub name: &'static str,
    pub values: Vec<String>,
}

/// The head of a page.
#[derive(Debug)]
pub struct Head {
    /// What was scanned.
    pub subject: String,
    /// The command that made the rows.
    pub command: Option<String>,
    pub facts: Vec<Fact>,
    /// What is not in the page, or not as one would think.
    pub notes: Vec<String>,
    /// What could not be read.
    pub problems: Vec<String>,
}

/// How many problems are listed.
const MOST_PROBLEMS: usize = 100;

impl Head {
    /// Makes the head of a page of the rows of `file`.
    pub fn new(
        file: &str,
        told: Option<&Told>,
        outline: &Outline,
        tallies: &Tallies,
        left_out: &LeftOut,
    ) -> Self {
        let command = told.filter(|told| !told.command.is_empty()).map(|told| &told.command);
        let mut facts = Vec::new();
        let mut fact = |name, values: Vec<String>| {
            if !values.is_empty() {
                facts.push(Fact { name, values });
            }
        };
        if let Some(told) = told {
            fact("Read", read(told));
            fact("Left out", left(&told.read));
        }
        fact("Documents", documents(tallies, outline));
        fact("Passages", passages(tallies));
        if let Some(told) = told {
            fact("Recall", vec![recall(&told.parameters)]);
            fact("Parameters", parameters(&told.parameters));
        }
        let described = told.map_or(&[][..], |told| &told.problems);
        let mut problems: Vec<String> =
            described.iter().take(MOST_PROBLEMS).map(|problem| visible(problem)).collect();
        let all = told.map_or(0, |told| told.read.problems);
        if !problems.is_empty() && all > problems.len() as u64 {
            problems.push(format!("and {} more", grouped(all - problems.len() as u64)));
        }
        Head {
            subject: command.map_or_else(|| visible(file), |command| subject(command)),
            command: command.map(|command| visible(&shell_line(command))),
            facts,
            notes: notes(told, outline, left_out),
            problems,
        }
    }
}

/// The PATHs of a command: what stands between its name and its options.
fn subject(command: &[String]) -> String {
    let paths = command.iter().skip(2).take_while(|argument| !argument.starts_with("--"));
    let names: Vec<String> = paths
        .map(|path| match path.as_str() {
            "-" => "standard input".to_owned(),
            path => visible(path.trim_end_matches('/')),
        })
        .collect();
    match names.len() {
        0..=3 => names.join(", "),
        more => format!("{}, {} and {} more", names[0], names[1], more - 2),
    }
}

/// Arguments as they are typed into a shell.
pub fn shell_line(arguments: &[String]) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    let quoted = |argument: &String| match !argument.is_empty() && argument.chars().all(is_plain) {
        true => argument.clone(),
        false => format!("'{}'", argument.replace('\'', "'\\''")),
    };
    arguments.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

fn read(told: &Told) -> Vec<String> {
    let Told { read, found, .. } = told;
    let mut values = vec![format!(
        "{} in {}, {}",
        count(read.documents, "document"),
        count(read.files, "file"),
        bytes(read.bytes)
    )];
    if found.references > 0 {
        let references = count(found.references, "document");
        values.push(format!("{references} of them to hold the others against"));
    }
    if found.empty > 0 {
        values.push(format!("{} without a word", count(found.empty, "document")));
    }
    for (encoding, &number) in &read.guessed {
        values.push(format!("{encoding} guessed for {}", count(number, "document")));
    }
    if read.replaced > 0 {
        values.push(format!("{} could not be decoded", count(read.replaced, "character")));
    }
    if read.stripped > 0 {
        values
            .push(format!("all text read of {} without a main text", count(read.stripped, "page")));
    }
    values
}

fn left(read: &ToldReading) -> Vec<String> {
    let mut values = Vec::new();
    for (reason, &number) in &read.skipped {
        values.push(format!("{} skipped: {}", count(number, "file"), visible(reason)));
    }
    for (reason, &number) in &read.passed_by {
        values.push(format!("{} passed by: {}", count(number, "record"), visible(reason)));
    }
    if read.problems > 0 {
        values.push(format!("{} could not be read", count(read.problems, "file or record")));
    }
    values
}

fn documents(tallies: &Tallies, outline: &Outline) -> Vec<String> {
    let [exact, near, contained, _] = tallies.kinds;
    let clustered: usize = outline.clusters.iter().map(|cluster| cluster.members.len()).sum();
    if exact + near + contained == 0 {
        return Vec::new();
    }
    let mut values = vec![format!(
        "{} exact, {} near, {} contained",
        count(exact, "pair"),
        grouped(near),
        grouped(contained)
    )];
    if clustered > 0 {
        values.push(format!(
            "{} of {}: {} kept, {} could go, {}",
            count(outline.clusters.len() as u64, "cluster"),
            count(clustered as u64, "document"),
            grouped(clustered as u64 - tallies.dropped[0]),
            grouped(tallies.dropped[0]),
            count(tallies.dropped[1], "word")
        ));
    }
    values
}

fn passages(tallies: &Tallies) -> Vec<String> {
    let [all, furniture] = tallies.passages;
    match all {
        0 => Vec::new(),
        _ => vec![format!(
            "{} in {}, {} of them furniture",
            count(all, "passage"),
            count(tallies.kinds[3], "row"),
            grouped(furniture)
        )],
    }
}

/// What is promised of the pairs that are not there.
fn recall(parameters: &ToldParameters) -> String {
    let ToldParameters { threshold, recall, miss_probability, .. } = parameters;
    if parameters.find == "passages" {
        return format!(
            "complete for runs of {} words across documents",
            parameters.min_words_across
        );
    }
    match (parameters.bands, parameters.rows) {
        (Some(bands), Some(rows)) => format!(
            "{recall} asked for at Jaccard {threshold}: {bands} bands of {rows} rows miss {:.4} % there, less above",
            100.0 * miss_probability
        ),
        _ => format!("complete: no pair of Jaccard {threshold} or above is missing"),
    }
}

fn parameters(parameters: &ToldParameters) -> Vec<String> {
    let mut values = Vec::new();
    if parameters.find != "passages" {
        values.push(format!(
            "threshold {}, containment {}, shingles of {} words",
            parameters.threshold, parameters.containment, parameters.shingle_size
        ));
    }
    if parameters.find != "documents" {
        values.push(format!(
            "passages of at least {} words across and {} within documents, a share of {} aligned",
            parameters.min_words_across, parameters.min_words_within, parameters.min_similarity
        ));
    }
    values.push(format!(
        "method {}, seed {}, dittograph {}",
        visible(&parameters.method),
        parameters.seed,
        visible(&parameters.version)
    ));
    values
}

fn notes(told: Option<&Told>, outline: &Outline, left_out: &LeftOut) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(told) = told {
        notes.extend(told.notices.iter().map(|notice| visible(notice)));
        let found = &told.found;
        if found.stars > 0 {
            notes.push(format!(
                "{} of more than 1,000 or of crowded documents: each document stands beside its kept one, not beside all",
                count(found.stars, "cluster")
            ));
        }
        if found.crowded > 0 {
            notes.push(format!(
                "{} that share a rare shingle or a band with more than 1,000 others were compared with a few of these",
                count(found.crowded, "document")
            ));
        }
        if found.shortened > 0 {
            notes.push(format!(
                "Of {} only the first occurrences are listed",
                count(found.shortened, "passage")
            ));
        }
    } else {
        notes.push(
            "What was read and with which parameters is not in the rows: scan with `--summary FILE`, and name it here"
                .to_owned(),
        );
    }
    if !outline.clusters.is_empty() && !outline.is_kept_told {
        notes.push(
            "Which document is kept of a cluster is not in the rows; taken is the first by name. Scan with `--clusters FILE`, and name it here"
                .to_owned(),
        );
    }
    let LeftOut { entries, rows, texts, missing, changed, cut, excerpts } = *left_out;
    if rows > 0 {
        let whole = match entries {
            0 => String::new(),
            _ => format!(", among them all of {}", count(entries, "finding")),
        };
        notes.push(format!(
            "{} have no place in this page{whole}; they are in the CSV, and counted in the plots",
            count(rows, "row")
        ));
    }
    for (number, one, more) in [
        (
            texts,
            "The text of 1 document has no place here: excerpts are shown",
            "The texts of {} documents have no place here: excerpts are shown",
        ),
        (
            missing,
            "1 document was not found below the PATHs given: excerpts are shown",
            "{} documents were not found below the PATHs given: excerpts are shown",
        ),
        (
            changed,
            "1 document is not what it was when it was scanned: excerpts are shown",
            "{} documents are not what they were when they were scanned: excerpts are shown",
        ),
        (
            cut,
            "1 document is long, and only its beginning is shown",
            "{} documents are long, and only their beginnings are shown",
        ),
    ] {
        match number {
            0 => {}
            1 => notes.push(one.to_owned()),
            _ => notes.push(more.replace("{}", &grouped(number))),
        }
    }
    if excerpts > 0 {
        notes.push(format!(
            "{} have no place here; they are in the CSV",
            count(excerpts, "excerpt")
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_quoted_for_a_shell() {
        let arguments = ["dittograph", "scan", "it's here", "a b", "--threshold", "0.7", ""];
        let arguments: Vec<String> = arguments.map(str::to_owned).to_vec();
        let line = r"dittograph scan 'it'\''s here' 'a b' --threshold 0.7 ''";
        assert_eq!(shell_line(&arguments), line);
        assert_eq!(subject(&arguments), "it's here, a b");
    }
}
