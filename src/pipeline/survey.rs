//! The first reading: every document to its sketch.
//!
//! In: the corpus. Out: a [`Sketched`] corpus: for each document its size, a
//! hash of its normalised text, its shingle set, its band keys, its
//! fingerprints and the passages it repeats within itself. All of it is made in
//! one pass over the text, unit by unit, and put together in reading order.

use crate::document::{DocId, Document};
use crate::error::{Error, Result};
use crate::lsh::band_keys;
use crate::passage::{Fingerprint, Match, Repeats, Winnower};
use crate::progress::Progress;
use crate::read::{Catalog, Corpus, ReadTotals};
use crate::shingle::{SetBuilder, ShingleSets};
use crate::sketch::Sketcher;
use crate::text::{Tokenizer, Tokens};

use super::{Method, Plan};

/// What is known of each document after the first reading.
pub struct Sketched {
    pub catalog: Catalog,
    pub totals: ReadTotals,
    pub problems: Vec<Error>,
    pub notices: Vec<String>,
    pub facts: Vec<Facts>,
    pub sets: ShingleSets,
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
    /// Two hashes of its tokens in order: equal for equal normalised texts.
    pub content: (u64, u64),
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
    shingles: Vec<u64>,
    set_sizes: Vec<u32>,
    banded: Vec<DocId>,
    keys: Vec<u64>,
    fingerprints: Vec<Fingerprint>,
    within: Vec<Match>,
}

/// A unit at work: its results and the tools that are used again from document to document.
struct Worker<'a> {
    plan: &'a Plan,
    sketcher: &'a Sketcher,
    tokenizer: Tokenizer,
    /// The tokens of the present document, if passages are wanted.
    tokens: Tokens,
    /// The hashes of its tokens, if not.
    hashes: Vec<u64>,
    half_words: u32,
    set_builder: SetBuilder,
    winnower: Winnower,
    repeats: Repeats,
    signature: Vec<u32>,
    sketch: UnitSketch,
}

/// Reads the corpus once and sketches every document.
pub fn survey(corpus: &mut Corpus, plan: &Plan, progress: &dyn Progress) -> Result<Sketched> {
    let sketcher = Sketcher::new(&plan.sketch);
    let begin = || Worker {
        plan,
        sketcher: &sketcher,
        tokenizer: Tokenizer::new(plan.sketch.seed),
        tokens: Tokens::default(),
        hashes: Vec::new(),
        half_words: 0,
        set_builder: SetBuilder::new(plan.sketch.shingle_size),
        winnower: Winnower::new(plan.options.passages.min_words_across),
        repeats: Repeats::default(),
        signature: vec![0; plan.sketch.num_hashes],
        sketch: UnitSketch::default(),
    };
    let survey = corpus.survey(progress, begin, Worker::visit)?;
    let mut whole = Sketched {
        catalog: survey.catalog,
        totals: survey.totals,
        problems: survey.problems,
        notices: survey.notices,
        facts: Vec::new(),
        sets: ShingleSets::default(),
        banded: Vec::new(),
        keys: Vec::new(),
        fingerprints: Vec::new(),
        within: Vec::new(),
    };
    for worker in survey.units {
        let unit = worker.sketch;
        let first = whole.facts.len() as u32;
        let global = |document: DocId| DocId(document.0 + first);
        whole.facts.extend(unit.facts);
        whole.sets.push_unit(unit.shingles, unit.set_sizes);
        whole.banded.extend(unit.banded.into_iter().map(global));
        whole.keys.extend(unit.keys);
        whole.fingerprints.extend(
            unit.fingerprints
                .into_iter()
                .map(|one| Fingerprint { document: global(one.document), ..one }),
        );
        whole.within.extend(unit.within.into_iter().map(|mut one| {
            one.a.document = global(one.a.document);
            one.b.document = global(one.b.document);
            one
        }));
    }
    Ok(whole)
}

impl Worker<'_> {
    /// Splits a text into its tokens, with their places only if these are needed.
    fn read_tokens(&mut self, text: &str) {
        if self.plan.wants_passages() {
            let tokens = &mut self.tokens;
            tokens.clear();
            self.tokenizer.for_each(text, |token, _| tokens.push(token));
            self.half_words = tokens.half_words(0..tokens.len());
        } else {
            let (hashes, unspaced) = (&mut self.hashes, &mut 0);
            hashes.clear();
            self.tokenizer.for_each(text, |token, _| {
                hashes.push(token.hash);
                *unspaced += u32::from(token.unspaced);
            });
            self.half_words = 2 * hashes.len() as u32 - *unspaced;
        }
    }

    fn visit(&mut self, document: Document<'_>) {
        let id = DocId(self.sketch.facts.len() as u32);
        self.read_tokens(document.text);
        let hashes = match self.plan.wants_passages() {
            true => self.tokens.hashes(),
            false => &self.hashes,
        };
        self.sketch.facts.push(Facts {
            content: content(hashes),
            tokens: hashes.len() as u32,
            half_words: self.half_words,
        });
        let start = self.sketch.shingles.len();
        self.set_builder.build(hashes, &mut self.sketch.shingles);
        let set = &self.sketch.shingles[start..];
        self.sketch.set_sizes.push(set.len() as u32);
        if self.plan.options.method == Method::Minhash && set.len() >= self.plan.sketch.num_hashes {
            self.sketcher.sketch(set, &mut self.signature);
            band_keys(&self.signature, self.plan.lsh, &mut self.sketch.keys);
            self.sketch.banded.push(id);
        }
        if self.plan.wants_passages() {
            let fingerprints = &mut self.sketch.fingerprints;
            self.winnower.for_each(&self.tokens, |hash, position| {
                fingerprints.push(Fingerprint { hash, document: id, position });
            });
            let params = &self.plan.options.passages;
            let found = self.repeats.of(id, document.text, &self.tokens, params);
            self.sketch.within.extend(found);
        }
    }
}

/// Two independent polynomials over the tokens: what equal normalised texts have in common.
fn content(tokens: &[u64]) -> (u64, u64) {
    tokens.iter().fold((0, 1), |(one, other), &token| {
        (
            one.wrapping_mul(0x9fb2_1c65_1e98_df25).wrapping_add(token),
            (other ^ token).wrapping_mul(0xaf25_1af3_b0f0_25b5).rotate_left(29),
        )
    })
}
