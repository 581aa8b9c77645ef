//! The first reading: every document to its sketch.
//!
//! In: the corpus. Out: a [`Sketched`] corpus: for each document its size, a
//! hash of its normalised text, its lists for the join, its band keys, its
//! fingerprints and the passages it repeats within itself. All of it is made in
//! one pass over the text, unit by unit, and put together in reading order.

use xxhash_rust::xxh3::xxh3_128;

use crate::document::{DocId, Document};
use crate::error::{Error, Result};
use crate::join::{ListBuilder, Lists, UnitLists};
use crate::lsh::band_keys;
use crate::passage::{Fingerprint, Match, Repeats, Winnower};
use crate::progress::Progress;
use crate::read::{Catalog, Corpus, ReadTotals, Visitor};
use crate::shingle::SetBuilder;
use crate::sketch::Sketcher;
use crate::spill::{Spill, Workspace};
use crate::text::{Tokenizer, Tokens};

use super::benches::Benches;
use super::{Method, Plan};

/// What is known of each document after the first reading.
pub struct Sketched {
    pub catalog: Catalog,
    pub totals: ReadTotals,
    pub problems: Vec<Error>,
    pub notices: Vec<String>,
    pub facts: Vec<Facts>,
    pub lists: Lists,
    /// The documents that have band keys, ascending, and their keys one after the other.
    pub banded: Vec<DocId>,
    pub keys: Vec<u64>,
    pub fingerprints: Vec<Fingerprint>,
    /// Repeats within a document.
    pub within: Vec<Match>,
}

/// What is kept of a document.
#[derive(Clone, Copy)]
pub struct Facts {
    /// A hash of its tokens in order: equal for equal normalised texts.
    pub content: u128,
    pub tokens: u32,
    pub half_words: u32,
}

impl Sketched {
    /// How many documents have no word.
    pub fn empty(&self) -> u64 {
        self.facts.iter().filter(|facts| facts.tokens == 0).count() as u64
    }
}

/// What one unit gives; documents are numbered from the unit's first.
#[derive(Default)]
struct UnitSketch {
    facts: Vec<Facts>,
    banded: Vec<DocId>,
    keys: Vec<u64>,
    fingerprints: Vec<Fingerprint>,
    within: Vec<Match>,
}

/// Sketches documents; its benches go from thread to thread.
struct Surveyor<'a> {
    plan: &'a Plan,
    sketcher: Sketcher,
    spill: &'a Spill,
    benches: Benches<Bench>,
}

/// A place to work at: the tools that are used again from document to document, and the results.
struct Bench {
    tokenizer: Tokenizer,
    /// The tokens of the present document, if passages are wanted.
    tokens: Tokens,
    /// The hashes of its tokens, if not.
    hashes: Vec<u64>,
    set_builder: SetBuilder,
    set: Vec<u64>,
    winnower: Winnower,
    repeats: Repeats,
    signature: Vec<u32>,
    lists: ListBuilder,
    sketch: UnitSketch,
}

/// Reads the corpus once and sketches every document.
pub fn survey(
    corpus: &mut Corpus,
    plan: &Plan,
    workspace: &Workspace,
    progress: &dyn Progress,
) -> Result<Sketched> {
    let spill = workspace.spill();
    let surveyor = Surveyor {
        plan,
        sketcher: Sketcher::new(&plan.sketch),
        spill: &spill,
        benches: Benches::default(),
    };
    let survey = corpus.survey(progress, &surveyor)?;
    drop(surveyor);
    let documents = survey.catalog.len();
    let mut facts = Vec::with_capacity(documents);
    let (mut banded, mut keys) = (Vec::new(), Vec::new());
    let (mut fingerprints, mut within) = (Vec::new(), Vec::new());
    let mut lists = Vec::with_capacity(survey.units.len());
    for (unit, unit_lists) in survey.units {
        let first = facts.len() as u32;
        let global = |document: DocId| DocId(document.0 + first);
        facts.extend(unit.facts);
        lists.push(unit_lists);
        banded.extend(unit.banded.into_iter().map(global));
        keys.extend(unit.keys);
        fingerprints.extend(
            unit.fingerprints
                .into_iter()
                .map(|one| Fingerprint { document: global(one.document), ..one }),
        );
        within.extend(unit.within.into_iter().map(|mut one| {
            one.a.document = global(one.a.document);
            one.b.document = global(one.b.document);
            one
        }));
    }
    Ok(Sketched {
        catalog: survey.catalog,
        totals: survey.totals,
        problems: survey.problems,
        notices: survey.notices,
        facts,
        lists: Lists::new(spill, lists),
        banded,
        keys,
        fingerprints,
        within,
    })
}

impl Visitor for Surveyor<'_> {
    type Unit = Bench;
    type Kept = (UnitSketch, UnitLists);

    fn begin(&self) -> Bench {
        self.benches.take(|| Bench::new(self.plan))
    }

    fn visit(&self, bench: &mut Bench, number: DocId, document: Document<'_>) {
        let Bench {
            tokenizer,
            tokens,
            hashes,
            set_builder,
            set,
            winnower,
            repeats,
            signature,
            lists,
            sketch,
        } = bench;
        let (hashes, half_words) = if self.plan.wants_passages() {
            tokens.clear();
            tokenizer.for_each(document.text, |token, _| tokens.push(token));
            (tokens.hashes(), tokens.half_words(0..tokens.len()))
        } else {
            hashes.clear();
            let half_words = tokenizer.hash_into(document.text, hashes);
            (&hashes[..], half_words)
        };
        sketch.facts.push(Facts {
            content: xxh3_128(bytemuck::cast_slice(hashes)),
            tokens: hashes.len() as u32,
            half_words,
        });
        lists.push(hashes, self.plan.sketch.shingle_size);
        if self.plan.options.method == Method::Minhash {
            set.clear();
            set_builder.build(hashes, set);
            if set.len() >= self.plan.sketch.num_hashes {
                self.sketcher.sketch(set, signature);
                band_keys(signature, self.plan.lsh, &mut sketch.keys);
                sketch.banded.push(number);
            }
        }
        if self.plan.wants_passages() {
            let fingerprints = &mut sketch.fingerprints;
            winnower.for_each(tokens, |hash, position| {
                fingerprints.push(Fingerprint { hash, document: number, position });
            });
            let params = &self.plan.options.passages;
            sketch.within.extend(repeats.of(number, document.text, tokens, params));
        }
    }

    fn finish(&self, mut bench: Bench) -> Result<Self::Kept> {
        let lists = bench.lists.store(self.spill)?;
        let sketch = std::mem::take(&mut bench.sketch);
        self.benches.give_back(bench);
        Ok((sketch, lists))
    }
}

impl Bench {
    fn new(plan: &Plan) -> Self {
        Bench {
            tokenizer: Tokenizer::new(plan.sketch.seed),
            tokens: Tokens::default(),
            hashes: Vec::new(),
            set_builder: SetBuilder::new(plan.sketch.shingle_size),
            set: Vec::new(),
            winnower: Winnower::new(plan.options.passages.min_words_across),
            repeats: Repeats::default(),
            signature: vec![0; plan.sketch.num_hashes],
            lists: ListBuilder::default(),
            sketch: UnitSketch::default(),
        }
    }
}
