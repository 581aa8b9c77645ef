//! The command line: the only code that knows clap, prints, or draws progress.

mod args;
mod clean;
mod clean_args;
mod command;
mod config;
mod diff;
mod interrupt;
mod manual;
mod messages;
mod output;
mod paint;
mod progress;
mod reading_args;
mod report;
mod report_args;
mod restore;
mod scan;
mod shard_args;
mod shards;
mod slip;
mod synced;
mod tune;
mod tune_args;
mod values;
mod view;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgMatches, FromArgMatches};
use dittograph::error::{Error, Result};

use args::{Arguments, Command, RunningArguments};
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
    let messages = Messages::default();
    let (arguments, matches) = match parse(&messages) {
        Ok(parsed) => parsed,
        Err(error) => {
            messages.problem(&error);
            return ExitCode::from(2);
        }
    };
    let outcome = match arguments.command {
        Command::Scan(arguments) => {
            on_threads(&arguments.running, || scan::run(&arguments, &messages))
        }
        Command::Clean(arguments) => {
            on_threads(&arguments.running, || clean::run(&arguments, &messages))
        }
        Command::Restore(arguments) => restore::run(&arguments, &messages),
        Command::Report(arguments) => report::run(&arguments, &messages),
        Command::Sketch(arguments) => {
            on_threads(&arguments.running, || shards::sketch(&arguments, &matches, &messages))
        }
        Command::Merge(arguments) => {
            on_threads(&arguments.running, || shards::merge(&arguments, &messages))
        }
        Command::Tune(arguments) => tune::run(&arguments, &messages),
        Command::Completions { shell } => print(|out| {
            clap_complete::generate(shell, &mut args::program(), "dittograph", out);
            Ok(())
        }),
        Command::Man { command } => {
            manual::page(command.as_deref()).and_then(|page| print(|out| page.to_writer(out)))
        }
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

/// What was typed, and what the file says that it names. Help is printed here, and ends the program.
fn parse(messages: &Messages) -> Result<(Arguments, ArgMatches)> {
    // The last of two says what is meant, so that what is typed wins over the file.
    let program = args::program().mut_subcommands(|command| {
        // A number below zero is a wrong value, not an option.
        let command = command.mut_args(|argument| {
            let has_value = argument.get_action().takes_values() && !argument.is_positional();
            if has_value { argument.allow_negative_numbers(true) } else { argument }
        });
        command.args_override_self(true)
    });
    let typed: Vec<OsString> = std::env::args_os().collect();
    let all = config::with_file(&typed, &program)?;
    let has_file = all.is_some();
    let read = |arguments: &[OsString]| {
        let matches = program.clone().try_get_matches_from(arguments)?;
        Ok((Arguments::from_arg_matches(&matches)?, matches))
    };
    read(all.as_deref().unwrap_or(&typed)).map_err(|error: clap::Error| {
        // Help and the version, which are no errors, and the help that answers no argument at all.
        if !error.use_stderr()
            || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        {
            error.exit();
        }
        if has_file && read(&typed).is_ok() {
            messages.note("the file of `--config` says what follows");
        }
        slip::explain(&error, &program, &typed)
    })
}

/// Runs a command on as many threads as it is to have. The one that asks for this only waits: if it worked too, what it
/// allocates would be in a room of its own, as that of each thread is, and most of that would be empty.
fn on_threads(
    running: &RunningArguments,
    command: impl FnOnce() -> Result<Outcome> + Send,
) -> Result<Outcome> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(running.threads.map_or(0, |threads| threads as usize))
        .build()
        .map_err(|error| {
            Error::options(format!("the system starts no more threads: {error}"))
                .with_hint("take fewer with `--threads`")
        })?
        .install(command)
}

/// Writes a text of our own to standard output.
fn print(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Result<Outcome> {
    let output = Output::open(None)?;
    let mut text = Vec::new();
    write(&mut text).map_err(|error| Error::io("standard output", error))?;
    output.finish(|out| out.write_all(&text))?;
    Ok(Outcome::Done)
}
