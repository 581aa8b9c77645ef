//! What can be typed, and the help that explains it.

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use dittograph::error::Error;
use dittograph::passage::PassageParams;
use dittograph::pipeline::{Find, Method, Pairs, ScanOptions, usual_memory};
use dittograph::read::{FORMAT_NAMES, Format, HTML_NAMES, Html, ReadOptions, Source};

use super::clean_args::{
    CLEAN_EXAMPLES, CLEAN_HELP, CleanArguments, RESTORE_EXAMPLES, RestoreArguments,
};
use super::paint::Color;
use super::report_args::{REPORT_EXAMPLES, ReportArguments};
use super::scan::Outputs;
use super::shard_args::{MergeArguments, SHARD_EXAMPLES, SKETCH_HELP, SketchArguments};
use super::size;

const EXAMPLES: &str = "\
Examples:
  dittograph scan articles/                    every duplicate below a folder, as CSV
  dittograph scan feed.jsonl.zst -o pairs.csv  the records of a file, rows into a file
  dittograph scan articles/ --report report.html > pairs.csv     and a page to look at
  dittograph scan --find documents --threshold 0.7 a/ b/
  dittograph scan train/ --against test.jsonl  what of the test stands in the training text
  zstdcat dump.zst | dittograph scan - --input-format jsonl --text-field body.text";

/// Find duplicate and near-duplicate documents and repeated passages, verified, as CSV
#[derive(Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Arguments {
    /// What to do
    #[command(subcommand)]
    pub command: Command,

    /// A TOML file of options, a table for each command; what is typed wins
    ///
    /// Options are called as they are typed: under [scan], threshold = 0.7, quiet = true,
    /// exclude = ["*.bak"]. No file is read that is not named here.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

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
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print a manual page, in roff
    Man {
        /// The command whose page it is [default: that of dittograph itself]
        command: Option<String>,
    },
}

const SCAN_HELP: &str = "\
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

Examples:
  dittograph scan articles/                    every duplicate below a folder, as CSV
  dittograph scan feed.jsonl.zst -o pairs.csv  the records of a file, rows into a file
  dittograph scan --find documents --threshold 0.7 a/ b/
  zstdcat dump.zst | dittograph scan - --input-format jsonl --text-field body.text";

const TUNE_EXAMPLES: &str = "\
Examples:
  dittograph tune                               what scan --method minhash finds by default
  dittograph tune --threshold 0.6 --recall 0.99
  dittograph tune --measure articles/           the same, and what it finds of your pairs
  dittograph tune --measure feed.jsonl.zst --text-field body.text --sample 0";

const TUNE_HELP: &str = "\
What it shows:
  By default, scan compares documents completely and misses nothing. --method minhash takes a
  signature of each, cut into bands of some rows. Two documents of Jaccard similarity s agree in a
  row with chance s, in a band of r rows with chance s^r, and in one of b bands or more with chance

      1 - (1 - s^r)^b

  Then they are a candidate, and are verified. As s grows the chance follows an S-curve, which is
  printed and plotted. More bands miss fewer pairs and make more candidates in vain; more rows
  make fewer of these, and need more bands. Scan takes the most rows that 128 hashes pay for.

What it measures:
  With --measure, all pairs in a sample of your documents are found by the complete join, and each
  is looked up in the bands. The recall is of pairs that are left to the bands. Copies are not, nor
  are documents of fewer shingles than there are hashes: scan finds these in other ways. Pairs of
  which the smaller stands in the larger (scan --containment) scan finds in another way as well,
  so that of the pairs missed here it may still find some.

  A pair is in the sample if both its documents are: of a tenth of the documents there are a
  hundredth of the pairs. Few pairs make a wide interval around the recall: raise --sample.

Examples:
  dittograph tune                               what scan --method minhash finds by default
  dittograph tune --threshold 0.6 --recall 0.99
  dittograph tune --measure articles/           the same, and what it finds of your pairs
  dittograph tune --measure feed.jsonl.zst --text-field body.text --sample 0";

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

    /// Files and folders of reference documents: only rows between them and PATH are written
    ///
    /// Which of your documents are in another collection, or quote from it: test questions in
    /// training text, say. In each row the first side is of PATH, the second of the references; neither
    /// are compared among themselves. Of a cluster the references are kept. A file that
    /// is below both counts as one of PATH. Can be given several times.
    #[arg(long, value_name = "PATH")]
    pub against: Vec<PathBuf>,

    /// Where and how to write
    #[command(flatten)]
    pub writing: OutputArguments,

    /// Also write the text that was read of each page of HTML or of a crawl, for spans to be followed in
    ///
    /// Into files of the documents' names, with `.txt` behind.
    #[arg(long, value_name = "DIR")]
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

    /// How to write the rows, and those of --clusters [default: csv; on a terminal, text]
    ///
    /// `text` is for people: clusters with the document to keep first, passages with all their places, and what
    /// differs, word by word. It has the first groups of each kind only; --clusters is then CSV.
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<RowFormat>,

    /// Whether text is coloured; `auto`: on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto")]
    color: Color,

    /// Also write every document of a cluster, with the document to keep in its stead
    #[arg(long, value_name = "FILE")]
    clusters: Option<PathBuf>,

    /// Also write the summary, as JSON
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,

    /// Also make a page of HTML to look at the rows with
    ///
    /// As `dittograph report` makes it of the rows, with the texts of the documents that repeat most.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Print no progress and no summary; problems are still told
    #[arg(short, long)]
    pub quiet: bool,

    /// Exit with status 1 if there are duplicates
    #[arg(long)]
    pub fail_on_duplicates: bool,
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
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,

    /// How much memory to use, in bytes or with K, M, G [default: half of what there is]
    ///
    /// Tables and lists are kept to it, and what does not fit is put into temporary files; rows, names,
    /// the places of what is cut and about 100 bytes a document are not counted. The output does not depend on it. At
    /// least 128M.
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    memory: Option<u64>,

    /// Where to put temporary files [default: the system's folder for them]
    ///
    /// They have no names and are gone when the program ends, however it ends. They take about
    /// as much room as the text, and with passages up to three times as much; more where most of it repeats.
    #[arg(long, value_name = "DIR")]
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
    /// What to find
    #[arg(long, value_name = "WHAT", default_value = "all", value_parser = named::<Find>(&["documents", "passages", "all"]))]
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
    #[arg(long, value_name = "SHARE", default_value_t = 0.9, value_parser = share)]
    containment: f64,

    /// How to find near-duplicates
    ///
    /// `complete` misses no pair. `minhash` may miss some, as many as --recall allows, and is
    /// faster at thresholds below 0.7.
    #[arg(
        long,
        value_name = "METHOD",
        default_value = "complete",
        value_parser = named::<Method>(&["complete", "minhash"])
    )]
    method: Method,

    /// Least share of the pairs at the threshold that `--method minhash` must find
    ///
    /// More similar pairs are missed less often still. Bands and rows follow from it; the summary
    /// states them. From 0.5 to below 1. Exact and contained documents and passages are not subject
    /// to it.
    #[arg(long, value_name = "SHARE", default_value_t = 0.999, value_parser = share)]
    recall: f64,

    /// How many words in a row make a shingle, from 1 to 64
    #[arg(long, value_name = "N", default_value_t = 5)]
    shingle_size: usize,

    /// Fewest words of a repeated passage [default: 12 across documents, 8 within one]
    ///
    /// At least 3. A character of a script without spaces (Chinese, Japanese, Thai) counts as half a word.
    #[arg(long, value_name = "N")]
    min_words: Option<u32>,

    /// Least share of a passage's words that must align, in order, with its repeat
    ///
    /// Of the shorter side. From 0.5 to 1; at 1 only verbatim repeats are passages.
    #[arg(long, value_name = "SHARE", default_value_t = 0.75, value_parser = share)]
    min_similarity: f64,

    /// Which rows to write for a cluster: every pair, or each document beside its kept one
    ///
    /// Clusters of more than 1,000 documents are written as a star in either case; the summary
    /// then says so.
    #[arg(long, value_name = "WHICH", default_value = "all", value_parser = named::<Pairs>(&["all", "star"]))]
    pairs: Pairs,

    /// Of how many occurrences of a passage to write rows at most [default: of all]
    ///
    /// The first in the order of reading, each beside one that comes before. All are found, and
    /// `occurrences` still counts them; the summary says of how many passages rows were left out. At least 2.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    max_occurrences: Option<u32>,

    /// Also write up to N words before and after each passage
    ///
    /// In four more columns at the end of a row: `before_a`, `after_a`, `before_b`, `after_b`. They are
    /// empty for whole documents. Up to 1000.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1000))]
    pub context: u32,

    /// List passages also between documents that are duplicates as a whole
    #[arg(long)]
    inside_duplicates: bool,

    /// Seed of all hashes
    ///
    /// Another seed makes another, equally good choice of what minhash may miss.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

/// What and how to read.
#[derive(Args)]
#[command(next_help_heading = "Reading")]
pub struct ReadingArguments {
    /// The format of every file, instead of finding out
    #[arg(long, value_name = "FORMAT", value_parser = named::<Format>(FORMAT_NAMES))]
    input_format: Option<Format>,

    /// The field of a record that holds its text; nested fields with dots
    ///
    /// Of a table the name of a column, or its number from 1 if the first line is a record like the others.
    #[arg(long, value_name = "NAME", default_value = "text")]
    text_field: String,

    /// The field of a record that holds its id; nested fields with dots
    ///
    /// Records without it are named by their line.
    #[arg(long, value_name = "NAME", default_value = "id")]
    id_field: String,

    /// What to read of pages of HTML: the main text, all text, or the source as it is
    ///
    /// The main text is headline, paragraphs and captions, each on a line of its own. Spans refer
    /// to the text that was read of the page: --write-text saves it. With `text` they refer to the file.
    #[arg(long, value_name = "WHAT", default_value = "main", value_parser = named::<Html>(HTML_NAMES))]
    html: Html,

    /// Files and folders to leave out, as a glob; can be given several times
    ///
    /// As in a .gitignore: `*.log` matches at any depth, `/drafts` only directly below PATH.
    /// Files in an archive that is read are left out like those in a folder: `a.zip/*.log`.
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,

    /// Longest document, in bytes or with K, M, G; longer ones are reported and left out
    ///
    /// Of a record it is the whole line that counts. Must be less than 4G.
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = size::parse)]
    max_document: u64,

    /// Stop at the first file or record that cannot be read
    #[arg(long)]
    strict: bool,
}

impl ReadingArguments {
    /// The options that the library understands.
    pub fn options(&self) -> ReadOptions {
        ReadOptions {
            input_format: self.input_format,
            id_field: self.id_field.clone(),
            text_field: self.text_field.clone(),
            html: self.html,
            max_document: self.max_document,
            exclude: self.exclude.clone(),
            strict: self.strict,
            ..ReadOptions::default()
        }
    }
}

/// The arguments of `tune`.
#[derive(Args)]
pub struct TuneArguments {
    /// Jaccard similarity of the pairs to be found, as for scan
    ///
    /// From 0.3 to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.8, value_parser = share)]
    pub threshold: f64,

    /// Least share of the pairs at the threshold that must be found, as for scan
    ///
    /// From 0.5 to below 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.999, value_parser = share)]
    pub recall: f64,

    /// What to measure, and on what
    #[command(flatten)]
    pub measuring: MeasuringArguments,

    /// What and how to read
    #[command(flatten)]
    pub reading: ReadingArguments,
}

/// What to measure, and on what.
#[derive(Args)]
#[command(next_help_heading = "Measuring")]
pub struct MeasuringArguments {
    /// Files and folders to measure on, read as by scan; `-` is standard input
    #[arg(long = "measure", value_name = "PATH", num_args = 1..)]
    pub paths: Vec<PathBuf>,

    /// How many documents to draw; 0 takes all
    ///
    /// Drawn by their numbers and --seed, so the same every time. The corpus is read whole for it,
    /// but only the sample is held in memory, at about 8 bytes a word.
    #[arg(long, value_name = "N", default_value_t = 10_000, requires = "paths")]
    pub sample: usize,

    /// How many words in a row make a shingle, from 1 to 64
    #[arg(long, value_name = "N", default_value_t = 5, requires = "paths")]
    shingle_size: usize,

    /// Seed of all hashes, and of the sample
    #[arg(long, value_name = "N", default_value_t = 0, requires = "paths")]
    seed: u64,
}

impl TuneArguments {
    /// The options of the scan that is asked about.
    pub fn options(&self) -> ScanOptions {
        ScanOptions {
            read: self.reading.options(),
            method: Method::Minhash,
            threshold: self.threshold,
            recall: self.recall,
            shingle_size: self.measuring.shingle_size,
            seed: self.measuring.seed,
            ..ScanOptions::default()
        }
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
        recall: finding.recall,
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

/// The manual page of a command, or of the whole.
///
/// # Errors
/// That there is no such command.
pub fn manual(command: Option<&str>) -> Result<clap_mangen::Man, Error> {
    let mut whole = Arguments::command();
    whole.build();
    let Some(name) = command else { return Ok(clap_mangen::Man::new(whole)) };
    let page = whole.find_subcommand(name).cloned().ok_or_else(|| {
        let names: Vec<&str> = whole.get_subcommands().map(clap::Command::get_name).collect();
        Error::options(format!("there is no command `{name}`: it is one of {}", names.join(", ")))
    })?;
    let name = format!("dittograph-{name}");
    Ok(clap_mangen::Man::new(page.version(env!("CARGO_PKG_VERSION"))).title(name))
}

/// A share as a number between 0 and 1; how small it may be, the library knows.
pub fn share(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    number.ok_or_else(|| "a share is a number from 0 to 1, such as 0.8".to_owned())
}

/// A parser of values with names, which clap lists and suggests.
pub fn named<T>(names: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = Error> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| name.parse::<T>())
}
