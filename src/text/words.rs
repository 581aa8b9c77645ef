//! Text to tokens: UAX #29 words, or single characters where a script has no spaces.
//!
//! In: a document's text. Out: each [`Token`] in order, with its span and the hash
//! of its folded form, or the hashes alone. Punctuation and white space give no token.
//!
//! The text goes through three loops, a stretch at a time that stays in the first
//! cache: it is [folded](super::plain), [split](super::bounds) and [hashed](super::hash).
//! Each loop does one thing to many bytes and none depends on how long words are.
//! Where a character is not [simple](super::simple), only what stands around it, as far as the
//! next sure bounds of words, goes [by the book](super::book), twenty times slower. No rule
//! looks past a sure bound, so the two ways agree; property tests hold them to it.

use std::ops::Range;

use super::book;
use super::bounds::Bounds;
use super::classes::begins_unspaced;
use super::hash::WordHasher;
use super::plain::{Plain, Stop, is_sure};
use crate::document::Span;

/// Bytes that are folded, split and hashed at a time, where there is a place to cut.
const STRETCH: usize = 1 << 13;

/// A word, or a character of an unspaced script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Where it stands.
    pub span: Span,
    /// The hash of its folded form.
    pub hash: u64,
    /// Whether it is a character of a script without spaces: half a word.
    pub unspaced: bool,
}

/// Splits texts; the buffers are kept from text to text.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    hasher: WordHasher,
    plain: Plain,
    bounds: Bounds,
    folded: String,
}

impl Default for Tokenizer {
    fn default() -> Self {
        Tokenizer::new(0)
    }
}

impl Tokenizer {
    /// A tokenizer whose word hashes are seeded with `seed`.
    pub fn new(seed: u64) -> Self {
        Tokenizer {
            hasher: WordHasher::new(seed),
            plain: Plain::default(),
            bounds: Bounds::default(),
            folded: String::new(),
        }
    }

    /// Calls `each` with every token of `text` and its folded form, in order. Cost: linear.
    pub fn for_each(&mut self, text: &str, mut each: impl FnMut(Token, &[u8])) {
        let mut at = 0;
        while at < text.len() {
            let rest = self.split(text, at);
            self.each_word(&mut each);
            at = rest.end;
            if !rest.is_empty() {
                self.by_the_book(text, rest, &mut each);
            }
        }
    }

    /// Appends the hash of every token of `text`, in order, to `hashes`; gives how many
    /// half words they are: two a word, one a character of an unspaced script.
    /// Cost: linear, less than [`for_each`](Self::for_each).
    pub fn hash_into(&mut self, text: &str, hashes: &mut Vec<u64>) -> u32 {
        let mut half_words = 0;
        let mut at = 0;
        while at < text.len() {
            let rest = self.split(text, at);
            half_words += self.hash_words(hashes);
            at = rest.end;
            if !rest.is_empty() {
                self.by_the_book(text, rest, &mut |token: Token, _: &[u8]| {
                    hashes.push(token.hash);
                    half_words += 2 - u32::from(token.unspaced);
                });
            }
        }
        half_words
    }

    /// Calls `each` with the words that were split last.
    fn each_word(&self, each: &mut impl FnMut(Token, &[u8])) {
        let bytes = self.plain.bytes();
        let mut way_back = self.plain.way_back();
        for &[start, end] in self.bounds.words() {
            let word = &bytes[start as usize..end as usize];
            let span = Span::new(way_back(start), way_back(end));
            let hash = self.hasher.hash_at(bytes, start as usize, end as usize);
            each(Token { span, hash, unspaced: begins_unspaced(word[0]) }, word);
        }
    }

    /// Appends the hashes of the words that were split last; gives how many half words they are.
    fn hash_words(&self, hashes: &mut Vec<u64>) -> u32 {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("bmi2") {
            // SAFETY: the processor was just found to have BMI2, the one feature the function is compiled for.
            return unsafe { self.hash_words_bmi2(hashes) };
        }
        self.hash_words_portable(hashes)
    }

    /// The same, with products of 128 bits that do not all go through one register.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "bmi2")]
    fn hash_words_bmi2(&self, hashes: &mut Vec<u64>) -> u32 {
        self.hash_words_portable(hashes)
    }

    #[inline(always)]
    fn hash_words_portable(&self, hashes: &mut Vec<u64>) -> u32 {
        let bytes = self.plain.bytes();
        let words = self.bounds.words();
        let hasher = self.hasher;
        hashes.extend(
            words.iter().map(|&[start, end]| hasher.hash_at(bytes, start as usize, end as usize)),
        );
        2 * words.len() as u32 - self.bounds.unspaced()
    }

    /// Splits what follows `start` and is simple; gives the range after it that is not,
    /// which may be empty.
    fn split(&mut self, text: &str, start: usize) -> Range<usize> {
        let bytes = text.as_bytes();
        let mut limit = STRETCH;
        let rest = loop {
            match self.plain.fill(bytes, start, limit) {
                Stop::End => break text.len()..text.len(),
                Stop::Full => {
                    let cut = self.plain.cut();
                    if cut > start {
                        break cut..cut;
                    }
                    limit *= 2;
                }
                Stop::Hard(at) => {
                    let end = (at + 1..text.len()).find(|&end| is_sure(bytes, end));
                    break self.plain.cut()..end.unwrap_or(text.len());
                }
            }
        };
        let (bytes, length) = self.plain.padded();
        self.bounds.find(bytes, length);
        rest
    }

    /// Calls `each` with the tokens of a range that is not simple.
    #[cold]
    fn by_the_book(
        &mut self,
        text: &str,
        range: Range<usize>,
        each: &mut impl FnMut(Token, &[u8]),
    ) {
        let hasher = self.hasher;
        let start = range.start;
        book::tokens(&text[range], &mut self.folded, |offset, word, folded, unspaced| {
            let at = start + offset;
            let hash = hasher.hash(folded.as_bytes());
            let span = Span::new(at, at + word.len());
            each(Token { span, hash, unspaced }, folded.as_bytes());
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold::{fold_into, is_katakana, is_unspaced};
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation;

    /// A token as all ways must give it: start, end, folded form, whether unspaced, hash.
    type Found = (usize, usize, String, bool, u64);

    const SEED: u64 = 3;

    /// The rule itself: all words of the whole text by `unicode-segmentation`.
    fn by_the_book(text: &str) -> Vec<Found> {
        let hasher = WordHasher::new(SEED);
        let mut found = Vec::new();
        for (at, word) in
            text.split_word_bound_indices().filter(|(_, word)| word.contains(char::is_alphanumeric))
        {
            let end = at + word.len();
            let word = word.trim_start();
            let at = end - word.len();
            let is_katakana = word.starts_with(is_katakana);
            let parts: Vec<_> = match is_katakana {
                true => word.grapheme_indices(true).collect(),
                false => vec![(0, word)],
            };
            for (inner, part) in parts {
                let mut folded = String::new();
                fold_into(part, &mut folded);
                if !folded.is_empty() {
                    let hash = hasher.hash(folded.as_bytes());
                    let unspaced = is_katakana || part.starts_with(is_unspaced);
                    let start = at + inner;
                    found.push((start, start + part.len(), folded, unspaced, hash));
                }
            }
        }
        found
    }

    fn ours(text: &str) -> Vec<Found> {
        let mut found = Vec::new();
        Tokenizer::new(SEED).for_each(text, |Token { span, hash, unspaced }, folded| {
            let folded = String::from_utf8(folded.to_vec()).unwrap();
            found.push((span.start as usize, span.end as usize, folded, unspaced, hash));
        });
        found
    }

    /// Every way must give what the book gives.
    fn check(text: &str) -> Result<(), TestCaseError> {
        let book = by_the_book(text);
        prop_assert_eq!(ours(text), &*book, "{:?}", text);
        // What is there already stays.
        let mut hashes = vec![1, 2];
        let half_words = Tokenizer::new(SEED).hash_into(text, &mut hashes);
        let expected: Vec<u64> =
            [1, 2].into_iter().chain(book.iter().map(|token| token.4)).collect();
        prop_assert_eq!(hashes, expected);
        let halves = book.iter().map(|token| if token.3 { 1 } else { 2 }).sum::<u32>();
        prop_assert_eq!(half_words, halves);
        Ok(())
    }

    fn words(text: &str) -> Vec<String> {
        ours(text).into_iter().map(|(_, _, word, _, _)| word).collect()
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
            ("STRASSE, Straße; Größe", &["strasse", "strasse", "grösse"]),
            ("ΟΔΟΣ οδος ВОЙНА и Мир", &["οδοσ", "οδοσ", "война", "и", "мир"]),
            ("ＡＢ１，２。", &["ab1,2"]),
            ("Tiếng Việt, 한국어", &["tiếng", "việt", "한국어"]),
            ("__ _ 3_4", &["3_4"]),
            ("", &[]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
        assert!(ours("ภาษาไทย").iter().all(|token| token.3));
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
            "7\u{301}.5",
            "カ_ナ _カ ＿カ",
            "中文\u{fe00}中文字\u{345}",
            "中文字é\u{301}中文字 a",
            "中.中 a.中 中.a",
            "mot\u{202f}! l·l",
        ] {
            check(text).unwrap();
        }
    }

    #[test]
    fn every_character_agrees_with_the_book_among_others() {
        let mut text = String::new();
        for code in 0..0x1_0000 {
            // One of many will do where hundreds are alike: Han, Hangul, private use.
            if code > 0x3400 && code < 0xf900 && code % 29 != 0 {
                continue;
            }
            let Some(c) = char::from_u32(code) else { continue };
            text.clear();
            for form in
                ["#", "a#b", "1#2", "a.#", "#:a", "1,#", "#’#", "_#_", "中#文", "א#", "é#é", "カ#"]
            {
                text.push_str(&form.replace('#', c.encode_utf8(&mut [0; 4])));
                text.push(' ');
            }
            check(&text).unwrap();
        }
    }

    #[test]
    fn long_words_and_lines_without_a_place_to_cut() {
        let line = "aé’中".repeat(STRETCH / 4);
        check(&line).unwrap();
        check(&"x".repeat(2 * STRETCH + 1)).unwrap();
        check(&format!("{line}\u{301}{line}")).unwrap();
        check(&"’".repeat(STRETCH)).unwrap();
    }

    #[test]
    fn a_block_with_the_most_bounds() {
        // The character before the block ends where its first word starts.
        for before in 0..70 {
            for piece in ["a ", " a", "a中", "中", "中 "] {
                check(&format!("{}中{}", "-".repeat(before), piece.repeat(70))).unwrap();
            }
        }
    }

    /// Characters that meet one another in the word rules, more of them simple than not.
    const ALPHABET: &str = "[a-cA-C0-2_.,:;'\"’“– \n\t\u{a0}\u{e9}\u{c9}ßςΣжЖếẾ한中文あカー，１Ａ。\u{301}\u{ad}\u{200d}\u{345}\u{fe00}\u{5d0}\u{30ab}\u{e17}\u{e35}\u{1f600}\u{1f1e6}·-]";

    /// Prose: words of letters with some marks between them, seldom what is not simple.
    fn prose() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            20 => "[a-zA-Z]{1,18}",
            6 => "[a-zäöüßéèñçøåąłőжщыωσς’]{1,12}",
            4 => "[0-9]{1,4}([.,:][0-9]{1,3})?",
            3 => "[中文字典ひらカナ한글。，]{1,8}",
            10 => "[ \n]{1,2}",
            4 => "[.,;:'’“”…–_-]{1,2}",
            1 => "[\u{301}\u{ad}\u{200d}😀אﬁ]",
        ];
        proptest::collection::vec((piece, "[ ]?"), 0..120)
            .prop_map(|pieces| pieces.into_iter().map(|(piece, space)| piece + &space).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_fast_path_agrees_with_the_book(
            text in proptest::string::string_regex(&format!("{ALPHABET}{{0,24}}")).unwrap()
        ) {
            check(&text)?;
        }

        #[test]
        fn any_text_agrees_with_the_book(text in "\\PC{0,60}") {
            check(&text)?;
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn long_texts_agree_with_the_book_at_every_offset(text in prose(), from in 0usize..70) {
            check(&text.chars().skip(from).collect::<String>())?;
        }

        #[test]
        fn texts_longer_than_a_stretch_agree_with_the_book(text in prose(), times in 1usize..40) {
            check(&text.repeat(times))?;
        }

        #[test]
        fn a_tokenizer_keeps_nothing_from_text_to_text(texts in proptest::collection::vec(prose(), 1..4)) {
            let mut tokenizer = Tokenizer::new(SEED);
            for text in texts {
                let (mut again, mut fresh) = (Vec::new(), Vec::new());
                tokenizer.hash_into(&text, &mut again);
                Tokenizer::new(SEED).hash_into(&text, &mut fresh);
                prop_assert_eq!(again, fresh);
            }
        }
    }
}
