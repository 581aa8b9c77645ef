//! Foreign text made safe to look at, for what stands in the page itself.
//!
//! In: a name or a command. Out: the same, with what steers a terminal or turns the direction of writing
//! around spelled out. That it is escaped as HTML is the template's part.

/// The text with control characters and marks of direction made visible.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0'..='\u{1f}' => shown.push(char::from_u32(0x2400 + c as u32).unwrap_or(c)),
            '\u{7f}' => shown.push('\u{2421}'),
            c if is_hidden(c) => shown.push_str(&format!("⟨U+{:04X}⟩", c as u32)),
            c => shown.push(c),
        }
    }
    shown
}

/// Whether a character is not seen, and changes how others are.
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{80}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// The text in up to so many characters, with its middle left out.
pub fn shortened(text: &str, most: usize) -> String {
    let shown = visible(text);
    let length = shown.chars().count();
    if length <= most {
        return shown;
    }
    let start: String = shown.chars().take(most / 2).collect();
    let end: String = shown.chars().skip(length - (most - most / 2 - 1)).collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_spelled_out() {
        assert_eq!(visible("a\0\n\u{7f}\u{85}b"), "a␀␊␡⟨U+0085⟩b");
        assert_eq!(visible("txt.\u{202e}exe"), "txt.⟨U+202E⟩exe");
        assert_eq!(visible("Zoë שלום 中文"), "Zoë שלום 中文");
        assert_eq!(shortened("abcdefghij", 7), "abc…hij");
    }
}
