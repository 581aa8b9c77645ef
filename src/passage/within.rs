//! A document against itself: sentences and lines that repeat, edited ones too.
//!
//! In: a document's text and tokens. Out: every two units of at least
//! `min_words_within` words of which the shorter's share of aligned words is at least
//! `min_similarity`, and of which more than half of the shorter's words stand in runs of
//! [four](super::twice::GRAM) words that the longer has too, and some in a run of five;
//! neighbouring ones are joined to one [`Match`]. Where only the runs are enough, a stretch of
//! the two is given that is similar enough by itself.
//! A unit is a sentence, or a line of sentences that are all too short by themselves. A sentence of
//! more than 4,000 words, as a line without a stop may be, is taken in pieces.
//!
//! Why runs: any sentence of forty words has the eight of a short one somewhere, in order,
//! as names and small words go; what makes it a repeat is that they stand together. And so it
//! suffices to look where two runs that stand twice in the document are close to one
//! another. Most documents have no such place, and only where one is are
//! sentences made and compared.

use std::ops::Range;

use ahash::{AHashSet, RandomState};

use super::across::Follower;
use super::align::Aligner;
use super::meet::Hit;
use super::standing::{Rarest, Standing};
use super::twice::Twice;
use super::{Match, PassageParams, Run};
use crate::document::DocId;
use crate::text::{Sentence, Tokens, Words};

/// A unit with more partners than this is not joined with its neighbours.
const MOST_PARTNERS: usize = 4;

/// Two units that each have so many similar ones are not compared: the copies of one sentence lead to one another
/// by way of the first of them, and all pairs of them would be quadratic.
const MOST_SIMILAR: usize = 32;

/// More tokens than this are not aligned as a whole, but sentence by sentence, and are no sentence.
const LONGEST_ALIGNED: usize = 4_000;

/// How many places of a run in one unit are tried for a run in another.
const MOST_PLACES: usize = 4;

/// Finds what a document repeats; the buffers are kept from document to document.
#[derive(Clone, Debug, Default)]
pub struct Repeats {
    follower: Follower,
    twice: Twice,
}

impl Repeats {
    /// Looks whether a document may repeat something, for which its tokens need no spans. Cost: linear.
    pub fn look(&mut self, tokens: &Tokens) -> Option<Suspect<'_>> {
        let Repeats { follower, twice } = self;
        let close = twice.close(tokens);
        (!close.is_empty()).then_some(Suspect { follower, twice, close })
    }
}

/// A document that may repeat something.
#[derive(Debug)]
pub struct Suspect<'a> {
    follower: &'a mut Follower,
    twice: &'a Twice,
    /// The tokens where it may.
    close: Vec<Range<usize>>,
}

impl Suspect<'_> {
    /// The repeats within the document: of its text, and the tokens that were looked at, with spans.
    /// Cost: about linear, and an alignment for each two units that have most of a sentence in common.
    pub fn repeats(
        self,
        document: DocId,
        text: &str,
        tokens: &Tokens,
        params: &PassageParams,
    ) -> Vec<Match> {
        let Suspect { follower, twice, close } = self;
        let sentences = twice.sentences(text, tokens, &close);
        if sentences.is_empty() {
            return Vec::new();
        }
        let (ranges, blocks) = pieces(tokens, &sentences);
        let units = units(tokens, &blocks, &ranges, params);
        if units.len() < 2 {
            return Vec::new();
        }
        let page = Page { document, tokens, sentences: &ranges, twice, params };
        let mut found = Vec::new();
        let mut pairs = page.similar_units(&units, follower, &mut found);
        pairs.sort_unstable();
        let aligner = &mut follower.aligner;
        let mut joined: AHashSet<(usize, usize)> =
            AHashSet::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
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
            found.push(page.repeat(&a, &b, aligner));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The tokens of the sentences, of very long ones in pieces, and the block of each.
fn pieces(tokens: &Tokens, sentences: &[Sentence]) -> (Vec<Range<usize>>, Vec<u32>) {
    let (mut ranges, mut blocks) = (Vec::new(), Vec::new());
    for sentence in sentences {
        let Range { mut start, end } = tokens.within(sentence.span);
        while end - start > LONGEST_ALIGNED {
            ranges.push(start..start + LONGEST_ALIGNED);
            blocks.push(sentence.block);
            start += LONGEST_ALIGNED;
        }
        ranges.push(start..end);
        blocks.push(sentence.block);
    }
    (ranges, blocks)
}

/// The sentences that are long enough, and the lines all of whose sentences are not but which are themselves.
fn units(
    tokens: &Tokens,
    blocks: &[u32],
    ranges: &[Range<usize>],
    params: &PassageParams,
) -> Vec<Range<usize>> {
    let mut units = Vec::new();
    let long =
        |range: &Range<usize>| tokens.half_words(range.clone()) >= 2 * params.min_words_within;
    let mut first = 0;
    for line in blocks.chunk_by(|a, b| a == b) {
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
    document: DocId,
    tokens: &'a Tokens,
    /// The tokens of each sentence.
    sentences: &'a [Range<usize>],
    twice: &'a Twice,
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

    /// Every two units, by number, that are similar enough. What only a stretch of two units is similar
    /// enough for goes to `found`.
    fn similar_units(
        &self,
        units: &[Range<usize>],
        follower: &mut Follower,
        found: &mut Vec<Match>,
    ) -> Vec<(usize, usize)> {
        let ranges = units.iter().map(|unit| self.tokens_of(unit)).collect();
        let standing = Standing::new(self.tokens, self.twice, ranges);
        let (mut rarest, mut longer) = (Rarest::default(), Vec::new());
        let mut pairs = Vec::new();
        let mut similar = vec![0usize; units.len()];
        for unit in 0..units.len() {
            standing.partners(unit, &mut rarest, &mut longer);
            for &other in &longer {
                let is_known = similar[unit] >= MOST_SIMILAR && similar[other] >= MOST_SIMILAR;
                if is_known || !standing.is_in_runs(unit, other) {
                    continue;
                }
                let (a, b) = (unit.min(other), unit.max(other));
                if self.aligned(&units[a], &units[b], &mut follower.aligner).is_some() {
                    pairs.push((a, b));
                } else if let Some(stretch) = self.stretch(units, (a, b), &standing, follower) {
                    found.push(stretch);
                } else {
                    continue;
                }
                similar[a] += 1;
                similar[b] += 1;
            }
        }
        pairs
    }

    /// The longest stretch that two units share, if it is most of the shorter.
    fn stretch(
        &self,
        units: &[Range<usize>],
        (a, b): (usize, usize),
        standing: &Standing<'_>,
        follower: &mut Follower,
    ) -> Option<Match> {
        let (range_a, range_b) = (self.tokens_of(&units[a]), self.tokens_of(&units[b]));
        let mut hits = Vec::new();
        let mut of_b = standing.runs(b).to_vec();
        of_b.sort_unstable();
        for &(run, at_a) in standing.runs(a) {
            let first = of_b.partition_point(|&(other, _)| other < run);
            let places = of_b[first..].iter().take_while(|&&(other, _)| other == run);
            hits.extend(places.take(MOST_PLACES).map(|&(_, at_b)| Hit {
                a: self.document,
                b: self.document,
                at_a: at_a - range_a.start as u32,
                at_b: at_b - range_b.start as u32,
            }));
        }
        let params =
            PassageParams { min_words_across: self.params.min_words_within, ..*self.params };
        let (words_a, words_b) =
            (self.tokens.words(range_a.clone()), self.tokens.words(range_b.clone()));
        let mut stretches = Vec::new();
        follower.follow(&hits, words_a, words_b, &params, &mut stretches);
        let longest = stretches.into_iter().max_by_key(|one| one.aligned)?;
        let most = |run: &Run, words: Words<'_>| {
            2 * words.half_words(run.tokens()) > words.half_words(0..words.len())
        };
        let enough = if words_a.len() <= words_b.len() {
            most(&longest.a, words_a)
        } else {
            most(&longest.b, words_b)
        };
        let moved = |run: &Run, by: usize| {
            Run::new(self.document, run.start as usize + by..run.end as usize + by)
        };
        enough.then(|| Match {
            a: moved(&longest.a, range_a.start),
            b: moved(&longest.b, range_b.start),
            aligned: longest.aligned,
        })
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
        // Between some sentences stand others that were not looked at.
        let next = |one: usize| self.sentences[one - 1].end == self.sentences[one].start;
        while a.end < start
            && b.end < self.sentences.len()
            && next(a.end)
            && next(b.end)
            && join(a, b, a.end, b.end)
        {}
        while a.start > 0
            && b.start > a.end
            && next(a.start)
            && next(b.start)
            && join(a, b, a.start - 1, b.start - 1)
        {}
    }

    /// Two runs of sentences as a match. Very long ones are aligned sentence by sentence.
    fn repeat(&self, a: &Range<usize>, b: &Range<usize>, aligner: &mut Aligner) -> Match {
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
        let [a, b] = [a, b].map(|one| Run::new(self.document, self.tokens_of(one)));
        Match { a, b, aligned: aligned as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Tokenizer;

    fn found(text: &str) -> Vec<(String, String)> {
        let params =
            PassageParams { min_words_across: 12, min_words_within: 8, min_similarity: 0.75 };
        let tokens = Tokens::of(text, &mut Tokenizer::new(0));
        let mut finder = Repeats::default();
        let suspect = finder.look(&tokens);
        let matches = suspect.map_or(Vec::new(), |it| it.repeats(DocId(0), text, &tokens, &params));
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
    fn of_many_like_sentences_each_is_told_by_few_pairs() {
        let text: Vec<String> = (0..300)
            .map(|lamp| {
                format!("The keeper of the old harbour light put out lamp l{lamp} at dawn.")
            })
            .collect();
        let found = found(&text.join("\n"));
        for sentence in &text {
            let sentence = sentence.trim_end_matches('.');
            assert!(found.iter().any(|(a, b)| a == sentence || b == sentence), "{sentence}");
        }
        assert_eq!(found.len(), MOST_SIMILAR * text.len() - MOST_SIMILAR * (MOST_SIMILAR + 1) / 2);
    }

    #[test]
    fn very_long_lines_are_compared_in_pieces() {
        let line = |other: usize| {
            let words = (0..3 * LONGEST_ALIGNED).map(|place| match place % 50 == other {
                true => format!("x{other}y{place}"),
                false => format!("w{place}"),
            });
            words.collect::<Vec<_>>().join(" ")
        };
        let (one, other) = (line(1), line(7));
        let found = found(&format!("{one}\n\n{other}"));
        let told: usize = found.iter().map(|(a, _)| a.len()).sum();
        assert_eq!(told + found.len() - 1, one.len(), "{} matches", found.len());
    }

    #[test]
    fn short_repetition_is_left_alone() {
        assert!(
            found("Bring the boats home.\nShe sang: Bring the boats home.\nBring the boats home.")
                .is_empty()
        );
    }
}
