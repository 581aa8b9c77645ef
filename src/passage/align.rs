//! Two runs of tokens to the number of words that align, in order.
//!
//! In: token hashes of either side. Out: the length of their longest common
//! subsequence, by the bit-parallel recurrence of Allison and Dix (1986) as
//! Hyyrö (2004) gives it: 64 cells of the quadratic table at once.

/// Computes alignments; the buffers are kept from call to call.
#[derive(Clone, Debug, Default)]
pub struct Aligner {
    alphabet: Alphabet,
    /// For each letter, the places of the pattern where it stands.
    masks: Vec<u64>,
    row: Vec<u64>,
}

impl Aligner {
    /// How many tokens of the two runs align, in order.
    /// Cost: the product of their lengths, divided by 64.
    pub fn aligned(&mut self, one: &[u64], other: &[u64]) -> usize {
        self.aligned_at_least(one, other, 0)
    }

    /// The same where it is known that so many do.
    /// Cost: the length of the longer, by how many may have no partner, divided by 64.
    pub fn aligned_at_least(&mut self, one: &[u64], other: &[u64], known: usize) -> usize {
        let (pattern, text) = if one.len() <= other.len() { (one, other) } else { (other, one) };
        let head = common_prefix(pattern, text);
        let (pattern, text) = (&pattern[head..], &text[head..]);
        let tail = common_suffix(pattern, text);
        let (pattern, text) = (&pattern[..pattern.len() - tail], &text[..text.len() - tail]);
        head + tail + self.subsequence(pattern, text, known.saturating_sub(head + tail))
    }

    fn subsequence(&mut self, pattern: &[u64], text: &[u64], known: usize) -> usize {
        // Of the words before two that align, so many at the most have no partner.
        let (free_pattern, free_text) = (pattern.len() - known, text.len() - known);
        if free_pattern == 0 {
            return known;
        }
        let words = pattern.len().div_ceil(64);
        self.alphabet.reset(pattern.len());
        self.masks.clear();
        for (place, &token) in pattern.iter().enumerate() {
            let letter = self.alphabet.add(token);
            self.masks.resize(self.masks.len().max((letter + 1) * words), 0);
            self.masks[letter * words + place / 64] |= 1 << (place % 64);
        }
        // A zero bit stands where the length of the best alignment grows by one.
        self.row.clear();
        self.row.resize(words, u64::MAX);
        for (place, &token) in text.iter().enumerate() {
            let Some(letter) = self.alphabet.letter(token) else { continue };
            let masks = &self.masks[letter * words..][..words];
            // So further on nothing has changed yet, and further back nothing will.
            let near =
                place.saturating_sub(free_text) / 64..words.min((place + free_pattern) / 64 + 1);
            let mut carry = false;
            for (row, mask) in self.row[near.clone()].iter_mut().zip(&masks[near]) {
                let matched = *row & mask;
                let (sum, first) = row.overflowing_add(matched);
                let (sum, second) = sum.overflowing_add(u64::from(carry));
                carry = first || second;
                *row = sum | (*row & !mask);
            }
        }
        let used = pattern.len() % 64;
        let last = if used == 0 { u64::MAX } else { (1 << used) - 1 };
        let zeros = |(index, row): (usize, &u64)| {
            (!row & if index + 1 == words { last } else { u64::MAX }).count_ones() as usize
        };
        self.row.iter().enumerate().map(zeros).sum()
    }
}

/// How many tokens are compared at once.
const AT_ONCE: usize = 8;

/// How many tokens two runs have in common at their beginnings.
pub fn common_prefix(one: &[u64], other: &[u64]) -> usize {
    let pieces = one.as_chunks::<AT_ONCE>().0.iter().zip(other.as_chunks().0);
    let whole = AT_ONCE * pieces.take_while(|(a, b)| a == b).count();
    whole + one[whole..].iter().zip(&other[whole..]).take_while(|(a, b)| a == b).count()
}

/// How many tokens two runs have in common at their ends.
pub fn common_suffix(one: &[u64], other: &[u64]) -> usize {
    let pieces = one.as_rchunks::<AT_ONCE>().1.iter().rev().zip(other.as_rchunks().1.iter().rev());
    let whole = AT_ONCE * pieces.take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[..one.len() - whole], &other[..other.len() - whole]);
    whole + one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count()
}

/// The distinct tokens of a pattern, numbered as they come: a table with open addresses, at most half full.
#[derive(Clone, Debug, Default)]
struct Alphabet {
    /// Tokens with their number from 1; 0 is a free slot.
    slots: Vec<(u64, u32)>,
    count: u32,
}

impl Alphabet {
    /// Makes room for so many tokens, and forgets those there were.
    fn reset(&mut self, most: usize) {
        self.count = 0;
        self.slots.clear();
        self.slots.resize((2 * most).next_power_of_two(), (0, 0));
    }

    /// The slot that a token has, or would have.
    fn slot(&self, token: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (token ^ token >> 32) as usize & mask;
        while self.slots[slot].1 != 0 && self.slots[slot].0 != token {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn add(&mut self, token: u64) -> usize {
        let slot = self.slot(token);
        if self.slots[slot].1 == 0 {
            self.count += 1;
            self.slots[slot] = (token, self.count);
        }
        self.slots[slot].1 as usize - 1
    }

    fn letter(&self, token: u64) -> Option<usize> {
        (self.slots[self.slot(token)].1 as usize).checked_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The textbook recurrence.
    fn naive(a: &[u64], b: &[u64]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut diagonal = 0;
            for (j, y) in b.iter().enumerate() {
                let above = row[j + 1];
                row[j + 1] = if x == y { diagonal + 1 } else { above.max(row[j]) };
                diagonal = above;
            }
        }
        row[b.len()]
    }

    proptest! {
        #[test]
        fn it_is_the_longest_common_subsequence(
            a in proptest::collection::vec(0u64..9, 0..200),
            b in proptest::collection::vec(0u64..9, 0..200),
        ) {
            let longest = naive(&a, &b);
            for known in [0, longest / 2, longest.saturating_sub(1), longest] {
                prop_assert_eq!(Aligner::default().aligned_at_least(&a, &b, known), longest);
            }
        }

        #[test]
        fn what_is_common_is_counted_whole(
            one in proptest::collection::vec(0u64..9, 0..9),
            both in proptest::collection::vec(0u64..9, 0..40),
            other in proptest::collection::vec(0u64..9, 0..9),
        ) {
            let naive = |a: &mut dyn Iterator<Item = &u64>, b: &mut dyn Iterator<Item = &u64>| {
                a.zip(b).take_while(|(a, b)| a == b).count()
            };
            let (a, b) = ([&both[..], &one].concat(), [&both[..], &other].concat());
            prop_assert_eq!(common_prefix(&a, &b), naive(&mut a.iter(), &mut b.iter()));
            let (a, b) = ([&one[..], &both].concat(), [&other[..], &both].concat());
            prop_assert_eq!(common_suffix(&a, &b), naive(&mut a.iter().rev(), &mut b.iter().rev()));
        }

        #[test]
        fn what_is_known_to_align_narrows_the_search_and_changes_nothing(
            a in proptest::collection::vec(0u64..99, 300..700),
            edits in proptest::collection::vec((0usize..700, 0u64..99, 0u8..3), 0..60),
        ) {
            let mut b = a.clone();
            for (at, token, edit) in edits {
                match edit {
                    0 if at < b.len() => b[at] = token,
                    1 if at < b.len() => { b.remove(at); }
                    _ => b.insert(at.min(b.len()), token),
                }
            }
            let longest = naive(&a, &b);
            for known in [longest - 10, longest] {
                prop_assert_eq!(Aligner::default().aligned_at_least(&a, &b, known), longest);
            }
        }
    }
}
