//! What can be typed after `report`, and the help that explains it.

use std::path::{Path, PathBuf};

use clap::Args;

use dittograph::pipeline::ReportOptions;
use dittograph::read::ReadOptions;

use super::reading_args::ReadingArguments;

pub const REPORT_EXAMPLES: &str = "\
Examples:
  dittograph scan articles/ -o pairs.csv --summary scan.json --clusters clusters.csv
  dittograph report pairs.csv articles/ --summary scan.json --clusters clusters.csv -o report.html
  dittograph report pairs.csv -o report.html      of the rows alone, with their excerpts
  dittograph scan articles/ -o pairs.csv --report report.html           both in one go";

/// The arguments of `report`.
#[derive(Args)]
pub struct ReportArguments {
    /// Rows that `scan` has written, as CSV, JSON lines or Parquet; `-` is standard input
    #[arg(value_name = "PAIRS.csv")]
    pub pairs: PathBuf,

    /// What was scanned, as it was named then: to show whole texts and what differs in them
    ///
    /// Without it the page shows the excerpts that are in the rows. Name the references of
    /// `--against` here, too. A document that has changed since, as far as its
    /// length and its excerpts tell, is shown by these.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Where to write the page; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,

    /// What `scan --summary` has written: counts, parameters, recall
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,

    /// What `scan --clusters` has written: which documents are kept
    ///
    /// Without it the first by name is taken for the one to keep.
    #[arg(long, value_name = "FILE")]
    pub clusters: Option<PathBuf>,

    /// Print no progress and no notes
    #[arg(short, long)]
    pub quiet: bool,

    /// How PATH is read: as it was for the scan
    #[command(flatten)]
    pub reading: ReadingArguments,
}

impl ReportArguments {
    /// The options that the library understands.
    pub fn options(&self) -> ReportOptions {
        let is_file = self.output != Path::new("-");
        ReportOptions {
            pairs: self.pairs.clone(),
            clusters: self.clusters.clone(),
            summary: self.summary.clone(),
            paths: self.paths.clone(),
            read: ReadOptions {
                outputs: is_file.then(|| self.output.clone()).into_iter().collect(),
                ..self.reading.options()
            },
        }
    }
}
