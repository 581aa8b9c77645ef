//! `dittograph restore`.

use dittograph::clean::restore;
use dittograph::error::Result;
use indicatif::HumanCount;

use super::clean_args::RestoreArguments;
use super::messages::Messages;
use super::{Outcome, interrupt};

/// Restores, and tells how it went.
///
/// # Errors
/// Whatever keeps the original from being made again.
pub fn run(arguments: &RestoreArguments, messages: &Messages) -> Result<Outcome> {
    interrupt::watch();
    let restored = restore(&arguments.cleaned, &arguments.output, arguments.force)?;
    if !arguments.quiet {
        messages.text(format!(
            "restored   {} of {} files, from {} rows",
            HumanCount(restored.changed),
            HumanCount(restored.files),
            HumanCount(restored.rows)
        ));
    }
    Ok(Outcome::Done)
}
