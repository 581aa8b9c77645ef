//! `dittograph scan`.

use dittograph::error::{Error, Result};
use dittograph::pipeline::{page_of_scan, scan};
use dittograph::report::{OutputFormat, write_clusters, write_findings, write_findings_in_context};

use super::args::{RowFormat, ScanArguments};
use super::command::command;
use super::messages::Messages;
use super::output::Output;
use super::progress::Bars;
use super::view::View;
use super::{Outcome, interrupt, memory, paint, use_threads};

/// Scans, writes what was found, and tells how it went.
///
/// # Errors
/// Whatever keeps the run from being done; a file or record that cannot be read is told and passed over.
pub fn run(arguments: &ScanArguments, messages: &Messages) -> Result<Outcome> {
    interrupt::watch();
    use_threads(arguments.threads)?;
    let mut options = arguments.options();
    options.read.outputs = arguments.outputs()?;
    let rows = Output::open(arguments.output.as_deref())?;
    let format = match arguments.format {
        Some(format) => format,
        None if rows.is_terminal() => RowFormat::Text,
        None => RowFormat::Csv,
    };
    if format == RowFormat::Parquet && rows.is_terminal() {
        return Err(Error::options("a terminal cannot show Parquet: name a file with `--output`"));
    }
    let clusters =
        arguments.clusters.as_deref().map(|path| Output::open(Some(path))).transpose()?;
    let summary_file =
        arguments.summary.as_deref().map(|path| Output::open(Some(path))).transpose()?;

    let report = arguments.report.as_deref().map(|path| Output::open(Some(path))).transpose()?;

    let bars = Bars::new(arguments.quiet);
    let mut scan = scan(&arguments.paths, &options, &bars)?;
    messages.problems(&scan.problems, scan.summary.read.problems);

    let written = match format {
        RowFormat::Text | RowFormat::Csv => OutputFormat::Csv,
        RowFormat::Jsonl => OutputFormat::Jsonl,
        RowFormat::Parquet => OutputFormat::Parquet,
    };
    let mut left_out = 0;
    rows.finish(|out| {
        match (format, arguments.finding.context) {
            (RowFormat::Text, _) => {
                let view = View { colored: arguments.color.is_on(), width: paint::width() };
                left_out = view.write(&scan, out)?;
            }
            (_, 0) => write_findings(&scan.findings, written, out)?,
            _ => write_findings_in_context(&scan.findings, written, out)?,
        }
        Ok(())
    })?;
    if let Some(output) = clusters {
        output.finish(|out| write_clusters(&scan.clusters, written, out))?;
    }
    scan.summary.command = command(&arguments.paths, &options);
    if let Some(output) = report {
        let page = page_of_scan(&scan, &bars)?;
        output.finish(|out| page.write(out))?;
    }
    scan.summary.peak_memory = memory::peak();
    if let Some(output) = summary_file {
        output.finish_json(&scan.summary)?;
    }
    if !arguments.quiet {
        scan.notices.iter().for_each(|notice| messages.note(notice));
        if scan.summary.read.documents == 0 {
            messages.note("there was no document to scan");
        }
        if !arguments.against.is_empty() && scan.summary.found.references == 0 {
            messages.note("there was no reference to hold the documents against");
        }
        messages.text(&scan.summary);
        match left_out {
            0 => {}
            1 => messages.note("1 more row: write all of them to a file with `-o`"),
            rows => {
                messages.note(&format!("{rows} more rows: write all of them to a file with `-o`"))
            }
        }
    }
    Ok(if scan.summary.read.problems > 0 {
        Outcome::Incomplete
    } else if arguments.fail_on_duplicates && !scan.findings.is_empty() {
        Outcome::Duplicates
    } else {
        Outcome::Done
    })
}
