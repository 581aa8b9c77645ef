//! The loop that puts a text into [plain form](super::plain).
//!
//! In: text. Out: bytes in plain form and the shifts. ASCII goes 32 bytes at a
//! time; each other character takes a look at [what it is](super::simple). The
//! loop is plain Rust that the compiler turns into vector code, once for any
//! processor and once for AVX2.

use super::classes::{BLOCK, beyond_ascii_portable};
use super::plain::{Shift, Stop};
use super::simple::{FILLER, ThreeBytes, TwoBytes};

/// Bytes of ASCII that are folded at a time.
const STEP: usize = BLOCK / 2;

/// Writes plain form. It borrows what it writes to, so that the place to write at is in a register.
pub(super) struct Writer<'a> {
    bytes: &'a mut [u8],
    length: usize,
    shifts: &'a mut Vec<Shift>,
}

impl<'a> Writer<'a> {
    /// How many bytes more than the text takes up may be written to.
    pub(super) const EXCESS: usize = 2 * STEP;

    /// A writer that starts at the start of `bytes`.
    pub(super) fn new(bytes: &'a mut [u8], shifts: &'a mut Vec<Shift>) -> Self {
        Writer { bytes, length: 0, shifts }
    }

    /// How many bytes were written that count.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Writes what stands in `text` from `start` to `end`, or a few bytes more.
    pub(super) fn fold(&mut self, text: &[u8], start: usize, end: usize) -> Stop {
        #[cfg(target_arch = "x86_64")]
        if super::classes::has_avx2() {
            // SAFETY: the processor was just found to have the features the function is compiled for.
            return unsafe { self.fold_avx2(text, start, end) };
        }
        self.fold_by(text, start, end, beyond_ascii_portable)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,bmi1,popcnt")]
    fn fold_avx2(&mut self, text: &[u8], start: usize, end: usize) -> Stop {
        self.fold_by(text, start, end, |step| super::classes::beyond_ascii_avx2(step))
    }

    #[inline(always)]
    fn fold_by(
        &mut self,
        text: &[u8],
        start: usize,
        end: usize,
        beyond_ascii: impl Fn(&[u8; STEP]) -> u32,
    ) -> Stop {
        let two_bytes = TwoBytes::table();
        let mut at = start;
        while at < end {
            let copied = self.copy_ascii(&text[at..], &beyond_ascii);
            self.length += copied;
            at += copied;
            if copied == STEP {
                continue;
            }
            // A letter beyond ASCII seldom comes alone: many an alphabet has but spaces in ASCII.
            while at < end {
                match text[at..] {
                    [first @ 0..0x80, 0x80..=0xff, ..] => {
                        self.write([first.to_ascii_lowercase()]);
                        at += 1;
                    }
                    [first @ 0xc2..=0xdf, second, ..] => {
                        let plain = two_bytes.get(first, second);
                        if plain == 0 {
                            return Stop::Hard(at);
                        }
                        self.write(plain.to_le_bytes());
                        at += 2;
                    }
                    [first @ 0xe0..=0xef, second, third, ref rest @ ..] => {
                        if !self.write_three([first, second, third], rest.first(), at) {
                            return Stop::Hard(at);
                        }
                        at += 3;
                    }
                    [0xf0..=0xff, ..] => return Stop::Hard(at),
                    _ => break,
                }
            }
        }
        if at < text.len() { Stop::Full } else { Stop::End }
    }

    /// Folds the ASCII that `text` starts with, at most a step; gives its length.
    #[inline(always)]
    fn copy_ascii(&mut self, text: &[u8], beyond_ascii: impl Fn(&[u8; STEP]) -> u32) -> usize {
        let Some(step) = text.first_chunk::<STEP>() else {
            // The last bytes of a text have a step of their own.
            let mut step = [0; STEP];
            step[..text.len()].copy_from_slice(text);
            return self.copy_step(&step, beyond_ascii).min(text.len());
        };
        self.copy_step(step, beyond_ascii)
    }

    /// Writes a step, which counts as far as it is ASCII; gives that length.
    #[inline(always)]
    fn copy_step(&mut self, step: &[u8; STEP], beyond_ascii: impl Fn(&[u8; STEP]) -> u32) -> usize {
        let mut lower = *step;
        lower.make_ascii_lowercase();
        self.bytes[self.length..][..STEP].copy_from_slice(&lower);
        beyond_ascii(step).trailing_zeros() as usize
    }

    /// Folds a character of three bytes that stands at `at`, before `next`, if it is simple.
    #[inline(always)]
    fn write_three(&mut self, bytes: [u8; 3], next: Option<&u8>, at: usize) -> bool {
        let [first, second, third] = bytes;
        match ThreeBytes::of(bytes) {
            ThreeBytes::Same => self.write(bytes),
            ThreeBytes::Nothing => self.write([FILLER; 3]),
            ThreeBytes::Pair => self.write([first, second, third | 1]),
            ThreeBytes::Ascii(byte) => {
                self.write([byte]);
                // The text is two bytes further on from here.
                self.shifts
                    .push(Shift { from: self.length as u32, by: (at + 3 - self.length) as u32 });
            }
            ThreeBytes::Katakana => {
                let before = self.bytes[..self.length].last();
                if before == Some(&b'_') || next == Some(&b'_') {
                    return false;
                }
                self.write(bytes);
            }
            ThreeBytes::Hard => return false,
        }
        true
    }

    #[inline(always)]
    fn write<const N: usize>(&mut self, bytes: [u8; N]) {
        self.bytes[self.length..][..N].copy_from_slice(&bytes);
        self.length += N;
    }
}
