//! `dittograph clean`.

use std::io::{self, Write};
use std::path::Path;

use dittograph::error::{Error, Result};
use dittograph::memory;
use dittograph::pipeline::{Destination, Removal, clean};

use super::clean_args::CleanArguments;
use super::messages::Messages;
use super::output::{Output, unless_closed};
use super::progress::Bars;
use super::{Outcome, diff, interrupt};

/// Cleans, or shows what would go, and tells how it went.
///
/// # Errors
/// Whatever keeps the run from being done; a file or record that cannot be read is told and passed over.
pub fn run(arguments: &CleanArguments, messages: &Messages) -> Result<Outcome> {
    interrupt::watch();
    let mut options = arguments.options()?;
    if arguments.output.as_deref() == Some(Path::new("-")) {
        return Err(Error::options(
            "the cleaned corpus is a folder, which standard output cannot be",
        )
        .with_hint("name a folder, or leave `--output` away to see what would go"));
    }
    options.scan.read.outputs = arguments.summary.iter().cloned().collect();
    let summary_file =
        arguments.summary.as_deref().map(|path| Output::open(Some(path))).transpose()?;
    let colored = arguments.color.is_on();
    let show = |removal: &Removal<'_>| diff::show(removal, colored).into_bytes();
    let bars = Bars::new(arguments.quiet);
    let mut out = UnlessClosed(io::BufWriter::new(io::stdout().lock()));
    let destination = match &arguments.output {
        Some(folder) => Destination::Folder(folder.clone()),
        None => Destination::Shown(&show, &mut out),
    };
    let cleaned = clean(&arguments.paths, &options, destination, &bars)?;
    out.flush().map_err(|error| Error::io("standard output", error))?;
    messages.problems(&cleaned.problems, cleaned.summary.read.problems);
    let mut summary = cleaned.summary;
    summary.peak_memory = memory::peak();
    if let Some(output) = summary_file {
        output.finish_json(&summary)?;
    }
    if !arguments.quiet {
        arguments.note().iter().chain(&cleaned.notices).for_each(|notice| messages.note(notice));
        if summary.read.documents == 0 {
            messages.note("there was no document to clean");
        }
        messages.text(&summary);
        if arguments.output.is_none() {
            messages.note("nothing was written: name a folder with `-o` to do so");
        }
    }
    Ok(if summary.read.problems > 0 { Outcome::Incomplete } else { Outcome::Done })
}

/// A writer whose reader may have seen enough, such as `head`.
struct UnlessClosed<W>(W);

impl<W: Write> Write for UnlessClosed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        unless_closed(self.0.write_all(bytes)).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        unless_closed(self.0.flush())
    }
}
