//! Simple characters: those beyond ASCII whose part in the word rules and whose
//! folded form do not depend on what stands beside them.
//!
//! In: a character. Out: what it becomes in [plain form](super::plain), or that it
//! is not simple. Two bytes of UTF-8 hold every letter of most alphabets; their
//! table is made once by asking [`fold`](super::fold) and `unicode-segmentation`
//! about each. Three bytes hold too many for that, so the ranges that
//! matter are written down here; a test asks the same two about all of them.

use std::sync::LazyLock;

use unicode_segmentation::UnicodeSegmentation;

use super::fold::fold_into;

/// What stands for a character that belongs to no word and joins none. Any such
/// byte of ASCII would do but white space, which tells where a text may be cut.
pub(super) const FILLER: u8 = b'-';

/// The characters of two bytes: U+0080 to U+07FF.
pub(super) struct TwoBytes([u16; Self::COUNT]);

impl TwoBytes {
    const FIRST: usize = 0x80;
    const COUNT: usize = 0x800 - Self::FIRST;

    /// The table; made at the first call.
    pub(super) fn table() -> &'static Self {
        static TABLE: LazyLock<TwoBytes> = LazyLock::new(TwoBytes::new);
        &TABLE
    }

    fn new() -> Self {
        let mut folded = String::new();
        TwoBytes(std::array::from_fn(|index| {
            let Some(character) = char::from_u32((index + Self::FIRST) as u32) else { return 0 };
            folded.clear();
            fold_into(character.encode_utf8(&mut [0; 2]), &mut folded);
            match (Role::of(character), folded.as_bytes()) {
                // What ŉ folds to has a joint in it; what µ or ß fold to is letters.
                (Role::Letter, &[first, second]) if [first, second].iter().all(is_letter) => {
                    u16::from_le_bytes([first, second])
                }
                (Role::None, _) => u16::from_le_bytes([FILLER; 2]),
                _ => 0,
            }
        }))
    }

    /// The two bytes that a character becomes, little end first, 0 if it is not simple.
    #[inline(always)]
    pub(super) fn get(&self, first: u8, second: u8) -> u16 {
        let code = usize::from(first & 0x1f) << 6 | usize::from(second & 0x3f);
        self.0.get(code.wrapping_sub(Self::FIRST)).copied().unwrap_or(0)
    }
}

/// Whether a byte is a letter in plain form.
fn is_letter(byte: &u8) -> bool {
    byte.is_ascii_lowercase() || !byte.is_ascii()
}

/// A character's part in the word rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// ALetter.
    Letter,
    /// Neither joins nor is a word.
    None,
    /// Anything else.
    Other,
}

impl Role {
    /// Finds it out by looking where words end beside the character.
    fn of(character: char) -> Self {
        let pieces = |before: &str, after: &str| {
            let mut text = String::from(before);
            text.push(character);
            text.push_str(after);
            text.split_word_bounds().count()
        };
        // Letters alone are joined by a colon; Hebrew ones take an apostrophe after them.
        if pieces("a:", "") == 1 && pieces("", "'") == 2 && character.is_alphanumeric() {
            Role::Letter
        } else if pieces("a", "a") == 3
            && pieces("1", "1") == 3
            && pieces("_", "_") == 3
            && pieces(".", "") == 2
            && !character.is_alphanumeric()
        {
            Role::None
        } else {
            Role::Other
        }
    }
}

/// What a character of three bytes becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ThreeBytes {
    /// Not simple.
    Hard,
    /// [`FILLER`].
    Nothing,
    /// A letter or an unspaced character that folds to itself.
    Same,
    /// One of a pair of letters, of which the second, odd, is in lower case.
    Pair,
    /// Unspaced, but joined by underscores.
    Katakana,
    /// A character of ASCII.
    Ascii(u8),
}

impl ThreeBytes {
    /// What becomes of the character with these bytes in UTF-8.
    #[inline(always)]
    pub(super) fn of([first, second, third]: [u8; 3]) -> Self {
        // Han and Hangul are told by their first byte, but for the hexagrams, which are neither.
        if matches!(first, 0xe4..=0xe9 | 0xeb..=0xec) && [first, second] != [0xe4, 0xb7] {
            return ThreeBytes::Same;
        }
        let [high, middle, low] = [first & 0xf, second & 0x3f, third & 0x3f].map(u32::from);
        Self::of_code(high << 12 | middle << 6 | low)
    }

    fn of_code(code: u32) -> Self {
        match code {
            // Han.
            0x3400..=0x4dbf | 0x4e00..=0x9fff => ThreeBytes::Same,
            // Dashes, quotation marks, bullets, the ellipsis; U+200B and on are invisible.
            0x2018 | 0x2019 => ThreeBytes::Ascii(b'\''),
            0x2000..=0x200a | 0x2010..=0x2017 | 0x201a..=0x2023 | 0x2025 | 0x2026 => {
                ThreeBytes::Nothing
            }
            // Per mille signs, primes, angle quotation marks; signs of currency; trade mark;
            // arrows, mathematics and technical signs; boxes, shapes, symbols.
            0x2030..=0x203e | 0x20a0..=0x20c0 | 0x2122 | 0x2190..=0x23ff | 0x2500..=0x2775 => {
                ThreeBytes::Nothing
            }
            // Hiragana.
            0x3041..=0x3096 => ThreeBytes::Same,
            0x30a1..=0x30fa | 0x30fc..=0x30fe => ThreeBytes::Katakana,
            // Ideographic space, comma, full stop, brackets; the Katakana middle dot.
            0x3000..=0x3003 | 0x3008..=0x301b | 0x30fb => ThreeBytes::Nothing,
            // What stands for bytes that were none of the encoding.
            0xfffd => ThreeBytes::Nothing,
            // Hangul syllables.
            0xac00..=0xd7a3 => ThreeBytes::Same,
            // Latin letters of Vietnamese and others.
            0x1e00..=0x1e95 | 0x1ea0..=0x1eff => ThreeBytes::Pair,
            // Fullwidth ASCII, but for the underscore.
            0xff01..=0xff3e | 0xff40..=0xff5e => {
                ThreeBytes::Ascii(((code - 0xff01) as u8 + b'!').to_ascii_lowercase())
            }
            _ => ThreeBytes::Hard,
        }
    }
}
