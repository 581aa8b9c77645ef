//! How often one document hits each of the others.
//!
//! In: the documents hit, in any order, thousands of them where copies are many. Out: each once,
//! with a count. A small open-addressing table does it in one step a hit, where sorting would take a
//! dozen. It is emptied slot by slot, so that a document with few hits costs little.

use crate::document::DocId;

/// A table of counts that is used again from document to document.
pub struct Hits {
    /// Document and count; no count, no document. A power of two of them.
    slots: Vec<(DocId, u32)>,
    /// The slots that are taken, in the order of the first hits.
    taken: Vec<u32>,
}

impl Default for Hits {
    fn default() -> Self {
        Hits { slots: vec![(DocId(0), 0); 1024], taken: Vec::new() }
    }
}

impl Hits {
    /// Counts a hit. Cost: constant, as long as the table is at most half full, which it stays.
    #[inline]
    pub fn add(&mut self, document: DocId) {
        let mask = self.slots.len() - 1;
        let mut slot = Self::home(document, mask);
        loop {
            let (taken_by, count) = &mut self.slots[slot];
            if *count == 0 {
                (*taken_by, *count) = (document, 1);
                self.taken.push(slot as u32);
                if 2 * self.taken.len() > self.slots.len() {
                    self.grow();
                }
                return;
            }
            if *taken_by == document {
                *count += 1;
                return;
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Where a document belongs: neighbours in reading order are scattered.
    fn home(document: DocId, mask: usize) -> usize {
        (document.0.wrapping_mul(0x9e37_79b1) >> 7) as usize & mask
    }

    #[cold]
    fn grow(&mut self) {
        let before: Vec<(DocId, u32)> = self.drain().collect();
        self.slots = vec![(DocId(0), 0); 4 * self.slots.len()];
        let mask = self.slots.len() - 1;
        for (document, count) in before {
            let mut slot = Self::home(document, mask);
            while self.slots[slot].1 != 0 {
                slot = (slot + 1) & mask;
            }
            self.slots[slot] = (document, count);
            self.taken.push(slot as u32);
        }
    }

    /// Takes out everything.
    pub fn drain(&mut self) -> impl Iterator<Item = (DocId, u32)> + '_ {
        let slots = &mut self.slots;
        self.taken.drain(..).map(|slot| std::mem::take(&mut slots[slot as usize]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn counts_are_counts(
            rounds in proptest::collection::vec(proptest::collection::vec(0u32..3000, 0..2500), 1..4)
        ) {
            let mut hits = Hits::default();
            for round in rounds {
                let mut expected: BTreeMap<DocId, u32> = BTreeMap::new();
                for document in round.into_iter().map(DocId) {
                    hits.add(document);
                    *expected.entry(document).or_default() += 1;
                }
                let found: BTreeMap<DocId, u32> = hits.drain().collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
