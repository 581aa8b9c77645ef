//! Text to plain form: folded characters that a few classes describe.
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
use super::writer::Writer;

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
pub(super) struct Shift {
    pub(super) from: u32,
    /// What to add to a place to have the place in the text.
    pub(super) by: u32,
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

    /// Makes it the stretch of `text` that starts at `start` and takes up `limit` bytes
    /// or a few more. Cost: linear.
    pub(super) fn fill(&mut self, text: &[u8], start: usize, limit: usize) -> Stop {
        let limit = limit.min(text.len() - start);
        let room = limit + Writer::EXCESS + PADDING;
        if self.bytes.len() < room {
            self.bytes.resize(room, 0);
        }
        self.shifts.clear();
        self.shifts.push(Shift { from: 0, by: start as u32 });
        let mut writer = Writer::new(&mut self.bytes, &mut self.shifts);
        let stop = writer.fold(text, start, start + limit);
        self.length = writer.length();
        stop
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
