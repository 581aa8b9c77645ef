//! `dittograph report`.

use dittograph::error::Result;
use dittograph::pipeline::report;

use super::messages::Messages;
use super::output::Output;
use super::progress::Bars;
use super::report_args::ReportArguments;
use super::{Outcome, interrupt};

/// Makes a page of rows.
///
/// # Errors
/// Rows that are none, an input that is the output, the system's.
pub fn run(arguments: &ReportArguments, messages: &Messages) -> Result<Outcome> {
    interrupt::watch();
    let options = arguments.options();
    let output = Output::open(Some(&arguments.output))?;
    let page = report(&options, &Bars::new(arguments.quiet))?;
    output.finish(|out| page.write(out))?;
    if !arguments.quiet {
        page.notes().iter().for_each(|note| messages.note(note));
    }
    Ok(Outcome::Done)
}
