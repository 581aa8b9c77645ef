//! A document against itself: sentences and lines that repeat, edited ones too.
//!
//! In: a document's tokens and sentences. Out: every two units of at least
//! `min_words_within` words of which the shorter's share of aligned words is
//! at least `min_similarity`, neighbouring ones joined to one [`Match`]. A
//! unit is a sentence, or a line of sentences that are all too short by themselves.
//!
//! Two units can align that well only if the shorter has no more than a few
//! words that the longer lacks, so it suffices to look where its rarest words
//! stand: the prefix filter of [`join`](crate::join), one document small.

use std::ops::Range;

use ahash::{AHashSet, RandomState};

use super::align::Aligner;
use super::{Match, PassageParams, Run, has_words};
use crate::document::DocId;
use crate::text::{Sentence, Tokens};

/// A word that stands in more units than this does not lead from one to another:
/// a document of thousands of like lines is a table, and all pairs of them are no news.
const MOST_UNITS: usize = 1000;

/// The repeats within `document`. Cost: about linear, and an alignment for each two units that share a rare word.
pub fn repeats(
    document: DocId,
    tokens: &Tokens,
    sentences: &[Sentence],
    params: &PassageParams,
    aligner: &mut Aligner,
) -> Vec<Match> {
    let ranges: Vec<Range<usize>> =
        sentences.iter().map(|sentence| tokens.within(sentence.span)).collect();
    let units = units(tokens, sentences, &ranges, params);
    if units.len() < 2 {
        return Vec::new();
    }
    let page = Page { tokens, sentences: &ranges, params };
    let mut pairs = page.similar_units(&units, aligner);
    pairs.sort_unstable();
    let mut joined: AHashSet<(usize, usize)> =
        AHashSet::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
    let mut found = Vec::new();
    for (a, b) in pairs {
        if !joined.contains(&(units[a].start, units[b].start)) {
            let (a, b, aligned) =
                page.join_neighbours(units[a].clone(), units[b].clone(), &mut joined, aligner);
            found.push(Match { a: Run::new(document, a), b: Run::new(document, b), aligned });
        }
    }
    found.sort_unstable();
    found
}

/// The sentences that are long enough, and the lines all of whose sentences are not but which are themselves.
fn units(
    tokens: &Tokens,
    sentences: &[Sentence],
    ranges: &[Range<usize>],
    params: &PassageParams,
) -> Vec<Range<usize>> {
    let mut units = Vec::new();
    let long = |range: &Range<usize>| has_words(tokens, range.clone(), params.min_words_within);
    let mut first = 0;
    for line in sentences.chunk_by(|a, b| a.block == b.block) {
        let numbers = first..first + line.len();
        first = numbers.end;
        let before = units.len();
        units.extend(
            numbers
                .clone()
                .filter(|&number| long(&ranges[number]))
                .map(|number| number..number + 1),
        );
        let whole = ranges[numbers.start].start..ranges[numbers.end - 1].end;
        if units.len() == before && long(&whole) {
            units.push(numbers);
        }
    }
    units
}

struct Page<'a> {
    tokens: &'a Tokens,
    /// The tokens of each sentence.
    sentences: &'a [Range<usize>],
    params: &'a PassageParams,
}

impl Page<'_> {
    /// The tokens of a run of sentences.
    fn tokens_of(&self, sentences: &Range<usize>) -> Range<usize> {
        self.sentences[sentences.start].start..self.sentences[sentences.end - 1].end
    }

    fn hashes(&self, sentences: &Range<usize>) -> &[u64] {
        &self.tokens.hashes()[self.tokens_of(sentences)]
    }

    /// How many words of two runs of sentences align, if that is enough.
    fn aligned(&self, a: &Range<usize>, b: &Range<usize>, aligner: &mut Aligner) -> Option<usize> {
        let (a, b) = (self.hashes(a), self.hashes(b));
        let shorter = a.len().min(b.len());
        let aligned = aligner.aligned(a, b);
        (shorter > 0 && aligned as f64 / shorter as f64 >= self.params.min_similarity)
            .then_some(aligned)
    }

    /// Every two units, by number, that are similar enough.
    fn similar_units(&self, units: &[Range<usize>], aligner: &mut Aligner) -> Vec<(usize, usize)> {
        let mut words: Vec<(u64, usize)> = units
            .iter()
            .enumerate()
            .flat_map(|(number, unit)| self.hashes(unit).iter().map(move |&word| (word, number)))
            .collect();
        words.sort_unstable();
        words.dedup();
        let standing = |word: u64| {
            let start = words.partition_point(|entry| entry.0 < word);
            let count = words[start..].partition_point(|entry| entry.0 == word);
            &words[start..start + count]
        };
        let mut pairs = Vec::new();
        let mut rarest: Vec<(usize, u64)> = Vec::new();
        let mut others: Vec<usize> = Vec::new();
        for (number, unit) in units.iter().enumerate() {
            let hashes = self.hashes(unit);
            let least = (self.params.min_similarity * hashes.len() as f64 - 1e-9).ceil() as usize;
            rarest.clear();
            rarest.extend(hashes.iter().map(|&word| (standing(word).len(), word)));
            rarest.sort_unstable();
            rarest.truncate(hashes.len() - least.min(hashes.len()) + 1);
            rarest.dedup();
            others.clear();
            for &(count, word) in &rarest {
                if count <= MOST_UNITS {
                    others.extend(standing(word).iter().map(|&(_, other)| other).filter(
                        |&other| {
                            let length = self.hashes(&units[other]).len();
                            other != number && (hashes.len(), number) < (length, other)
                        },
                    ));
                }
            }
            others.sort_unstable();
            others.dedup();
            for &other in &others {
                if self.aligned(unit, &units[other], aligner).is_some() {
                    pairs.push((number.min(other), number.max(other)));
                }
            }
        }
        pairs
    }

    /// Grows two similar units by the sentences after and before them as long as these
    /// repeat too; gives their tokens and how many align. Notes the pairs of sentences it used.
    fn join_neighbours(
        &self,
        mut a: Range<usize>,
        mut b: Range<usize>,
        joined: &mut AHashSet<(usize, usize)>,
        aligner: &mut Aligner,
    ) -> (Range<usize>, Range<usize>, u32) {
        let start = b.start;
        joined.insert((a.start, b.start));
        while a.end < start && b.end < self.sentences.len() {
            let (next_a, next_b) = (a.end..a.end + 1, b.end..b.end + 1);
            let (whole_a, whole_b) = (a.start..next_a.end, b.start..next_b.end);
            if self.aligned(&next_a, &next_b, aligner).is_none()
                || self.aligned(&whole_a, &whole_b, aligner).is_none()
            {
                break;
            }
            joined.insert((next_a.start, next_b.start));
            (a.end, b.end) = (next_a.end, next_b.end);
        }
        while a.start > 0 && b.start > a.end {
            let (before_a, before_b) = (a.start - 1..a.start, b.start - 1..b.start);
            let (whole_a, whole_b) = (before_a.start..a.end, before_b.start..b.end);
            if self.aligned(&before_a, &before_b, aligner).is_none()
                || self.aligned(&whole_a, &whole_b, aligner).is_none()
            {
                break;
            }
            joined.insert((before_a.start, before_b.start));
            (a.start, b.start) = (before_a.start, before_b.start);
        }
        let aligned = aligner.aligned(self.hashes(&a), self.hashes(&b));
        (self.tokens_of(&a), self.tokens_of(&b), aligned as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Tokenizer, sentences};

    fn found(text: &str) -> Vec<(String, String)> {
        let params =
            PassageParams { min_words_across: 12, min_words_within: 8, min_similarity: 0.75 };
        let tokens = Tokens::of(text, &mut Tokenizer::new(0));
        let matches =
            repeats(DocId(0), &tokens, &sentences(text), &params, &mut Aligner::default());
        let show = |run: &Run| text[tokens.span(run.tokens()).range()].to_owned();
        matches.iter().map(|found| (show(&found.a), show(&found.b))).collect()
    }

    #[test]
    fn a_caption_is_found_against_its_sentence_and_a_paragraph_as_one() {
        let caption = "Ferrymaster Ines Holm counts the new life rings at Gannet Quay";
        let body = "Ferrymaster Ines Holm counted the new life rings at Gannet Quay on Monday.";
        let text = format!("{caption}\n\nNothing else of note was seen.\n\n{body}");
        assert_eq!(found(&text), [(caption.to_owned(), body.trim_end_matches('.').to_owned())]);
        let paragraph = "The old crane came down at noon with nobody under it. Nobody cheered. \
                         The new one will be painted green before the summer visitors arrive.";
        let text = format!("{paragraph}\n\nA line between them.\n\n{paragraph}");
        let stopless = paragraph.trim_end_matches('.').to_owned();
        assert_eq!(found(&text), [(stopless.clone(), stopless)]);
    }

    #[test]
    fn short_repetition_is_left_alone() {
        assert!(
            found("Bring the boats home.\nShe sang: Bring the boats home.\nBring the boats home.")
                .is_empty()
        );
    }
}
