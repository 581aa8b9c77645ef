//! Which side of a repeat to cut.
//!
//! In: a page and the matches that [`Repeats`](crate::passage::Repeats) found in it, or two pages and what they share.
//! Out: for each match whole sentences of one side, with those of the other side that stay.
//!
//! The body sentence stays and the caption goes: of the two sides the one to cut is a line that
//! stands by itself without a stop; of two such, the one that heads no text; else the later, or
//! if that has more to say, an earlier paragraph by itself. A sentence is cut only if hardly a word
//! of it is missing from the other side and no number is: of a line without a stop
//! [`PassageParams::min_similarity`] of the words must align; of a paragraph that the text has
//! again further down, and that ends as a caption does with who took the picture, `CAPTION_SHARE`;
//! of any other [`SENTENCE_SHARE`].

use std::ops::Range;

use ahash::{AHashSet, RandomState};

use super::{Page, is_punctuated};
use crate::document::{DocId, Span};
use crate::passage::{Aligner, Match, PassageParams};
use crate::text::{Tokenizer, Tokens};

/// Which share of a sentence's words must stand, in order, in what is kept in its stead.
pub const SENTENCE_SHARE: f64 = 0.95;

/// The same share of a caption that the text has again further down.
const CAPTION_SHARE: f64 = 0.75;

/// A sentence to be cut.
#[derive(Clone, Debug, PartialEq)]
pub struct PageCut {
    /// The sentence, by number.
    pub sentence: usize,
    /// What is kept in its stead: the document, and the span of its text as it stands; none of a caption.
    pub kept: Option<(DocId, Span)>,
    /// The share of its words that align.
    pub similarity: f64,
}

/// A run of sentences that a match has found.
struct Side {
    sentences: Range<usize>,
    /// All their tokens.
    tokens: Range<usize>,
}

/// The cuts that the matches of one page call for. `is_fixed` tells of sentences that are never cut.
pub fn repeats(
    page: &Page<'_>,
    tokens: &Tokens,
    matches: &[Match],
    is_fixed: impl Fn(usize) -> bool,
    params: &PassageParams,
    aligner: &mut Aligner,
) -> Vec<PageCut> {
    let mut cuts: Vec<PageCut> = Vec::new();
    let count = page.sentences.len();
    let (mut is_cut, mut is_kept) = (vec![false; count], vec![false; count]);
    for one in matches {
        let sides = [&one.a, &one.b].map(|run| side(page, tokens, run.tokens()));
        let [Some(a), Some(b)] = sides else { continue };
        if a.sentences.end > b.sentences.start {
            continue;
        }
        let mut chosen: Option<(&Side, Vec<Covered>)> = None;
        for (loser, keeper) in in_order(page, &a, &b) {
            if keeper.sentences.clone().any(|sentence| is_cut[sentence]) {
                break;
            }
            let kept_words = &tokens.hashes()[keeper.tokens.clone()];
            // A line beside a line is another version of it, or its own: it may stand in a longer one.
            let both_lines =
                [loser, keeper].iter().all(|it| is_caption(page, it.sentences.clone()));
            if both_lines && !are_one(&tokens.hashes()[loser.tokens.clone()], kept_words, aligner) {
                continue;
            }
            let is_earlier = loser.sentences.start < keeper.sentences.start;
            let least = match place(page, loser) {
                Place::Line => params.min_similarity,
                Place::Paragraph if is_earlier && has_credit(page, loser) => {
                    params.min_similarity.max(CAPTION_SHARE)
                }
                _ => SENTENCE_SHARE,
            };
            let mut found =
                covered(page, tokens, loser.sentences.clone(), kept_words, least, aligner);
            found.retain(|it| {
                !(is_fixed(it.sentence) || is_cut[it.sentence] || is_kept[it.sentence])
            });
            let is_all = found.len() == loser.sentences.len();
            if is_all || (chosen.is_none() && !found.is_empty()) {
                chosen = Some((keeper, found));
            }
            if is_all {
                break;
            }
        }
        let Some((keeper, found)) = chosen else { continue };
        for Covered { sentence, similarity, place } in found {
            is_cut[sentence] = true;
            let start = keeper.tokens.start;
            let span = tokens.span(start + place.start..start + place.end);
            for kept in keeper.sentences.clone() {
                let other = page.sentences[kept].span;
                is_kept[kept] |= other.overlaps(span);
            }
            cuts.push(PageCut { sentence, kept: Some((one.a.document, span)), similarity });
        }
    }
    cuts.sort_unstable_by_key(|cut| cut.sentence);
    cuts
}

/// The sentences around a run of tokens.
fn side(page: &Page<'_>, tokens: &Tokens, run: Range<usize>) -> Option<Side> {
    let span = tokens.span(run);
    let start = page.sentences.partition_point(|sentence| sentence.span.end <= span.start);
    let end = page.sentences.partition_point(|sentence| sentence.span.start < span.end);
    if start >= end {
        return None;
    }
    let whole = page.sentences[start].span.hull(page.sentences[end - 1].span);
    Some(Side { sentences: start..end, tokens: tokens.within(whole) })
}

/// Which side may go, and which then stays: the better choice first.
fn in_order<'s>(page: &Page<'_>, a: &'s Side, b: &'s Side) -> Vec<(&'s Side, &'s Side)> {
    match (place(page, a), place(page, b)) {
        // Of two lines the headline stays, if one of them is: it heads a text.
        (Place::Line, Place::Line) => match heads_text(page, b) && !heads_text(page, a) {
            true => vec![(a, b)],
            false => vec![(b, a)],
        },
        (Place::Line, _) if is_heading(page, a, b) => Vec::new(),
        (Place::Line, _) => vec![(a, b)],
        (_, Place::Line) if is_heading(page, b, a) => Vec::new(),
        (_, Place::Line) => vec![(b, a)],
        // What has less than the later may go if it is no part of anything.
        (Place::Paragraph, _) => vec![(b, a), (a, b)],
        (Place::Part, _) => vec![(b, a)],
    }
}

fn place(page: &Page<'_>, side: &Side) -> Place {
    let sentences = side.sentences.clone();
    if is_caption(page, sentences.clone()) {
        Place::Line
    } else if is_whole(page, sentences) {
        Place::Paragraph
    } else {
        Place::Part
    }
}

/// What a run of sentences is to its text.
enum Place {
    /// A line without a stop.
    Line,
    /// One or more whole paragraphs.
    Paragraph,
    /// Part of a paragraph.
    Part,
}

/// How many blocks there may be between a headline and its text: a byline, a date, a caption.
const HEADLINED: usize = 6;

/// Most words of a heading.
const HEADING: usize = 15;

/// Whether a paragraph of text follows soon.
fn heads_text(page: &Page<'_>, side: &Side) -> bool {
    let block = page.block_of(side.sentences.start);
    (block + 1..page.blocks.ranges.len()).take(HEADLINED).any(|block| page.blocks.is_text(block))
}

/// Whether a line without a stop is a heading in the midst of a text: short, between two
/// paragraphs, and its words are those of the next one, or a quotation.
fn is_heading(page: &Page<'_>, line: &Side, source: &Side) -> bool {
    let block = page.block_of(line.sentences.start);
    let is_quoted = page.blocks.trimmed(block).starts_with(QUOTES);
    let heads_source = page.block_of(source.sentences.start) == block + 1;
    line.tokens.len() <= HEADING
        && (is_quoted || heads_source)
        && block + 1 < page.blocks.ranges.len()
        && page.blocks.is_text(block + 1)
        && (block.saturating_sub(HEADLINED)..block).any(|block| page.blocks.is_text(block))
}

/// Marks that a quotation begins with.
const QUOTES: [char; 10] = ['"', '\'', '“', '‘', '„', '‚', '«', '»', '「', '『'];

/// Whether a run of sentences is one line without a stop.
fn is_caption(page: &Page<'_>, sentences: Range<usize>) -> bool {
    sentences.len() == 1
        && page.is_alone(sentences.start)
        && !is_punctuated(page.blocks.trimmed(page.block_of(sentences.start)))
}

/// Whether a run of sentences is all of the blocks it stands in.
fn is_whole(page: &Page<'_>, sentences: Range<usize>) -> bool {
    if sentences.len() == 1 && page.is_most_of_its_block(sentences.start) {
        return true;
    }
    let (first, last) = (page.block_of(sentences.start), page.block_of(sentences.end - 1));
    page.sentences_of(first).start == sentences.start
        && page.sentences_of(last).end == sentences.end
}

/// Whether a paragraph ends, or is followed by, words without a stop, as a picture's caption is by who took it.
fn has_credit(page: &Page<'_>, side: &Side) -> bool {
    let block = page.block_of(side.sentences.end - 1);
    let is_line = |block: usize| !is_punctuated(page.blocks.trimmed(block));
    is_line(block) || block + 1 < page.blocks.ranges.len() && is_line(block + 1)
}

/// A sentence that has nothing of its own beside other words.
pub struct Covered {
    /// The sentence, by number.
    pub sentence: usize,
    /// The share of its words that align.
    pub similarity: f64,
    /// Where among the other words they stand.
    pub place: Range<usize>,
}

/// The sentences of a run that have nothing of their own beside `kept_words`.
fn covered(
    page: &Page<'_>,
    tokens: &Tokens,
    sentences: Range<usize>,
    kept_words: &[u64],
    least: f64,
    aligner: &mut Aligner,
) -> Vec<Covered> {
    let mut covered = Vec::new();
    // Of a sentence by itself it is known that most of it stands in runs of words that are shared. Among
    // several it may be another that was found, and any few words stand in a long text somewhere, in order.
    let is_alone = sentences.len() == 1;
    // Most sentences stand on both sides in one order, word by word.
    let mut next = 0;
    for sentence in sentences {
        let range = tokens.within(page.sentences[sentence].span);
        if range.is_empty() {
            continue;
        }
        let words = &tokens.hashes()[range.clone()];
        let ahead = &kept_words[next..kept_words.len().min(next + stretch(words))];
        let (similarity, place) = if aligner.aligned(words, ahead) == words.len() {
            let Range { start, end } = place_in(words, ahead, 1.0, aligner);
            (1.0, next + start..next + end)
        } else {
            let similarity = aligner.aligned(words, kept_words) as f64 / words.len() as f64;
            if similarity < least {
                continue;
            }
            (similarity, place_in(words, kept_words, similarity, aligner))
        };
        let is_one_place = is_alone || place.len() <= stretch(words);
        let kept = &kept_words[place.clone()];
        if is_one_place && !has_number_of_its_own(page.text, tokens, range, kept) {
            next = place.end;
            covered.push(Covered { sentence, similarity, place });
        }
    }
    covered
}

/// The sentences around a run of tokens that have nothing of their own beside the words of another
/// document.
pub fn covered_by(
    page: &Page<'_>,
    tokens: &Tokens,
    run: Range<usize>,
    kept_words: &[u64],
    aligner: &mut Aligner,
) -> Vec<Covered> {
    match side(page, tokens, run) {
        Some(side) => covered(page, tokens, side.sentences, kept_words, SENTENCE_SHARE, aligner),
        None => Vec::new(),
    }
}

/// How many words there may be between the first and the last that a sentence aligns with.
fn stretch(words: &[u64]) -> usize {
    words.len() + words.len() / 2 + 4
}

/// A stretch of `others` that words align with as well as with all of them, and none in it does: so that
/// no more is named as the copy that stays than it needs.
fn place_in(words: &[u64], others: &[u64], similarity: f64, aligner: &mut Aligner) -> Range<usize> {
    let length = stretch(words);
    let mut all: AHashSet<u64> = AHashSet::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
    all.extend(words);
    let is_shared: Vec<bool> = others.iter().map(|word| all.contains(word)).collect();
    let (mut count, mut best) = (0, (0, 0..others.len()));
    for end in 1..=others.len() {
        count += usize::from(is_shared[end - 1]);
        let start = end.saturating_sub(length);
        if start > 0 {
            count -= usize::from(is_shared[start - 1]);
        }
        if count > best.0 {
            best = (count, start..end);
        }
    }
    let mut is_as_good = |place: Range<usize>| {
        aligner.aligned(words, &others[place]) as f64 / words.len() as f64 >= similarity
    };
    let place = if is_as_good(best.1.clone()) { best.1 } else { 0..others.len() };
    let end = first(place.clone(), |end| is_as_good(place.start..end + 1)) + 1;
    let start = first(place.start..end, |start| !is_as_good(start..end)) - 1;
    start..end
}

/// The first of a range for which something holds that holds for all after it, or the end.
fn first(range: Range<usize>, mut holds: impl FnMut(usize) -> bool) -> usize {
    let Range { mut start, mut end } = range;
    while start < end {
        let middle = start.midpoint(end);
        if holds(middle) { end = middle } else { start = middle + 1 }
    }
    start
}

/// The share of the words of one text that align with those of another; none if it has a number of its own.
pub fn share_in(
    text: &str,
    other: &str,
    tokenizer: &mut Tokenizer,
    aligner: &mut Aligner,
) -> Option<f64> {
    let tokens = Tokens::of(text, tokenizer);
    let others = Tokens::of(other, tokenizer);
    if has_number_of_its_own(text, &tokens, 0..tokens.len(), others.hashes()) {
        return None;
    }
    let aligned = aligner.aligned(tokens.hashes(), others.hashes());
    Some(aligned as f64 / tokens.len().max(1) as f64)
}

/// Which share of the words of two lines align that are versions of one.
const ONE_LINE: f64 = 0.9;

/// Whether hardly a word stands in one of two lines and not in the other.
fn are_one(one: &[u64], other: &[u64], aligner: &mut Aligner) -> bool {
    aligner.aligned(one, other) as f64 >= ONE_LINE * one.len().max(other.len()) as f64
}

/// Whether a word with a digit stands in a range of tokens and not among the `others`.
fn has_number_of_its_own(text: &str, tokens: &Tokens, range: Range<usize>, others: &[u64]) -> bool {
    range.into_iter().any(|at| {
        text[tokens.spans()[at].range()].contains(char::is_numeric)
            && !others.contains(&tokens.hashes()[at])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_place_has_what_aligns_and_ends_with_it(
            words in prop::collection::vec(0u64..6, 1..8),
            others in prop::collection::vec(0u64..9, 0..40),
        ) {
            let mut aligner = Aligner::default();
            let all = aligner.aligned(&words, &others);
            prop_assume!(all > 0);
            let place = place_in(&words, &others, all as f64 / words.len() as f64, &mut aligner);
            prop_assert_eq!(aligner.aligned(&words, &others[place.clone()]), all);
            prop_assert!(aligner.aligned(&words, &others[place.start + 1..place.end]) < all);
            prop_assert!(aligner.aligned(&words, &others[place.start..place.end - 1]) < all);
        }
    }
}
