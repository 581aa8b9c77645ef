//! Text to sentences.
//!
//! In: a document's text. Out: its [`Sentence`]s in order, without the white
//! space around them. A line break ends a sentence, as UAX #29 has it, except
//! where the line was merely wrapped. What UAX #29 takes for an end after
//! a title or an initial (`Mr. Smith`, `J. Doe`) is joined again.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::document::Span;

/// A sentence and the block of text (a line, or wrapped lines) that it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// Where it stands.
    pub span: Span,
    /// The number of its block, from 0.
    pub block: u32,
}

/// Shortest line, in characters, that may have been broken for width.
const WRAPPED_WIDTH: usize = 50;

/// Words that end in a full stop and do not end a sentence.
const ABBREVIATIONS: [&str; 27] = [
    "Mr.", "Mrs.", "Ms.", "Mx.", "Dr.", "Prof.", "Rev.", "Hon.", "St.", "Gen.", "Col.", "Maj.",
    "Capt.", "Lt.", "Sgt.", "Gov.", "Sen.", "Rep.", "Pres.", "Supt.", "No.", "Nr.", "vs.", "cf.",
    "Hr.", "Fr.", "Mt.",
];

/// The sentences of `text`. Cost: linear.
pub fn sentences(text: &str) -> Vec<Sentence> {
    let mut found = Vec::new();
    for (block, range) in blocks(text).into_iter().enumerate() {
        split_block(text, range, block as u32, &mut found);
    }
    found
}

/// The lines of `text` with their ends, wrapped ones joined, blank ones left out.
pub fn blocks(text: &str) -> Vec<Range<usize>> {
    let mut blocks: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    let mut after_blank = true;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        if line.trim().is_empty() {
            after_blank = true;
            continue;
        }
        match blocks.last_mut() {
            Some(block) if !after_blank && is_wrapped(&text[block.clone()], line) => {
                block.end = range.end
            }
            _ => blocks.push(range),
        }
        after_blank = false;
    }
    blocks
}

/// Whether the last line of `before` was broken for width and goes on in `line`.
fn is_wrapped(before: &str, line: &str) -> bool {
    let last = before.trim_end().rsplit('\n').next().unwrap_or_default().trim();
    line.trim_start().starts_with(char::is_lowercase)
        && !last.ends_with(['.', '!', '?', ':', '…'])
        && last.chars().count() >= WRAPPED_WIDTH
}

fn split_block(text: &str, range: Range<usize>, block: u32, found: &mut Vec<Sentence>) {
    let line = text[range.clone()].trim_end();
    // Same bytes, same places, but no line break to end a sentence at.
    let unwrapped = line.contains('\n').then(|| line.replace(['\n', '\r'], " "));
    let line = unwrapped.as_deref().unwrap_or(line);
    let mut start = 0;
    let mut ends = Vec::new();
    if is_latin(line) {
        latin_ends(line, &mut ends);
    } else {
        ends.extend(
            line.split_sentence_bound_indices().map(|(offset, piece)| offset + piece.len()),
        );
    }
    for end in ends {
        if end < line.len() && ends_in_abbreviation(&line[start..end]) {
            continue;
        }
        let sentence = &line[start..end];
        let trimmed = sentence.trim();
        if !trimmed.is_empty() {
            let first = range.start + start + (sentence.len() - sentence.trim_start().len());
            found.push(Sentence { span: Span::new(first, first + trimmed.len()), block });
        }
        start = end;
    }
}

/// Whether a line has the letters and the punctuation of European prose only, none of which
/// joins with its neighbours.
fn is_latin(line: &str) -> bool {
    let simple = |c: char| {
        matches!(c, '\0'..='\u{7f}' | '\u{a0}'..='\u{ac}' | '\u{ae}'..='\u{17f}')
            || matches!(
                c,
                '\u{2010}'..='\u{2023}' | '\u{2026}' | '\u{2039}' | '\u{203a}' | '€' | '™'
            )
    };
    line.is_ascii() || line.chars().all(simple)
}

/// Where UAX #29 ends the sentences of a line that [is Latin](is_latin): rules SB6 to SB11, the
/// only ones that apply. Twenty times as fast as going by the tables of Unicode.
fn latin_ends(line: &str, ends: &mut Vec<usize>) {
    let after = |at: usize, class: fn(char) -> bool| {
        let rest = &line[at..];
        line.len() - rest.trim_start_matches(class).len()
    };
    let is = |at: usize, class: fn(char) -> bool| line[at..].starts_with(class);
    let is_close = |c| {
        matches!(c, '"' | '\'' | '(' | ')' | '[' | ']' | '{' | '}' | '«' | '»' | '‹' | '›')
            || matches!(c, '\u{2018}'..='\u{201f}')
    };
    let is_space = |c| matches!(c, ' ' | '\t' | '\x0b' | '\x0c' | '\u{a0}');
    let goes_on = |c| matches!(c, '.' | '!' | '?' | ',' | '-' | ':' | ';' | '–' | '—');
    let mut at = 0;
    while let Some(found) = memchr::memchr3(b'.', b'!', b'?', &line.as_bytes()[at..]) {
        let stop = at + found;
        at = stop + 1;
        let next = after(after(at, is_close), is_space);
        let full_stop = line.as_bytes()[stop] == b'.';
        // SB6, SB7: within a number, or between a letter and a capital.
        let joins = full_stop
            && next == at
            && (is(at, |c| c.is_ascii_digit())
                || line[..stop].ends_with(char::is_alphabetic) && is(at, char::is_uppercase));
        // SB8a: a comma, colon, dash or further stop goes on.
        if joins || is(next, goes_on) {
            continue;
        }
        // SB8: a full stop before a word in lower case is an abbreviation's.
        let word = |c: &char| c.is_alphabetic() || matches!(c, '.' | '!' | '?');
        if full_stop && line[next..].chars().find(word).is_some_and(char::is_lowercase) {
            continue;
        }
        if next < line.len() {
            ends.push(next);
        }
    }
    if !line.is_empty() {
        ends.push(line.len());
    }
}

fn ends_in_abbreviation(piece: &str) -> bool {
    let last = piece.trim_end().rsplit([' ', '\u{a0}']).next().unwrap_or_default();
    let word = last.trim_start_matches(['(', '"', '\'', '“', '‘', '„', '«']);
    let mut letters = word.chars();
    let initial = matches!((letters.next(), letters.next(), letters.next()), (Some(first), Some('.'), None) if first.is_uppercase());
    initial || ABBREVIATIONS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(|sentence| &text[sentence.span.range()]).collect()
    }

    #[test]
    fn sentences_end_where_they_end() {
        for (text, expected) in [
            ("One. Two! Three?", &["One.", "Two!", "Three?"][..]),
            (
                "Mr. J. Doe paid 3.50 for it. He left.",
                &["Mr. J. Doe paid 3.50 for it.", "He left."],
            ),
            ("“Go,” she said. “Now.” He went.", &["“Go,” she said.", "“Now.”", "He went."]),
            (
                "A caption without a stop\nA body sentence.",
                &["A caption without a stop", "A body sentence."],
            ),
            ("一句话。两句话！", &["一句话。", "两句话！"]),
            ("  \n\n \n", &[]),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]
        #[test]
        fn latin_ends_are_those_of_the_book(
            line in "([abAB1 .!?,:;'\"()\t\x0b\x0c-]|[.!? ab\u{a0}-\u{ac}\u{ae}-\u{17f}\u{2010}-\u{2023}…‹›€™]){0,20}"
        ) {
            proptest::prop_assert!(is_latin(&line));
            let mut ends = Vec::new();
            latin_ends(&line, &mut ends);
            let book: Vec<usize> =
                line.split_sentence_bound_indices().map(|(offset, piece)| offset + piece.len()).collect();
            proptest::prop_assert_eq!(ends, book);
        }
    }

    #[test]
    fn every_latin_character_is_one_of_the_book() {
        for c in (0..0x2200).filter_map(char::from_u32).filter(|c| !"\r\n".contains(*c)) {
            for line in [
                format!("a.{c}b"),
                format!("a.{c} B"),
                format!("{c}. b"),
                format!("a. {c}b"),
                format!("a! {c}"),
                format!("{c}.B"),
                format!("A.{c}"),
            ] {
                if is_latin(&line) {
                    let mut ends = Vec::new();
                    latin_ends(&line, &mut ends);
                    let book = line.split_sentence_bound_indices();
                    let book: Vec<usize> =
                        book.map(|(offset, piece)| offset + piece.len()).collect();
                    assert_eq!(ends, book, "{line:?}");
                }
            }
        }
    }

    #[test]
    fn a_wrapped_line_goes_on() {
        let text = "The harbour master counted the boats twice before breakfast and\r\nfound one too many. It was his own.\n\nEnd.";
        let found = split(text);
        assert_eq!(found.len(), 3);
        assert!(found[0].ends_with("one too many."));
        assert_eq!(
            sentences(text).iter().map(|sentence| sentence.block).collect::<Vec<_>>(),
            [0, 0, 1]
        );
    }
}
