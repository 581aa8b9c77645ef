//! Text to tokens: UAX #29 words, or single characters where a script has no spaces.
//!
//! In: a document's text. Out: one call per [`Token`], in order, with its span
//! and the hash of its folded form. Punctuation and white space give no token.
//!
//! Stretches of ASCII are split by a byte table; only a stretch between two
//! ASCII spaces that holds some other character goes to
//! `unicode-segmentation`. The switch is that narrow because one curly quote
//! would otherwise send a whole text down the slow path, five times slower. An ASCII space
//! is always a word boundary (WB3d, WB999), and no rule looks further ahead
//! than one character past a letter, so the two ways agree; a property test
//! holds them to it.

use unicode_segmentation::UnicodeSegmentation;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::fold::{fold_into, is_katakana, is_unspaced};
use crate::document::Span;

/// A word, or a character of an unspaced script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Where it stands.
    pub span: Span,
    /// XXH3 of its folded form.
    pub hash: u64,
    /// Whether it is a character of a script without spaces: half a word.
    pub unspaced: bool,
}

/// Splits texts; the buffers are kept from text to text.
#[derive(Clone, Debug, Default)]
pub struct Tokenizer {
    seed: u64,
    /// The text with ASCII letters in lower case: the same bytes, the same places.
    lower: Vec<u8>,
    folded: String,
}

impl Tokenizer {
    /// A tokenizer whose word hashes are seeded with `seed`.
    pub fn new(seed: u64) -> Self {
        Tokenizer { seed, ..Tokenizer::default() }
    }

    /// Calls `each` with every token of `text` and its folded form, in order. Cost: linear.
    pub fn for_each(&mut self, text: &str, mut each: impl FnMut(Token, &[u8])) {
        let bytes = text.as_bytes();
        self.lower.clear();
        self.lower.extend_from_slice(bytes);
        self.lower.make_ascii_lowercase();
        let mut at = 0;
        while at < bytes.len() {
            match CLASS[bytes[at] as usize] {
                Class::Letter | Class::Digit | Class::Underscore => match ascii_word(bytes, at) {
                    AsciiWord::Ends(end) => {
                        let word = &self.lower[at..end];
                        // A word of underscores alone is none.
                        if word[0] == b'_' && word.iter().all(|&byte| byte == b'_') {
                            at = end;
                            continue;
                        }
                        let hash = xxh3_64_with_seed(word, self.seed);
                        each(Token { span: Span::new(at, end), hash, unspaced: false }, word);
                        at = end;
                    }
                    AsciiWord::MeetsUnicode => at = self.unicode_stretch(text, at, &mut each),
                },
                Class::Unicode => {
                    // A combining mark belongs to the character before it.
                    let start = at.saturating_sub(1);
                    at = self.unicode_stretch(text, start, &mut each);
                }
                _ => at += 1,
            }
        }
    }

    /// Splits the stretch from `start` to the next ASCII space by the book; gives its end.
    #[cold]
    fn unicode_stretch(
        &mut self,
        text: &str,
        start: usize,
        each: &mut impl FnMut(Token, &[u8]),
    ) -> usize {
        // The stretch may start on the space before it, which is not its end.
        let bytes = text.as_bytes();
        let length =
            bytes[start + 1..].iter().position(|&byte| CLASS[byte as usize] == Class::Space);
        let end = length.map_or(bytes.len(), |length| start + 1 + length);
        for (offset, segment) in text[start..end].split_word_bound_indices() {
            // Spaces take a combining mark that follows them; the word is the mark.
            let word = segment.trim_start();
            let offset = offset + (segment.len() - word.len());
            let first = word.chars().next().unwrap_or_default();
            if !word.contains(char::is_alphanumeric) {
                continue;
            }
            if is_katakana(first) {
                for (inner, character) in word.grapheme_indices(true) {
                    self.unicode_token(start + offset + inner, character, true, each);
                }
            } else {
                self.unicode_token(start + offset, word, is_unspaced(first), each);
            }
        }
        end
    }

    fn unicode_token(
        &mut self,
        at: usize,
        word: &str,
        unspaced: bool,
        each: &mut impl FnMut(Token, &[u8]),
    ) {
        self.folded.clear();
        fold_into(word, &mut self.folded);
        if !self.folded.is_empty() {
            let hash = xxh3_64_with_seed(self.folded.as_bytes(), self.seed);
            each(
                Token { span: Span::new(at, at + word.len()), hash, unspaced },
                self.folded.as_bytes(),
            );
        }
    }
}

/// What an ASCII word comes to.
enum AsciiWord {
    /// Its end.
    Ends(usize),
    /// A character that only UAX #29 in full can judge.
    MeetsUnicode,
}

/// Follows the word that starts at `start` by WB5 to WB13b, as far as they concern ASCII.
#[inline]
fn ascii_word(bytes: &[u8], start: usize) -> AsciiWord {
    let class = |at: usize| bytes.get(at).map_or(Class::Space, |&byte| CLASS[byte as usize]);
    let mut at = start + 1;
    loop {
        while matches!(class(at), Class::Letter | Class::Digit | Class::Underscore) {
            at += 1;
        }
        let (before, joint, after) = (class(at - 1), class(at), class(at + 1));
        let joins = match joint {
            Class::Unicode => return AsciiWord::MeetsUnicode,
            // Before a letter of another script, too, these may join.
            Class::MidLetter | Class::MidNumber | Class::MidBoth if after == Class::Unicode => {
                return AsciiWord::MeetsUnicode;
            }
            Class::MidLetter => before == Class::Letter && after == Class::Letter,
            Class::MidNumber => before == Class::Digit && after == Class::Digit,
            Class::MidBoth => before == after && matches!(before, Class::Letter | Class::Digit),
            _ => false,
        };
        if !joins {
            return AsciiWord::Ends(at);
        }
        at += 1;
    }
}

/// What a byte is to the word rules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Other,
    Space,
    Letter,
    Digit,
    /// ExtendNumLet.
    Underscore,
    /// Joins letters.
    MidLetter,
    /// Joins digits.
    MidNumber,
    /// Joins letters, or digits.
    MidBoth,
    /// Part of a character beyond ASCII.
    Unicode,
}

const CLASS: [Class; 256] = {
    let mut table = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => Class::Letter,
            b'0'..=b'9' => Class::Digit,
            b'_' => Class::Underscore,
            b':' => Class::MidLetter,
            b',' | b';' => Class::MidNumber,
            b'.' | b'\'' => Class::MidBoth,
            b' ' | b'\t'..=b'\r' => Class::Space,
            0x80..=0xff => Class::Unicode,
            _ => Class::Other,
        };
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tokens(text: &str) -> Vec<(String, bool)> {
        let mut found = Vec::new();
        Tokenizer::new(0).for_each(text, |token, folded| {
            assert!(text.is_char_boundary(token.span.start as usize));
            assert!(text.is_char_boundary(token.span.end as usize));
            found.push((String::from_utf8(folded.to_vec()).unwrap(), token.unspaced));
        });
        found
    }

    fn words(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|(word, _)| word).collect()
    }

    /// The rule itself: all words of the whole text by `unicode-segmentation`.
    fn by_the_book(text: &str) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for (at, word) in
            text.split_word_bound_indices().filter(|(_, word)| word.contains(char::is_alphanumeric))
        {
            let parts: Vec<_> = match word.starts_with(is_katakana) {
                true => {
                    word.grapheme_indices(true).map(|(inner, part)| (at + inner, part)).collect()
                }
                false => vec![(at, word)],
            };
            for (at, part) in parts {
                let at = at + (part.len() - part.trim_start().len());
                let part = part.trim_start();
                let mut folded = String::new();
                fold_into(part, &mut folded);
                if !folded.is_empty() {
                    found.push((at, folded));
                }
            }
        }
        found
    }

    fn ours(text: &str) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        Tokenizer::new(0).for_each(text, |token, folded| {
            found.push((token.span.start as usize, String::from_utf8(folded.to_vec()).unwrap()));
        });
        found
    }

    #[test]
    fn words_of_many_scripts() {
        for (text, expected) in [
            (
                "Don't stop: it's 1,000.50 in U.S. terms_x!",
                &["don't", "stop", "it's", "1,000.50", "in", "u.s", "terms_x"][..],
            ),
            ("“Don’t” — she said…", &["don't", "she", "said"]),
            ("中文 and カナ", &["中", "文", "and", "カ", "ナ"]),
            ("__ _ 3_4", &["3_4"]),
            ("", &[]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
        assert!(tokens("ภาษาไทย").iter().all(|(_, unspaced)| *unspaced));
        assert_eq!(words("ที่นี่").len(), 2);
    }

    #[test]
    fn known_hard_places_agree_with_the_book() {
        for text in [
            "a.é",
            "a\u{301}b",
            "x\u{ad}y",
            " \u{301}abc",
            "a:b 1:2 a,b 1,2 1.b",
            "e\u{301}'s",
            "1\u{fe0f}\u{20e3}",
            "a’é",
            "é.com",
            "\r\n\u{345}",
            "a\u{200d}b",
            "’tis ok",
            "7́.5",
        ] {
            assert_eq!(ours(text), by_the_book(text), "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_fast_path_agrees_with_the_book(
            text in "([a-cA-C0-2_.,:;'\"’“ \n\t\u{e9}\u{301}\u{ad}\u{200d}\u{5d0}\u{30ab}\u{4e2d}\u{e17}\u{e35}\u{1f600}\u{1f1e6}-]){0,24}"
        ) {
            prop_assert_eq!(ours(&text), by_the_book(&text));
        }

        #[test]
        fn any_text_agrees_with_the_book(text in "\\PC{0,60}") {
            prop_assert_eq!(ours(&text), by_the_book(&text));
        }
    }
}
