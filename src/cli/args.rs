//! What can be typed, and the help that explains it.

use std::path::{Path, PathBuf};

use clap::{Arg, Args, CommandFactory, Parser, Subcommand, ValueEnum};

use dittograph::passage::PassageParams;
use dittograph::pipeline::{Find, MOST_THREADS, Method, Pairs, ScanOptions, usual_memory};
use dittograph::read::{ReadOptions, Source};

use super::clean_args::{
    CLEAN_EXAMPLES, CLEAN_HELP, CleanArguments, RESTORE_EXAMPLES, RestoreArguments,
};
use super::paint::Color;
use super::reading_args::ReadingArguments;
use super::report_args::{REPORT_EXAMPLES, ReportArguments};
use super::scan::Outputs;
use super::shard_args::{MergeArguments, SHARD_EXAMPLES, SKETCH_HELP, SketchArguments};
use super::tune_args::{TUNE_EXAMPLES, TUNE_HELP, TuneArguments};
use super::values::{folder, named, share, size, whole};

/// What both the short and the long help end with.
macro_rules! scan_examples {
    () => {
        "\
Examples:
  dittograph scan articles/                    every duplicate below a folder, as CSV
  dittograph scan feed.jsonl.zst -o pairs.csv  the records of a file, rows into a file
  dittograph scan articles/ --report report.html > pairs.csv     and a page to look at
  dittograph scan --find documents --threshold 0.7 a/ b/
  dittograph scan train/ --against test.jsonl  what of the test stands in the training text
  zstdcat dump.zst | dittograph scan - --input-format jsonl --text-field body.text"
    };
}

const EXAMPLES: &str = scan_examples!();

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  dittograph completions bash > ~/.local/share/bash-completion/completions/dittograph";

const MAN_EXAMPLES: &str = "\
Examples:
  dittograph man scan | man -l -               the page of a command, to read";

/// Find duplicate and near-duplicate documents and repeated passages, verified, as CSV
#[derive(Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Arguments {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// All that can be typed: what is derived, and `--config` as the last option of each command that has any.
pub fn program() -> clap::Command {
    // Read from what was typed, before clap sees it.
    let config = || {
        Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help_heading(None::<&str>)
            .display_order(LAST)
            .help("A TOML file of options, a table for each command; what is typed wins")
            .long_help(
                "A TOML file of options, a table for each command; what is typed wins\n\n\
                 Options are called as they are typed: under [scan], threshold = 0.7, quiet = true, \
                 exclude = [\"*.bak\"]. No file is read that is not named here.",
            )
    };
    Arguments::command().arg(config()).mut_subcommands(|command| match command.get_name() {
        "completions" | "man" => command,
        _ => command.arg(config().hide_short_help(true)),
    })
}

/// Behind all other options, before the help.
const LAST: usize = 900;

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Find every duplicate and write one row for each
    #[command(after_help = EXAMPLES, after_long_help = SCAN_HELP)]
    Scan(Box<ScanArguments>),
    /// Write a cleaned copy of a corpus, every repeat cut once, with a list of every cut
    #[command(after_help = CLEAN_EXAMPLES, after_long_help = CLEAN_HELP)]
    Clean(Box<CleanArguments>),
    /// Make the original again of a cleaned corpus
    #[command(after_help = RESTORE_EXAMPLES)]
    Restore(RestoreArguments),
    /// Make a page of HTML to look at the rows of a scan with
    #[command(after_help = REPORT_EXAMPLES)]
    Report(Box<ReportArguments>),
    /// Do a share of the work of a scan, for several machines to do it together
    #[command(after_help = SHARD_EXAMPLES, after_long_help = SKETCH_HELP)]
    Sketch(Box<SketchArguments>),
    /// Put the shares together, and write the rows of a scan
    #[command(after_help = SHARD_EXAMPLES)]
    Merge(Box<MergeArguments>),
    /// Show what `--method minhash` would find at a threshold and recall
    #[command(after_help = TUNE_EXAMPLES, after_long_help = TUNE_HELP)]
    Tune(Box<TuneArguments>),
    /// Print a completion script for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print a manual page, in roff
    #[command(after_help = MAN_EXAMPLES)]
    Man {
        /// The command whose page it is [default: that of dittograph itself]
        command: Option<String>,
    },
}

const SCAN_HELP: &str = concat!(
    "\
Rows:
  kind             exact, near, contained (documents) or passage
  jaccard          true Jaccard similarity over shingles; for a passage over aligned words
  containment      the share of the smaller side that stands in the larger
  words_a/_b       words in each side's span
  doc_a/_b         name of the document: its path below PATH, with #ID or #LINE for a record
  start, end       the span: bytes of the document's text as UTF-8, end not included
  line             line the span starts in, from 1
  cluster          number of the cluster of exact and near documents
  passage          number of the passage; occurrences: how many times it occurs in all
  text_a/_b        the span's text, on one line, at most 200 characters

Exit status:
  0  done
  1  done, and there were duplicates (with --fail-on-duplicates)
  2  something could not be read, or the run failed

",
    scan_examples!()
);

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RowFormat {
    /// For people.
    Text,
    /// Comma-separated values, with a header.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// A Parquet file.
    Parquet,
}

impl RowFormat {
    /// The format that the name of a file calls for.
    pub fn of_file(path: &Path) -> Self {
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        match extension.to_str() {
            Some("jsonl" | "ndjson") => RowFormat::Jsonl,
            Some("parquet" | "pq") => RowFormat::Parquet,
            _ => RowFormat::Csv,
        }
    }
}

/// The arguments of `scan`.
#[derive(Args)]
pub struct ScanArguments {
    /// Files and folders to scan; `-` is standard input
    ///
    /// Folders are walked whole, hidden and ignored files too. Read are plain text (.txt, .md and
    /// whatever else turns out to be text), JSON lines (.jsonl, .ndjson), tables (.csv, .tsv, .parquet), pages
    /// of HTML and crawls (.warc, .wet), each also compressed as .gz or .zst, and .zip and
    /// .tar archives of them. Other files are skipped and counted.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Where and how to write
    #[command(flatten)]
    pub writing: OutputArguments,

    /// Files and folders of references: write only rows between them and PATH
    ///
    /// Which of your documents are in another collection, or quote from it: test questions in
    /// training text, say. In each row the first side is of PATH, the second of the references; neither
    /// are compared among themselves. Of a cluster the references are kept. A file that
    /// is below both counts as one of PATH. Can be given several times.
    #[arg(long, value_name = "PATH")]
    pub against: Vec<PathBuf>,

    /// Also write the text that was read of each page of HTML or of a crawl, for spans to be followed in
    ///
    /// Into a file for each, called by the document's name and `.txt`, with percent signs for what a name of a file
    /// cannot hold: `crawl.warc#http://a/b` is in crawl.warc#http%3A%2F%2Fa%2Fb.txt, and where that URL repeats,
    /// `%3A` and the number of the record follow. A name of more than 200 bytes is cut, and a checksum put behind.
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    pub write_text: Option<PathBuf>,

    /// How much to take for the run
    #[command(flatten)]
    pub running: RunningArguments,

    /// What and how to find
    #[command(flatten)]
    pub finding: FindingArguments,

    /// What and how to read
    #[command(flatten)]
    pub reading: ReadingArguments,
}

/// Where and how to write what was found.
#[derive(Args)]
pub struct OutputArguments {
    /// Where to write the rows [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// csv, jsonl, parquet or text [default: as --output is named]
    ///
    /// How to write the rows, and those of --clusters. A file named .jsonl, .ndjson, .parquet or .pq has that
    /// format, any other is CSV, and so is what goes into a pipe; a terminal is shown text. `text` is for
    /// people: clusters with the document to keep first, passages with all their places, and what differs, word
    /// by word. It has only the groups of each kind that repeat most words; --clusters is then CSV.
    #[arg(long, value_name = "FORMAT", value_enum, hide_possible_values = true)]
    format: Option<RowFormat>,

    /// Also make a page of HTML to look at the rows with
    ///
    /// As `dittograph report` makes it of the rows, with the texts of the documents that repeat most.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Also write the documents of each cluster, with the one to keep
    #[arg(long, value_name = "FILE")]
    clusters: Option<PathBuf>,

    /// Also write the summary, as JSON
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,

    /// Print no progress and no summary; problems are still told
    #[arg(short, long)]
    pub quiet: bool,

    /// Exit with status 1 if there are duplicates
    #[arg(long)]
    pub fail_on_duplicates: bool,

    /// Whether text is coloured; `auto`: on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto", hide_short_help = true)]
    color: Color,
}

impl OutputArguments {
    /// What is to be written, with so many words around a passage.
    pub fn outputs(&self, context: u32) -> Outputs<'_> {
        Outputs {
            rows: self.output.as_deref(),
            clusters: self.clusters.as_deref(),
            summary: self.summary.as_deref(),
            report: self.report.as_deref(),
            format: self.format,
            color: self.color,
            context,
        }
    }
}

/// How much to take for a run.
#[derive(Args)]
pub struct RunningArguments {
    /// How many threads to use [default: as many as there are processors]
    ///
    /// The output does not depend on it.
    #[arg(long, value_name = "N", value_parser = whole(1, MOST_THREADS))]
    pub threads: Option<u32>,

    /// How much memory to use, such as 8G [default: half of what there is]
    ///
    /// In bytes or with K, M, G. Tables and lists are kept to it, and what does not fit is put into temporary
    /// files; rows, names, the places of what is cut and about 100 bytes a document are not counted. The output
    /// does not depend on it. At least 128M.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory: Option<u64>,

    /// Where to put temporary files [default: the system's folder for them]
    ///
    /// They have no names and are gone when the program ends, however it ends. They take about
    /// as much room as the text, and with passages up to three times as much; more where most of it repeats.
    #[arg(long, value_name = "DIR", value_parser = folder(), hide_short_help = true)]
    temp_dir: Option<PathBuf>,
}

impl RunningArguments {
    /// Where temporary files go.
    pub fn temp_dir(&self) -> PathBuf {
        self.temp_dir.clone().unwrap_or_else(std::env::temp_dir)
    }

    /// Bytes of memory.
    pub fn memory(&self) -> u64 {
        self.memory.unwrap_or_else(usual_memory)
    }
}

/// What and how to find.
#[derive(Args)]
#[command(next_help_heading = "Finding")]
pub struct FindingArguments {
    /// documents, passages or all
    #[arg(
        long,
        value_name = "WHAT",
        default_value = "all",
        hide_possible_values = true,
        value_parser = named::<Find>(&["documents", "passages", "all"])
    )]
    find: Find,

    /// Least Jaccard similarity of two near-duplicate documents
    ///
    /// Of their sets of shingles, that is of runs of five words: at 0.8 about two words in a
    /// hundred may differ, if they stand apart. From 0.3 to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.8, value_parser = share)]
    threshold: f64,

    /// Least share of a document's shingles that a larger one must have to contain it
    ///
    /// Only documents of at least --min-words words count. From 0.5 to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.9, value_parser = share, hide_short_help = true)]
    containment: f64,

    /// How to find near-duplicates
    ///
    /// `complete` misses no pair. `minhash` may miss some, as many as --recall allows, and is
    /// faster at thresholds below 0.7. It keeps 16 bytes for each band of a document in memory, whatever
    /// --memory says.
    #[arg(
        long,
        value_name = "METHOD",
        default_value = "complete",
        hide_short_help = true,
        value_parser = named::<Method>(&["complete", "minhash"])
    )]
    method: Method,

    /// Least share of the pairs at the threshold that `--method minhash` must find [default: 0.999]
    ///
    /// More similar pairs are missed less often still. Bands and rows follow from it; the summary
    /// states them. From 0.5 to below 1. Exact and contained documents and passages are not subject
    /// to it.
    #[arg(long, value_name = "SHARE", value_parser = share, hide_short_help = true)]
    recall: Option<f64>,

    /// How many words in a row make a shingle, from 1 to 32
    #[arg(long, value_name = "N", default_value_t = 5, hide_short_help = true)]
    shingle_size: usize,

    /// Fewest words of a passage [default: 12 across, 8 within documents]
    ///
    /// From 3 to 1000. A character of a script without spaces (Chinese, Japanese, Thai) counts as half a word.
    #[arg(long, value_name = "N")]
    min_words: Option<u32>,

    /// Least share of a passage's words that must align, in order, with its repeat
    ///
    /// Of the shorter side. From 0.5 to 1; at 1 only verbatim repeats are passages.
    #[arg(long, value_name = "SHARE", default_value_t = 0.75, value_parser = share, hide_short_help = true)]
    min_similarity: f64,

    /// Which rows to write for a cluster: every pair, or each document beside its kept one
    ///
    /// Clusters of more than 1,000 documents, or with members that share a rare shingle with more than
    /// 1,000 others, are written as a star in either case; the summary then says so.
    #[arg(
        long,
        value_name = "WHICH",
        default_value = "all",
        hide_short_help = true,
        value_parser = named::<Pairs>(&["all", "star"])
    )]
    pairs: Pairs,

    /// Of how many occurrences of a passage to write rows at most [default: of all]
    ///
    /// The first in the order of reading, each beside one that comes before. All are found, and
    /// `occurrences` still counts them; the summary says of how many passages rows were left out. At least 2.
    #[arg(long, value_name = "N", value_parser = whole(2, u32::MAX), hide_short_help = true)]
    max_occurrences: Option<u32>,

    /// Also write up to N words before and after each passage
    ///
    /// In four more columns at the end of a row: `before_a`, `after_a`, `before_b`, `after_b`. They are
    /// empty for whole documents. Up to 1000.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole(0, 1000), hide_short_help = true)]
    pub context: u32,

    /// List passages also between documents that are duplicates as a whole
    #[arg(long, hide_short_help = true)]
    inside_duplicates: bool,

    /// Seed of all hashes
    ///
    /// Another seed makes another, equally good choice of what minhash may miss.
    #[arg(long, value_name = "N", default_value_t = 0, hide_short_help = true)]
    seed: u64,
}

impl FindingArguments {
    /// What of it changes nothing, and might be thought to.
    pub fn note(&self) -> Option<String> {
        let recall = self.recall.filter(|_| self.method == Method::Complete)?;
        Some(format!(
            "`--recall {recall}` changes nothing without `--method minhash`: every pair is found"
        ))
    }
}

impl ScanArguments {
    /// The options that the library understands.
    pub fn options(&self) -> ScanOptions {
        ScanOptions {
            write_text: self.write_text.clone(),
            ..scan_options(&self.finding, &self.reading, &self.against, &self.running)
        }
    }
}

/// The options that the library understands.
pub fn scan_options(
    finding: &FindingArguments,
    reading: &ReadingArguments,
    against: &[PathBuf],
    running: &RunningArguments,
) -> ScanOptions {
    let usual = ScanOptions::default();
    let passages = usual.passages;
    ScanOptions {
        read: ReadOptions {
            against: against.iter().cloned().map(Source::from).collect(),
            temp_dir: running.temp_dir(),
            ..reading.options()
        },
        find: finding.find,
        method: finding.method,
        shingle_size: finding.shingle_size,
        threshold: finding.threshold,
        containment: finding.containment,
        recall: finding.recall.unwrap_or(usual.recall),
        passages: PassageParams {
            min_words_across: finding.min_words.unwrap_or(passages.min_words_across),
            min_words_within: finding.min_words.unwrap_or(passages.min_words_within),
            min_similarity: finding.min_similarity,
        },
        pairs: finding.pairs,
        max_occurrences: finding.max_occurrences.map(|most| most as usize),
        context: finding.context,
        inside_duplicates: finding.inside_duplicates,
        seed: finding.seed,
        memory: running.memory(),
        ..usual
    }
}
