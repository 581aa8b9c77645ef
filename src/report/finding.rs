//! One row of output.

/// Longest excerpt of a text, in characters.
pub const EXCERPT: usize = 200;

/// What a finding is, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Two documents of the same normalised text.
    Exact,
    /// Two documents whose Jaccard similarity reaches the threshold.
    Near,
    /// A document that stands in a larger one.
    Contained,
    /// A passage that repeats.
    Passage,
}

impl Kind {
    /// The kind of a name in the output.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Kind::Exact, Kind::Near, Kind::Contained, Kind::Passage];
        all.into_iter().find(|kind| kind.name() == name)
    }

    /// Its name in the output.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Exact => "exact",
            Kind::Near => "near",
            Kind::Contained => "contained",
            Kind::Passage => "passage",
        }
    }
}

/// One side of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Name of the document.
    pub document: String,
    /// First byte of the span in the document's text.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
    /// Line of its first byte, from 1.
    pub line: u32,
    /// Tokens in it.
    pub words: u32,
    /// Its text, as [`excerpt`] gives it.
    pub text: String,
    /// The words before it, on one line, if they were asked for.
    pub before: String,
    /// The words after it.
    pub after: String,
}

/// Two sides that repeat one another.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// Jaccard similarity: of the shingle sets, or over aligned words for a passage.
    pub jaccard: f64,
    /// The share of the smaller side that stands in the larger.
    pub containment: f64,
    /// The side that comes first by name and place.
    pub a: Side,
    /// The other side.
    pub b: Side,
    /// Number of the cluster of documents, from 1.
    pub cluster: Option<u32>,
    /// Number of the passage, from 1.
    pub passage: Option<u32>,
    /// How many times the passage occurs in all.
    pub occurrences: Option<u32>,
}

/// The beginning of `text` on one line: white space runs become one space, and
/// after 200 characters it ends.
pub fn excerpt(text: &str) -> String {
    let mut line = String::new();
    on_one_line(text, EXCERPT, &mut line);
    line
}

/// Appends the first `most` characters of `text` to `line`, control characters replaced.
pub(super) fn on_one_line(text: &str, most: usize, line: &mut String) {
    let before = line.len();
    let mut count = 0;
    for word in text.split_whitespace() {
        if count > 0 && count < most {
            line.push(' ');
            count += 1;
        }
        // Most words are plain, and taken as they are.
        let is_plain = |byte: u8| byte.is_ascii() && !byte.is_ascii_control();
        if word.len() < most - count && word.bytes().all(is_plain) {
            line.push_str(word);
            count += word.len();
            continue;
        }
        for c in word.chars() {
            if count == most {
                line.truncate(before + line[before..].trim_end().len());
                return;
            }
            // Other control characters would upset a terminal.
            line.push(if c.is_control() { '\u{fffd}' } else { c });
            count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(excerpt(" a\r\n\tb  c\u{7}\n"), "a b c\u{fffd}");
        let long = excerpt(&"é ".repeat(300));
        assert_eq!(long.chars().count(), 199);
    }
}
