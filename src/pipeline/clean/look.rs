//! The documents as they stand: what every round starts from.
//!
//! In: the corpus, with what was cut so far left out. Out: [`Looked`]: of each document what the
//! join needs, and the lines it has. The first look is the survey of the corpus.

use crate::clean::{Blocks, LineKey, LineTable, LineTableBuilder, UnitLines};
use crate::document::{DocId, Document};
use crate::error::Result;
use crate::join::{ListBuilder, Lists, UnitLists};
use crate::passage::{PrintBuilder, Prints, TextBuilder, Texts, UnitPrints, UnitTexts};
use crate::pipeline::Plan;
use crate::pipeline::survey::Facts;
use crate::pool::Pool;
use crate::read::Visitor;
use crate::spill::{Spill, Workspace};
use crate::text::{Tokenizer, Tokens};
use ahash::AHashSet;

/// What was seen of all documents.
pub struct Looked {
    pub facts: Vec<Facts>,
    /// Bytes of each text.
    pub lengths: Vec<u32>,
    /// Whether the bytes of each can be made of its text again.
    pub faithful: Vec<bool>,
    pub lists: Lists,
    pub lines: LineTable,
    /// Fingerprints and tokens, if passages are wanted.
    pub prints: Prints,
    pub texts: Texts,
}

/// Looks at documents; its benches go from thread to thread.
pub struct Looker<'a> {
    plan: &'a Plan,
    /// Lines that are never cut, and need not be counted.
    keep_text: &'a AHashSet<LineKey>,
    lists: Spill,
    lines: Spill,
    prints: Spill,
    texts: Spill,
    benches: Pool<Bench>,
}

/// What one unit gives.
pub struct UnitLook {
    facts: Vec<Facts>,
    lengths: Vec<u32>,
    faithful: Vec<bool>,
    lists: UnitLists,
    lines: UnitLines,
    for_passages: Option<(UnitPrints, UnitTexts)>,
}

pub struct Bench {
    tokenizer: Tokenizer,
    tokens: Tokens,
    lists: ListBuilder,
    lines: LineTableBuilder,
    prints: PrintBuilder,
    texts: TextBuilder,
    facts: Vec<Facts>,
    lengths: Vec<u32>,
    faithful: Vec<bool>,
}

impl<'a> Looker<'a> {
    pub fn new(plan: &'a Plan, keep_text: &'a AHashSet<LineKey>, workspace: &Workspace) -> Self {
        Looker {
            plan,
            keep_text,
            lists: workspace.spill(),
            lines: workspace.spill(),
            prints: Prints::spill(workspace),
            texts: Texts::spill(workspace),
            benches: Pool::default(),
        }
    }

    /// Puts together what units gave, in reading order. In a survey they number their documents from 0 each.
    pub fn assemble(self, units: Vec<UnitLook>, in_survey: bool) -> Looked {
        let (mut facts, mut lengths, mut faithful) = (Vec::new(), Vec::new(), Vec::new());
        let (mut lists, mut lines) = (Vec::new(), Vec::new());
        let (mut prints, mut texts) = (Vec::new(), Vec::new());
        for unit in units {
            let first = if in_survey { facts.len() as u32 } else { 0 };
            facts.extend(unit.facts);
            lengths.extend(unit.lengths);
            faithful.extend(unit.faithful);
            lists.push(unit.lists);
            lines.push(unit.lines.from(DocId(first)));
            if let Some((unit_prints, unit_texts)) = unit.for_passages {
                prints.push((DocId(first), unit_prints));
                texts.push(unit_texts);
            }
        }
        Looked {
            facts,
            lengths,
            faithful,
            lists: Lists::new(self.lists, lists),
            lines: LineTable { spill: self.lines, units: lines },
            prints: Prints::new(self.prints, prints),
            texts: Texts::new(self.texts, texts),
        }
    }
}

impl Visitor for Looker<'_> {
    type Unit = Bench;
    type Kept = UnitLook;

    fn begin(&self) -> Bench {
        self.benches.take(|| Bench {
            tokenizer: Tokenizer::new(self.plan.sketch.seed),
            tokens: Tokens::default(),
            lists: ListBuilder::default(),
            lines: LineTableBuilder::default(),
            prints: PrintBuilder::new(self.plan.options.passages.min_words_across),
            texts: TextBuilder::default(),
            facts: Vec::new(),
            lengths: Vec::new(),
            faithful: Vec::new(),
        })
    }

    fn visit(&self, bench: &mut Bench, number: DocId, document: Document<'_>) {
        let tokens = &mut bench.tokens;
        tokens.fill(document.text, &mut bench.tokenizer);
        bench.facts.push(Facts::of(tokens));
        bench.lengths.push(document.text.len() as u32);
        bench.faithful.push(document.form.is_some());
        bench.lists.push(tokens.hashes(), self.plan.sketch.shingle_size);
        let keys = LineKey::of_blocks(&Blocks::of(document.text), tokens);
        let counted = keys.into_iter().flatten().filter(|key| !self.keep_text.contains(key));
        bench.lines.push(number, counted);
        if self.plan.wants_passages() {
            bench.prints.push(number, tokens);
            bench.texts.push(tokens);
        }
    }

    fn finish(&self, mut bench: Bench) -> Result<UnitLook> {
        let look = UnitLook {
            facts: std::mem::take(&mut bench.facts),
            lengths: std::mem::take(&mut bench.lengths),
            faithful: std::mem::take(&mut bench.faithful),
            lists: bench.lists.store(&self.lists)?,
            lines: bench.lines.store(&self.lines)?,
            for_passages: match self.plan.wants_passages() {
                true => Some((bench.prints.store(&self.prints)?, bench.texts.store(&self.texts)?)),
                false => None,
            },
        };
        self.benches.give_back(bench);
        Ok(look)
    }
}
