//! What was read of pages, saved, so that spans can be followed.
//!
//! In: the [`Catalog`]. Out: a file for each document whose text is in no file of the corpus as it
//! stands: pages of HTML. It is called by the document's name and `.txt`.

use std::fs;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use super::walk::{Excluded, is_passed_by, real_path};
use super::{Catalog, Corpus, Source, Visitor};
use crate::document::{DocId, Document};
use crate::error::{Error, ErrorKind, Result};
use crate::progress::Progress;

/// The longest name of a file, in bytes, that any system takes; some room is left for what is added.
const LONGEST_NAME: usize = 200;

/// What some system has no place for in a name, or what would steer the terminal that lists it.
fn is_forbidden(c: char) -> bool {
    matches!(c, '/' | '\\' | ':') || c.is_control()
}

impl Corpus {
    /// Whether texts can be written below `folder`: not where the next run over `sources`, or over the
    /// references, would take them for documents.
    ///
    /// # Errors
    /// [`ErrorKind::OutputInInput`]; the system's.
    pub fn check_text_folder(&self, sources: &[Source], folder: &Path) -> Result<()> {
        let real = real_path(folder).map_err(|error| Error::io(folder, error))?;
        let excluded = Excluded::of(&self.options.exclude)?;
        for path in sources.iter().chain(&self.options.against).filter_map(Source::path) {
            // A PATH that is not there is told when it is to be read.
            let Ok(path) = fs::canonicalize(path) else { continue };
            let Ok(below) = real.strip_prefix(&path) else { continue };
            let is_passed_by = below.iter().any(is_passed_by);
            // Whatever the name of the file will be.
            if !is_passed_by && !excluded.leaves_out(&below.join("text")) {
                return Err(Error::new(ErrorKind::OutputInInput).at_path(folder.display()));
            }
        }
        Ok(())
    }

    /// Writes the text of every document that was extracted below `folder`.
    ///
    /// # Errors
    /// The system's; a file that has changed.
    pub fn write_texts(
        &self,
        catalog: &Catalog,
        folder: &Path,
        progress: &dyn Progress,
    ) -> Result<()> {
        let wanted: Vec<DocId> = catalog.extracted.iter().cloned().flatten().map(DocId).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let writer = Writer { corpus: self, catalog, folder };
        self.revisit(catalog, &wanted, ("writing texts", progress), &writer).map(drop)
    }
}

struct Writer<'a> {
    corpus: &'a Corpus,
    catalog: &'a Catalog,
    folder: &'a Path,
}

impl Visitor for Writer<'_> {
    type Unit = Result<()>;
    type Kept = ();

    fn begin(&self) -> Result<()> {
        Ok(())
    }

    fn visit(&self, unit: &mut Result<()>, number: DocId, document: Document<'_>) {
        if unit.is_ok() {
            let name = self.corpus.name(self.catalog, number, document.id);
            let path = self.folder.join(path_of(&name));
            let written = path
                .parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::write(&path, document.text));
            *unit = written.map_err(|error| Error::io(&path, error));
        }
    }

    fn finish(&self, unit: Result<()>) -> Result<()> {
        unit
    }
}

/// Where a document of this name goes: folders as it has them, but nowhere outside.
fn path_of(name: &str) -> PathBuf {
    // A record's id has slashes that are no folders.
    let (file, record) = name.split_at(name.find('#').unwrap_or(name.len()));
    let (folders, file) = file.rsplit_once('/').unwrap_or(("", file));
    let file = format!("{file}{record}.txt");
    folders
        .split('/')
        .filter(|part| !part.is_empty())
        .chain([&*file])
        .map(|part| match part {
            "." | ".." => part.replace('.', "%2E"),
            part => {
                let name = escaped(part);
                if name.len() <= LONGEST_NAME {
                    return name;
                }
                let cut = (0..=LONGEST_NAME).rev().find(|&at| name.is_char_boundary(at));
                format!("{}-{:016x}.txt", &name[..cut.unwrap_or(0)], xxh3_64(part.as_bytes()))
            }
        })
        .collect()
}

/// The part with what is forbidden as percent and hexadecimal digits, and a percent sign that would
/// be taken for one of ours, so that no two become one.
fn escaped(part: &str) -> String {
    let mut name = String::with_capacity(part.len());
    for (at, c) in part.char_indices() {
        let code = || u8::from_str_radix(part.get(at + 1..at + 3)?, 16).ok().map(char::from);
        let is_like_ours =
            || code().is_some_and(|c| is_forbidden(c) || matches!(c, '.' | '%' | '\u{c2}'));
        if is_forbidden(c) || (c == '%' && is_like_ours()) {
            c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| name += &format!("%{byte:02X}"));
        } else {
            name.push(c);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        for (name, path) in [
            ("a/b.html", "a/b.html.txt"),
            ("../../etc/passwd", "%2E%2E/%2E%2E/etc/passwd.txt"),
            ("/abs.html", "abs.html.txt"),
            ("a\u{1b}[2J\u{9b}\0.html", "a%1B[2J%C2%9B%00.html.txt"),
            ("x.warc#https://a.example/b/..", "x.warc#https%3A%2F%2Fa.example%2Fb%2F...txt"),
        ] {
            assert_eq!(path_of(name), Path::new(path), "{name}");
        }
        let alike =
            ["a#b:c", "a#b_c", "a#b%3Ac", "a#b%253Ac", "a#b/c", "a#b%2Fc", "a#\u{9b}", "a#%C2%9B"];
        for (at, one) in alike.iter().enumerate() {
            assert!(alike[..at].iter().all(|other| path_of(other) != path_of(one)), "{one}");
        }
        assert_eq!(path_of("a#caf%C3%A9%20b"), Path::new("a#caf%C3%A9%20b.txt"));
        let long = path_of(&format!("a#{}", "é".repeat(300)));
        assert!(long.as_os_str().len() < 255 && long != path_of(&format!("a#{}", "é".repeat(301))));
    }
}
