//! What would be cut, as people read it: a word diff against the copy that stays.
//!
//! In: a [`Removal`]. Out: a few lines of text: where and why, the line before, what goes, and the
//! line after. Words that the copy has too are struck in red, those of the cut alone
//! in bold red, those of the copy alone in green; without colour they stand in `[-…-]` and `{+…+}`.

use dittograph::pipeline::Removal;
use similar::{ChangeTag, TextDiff};

/// Words of a long stretch that both have that are shown at either end.
const SHOWN: usize = 8;

/// How many words of what goes are shown where there is no copy to compare it with.
const MOST_SHOWN: usize = 60;

/// More words than this are not compared: the diff could take long, and nobody would read it.
const MOST_COMPARED: usize = 20_000;

const RED: &str = "\x1b[31m";
const BOLD_RED: &str = "\x1b[1;31m";
const GREEN: &str = "\x1b[32m";
const DIM: &str = "\x1b[2m";
const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

/// A removal as text.
pub fn show(removal: &Removal<'_>, colored: bool) -> String {
    let paint = |style: &str, text: &str| match colored {
        true => format!("{style}{text}{PLAIN}"),
        false => text.to_owned(),
    };
    let place = format!("{}:{}", clean(removal.document), removal.line);
    let mut shown = format!("{}: {}", paint(BOLD, &place), removal.reason.name());
    if let Some((document, line, _)) = removal.kept {
        let same = document == removal.document;
        let name = if same { "line".to_owned() } else { format!("{}, line", clean(document)) };
        shown.push_str(&format!("; kept: {name} {line}"));
    }
    if let Some(similarity) = removal.similarity {
        shown.push_str(&format!("; {similarity:.2} alike"));
    }
    shown.push('\n');
    let context = |text: &str| match text.is_empty() {
        true => String::new(),
        false => format!("    {}\n", paint(DIM, &one_line(text))),
    };
    shown.push_str(&context(removal.before));
    let cut = one_line(removal.text);
    let body = match removal.kept {
        Some((_, _, kept)) if words(&cut) + words(kept) <= MOST_COMPARED => {
            compare(&cut, &one_line(kept), colored)
        }
        _ => {
            let shortened = shorten(&cut, MOST_SHOWN);
            paint(RED, &shortened)
        }
    };
    shown.push_str(&format!("  - {body}\n"));
    shown.push_str(&context(removal.after));
    shown.push('\n');
    shown
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// What goes beside what stays, word by word.
fn compare(cut: &str, kept: &str, colored: bool) -> String {
    let diff = TextDiff::from_unicode_words(cut, kept);
    let mut shown = String::new();
    let changes: Vec<_> = diff.iter_all_changes().collect();
    for run in changes.chunk_by(|one, next| one.tag() == next.tag()) {
        let text: String = run.iter().map(|change| change.value()).collect();
        let (style, open, close) = match run[0].tag() {
            ChangeTag::Equal => (RED, "", ""),
            ChangeTag::Delete => (BOLD_RED, "[-", "-]"),
            ChangeTag::Insert => (GREEN, "{+", "+}"),
        };
        let text = match run[0].tag() {
            ChangeTag::Equal => middle_left_out(&text),
            _ => shorten(&text, MOST_SHOWN),
        };
        match colored {
            true => shown.push_str(&format!("{style}{text}{PLAIN}")),
            false => shown.push_str(&format!("{open}{text}{close}")),
        }
    }
    shown
}

/// A text with the middle left out, if it is long.
fn middle_left_out(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    if words.len() <= 4 * SHOWN {
        return text.to_owned();
    }
    format!("{} … {}", words[..SHOWN].join(" "), words[words.len() - SHOWN..].join(" "))
}

/// The first words of a text.
fn shorten(text: &str, most: usize) -> String {
    let mut parts = text.split(' ');
    let shown = parts.by_ref().take(most).collect::<Vec<_>>().join(" ");
    if parts.next().is_some() { format!("{shown} …") } else { shown }
}

/// A text on one line; foreign text must not steer the terminal.
fn one_line(text: &str) -> String {
    clean(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn clean(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}
