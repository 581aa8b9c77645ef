//! Passages that repeat across documents, cut from the later of two.
//!
//! In: what the passage stage finds among the documents that are left. Out: cuts of whole
//! sentences. The documents that keep a passage are read first, for its words and its place;
//! then those that lose it.

use ahash::{AHashMap, RandomState};

use super::Cleaner;
use super::pages::{PageCuts, text_cuts};
use crate::clean::{Covered, Furniture, Page, PageCut, Reason, covered_by};
use crate::document::{DocId, Document, Span};
use crate::error::Result;
use crate::passage::{Aligner, Run};
use crate::pipeline::documents::DocumentPairs;
use crate::pipeline::passages;
use crate::read::Collect;
use crate::text::{Tokenizer, Tokens};

/// The words of a run that stays, and where each stands.
type KeptRun = (Vec<u64>, Vec<Span>);

impl Cleaner<'_> {
    /// The passages to be cut, now that `documents` are what matches.
    pub fn across_cuts(
        &mut self,
        documents: &DocumentPairs,
        furniture: &Furniture,
    ) -> Result<PageCuts> {
        let ledger = &self.ledger;
        let present = |document: DocId| !ledger.is_dropped(document);
        let (found, _) = passages::find(
            &mut self.sketched,
            documents,
            present,
            &self.plan,
            self.workspace,
            self.progress,
        )?;
        let this = &*self;
        let mut pairs: Vec<(Run, Run)> = Vec::new();
        for one in found.0.into_iter().flat_map(|passage| passage.matches) {
            if one.a.document == one.b.document {
                continue;
            }
            let order = |run: &Run| (this.rank(run.document), run.document);
            let (keeper, loser) =
                if order(&one.a) <= order(&one.b) { (one.a, one.b) } else { (one.b, one.a) };
            if this.may_be_cut(loser.document) {
                pairs.push((loser, keeper));
            }
        }
        pairs.sort_unstable();
        let kept = this.kept_runs(pairs.iter().map(|(_, keeper)| keeper.clone()).collect())?;
        let mut wanted: Vec<DocId> = pairs.iter().map(|(loser, _)| loser.document).collect();
        wanted.dedup();
        let visitor = Collect {
            begin: || {
                let tokenizer = Tokenizer::new(this.plan.sketch.seed);
                (tokenizer, Tokens::default(), Aligner::default(), Vec::new())
            },
            visit: |(tokenizer, tokens, aligner, cuts): &mut (
                Tokenizer,
                Tokens,
                Aligner,
                PageCuts,
            ),
                    id: DocId,
                    document: Document<'_>| {
                tokens.fill(document.text, tokenizer);
                let page = Page::of(document.text);
                let fixed = this.fixed_blocks(id, &page.blocks, tokens, furniture);
                let start = pairs.partition_point(|(loser, _)| loser.document < id);
                let mut found: Vec<PageCut> = Vec::new();
                let mut cut = vec![false; page.sentences.len()];
                for (loser, keeper) in
                    pairs[start..].iter().take_while(|(loser, _)| loser.document == id)
                {
                    let (words, spans) = &kept[keeper];
                    let covered = covered_by(&page, tokens, loser.tokens(), words, aligner);
                    for Covered { sentence, similarity, place } in covered {
                        if !cut[sentence] && !fixed[page.block_of(sentence)] {
                            cut[sentence] = true;
                            let span = spans[place.start].hull(spans[place.end - 1]);
                            let kept = Some((keeper.document, span));
                            found.push(PageCut { sentence, kept, similarity });
                        }
                    }
                }
                found.sort_unstable_by_key(|cut| cut.sentence);
                let found = text_cuts(&page, tokens, &found, Reason::RepeatedPassage);
                cuts.extend(found.into_iter().map(|cut| (id, cut)));
            },
        };
        let stage = ("cutting passages", this.progress);
        let units = this.corpus.revisit(&this.sketched.catalog, &wanted, stage, &visitor)?;
        Ok(units.into_iter().flat_map(|(_, _, _, cuts)| cuts).collect())
    }

    /// The words and places of runs.
    fn kept_runs(&self, mut runs: Vec<Run>) -> Result<AHashMap<Run, KeptRun>> {
        runs.sort_unstable();
        runs.dedup();
        let mut wanted: Vec<DocId> = runs.iter().map(|run| run.document).collect();
        wanted.dedup();
        let visitor = Collect {
            begin: || (Tokenizer::new(self.plan.sketch.seed), Tokens::default(), Vec::new()),
            visit: |(tokenizer, tokens, found): &mut (Tokenizer, Tokens, Vec<(Run, KeptRun)>),
                    id: DocId,
                    document: Document<'_>| {
                tokens.fill(document.text, tokenizer);
                let start = runs.partition_point(|run| run.document < id);
                for run in runs[start..].iter().take_while(|run| run.document == id) {
                    let words = tokens.hashes()[run.tokens()].to_vec();
                    let spans = tokens.spans()[run.tokens()].to_vec();
                    found.push((run.clone(), (words, spans)));
                }
            },
        };
        let stage = ("reading passages", self.progress);
        let units = self.corpus.revisit(&self.sketched.catalog, &wanted, stage, &visitor)?;
        let mut kept = AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        kept.extend(units.into_iter().flat_map(|(_, _, found)| found));
        Ok(kept)
    }
}
