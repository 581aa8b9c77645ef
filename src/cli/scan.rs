//! `dittograph scan`.

use dittograph::error::Result;
use dittograph::pipeline::{page_of_scan, scan};
use dittograph::report::{write_clusters, write_findings, write_findings_in_context};

use super::args::ScanArguments;
use super::command::command;
use super::messages::Messages;
use super::output::Output;
use super::progress::Bars;
use super::{Outcome, interrupt, memory, use_threads};

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
    let clusters =
        arguments.clusters.as_deref().map(|path| Output::open(Some(path))).transpose()?;
    let summary_file =
        arguments.summary.as_deref().map(|path| Output::open(Some(path))).transpose()?;

    let report = arguments.report.as_deref().map(|path| Output::open(Some(path))).transpose()?;

    let bars = Bars::new(arguments.quiet);
    let mut scan = scan(&arguments.paths, &options, &bars)?;
    messages.problems(&scan.problems, scan.summary.read.problems);

    rows.finish(|out| match arguments.finding.context {
        0 => write_findings(&scan.findings, arguments.format, out),
        _ => write_findings_in_context(&scan.findings, arguments.format, out),
    })?;
    if let Some(output) = clusters {
        output.finish(|out| write_clusters(&scan.clusters, arguments.format, out))?;
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
    }
    Ok(if scan.summary.read.problems > 0 {
        Outcome::Incomplete
    } else if arguments.fail_on_duplicates && !scan.findings.is_empty() {
        Outcome::Duplicates
    } else {
        Outcome::Done
    })
}
