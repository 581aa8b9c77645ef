//! What was cut so far, and what has to come back.
//!
//! In: cuts, in rounds. Out: the [`Ledger`]: for each document the spans that are gone from its
//! original text. A cut of a duplicate or a repeat names the copy that is kept. When a later cut
//! takes that copy in favour of a third that has as much of the text, this is named instead
//! ([`Ledger::move_copy`]); else the earlier cut is undone, and the next round judges the text
//! anew. So whatever was cut as a repeat has its copy in the output, whichever rounds it took.
//! What came back again and again is not cut any more: three texts, each of which is to go in favour of the
//! next, would come and go for ever.

use std::collections::BTreeMap;

use ahash::{AHashMap, RandomState};

use super::Reason;
use super::spans::Overlaps;
use crate::document::{DocId, Span};

/// The copy that stays for what was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The document it stands in.
    pub document: DocId,
    /// Where, in the original text.
    pub span: Span,
}

/// Something that was cut from a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// What was cut of the original text, ascending; in pieces where something between was cut before.
    pub spans: Vec<Span>,
    /// Why.
    pub reason: Reason,
    /// The copy that stays, of a duplicate or a repeat.
    pub kept: Option<Kept>,
    /// How similar it is to the copy; of a caption the share of its words that stand elsewhere.
    pub similarity: Option<f64>,
    /// How many words were cut.
    pub words: u32,
    /// Of furniture, which line.
    pub line: Option<u64>,
}

/// A cut whose copy is to be taken in favour of another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    /// The document it was made in.
    pub document: DocId,
    /// Its number among the document's cuts.
    number: usize,
    /// The copy that would stay.
    pub instead: Kept,
}

impl Loss {
    /// The cut itself.
    pub fn cut<'l>(&self, ledger: &'l Ledger) -> &'l Cut {
        &ledger.cuts[&self.document][self.number]
    }
}

/// How often a text may come back before it stays.
const MOST_COMEBACKS: u32 = 4;

/// All cuts.
#[derive(Debug)]
pub struct Ledger {
    /// The cuts of each document that has some, in the order they were made.
    cuts: BTreeMap<DocId, Vec<Cut>>,
    /// The documents that are gone, each with its cut.
    dropped: BTreeMap<DocId, Cut>,
    /// Spans of original texts that came back, with how often.
    came_back: AHashMap<(DocId, Span), u32>,
    /// Those of each document that came back so often that they stay.
    staying: AHashMap<DocId, Vec<Span>>,
    /// For each document that other documents' cuts name as kept, those others.
    dependents: AHashMap<DocId, Vec<DocId>>,
}

impl Default for Ledger {
    fn default() -> Self {
        Ledger {
            cuts: BTreeMap::new(),
            dropped: BTreeMap::new(),
            came_back: AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4)),
            staying: AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4)),
            dependents: AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4)),
        }
    }
}

impl Ledger {
    /// Makes cuts, one document's after the other, and undoes those whose copy they took.
    /// Gives the documents whose text is now another, ascending.
    pub fn cut(&mut self, cuts: Vec<(DocId, Cut)>) -> Vec<DocId> {
        let mut changed: Vec<DocId> = cuts.iter().map(|(document, _)| *document).collect();
        let mut taken: Vec<(DocId, Span)> = Vec::new();
        for (document, cut) in cuts {
            self.depend(document, &cut);
            taken.extend(cut.spans.iter().map(|&span| (document, span)));
            match cut.reason {
                Reason::DuplicateDocument => drop(self.dropped.insert(document, cut)),
                _ => self.cuts.entry(document).or_default().push(cut),
            }
        }
        taken.sort_unstable();
        self.undo(&taken, &mut changed);
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// Whether a cut may be made: it takes nothing that came back again and again.
    pub fn allows(&self, document: DocId, cut: &Cut) -> bool {
        let staying = self.staying.get(&document).map_or(&[][..], Vec::as_slice);
        let hit = |span: &Span| staying.iter().any(|back| span.overlaps(*back));
        !cut.spans.iter().any(hit)
    }

    /// The repeats whose copies these cuts would take in favour of other copies.
    pub fn losses(&self, cuts: &[(DocId, Cut)]) -> Vec<Loss> {
        // What each document loses, with the cut that takes it.
        let mut taken: BTreeMap<DocId, Vec<(Span, usize)>> = BTreeMap::new();
        for (number, (document, cut)) in cuts.iter().enumerate() {
            if cut.reason == Reason::RepeatedPassage && cut.kept.is_some() {
                let spans = cut.spans.iter().map(|&span| (span, number));
                taken.entry(*document).or_default().extend(spans);
            }
        }
        let mut lost: Vec<(usize, DocId, usize)> = Vec::new();
        for (document, spans) in taken {
            let overlaps = Overlaps::new(spans);
            for loser in self.dependents(document) {
                let earlier = self.cuts.get(&loser).map_or(&[][..], Vec::as_slice);
                for (number, cut) in earlier.iter().enumerate() {
                    if let Some(kept) = cut.kept.filter(|kept| kept.document == document) {
                        lost.extend(overlaps.of(kept.span).map(|taker| (taker, loser, number)));
                    }
                }
            }
        }
        lost.sort_unstable();
        lost.dedup();
        lost.into_iter()
            .filter_map(|(taker, document, number)| {
                Some(Loss { document, number, instead: cuts[taker].1.kept? })
            })
            .collect()
    }

    /// A document and the others whose cuts name it as kept, ascending.
    fn dependents(&self, document: DocId) -> Vec<DocId> {
        let mut dependents = self.dependents.get(&document).cloned().unwrap_or_default();
        dependents.push(document);
        dependents.sort_unstable();
        dependents.dedup();
        dependents
    }

    /// Names another copy that stays for an earlier cut.
    pub fn move_copy(&mut self, loss: &Loss, similarity: f64) {
        let cut = self.cuts.get_mut(&loss.document).and_then(|cuts| cuts.get_mut(loss.number));
        if let Some(cut) = cut {
            cut.kept = Some(loss.instead);
            cut.similarity = Some(similarity);
            let cut = cut.clone();
            self.depend(loss.document, &cut);
        }
    }

    fn depend(&mut self, document: DocId, cut: &Cut) {
        if let Some(kept) = cut.kept.filter(|kept| kept.document != document) {
            self.dependents.entry(kept.document).or_default().push(document);
        }
    }

    /// Undoes cuts whose copies stood in what was `taken` (ascending).
    fn undo(&mut self, taken: &[(DocId, Span)], changed: &mut Vec<DocId>) {
        for spans in taken.chunk_by(|one, other| one.0 == other.0) {
            let document = spans[0].0;
            let is_dropped = self.dropped.contains_key(&document);
            let overlaps = Overlaps::new(spans.iter().map(|&(_, span)| (span, ())).collect());
            for dependent in self.dependents(document) {
                let is_lost = |cut: &Cut| {
                    let Some(kept) = cut.kept else { return false };
                    let here = kept.document == document;
                    match (is_dropped, cut.reason) {
                        // All of a document that is gone is accounted for by its own row.
                        (true, _) => here && dependent != document,
                        (false, Reason::DuplicateDocument) => false,
                        (false, _) => here && overlaps.of(kept.span).next().is_some(),
                    }
                };
                if let Some(cuts) = self.cuts.get_mut(&dependent) {
                    let before = cuts.len();
                    for cut in cuts.extract_if(.., |cut| is_lost(cut)) {
                        for span in cut.spans {
                            let times = self.came_back.entry((dependent, span)).or_default();
                            *times += 1;
                            if *times == MOST_COMEBACKS {
                                self.staying.entry(dependent).or_default().push(span);
                            }
                        }
                    }
                    if cuts.len() < before {
                        changed.push(dependent);
                    }
                    if cuts.is_empty() {
                        self.cuts.remove(&dependent);
                    }
                }
                if self.dropped.get(&dependent).is_some_and(is_lost) {
                    self.dropped.remove(&dependent);
                    changed.push(dependent);
                }
            }
        }
    }

    /// Whether a document is gone.
    pub fn is_dropped(&self, document: DocId) -> bool {
        self.dropped.contains_key(&document)
    }

    /// The cuts of a document: the one of all of it, if it is gone.
    pub fn of(&self, document: DocId) -> &[Cut] {
        match self.dropped.get(&document) {
            Some(cut) => std::slice::from_ref(cut),
            None => self.cuts.get(&document).map_or(&[], Vec::as_slice),
        }
    }

    /// The documents that were cut or are gone, ascending.
    pub fn documents(&self) -> Vec<DocId> {
        let mut documents: Vec<DocId> =
            self.cuts.keys().chain(self.dropped.keys()).copied().collect();
        documents.sort_unstable();
        documents.dedup();
        documents
    }

    /// What is gone of a document's original text, ascending and disjoint.
    pub fn gone(&self, document: DocId) -> Vec<Span> {
        let mut spans: Vec<Span> =
            self.of(document).iter().flat_map(|cut| cut.spans.iter().copied()).collect();
        spans.sort_unstable();
        let mut gone: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans {
            match gone.last_mut() {
                Some(last) if last.end >= span.start => last.end = last.end.max(span.end),
                _ => gone.push(span),
            }
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(spans: &[(usize, usize)], kept: Option<(u32, usize, usize)>) -> Cut {
        Cut {
            spans: spans.iter().map(|&(start, end)| Span::new(start, end)).collect(),
            reason: Reason::RepeatedPassage,
            kept: kept.map(|(document, start, end)| Kept {
                document: DocId(document),
                span: Span::new(start, end),
            }),
            similarity: None,
            words: 1,
            line: None,
        }
    }

    #[test]
    fn a_cut_comes_back_when_its_copy_goes() {
        let mut ledger = Ledger::default();
        ledger.cut(vec![(DocId(1), cut(&[(5, 9)], Some((0, 20, 30))))]);
        ledger.cut(vec![(DocId(1), cut(&[(40, 50)], Some((1, 60, 70))))]);
        assert_eq!(ledger.gone(DocId(1)), [Span::new(5, 9), Span::new(40, 50)]);
        let changed = ledger.cut(vec![(DocId(0), cut(&[(0, 21)], None))]);
        assert_eq!(changed, [DocId(0), DocId(1)]);
        assert_eq!(ledger.gone(DocId(1)), [Span::new(40, 50)]);
        ledger.cut(vec![(DocId(1), cut(&[(30, 35), (65, 66)], None))]);
        assert_eq!(ledger.gone(DocId(1)), [Span::new(30, 35), Span::new(65, 66)]);
    }

    #[test]
    fn a_document_that_is_gone_takes_its_copies_along() {
        let drop = |kept| Cut {
            reason: Reason::DuplicateDocument,
            ..cut(&[(0, 90)], Some((kept, 0, 90)))
        };
        let mut ledger = Ledger::default();
        ledger.cut(vec![(DocId(1), drop(0)), (DocId(2), cut(&[(1, 2)], Some((0, 5, 6))))]);
        ledger.cut(vec![(DocId(0), cut(&[(8, 9)], Some((0, 3, 4))))]);
        assert!(ledger.is_dropped(DocId(1)) && !ledger.gone(DocId(2)).is_empty());
        let changed = ledger.cut(vec![(DocId(0), drop(3))]);
        assert_eq!(changed, [DocId(0), DocId(1), DocId(2)]);
        assert!(ledger.is_dropped(DocId(0)) && !ledger.is_dropped(DocId(1)));
        assert_eq!(ledger.gone(DocId(0)), [Span::new(0, 90)]);
        assert_eq!(ledger.documents(), [DocId(0)]);
    }
}
