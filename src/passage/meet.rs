//! Fingerprints to hits: which documents are to be compared, and where.
//!
//! In: the fingerprints of all documents. Out: [`Hit`]s, places where two
//! documents have the same k-gram. Up to [`MOST_MEETINGS`] places with one k-gram
//! are all met with one another. Beyond that it would be quadratic: the places are then
//! parted by the run of `min_words` that they stand in, and each place meets only the
//! first of its part. A part all of whose places meet one and the same place anyway is
//! left out, so that a footer, of which every run is a part of its own, leads to one hit
//! a place. So any two places of one run are tied by a third, of this run or of another
//! that has the same k-gram: of what two documents share, no `min_words` words in a row
//! are left out.

use std::cmp::Reverse;

use rayon::prelude::*;

use super::winnow::Fingerprint;
use super::{PassageParams, has_words};
use crate::document::DocId;
use crate::text::Tokens;
use crate::text::mix;

/// Most places with the same k-gram that are all met with one another.
const MOST_MEETINGS: usize = 32;

/// How many places are tried for one whose document is not to meet the first.
const MOST_TRIES: usize = 8;

/// Two documents meet: they have the same words from these tokens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// The fingerprints that several documents have, sorted.
#[derive(Debug)]
pub struct Meetings(Vec<Fingerprint>);

impl Meetings {
    /// Leaves out what only one document has. Cost: a sort.
    pub fn of(mut fingerprints: Vec<Fingerprint>) -> Self {
        // Most stand once and need not be sorted.
        drop_unique(&mut fingerprints);
        fingerprints.par_sort_unstable();
        let (mut start, mut kept) = (0, 0);
        while start < fingerprints.len() {
            let first = fingerprints[start];
            let group = fingerprints[start..].iter().take_while(|one| one.hash == first.hash);
            let end = start + group.count();
            if fingerprints[end - 1].document != first.document {
                fingerprints.copy_within(start..end, kept);
                kept += end - start;
            }
            start = end;
        }
        fingerprints.truncate(kept);
        fingerprints.shrink_to_fit();
        Meetings(fingerprints)
    }

    /// The documents that meet another, ascending.
    pub fn documents(&self) -> Vec<DocId> {
        let mut documents: Vec<DocId> = self.0.iter().map(|one| one.document).collect();
        documents.par_sort_unstable();
        documents.dedup();
        documents
    }

    /// The hits, ascending; none between two documents of which `apart` says that they are
    /// not to meet. Cost: a constant number of hits for each fingerprint.
    pub fn hits<'t>(
        &self,
        tokens: impl Fn(DocId) -> &'t Tokens + Sync,
        apart: impl Fn(DocId, DocId) -> bool + Sync,
        params: &PassageParams,
    ) -> Vec<Hit> {
        let groups: Vec<&[Fingerprint]> = self.0.chunk_by(|a, b| a.hash == b.hash).collect();
        let mut hits: Vec<Hit> = groups
            .par_iter()
            .flat_map_iter(|group| {
                let mut hits = Vec::new();
                if group.len() <= MOST_MEETINGS {
                    for (index, one) in group.iter().enumerate() {
                        let others = group[index + 1..].iter();
                        hits.extend(others.filter_map(|other| meet(one, other, &apart)));
                    }
                } else {
                    for part in parts(group, &tokens, params.min_words_across) {
                        meet_first(&part, &apart, &mut hits);
                    }
                }
                hits
            })
            .collect();
        hits.par_sort_unstable();
        hits.dedup();
        hits
    }
}

/// Leaves out nearly all fingerprints whose hash no other has, by two bits a slot: whether it was seen, and seen again.
fn drop_unique(fingerprints: &mut Vec<Fingerprint>) {
    let slots = (8 * fingerprints.len()).next_power_of_two().max(64);
    let (mut seen, mut again) = (vec![0u64; slots / 64], vec![0u64; slots / 64]);
    let slot = |one: &Fingerprint| {
        let slot = one.hash as usize & (slots - 1);
        (slot / 64, 1u64 << (slot % 64))
    };
    for one in fingerprints.iter() {
        let (word, bit) = slot(one);
        again[word] |= seen[word] & bit;
        seen[word] |= bit;
    }
    fingerprints.retain(|one| {
        let (word, bit) = slot(one);
        again[word] & bit != 0
    });
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
    context: usize,
}

/// The places of a crowded group that meet one another, each part a star.
fn parts<'t>(
    group: &[Fingerprint],
    tokens: impl Fn(DocId) -> &'t Tokens,
    min_words: u32,
) -> Vec<Vec<Fingerprint>> {
    let contexts = contexts(group, &tokens, min_words);
    let mut standing: Vec<Standing> = Vec::new();
    for (context, places) in contexts.iter().enumerate() {
        let (tokens, at) = (tokens(places[0].document), places[0].position as usize);
        runs_around(tokens, at, min_words, |before, run| {
            standing.push(Standing { before, run, context });
        });
    }
    standing.sort_unstable();
    let places =
        |run: &[Standing]| -> usize { run.iter().map(|one| contexts[one.context].len()).sum() };
    let same_run =
        |one: &Standing, other: &Standing| (one.before, one.run) == (other.before, other.run);
    let mut runs: Vec<(usize, &[Standing])> = standing
        .chunk_by(same_run)
        .map(|run| (places(run), run))
        .filter(|&(places, _)| places > 1)
        .collect();
    // The run that most share goes first: what it ties together need not be tied again.
    runs.sort_by_key(|&(places, _)| Reverse(places));
    let mut stars_of: Vec<Vec<u32>> = vec![Vec::new(); contexts.len()];
    let mut parts: Vec<Vec<Fingerprint>> = Vec::new();
    for (_, run) in runs {
        let holds_all = |star: &u32| run.iter().all(|one| stars_of[one.context].contains(star));
        let tied = stars_of[run[0].context].iter().any(holds_all);
        if !tied {
            let star = parts.len() as u32;
            let mut part = Vec::new();
            for one in run {
                stars_of[one.context].push(star);
                part.extend_from_slice(&contexts[one.context]);
            }
            part.sort_unstable();
            parts.push(part);
        }
    }
    parts
}

/// The places of a group by all the words that a run around them can hold.
fn contexts<'t>(
    group: &[Fingerprint],
    tokens: impl Fn(DocId) -> &'t Tokens,
    min_words: u32,
) -> Vec<Vec<Fingerprint>> {
    let mut by_words: Vec<(u64, usize)> = group
        .iter()
        .enumerate()
        .map(|(index, place)| {
            let tokens = tokens(place.document);
            let at = place.position as usize;
            // As many tokens as `min_words` have at most, those of unspaced scripts.
            let reach = 2 * min_words as usize;
            let (start, end) = (at.saturating_sub(reach), (at + reach).min(tokens.len()));
            let words = &tokens.hashes()[start..end];
            (words.iter().fold((at - start) as u64, |hash, &token| mix(hash ^ token)), index)
        })
        .collect();
    by_words.sort_unstable();
    by_words
        .chunk_by(|one, other| one.0 == other.0)
        .map(|same| same.iter().map(|&(_, index)| group[index]).collect())
        .collect()
}

/// Every run of `min_words` that holds the token `at`: how many tokens it has before it, and its hash.
fn runs_around(tokens: &Tokens, at: usize, min_words: u32, mut each: impl FnMut(u32, u64)) {
    let mut end = at;
    // From the run that starts here back to the one that ends here; its end moves back too.
    for start in (0..=at).rev() {
        if start < at && has_words(tokens, start..at, min_words) {
            break;
        }
        if start == at {
            while end < tokens.len() && !has_words(tokens, start..end, min_words) {
                end += 1;
            }
        } else {
            while has_words(tokens, start..end - 1, min_words) {
                end -= 1;
            }
        }
        if has_words(tokens, start..end, min_words) {
            let run = &tokens.hashes()[start..end];
            each((at - start) as u32, run.iter().fold(0, |hash, &token| mix(hash ^ token)));
        }
    }
}
