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

/// A word that stands in more units than this leads only to the first of them: a
/// document of thousands of like lines is a table, and all pairs of them would be quadratic.
const MOST_UNITS: usize = 1000;

/// How many of the first units such a word leads to.
const FIRST_UNITS: usize = 8;

/// A unit with more partners than this is not joined with its neighbours.
const MOST_PARTNERS: usize = 4;

/// More tokens than this are not aligned as a whole, but sentence by sentence.
const LONGEST_ALIGNED: usize = 4_000;

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
    pairs.dedup();
    let mut joined: AHashSet<(usize, usize)> =
        AHashSet::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
    let mut found = Vec::new();
    let mut partners = vec![0usize; units.len()];
    for &(a, b) in &pairs {
        partners[a] += 1;
        partners[b] += 1;
    }
    for (a, b) in pairs {
        if joined.contains(&(units[a].start, units[b].start)) {
            continue;
        }
        // In a table every line is like every other, and no two of them begin anything together.
        let neighbours = partners[a].max(partners[b]) <= MOST_PARTNERS;
        let (mut a, mut b) = (units[a].clone(), units[b].clone());
        if neighbours {
            page.join_neighbours(&mut a, &mut b, &mut joined, aligner);
        }
        found.push(page.repeat(document, &a, &b, aligner));
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

/// In which units each word of a document stands.
struct Standing {
    /// The word that each token is, by number; tokens outside of all units have none of their own.
    word_of: Vec<u32>,
    /// The units of all words, one word after the other, ascending.
    units: Vec<usize>,
    /// Where the units of each word begin, and the end.
    starts: Vec<usize>,
}

impl Standing {
    fn of(page: &Page<'_>, units: &[Range<usize>]) -> Self {
        let hashes = page.tokens.hashes();
        let mut entries: Vec<(u64, usize, usize)> = Vec::new();
        for (number, unit) in units.iter().enumerate() {
            entries.extend(page.tokens_of(unit).map(|token| (hashes[token], number, token)));
        }
        entries.sort_unstable();
        let mut standing =
            Standing { word_of: vec![0; hashes.len()], units: Vec::new(), starts: vec![0] };
        for word in entries.chunk_by(|a, b| a.0 == b.0) {
            for &(_, _, token) in word {
                standing.word_of[token] = standing.starts.len() as u32 - 1;
            }
            standing.units.extend(word.chunk_by(|a, b| a.1 == b.1).map(|same| same[0].1));
            standing.starts.push(standing.units.len());
        }
        standing
    }

    fn units(&self, word: u32) -> &[usize] {
        &self.units[self.starts[word as usize]..self.starts[word as usize + 1]]
    }
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

    /// Every two units, by number, that are similar enough; some of them twice.
    fn similar_units(&self, units: &[Range<usize>], aligner: &mut Aligner) -> Vec<(usize, usize)> {
        let standing = Standing::of(self, units);
        let mut pairs = Vec::new();
        let mut rarest: Vec<(usize, u32)> = Vec::new();
        let mut others: Vec<usize> = Vec::new();
        for (number, unit) in units.iter().enumerate() {
            let tokens = self.tokens_of(unit);
            let length = tokens.len();
            let least = (self.params.min_similarity * length as f64 - 1e-9).ceil() as usize;
            rarest.clear();
            rarest.extend(tokens.map(|token| {
                let word = standing.word_of[token];
                (standing.units(word).len(), word)
            }));
            rarest.sort_unstable();
            rarest.truncate(length - least.min(length) + 1);
            rarest.dedup();
            others.clear();
            for &(count, word) in &rarest {
                let units_with = standing.units(word).iter().copied();
                if count > MOST_UNITS {
                    others.extend(units_with.filter(|&other| other != number).take(FIRST_UNITS));
                } else {
                    others.extend(units_with.filter(|&other| {
                        (length, number) < (self.tokens_of(&units[other]).len(), other)
                    }));
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

    /// Grows two similar units by the sentences after and before them as long as
    /// these repeat too. Notes the pairs of sentences it used.
    fn join_neighbours(
        &self,
        a: &mut Range<usize>,
        b: &mut Range<usize>,
        joined: &mut AHashSet<(usize, usize)>,
        aligner: &mut Aligner,
    ) {
        let start = b.start;
        joined.insert((a.start, b.start));
        // Aligned words of the parts: of the whole there are at least as many, and it need not be asked each time.
        let mut sum = aligner.aligned(self.hashes(a), self.hashes(b));
        let mut join =
            |a: &mut Range<usize>, b: &mut Range<usize>, next_a: usize, next_b: usize| {
                let more = self.aligned(&(next_a..next_a + 1), &(next_b..next_b + 1), aligner);
                let whole_a = a.start.min(next_a)..a.end.max(next_a + 1);
                let whole_b = b.start.min(next_b)..b.end.max(next_b + 1);
                let shorter = self.hashes(&whole_a).len().min(self.hashes(&whole_b).len());
                let total = sum + more.unwrap_or(0);
                let joins =
                    more.is_some() && total as f64 / shorter as f64 >= self.params.min_similarity;
                if joins {
                    joined.insert((next_a, next_b));
                    (sum, *a, *b) = (total, whole_a, whole_b);
                }
                joins
            };
        while a.end < start && b.end < self.sentences.len() && join(a, b, a.end, b.end) {}
        while a.start > 0 && b.start > a.end && join(a, b, a.start - 1, b.start - 1) {}
    }

    /// Two runs of sentences as a match. Very long ones are aligned sentence by sentence.
    fn repeat(
        &self,
        document: DocId,
        a: &Range<usize>,
        b: &Range<usize>,
        aligner: &mut Aligner,
    ) -> Match {
        let (hashes_a, hashes_b) = (self.hashes(a), self.hashes(b));
        let aligned = if hashes_a.len().max(hashes_b.len()) > LONGEST_ALIGNED && a.len() == b.len()
        {
            a.clone()
                .zip(b.clone())
                .map(|(a, b)| aligner.aligned(self.hashes(&(a..a + 1)), self.hashes(&(b..b + 1))))
                .sum()
        } else {
            aligner.aligned(hashes_a, hashes_b)
        };
        let (a, b) = (Run::new(document, self.tokens_of(a)), Run::new(document, self.tokens_of(b)));
        Match { a, b, aligned: aligned as u32 }
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
