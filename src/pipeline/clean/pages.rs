//! The steps of a round that look into texts: furniture, repeats, captions.
//!
//! In: the documents as they stand. Out: [`PageCuts`]: spans of these texts, each with its reason.

use ahash::RandomState;

use super::Cleaner;
use crate::clean::{
    Blocks, Furniture, LineKey, Page, PageCut, Piece, Reason, VoiceBuilder, Voices, captions,
    furniture, repeats,
};
use crate::document::{DocId, Document, Span};
use crate::error::Result;
use crate::passage::{Aligner, Repeats};
use crate::read::{Collect, Visitor};
use crate::report::excerpt;
use crate::spill::Spill;
use crate::text::{Tokenizer, Tokens};

/// A cut in a text as it stands.
pub struct TextCut {
    pub span: Span,
    pub reason: Reason,
    /// The document and the span, as it stands, of the copy that stays.
    pub kept: Option<(DocId, Span)>,
    pub similarity: Option<f64>,
    pub words: u32,
    /// Of furniture, which line, and its text.
    pub line: Option<(LineKey, String)>,
}

/// The cuts of documents, by document and place.
pub type PageCuts = Vec<(DocId, TextCut)>;

/// The first block with a word, which is taken for the headline if it is no paragraph.
fn headline(blocks: &Blocks<'_>, tokens: &Tokens, keys: &[Option<LineKey>]) -> Option<usize> {
    let first = keys.iter().position(Option::is_some)?;
    (!blocks.is_paragraph(first, tokens)).then_some(first)
}

impl Cleaner<'_> {
    /// The lines that are furniture by now, and the documents that have some.
    pub fn furniture(&self) -> Result<(Furniture, Vec<DocId>)> {
        let source = |document: DocId| {
            (!self.ledger.is_dropped(document)).then(|| self.sources.of[document.index()])
        };
        let least = self.options.furniture_documents;
        let shared = self.lines.shared(source, least)?;
        let mut widely = Furniture::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        let mut wanted: Vec<DocId> = Vec::new();
        for line in &shared {
            widely.insert((line.key, line.source));
            wanted.extend(&line.documents);
        }
        wanted.sort_unstable();
        wanted.dedup();
        let voicer = Voicer { cleaner: self, widely: &widely, spill: self.workspace.spill() };
        let units = self.corpus.revisit(
            &self.sketched.catalog,
            &wanted,
            ("comparing lines", self.progress),
            &voicer,
        )?;
        let found = furniture(&shared, &Voices::new(voicer.spill, units), least)?;
        let mut having: Vec<DocId> = shared
            .iter()
            .filter(|line| found.contains(&(line.key, line.source)))
            .flat_map(|line| &line.documents)
            .copied()
            .collect();
        having.sort_unstable();
        having.dedup();
        Ok((found, having))
    }

    /// The furniture to be cut from the documents that have some.
    pub fn furniture_cuts(&self, lines: &Furniture, having: &[DocId]) -> Result<PageCuts> {
        let wanted: Vec<DocId> =
            having.iter().copied().filter(|&document| self.may_be_cut(document)).collect();
        let visitor = Collect {
            begin: || (Tokenizer::new(self.plan.sketch.seed), Tokens::default(), Vec::new()),
            visit: |(tokenizer, tokens, cuts): &mut (Tokenizer, Tokens, PageCuts),
                    id: DocId,
                    document: Document<'_>| {
                tokens.fill(document.text, tokenizer);
                let blocks = Blocks::of(document.text);
                let keys = LineKey::of_blocks(&blocks, tokens);
                let source = self.sources.of[id.index()];
                let headline = headline(&blocks, tokens, &keys);
                let chosen: Vec<(usize, LineKey)> = keys
                    .iter()
                    .enumerate()
                    .filter_map(|(block, key)| Some((block, (*key)?)))
                    .filter(|&(block, key)| {
                        Some(block) != headline && lines.contains(&(key, source))
                    })
                    .collect();
                let numbers: Vec<usize> = chosen.iter().map(|&(block, _)| block).collect();
                let spans = blocks.close_up(&numbers);
                cuts.extend(chosen.into_iter().zip(spans).map(|((block, key), span)| {
                    let cut = TextCut {
                        span,
                        reason: Reason::Furniture,
                        kept: None,
                        similarity: None,
                        words: tokens.within(span).len() as u32,
                        line: Some((key, excerpt(blocks.trimmed(block)))),
                    };
                    (id, cut)
                }));
            },
        };
        let stage = ("cutting furniture", self.progress);
        let units = self.corpus.revisit(&self.sketched.catalog, &wanted, stage, &visitor)?;
        Ok(units.into_iter().flat_map(|(_, _, cuts)| cuts).collect())
    }

    /// The repeats and captions to be cut from `documents` (ascending).
    pub fn passage_cuts(&self, documents: &[DocId], furniture: &Furniture) -> Result<PageCuts> {
        let wanted: Vec<DocId> =
            documents.iter().copied().filter(|&document| self.may_be_cut(document)).collect();
        let visitor = Collect {
            begin: || {
                let tokenizer = Tokenizer::new(self.plan.sketch.seed);
                (tokenizer, Tokens::default(), Repeats::default(), Aligner::default(), Vec::new())
            },
            visit: |(tokenizer, tokens, finder, aligner, cuts): &mut (
                Tokenizer,
                Tokens,
                Repeats,
                Aligner,
                PageCuts,
            ),
                    id: DocId,
                    document: Document<'_>| {
                tokens.fill(document.text, tokenizer);
                let params = &self.plan.options.passages;
                let matches = match finder.look(tokens) {
                    Some(suspect) => suspect.repeats(id, document.text, tokens, params),
                    None => Vec::new(),
                };
                if matches.is_empty() && !self.options.captions {
                    return;
                }
                let page = Page::of(document.text);
                let fixed = self.fixed_blocks(id, &page.blocks, tokens, furniture);
                let is_fixed = |sentence: usize| fixed[page.block_of(sentence)];
                let found = repeats(&page, tokens, &matches, is_fixed, params, aligner);
                let (found, reason) = match found.is_empty() && self.options.captions {
                    true => (captions(&page, tokens, is_fixed, params), Reason::Caption),
                    false => (found, Reason::RepeatedPassage),
                };
                let found = text_cuts(&page, tokens, &found, reason);
                cuts.extend(found.into_iter().map(|cut| (id, cut)));
            },
        };
        let stage = ("looking for repeats", self.progress);
        let units = self.corpus.revisit(&self.sketched.catalog, &wanted, stage, &visitor)?;
        Ok(units.into_iter().flat_map(|(_, _, _, _, cuts)| cuts).collect())
    }

    /// The blocks of a text that no repeat or caption is cut from: the first line and the first that
    /// is no furniture, if they are no paragraphs, the headline that stands above the text, and what the user
    /// wants to keep.
    pub fn fixed_blocks(
        &self,
        document: DocId,
        blocks: &Blocks<'_>,
        tokens: &Tokens,
        furniture: &Furniture,
    ) -> Vec<bool> {
        let keys = LineKey::of_blocks(blocks, tokens);
        let source = self.sources.of[document.index()];
        let own = keys
            .iter()
            .position(|key| key.is_some_and(|it| !furniture.contains(&(it, source))))
            .filter(|&block| !blocks.is_paragraph(block, tokens));
        let headline = headline(blocks, tokens, &keys);
        let above_text = blocks.headline();
        keys.iter()
            .enumerate()
            .map(|(block, key)| {
                Some(block) == headline
                    || Some(block) == own
                    || Some(block) == above_text
                    || key.is_some_and(|key| self.keep_text.contains(&key))
            })
            .collect()
    }

    /// Whether anything may be cut from a document.
    pub fn may_be_cut(&self, document: DocId) -> bool {
        !self.fixed[document.index()] && !self.ledger.is_dropped(document)
    }
}

/// Cuts of sentences as spans of the text, one for each sentence.
pub fn text_cuts(
    page: &Page<'_>,
    tokens: &Tokens,
    found: &[PageCut],
    reason: Reason,
) -> Vec<TextCut> {
    let cut_of = |sentence: usize| {
        let place = found.binary_search_by_key(&sentence, |cut| cut.sentence).ok()?;
        Some(&found[place])
    };
    let mut cuts = Vec::new();
    for Piece { sentences, span } in page.pieces(|sentence| cut_of(sentence).is_some()) {
        let mut start = span.start;
        for cut in sentences.clone().filter_map(cut_of) {
            let after = cut.sentence + 1;
            let end =
                if after == sentences.end { span.end } else { page.sentences[after].span.start };
            let part = Span { start, end };
            start = end;
            cuts.push(TextCut {
                span: part,
                reason,
                kept: cut.kept,
                similarity: Some(cut.similarity),
                words: tokens.within(part).len() as u32,
                line: None,
            });
        }
    }
    cuts
}

/// Has documents say what is their own.
struct Voicer<'a> {
    cleaner: &'a Cleaner<'a>,
    widely: &'a Furniture,
    spill: Spill,
}

impl Visitor for Voicer<'_> {
    type Unit = (Tokenizer, Tokens, VoiceBuilder);
    type Kept = crate::clean::UnitVoices;

    fn begin(&self) -> Self::Unit {
        let tokenizer = Tokenizer::new(self.cleaner.plan.sketch.seed);
        (tokenizer, Tokens::default(), VoiceBuilder::default())
    }

    fn visit(
        &self,
        (tokenizer, tokens, voices): &mut Self::Unit,
        id: DocId,
        document: Document<'_>,
    ) {
        tokens.fill(document.text, tokenizer);
        let source = self.cleaner.sources.of[id.index()];
        let is_shared = |key: LineKey| self.widely.contains(&(key, source));
        voices.push(id, &Blocks::of(document.text), tokens, is_shared);
    }

    fn finish(&self, (_, _, mut voices): Self::Unit) -> Result<Self::Kept> {
        voices.store(&self.spill)
    }
}
