//! The command line: the only code that knows clap, prints, or draws progress.

mod args;
mod clean;
mod clean_args;
mod command;
mod diff;
mod interrupt;
mod memory;
mod messages;
mod output;
mod progress;
mod report;
mod report_args;
mod restore;
mod scan;
mod size;
mod tune;

use std::io;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use dittograph::error::{Error, Result};

use args::{Arguments, Command};
use messages::Messages;
use output::Output;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Done.
    Done,
    /// Done, there were duplicates, and the user asked to be told.
    Duplicates,
    /// Done as far as could be: something could not be read.
    Incomplete,
}

/// Runs the command that the arguments ask for.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let messages = Messages::default();
    let outcome = match arguments.command {
        Command::Scan(arguments) => scan::run(&arguments, &messages),
        Command::Clean(arguments) => clean::run(&arguments, &messages),
        Command::Restore(arguments) => restore::run(&arguments, &messages),
        Command::Report(arguments) => report::run(&arguments, &messages),
        Command::Tune(arguments) => tune::run(&arguments, &messages),
        Command::Completions { shell } => print(|out| {
            clap_complete::generate(shell, &mut Arguments::command(), "dittograph", out);
            Ok(())
        }),
        Command::Man { command } => print(|out| args::manual(command.as_deref()).render(out)),
    };
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Duplicates) => ExitCode::from(1),
        Ok(Outcome::Incomplete) => ExitCode::from(2),
        Err(error) => {
            messages.problem(&error);
            ExitCode::from(2)
        }
    }
}

/// Works on so many threads, or on as many as there are cores.
fn use_threads(threads: Option<u16>) -> Result<()> {
    let Some(threads) = threads else { return Ok(()) };
    rayon::ThreadPoolBuilder::new()
        .num_threads(usize::from(threads))
        .build_global()
        .map_err(|error| Error::options(format!("`--threads {threads}`: {error}")))
}

/// Writes a text of our own to standard output.
fn print(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Result<Outcome> {
    let output = Output::open(None)?;
    let mut text = Vec::new();
    write(&mut text).map_err(|error| Error::io("standard output", error))?;
    output.finish(|out| out.write_all(&text))?;
    Ok(Outcome::Done)
}
