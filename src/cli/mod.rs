//! The command line: the only code that knows clap, prints, or draws progress.

mod args;
mod interrupt;
mod messages;
mod output;
mod progress;
mod scan;
mod size;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Arguments, Command};
use messages::Messages;

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
        Command::Completions { shell } => print(|out| {
            clap_complete::generate(shell, &mut Arguments::command(), "dittograph", out);
            Ok(())
        }),
        Command::Man => print(|out| clap_mangen::Man::new(Arguments::command()).render(out)),
    };
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Duplicates) => ExitCode::from(1),
        Ok(Outcome::Incomplete) => ExitCode::from(2),
        Err(error) => {
            messages.error(&error);
            ExitCode::from(2)
        }
    }
}

/// Writes a text of our own to stdout.
fn print(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> anyhow::Result<Outcome> {
    let mut text = Vec::new();
    write(&mut text)?;
    output::unless_closed(io::stdout().lock().write_all(&text))?;
    Ok(Outcome::Done)
}
