//! The complete join: every two documents of which enough of the smaller may stand in the larger.
//!
//! In: the [`Lists`] of all documents and, for each, its [`Role`]. Out: [`Candidates`], in which no
//! pair is missing, by construction.
//!
//! If at least α of the n shingles of x stand in y, then of any n - α + 1
//! shingles of x at least one stands in y. So an index of that many shingles
//! of each x, its rarest, looked up with all shingles of each y, meets every
//! pair (the prefix filter; Chaudhuri, Ganti, Kaushik 2006; Bayardo, Ma, Srikant
//! 2007; PPJoin, Xiao et al. 2008). One lookup serves both criteria:
//! containment c asks for α = ⌈c·n⌉, and Jaccard t of x with a y that is
//! no smaller asks for α = ⌈2t/(1+t)·n⌉. Which shingles are rarest
//! changes the cost and never the result, so their frequencies may be approximate.
//!
//! *Any* n - α + 1 shingles will do, so they are taken from the lower quarter of
//! the hash space, the same for all documents, and only that part of each y
//! is looked up. `prefix` tells what is done for documents that have too few shingles there.
//!
//! A shingle that stands in the prefix of more than [`CROWD_SIZE`] documents tells of a
//! crowd: copies of one template, whose pairs would be quadratic. Of a crowd
//! only its leaders ([`Crowds`]) are indexed; its members are compared with them. What else a member
//! has in common with others must be as much as without the crowd, or all copies of a template
//! would be candidates by the few shingles of it that are rare enough.
//!
//! All of it reads lists from one end to the other. What is held is the index, in as many pieces as
//! memory asks for, and of the counts of shingles one part of the hash space for each thread.

mod crowd;
mod frequencies;
mod hits;
mod index;
mod lists;
mod prefix;
mod split;

use std::collections::BTreeMap;

use ahash::{AHashMap, RandomState};
use rayon::prelude::*;

use crate::document::DocId;
use crate::error::Result;
use crate::lsh::{CROWD_SIZE, Candidate};
use crate::progress::{Progress, Unit};
use crate::spill::Workspace;
use hits::Hits;
use index::{Entry, PrefixIndex};
use lists::Part;
use prefix::Prefixes;

pub use crowd::{Crowds, Likeness, Listed};
pub use lists::{ListBuilder, Lists, UnitLists};

/// The least share of its own shingles that a set has in a set of at least its
/// size, when their Jaccard similarity is at least `threshold`.
pub fn share_of_smaller(threshold: f64) -> f64 {
    2.0 * threshold / (1.0 + threshold)
}

/// What a document is to the join.
#[derive(Clone, Copy, Debug)]
pub enum Role {
    /// It takes no part.
    Absent,
    /// It is looked up only: pairs of which it is the smaller are not wanted.
    Larger,
    /// It is indexed as well, for partners that have this share of its shingles.
    Either {
        /// From above 0 to 1.
        share: f64,
    },
}

/// What the join found.
#[derive(Debug, Default)]
pub struct Candidates {
    /// Pairs of documents, the earlier first; ascending, each once.
    pub pairs: Vec<Candidate>,
    /// Documents that were compared with the leaders of a crowd, not with all of it; ascending.
    pub crowded: Vec<DocId>,
}

/// Entries that an index has at the most for each byte of memory: it takes a quarter.
const ENTRIES_A_BYTE: f64 = 1.0 / 64.0;

/// Entries that an index has at the most, whatever memory there is: they are counted in 32 bits.
const MOST_ENTRIES: usize = u32::MAX as usize;

/// Finds every two documents of which the smaller, by its own share, may stand in the larger.
/// Members of a crowd that are near to a leader, as `judge` sees it, are left to it.
///
/// Cost: one index entry for each of the n - α + 1 rarest shingles of a document that has a chance
/// of a partner, and a lookup of a quarter of the shingles of each document.
///
/// # Errors
/// Those of [`Spill`](crate::spill::Spill).
pub fn candidates(
    lists: &Lists,
    role: impl Fn(DocId) -> Role + Sync,
    judge: impl Fn(Listed<'_>, Listed<'_>) -> Likeness + Sync,
    workspace: &Workspace,
    progress: &dyn Progress,
) -> Result<Candidates> {
    let most = (workspace.memory() as f64 * ENTRIES_A_BYTE) as usize;
    let most = most.clamp(1 << 20, MOST_ENTRIES);
    candidates_in_rounds(lists, role, judge, workspace, progress, most)
}

/// The same with at most so many entries in the index at a time, or those of one unit.
fn candidates_in_rounds(
    lists: &Lists,
    role: impl Fn(DocId) -> Role + Sync,
    judge: impl Fn(Listed<'_>, Listed<'_>) -> Likeness + Sync,
    workspace: &Workspace,
    progress: &dyn Progress,
    most: usize,
) -> Result<Candidates> {
    let mut prefixes = Prefixes::choose(lists, &role, workspace)?;
    let mut crowds = Crowds::default();
    // For each shingle of a crowd its leaders.
    let mut crowded: AHashMap<u32, Vec<DocId>> =
        AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
    // Among the threads, since handing each of many small crowds to them would cost more than the work.
    rayon::scope(|_| {
        for (shingle, members) in find_crowds(&prefixes)? {
            let leaders = crowds.lead(&members, lists, &judge)?;
            let led = members.iter().filter(|member| !leaders.contains(member));
            led.for_each(|&member| prefixes.leave_out_one(member));
            crowded.insert(shingle, leaders);
        }
        Ok(())
    })?;
    let mut joined =
        Candidates { pairs: std::mem::take(&mut crowds.candidates), crowded: Vec::new() };
    let rounds = prefixes.rounds(most);
    progress.begin("joining", (rounds.len() * lists.units()) as u64, Unit::Items);
    // A mark tells who meets a crowd, be it only one that nobody leads.
    let marks: Vec<Entry> = crowded.keys().map(|&shingle| Entry::new(shingle, CROWD)).collect();
    let wanted = |entry: Entry| match crowded.get(&entry.shingle()) {
        Some(leaders) => entry.document() == CROWD || leaders.contains(&entry.document()),
        None => true,
    };
    for round in rounds {
        let index = |part| {
            let count = prefixes.count(round.clone(), part) + marks.len();
            let feed = |each: &mut dyn FnMut(&[Entry])| {
                each(&marks);
                prefixes.for_each(round.clone(), part, each)
            };
            PrefixIndex::new(count, feed, wanted)
        };
        let any_high = prefixes.count(round.clone(), Part::High) > 0;
        let high = any_high.then(|| index(Part::High)).transpose()?;
        let index = Index { low: index(Part::Low)?, high };
        let found = look_up_all(lists, &index, &prefixes, &role, progress)?;
        // What was found is put together where the index was.
        drop(index);
        joined.pairs.reserve_exact(found.iter().map(|unit| unit.pairs.len()).sum());
        for unit in found {
            joined.pairs.extend(unit.pairs);
            joined.crowded.extend(unit.crowded);
        }
    }
    progress.end();
    // As one number: to compare two takes longer.
    joined
        .pairs
        .par_sort_unstable_by_key(|&(one, other)| u64::from(one.0) << 32 | u64::from(other.0));
    joined.pairs.dedup();
    // Two documents that are both indexed are met from either side.
    joined.pairs.shrink_to_fit();
    joined.crowded.sort_unstable();
    joined.crowded.dedup();
    Ok(joined)
}

/// Stands in the index for a crowd; there are fewer documents than this.
const CROWD: DocId = DocId(u32::MAX);

/// A piece of the index, as much as memory has room for.
struct Index {
    low: PrefixIndex,
    /// Only where there are thin documents.
    high: Option<PrefixIndex>,
}

/// Looks up all documents in a piece of the index, unit by unit.
fn look_up_all(
    lists: &Lists,
    index: &Index,
    prefixes: &Prefixes,
    role: &(impl Fn(DocId) -> Role + Sync),
    progress: &dyn Progress,
) -> Result<Vec<Candidates>> {
    let units = (0..lists.units()).into_par_iter().with_max_len(1).map(|unit| {
        progress.go_on()?;
        let mut found = Candidates::default();
        let mut hits = Hits::default();
        let (mut low, mut high) = (Vec::new(), Vec::new());
        let mut high = match &index.high {
            Some(index) => Some((index, lists.read(unit, Part::High, &mut high)?)),
            None => None,
        };
        let (mut counts, mut room) = (Vec::new(), Vec::new());
        let mut counts = prefixes.counts(unit, &mut counts)?;
        for list in lists.read(unit, Part::Low, &mut low)? {
            let (own, others) = counts.split_at(list.shingles.len());
            counts = others;
            let high = high.as_mut().map(|(index, lists)| (index, lists.next()));
            if matches!(role(list.document), Role::Absent) {
                continue;
            }
            let shared = keep_shared(own, list.shingles, &mut room);
            index.low.look_up(shared, |document| hits.add(document));
            if let Some((index, Some(list))) = high {
                index.look_up(list.shingles, |document| hits.add(document));
            }
            for (one, count) in hits.drain() {
                if one == CROWD {
                    found.crowded.push(list.document);
                } else if one != list.document && count >= u32::from(prefixes.hits(one)) {
                    found.pairs.push((one.min(list.document), one.max(list.document)));
                }
            }
        }
        progress.advance(1);
        Ok(found)
    });
    units.collect()
}

/// Those of some shingles that stand in other documents too, as far as their counts tell.
fn keep_shared<'a>(counts: &[u8], shingles: &[u32], room: &'a mut Vec<u32>) -> &'a [u32] {
    if room.len() < shingles.len() {
        room.resize(shingles.len(), 0);
    }
    let mut kept = 0;
    for (&count, &shingle) in counts.iter().zip(shingles) {
        // Written in any case: whether it is shared cannot be guessed.
        room[kept] = shingle;
        kept += usize::from(count > 1);
    }
    &room[..kept]
}

/// The fewest counters for the search of crowds.
const FEWEST_COUNTERS: usize = 1 << 16;

/// How many entries share a counter: few shingles share one with so many others that it looks like a crowd.
const ENTRIES_A_COUNTER: usize = 64;

/// The shingles that stand in the prefix of more than [`CROWD_SIZE`] documents, with these, ascending.
fn find_crowds(prefixes: &Prefixes) -> Result<BTreeMap<u32, Vec<DocId>>> {
    let mut crowds: BTreeMap<u32, Vec<DocId>> = BTreeMap::new();
    if prefixes.len() <= CROWD_SIZE {
        return Ok(crowds);
    }
    let mut counters = vec![0u32; (prefixes.len() / ENTRIES_A_COUNTER).max(FEWEST_COUNTERS)];
    let count = counters.len();
    let counter = |entry: &Entry| entry.shingle() as usize % count;
    prefixes.for_all(|entries| {
        entries.iter().for_each(|entry| counters[counter(entry)] += 1);
    })?;
    if counters.iter().all(|&count| count as usize <= CROWD_SIZE) {
        return Ok(crowds);
    }
    prefixes.for_all(|entries| {
        let suspect = |entry: &&Entry| counters[counter(entry)] as usize > CROWD_SIZE;
        for entry in entries.iter().filter(suspect) {
            crowds.entry(entry.shingle()).or_default().push(entry.document());
        }
    })?;
    crowds.retain(|_, members| members.len() > CROWD_SIZE);
    crowds.values_mut().for_each(|members| members.sort_unstable());
    Ok(crowds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;
    use crate::text::mix;

    #[test]
    fn a_footer_of_all_makes_no_candidates_of_them() {
        let spill = Workspace::default().spill();
        let mut builder = ListBuilder::default();
        // The first documents are short ones, twice; the others are long ones of their own.
        for document in 0..3000u64 {
            let short = document < 1000;
            let (text, length) =
                if short { (document / 2, 25 + document / 10) } else { (document, 300) };
            let words = (0..length).map(|place| mix(text << 32 | place));
            let footer = (0..30).map(|place| mix(1 << 60 | place));
            builder.push(&words.chain(footer).collect::<Vec<u64>>(), 5);
        }
        let units = vec![builder.store(&spill).unwrap()];
        let lists = Lists::new(spill, units);
        let judge = |_: Listed<'_>, _: Listed<'_>| Likeness::Unlike;
        let role = |_| Role::Either { share: 8.0 / 9.0 };
        let found = candidates(&lists, role, judge, &Workspace::default(), &Silent).unwrap();
        assert!((0..500).all(|pair| found.pairs.contains(&(DocId(2 * pair), DocId(2 * pair + 1)))));
        assert!(found.pairs.len() < 1000, "{}", found.pairs.len());
    }

    #[test]
    fn an_index_in_pieces_finds_what_a_whole_one_does() {
        let spill = Workspace::default().spill();
        let mut builder = ListBuilder::default();
        let mut units = Vec::new();
        for unit in 0..30u64 {
            // Each pair of units has the same short documents, most of them thin, and they
            // differ in one word at the end.
            for document in 0..40u64 {
                let word = |place: u64| mix((unit / 2) << 32 | document << 16 | place);
                let length = 5 + document;
                let mut tokens: Vec<u64> = (0..length).map(word).collect();
                tokens.push(mix(unit << 40 | document));
                builder.push(&tokens, 1);
            }
            units.push(builder.store(&spill).unwrap());
        }
        let lists = Lists::new(spill, units);
        let role = |_| Role::Either { share: 0.8 };
        let judge = |_: Listed<'_>, _: Listed<'_>| Likeness::Unlike;
        let find = |most| {
            let workspace = Workspace::default();
            let found =
                candidates_in_rounds(&lists, role, judge, &workspace, &Silent, most).unwrap();
            found.pairs
        };
        let whole = find(usize::MAX);
        for first in (0..1200).step_by(80) {
            let pairs = (first..first + 40).map(|one| (DocId(one), DocId(one + 40)));
            assert!(pairs.into_iter().all(|pair| whole.binary_search(&pair).is_ok()));
        }
        for most in [1, 100, 1000] {
            assert_eq!(find(most), whole, "{most}");
        }
    }
}
