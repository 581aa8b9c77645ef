//! `dittograph sketch` and `dittograph merge`.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use dittograph::error::{Error, ErrorKind, Result};
use dittograph::pipeline;
use dittograph::read::real_path;

use super::args::program;
use super::command::command;
use super::messages::Messages;
use super::output::Output;
use super::progress::Bars;
use super::scan::write_scan;
use super::shard_args::{MergeArguments, SketchArguments, read_again, typed};
use super::{Outcome, interrupt};

/// Sketches a share of a corpus into a file; `matches` are what the arguments were made of.
///
/// # Errors
/// Whatever keeps the run from being done; a file or record that cannot be read is told and passed over.
pub fn sketch(
    arguments: &SketchArguments,
    matches: &ArgMatches,
    messages: &Messages,
) -> Result<Outcome> {
    interrupt::watch();
    let whole = program();
    let typed = match (whole.find_subcommand("sketch"), matches.subcommand()) {
        (Some(command), Some((_, matches))) => typed(command, matches)?,
        _ => Vec::new(),
    };
    let corpus = &arguments.corpus;
    let mut options = corpus.options(&arguments.running);
    options.read.outputs = vec![arguments.output.clone()];
    refuse_below(&corpus.paths, &arguments.output)?;
    let output = Output::open(Some(&arguments.output))?;
    let bars = Bars::new(arguments.quiet);
    let mut sketching = None;
    output.finish(|out| {
        let mut out = BufWriter::with_capacity(1 << 20, out);
        let shard = arguments.shard;
        let done = pipeline::sketch(&corpus.paths, &options, shard, &typed, &mut out, &bars);
        sketching = Some(done.map_err(|error| match error.kind() {
            // Files that are read have a name.
            ErrorKind::Io(_) => error.at_path(arguments.output.display()),
            _ => error,
        })?);
        out.flush()
    })?;
    if let Some(note) = corpus.note().filter(|_| !arguments.quiet) {
        messages.note(&note);
    }
    let Some(sketching) = sketching else { return Ok(Outcome::Done) };
    messages.problems(&sketching.problems, sketching.problem_count);
    if !arguments.quiet {
        messages.text(&sketching);
    }
    Ok(if sketching.problem_count > 0 { Outcome::Incomplete } else { Outcome::Done })
}

/// A shard below one of the paths would be taken for a document of the corpus by all other shards.
fn refuse_below(paths: &[PathBuf], output: &Path) -> Result<()> {
    let real = |path: &Path| real_path(path).map_err(|error| Error::io(path, error));
    let place = real(output)?;
    for path in paths {
        if place.starts_with(real(path)?) {
            return Err(Error::options(format!(
                "{} stands below {}, where the other shards would find it: write it elsewhere",
                output.display(),
                path.display()
            )));
        }
    }
    Ok(())
}

/// Merges shards, writes what was found, and tells how it went.
///
/// # Errors
/// Whatever keeps the run from being done; a file or record that cannot be read is told and passed over.
pub fn merge(arguments: &MergeArguments, messages: &Messages) -> Result<Outcome> {
    interrupt::watch();
    // There is at least one, and the others must agree with it.
    let corpus = read_again(&pipeline::arguments_of(&arguments.shards[0])?)?;
    let mut options = corpus.options(&arguments.running);
    let writing = &arguments.writing;
    let outputs = writing.outputs(corpus.context());
    options.read.outputs = outputs.files()?;
    let opened = outputs.open()?;
    let bars = Bars::new(writing.quiet);
    let mut scan = pipeline::merge(&arguments.shards, &corpus.paths, &options, &bars)?;
    scan.summary.command = command(&corpus.paths, &options);
    let is_against = !options.read.against.is_empty();
    write_scan(scan, opened, is_against, &bars, messages).map(|outcome| match outcome {
        Outcome::Duplicates if !writing.fail_on_duplicates => Outcome::Done,
        outcome => outcome,
    })
}
