//! Plain form to bounds: where words start and end.
//!
//! In: bytes in [plain form](super::plain). Out: two numbers a word, its start
//! and its end. Rules WB5 to WB13b of UAX #29, as far as they concern the classes
//! of plain form, are shifts of the [masks](super::classes): a letter, digit or
//! underscore belongs to a word, and a joint does when both its neighbours are
//! letters, or digits, as the joint wants it. Each change from one byte to the
//! next is a bound. Nothing branches on how long a word is, which no processor
//! can guess.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;
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
        if super::classes::has_avx512() {
            // SAFETY: the processor was just found to have the features the function is compiled for.
            unsafe { self.find_avx512(bytes, length) };
            return;
        }
        #[cfg(target_arch = "x86_64")]
        if super::classes::has_avx2() {
            // SAFETY: the processor was just found to have the features the function is compiled for.
            unsafe { self.find_avx2(bytes, length) };
            return;
        }
        self.find_by(bytes, length, classify_portable, write_places);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512bw,avx512vbmi2,bmi1,popcnt")]
    fn find_avx512(&mut self, bytes: &[u8], length: usize) {
        let classify = |block: &[u8; BLOCK]| super::classes::classify_avx512(block);
        self.find_by(bytes, length, classify, |room, base, bounds| {
            write_places_avx512(room, base, bounds);
        });
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,popcnt")]
    fn find_avx2(&mut self, bytes: &[u8], length: usize) {
        let classify = |block: &[u8; BLOCK]| super::classes::classify_avx2(block);
        self.find_by(bytes, length, classify, write_places);
    }

    #[inline(always)]
    fn find_by(
        &mut self,
        bytes: &[u8],
        length: usize,
        classify: impl Fn(&[u8; BLOCK]) -> Classes,
        write_places: impl Fn(&mut [u32; BLOCK], u32, u64),
    ) {
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
                let room = self.places[self.count..].first_chunk_mut();
                let room = room.expect("no more bounds than bytes, and a block more, have room");
                write_places(room, base as u32, found.changes);
                self.count += found.changes.count_ones() as usize;
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

/// Writes the place of each bit; each is a start or an end in turn.
#[inline(always)]
fn write_places(room: &mut [u32; BLOCK], base: u32, mut bounds: u64) {
    for places in room.as_chunks_mut::<AT_ONCE>().0 {
        for place in places {
            *place = base + bounds.trailing_zeros();
            bounds &= bounds.wrapping_sub(1);
        }
        if bounds == 0 {
            break;
        }
    }
}

/// The same: all numbers below 64 in a register, of which those of the bits are moved together.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512bw,avx512vbmi2")]
#[inline]
fn write_places_avx512(room: &mut [u32; BLOCK], base: u32, bounds: u64) {
    const NUMBERS: [u8; BLOCK] = {
        let mut numbers = [0; BLOCK];
        let mut number = 0;
        while number < BLOCK {
            numbers[number] = number as u8;
            number += 1;
        }
        numbers
    };
    let together = _mm512_maskz_compress_epi8(bounds, bytemuck::cast(NUMBERS));
    let base = _mm512_set1_epi32(base as i32);
    let write = |room: &mut [u32], sixteen: __m128i| {
        let places = _mm512_add_epi32(base, _mm512_cvtepu8_epi32(sixteen));
        room.copy_from_slice(bytemuck::cast_ref::<__m512i, [u32; 16]>(&places));
    };
    write(&mut room[..16], _mm512_castsi512_si128(together));
    write(&mut room[16..32], _mm512_extracti32x4_epi32::<1>(together));
    // Few blocks have more.
    if bounds.count_ones() > 32 {
        write(&mut room[32..48], _mm512_extracti32x4_epi32::<2>(together));
        write(&mut room[48..], _mm512_extracti32x4_epi32::<3>(together));
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The places that were found last, and how many are of unspaced scripts.
    fn found(bounds: &Bounds) -> (Vec<[u32; 2]>, u32) {
        (bounds.words().to_vec(), bounds.unspaced())
    }

    proptest! {
        #[test]
        fn every_path_finds_the_same_words(
            text in "[a-c0-1_.,:' \u{80}-\u{82}\u{4e00}]{0,300}", dense in any::<bool>()
        ) {
            let mut bytes = if dense { "a ".repeat(text.len()) } else { text }.into_bytes();
            let length = bytes.len();
            bytes.resize(length + BLOCK + 1, 0);
            let mut portable = Bounds::default();
            portable.find_by(&bytes, length, classify_portable, write_places);
            #[cfg(target_arch = "x86_64")]
            if super::super::classes::has_avx2() {
                let mut bounds = Bounds::default();
                // SAFETY: the processor was just found to have the features the function is compiled for.
                unsafe { bounds.find_avx2(&bytes, length) };
                prop_assert_eq!(found(&bounds), found(&portable));
            }
            #[cfg(target_arch = "x86_64")]
            if super::super::classes::has_avx512() {
                let mut bounds = Bounds::default();
                // SAFETY: as above.
                unsafe { bounds.find_avx512(&bytes, length) };
                prop_assert_eq!(found(&bounds), found(&portable));
            }
        }
    }
}
