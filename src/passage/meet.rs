//! Fingerprints to hits: which documents are to be compared, and where.
//!
//! In: the fingerprints of all documents. Out: [`Hit`]s, places where two
//! documents have the same k-gram. Up to [`MOST_MEETINGS`] places with one k-gram
//! are all met with one another. Beyond that it would be quadratic: the places are then
//! parted by the run of `min_words` that they stand in with their k-gram, and each place meets only the
//! first of its part. A part all of whose places meet one and the same place anyway is
//! left out, so that a footer, of which every run is a part of its own, leads to one hit
//! a place. So any two places of one run are tied by others, of this run or of another
//! that has the same k-gram: of what two documents share, no `min_words` words in a row
//! are left out, but there may be no one passage of both.

use std::cmp::Reverse;
use std::ops::Range;

use ahash::{AHashMap, RandomState};
use bytemuck::{Pod, Zeroable};
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::PassageParams;
use super::prints::Prints;
use super::texts::{Text, Texts};
use super::winnow::{Fingerprint, gram_words};
use crate::document::DocId;
use crate::error::Result;
use crate::memory::touch;
use crate::parts::put_in_order;
use crate::text::Words;

/// Most places with the same k-gram that are all met with one another.
const MOST_MEETINGS: usize = 32;

/// How many places are tried for one whose document is not to meet the first.
const MOST_TRIES: usize = 8;

/// How many fingerprints are looked through at a time, if memory allows: two bits for each of
/// their slots stay in the second cache.
const PRINTS_AT_A_TIME: usize = 1 << 16;

/// How many places are read at a time.
const PLACES_AT_A_TIME: usize = 16;

/// Two documents meet: they have the same words from these tokens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
pub struct Hit {
    /// The earlier document.
    pub a: DocId,
    /// The later one.
    pub b: DocId,
    /// A token of `a`, equal to the one of `b`.
    pub at_a: u32,
    /// A token of `b`.
    pub at_b: u32,
}

impl Hit {
    /// A number that sorts by the later document, the earlier, and the places; compared at once.
    pub fn key(&self) -> u128 {
        [self.b.0, self.a.0, self.at_a, self.at_b]
            .iter()
            .fold(0, |key, &part| key << 32 | u128::from(part))
    }
}

/// The search for places that meet.
pub struct Meetings<'a, Apart> {
    /// The fingerprints of all documents.
    pub prints: Prints,
    /// Their tokens.
    pub texts: &'a Texts,
    /// Which documents are looked at.
    pub present: &'a [bool],
    /// Of which two documents it is known that they are not to meet.
    pub apart: Apart,
    /// When a repeat counts.
    pub params: &'a PassageParams,
}

impl<Apart: Fn(DocId, DocId) -> bool + Sync> Meetings<'_, Apart> {
    /// Gives all hits to `found`, in no order, some of them twice. Cost: about linear, with a
    /// constant number of hits for each fingerprint.
    ///
    /// # Errors
    /// Those of [`Prints::for_each`] and [`Texts::part`], and those of `found`.
    pub fn hits(&self, found: impl Fn(&[Hit]) -> Result<()> + Sync) -> Result<()> {
        self.prints.ranges(PRINTS_AT_A_TIME).par_iter().with_max_len(1).try_for_each(
            |(parts, count)| {
                let mut shared = self.shared(parts, *count)?;
                shared.sort_unstable();
                let mut hits = Vec::new();
                for group in shared.chunk_by(|one, other| one.hash == other.hash) {
                    if group[0].document != group[group.len() - 1].document {
                        self.meet_all(group, &mut hits)?;
                    }
                    if hits.len() > PRINTS_AT_A_TIME {
                        found(&hits)?;
                        hits.clear();
                    }
                }
                found(&hits)
            },
        )
    }

    /// The fingerprints of some parts, nearly all left out whose hash no other has. That is told by
    /// two bits a slot: whether it was seen, and seen again.
    fn shared(&self, parts: &Range<usize>, count: usize) -> Result<Vec<Fingerprint>> {
        let slots = (8 * count).next_power_of_two().max(64);
        let (mut seen, mut again) = (vec![0u64; slots / 64], vec![0u64; slots / 64]);
        let slot = |one: &Fingerprint| {
            let slot = one.hash as usize & (slots - 1);
            (slot / 64, 1u64 << (slot % 64))
        };
        let is_present = |one: &Fingerprint| self.present[one.document.index()];
        self.prints.for_each(parts, |one| {
            if is_present(&one) {
                let (word, bit) = slot(&one);
                again[word] |= seen[word] & bit;
                seen[word] |= bit;
            }
        })?;
        let mut shared = Vec::new();
        self.prints.for_each(parts, |one| {
            let (word, bit) = slot(&one);
            if again[word] & bit != 0 && is_present(&one) {
                shared.push(one);
            }
        })?;
        Ok(shared)
    }

    /// The hits of places with one k-gram.
    fn meet_all(&self, group: &[Fingerprint], hits: &mut Vec<Hit>) -> Result<()> {
        if group.len() <= MOST_MEETINGS {
            for (index, one) in group.iter().enumerate() {
                let others = group[index + 1..].iter();
                hits.extend(others.filter_map(|other| meet(one, other, &self.apart)));
            }
        } else {
            for part in parts(group, self.texts, self.params.min_words_across)? {
                meet_first(&part, &self.apart, hits);
            }
        }
        Ok(())
    }
}

/// The hit of two places in either order, unless their documents are not to meet.
fn meet(
    one: &Fingerprint,
    other: &Fingerprint,
    apart: impl Fn(DocId, DocId) -> bool,
) -> Option<Hit> {
    let (a, b) = if one.document < other.document { (one, other) } else { (other, one) };
    let meets = a.document != b.document && !apart(a.document, b.document);
    meets.then_some(Hit { a: a.document, b: b.document, at_a: a.position, at_b: b.position })
}

/// Meets each place with the first, and where those two are apart with another that it can meet.
fn meet_first(part: &[Fingerprint], apart: impl Fn(DocId, DocId) -> bool, hits: &mut Vec<Hit>) {
    let place = |one: &&Fingerprint| (one.document, one.position);
    let Some(first) = part.iter().min_by_key(place) else { return };
    let mut second = None;
    let mut left = Vec::new();
    for one in part {
        match meet(first, one, &apart) {
            Some(hit) => {
                second = second.into_iter().chain([one]).min_by_key(place);
                hits.push(hit);
            }
            None => left.push(one),
        }
    }
    for one in left {
        let mut others = second.into_iter().chain(part.iter().take(MOST_TRIES));
        hits.extend(others.find_map(|other| meet(other, one, &apart)));
    }
}

/// A context stands in a run of `min_words`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Standing {
    /// How many tokens the run has before the k-gram.
    before: u32,
    /// Its hash.
    run: u64,
    /// The number of the context.
    context: u32,
}

/// The places of a crowded group that meet one another, each part a star.
fn parts(group: &[Fingerprint], texts: &Texts, min_words: u32) -> Result<Vec<Vec<Fingerprint>>> {
    let contexts = Contexts::read(group, texts, min_words)?;
    let places = |run: &[Standing]| -> usize { run.iter().map(|one| contexts.of(one).len()).sum() };
    let same_run =
        |one: &Standing, other: &Standing| (one.before, one.run) == (other.before, other.run);
    let mut runs: Vec<(usize, &[Standing])> = contexts
        .standing
        .chunk_by(same_run)
        .map(|run| (places(run), run))
        .filter(|&(places, _)| places > 1)
        .collect();
    // The run that most share goes first: what it ties together need not be tied again.
    runs.sort_by_key(|&(places, _)| Reverse(places));
    let mut stars_of: Vec<Vec<u32>> = vec![Vec::new(); contexts.starts.len() - 1];
    let mut parts: Vec<Vec<Fingerprint>> = Vec::new();
    for (_, run) in runs {
        let holds_all =
            |star: &u32| run.iter().all(|one| stars_of[one.context as usize].contains(star));
        let tied = stars_of[run[0].context as usize].iter().any(holds_all);
        if !tied {
            let star = parts.len() as u32;
            let mut part = Vec::new();
            for one in run {
                stars_of[one.context as usize].push(star);
                part.extend_from_slice(contexts.of(one));
            }
            part.sort_unstable();
            parts.push(part);
        }
    }
    Ok(parts)
}

/// A place with the words around it.
struct Around<'a> {
    /// All that a run of `min_words` can hold that has the whole k-gram in it.
    words: Words<'a>,
    /// Where the k-gram begins among them, and where it ends.
    gram: Range<usize>,
}

impl<'a> Around<'a> {
    fn read(
        place: &Fingerprint,
        texts: &'a Texts,
        min_words: u32,
        text: &'a mut Text,
    ) -> Result<Self> {
        // As many tokens as `min_words` have at most, those of unspaced scripts.
        let reach = 2 * min_words as usize;
        let at = place.position as usize;
        let start = at.saturating_sub(reach);
        let words = texts.part(place.document, start..at + reach, text)?;
        let at = at - start;
        let end_of = |least: u32| {
            let enough = |&end: &usize| words.has_words(at..end, least);
            (at..=words.len()).find(enough).unwrap_or(words.len())
        };
        let (gram_end, end) = (end_of(gram_words(min_words)), end_of(min_words));
        let too_long = |&start: &usize| words.has_words(start..gram_end - 1, min_words);
        let first = (0..at).rev().find(too_long).map_or(0, |start| start + 1);
        Ok(Around { words: words.part(first..end), gram: at - first..gram_end - first })
    }
}

/// The places of a group by their contexts: all the words that a run around them can hold.
struct Contexts {
    /// Those of one context after those of another.
    places: Vec<Fingerprint>,
    /// Where each context begins, and the end.
    starts: Box<[u32]>,
    /// In which runs each context stands, ascending.
    standing: Vec<Standing>,
}

impl Contexts {
    /// Reads what is around each place.
    fn read(group: &[Fingerprint], texts: &Texts, min_words: u32) -> Result<Self> {
        let mut numbers: AHashMap<u64, u32> =
            AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        let mut standing: Vec<Standing> = Vec::new();
        let mut context_of: Vec<u32> = Vec::with_capacity(group.len());
        let mut buffers: [Text; PLACES_AT_A_TIME] = Default::default();
        for places in group.chunks(PLACES_AT_A_TIME) {
            let read = places.iter().zip(&mut buffers);
            let read = read.map(|(place, text)| Around::read(place, texts, min_words, text));
            let read: Vec<Around<'_>> = read.collect::<Result<_>>()?;
            touch(read.iter().map(|around| around.words.hashes()));
            for around in read {
                let next = numbers.len() as u32;
                let hash = hash_of(around.words.hashes(), around.gram.start as u64);
                let context = *numbers.entry(hash).or_insert(next);
                context_of.push(context);
                if context == next {
                    runs_around(&around, min_words, |before, run| {
                        standing.push(Standing { before, run, context });
                    });
                }
            }
        }
        standing.sort_unstable();
        let indexes: Vec<u32> = (0..group.len() as u32).collect();
        let mut in_order = Vec::new();
        let context = |index: &u32| context_of[*index as usize] as usize;
        let starts = put_in_order(&indexes, numbers.len(), context, &mut in_order);
        let places = in_order.iter().map(|&index| group[index as usize]).collect();
        Ok(Contexts { places, starts, standing })
    }

    /// The places of the context that stands in a run.
    fn of(&self, one: &Standing) -> &[Fingerprint] {
        let context = one.context as usize;
        &self.places[self.starts[context] as usize..self.starts[context + 1] as usize]
    }
}

/// A hash of tokens in a row.
fn hash_of(tokens: &[u64], seed: u64) -> u64 {
    xxh3_64_with_seed(bytemuck::cast_slice(tokens), seed)
}

/// Every run of `min_words` that has the whole k-gram: how many tokens before it, and its hash.
fn runs_around(around: &Around<'_>, min_words: u32, mut each: impl FnMut(u32, u64)) {
    let Around { words, ref gram } = *around;
    let mut end = words.len();
    // From the run that starts with the k-gram back to the one that ends with it.
    for start in (0..=gram.start).rev() {
        while end > start && words.has_words(start..end - 1, min_words) {
            end -= 1;
        }
        if end < gram.end {
            break;
        }
        if words.has_words(start..end, min_words) {
            each((gram.start - start) as u32, hash_of(&words.hashes()[start..end], 0));
        }
    }
}
