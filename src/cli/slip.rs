//! A slip of the keys, told as we tell everything else.
//!
//! In: clap's error, the program it is of, and what was typed. Out: an [`Error`] that says what is wrong, with what
//! was probably meant as its hint. It is made of the kind and the context of clap's error, not of its text, which
//! speaks otherwise than we do, and whose suggestions know neither transposed letters nor other tools' options.

use std::error::Error as _;
use std::ffi::OsString;
use std::num::{ParseFloatError, ParseIntError};
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};
use dittograph::error::Error;

/// How much a name must be like another to be taken for it, by common letters in order.
const ALIKE: f64 = 0.7;

/// The same by edits, for short names: two of three letters, or one transposition.
const FEW_EDITS: f64 = 0.6;

/// What other tools call it, the option of ours that it takes, and what to say.
const FOREIGN: [(&[&str], &str, &str); 13] = [
    (
        &["--jaccard", "--similarity", "--similarity-threshold", "--jaccard-threshold", "-t"],
        "threshold",
        "`--threshold SHARE` is the least Jaccard similarity",
    ),
    (&["--csv"], "format", "is `--format csv` meant?"),
    (&["--json", "--jsonl", "--ndjson"], "format", "is `--format jsonl` meant?"),
    (&["--parquet"], "format", "is `--format parquet` meant?"),
    (&["-f", "--output-format"], "format", "is `--format FORMAT` meant?"),
    (
        &["--num-perm", "--num-perms", "--num-hashes", "--permutations", "--bands", "--rows"],
        "recall",
        "`--threshold` and `--recall` choose bands and rows for `--method minhash`; `dittograph tune` shows them",
    ),
    (
        &["--ngram", "--ngrams", "--ngram-size", "--n-gram", "--kmer", "-n", "-k"],
        "shingle-size",
        "`--shingle-size N` is how many words make a shingle",
    ),
    (
        &["--min-length", "--min-tokens", "--min-size"],
        "min-words",
        "`--min-words N` is the fewest words of a passage",
    ),
    (
        &["--column", "--text-column", "--field", "--text-key"],
        "text-field",
        "is `--text-field NAME` meant?",
    ),
    (&["--id-column", "--id-key", "--index-column"], "id-field", "is `--id-field NAME` meant?"),
    (
        &["--jobs", "--workers", "--num-workers", "--num-proc", "-j"],
        "threads",
        "is `--threads N` meant?",
    ),
    (&["--ignore", "--skip"], "exclude", "is `--exclude GLOB` meant?"),
    (&["--no-progress", "--silent"], "quiet", "is `--quiet` meant?"),
];

/// What is wrong with what was typed, and what is probably meant.
pub fn explain(error: &clap::Error, program: &Command, typed: &[OsString]) -> Error {
    let mut slip = Slip { error, program, typed, command: program };
    let words = || typed.iter().skip(1).filter_map(|word| word.to_str());
    let named = words().enumerate().find_map(|(at, it)| Some((at, program.find_subcommand(it)?)));
    if let Some((at, command)) = named {
        // What stands before it is not of the command.
        let wrong = slip.text(ContextKind::InvalidArg);
        let is_wrong = |word: &str| word.split('=').next() == Some(&wrong);
        if !words().take(at).any(is_wrong) {
            slip.command = command;
        }
    }
    slip.explain()
}

/// The one of the names that is most like this one, if any is.
pub fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let likeness = |other: &str| {
        let (alike, edits) =
            (strsim::jaro(name, other), strsim::normalized_damerau_levenshtein(name, other));
        (alike > ALIKE || edits > FEW_EDITS).then_some(alike.max(edits))
    };
    let likely = names.filter_map(|other| Some((likeness(other)?, other)));
    likely.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, other)| other)
}

/// `a, b or c`.
pub fn listed(names: &[impl AsRef<str>], last: &str) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match &names[..] {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

struct Slip<'a> {
    error: &'a clap::Error,
    program: &'a Command,
    /// The command that was typed, or the program.
    command: &'a Command,
    typed: &'a [OsString],
}

impl Slip<'_> {
    fn explain(&self) -> Error {
        let (argument, value) =
            (self.text(ContextKind::InvalidArg), self.text(ContextKind::InvalidValue));
        // `--format <FORMAT>`, `<PATH>...`
        let name = without_brackets(argument.split(' ').next().unwrap_or_default());
        let (message, hint) = match self.error.kind() {
            ErrorKind::UnknownArgument => {
                let message = match name.starts_with('-') {
                    true if self.is_program() => format!("there is no option `{name}`"),
                    true => format!("`{}` has no option `{name}`", self.called()),
                    false => format!("`{argument}` is one argument too many"),
                };
                (message, self.option_meant(&name))
            }
            ErrorKind::InvalidValue | ErrorKind::ValueValidation if value.is_empty() => {
                let wanted = match self.texts(ContextKind::ValidValue) {
                    none if none.is_empty() => {
                        without_brackets(argument.split_once(' ').map_or("", |(_, it)| it))
                    }
                    values => listed(&values, "or"),
                };
                (format!("`{name}` needs a value: {wanted}"), None)
            }
            ErrorKind::InvalidValue => {
                let values = listed(&self.texts(ContextKind::ValidValue), "or");
                let message = format!("`{name}` is `{value}`: it can be {values}");
                (message, Some(self.value_meant(&name, &value)))
            }
            ErrorKind::ValueValidation => {
                (format!("`{name}` is `{value}`: {}", self.what_is_wanted(&name)), None)
            }
            ErrorKind::TooManyValues => {
                (format!("`{name}` takes no value, and was given `{value}`"), None)
            }
            ErrorKind::InvalidSubcommand => {
                let word = self.text(ContextKind::InvalidSubcommand);
                (format!("there is no command `{word}`"), Some(self.command_meant(&word)))
            }
            ErrorKind::MissingRequiredArgument => {
                let missing = self.quoted(ContextKind::InvalidArg);
                let are = if missing.len() > 1 { "are" } else { "is" };
                let usage = self.text(ContextKind::Usage);
                let usage = without_brackets(usage.trim_start_matches("Usage:").trim());
                let hint = format!("`{usage}`; `{} -h` has examples", self.called());
                (format!("{} {are} missing", listed(&missing, "and")), Some(hint))
            }
            ErrorKind::ArgumentConflict => {
                let others = self.quoted(ContextKind::PriorArg);
                let message = format!("`{name}` and {} exclude each other", listed(&others, "and"));
                (message, Some("leave out one of them".to_owned()))
            }
            _ => {
                let text = self.error.to_string();
                let first = text.lines().next().unwrap_or_default();
                let message = first.strip_prefix("error: ").unwrap_or(first).replace('\'', "`");
                (message, Some(self.see_help()))
            }
        };
        let error = Error::options(message);
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    /// What the value's parser says, without what is said already.
    fn what_is_wanted(&self, name: &str) -> String {
        match self.error.source() {
            Some(source) if source.is::<ParseIntError>() => "it must be a whole number".to_owned(),
            Some(source) if source.is::<ParseFloatError>() => "it must be a number".to_owned(),
            Some(source) => {
                let text = source.to_string();
                // The pattern that is wrong is drawn on several lines, the last of which says what is.
                let said = text.lines().last().unwrap_or_default();
                let said = said.strip_prefix("error: ").unwrap_or(said);
                said.strip_prefix(&format!("`{name}`: ")).unwrap_or(said).to_owned()
            }
            None => "it cannot be read".to_owned(),
        }
    }

    /// The option that is probably meant, or where to look.
    fn option_meant(&self, name: &str) -> Option<String> {
        let longs = || self.command.get_arguments().filter_map(Arg::get_long);
        let foreign = FOREIGN
            .iter()
            .find(|(names, ours, _)| names.contains(&name) && longs().any(|long| long == *ours));
        if let Some((_, _, hint)) = foreign {
            return Some((*hint).to_owned());
        }
        let word = name.trim_start_matches('-');
        let is_long = name.starts_with("--");
        let is_named = |it: &Arg| match is_long {
            true => it.get_long() == Some(word),
            false => it.get_short().is_some_and(|short| word.chars().eq([short])),
        };
        let others: Vec<String> = self
            .program
            .get_subcommands()
            .filter(|other| other.get_arguments().any(is_named))
            .map(|other| format!("`dittograph {}`", other.get_name()))
            .collect();
        if !others.is_empty() {
            return Some(match self.is_program() {
                true => format!("options stand after the command: {}", listed(&others, "or")),
                false => format!("it is an option of {}", listed(&others, "and")),
            });
        }
        let is_file = |typed: &&OsString| {
            typed.to_str().is_some_and(|it| it.starts_with(name)) && Path::new(typed).exists()
        };
        if let Some(file) = self.typed.iter().find(is_file) {
            return Some(format!("if the file is meant, name it `./{}`", file.display()));
        }
        let likely: Vec<String> = match is_long {
            true => nearest(word, longs()).into_iter().map(|it| format!("`--{it}`")).collect(),
            false => longs()
                .filter(|it| !word.is_empty() && it.starts_with(word))
                .map(|it| format!("`--{it}`"))
                .collect(),
        };
        Some(match likely.is_empty() {
            true => self.see_help(),
            false => format!("is {} meant?", listed(&likely, "or")),
        })
    }

    /// The value that is probably meant, or where to look.
    fn value_meant(&self, name: &str, value: &str) -> String {
        let values = self.texts(ContextKind::ValidValue);
        match nearest(value, values.iter().map(String::as_str)) {
            Some(meant) if name.starts_with('-') => format!("is `{name} {meant}` meant?"),
            Some(meant) => format!("is `{meant}` meant?"),
            None => self.see_help(),
        }
    }

    /// The command that is probably meant.
    fn command_meant(&self, word: &str) -> String {
        let names = self.program.get_subcommands().map(Command::get_name);
        match nearest(word, names) {
            Some(name) => format!("is `dittograph {name}` meant?"),
            None if Path::new(word).exists() => format!("is `dittograph scan {word}` meant?"),
            None => self.see_help(),
        }
    }

    fn see_help(&self) -> String {
        let what = if self.is_program() { "lists the commands" } else { "explains every option" };
        format!("`{} --help` {what}", self.called())
    }

    fn called(&self) -> String {
        match self.is_program() {
            true => "dittograph".to_owned(),
            false => format!("dittograph {}", self.command.get_name()),
        }
    }

    fn is_program(&self) -> bool {
        self.command.get_name() == self.program.get_name()
    }

    fn text(&self, kind: ContextKind) -> String {
        match self.error.get(kind) {
            Some(ContextValue::String(text)) => text.clone(),
            Some(ContextValue::StyledStr(text)) => text.to_string(),
            _ => String::new(),
        }
    }

    /// Arguments, each as it is typed.
    fn quoted(&self, kind: ContextKind) -> Vec<String> {
        self.texts(kind).iter().map(|it| format!("`{}`", without_brackets(it))).collect()
    }

    fn texts(&self, kind: ContextKind) -> Vec<String> {
        match self.error.get(kind) {
            Some(ContextValue::Strings(texts)) => texts.clone(),
            Some(ContextValue::String(text)) => vec![text.clone()],
            _ => Vec::new(),
        }
    }
}

/// `--format <FORMAT>` as we write it.
fn without_brackets(argument: &str) -> String {
    argument.replace(['<', '>'], "")
}
