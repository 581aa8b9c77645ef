//! Text to plain form: folded characters that eight classes describe.
//!
//! In: a stretch of text. Out: its bytes in plain form, in which
//!
//! - ASCII letters are in lower case, other ASCII is as it was;
//! - bytes beyond ASCII are folded letters, or characters of unspaced scripts;
//! - all other [simple characters](super::simple) are fillers, or the ASCII that
//!   they fold to (`’` is `'`);
//!
//! so that a word of plain form is a folded word, and splitting need not decode
//! anything. Plain form is never longer than the text. Where it is shorter, a
//! shift is written down, which is the way back. The stretch ends before
//! the first character that is not simple.

use super::classes::BLOCK;
use super::simple::{FILLER, ThreeBytes, TwoBytes};

/// Bytes of ASCII that are folded at a time.
const STEP: usize = 32;

/// The highest bit of eight bytes, set where a byte is not ASCII.
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Zeros after the bytes that count: a block, and what follows a block.
const PADDING: usize = BLOCK + 1;

/// Why a stretch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The text is over.
    End,
    /// The stretch is as long as was asked for.
    Full,
    /// The character at this place of the text is not simple.
    Hard(usize),
}

/// A place in plain form from which on the text is further ahead.
#[derive(Clone, Copy, Debug)]
struct Shift {
    from: u32,
    /// What to add to a place to have the place in the text.
    by: u32,
}

/// A stretch of text in plain form; the memory is kept from stretch to stretch.
#[derive(Clone, Debug, Default)]
pub(super) struct Plain {
    bytes: Vec<u8>,
    length: usize,
    /// Ascending. The first is where the stretch starts.
    shifts: Vec<Shift>,
}

impl Plain {
    /// The bytes, with others behind them.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes with a block of zeros and one zero more behind them, and how many they are.
    pub(super) fn padded(&mut self) -> (&[u8], usize) {
        self.bytes[self.length..][..PADDING].fill(0);
        (&self.bytes, self.length)
    }

    /// The way back from places in plain form, for places that ascend.
    pub(super) fn way_back(&self) -> impl FnMut(u32) -> usize {
        let mut shifts = self.shifts.iter().peekable();
        let mut by = 0;
        move |place| {
            while let Some(shift) = shifts.next_if(|shift| shift.from <= place) {
                by = shift.by;
            }
            (place + by) as usize
        }
    }

    /// Makes it the stretch of `text` that starts at `start` and has `limit` bytes or
    /// a few more. Cost: linear.
    pub(super) fn fill(&mut self, text: &[u8], start: usize, limit: usize) -> Stop {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("bmi1")
        {
            // SAFETY: the processor was just found to have AVX2 and BMI1, the features the function is compiled for.
            return unsafe { self.fill_avx2(text, start, limit) };
        }
        self.fill_portable(text, start, limit)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1")]
    fn fill_avx2(&mut self, text: &[u8], start: usize, limit: usize) -> Stop {
        self.fill_portable(text, start, limit)
    }

    #[inline(always)]
    fn fill_portable(&mut self, text: &[u8], start: usize, limit: usize) -> Stop {
        let room = limit.min(text.len() - start) + STEP + PADDING + BLOCK;
        if self.bytes.len() < room {
            self.bytes.resize(room, 0);
        }
        self.shifts.clear();
        self.shifts.push(Shift { from: 0, by: start as u32 });
        self.length = 0;
        let two_bytes = TwoBytes::table();
        let mut at = start;
        loop {
            if self.length >= limit {
                return Stop::Full;
            }
            let copied = self.copy_ascii(&text[at..]);
            self.length += copied;
            at += copied;
            if copied == STEP {
                continue;
            }
            // Letters beyond ASCII seldom come alone: an alphabet's words have one space between them.
            while let Some(&first) = text.get(at) {
                let rest = &text[at + 1..];
                match first {
                    0..0x80 if rest.first().is_some_and(|next| !next.is_ascii()) => {
                        self.push(first.to_ascii_lowercase());
                        at += 1;
                    }
                    0..0x80 => break,
                    0xc2..=0xdf => {
                        let plain = two_bytes.get(first, rest[0]);
                        if plain == 0 {
                            return Stop::Hard(at);
                        }
                        self.write(plain.to_le_bytes());
                        at += 2;
                    }
                    0xe0..=0xef => {
                        if !self.push_three([first, rest[0], rest[1]], rest.get(2), at) {
                            return Stop::Hard(at);
                        }
                        at += 3;
                    }
                    _ => return Stop::Hard(at),
                }
                if self.length >= limit {
                    return Stop::Full;
                }
            }
            if at == text.len() {
                return Stop::End;
            }
        }
    }

    /// Folds the ASCII that `text` starts with, at most a step; gives its length.
    #[inline(always)]
    fn copy_ascii(&mut self, text: &[u8]) -> usize {
        let Some(step) = text.first_chunk::<STEP>() else {
            // The last bytes of a text have a step of their own.
            let mut step = [0; STEP];
            step[..text.len()].copy_from_slice(text);
            return self.copy_step(&step).min(text.len());
        };
        self.copy_step(step)
    }

    #[inline(always)]
    fn copy_step(&mut self, step: &[u8; STEP]) -> usize {
        let mut lower = *step;
        lower.make_ascii_lowercase();
        self.write_at(self.length, lower);
        let mut beyond = [0; STEP / 8];
        for (lane, bytes) in beyond.iter_mut().zip(step.as_chunks::<8>().0) {
            *lane = u64::from_le_bytes(*bytes) & HIGH_BITS;
        }
        if beyond.iter().fold(0, |any, lane| any | lane) == 0 {
            return STEP;
        }
        // A multiplication moves the eight high bits next to each other.
        let mask = beyond.iter().rev().fold(0, |mask: u64, lane| {
            mask << 8 | (lane >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
        });
        mask.trailing_zeros() as usize
    }

    /// Folds a character of three bytes that stands at `at`, before `next`, if it is simple.
    #[inline(always)]
    fn push_three(&mut self, bytes: [u8; 3], next: Option<&u8>, at: usize) -> bool {
        let [first, second, third] = bytes;
        let code =
            u32::from(first & 0xf) << 12 | u32::from(second & 0x3f) << 6 | u32::from(third & 0x3f);
        match ThreeBytes::of(code) {
            ThreeBytes::Same => self.write(bytes),
            ThreeBytes::Nothing => self.write([FILLER; 3]),
            ThreeBytes::Pair => self.write([first, second, third | 1]),
            ThreeBytes::Ascii(byte) => {
                self.push(byte);
                // The text is two bytes further on from here.
                self.shifts
                    .push(Shift { from: self.length as u32, by: (at + 3 - self.length) as u32 });
            }
            ThreeBytes::Katakana => {
                let before = self.length.checked_sub(1).map(|last| self.bytes[last]);
                if before == Some(b'_') || next == Some(&b'_') {
                    return false;
                }
                self.write(bytes);
            }
            ThreeBytes::Hard => return false,
        }
        true
    }

    #[inline(always)]
    fn push(&mut self, byte: u8) {
        self.write([byte]);
    }

    #[inline(always)]
    fn write<const N: usize>(&mut self, bytes: [u8; N]) {
        self.write_at(self.length, bytes);
        self.length += N;
    }

    #[inline(always)]
    fn write_at<const N: usize>(&mut self, at: usize, bytes: [u8; N]) {
        self.bytes[at..at + N].copy_from_slice(&bytes);
    }

    /// Cuts it back to the last place that is [surely](is_sure) a bound, and gives the
    /// place in the text; the last character, which a mark may follow, is cut off in any case.
    pub(super) fn cut(&mut self) -> usize {
        let bytes = &self.bytes[..self.length];
        self.length = (0..self.length).rev().find(|&at| is_sure(bytes, at)).unwrap_or(0);
        self.way_back()(self.length as u32)
    }
}

/// Whether `at` is surely a bound of words, whatever stands around: before white
/// space of ASCII, and between two Han characters. Holds for text and plain form alike.
#[inline]
pub(super) fn is_sure(bytes: &[u8], at: usize) -> bool {
    let is_han = |at: usize| matches!(bytes[at], 0xe4..=0xe9);
    matches!(bytes[at], b' ' | b'\t'..=b'\r') || at >= 3 && is_han(at) && is_han(at - 3)
}
