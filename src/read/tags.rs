//! HTML without a tree: all text between the tags, and what it would take to make a tree.
//!
//! In: the decoded source. Out: its text, block by block on lines of their own; or its [`Shape`].
//! Both take one pass and no more memory than the text, whatever the page is.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::LazyLock;

use ahash::AHashMap;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use regex::Regex;

/// All text of a page: what stands between tags, scripts and styles aside.
pub fn all_text(source: &str) -> String {
    let sink = Lines(RefCell::default());
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(source));
    // Scripts are never run, so nothing holds the tokenizer up.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let mut state = tokenizer.sink.0.into_inner();
    state.end_line();
    state.text
}

/// Elements that stand within a line. All others begin one.
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "img", "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
];

/// The text as it grows.
#[derive(Default)]
struct State {
    text: String,
    /// Where the line begins.
    line: usize,
    /// Whether white space was met and a word may follow.
    space: bool,
    /// The element whose content is no text.
    hidden: Option<String>,
}

impl State {
    fn add(&mut self, characters: &str) {
        for character in characters.chars() {
            if character.is_whitespace() {
                self.space = true;
                continue;
            }
            if self.space && self.text.len() > self.line {
                self.text.push(' ');
            }
            self.space = false;
            self.text.push(character);
        }
    }

    fn end_line(&mut self) {
        if self.text.len() > self.line {
            self.text.push('\n');
            self.line = self.text.len();
        }
        self.space = false;
    }
}

struct Lines(RefCell<State>);

impl TokenSink for Lines {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let mut state = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(characters) if state.hidden.is_none() => state.add(&characters),
            Token::NullCharacterToken if state.hidden.is_none() => state.add("\u{fffd}"),
            Token::TagToken(tag) => {
                let name = &*tag.name;
                if tag.kind == TagKind::EndTag {
                    if state.hidden.as_deref() == Some(name) {
                        state.hidden = None;
                    }
                } else if matches!(name, "script" | "style" | "xmp" | "iframe" | "noembed") {
                    state.hidden.get_or_insert_with(|| name.to_owned());
                    let kind =
                        if name == "script" { RawKind::ScriptData } else { RawKind::Rawtext };
                    return TokenSinkResult::RawData(kind);
                } else if matches!(name, "title" | "textarea") {
                    state.end_line();
                    return TokenSinkResult::RawData(RawKind::Rcdata);
                }
                if !INLINE.contains(&name) {
                    state.end_line();
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// Where a page says that it belongs: the target of its canonical link, with references in it resolved.
pub fn canonical_link(source: &str) -> Option<String> {
    static LINK: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)<(?:link\b[^>]*>|body\b)").expect("the pattern is a good one")
    });
    LINK.find_iter(source)
        .map(|found| found.as_str())
        .take_while(|tag| tag.ends_with('>'))
        .find_map(|tag| {
            let tokenizer = Tokenizer::new(Link(RefCell::default()), TokenizerOpts::default());
            let input = BufferQueue::default();
            input.push_back(StrTendril::from_slice(tag));
            let _ = tokenizer.feed(&input);
            tokenizer.end();
            tokenizer.sink.0.into_inner()
        })
}

/// The target of a tag that is a canonical link.
struct Link(RefCell<Option<String>>);

impl TokenSink for Link {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        if let Token::TagToken(tag) = token {
            let value = |name: &str| {
                let found = tag.attrs.iter().find(|attribute| &*attribute.name.local == name);
                found.map(|attribute| attribute.value.trim())
            };
            let rel = value("rel").unwrap_or_default();
            if rel.split_whitespace().any(|kind| kind.eq_ignore_ascii_case("canonical")) {
                *self.0.borrow_mut() =
                    value("href").filter(|href| !href.is_empty()).map(str::to_owned);
            }
        }
        TokenSinkResult::Continue
    }
}

/// The most attributes of a tag that are read. Each is compared with those before it.
const MOST_ATTRIBUTES: usize = 256;

/// The page, but tags of more than [`MOST_ATTRIBUTES`] attributes have none.
pub fn with_few_attributes(source: &str) -> Cow<'_, str> {
    let mut tags = Tags::of(source);
    let mut out = String::new();
    let mut kept = 0;
    while let Some(tag) = tags.next(|_| {}) {
        if tag.attributes > MOST_ATTRIBUTES {
            out.push_str(&source[kept..tag.name.end]);
            kept = tag.end;
        }
        if !tag.is_closing {
            tags.step_over(&source[tag.name].to_ascii_lowercase());
        }
    }
    if kept == 0 {
        return Cow::Borrowed(source);
    }
    out.push_str(&source[kept..]);
    Cow::Owned(out)
}

/// The tags of a page one after the other, as the HTML standard splits them (13.2.5); comments are stepped over.
struct Tags<'s> {
    bytes: &'s [u8],
    at: usize,
}

/// A tag.
struct Tag {
    name: Range<usize>,
    is_closing: bool,
    attributes: usize,
    /// Where its `>` is, or the end of the page.
    end: usize,
}

impl<'s> Tags<'s> {
    fn of(source: &'s str) -> Self {
        Tags { bytes: source.as_bytes(), at: 0 }
    }

    /// The next tag; calls `text` with what stands before it and between comments.
    fn next(&mut self, mut text: impl FnMut(&'s [u8])) -> Option<Tag> {
        loop {
            let rest = &self.bytes[self.at..];
            let length = memchr::memchr(b'<', rest).unwrap_or(rest.len());
            text(&rest[..length]);
            let start = self.at + length + 1;
            let after = self.bytes.get(start..)?;
            self.at = start;
            if after.starts_with(b"!--") {
                self.at = comment_end(self.bytes, start + 1);
                continue;
            }
            let is_closing = after.starts_with(b"/");
            let start = start + usize::from(is_closing);
            if !self.bytes.get(start).is_some_and(u8::is_ascii_alphabetic) {
                continue;
            }
            let ends = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/');
            let name = start..first(self.bytes, start, ends);
            let (end, attributes) = attributes(self.bytes, name.end);
            self.at = (end + 1).min(self.bytes.len());
            return Some(Tag { name, is_closing, attributes, end });
        }
    }

    /// Goes on behind the content of the element whose tag was found last, if there are no tags in it.
    fn step_over(&mut self, name: &str) {
        if RAW.contains(&name) {
            let ends = memchr::memmem::find_iter(&self.bytes[self.at..], b"</");
            let is_end = |&end: &usize| {
                let found = self.bytes.get(end + 2..end + 2 + name.len());
                found.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
            };
            let end = ends.map(|end| self.at + end).find(is_end);
            self.at = end.unwrap_or(self.bytes.len());
        }
    }
}

/// The first place from `at` on of a byte for which this holds, or the end.
fn first(bytes: &[u8], at: usize, holds: impl Fn(u8) -> bool) -> usize {
    bytes[at..].iter().position(|&byte| holds(byte)).map_or(bytes.len(), |found| at + found)
}

/// Where the text goes on behind a comment whose first hyphen is at `start`.
fn comment_end(bytes: &[u8], start: usize) -> usize {
    memchr::memchr_iter(b'>', &bytes[start..])
        .find(|&length| {
            let comment = &bytes[start..start + length];
            comment.ends_with(b"--") || (comment.ends_with(b"--!") && length >= "----!".len())
        })
        .map_or(bytes.len(), |length| start + length + 1)
}

/// Where a tag ends whose name ends at `at`, and how many attributes it has.
fn attributes(bytes: &[u8], mut at: usize) -> (usize, usize) {
    let is_space = |byte: u8| byte.is_ascii_whitespace();
    let mut count = 0;
    loop {
        at = first(bytes, at, |byte| !is_space(byte) && byte != b'/');
        if bytes.get(at).is_none_or(|&byte| byte == b'>') {
            return (at, count);
        }
        count += 1;
        // The first character of a name may be any, even `=`.
        at = first(bytes, at + 1, |byte| is_space(byte) || matches!(byte, b'/' | b'>' | b'='));
        let equals = first(bytes, at, |byte| !is_space(byte));
        if bytes.get(equals) != Some(&b'=') {
            continue;
        }
        at = first(bytes, equals + 1, |byte| !is_space(byte));
        at = match bytes.get(at) {
            Some(&quote @ (b'"' | b'\'')) => match memchr::memchr(quote, &bytes[at + 1..]) {
                Some(length) => at + length + 2,
                None => bytes.len(),
            },
            _ => first(bytes, at, |byte| is_space(byte) || byte == b'>'),
        };
    }
}

/// What it takes to make a tree of a page: rather too much is told than too little.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Most elements that are open at once.
    pub depth: usize,
    /// Elements: start tags, and formatting that is still open where a block begins or ends, since it is opened there once more.
    pub elements: usize,
    /// Tags of the page itself and its body: attributes of each go to the first.
    pub roots: usize,
    /// Characters written as references, each times the bytes of the text that it is added to.
    pub references: u64,
}

/// Elements that are opened again in the next block if they are not ended in theirs.
const FORMATTING: &[&str] = &[
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];

/// Elements without an end tag, and those that another of their kind, or the end of what is around them, ends.
const ENDED_BY_OTHERS: &[&str] = &[
    "area", "base", "body", "br", "col", "colgroup", "dd", "dt", "embed", "head", "hr", "html",
    "img", "input", "li", "link", "meta", "option", "p", "param", "source", "tbody", "td", "tfoot",
    "th", "thead", "tr", "track", "wbr",
];

/// Elements that leave a drawing or a formula, in which alone `/>` ends an element.
const HTML_ONLY: &[&str] = &[
    "b",
    "big",
    "blockquote",
    "center",
    "code",
    "div",
    "dl",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "i",
    "listing",
    "menu",
    "nobr",
    "ol",
    "pre",
    "ruby",
    "s",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tt",
    "u",
    "ul",
    "var",
];

/// Elements whose content has no tags.
const RAW: &[&str] = &["script", "style", "textarea", "title", "xmp", "iframe", "noembed"];

/// Takes the measure of a page without making a tree of it.
pub fn shape(source: &str) -> Shape {
    let bytes = source.as_bytes();
    let mut shape = Shape::default();
    let mut open: AHashMap<String, usize> = AHashMap::new();
    let (mut depth, mut foreign, mut formatting) = (0usize, 0usize, 0usize);
    let mut text = 0;
    let mut tags = Tags::of(source);
    loop {
        let tag = tags.next(|between| {
            text += between.len() as u64;
            shape.references += memchr::memchr_iter(b'&', between).count() as u64 * text;
        });
        let Some(tag) = tag else { break };
        let name = source[tag.name].to_ascii_lowercase();
        let is_self_closing = bytes[..tag.end].ends_with(b"/");
        if !INLINE.contains(&&*name) {
            shape.elements += formatting;
        }
        if tag.is_closing {
            if let Some(count) = open.get_mut(&name).filter(|count| **count > 0) {
                *count -= 1;
                depth -= 1;
                foreign -= usize::from(matches!(&*name, "svg" | "math"));
                formatting -= usize::from(FORMATTING.contains(&&*name));
            }
            continue;
        }
        text = 0;
        shape.elements += 1;
        shape.roots += usize::from(matches!(&*name, "html" | "body"));
        let ended = ENDED_BY_OTHERS.contains(&&*name)
            || (is_self_closing && foreign > 0 && !HTML_ONLY.contains(&&*name))
            || (is_self_closing && matches!(&*name, "svg" | "math"));
        if RAW.contains(&&*name) && foreign == 0 {
            tags.step_over(&name);
        } else if !ended {
            depth += 1;
            foreign += usize::from(matches!(&*name, "svg" | "math"));
            formatting += usize::from(FORMATTING.contains(&&*name));
            shape.depth = shape.depth.max(depth);
            *open.entry(name).or_default() += 1;
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_link_is_found_in_the_head() {
        for (source, link) in [
            (
                "<head><link rel=stylesheet href=a.css><LINK href='https://a.example/?x=1&amp;y=2' REL='Canonical'>",
                Some("https://a.example/?x=1&y=2"),
            ),
            ("<link rel=canonical href=\"\">", None),
            ("<body><link rel=canonical href=b>", None),
            ("no tag at all", None),
        ] {
            assert_eq!(canonical_link(source).as_deref(), link, "{source}");
        }
    }

    #[test]
    fn blocks_are_lines_and_what_is_not_shown_is_no_text() {
        let source = "<title>A &amp; B</title><style>p {}</style><p>One <b>bold</b>\n word<br>two\
            <script>if (a < b) '<p>'</script><ul><li>x<li>y</ul><!-- no -->&eacute;";
        assert_eq!(all_text(source), "A & B\nOne bold word\ntwo\nx\ny\né\n");
    }

    #[test]
    fn only_tags_of_very_many_attributes_lose_them() {
        let many = (0..300).map(|one| format!(" a{one}=1")).collect::<String>();
        let long = format!(" style=\"{}\"", many.replace('=', ":"));
        for (source, expected) in [
            (format!("<p{many}>a < b"), "<p>a < b".to_owned()),
            (format!("x<br{many}/><b{many}>y"), "x<br><b>y".to_owned()),
            (format!("x<i {} y", many.replace(' ', "/").replace("=1", "")), "x<i".to_owned()),
            (format!("<p{long}>x"), format!("<p{long}>x")),
            (format!("< {many}>é"), format!("< {many}>é")),
            (format!("<script>a<n{many}</script>x"), format!("<script>a<n{many}</script>x")),
            (format!("<!-- a<n{many} -->x"), format!("<!-- a<n{many} -->x")),
            (format!("<p a=1{}b=2>x", " ".repeat(300)), format!("<p a=1{}b=2>x", " ".repeat(300))),
            (format!("<p =\">x{many}\">"), format!("<p =\">x{many}\">")),
        ] {
            assert_eq!(with_few_attributes(&source), expected);
        }
    }

    #[test]
    fn depth_is_never_told_too_small() {
        for (source, depth, elements) in [
            ("<html><body><p>a<p>b<ul><li>c<li>d</ul>", 1, 7),
            ("<div><div title=\"</div>\"></div></div>", 2, 2),
            ("<div a='>'><script><div><div></script></div>", 1, 2),
            ("<svg><path/><path/></svg><div/><div/>", 2, 5),
            ("<!-- <div> --><i></b></b><i>", 2, 2),
            ("<!-- a ---!><div><!--><div><!---><div><!--!><div>-->", 3, 3),
            ("<p =\"><div><a href=x=\"><div>", 3, 5),
            ("<div a = '>' b=\"<i>\"c><div / d>", 2, 2),
            ("<rt><rt><optgroup>", 3, 3),
            ("a < b <3 </>", 0, 0),
            ("<", 0, 0),
            ("<div", 1, 1),
            ("<b><i><p>a<p>b</p><p>", 2, 5 + 4 * 2),
            ("<p><b>a</b></p><p><i>b</i></p>", 1, 4),
        ] {
            let shape = shape(source);
            assert_eq!((shape.depth, shape.elements), (depth, elements), "{source}");
        }
    }
}
