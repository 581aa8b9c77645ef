//! What would be cut, as people read it: a word diff against the copy that stays.
//!
//! In: a [`Removal`]. Out: a few lines of text: where and why, the line before, what goes, and the
//! line after. Words that the copy has too are red, those of the cut alone
//! bold red, those of the copy alone green; without colour they stand in `[-…-]` and `{+…+}`.

use std::ops::Range;

use dittograph::pipeline::Removal;
use dittograph::report::EXCERPT;
use similar::{Algorithm, ChangeTag, DiffTag, capture_diff_slices};
use unicode_segmentation::UnicodeSegmentation;
use xxhash_rust::xxh3::xxh3_64;

use super::paint::{Style, one_line, paint, visible};

/// Words of a long stretch that both have that are shown at either end.
const SHOWN: usize = 8;

/// How many words of what goes are shown where there is no copy to compare it with.
const MOST_SHOWN: usize = 60;

/// More words than this are not compared: the diff could take long, and nobody would read it.
const MOST_COMPARED: usize = 20_000;

/// A removal as text.
pub fn show(removal: &Removal<'_>, colored: bool) -> String {
    let place = format!("{}:{}", visible(removal.document), removal.line);
    let mut shown = String::new();
    paint(Style::Bold, &place, colored, &mut shown);
    shown.push_str(&format!(": {}", removal.reason.name()));
    if let Some((document, line, _)) = removal.kept {
        let same = document == removal.document;
        let name = if same { "line".to_owned() } else { format!("{}, line", visible(document)) };
        shown.push_str(&format!("; kept: {name} {line}"));
    }
    if let Some(similarity) = removal.similarity {
        shown.push_str(&format!("; {similarity:.2} alike"));
    }
    shown.push('\n');
    let context = |text: &str| {
        let mut line = String::new();
        if !text.is_empty() {
            line.push_str("    ");
            paint(Style::Dim, &one_line(text), colored, &mut line);
            line.push('\n');
        }
        line
    };
    shown.push_str(&context(removal.before));
    let cut = one_line(removal.text);
    shown.push_str("  - ");
    match removal.kept {
        Some((_, _, kept)) if words(&cut) + words(kept) <= MOST_COMPARED => {
            for (tag, text) in runs(&cut, &one_line(kept)) {
                let (style, text) = match tag {
                    ChangeTag::Equal => (Style::Red, middle_left_out(&text)),
                    ChangeTag::Delete => (Style::BoldRed, shorten(&text, MOST_SHOWN)),
                    ChangeTag::Insert => (Style::Green, shorten(&text, MOST_SHOWN)),
                };
                paint(style, &marked(tag, text, colored), colored, &mut shown);
            }
        }
        _ => paint(Style::Red, &shorten(&cut, MOST_SHOWN), colored, &mut shown),
    }
    shown.push('\n');
    shown.push_str(&context(removal.after));
    shown.push('\n');
    shown
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// What two excerpts share and have of their own, word by word: what is equal recedes. Where they break
/// off nothing is told, for there a difference may be one of length alone.
pub fn differences(one: &str, other: &str, colored: bool) -> Vec<(Style, String)> {
    let (one, one_ends) = whole_words(one);
    let (other, other_ends) = whole_words(other);
    let mut runs = runs(one, other);
    let breaks_off = !(one_ends && other_ends);
    if breaks_off {
        while runs.len() > 1 && runs.last().is_some_and(|run| run.0 != ChangeTag::Equal) {
            runs.pop();
        }
        if let Some((_, text)) = runs.last_mut() {
            text.truncate(text.trim_end().len());
        }
        runs.push((ChangeTag::Equal, " …".to_owned()));
    }
    let piece = |(tag, text): (ChangeTag, String)| {
        let style = match tag {
            ChangeTag::Equal => Style::Dim,
            ChangeTag::Delete => Style::Red,
            ChangeTag::Insert => Style::Green,
        };
        (style, marked(tag, text, colored))
    };
    runs.into_iter().map(piece).collect()
}

/// An excerpt without the word that it breaks off in, and whether it is the whole text.
fn whole_words(excerpt: &str) -> (&str, bool) {
    if excerpt.chars().count() + 1 < EXCERPT {
        return (excerpt, true);
    }
    (excerpt.rfind(' ').map_or(excerpt, |space| &excerpt[..space]), false)
}

/// The stretches that two texts share, and that only one has, in order: what is gone before what is new. Words
/// are compared, and the spaces behind them go with them.
fn runs(one: &str, other: &str) -> Vec<(ChangeTag, String)> {
    let (ones, others) = (words_of(one), words_of(other));
    let stretch = |text: &str, words: &[(usize, &str)], range: Range<usize>| {
        let place = |word: usize| words.get(word).map_or(text.len(), |word| word.0);
        text[place(range.start)..place(range.end)].to_owned()
    };
    let plain =
        |words: &[(usize, &str)]| words.iter().map(|word| xxh3_64(word.1.as_bytes())).collect();
    let (old, new): (Vec<u64>, Vec<u64>) = (plain(&ones), plain(&others));
    let mut runs: Vec<(ChangeTag, String)> = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        let (tag, gone, added) = op.as_tag_tuple();
        let mut gone = stretch(one, &ones, gone);
        let mut added = stretch(other, &others, added);
        if tag == DiffTag::Equal {
            // Where one text ends here, the other has the space before what follows.
            runs.push((ChangeTag::Equal, if gone.ends_with(' ') { gone } else { added }));
            continue;
        }
        // A space behind both belongs to what follows.
        let spaced = gone.ends_with(' ') && added.ends_with(' ');
        if spaced {
            (gone, added) = (gone.trim_end().to_owned(), added.trim_end().to_owned());
        }
        runs.push((ChangeTag::Delete, gone));
        runs.push((ChangeTag::Insert, added));
        runs.push((ChangeTag::Equal, if spaced { " ".to_owned() } else { String::new() }));
    }
    runs.retain(|(_, text)| !text.is_empty());
    runs.chunk_by(|run, next| run.0 == next.0)
        .map(|same| (same[0].0, same.iter().map(|(_, text)| text.as_str()).collect()))
        .collect()
}

/// The words of a text, and marks, with their places.
fn words_of(text: &str) -> Vec<(usize, &str)> {
    text.split_word_bound_indices().filter(|(_, word)| !word.trim().is_empty()).collect()
}

/// A stretch with what tells without colours whose it is.
fn marked(tag: ChangeTag, text: String, colored: bool) -> String {
    match tag {
        ChangeTag::Delete if !colored => format!("[-{text}-]"),
        ChangeTag::Insert if !colored => format!("{{+{text}+}}"),
        _ => text,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(one: &str, other: &str) -> String {
        differences(one, other, false).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn what_is_gone_stands_before_what_is_new() {
        assert_eq!(
            plain("the old stone bridge is shut", "the bridge of wood was shut"),
            "the [-old stone -]bridge [-is-]{+of wood was+} shut"
        );
        assert_eq!(plain("a b c", "x y z"), "[-a b c-]{+x y z+}");
        assert_eq!(plain("one goal", "one goal of the cup"), "one goal {+of the cup+}");
        assert_eq!(plain("same", "same"), "same");
    }

    #[test]
    fn where_excerpts_break_off_nothing_differs() {
        let text = "word ".repeat(60);
        let (one, other) = (&text[..200], format!("{}longer", &text[..194]));
        assert!(plain(one, &other).ends_with("word word …"), "{}", plain(one, &other));
    }
}
