//! Text for a terminal: colours, width, and foreign text that must not steer it.

use std::io::{self, IsTerminal};

use clap::ValueEnum;
use unicode_width::UnicodeWidthChar;

/// Lines are no longer than this.
const MOST_COLUMNS: usize = 100;

/// Nor are they broken into less.
const LEAST_COLUMNS: usize = 30;

/// When to colour what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// In any case.
    Always,
    /// Not at all.
    Never,
}

impl Color {
    /// Whether what goes to standard output is coloured.
    pub fn is_on(self) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            // https://no-color.org: whatever its value, unless that is empty.
            Color::Auto => {
                io::stdout().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                    && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        }
    }
}

/// How a piece of text looks. Only colours that every theme has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Bold,
    Dim,
    Red,
    BoldRed,
    Green,
    Cyan,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Style::Plain => "",
            Style::Bold => "\x1b[1m",
            Style::Dim => "\x1b[2m",
            Style::Red => "\x1b[31m",
            Style::BoldRed => "\x1b[1;31m",
            Style::Green => "\x1b[32m",
            Style::Cyan => "\x1b[36m",
        }
    }
}

/// Adds a piece of text, in its style if there are colours.
pub fn paint(style: Style, text: &str, colored: bool, out: &mut String) {
    if !colored || style == Style::Plain || text.is_empty() {
        out.push_str(text);
        return;
    }
    out.push_str(style.code());
    out.push_str(text);
    out.push_str("\x1b[0m");
}

/// Whether a character would steer a terminal, or turn the order of what it shows around.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Foreign text as it can be shown.
pub fn visible(text: &str) -> String {
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

/// The same on one line.
pub fn one_line(text: &str) -> String {
    visible(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Columns of the terminal, but no more than can be read with ease; of what is no terminal, that many.
pub fn width() -> usize {
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    terminal.unwrap_or(MOST_COLUMNS).clamp(LEAST_COLUMNS, MOST_COLUMNS)
}

/// Columns that a text takes.
pub fn columns(text: &str) -> usize {
    text.chars().filter_map(UnicodeWidthChar::width).sum()
}

/// A paragraph of pieces, broken between words so that no line is wider than `width`, where words allow. Each
/// line begins with `indent` spaces.
pub fn wrapped(pieces: &[(Style, String)], indent: usize, width: usize, colored: bool) -> String {
    let mut out = " ".repeat(indent);
    let mut column = indent;
    for (style, text) in pieces {
        // What stands in a line of one style is painted at once.
        let mut run = String::new();
        for word in words_of(text) {
            let wide = columns(word.trim_end());
            if column + wide > width && column > indent {
                paint(*style, run.trim_end(), colored, &mut out);
                run.clear();
                out.truncate(out.trim_end_matches(' ').len());
                out.push('\n');
                out.push_str(&" ".repeat(indent));
                column = indent;
            }
            run.push_str(word);
            column += columns(word);
        }
        paint(*style, &run, colored, &mut out);
    }
    out.truncate(out.trim_end_matches(' ').len());
    out.push('\n');
    out
}

/// The words of a text with the spaces behind them; a character of a script without spaces is one by itself.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut end = 0;
        let mut in_space = false;
        for (at, c) in rest.char_indices() {
            let wide = c.width() == Some(2);
            if at > 0 && ((in_space && c != ' ') || wide) {
                break;
            }
            in_space = c == ' ';
            end = at + c.len_utf8();
            if wide {
                break;
            }
        }
        let word;
        (word, rest) = rest.split_at(end);
        (!word.is_empty()).then_some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_keep_to_the_width() {
        let pieces = [
            (Style::Plain, "one two three ".to_owned()),
            (Style::Red, "four five".to_owned()),
            (Style::Plain, " 漢字仮名交じり文".to_owned()),
        ];
        assert_eq!(
            wrapped(&pieces, 2, 12, false),
            "  one two\n  three four\n  five 漢字\n  仮名交じり\n  文\n"
        );
        assert_eq!(
            wrapped(&pieces[1..2], 0, 6, true),
            "\x1b[31mfour\x1b[0m\n\x1b[31mfive\x1b[0m\n"
        );
        assert_eq!(
            wrapped(&[(Style::Plain, "unbreakable".to_owned())], 2, 5, false),
            "  unbreakable\n"
        );
    }

    #[test]
    fn foreign_text_does_not_steer() {
        assert_eq!(one_line("a\x1b[31m\u{202e}b\n\tc\0"), "a\u{fffd}[31m\u{fffd}b c\u{fffd}");
    }
}
