//! Folding: what two spellings of a word must share to count as the same word.
//!
//! In: a word as it stands. Out: its folded form, which is hashed and compared
//! and never shown. Folding is NFKC, lower case, and a small table for what
//! lower case leaves apart (`ß` and `ss`, final sigma); invisible characters
//! such as soft hyphens drop out and typographic apostrophes become plain.
//! This is Unicode's NFKC_Casefold for all but a few historic letters.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// Appends the folded form of `word` to `out`. Cost: linear.
pub fn fold_into(word: &str, out: &mut String) {
    if word.is_ascii() {
        out.extend(word.bytes().map(|byte| byte.to_ascii_lowercase() as char));
    } else if is_nfkc_quick(word.chars()) == IsNormalized::Yes {
        word.chars().for_each(|c| fold_char(c, out));
    } else {
        word.nfkc().for_each(|c| fold_char(c, out));
    }
}

fn fold_char(c: char, out: &mut String) {
    match c {
        'ß' | 'ẞ' => out.push_str("ss"),
        'ς' => out.push('σ'),
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{02bc}' => out.push('\''),
        _ if is_invisible(c) => {}
        _ => out.extend(c.to_lowercase().map(|lower| if lower == 'ß' { 's' } else { lower })),
    }
}

/// Default-ignorable characters that scraped text is sprinkled with: soft
/// hyphens, joiners, direction marks, variation selectors.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Whether `c` belongs to a script written without spaces between words, so
/// that its characters, not its words, are the tokens.
pub fn is_unspaced(c: char) -> bool {
    matches!(
        u32::from(c),
        0x0e00..=0x0eff            // Thai, Lao
            | 0x1000..=0x109f      // Myanmar
            | 0x1780..=0x17ff      // Khmer
            | 0x2e80..=0x2fdf      // CJK radicals
            | 0x3005..=0x3007 | 0x3021..=0x3029 | 0x3031..=0x303c
            | 0x3040..=0x30ff      // Hiragana, Katakana
            | 0x31f0..=0x31ff
            | 0x3400..=0x4dbf | 0x4e00..=0x9fff
            | 0xa9e0..=0xa9ff | 0xaa60..=0xaa7f
            | 0xf900..=0xfaff
            | 0xff66..=0xff9f      // halfwidth Katakana
            | 0x1b000..=0x1b16f
            | 0x20000..=0x3ffff
    )
}

/// Whether `c` is Katakana, the one unspaced script whose runs UAX #29 keeps whole.
pub fn is_katakana(c: char) -> bool {
    matches!(u32::from(c), 0x3031..=0x3035 | 0x309b..=0x309c | 0x30a0..=0x30ff | 0x31f0..=0x31ff | 0xff66..=0xff9f | 0x1b000 | 0x1b164..=0x1b167)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_word_fold_together() {
        for (a, b) in [
            ("Straße", "STRASSE"),
            ("caf\u{e9}", "Cafe\u{301}"),
            ("don\u{2019}t", "DON'T"),
            ("Ὀδυσσεύς", "ὈΔΥΣΣΕΎΣ"),
            ("in\u{ad}for\u{ad}mation", "information"),
            ("ＡＢＣ１２", "abc12"),
            ("ｶﾞ", "ガ"),
            ("ﬁnal", "final"),
        ] {
            let (mut folded_a, mut folded_b) = (String::new(), String::new());
            fold_into(a, &mut folded_a);
            fold_into(b, &mut folded_b);
            assert_eq!(folded_a, folded_b, "{a} and {b}");
        }
    }
}
