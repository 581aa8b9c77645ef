//! What to clean, and how.

use std::io::Write;
use std::path::PathBuf;
use std::str::FromStr;

use regex::Regex;

use super::show::Removal;
use crate::error::Error;
use crate::pipeline::{Find, ScanOptions};

/// Which of duplicate documents stays.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Keep {
    /// The first, in reading order.
    #[default]
    First,
    /// The one with the most words.
    Longest,
    /// The one with the latest date, by its field or by what a page itself tells; those without one come last.
    Newest,
    /// The one whose source stands first in a list; those whose source does not, come last.
    Priority(Vec<String>),
}

/// What a document's source is: furniture is counted within one.
#[derive(Clone, Debug, Default)]
pub enum SourceRule {
    /// The folder that its file stands in.
    #[default]
    Folder,
    /// A field of its record, nested with dots; the folder where the record has it not.
    Field(String),
    /// What a pattern finds in the document's name: its first group, or all of it; the folder where it finds nothing.
    Pattern(Regex),
}

impl FromStr for SourceRule {
    type Err = Error;

    fn from_str(pattern: &str) -> Result<Self, Error> {
        let pattern = Regex::new(pattern)
            .map_err(|error| Error::options(format!("`--source-regex`: {error}")))?;
        Ok(SourceRule::Pattern(pattern))
    }
}

/// What pages become: their text is cut, which is in no file as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PageFormat {
    /// A text file each.
    #[default]
    Text,
    /// A record of JSON each. Crawls become JSON lines in any case.
    Jsonl,
}

/// How to clean a corpus.
#[derive(Clone, Debug)]
pub struct CleanOptions {
    /// How to read it, and when a duplicate or a repeat is one. What a scan would list does not matter.
    pub scan: ScanOptions,
    /// Which of duplicate documents stays.
    pub keep: Keep,
    /// The field of a record that holds its date, nested with dots.
    pub date_field: Option<String>,
    /// What a document's source is.
    pub source: SourceRule,
    /// In how many documents of a source a line must stand to be furniture.
    pub furniture_documents: usize,
    /// Whether passages that repeat across documents are cut.
    pub across: bool,
    /// Whether captions are cut that have hardly a word of their own.
    pub captions: bool,
    /// Lines that are never cut.
    pub keep_text: Vec<String>,
    /// What pages become.
    pub page_format: PageFormat,
    /// Whether to write into a folder that has something in it.
    pub force: bool,
}

impl Default for CleanOptions {
    fn default() -> Self {
        CleanOptions {
            scan: ScanOptions { find: Find::Documents, ..ScanOptions::default() },
            keep: Keep::default(),
            date_field: None,
            source: SourceRule::default(),
            furniture_documents: 5,
            across: false,
            captions: false,
            keep_text: Vec::new(),
            page_format: PageFormat::default(),
            force: false,
        }
    }
}

/// Makes of a removal what is shown of it.
pub type Show<'a> = &'a (dyn Fn(&Removal<'_>) -> Vec<u8> + Sync);

/// What a run of cleaning writes.
pub enum Destination<'a> {
    /// A cleaned copy of the corpus, in this folder.
    Folder(PathBuf),
    /// Only what is shown of each removal, to a writer, in reading order.
    Shown(Show<'a>, &'a mut dyn Write),
}
