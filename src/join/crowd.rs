//! Crowds: very many documents that share what is rare in each of them.
//!
//! In: groups of more than [`CROWD_SIZE`] documents. Out: the leaders of each
//! and the pairs of members with leaders. A member is compared with the
//! leaders before it and becomes one itself if it is near to none; so all copies
//! of a template are verified against its first, in linear time, and a
//! cluster that is written as a star loses nothing. Past [`CROWD_SIZE`] leaders no more
//! are made, so that a crowd of unlike documents costs no more than a constant each.

use ahash::{AHashMap, AHashSet, RandomState};

use crate::document::DocId;
use crate::lsh::{CROWD_SIZE, Candidate};
use crate::verify::Pair;

/// The crowds met so far.
#[derive(Debug)]
pub struct Crowds {
    /// The pairs of members with their leaders.
    pub pairs: Vec<Pair>,
    /// The leader that took each member, in whichever crowd it was.
    leader_of: AHashMap<DocId, DocId>,
}

impl Default for Crowds {
    fn default() -> Self {
        Crowds {
            pairs: Vec::new(),
            leader_of: AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4)),
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
        let mut leaders: Vec<DocId> = Vec::new();
        let mut are_leaders: AHashSet<DocId> =
            AHashSet::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        for &member in crowd {
            if self.leader_of.get(&member).is_some_and(|leader| are_leaders.contains(leader)) {
                continue;
            }
            let led = leaders.iter().find(|&&leader| {
                let pair = verify((leader, member));
                self.pairs.extend(pair);
                pair.is_some_and(|pair| is_near(&pair))
            });
            if let Some(&leader) = led {
                self.leader_of.insert(member, leader);
            } else if leaders.len() < CROWD_SIZE {
                leaders.push(member);
                are_leaders.insert(member);
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
        assert_eq!(compared.get() - before, 1, "only the two leaders meet again");
    }
}
