//! Fingerprints to hits: which documents are to be compared, and where.
//!
//! In: the fingerprints of all documents. Out: [`Hit`]s, places where two
//! documents have the same k-gram. Up to [`MOST_MEETINGS`] places with one k-gram
//! are all met with one another. Beyond that it would be quadratic, so they are
//! parted by the run of `min_words` that they stand in, and each meets only the first of
//! its part, which ties them together, and the one that goes on most like it,
//! which shows how far they go together.

use ahash::{AHashMap, RandomState};
use rayon::prelude::*;

use super::winnow::Fingerprint;
use super::{PassageParams, has_words};
use crate::document::DocId;
use crate::shingle::mix;
use crate::text::Tokens;

/// Most places with the same k-gram that are all met with one another.
const MOST_MEETINGS: usize = 32;

/// How many places are tried for one whose document is not to meet those that it should meet.
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
                        meet_next(&part, &apart, &mut hits);
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

/// Meets each place with the next: in the order of the words that follow, whatever
/// a place shares with another from here on, it shares with those between them.
fn meet_next(part: &[Fingerprint], apart: impl Fn(DocId, DocId) -> bool, hits: &mut Vec<Hit>) {
    for (index, one) in part.iter().enumerate() {
        let mut nexts = part[index + 1..].iter().take(MOST_TRIES);
        hits.extend(nexts.find_map(|next| meet(one, next, &apart)));
    }
}

/// The places of a group by each run of `min_words` that holds their k-gram; a
/// place is then the start of the run. Each part in the order of the words that follow.
fn parts<'t>(
    group: &[Fingerprint],
    tokens: impl Fn(DocId) -> &'t Tokens,
    min_words: u32,
) -> Vec<Vec<Fingerprint>> {
    let mut by_run: AHashMap<(u32, u64), Vec<Fingerprint>> =
        AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
    let following = |one: &Fingerprint| &tokens(one.document).hashes()[one.position as usize..];
    let mut places = group.to_vec();
    places.sort_by(|one, other| following(one).cmp(following(other)).then_with(|| one.cmp(other)));
    for one in places {
        let tokens = tokens(one.document);
        let at = one.position as usize;
        // The run may start any number of words before the k-gram, as long as it reaches it.
        for before in 0..=at {
            let start = at - before;
            if has_words(tokens, start..at, min_words) {
                break;
            }
            let rest = start..tokens.len();
            let Some(end) = rest.clone().find(|&end| has_words(tokens, start..end + 1, min_words))
            else {
                continue;
            };
            let run = &tokens.hashes()[start..=end];
            let hash = run.iter().fold(0, |hash, &token| mix(hash ^ token));
            let place = Fingerprint { position: start as u32, ..one };
            by_run.entry((before as u32, hash)).or_default().push(place);
        }
    }
    by_run.into_values().filter(|part| part.len() > 1).collect()
}
