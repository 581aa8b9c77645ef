//! Plain form to bounds: where words start and end.
//!
//! In: bytes in [plain form](super::plain). Out: two numbers a word, its start
//! and its end. Rules WB5 to WB13b of UAX #29, as far as they concern the classes
//! of plain form, are shifts of the [masks](super::classes): a letter, digit or
//! underscore belongs to a word, and a joint does when both its neighbours are
//! letters, or digits, as the joint wants it. Each change from one byte to the
//! next is a bound. Nothing branches on how long a word is, which no processor
//! can guess.

use std::ops::Range;

use super::classes::{BLOCK, Classes, Neighbour, classify_portable};

/// Bounds written at a time, wanted or not; most blocks of prose have about 20.
const AT_ONCE: usize = 8;

/// The bounds of words, start and end in turn; the memory is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Bounds {
    /// Longer than what is written, never cleared.
    places: Vec<u32>,
    count: usize,
    unspaced: u32,
}

impl Bounds {
    /// The start and end of each word found last.
    pub(super) fn words(&self) -> &[[u32; 2]] {
        self.places[..self.count].as_chunks().0
    }

    /// How many of them are characters of scripts without spaces.
    pub(super) fn unspaced(&self) -> u32 {
        self.unspaced
    }

    /// Finds the words among the first `length` of `bytes`; a block of zeros and
    /// one zero more must follow. Cost: linear.
    pub(super) fn find(&mut self, bytes: &[u8], length: usize) {
        #[cfg(target_arch = "x86_64")]
        if super::classes::has_avx2() {
            // SAFETY: the processor was just found to have the features the function is compiled for.
            unsafe { self.find_avx2(bytes, length) };
            return;
        }
        self.find_by(bytes, length, classify_portable);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,popcnt")]
    fn find_avx2(&mut self, bytes: &[u8], length: usize) {
        self.find_by(bytes, length, |block| super::classes::classify_avx2(block));
    }

    #[inline(always)]
    fn find_by(&mut self, bytes: &[u8], length: usize, classify: impl Fn(&[u8; BLOCK]) -> Classes) {
        // The last block has room for the end of a word that ends with the bytes.
        let blocks = &bytes.as_chunks::<BLOCK>().0[..=length / BLOCK];
        // No more bounds than bytes, and what the last writing adds.
        let room = length + 2 * BLOCK;
        if self.places.len() < room {
            self.places.resize(room, 0);
        }
        (self.count, self.unspaced) = (0, 0);
        let mut before = Before::default();
        let mut underscores: Option<Range<usize>> = None;
        for (index, block) in blocks.iter().enumerate() {
            let base = index * BLOCK;
            let classes = classify(block);
            let found = before.bounds(&classes, Neighbour::of(bytes[base + BLOCK]));
            let starts_with_underscore = found.changes & found.joined & classes.underscore != 0;
            let first = self.count / 2;
            if found.unspaced | found.unspaced_ends == 0 {
                self.push(base as u32, found.changes);
            } else {
                self.push_touching(base as u32, found);
            }
            if starts_with_underscore {
                // A word that goes on into the next block counts with this one.
                let range = underscores.get_or_insert(first..first);
                range.end = self.count.div_ceil(2);
            }
        }
        if let Some(words) = underscores {
            self.drop_underscores(bytes, words);
        }
    }

    /// Drops those of `words` that are underscores alone, which are none.
    #[cold]
    fn drop_underscores(&mut self, bytes: &[u8], words: Range<usize>) {
        let found = self.places[..self.count].as_chunks_mut::<2>().0;
        let mut kept = words.start;
        for index in words.clone() {
            let [start, end] = found[index];
            found[kept] = [start, end];
            let word = &bytes[start as usize..end as usize];
            kept += usize::from(word[0] != b'_' || word.iter().any(|&byte| byte != b'_'));
        }
        found.copy_within(words.end.., kept);
        self.count -= 2 * (words.end - kept);
    }

    /// Writes the place of each bit; each is a start or an end in turn.
    #[inline(always)]
    fn push(&mut self, base: u32, mut bounds: u64) {
        let total = bounds.count_ones() as usize;
        let room = &mut self.places[self.count..self.count + BLOCK];
        for places in room.as_chunks_mut::<AT_ONCE>().0 {
            for place in places {
                *place = base + bounds.trailing_zeros();
                bounds &= bounds.wrapping_sub(1);
            }
            if bounds == 0 {
                break;
            }
        }
        self.count += total;
    }

    /// Where a character of an unspaced script stands, one token ends where the next
    /// starts. Starts and ends still take turns, and each goes to every second place.
    #[inline(always)]
    fn push_touching(&mut self, base: u32, found: Found) {
        let (starts, ends) = (found.starts(), found.ends());
        // One bound a byte, and at the first byte also the end of a character of the block before.
        let room = &mut self.places[self.count..=self.count + BLOCK];
        let is_open = self.count % 2;
        for (bounds, first) in [(starts, is_open), (ends, 1 - is_open)] {
            let mut bounds = bounds;
            for place in room[first..].iter_mut().step_by(2) {
                if bounds == 0 {
                    break;
                }
                *place = base + bounds.trailing_zeros();
                bounds &= bounds - 1;
            }
        }
        self.count += (starts.count_ones() + ends.count_ones()) as usize;
        self.unspaced += found.unspaced.count_ones();
    }
}

/// What of the block before reaches into a block.
#[derive(Default)]
struct Before {
    /// Whether its last byte is part of a word, a letter, or a digit: 0 or 1.
    joined: u64,
    letter: u64,
    digit: u64,
    unspaced: u64,
}

impl Before {
    /// The bounds in a block, by what stands around it; moves on to the next.
    #[inline(always)]
    fn bounds(&mut self, classes: &Classes, next: Neighbour) -> Found {
        // Characters of unspaced scripts are three bytes long and join nothing.
        let unspaced = classes.unspaced;
        let spaced =
            !(unspaced | over(unspaced, self.unspaced, 1) | over(unspaced, self.unspaced, 2));
        let letter = classes.letter & spaced;
        let digit = classes.digit;
        let between = |mask: u64, before: u64, next: u64| {
            (mask << 1 | before) & (mask >> 1 | next << (u64::BITS - 1))
        };
        let letters = between(letter, self.letter, next.letter);
        let digits = between(digit, self.digit, next.digit);
        let joined = letter
            | digit
            | classes.underscore
            | (classes.mid_letter | classes.mid_both) & letters
            | (classes.mid_number | classes.mid_both) & digits;
        let found = Found {
            joined,
            changes: joined ^ (joined << 1 | self.joined),
            unspaced,
            unspaced_ends: over(unspaced, self.unspaced, 3),
        };
        let last = u64::BITS - 1;
        *self = Before {
            joined: joined >> last,
            letter: letter >> last,
            digit: digit >> last,
            unspaced,
        };
        found
    }
}

/// Each bit `places` further on, those of the block before included.
#[inline(always)]
fn over(mask: u64, before: u64, places: u32) -> u64 {
    mask << places | before >> (u64::BITS - places)
}

/// What changes in a block.
struct Found {
    /// Bytes of words.
    joined: u64,
    /// Starts and ends of words.
    changes: u64,
    /// Starts of characters of unspaced scripts.
    unspaced: u64,
    /// Their ends.
    unspaced_ends: u64,
}

impl Found {
    fn starts(&self) -> u64 {
        self.changes & self.joined | self.unspaced
    }

    fn ends(&self) -> u64 {
        self.changes & !self.joined | self.unspaced_ends
    }
}
