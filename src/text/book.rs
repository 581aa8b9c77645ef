//! Text to tokens by the book: `unicode-segmentation`, character by character.
//!
//! In: any text. Out: one call a token. This is the definition that the fast way
//! in [`words`](super::words) is held to, and where it sends what it cannot judge.

use unicode_segmentation::UnicodeSegmentation;

use super::fold::{fold_into, is_katakana, is_unspaced};

/// Calls `each` with the place in `text`, the spelling, the folded form and whether it
/// is unspaced of every token of `text`, in order. Cost: linear, and twenty times that of the fast way.
pub(super) fn tokens(
    text: &str,
    folded: &mut String,
    mut each: impl FnMut(usize, &str, &str, bool),
) {
    let mut token = |at: usize, word: &str, unspaced: bool| {
        folded.clear();
        fold_into(word, folded);
        if !folded.is_empty() {
            each(at, word, folded, unspaced);
        }
    };
    for (offset, segment) in text.split_word_bound_indices() {
        // Spaces take a combining mark that follows them; the word is the mark.
        let word = segment.trim_start();
        let offset = offset + (segment.len() - word.len());
        let first = word.chars().next().unwrap_or_default();
        if !word.contains(char::is_alphanumeric) {
            continue;
        }
        if is_katakana(first) {
            for (inner, character) in word.grapheme_indices(true) {
                token(offset + inner, character, true);
            }
        } else {
            token(offset, word, is_unspaced(first));
        }
    }
}
