//! Pages and crawls to the text that was read of them, without what is cut.
//!
//! In: documents whose text is in no file as it stands. Out: for a page a text file, or a record of JSON; for a
//! crawl a file of such records. A page cannot be cut as it is: its text was put together of it.

use std::path::{Path, PathBuf};

use ahash::{AHashMap, RandomState};
use serde::Serialize;

use super::Cleaner;
use super::options::PageFormat;
use crate::clean::{Change, RemovedRow, Rewriter, Targets, lines};
use crate::document::{DocId, Document};
use crate::error::{Error, ErrorKind, Result};
use crate::read::{Form, Layout, Visitor};
use crate::spill::{Spill, Stored};

/// The field of a written record that holds the text.
const TEXT_FIELD: &str = "text";

/// A document as a record.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    text: &'a str,
}

/// Files that are written as something else, by number.
pub type Formats = AHashMap<usize, PageFormat>;

/// A file of which the text is written.
#[derive(Default)]
pub struct Extract {
    /// Its content, in order.
    pub content: Vec<Stored<u8>>,
    /// The rows that tell what is cut.
    pub rows: Vec<Stored<u8>>,
    /// Whether anything is left of it.
    pub is_there: bool,
}

impl PageFormat {
    /// How a text stands in such a file, for `kept.csv`.
    pub fn form(self) -> String {
        match self {
            PageFormat::Text => Form::utf8().name(),
            PageFormat::Jsonl => Layout::json(TEXT_FIELD).name(),
        }
    }

    /// Where what `path` becomes is written: as it, with one more extension before that of its compression.
    fn target(self, path: &Path) -> PathBuf {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let lower = name.to_ascii_lowercase();
        let packed = [".gz", ".zst", ".zstd"].into_iter().find(|suffix| lower.ends_with(suffix));
        let (stem, suffix) = name.split_at(name.len() - packed.map_or(0, str::len));
        let extension = match self {
            PageFormat::Text => "txt",
            PageFormat::Jsonl => "jsonl",
        };
        path.with_file_name(format!("{stem}.{extension}{suffix}"))
    }
}

impl Cleaner<'_> {
    /// The files that are written as something else.
    pub fn formats(&self) -> Formats {
        let catalog = &self.sketched.catalog;
        let mut formats = AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        for file in 0..self.corpus.files().len() {
            let Some(first) = catalog.documents_of(file).next().map(DocId) else { continue };
            // Of a file that could not be read to its end more is kept by copying it.
            if catalog.is_extracted(first) && !self.fixed[first.index()] {
                let is_page = catalog.line_of(first).is_none();
                let format = if is_page { self.options.page_format } else { PageFormat::Jsonl };
                formats.insert(file, format);
            }
        }
        formats
    }

    /// Where files belong by what they become.
    pub fn renamed(&self, targets: &Targets, formats: &Formats) -> Result<Targets> {
        let targets: Vec<PathBuf> = (0..)
            .zip(&targets.0)
            .map(|(file, target)| match formats.get(&file) {
                Some(format) => format.target(target),
                None => target.clone(),
            })
            .collect();
        Targets::of(targets.iter().map(PathBuf::as_path))
    }

    /// What those files become.
    pub fn extract(
        &self,
        rewriter: &Rewriter<'_>,
        formats: &Formats,
        names: &AHashMap<DocId, String>,
        spill: &Spill,
    ) -> Result<AHashMap<usize, Extract>> {
        let mut extracts: AHashMap<usize, Extract> =
            AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        if formats.is_empty() {
            return Ok(extracts);
        }
        let catalog = &self.sketched.catalog;
        let mut files: Vec<usize> = formats.keys().copied().collect();
        files.sort_unstable();
        let wanted: Vec<DocId> =
            files.iter().flat_map(|&file| catalog.documents_of(file)).map(DocId).collect();
        let extractor = Extractor { cleaner: self, rewriter, formats, names, spill };
        let stage = ("writing texts", self.progress);
        for part in
            self.corpus.revisit_whole(catalog, &wanted, stage, &extractor)?.into_iter().flatten()
        {
            let extract = extracts.entry(part.file).or_default();
            extract.content.push(part.content);
            extract.rows.push(part.rows);
            extract.is_there |= part.is_there;
        }
        Ok(extracts)
    }
}

struct Extractor<'a> {
    cleaner: &'a Cleaner<'a>,
    rewriter: &'a Rewriter<'a>,
    formats: &'a Formats,
    names: &'a AHashMap<DocId, String>,
    spill: &'a Spill,
}

/// What a unit gives of one file.
struct Part {
    file: usize,
    content: Vec<u8>,
    rows: Vec<RemovedRow>,
    is_there: bool,
}

struct StoredPart {
    file: usize,
    content: Stored<u8>,
    rows: Stored<u8>,
    is_there: bool,
}

impl Visitor for Extractor<'_> {
    type Unit = Result<Vec<Part>>;
    type Kept = Vec<StoredPart>;

    fn begin(&self) -> Self::Unit {
        Ok(Vec::new())
    }

    fn visit(&self, unit: &mut Self::Unit, id: DocId, document: Document<'_>) {
        let Ok(parts) = unit else { return };
        let Cleaner { corpus, sketched, ledger, .. } = self.cleaner;
        let file = sketched.catalog.file_of(id);
        let Some(format) = self.formats.get(&file) else { return };
        if parts.last().is_none_or(|part| part.file != file) {
            // A file of records is there though none of them is.
            let is_there = *format == PageFormat::Jsonl;
            parts.push(Part { file, content: Vec::new(), rows: Vec::new(), is_there });
        }
        let Some(part) = parts.last_mut() else { return };
        let change = match ledger.of(id).is_empty() {
            true => None,
            false => self.names.get(&id).map(|name| Change { document: id, name: name.clone() }),
        };
        let whole = match format {
            PageFormat::Text => document.text.to_owned(),
            PageFormat::Jsonl => {
                let name = corpus.name(&sketched.catalog, id, document.id);
                let Document { date, link, text, .. } = document;
                let line = Line { id: document.id.unwrap_or(&name), date, url: link, text };
                serde_json::to_string(&line).expect("strings are JSON") + "\n"
            }
        };
        let changed = match (&change, format) {
            (None, _) => Some((Vec::new(), Some(whole))),
            (Some(change), PageFormat::Text) => self.rewriter.text(change, &whole),
            (Some(change), PageFormat::Jsonl) => {
                let record = self.rewriter.record(change, &whole, &Layout::json(TEXT_FIELD));
                record.map(|(rows, left)| (rows, Some(left)))
            }
        };
        match changed {
            Some((rows, left)) => {
                part.rows.extend(rows);
                part.is_there |= left.is_some();
                part.content.extend(left.unwrap_or_default().into_bytes());
            }
            None => {
                let path = corpus.files()[file].path.display();
                *unit = Err(Error::new(ErrorKind::Changed).at_path(path));
            }
        }
    }

    fn finish(&self, unit: Self::Unit) -> Result<Self::Kept> {
        unit?
            .into_iter()
            .map(|Part { file, content, rows, is_there }| {
                let content = self.spill.store(&content)?;
                Ok(StoredPart { file, content, rows: self.spill.store(&lines(&rows))?, is_there })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_becomes_is_told_by_its_name() {
        for (format, path, target) in [
            (PageFormat::Text, "a/b.html", "a/b.html.txt"),
            (PageFormat::Text, "b.HTML.GZ", "b.HTML.txt.GZ"),
            (PageFormat::Jsonl, "c.warc.zst", "c.warc.jsonl.zst"),
            (PageFormat::Text, "\u{e9}", "\u{e9}.txt"),
        ] {
            assert_eq!(format.target(Path::new(path)), Path::new(target));
        }
    }
}
