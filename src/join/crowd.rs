//! Crowds: very many documents that share what is rare in each of them.
//!
//! In: groups of more than [`CROWD_SIZE`](crate::lsh::CROWD_SIZE) documents. Out: the leaders of each
//! and the pairs of members with leaders. A member is compared with the
//! leaders before it and becomes one itself if it is near to none; so all copies
//! of a template are verified against its first, in linear time, and a
//! cluster that is written as a star loses nothing. Past [`MOST_LEADERS`] no more
//! are made, so that a crowd of unlike documents costs no more than a constant each.

use ahash::{AHashMap, AHashSet, RandomState};

use crate::document::DocId;
use crate::lsh::Candidate;
use crate::verify::Pair;

/// How many members of a crowd the others are compared with at most.
const MOST_LEADERS: usize = 32;

/// In how many crowds a member is compared with the leaders: crowds that share a
/// template are nearly the same, and what it was not near to once it will not be near to again.
const MOST_CROWDS: u8 = 3;

/// The crowds met so far.
#[derive(Debug)]
pub struct Crowds {
    /// The pairs of members with their leaders.
    pub pairs: Vec<Pair>,
    /// Who leads any crowd.
    leaders: AHashSet<DocId>,
    /// The leader that took each member, in whichever crowd it was.
    leader_of: AHashMap<DocId, DocId>,
    /// In how many crowds each member was near to no leader.
    in_vain: AHashMap<DocId, u8>,
}

impl Default for Crowds {
    fn default() -> Self {
        Crowds {
            pairs: Vec::new(),
            leaders: AHashSet::with_hasher(RandomState::with_seeds(1, 2, 3, 4)),
            leader_of: AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4)),
            in_vain: AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4)),
        }
    }
}

impl Crowds {
    /// Finds the leaders of a crowd, which is ascending. Members that are near to a
    /// leader of this crowd, as another crowd showed, are not compared again.
    pub fn lead(
        &mut self,
        crowd: &[DocId],
        verify: impl Fn(Candidate) -> Option<Pair>,
        is_near: impl Fn(&Pair) -> bool,
    ) -> Vec<DocId> {
        // Who led another crowd leads this one too, so that nearly equal crowds have equal leaders.
        let known = crowd.iter().copied().filter(|member| self.leaders.contains(member));
        let mut leaders: Vec<DocId> = known.take(MOST_LEADERS).collect();
        for &member in crowd {
            let leader = self.leader_of.get(&member);
            if self.leaders.contains(&member)
                || leader.is_some_and(|leader| leaders.contains(leader))
            {
                continue;
            }
            let in_vain = self.in_vain.entry(member).or_default();
            if *in_vain == MOST_CROWDS {
                continue;
            }
            let led = leaders.iter().find(|&&leader| {
                let pair = verify((leader, member));
                self.pairs.extend(pair);
                pair.is_some_and(|pair| is_near(&pair))
            });
            if let Some(&leader) = led {
                self.leader_of.insert(member, leader);
                continue;
            }
            *in_vain += 1;
            if leaders.len() < MOST_LEADERS {
                leaders.push(member);
                self.leaders.insert(member);
            }
        }
        leaders
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_member_is_compared_with_leaders_only_and_once() {
        // Even documents are alike, and so are odd ones.
        let compared = std::cell::Cell::new(0);
        let verify = |(a, b): Candidate| {
            compared.set(compared.get() + 1);
            let alike = a.0 % 2 == b.0 % 2;
            alike.then_some(Pair { a, b, shared: 9, size_a: 10, size_b: 10 })
        };
        let crowd: Vec<DocId> = (0..100).map(DocId).collect();
        let mut crowds = Crowds::default();
        assert_eq!(crowds.lead(&crowd, verify, |_| true), [DocId(0), DocId(1)]);
        assert_eq!(crowds.pairs.len(), 98);
        assert!(crowds.pairs.iter().all(|pair| pair.a.0 < 2));
        let before = compared.get();
        assert_eq!(crowds.lead(&crowd, verify, |_| true), [DocId(0), DocId(1)]);
        assert_eq!(compared.get(), before, "nobody is compared again");
    }
}
