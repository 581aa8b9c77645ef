//! What can be typed after `tune`, and the help that explains it.

use std::path::PathBuf;

use clap::Args;

use dittograph::pipeline::{Method, ScanOptions};

use super::reading_args::ReadingArguments;
use super::values::share;

/// What both the short and the long help end with.
macro_rules! tune_examples {
    () => {
        "\
Examples:
  dittograph tune                               what scan --method minhash finds by default
  dittograph tune --threshold 0.6 --recall 0.99
  dittograph tune --measure articles/           the same, and what it finds of your pairs
  dittograph tune --measure feed.jsonl.zst --text-field body.text --sample 0"
    };
}

pub const TUNE_EXAMPLES: &str = tune_examples!();

pub const TUNE_HELP: &str = concat!(
    "\
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

",
    tune_examples!()
);

/// The arguments of `tune`.
#[derive(Args)]
pub struct TuneArguments {
    /// Jaccard similarity of the pairs to be found, as for scan
    ///
    /// From 0.3 to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.8, value_parser = share)]
    pub threshold: f64,

    /// Least share of the pairs at the threshold to be found
    ///
    /// As for scan. From 0.5 to below 1.
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
    /// Drawn by their numbers, so the same every time. The corpus is read whole for it,
    /// but only the sample is held in memory, at about 8 bytes a word.
    #[arg(long, value_name = "N", default_value_t = 10_000, requires = "paths")]
    pub sample: usize,

    /// How many words in a row make a shingle, from 1 to 32
    #[arg(long, value_name = "N", default_value_t = 5, requires = "paths")]
    shingle_size: usize,
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
            ..ScanOptions::default()
        }
    }
}
