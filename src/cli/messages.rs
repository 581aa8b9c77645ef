//! What is said to people, on stderr.

use std::cell::RefCell;
use std::fmt::Display;
use std::io::{self, Write};

use ahash::AHashSet;
use dittograph::error::Error;

use super::paint::visible;

/// Says things on stderr, and a hint only once.
#[derive(Default)]
pub struct Messages {
    hinted: RefCell<AHashSet<String>>,
}

impl Messages {
    /// What could not be read, or ended the run.
    pub fn problem(&self, error: &Error) {
        say(&format!("error: {error}"));
        if let Some(hint) = error.hint()
            && self.hinted.borrow_mut().insert(hint.clone())
        {
            say(&format!("hint: {hint}"));
        }
    }

    /// All that could not be read, of which only the first may be described.
    pub fn problems(&self, described: &[Error], count: u64) {
        described.iter().for_each(|problem| self.problem(problem));
        let more = count - described.len() as u64;
        if more > 0 {
            self.note(&format!("{more} more could not be read and are counted, not listed"));
        }
    }

    /// What the user should know.
    pub fn note(&self, note: &str) {
        say(&format!("note: {note}"));
    }

    /// Text of our own.
    pub fn text(&self, text: impl Display) {
        text.to_string().lines().for_each(say);
    }
}

/// One line; that stderr is closed is no reason to stop. File names and
/// records are foreign text, and must not steer the terminal.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", visible(line));
}
