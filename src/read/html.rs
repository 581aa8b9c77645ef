//! A page of HTML to the text that is read of it.
//!
//! In: the decoded source. Out: a [`Page`]: its main text by `dom_smoothie`, with the headline first
//! and paragraphs and captions on lines of their own; or [all of its text](super::tags). A tree
//! that is nested or grown beyond what any editor makes would hold the extraction up for minutes, take
//! gigabytes, or overflow the stack. Such pages are told before a tree is built, by bounds on what makes
//! it costly and not by a clock, so that a page gives the same text on any machine.

use std::borrow::Cow;
use std::str::FromStr;

use dom_smoothie::{Config, Readability, TextMode};

use super::guard::guarded;
use super::tags::{Shape, all_text, canonical_link, shape, with_few_attributes};
use crate::error::Error;

/// The deepest tree to be made: browsers stop there, too.
const MOST_DEPTH: usize = 512;

/// The most elements of a tree to be made.
const MOST_ELEMENTS: usize = 100_000;

/// The most tags of a page itself and its body: attributes of each are looked for among those there are.
const MOST_ROOTS: usize = 64;

/// The most bytes that are moved since a character was written as a reference: about a second.
const MOST_MOVED: u64 = 64 << 30;

impl Shape {
    /// Whether a tree of it is made in seconds, at the most.
    fn fits(&self) -> bool {
        self.depth <= MOST_DEPTH
            && self.elements <= MOST_ELEMENTS
            && self.roots <= MOST_ROOTS
            && self.references <= MOST_MOVED
    }
}

/// What to read of a page of HTML.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Html {
    /// The article: headline, paragraphs, captions.
    #[default]
    Main,
    /// All text between the tags.
    All,
    /// The source as it is.
    Text,
}

/// The names of [`Html`] on the command line.
pub const HTML_NAMES: &[&str] = &["main", "all", "text"];

impl Html {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Html::Main => "main",
            Html::All => "all",
            Html::Text => "text",
        }
    }
}

impl FromStr for Html {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "main" => Ok(Html::Main),
            "all" => Ok(Html::All),
            "text" => Ok(Html::Text),
            _ => Err(Error::options(format!(
                "unknown part of a page `{name}`: use one of {}",
                HTML_NAMES.join(", ")
            ))),
        }
    }
}

/// What was read of a page.
#[derive(Debug, Default, PartialEq)]
pub struct Page {
    /// The text that spans refer to.
    pub text: String,
    /// When it was published, as the page tells it.
    pub date: Option<String>,
    /// Where it belongs, as it tells itself.
    pub link: Option<String>,
    /// Whether all text was taken because no main text could be.
    pub stripped: bool,
}

/// Reads a page. Cost: linear in its length for `All`; some 10 ns a byte for `Main`.
pub fn page(source: &str, html: Html) -> Page {
    let source = match html {
        Html::Text => Cow::Borrowed(source),
        Html::All | Html::Main => with_few_attributes(source),
    };
    let source = &*source;
    let link = canonical_link(source);
    let page = match html {
        Html::Text => Page { text: source.to_owned(), ..Page::default() },
        Html::All => Page { text: all_text(source), ..Page::default() },
        Html::Main => {
            // A page that breaks the extraction is no reason to stop.
            let main = || guarded(|| main_text(source)).flatten();
            shape(source).fits().then(main).flatten().unwrap_or_else(|| Page {
                text: all_text(source),
                stripped: true,
                ..Page::default()
            })
        }
    };
    Page { link, ..page }
}

fn main_text(source: &str) -> Option<Page> {
    let config = Config { text_mode: TextMode::Formatted, ..Config::default() };
    let article = Readability::new(source, None, Some(config)).ok()?.parse().ok()?;
    let mut text = String::with_capacity(article.text_content.len() + article.title.len() + 1);
    let title = article.title.trim();
    let lines = || article.text_content.lines().map(str::trim).filter(|line| !line.is_empty());
    if !title.is_empty() && !lines().take(3).any(|line| line == title) {
        text.push_str(title);
        text.push('\n');
    }
    for line in lines() {
        text.push_str(line);
        text.push('\n');
    }
    Some(Page { text, date: article.published_time, ..Page::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "The harbour board of Gannet Sound said on Monday that the ferry will run twice a day \
        from June, and that the new pier, which has been closed since the storm, opens in May.";

    fn article() -> String {
        let paragraphs = format!("<p>{BODY}</p>").repeat(4);
        format!(
            "<html><head><title>Gannet ferry to run twice a day | The Courier</title>\
             <meta property=\"article:published_time\" content=\"2025-06-30T15:59:30Z\"></head><body>\
             <nav><ul><li><a href=/>Home</a><li><a href=/sport>Sport</a></ul></nav>\
             <article><h1>Gannet ferry to run twice a day</h1>{paragraphs}\
             <figure><img src=a.jpg><figcaption>The pier on Sunday &amp; before</figcaption></figure>\
             </article><script>var a = \"<p>no text</p>\";</script></body></html>"
        )
    }

    #[test]
    fn the_main_text_has_headline_paragraphs_captions_and_a_date() {
        let page = page(&article(), Html::Main);
        let lines: Vec<&str> = page.text.lines().collect();
        assert_eq!(lines[0], "Gannet ferry to run twice a day");
        assert_eq!(lines.iter().filter(|&&line| line == BODY).count(), 4, "{lines:#?}");
        assert!(lines.contains(&"The pier on Sunday & before"), "{lines:#?}");
        assert!(!page.text.contains("Sport") && !page.text.contains("no text"));
        assert_eq!(page.date.as_deref(), Some("2025-06-30T15:59:30Z"));
        assert!(!page.stripped);
    }

    #[test]
    fn what_no_editor_makes_is_stripped() {
        let many_pending: String = (0..400).map(|id| format!("<b id={id}>")).collect();
        let wide = "<p>word</p>".repeat(MOST_ELEMENTS + 1);
        for source in [
            "<div>".repeat(20_000) + BODY,
            "<div/>".repeat(20_000) + BODY,
            "<svg>".to_owned() + &"<div/>".repeat(20_000) + BODY,
            "<div></b>".repeat(20_000) + BODY,
            "<b><p>".repeat(20_000) + BODY,
            "<ul><li>".repeat(20_000) + BODY,
            "<body a=1>".repeat(MOST_ROOTS + 1) + BODY,
            many_pending + &"<p>x".repeat(1000) + BODY,
            "fish &amp; chips ".repeat(100_000) + BODY,
            wide + BODY,
            BODY.to_owned(),
        ] {
            let page = page(&source, Html::Main);
            assert!(page.text.contains(BODY), "{}", &source[..40]);
            assert!(page.stripped || source == BODY, "{}", &source[..40]);
        }
    }
}
