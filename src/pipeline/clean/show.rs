//! What would go, without writing it.
//!
//! In: the ledger. Out: a [`Removal`] for each cut, in reading order, with what stands around it
//! and with the copy that would stay, for whoever shows them.

use std::io::Write;
use std::ops::Range;

use ahash::{AHashMap, RandomState};

use super::{Cleaner, Show};
use crate::clean::{Cut, Reason};
use crate::document::{DocId, Document, Span};
use crate::error::{Error, Result};
use crate::read::Visitor;
use crate::spill::{Spill, Stored};

/// How much of the text around a cut is shown, in bytes at the most.
const CONTEXT: usize = 160;

/// A cut as it is shown.
#[derive(Clone, Debug)]
pub struct Removal<'a> {
    /// The document's name.
    pub document: &'a str,
    /// The line it starts in, from 1.
    pub line: usize,
    /// Why it goes.
    pub reason: Reason,
    /// What stands before it, on its line or the line before.
    pub before: &'a str,
    /// What goes.
    pub text: &'a str,
    /// What stands after it.
    pub after: &'a str,
    /// The document of the copy that stays, the line it starts in, and its text.
    pub kept: Option<(&'a str, usize, &'a str)>,
    /// How similar the two are.
    pub similarity: Option<f64>,
}

impl Cleaner<'_> {
    /// Shows what would go.
    pub fn show(&self, show: Show<'_>, out: &mut dyn Write) -> Result<()> {
        let changed = self.ledger.documents();
        let cuts = changed.iter().flat_map(|&document| self.ledger.of(document));
        let mut wanted: Vec<DocId> =
            cuts.filter_map(|cut| cut.kept).map(|kept| kept.document).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let catalog = &self.sketched.catalog;
        let keeper = Keeper { cleaner: self, spill: self.workspace.spill() };
        let stage = ("reading copies", self.progress);
        let units = self.corpus.revisit_whole(catalog, &wanted, stage, &keeper)?;
        let mut kept = KeptTexts {
            spill: keeper.spill,
            units: Vec::new(),
            of: AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4)),
        };
        for (number, (texts, places)) in units.into_iter().enumerate() {
            kept.units.push(texts);
            kept.of.extend(
                places.into_iter().map(|(document, name, place)| (document, (number, name, place))),
            );
        }
        let shower = Shower { cleaner: self, kept, show, spill: self.workspace.spill() };
        let stage = ("showing", self.progress);
        let units = self.corpus.revisit_whole(catalog, &changed, stage, &shower)?;
        let mut buffer = Vec::new();
        for shown in &units {
            out.write_all(shower.spill.read(shown, 0..shown.len(), &mut buffer)?)
                .map_err(|error| Error::io("standard output", error))?;
        }
        Ok(())
    }
}

type Place = (DocId, String, Range<usize>);

/// Keeps the texts of copies that stay.
struct Keeper<'a> {
    cleaner: &'a Cleaner<'a>,
    spill: Spill,
}

impl Visitor for Keeper<'_> {
    type Unit = (Vec<u8>, Vec<Place>);
    type Kept = (Stored<u8>, Vec<Place>);

    fn begin(&self) -> Self::Unit {
        Default::default()
    }

    fn visit(&self, (texts, places): &mut Self::Unit, id: DocId, document: Document<'_>) {
        let start = texts.len();
        texts.extend_from_slice(document.text.as_bytes());
        let name = self.cleaner.corpus.name(&self.cleaner.sketched.catalog, id, document.id);
        places.push((id, name, start..texts.len()));
    }

    fn finish(&self, (texts, places): Self::Unit) -> Result<Self::Kept> {
        Ok((self.spill.store(&texts)?, places))
    }
}

struct KeptTexts {
    spill: Spill,
    units: Vec<Stored<u8>>,
    of: AHashMap<DocId, (usize, String, Range<usize>)>,
}

impl KeptTexts {
    /// A document that stays.
    fn page(&self, document: DocId) -> Result<KeptPage<'_>> {
        let (unit, name, place) = &self.of[&document];
        let mut buffer = Vec::new();
        let bytes = self.spill.read(&self.units[*unit], place.clone(), &mut buffer)?;
        let text = String::from_utf8_lossy(bytes).into_owned();
        Ok(KeptPage { document, name, lines: LineEnds::of(&text), text })
    }
}

/// A document that stays.
struct KeptPage<'a> {
    document: DocId,
    name: &'a str,
    text: String,
    lines: LineEnds,
}

/// Where the lines of a text end.
struct LineEnds(Vec<usize>);

impl LineEnds {
    fn of(text: &str) -> Self {
        LineEnds(memchr::memchr_iter(b'\n', text.as_bytes()).collect())
    }

    /// The line of a byte, from 1.
    fn line(&self, at: usize) -> usize {
        1 + self.0.partition_point(|&end| end < at)
    }
}

struct Shower<'a> {
    cleaner: &'a Cleaner<'a>,
    kept: KeptTexts,
    show: Show<'a>,
    spill: Spill,
}

impl Visitor for Shower<'_> {
    type Unit = Result<Vec<u8>>;
    type Kept = Stored<u8>;

    fn begin(&self) -> Self::Unit {
        Ok(Vec::new())
    }

    fn visit(&self, unit: &mut Self::Unit, id: DocId, document: Document<'_>) {
        let Ok(shown) = unit else { return };
        let name = self.cleaner.corpus.name(&self.cleaner.sketched.catalog, id, document.id);
        let mut cuts: Vec<&Cut> = self.cleaner.ledger.of(id).iter().collect();
        cuts.sort_by_key(|cut| cut.spans[0]);
        let lines = LineEnds::of(document.text);
        // Most copies stand in the document itself, or in one other.
        let mut page = None;
        for cut in cuts {
            match self.removal(cut, (&name, document.text, &lines), &mut page) {
                Ok(mut text) => shown.append(&mut text),
                Err(error) => {
                    *unit = Err(error);
                    return;
                }
            }
        }
    }

    fn finish(&self, unit: Self::Unit) -> Result<Stored<u8>> {
        self.spill.store(&unit?)
    }
}

impl Shower<'_> {
    /// A cut of a document as it is shown; `page` is the last that something stays in.
    fn removal<'s>(
        &'s self,
        cut: &Cut,
        (document, text, lines): (&str, &str, &LineEnds),
        page: &mut Option<KeptPage<'s>>,
    ) -> Result<Vec<u8>> {
        let whole = cut.spans.iter().copied().reduce(Span::hull).unwrap_or(Span::new(0, 0));
        let cut_text: String =
            cut.spans.iter().map(|span| text.get(span.range()).unwrap_or_default()).collect();
        if let Some(kept) =
            cut.kept.filter(|kept| page.as_ref().is_none_or(|page| page.document != kept.document))
        {
            *page = Some(self.kept.page(kept.document)?);
        }
        let kept = cut.kept.zip(page.as_ref()).map(|(kept, page)| {
            let text = with_marks(&page.text, kept.span, cut_text.trim());
            (page.name, page.lines.line(kept.span.start as usize), text)
        });
        let blank = cut_text.len() - cut_text.trim_start().len();
        Ok((self.show)(&Removal {
            document,
            line: lines.line(whole.start as usize + blank),
            reason: cut.reason,
            before: before(text, whole.start as usize),
            text: &cut_text,
            after: after(text, whole.end as usize),
            kept,
            similarity: cut.similarity,
        }))
    }
}

/// A span that begins and ends with words, with the marks that touch them where `other` has some too.
fn with_marks<'t>(text: &'t str, span: Span, other: &str) -> &'t str {
    let is_mark = |c: &char| !c.is_whitespace() && !c.is_alphanumeric();
    let Range { mut start, mut end } = span.range();
    let (Some(before), Some(after)) = (text.get(..start), text.get(end..)) else { return "" };
    if other.starts_with(|c| is_mark(&c)) {
        start -= before.chars().rev().take_while(is_mark).map(char::len_utf8).sum::<usize>();
    }
    if other.ends_with(|c| is_mark(&c)) {
        end += after.chars().take_while(is_mark).map(char::len_utf8).sum::<usize>();
    }
    &text[start..end]
}

/// The end of the last line with something in it before a place.
fn before(text: &str, at: usize) -> &str {
    let text = text[..at].trim_end();
    let start = (text.len().saturating_sub(CONTEXT)..).find(|&start| text.is_char_boundary(start));
    text[start.unwrap_or(0)..].rsplit('\n').next().unwrap_or_default()
}

/// The beginning of the first line with something in it after a place.
fn after(text: &str, at: usize) -> &str {
    let text = text[at..].trim_start();
    let end = (0..=CONTEXT.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    text[..end.unwrap_or(0)].split('\n').next().unwrap_or_default().trim_end()
}
