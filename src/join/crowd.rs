//! Crowds: very many documents that share what is rare in each of them.
//!
//! In: groups of more than [`CROWD_SIZE`](crate::lsh::CROWD_SIZE) documents. Out: the leaders of
//! each and the candidates of members with leaders. A member is compared with the leaders
//! and becomes one itself if it is near to none; so all copies of a template are candidates
//! with its first, in linear time, and a cluster that is written as a star loses nothing.
//! Past [`MOST_LEADERS`] no more are made, so that a crowd of unlike documents costs no
//! more than a constant each.
//!
//! The comparison is of whole lists of short hashes: as good as true, and no text has to be read for
//! it. What it takes for a pair is verified like any other candidate.

use ahash::{AHashMap, AHashSet, RandomState};
use rayon::prelude::*;

use super::lists::Lists;
use crate::document::DocId;
use crate::error::Result;
use crate::lsh::Candidate;

/// How many members of a crowd the others are compared with at most.
const MOST_LEADERS: usize = 32;

/// In how many crowds a member is compared with the leaders: crowds that share a
/// template are nearly the same, and what it was not near to once it will not be near to again.
const MOST_CROWDS: u8 = 3;

/// How many members are in memory at a time.
const BATCH: usize = 1024;

/// What two documents look like by their lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// No pair.
    Unlike,
    /// One that stands in the other.
    Contained,
    /// Near-duplicates.
    Near,
}

/// A document with its distinct short hashes, ascending.
pub type Listed<'a> = (DocId, &'a [u32]);

/// The crowds met so far.
#[derive(Debug)]
pub struct Crowds {
    /// Members with their leaders, the earlier first.
    pub candidates: Vec<Candidate>,
    /// Who leads any crowd, with its list.
    leaders: AHashMap<DocId, Vec<u32>>,
    /// The leader that took each member, in whichever crowd it was.
    leader_of: AHashMap<DocId, DocId>,
    /// In how many crowds each member was near to no leader.
    in_vain: AHashMap<DocId, u8>,
}

impl Default for Crowds {
    fn default() -> Self {
        let state = || RandomState::with_seeds(1, 2, 3, 4);
        Crowds {
            candidates: Vec::new(),
            leaders: AHashMap::with_hasher(state()),
            leader_of: AHashMap::with_hasher(state()),
            in_vain: AHashMap::with_hasher(state()),
        }
    }
}

impl Crowds {
    /// Finds the leaders of a crowd, which is ascending. Members that are near to a
    /// leader of this crowd, as another crowd showed, are not compared again.
    ///
    /// # Errors
    /// Those of [`Lists::append`].
    pub fn lead(
        &mut self,
        crowd: &[DocId],
        lists: &Lists,
        judge: impl Fn(Listed<'_>, Listed<'_>) -> Likeness + Sync,
    ) -> Result<Vec<DocId>> {
        // Who led another crowd leads this one too, so that nearly equal crowds have equal leaders.
        let known = crowd.iter().copied().filter(|member| self.leaders.contains_key(member));
        let mut leaders: Vec<DocId> = known.take(MOST_LEADERS).collect();
        let led: AHashSet<DocId> = leaders.iter().copied().collect();
        let open = |member: &&DocId| {
            !self.leaders.contains_key(member)
                && self.leader_of.get(member).is_none_or(|leader| !led.contains(leader))
                && self.in_vain.get(member).is_none_or(|&times| times < MOST_CROWDS)
        };
        let open: Vec<DocId> = crowd.iter().filter(open).copied().collect();
        for batch in open.chunks(BATCH) {
            let mut waiting: Vec<(DocId, Vec<u32>)> = batch
                .par_iter()
                .map(|&member| Ok((member, sorted_list(lists, member)?)))
                .collect::<Result<_>>()?;
            let mut next = 0;
            while !waiting.is_empty() {
                if next == leaders.len() {
                    if next == MOST_LEADERS {
                        break;
                    }
                    let (leader, list) = waiting.remove(0);
                    leaders.push(leader);
                    self.leaders.insert(leader, list);
                }
                let leader = leaders[next];
                next += 1;
                let list = &self.leaders[&leader];
                let judged: Vec<Likeness> = waiting
                    .par_iter()
                    .with_min_len(16)
                    .map(|(member, other)| judge((leader, list), (*member, other)))
                    .collect();
                let mut judged = judged.into_iter();
                waiting.retain(|&(member, _)| {
                    let likeness = judged.next().unwrap_or(Likeness::Unlike);
                    if likeness != Likeness::Unlike {
                        self.candidates.push((leader.min(member), leader.max(member)));
                    }
                    if likeness == Likeness::Near {
                        self.leader_of.insert(member, leader);
                    }
                    likeness != Likeness::Near
                });
            }
            for (member, _) in waiting {
                *self.in_vain.entry(member).or_default() += 1;
            }
        }
        Ok(leaders)
    }
}

/// The distinct short hashes of a document, ascending.
fn sorted_list(lists: &Lists, document: DocId) -> Result<Vec<u32>> {
    let mut list = Vec::new();
    lists.append(document, &mut list)?;
    list.sort_unstable();
    list.dedup();
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::join::ListBuilder;
    use crate::spill::Workspace;

    #[test]
    fn each_member_is_compared_with_leaders_only_and_once() {
        // Even documents are alike, and so are odd ones.
        let spill = Workspace::default().spill();
        let mut builder = ListBuilder::default();
        (0..100).for_each(|document| builder.push(&[document], 5));
        let units = vec![builder.store(&spill).unwrap()];
        let lists = Lists::new(spill, units);
        let compared = std::sync::atomic::AtomicUsize::new(0);
        let judge = |(a, _): Listed<'_>, (b, _): Listed<'_>| {
            compared.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if a.0 % 2 == b.0 % 2 { Likeness::Near } else { Likeness::Unlike }
        };
        let crowd: Vec<DocId> = (0..100).map(DocId).collect();
        let mut crowds = Crowds::default();
        assert_eq!(crowds.lead(&crowd, &lists, judge).unwrap(), [DocId(0), DocId(1)]);
        assert_eq!(crowds.candidates.len(), 98);
        assert!(crowds.candidates.iter().all(|pair| pair.0.0 < 2));
        let before = compared.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(crowds.lead(&crowd, &lists, judge).unwrap(), [DocId(0), DocId(1)]);
        let after = compared.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(after, before, "nobody is compared again");
    }
}
