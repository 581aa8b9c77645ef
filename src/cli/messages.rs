//! What is said to people, on stderr.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use ahash::AHashSet;
use dittograph::error::{Error, ErrorKind};

use super::paint::visible;

/// How many problems of a file are told that are alike.
const TOLD_ALIKE: u64 = 3;

/// Says things on stderr, and a hint only once.
#[derive(Default)]
pub struct Messages {
    hinted: Mutex<AHashSet<String>>,
}

impl Messages {
    /// What could not be read, or ended the run.
    pub fn problem(&self, error: &Error) {
        say(&format!("error: {error}"));
        if let Some(hint) = error.hint()
            && self.hinted.lock().unwrap_or_else(PoisonError::into_inner).insert(hint.clone())
        {
            say(&format!("hint: {hint}"));
        }
    }

    /// All that could not be read, of which only the first may be described. Of those that are the same in many
    /// records of a file a few are told, and how many more there are.
    pub fn problems(&self, described: &[Error], count: u64) {
        let mut alike: BTreeMap<_, (u64, &Error)> = BTreeMap::new();
        for problem in described {
            let (told, _) = alike.entry((problem.path(), sort(problem))).or_insert((0, problem));
            *told += 1;
            if *told <= TOLD_ALIKE {
                self.problem(problem);
            }
        }
        for ((path, _), (told, first)) in alike {
            if told > TOLD_ALIKE {
                let (path, more) = (path.unwrap_or_default(), told - TOLD_ALIKE);
                self.note(&format!("{path}: {more} more like this: {}", first.kind()));
            }
        }
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

/// What two problems have in common that are told alike: all but places in a record, and what else is there.
fn sort(problem: &Error) -> String {
    match problem.kind() {
        ErrorKind::MissingField { field, .. } => format!("no {field}"),
        kind => kind.to_string().replace(|c: char| c.is_ascii_digit(), ""),
    }
}

/// One line; that stderr is closed is no reason to stop. File names and
/// records are foreign text, and must not steer the terminal.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", visible(line));
}
