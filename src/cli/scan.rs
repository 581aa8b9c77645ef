//! `dittograph scan`.

use std::path::{Path, PathBuf};

use dittograph::error::{Error, Result};
use dittograph::memory;
use dittograph::pipeline::{Scan, page_of_scan, scan};
use dittograph::read::real_path;
use dittograph::report::{OutputFormat, write_clusters, write_findings, write_findings_in_context};

use super::args::{RowFormat, ScanArguments};
use super::command::command;
use super::messages::Messages;
use super::output::Output;
use super::paint::Color;
use super::progress::Bars;
use super::view::View;
use super::{Outcome, interrupt, paint};

/// Scans, writes what was found, and tells how it went.
///
/// # Errors
/// Whatever keeps the run from being done; a file or record that cannot be read is told and passed over.
pub fn run(arguments: &ScanArguments, messages: &Messages) -> Result<Outcome> {
    interrupt::watch();
    let mut options = arguments.options();
    let writing = &arguments.writing;
    let outputs = writing.outputs(arguments.finding.context);
    options.read.outputs = outputs.files()?;
    let opened = outputs.open()?;
    let bars = Bars::new(writing.quiet);
    let mut scan = scan(&arguments.paths, &options, &bars)?;
    if let Some(note) = arguments.finding.note().filter(|_| !writing.quiet) {
        messages.note(&note);
    }
    scan.summary.command = command(&arguments.paths, &options);
    let is_against = !arguments.against.is_empty();
    let outcome = write_scan(scan, opened, is_against, &bars, messages)?;
    Ok(match outcome {
        Outcome::Duplicates if !writing.fail_on_duplicates => Outcome::Done,
        outcome => outcome,
    })
}

/// What a scan is to be written to.
pub struct Outputs<'a> {
    pub rows: Option<&'a Path>,
    pub clusters: Option<&'a Path>,
    pub summary: Option<&'a Path>,
    pub report: Option<&'a Path>,
    /// None where it depends on where rows are written to.
    pub format: Option<RowFormat>,
    pub color: Color,
    /// How many words to write around a passage.
    pub context: u32,
}

impl Outputs<'_> {
    /// The files that are to be written.
    ///
    /// # Errors
    /// Two outputs in one place.
    pub fn files(&self) -> Result<Vec<PathBuf>> {
        let standard = Path::new("-");
        let rows = Some(self.rows.unwrap_or(standard));
        let places: Vec<&Path> =
            [rows, self.clusters, self.summary, self.report].into_iter().flatten().collect();
        let mut real: Vec<(PathBuf, &Path)> = places
            .iter()
            .map(|&place| match place == standard {
                true => (standard.to_owned(), standard),
                false => (real_path(place).unwrap_or_else(|_| place.to_owned()), place),
            })
            .collect();
        real.sort_unstable();
        if let Some(pair) = real.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let place = match pair[1].1 == standard {
                true => "standard output".to_owned(),
                false => pair[1].1.display().to_string(),
            };
            return Err(Error::options(format!(
                "`--output`, `--clusters`, `--summary` and `--report` cannot share {place}"
            )));
        }
        Ok(places.into_iter().filter(|place| *place != standard).map(Path::to_owned).collect())
    }

    /// Opens them all, so that a bad one is told before the work starts.
    ///
    /// # Errors
    /// Those of [`Output::open`].
    pub fn open(&self) -> Result<Opened> {
        let open = |path: Option<&Path>| path.map(|path| Output::open(Some(path))).transpose();
        let rows = Output::open(self.rows)?;
        let format = match self.format {
            Some(format) => format,
            None if rows.is_terminal() => RowFormat::Text,
            None => self.rows.map_or(RowFormat::Csv, RowFormat::of_file),
        };
        if format == RowFormat::Parquet && rows.is_terminal() {
            return Err(Error::options(
                "a terminal cannot show Parquet: name a file with `--output`",
            ));
        }
        Ok(Opened {
            rows,
            clusters: open(self.clusters)?,
            summary: open(self.summary)?,
            report: open(self.report)?,
            format,
            color: self.color,
            context: self.context,
        })
    }
}

/// The same, open.
pub struct Opened {
    rows: Output,
    clusters: Option<Output>,
    summary: Option<Output>,
    report: Option<Output>,
    format: RowFormat,
    color: Color,
    context: u32,
}

/// Writes what was found, and tells how it went; whether there were duplicates is for the caller to mind.
///
/// # Errors
/// Those of [`Output::finish`].
pub fn write_scan(
    mut scan: Scan,
    opened: Opened,
    is_against: bool,
    bars: &Bars,
    messages: &Messages,
) -> Result<Outcome> {
    let Opened { rows, clusters, summary, report, format, color, context } = opened;
    messages.problems(&scan.problems, scan.summary.read.problems);
    let is_void = scan.summary.read.documents == 0 && scan.summary.read.problems > 0;
    let [rows, clusters, report] = [Some(rows), clusters, report].map(|output| {
        // What an earlier run has found is worth more than a file with nothing in it.
        output.filter(|output| !(is_void && output.replaces()))
    });
    let written = match format {
        RowFormat::Text | RowFormat::Csv => OutputFormat::Csv,
        RowFormat::Jsonl => OutputFormat::Jsonl,
        RowFormat::Parquet => OutputFormat::Parquet,
    };
    match rows {
        Some(output) => output.finish(|out| {
            match (format, context) {
                (RowFormat::Text, _) => {
                    let view = View { colored: color.is_on(), width: paint::width() };
                    view.write(&scan, out)?;
                }
                (_, 0) => write_findings(&scan.findings, written, out)?,
                _ => write_findings_in_context(&scan.findings, written, out)?,
            }
            Ok(())
        })?,
        None => messages.note("no rows were written: what was there before is still there"),
    }
    if let Some(output) = clusters {
        output.finish(|out| write_clusters(&scan.clusters, written, out))?;
    }
    if let Some(output) = report {
        let page = page_of_scan(&scan, bars)?;
        output.finish(|out| page.write(out))?;
    }
    scan.summary.peak_memory = memory::peak();
    if let Some(output) = summary {
        output.finish_json(&scan.summary)?;
    }
    if !bars.is_quiet() {
        scan.notices.iter().for_each(|notice| messages.note(notice));
        if scan.summary.read.documents == 0 {
            messages.note("there was no document to scan");
        }
        if is_against && scan.summary.found.references == 0 {
            messages.note("there was no reference to hold the documents against");
        }
        messages.text(&scan.summary);
    }
    Ok(if scan.summary.read.problems > 0 {
        Outcome::Incomplete
    } else if !scan.findings.is_empty() {
        Outcome::Duplicates
    } else {
        Outcome::Done
    })
}
