//! The page itself: one file of HTML that needs nothing else.
//!
//! In: the head, the plots and the data. Out: bytes. Foreign text reaches the page in two ways only:
//! through the template, which escapes it, and as JSON in which every `<` is written as `\u003c`, so that
//! nothing in it ends the script or begins a comment. The script makes text of it, never
//! markup. A policy in the page allows this one script and this one style by their hashes, and nothing to be
//! fetched from anywhere.

use std::io::{self, Write};

use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::data::{Blocks, Data};
use super::entries::FURNITURE;
use super::head::Head;
use super::plots::Plot;
use crate::error::{Error, Result};

/// What the page looks like.
const STYLE: &str = include_str!("page.css");

/// What it does: the files one after the other, in one script.
const SCRIPT: &str = concat!(
    "'use strict';\n",
    include_str!("js/data.js"),
    include_str!("js/show.js"),
    include_str!("js/diff.js"),
    include_str!("js/pair.js"),
    include_str!("js/entry.js"),
    include_str!("js/list.js"),
    include_str!("js/filter.js"),
    include_str!("js/hits.js"),
    include_str!("js/map.js"),
    include_str!("js/export.js"),
    include_str!("js/keys.js"),
    include_str!("js/main.js"),
);

/// A page that is ready to be written.
#[derive(Debug)]
pub struct Page {
    top: String,
    notes: Vec<String>,
    data: Data,
    blocks: Blocks,
}

#[derive(Template)]
#[template(path = "page.html")]
struct Top<'a> {
    policy: &'a str,
    style: &'a str,
    head: &'a Head,
    plots: &'a [Plot],
    has_entries: bool,
    furniture: (u32, u32),
}

impl Page {
    /// Makes the page of its parts.
    pub fn new(head: &Head, plots: &[Plot], data: Data, blocks: Blocks) -> Result<Self> {
        let policy = policy();
        let top = Top {
            policy: &policy,
            style: STYLE,
            head,
            plots,
            has_entries: !data.entries.is_empty(),
            furniture: FURNITURE,
        };
        // Only a value of our own that cannot be displayed would be an error.
        let top = top.render().map_err(|error| Error::options(format!("the page: {error}")))?;
        Ok(Page { top, notes: head.notes.clone(), data, blocks })
    }

    /// What is not in the page, or not as one would think.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What the script reads.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// Writes the page.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut out = io::BufWriter::with_capacity(1 << 16, out);
        out.write_all(self.top.trim_end().as_bytes())?;
        write_json("data", &self.data, &mut out)?;
        for (number, block) in self.blocks.iter().enumerate() {
            write_json(&format!("texts-{number}"), block, &mut out)?;
        }
        write!(out, "\n<script>{SCRIPT}</script>\n</body>\n</html>\n")?;
        out.flush()
    }
}

/// Allows the page its own script and style, and an icon that it holds itself.
fn policy() -> String {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
}

fn write_json(id: &str, value: &impl serde::Serialize, out: &mut impl Write) -> io::Result<()> {
    write!(out, "\n<script type=\"application/json\" id=\"{id}\">")?;
    serde_json::to_writer(Harmless(&mut *out), value)?;
    write!(out, "</script>")
}

/// Writes JSON for a script element. A `<` stands in strings only, and there it can be written otherwise.
struct Harmless<W>(W);

impl<W: Write> Write for Harmless<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while let Some(at) = memchr::memchr(b'<', bytes) {
            self.0.write_all(&bytes[..at])?;
            self.0.write_all(b"\\u003c")?;
            bytes = &bytes[at + 1..];
        }
        self.0.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_cannot_leave_its_script() {
        let mut out = Vec::new();
        let text = "</script><!-- <script>\u{2028}\0 \\u003c";
        write_json("data", &[text], &mut out).unwrap();
        let written = String::from_utf8(out).unwrap();
        let json = written.split_once("\">").unwrap().1.strip_suffix("</script>").unwrap();
        assert!(!json.contains('<'), "{json}");
        assert_eq!(serde_json::from_str::<[String; 1]>(json).unwrap(), [text]);
    }

    #[test]
    fn the_script_and_the_style_hold_nothing_that_ends_them() {
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
        assert!(!STYLE.contains("</"));
        for unsafe_way in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]
        {
            assert!(!SCRIPT.contains(unsafe_way), "{unsafe_way}");
        }
        for address in ["http:", "https:", "//"] {
            let is_comment = |line: &&str| line.trim_start().starts_with("//");
            let mut lines = SCRIPT.lines().filter(|line| !is_comment(line));
            assert!(
                !lines.any(|line| line.contains(address) && !line.contains("www.w3.org/2000/svg")),
                "{address}"
            );
        }
    }
}
