//! What can be typed after `clean` and `restore`, and the help that explains it.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use dittograph::error::{Error, Result};
use dittograph::passage::PassageParams;
use dittograph::pipeline::{CleanOptions, Keep, PageFormat, ScanOptions, SourceRule};
use dittograph::read::ReadOptions;

use super::args::RunningArguments;
use super::paint::Color;
use super::reading_args::ReadingArguments;
use super::slip::nearest;
use super::values::share;

/// What both the short and the long help end with.
macro_rules! clean_examples {
    () => {
        "\
Examples:
  dittograph clean articles/ -o cleaned/              a cleaned copy of a folder
  dittograph clean articles/ --dry-run                only show what would go
  dittograph clean feed.jsonl -o cleaned/ --source-field site --keep newest --date-field published
  dittograph restore cleaned/ -o original/            and back"
    };
}

pub const CLEAN_EXAMPLES: &str = clean_examples!();

pub const CLEAN_HELP: &str = concat!(
    "\
What is cut:
  In this order, in rounds, until a round finds nothing:
  furniture           a line that stands in many unlike documents of one source: menus, share
                      bars, newsletter prompts, cookie notices
  repeated-passage    a sentence or line that repeats another one of its document: the body
                      sentence stays and the caption goes, else the later goes
  caption             with --captions: a line without a stop that has hardly a word of its own
  duplicate-document  a document that is exactly or nearly another one, or stands in it; each
                      was compared with the one that is kept for it
Only whole documents, lines and sentences are cut, never the headline (the first line, if it is no
paragraph of 30 words or more), and of every duplicate and repeat one copy stays.

What is written:
  The same tree in the same formats and compression, but for pages and crawls, of which the text is
  written (--output-format). Archives are copied as they are, and whatever nothing is cut from is
  copied to the byte. A text that is cut is written as UTF-8, a record keeps all other fields.
  In DIR/.dittograph:
  removed.csv  document, start, end, line, reason, kept, kept_start, kept_end, similarity,
               words, text, source: every cut, with the copy that stays, in bytes of the
               original text as UTF-8
  kept.csv     document, file, line, action (kept, cut, dropped, copied), words_before,
               words_after, rows, form, hash: every document
  removed/     the rows that are gone of Parquet files
  `dittograph restore` makes the original again of these.

Exit status:
  0  done
  2  something could not be read, or the run failed

",
    clean_examples!()
);

pub const RESTORE_EXAMPLES: &str = "\
Examples:
  dittograph restore cleaned/ -o original/";

/// What pages become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PageFormatName {
    /// A text file each.
    Text,
    /// A record of JSON each.
    Jsonl,
}

/// The arguments of `clean`.
#[derive(Args)]
pub struct CleanArguments {
    /// Files and folders to clean; they are never written to
    ///
    /// Read as by scan. What is not read is copied as it is; --exclude leaves it out.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// The folder to write the cleaned corpus into; it is made, or must be empty
    #[arg(short, long, value_name = "DIR", required_unless_present = "dry_run")]
    pub output: Option<PathBuf>,

    /// Write into a folder that has something in it
    ///
    /// Files of the same names are replaced. What an earlier run wrote there and this one does not is
    /// removed; whatever else is there stays.
    #[arg(long)]
    force: bool,

    /// What pages become: text, or JSON lines; crawls become JSON lines
    ///
    /// Of a page the main text is read (--html), and cuts are made in that: page.html becomes
    /// page.html.txt or page.html.jsonl, crawl.warc.gz becomes crawl.warc.jsonl.gz.
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text", hide_short_help = true)]
    output_format: PageFormatName,

    /// Write nothing, and show on standard output what would go
    #[arg(long, conflicts_with_all = ["output", "force"])]
    pub dry_run: bool,

    /// Whether --dry-run colours what it shows
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value = "auto",
        requires = "dry_run",
        hide_short_help = true
    )]
    pub color: Color,

    /// Also write the summary, as JSON
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,

    /// Print no progress and no summary; problems are still told
    #[arg(short, long)]
    pub quiet: bool,

    /// How much to take for the run
    #[command(flatten)]
    pub running: RunningArguments,

    /// What to cut
    #[command(flatten)]
    cutting: CuttingArguments,

    /// What and how to read
    #[command(flatten)]
    reading: ReadingArguments,
}

/// What to cut.
#[derive(Args)]
#[command(next_help_heading = "Cutting")]
struct CuttingArguments {
    /// Copy to keep: first, longest, newest or priority:FILE
    ///
    /// `newest` goes by --date-field, or by the date that a page itself tells, never by the time of a
    /// file. `priority:FILE` names a file that lists sources, the best first, one a line. Of documents
    /// equal in this the first is kept; of one that stands in a larger, the larger.
    #[arg(long, value_name = "WHICH", default_value = "first")]
    keep: String,

    /// The field of a record that holds its date
    ///
    /// Nested fields with dots. ISO 8601 (2024-05-02T10:20:00Z), RFC 2822, or seconds or milliseconds since 1970.
    #[arg(long, value_name = "NAME")]
    date_field: Option<String>,

    /// How many documents of a source a line of furniture stands in
    ///
    /// At least so many; versions of one text count once. At least 2.
    #[arg(long, value_name = "N", default_value_t = 5)]
    furniture_documents: usize,

    /// The field of a record that holds its source [default: its folder]
    #[arg(long, value_name = "NAME", conflicts_with = "source_regex")]
    source_field: Option<String>,

    /// What of a document's name is its source, instead of its folder: the first group, or all of the match
    #[arg(long, value_name = "REGEX", hide_short_help = true)]
    source_regex: Option<SourceRule>,

    /// Also cut passages that an earlier document has
    ///
    /// Off by default: quotes are journalism.
    #[arg(long)]
    across: bool,

    /// Also cut captions that have hardly a word of their own
    ///
    /// Lines of --min-words words or more that stand by themselves and end without a stop, of whose
    /// words at least 0.9 stand elsewhere in the document, other captions included.
    #[arg(long)]
    captions: bool,

    /// A file of lines that are never cut
    #[arg(long, value_name = "FILE")]
    keep_text: Option<PathBuf>,

    /// Least Jaccard similarity of two near-duplicate documents
    #[arg(long, value_name = "SHARE", default_value_t = 0.8, value_parser = share)]
    threshold: f64,

    /// Least share of a document's shingles that a larger one must have to contain it, as for scan
    #[arg(long, value_name = "SHARE", default_value_t = 0.9, value_parser = share, hide_short_help = true)]
    containment: f64,

    /// How many words in a row make a shingle, from 1 to 32
    #[arg(long, value_name = "N", default_value_t = 5, hide_short_help = true)]
    shingle_size: usize,

    /// Fewest words of a passage [default: 12 across, 8 within documents]
    #[arg(long, value_name = "N")]
    min_words: Option<u32>,

    /// Least share of a repeated line's words that must align, in order, with what stays
    ///
    /// Of a sentence that is neither a line by itself nor, with a credit, a caption it must be 0.95 in any
    /// case.
    #[arg(long, value_name = "SHARE", default_value_t = 0.75, value_parser = share, hide_short_help = true)]
    min_similarity: f64,
}

impl CleanArguments {
    /// What of it changes nothing, and might be thought to.
    pub fn note(&self) -> Option<String> {
        let CuttingArguments { keep, date_field, .. } = &self.cutting;
        let field = date_field.as_ref().filter(|_| keep != "newest")?;
        Some(format!("`--date-field {field}` changes nothing without `--keep newest`"))
    }

    /// The options that the library understands.
    ///
    /// # Errors
    /// A file named by them that cannot be read; a policy that there is not.
    pub fn options(&self) -> Result<CleanOptions> {
        let CleanArguments { cutting, reading, .. } = self;
        let usual = ScanOptions::default().passages;
        let source = match (&cutting.source_field, &cutting.source_regex) {
            (Some(field), _) => SourceRule::Field(field.clone()),
            (None, Some(pattern)) => pattern.clone(),
            (None, None) => SourceRule::Folder,
        };
        Ok(CleanOptions {
            scan: ScanOptions {
                read: ReadOptions { temp_dir: self.running.temp_dir(), ..reading.options() },
                shingle_size: cutting.shingle_size,
                threshold: cutting.threshold,
                containment: cutting.containment,
                passages: PassageParams {
                    min_words_across: cutting.min_words.unwrap_or(usual.min_words_across),
                    min_words_within: cutting.min_words.unwrap_or(usual.min_words_within),
                    min_similarity: cutting.min_similarity,
                },
                memory: self.running.memory(),
                ..ScanOptions::default()
            },
            keep: keep(&cutting.keep)?,
            date_field: cutting.date_field.clone(),
            source,
            furniture_documents: cutting.furniture_documents,
            across: cutting.across,
            captions: cutting.captions,
            keep_text: match &cutting.keep_text {
                Some(path) => lines(path)?,
                None => Vec::new(),
            },
            page_format: match self.output_format {
                PageFormatName::Text => PageFormat::Text,
                PageFormatName::Jsonl => PageFormat::Jsonl,
            },
            force: self.force,
        })
    }
}

fn keep(policy: &str) -> Result<Keep> {
    match (policy, policy.strip_prefix("priority:")) {
        ("first", _) => Ok(Keep::First),
        ("longest", _) => Ok(Keep::Longest),
        ("newest", _) => Ok(Keep::Newest),
        (_, Some(file)) => Ok(Keep::Priority(lines(Path::new(file))?)),
        _ => {
            let error = Error::options(format!(
                "`--keep` is `{policy}`: it can be first, longest, newest or priority:FILE"
            ));
            // `priority` alone, as well as `newst`.
            Err(
                match nearest(policy, ["first", "longest", "newest", "priority:FILE"].into_iter()) {
                    Some(meant) => error.with_hint(format!("is `--keep {meant}` meant?")),
                    None => error,
                },
            )
        }
    }
}

/// The lines of a file, without those that are blank.
fn lines(path: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, error))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// The arguments of `restore`.
#[derive(Args)]
pub struct RestoreArguments {
    /// The folder that `dittograph clean` has written
    #[arg(value_name = "DIR")]
    pub cleaned: PathBuf,

    /// The folder to write the original into; it is made, or must be empty
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,

    /// Write into a folder that has something in it; files of the same names are replaced
    #[arg(long)]
    pub force: bool,

    /// Print no summary
    #[arg(short, long)]
    pub quiet: bool,
}
