//! What would be cut, as people read it: a word diff against the copy that stays.
//!
//! In: a [`Removal`]. Out: a few lines of text: where and why, the line before, what goes, and the line
//! after. Words that the copy has too are red, those of the cut alone bold red in `[-…-]`, those of the
//! copy alone green in `{+…+}`: what differs is told by more than its colour.

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
                paint(style, &marked(tag, text), colored, &mut shown);
            }
        }
        _ => paint(Style::Red, &shorten(&cut, MOST_SHOWN), colored, &mut shown),
    }
    shown.push('\n');
    shown.push_str(&context(removal.after));
    shown.push('\n');
    shown
}

/// How many words a text has, counted as far as matters.
fn words(text: &str) -> usize {
    text.split_whitespace().take(MOST_COMPARED + 1).count()
}

/// What two excerpts share and have of their own, word by word: what is equal recedes. Of texts that are
/// not shown whole and `differ`, it is told if they do so only beyond what is shown.
pub fn differences(one: &str, other: &str, differ: bool) -> Vec<(Style, String)> {
    let (one, one_breaks) = whole_words(one);
    let (other, other_breaks) = whole_words(other);
    let (one, other) = same_stretch((one, one_breaks), (other, other_breaks));
    let mut runs = runs(one, other);
    if one_breaks || other_breaks {
        let is_same = runs.iter().all(|run| run.0 == ChangeTag::Equal);
        let end =
            if is_same && differ { " … (so far the same: they differ later)" } else { " …" };
        runs.push((ChangeTag::Equal, end.to_owned()));
    }
    let piece = |(tag, text): (ChangeTag, String)| {
        let style = match tag {
            ChangeTag::Equal => Style::Dim,
            ChangeTag::Delete => Style::Red,
            ChangeTag::Insert => Style::Green,
        };
        (style, marked(tag, text))
    };
    runs.into_iter().map(piece).collect()
}

/// An excerpt without the word that it breaks off in, and whether it breaks off.
fn whole_words(excerpt: &str) -> (&str, bool) {
    if excerpt.chars().count() + 1 < EXCERPT {
        return (excerpt, false);
    }
    (excerpt.rfind(' ').map_or(excerpt, |space| &excerpt[..space]), true)
}

/// Two beginnings of texts, each with whether it breaks off, as far as they tell of the same stretch. Where
/// one text has words more at its start, the other reaches further: what is beyond is no difference. By the
/// fewest words that are to change until one of those that break off is at its end.
fn same_stretch<'t>(
    (one, one_breaks): (&'t str, bool),
    (other, other_breaks): (&'t str, bool),
) -> (&'t str, &'t str) {
    let (ones, others) = (words_of(one), words_of(other));
    let (last_one, last_other) = (ones.len(), others.len());
    // For each number of words of the one, and of the other, how many are to change. An excerpt has some forty.
    let mut changes = vec![vec![0; last_other + 1]; last_one + 1];
    for at in 0..=last_one {
        for to in 0..=last_other {
            changes[at][to] = match (at, to) {
                (0, changed) | (changed, 0) => changed,
                _ if ones[at - 1].1 == others[to - 1].1 => changes[at - 1][to - 1],
                _ => 1 + changes[at - 1][to].min(changes[at][to - 1]),
            };
        }
    }
    let is_end =
        |at: usize, to: usize| (one_breaks && at == last_one) || (other_breaks && to == last_other);
    let ends = (0..=last_one).flat_map(|at| (0..=last_other).map(move |to| (at, to)));
    let best = ends
        .filter(|&(at, to)| is_end(at, to))
        .min_by_key(|&(at, to)| (changes[at][to], last_one + last_other - at - to));
    match best {
        Some((at, to)) if at > 0 && to > 0 && ones[at - 1].1 == others[to - 1].1 => {
            let until = |text: &'t str, (start, word): (usize, &str)| &text[..start + word.len()];
            (until(one, ones[at - 1]), until(other, others[to - 1]))
        }
        _ => (one, other),
    }
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
        // A space behind belongs to what follows, and one parts what is gone from what is new.
        let space = |is_there: bool| if is_there { " ".to_owned() } else { String::new() };
        let is_spaced = |text: &str| text.is_empty() || text.ends_with(' ');
        let spaced = is_spaced(&gone) && is_spaced(&added);
        (gone, added) = (gone.trim_end().to_owned(), added.trim_end().to_owned());
        let parted = !gone.is_empty() && !added.is_empty();
        runs.push((ChangeTag::Delete, gone));
        runs.push((ChangeTag::Equal, space(parted)));
        runs.push((ChangeTag::Insert, added));
        runs.push((ChangeTag::Equal, space(spaced)));
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

/// A stretch with what tells whose it is.
fn marked(tag: ChangeTag, text: String) -> String {
    match tag {
        ChangeTag::Delete => format!("[-{text}-]"),
        ChangeTag::Insert => format!("{{+{text}+}}"),
        ChangeTag::Equal => text,
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
        differences(one, other, true).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn what_is_gone_stands_before_what_is_new() {
        assert_eq!(
            plain("the old stone bridge is shut", "the bridge of wood was shut"),
            "the [-old stone-] bridge [-is-] {+of wood was+} shut"
        );
        assert_eq!(plain("a b c", "x y z"), "[-a b c-] {+x y z+}");
        assert_eq!(plain("in week 10 of", "in week 11 of"), "in week [-10-] {+11+} of");
        assert_eq!(plain("one goal", "one goal of the cup"), "one goal {+of the cup+}");
        assert_eq!(plain("same", "same"), "same");
    }

    #[test]
    fn where_excerpts_break_off_nothing_differs() {
        let text = "word ".repeat(60);
        let (one, other) = (&text[..200], format!("{}longer", &text[..194]));
        let end = "word word … (so far the same: they differ later)";
        assert!(plain(one, &other).ends_with(end), "{}", plain(one, &other));
        let same = differences(one, one, false).pop().unwrap().1;
        assert_eq!(same, " …");
    }

    #[test]
    fn what_one_excerpt_reaches_beyond_the_other_is_no_difference() {
        let numbered = |range: Range<u32>| {
            range.map(|number| format!("w{}", number * 7919 % 1000)).collect::<Vec<_>>().join(" ")
        };
        let beginning = |text: &str| text.chars().take(EXCERPT).collect::<String>();
        let text = numbered(0..90);
        let later = beginning(&format!("From our own correspondent: {text}"));
        let shown = plain(&beginning(&text), &later);
        assert!(shown.starts_with("{+From our own correspondent:+} w0 w919 "), "{shown}");
        assert_eq!(shown.matches(['[', '{']).count(), 1, "{shown}");
        // The tail that differs is shown of both.
        let other = format!("{} {}", numbered(0..20), "another tale ".repeat(20));
        let shown = plain(&beginning(&text), &beginning(&other));
        assert!(shown.contains("[-w380 ") && shown.contains("{+another tale "), "{shown}");
        // A whole text against the beginning of a longer one.
        let shown = plain(&numbered(0..20), &beginning(&text));
        assert_eq!(shown.matches(['[', '{']).count(), 1, "{shown}");
    }
}
