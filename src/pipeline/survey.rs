//! The first reading: every document to its sketch.
//!
//! In: the corpus. Out: a [`Sketched`] corpus: for each document its size, a
//! hash of its normalised text, its lists for the join, its band keys, its
//! fingerprints and the passages it repeats within itself. All of it is made in
//! one pass over the text, unit by unit, and put together in reading order.

use std::io::{self, Read};

use xxhash_rust::xxh3::xxh3_128;

use crate::document::{DocId, Document};
use crate::error::{Error, ErrorKind, Result};
use crate::join::{ListBuilder, Lists, UnitLists};
use crate::lsh::{BandBuilder, Bands, UnitBands};
use crate::passage::{
    Match, PrintBuilder, Prints, Repeats, Run, TextBuilder, Texts, UnitPrints, UnitTexts,
};
use crate::pool::Pool;
use crate::progress::Progress;
use crate::read::{Catalog, Corpus, ReadTotals, UnitRead, Visitor};
use crate::shelf::{ShelfReader, ShelfWriter};
use crate::shingle::SetBuilder;
use crate::sketch::Sketcher;
use crate::spill::{Spill, Workspace};
use crate::text::{Tokenizer, Tokens};

use super::sides::Sides;
use super::{Method, Plan};

/// What is known of each document after the first reading.
pub struct Sketched {
    pub catalog: Catalog,
    pub totals: ReadTotals,
    pub problems: Vec<Error>,
    pub notices: Vec<String>,
    pub facts: Vec<Facts>,
    pub sides: Sides,
    pub lists: Lists,
    /// The band keys, if the method asks for them.
    pub bands: Bands,
    /// Fingerprints and tokens of all documents, if passages are wanted.
    pub prints: Prints,
    pub texts: Texts,
    /// Repeats within a document.
    pub within: Vec<Match>,
}

/// Bytes of a document: where it stands, what it is, what its lists are.
const BYTES_A_DOCUMENT: u64 = 120;

/// Bytes of the program itself, and of the system's libraries.
const BYTES_OF_PROGRAM: u64 = 16 << 20;

/// What is kept of a document.
#[derive(Clone, Copy)]
pub struct Facts {
    /// A hash of its tokens in order: equal for equal normalised texts.
    pub content: [u64; 2],
    pub tokens: u32,
    pub half_words: u32,
}

impl Facts {
    /// What is kept of a document with these tokens.
    pub fn of(tokens: &Tokens) -> Self {
        Facts {
            content: content(tokens.hashes()),
            tokens: tokens.len() as u32,
            half_words: tokens.half_words(0..tokens.len()),
        }
    }

    /// Whether a document that has these tokens is what it was when it was first read.
    pub fn are_of(&self, tokens: &[u64]) -> bool {
        self.content == content(tokens)
    }
}

fn content(tokens: &[u64]) -> [u64; 2] {
    bytemuck::cast(xxh3_128(bytemuck::cast_slice(tokens)))
}

impl Sketched {
    /// That a document is not what it was when it was first read.
    pub fn changed(&self, corpus: &Corpus, document: DocId) -> Error {
        let file = &corpus.files()[self.catalog.file_of(document)];
        Error::new(ErrorKind::Changed).at_path(file.path.display())
    }

    /// How many bytes are held from now on, whatever is spilled, about: of the program and of each document.
    pub fn held(&self) -> u64 {
        BYTES_OF_PROGRAM + self.facts.len() as u64 * BYTES_A_DOCUMENT + self.prints.held()
    }

    /// How many documents have no word.
    pub fn empty(&self) -> u64 {
        self.facts.iter().filter(|facts| facts.tokens == 0).count() as u64
    }
}

/// What one unit gives; documents are numbered from the unit's first.
#[derive(Default)]
pub struct UnitSketch {
    facts: Vec<Facts>,
    within: Vec<Match>,
}

/// Sketches documents; its benches go from thread to thread.
struct Surveyor<'a> {
    plan: &'a Plan,
    sketcher: Sketcher,
    spills: &'a Spills,
    benches: Pool<Bench>,
}

/// Tokens of a document so large that what it took to look within it is not kept for the next.
const LARGE: usize = 1 << 22;

/// A place to work at: the tools that are used again from document to document, and the results.
struct Bench {
    tokenizer: Tokenizer,
    /// The tokens of the present document.
    tokens: Tokens,
    set_builder: SetBuilder,
    set: Vec<u64>,
    prints: PrintBuilder,
    texts: TextBuilder,
    repeats: Repeats,
    signature: Vec<u32>,
    bands: BandBuilder,
    lists: ListBuilder,
    sketch: UnitSketch,
}

/// What is kept of a unit.
pub struct Kept {
    sketch: UnitSketch,
    lists: UnitLists,
    bands: UnitBands,
    for_passages: Option<(UnitPrints, UnitTexts)>,
}

/// Where what is large of it is kept.
pub struct Spills {
    lists: Spill,
    bands: Spill,
    prints: Spill,
    texts: Spill,
}

impl Spills {
    /// Such as a workspace has room for.
    pub fn new(workspace: &Workspace) -> Self {
        Spills {
            lists: workspace.spill(),
            // They are read but once, band by band.
            bands: workspace.spill_beyond(workspace.memory() / 128),
            prints: Prints::spill(workspace),
            texts: Texts::spill(workspace),
        }
    }
}

/// Reads the corpus once and sketches every document.
pub fn survey(
    corpus: &mut Corpus,
    plan: &Plan,
    workspace: &Workspace,
    progress: &dyn Progress,
) -> Result<Sketched> {
    let spills = Spills::new(workspace);
    let units = read_units(corpus, |_| true, plan, &spills, progress)?;
    put_together(corpus, units, plan, spills)
}

/// Reads the chosen units and sketches their documents.
pub fn read_units(
    corpus: &mut Corpus,
    chosen: impl Fn(usize) -> bool,
    plan: &Plan,
    spills: &Spills,
    progress: &dyn Progress,
) -> Result<Vec<UnitRead<Kept>>> {
    let surveyor =
        Surveyor { plan, sketcher: Sketcher::new(&plan.sketch), spills, benches: Pool::default() };
    corpus.read_units(chosen, progress, &surveyor)
}

/// Puts the documents of all units together, in reading order.
pub fn put_together(
    corpus: &mut Corpus,
    units: Vec<UnitRead<Kept>>,
    plan: &Plan,
    spills: Spills,
) -> Result<Sketched> {
    let survey = corpus.put_together(units)?;
    let documents = survey.catalog.len();
    let mut facts = Vec::with_capacity(documents);
    let mut within = Vec::new();
    let mut lists = Vec::with_capacity(survey.units.len());
    let (mut bands, mut prints, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for unit in survey.units {
        let first = facts.len() as u32;
        let global = |document: DocId| DocId(document.0 + first);
        facts.extend(unit.sketch.facts);
        lists.push(unit.lists);
        bands.push((DocId(first), unit.bands));
        if let Some((unit_prints, unit_texts)) = unit.for_passages {
            prints.push((DocId(first), unit_prints));
            texts.push(unit_texts);
        }
        within.extend(unit.sketch.within.into_iter().map(|mut one| {
            one.a.document = global(one.a.document);
            one.b.document = global(one.b.document);
            one
        }));
    }
    let sides = match plan.is_against() {
        true => Sides::against(corpus.references(&survey.catalog)),
        false => Sides::default(),
    };
    Ok(Sketched {
        sides,
        catalog: survey.catalog,
        totals: survey.totals,
        problems: survey.problems,
        notices: survey.notices,
        facts,
        lists: Lists::new(spills.lists, lists),
        bands: Bands::new(plan.lsh.bands, spills.bands, bands),
        prints: Prints::new(spills.prints, prints),
        texts: Texts::new(spills.texts, texts),
        within,
    })
}

impl Visitor for Surveyor<'_> {
    type Unit = Bench;
    type Kept = Kept;

    fn begin(&self) -> Bench {
        self.benches.take(|| Bench::new(self.plan))
    }

    fn visit(&self, bench: &mut Bench, number: DocId, document: Document<'_>) {
        let Bench {
            tokenizer,
            tokens,
            set_builder,
            set,
            prints,
            texts,
            repeats,
            signature,
            bands,
            lists,
            sketch,
        } = bench;
        tokens.fill_without_spans(document.text, tokenizer);
        sketch.facts.push(Facts::of(tokens));
        if self.plan.wants_passages() && !self.plan.is_against() {
            if let Some(suspect) = repeats.look(tokens) {
                tokens.fill(document.text, tokenizer);
                let params = &self.plan.options.passages;
                sketch.within.extend(suspect.repeats(number, document.text, tokens, params));
            }
            if tokens.len() > LARGE {
                *repeats = Repeats::default();
            }
        }
        let hashes = tokens.hashes();
        lists.push(hashes, self.plan.sketch.shingle_size);
        if self.plan.options.method == Method::Minhash {
            set.clear();
            set_builder.build(hashes, set);
            if set.len() >= self.plan.sketch.num_hashes {
                self.sketcher.sketch(set, signature);
                bands.push(number, signature);
            }
        }
        if self.plan.wants_passages() {
            prints.push(number, tokens);
            texts.push(tokens);
        }
    }

    fn finish(&self, mut bench: Bench) -> Result<Kept> {
        let lists = bench.lists.store(&self.spills.lists)?;
        let bands = bench.bands.store(&self.spills.bands)?;
        let for_passages = match self.plan.wants_passages() {
            true => Some((
                bench.prints.store(&self.spills.prints)?,
                bench.texts.store(&self.spills.texts)?,
            )),
            false => None,
        };
        let sketch = std::mem::take(&mut bench.sketch);
        self.benches.give_back(bench);
        Ok(Kept { sketch, lists, bands, for_passages })
    }
}

impl Bench {
    fn new(plan: &Plan) -> Self {
        Bench {
            tokenizer: Tokenizer::new(plan.sketch.seed),
            tokens: Tokens::default(),
            set_builder: SetBuilder::new(plan.sketch.shingle_size),
            set: Vec::new(),
            prints: PrintBuilder::new(plan.options.passages.min_words_across),
            texts: TextBuilder::default(),
            repeats: Repeats::default(),
            signature: vec![0; plan.sketch.num_hashes],
            bands: BandBuilder::new(plan.lsh),
            lists: ListBuilder::default(),
            sketch: UnitSketch::default(),
        }
    }
}

/// Writes what is kept of a unit for another process.
pub fn write_kept(
    Kept { sketch, lists, bands, for_passages }: &Kept,
    spills: &Spills,
    shelf: &mut ShelfWriter<'_>,
) -> io::Result<()> {
    let facts = || sketch.facts.iter();
    shelf.list(&facts().map(|facts| facts.content).collect::<Vec<[u64; 2]>>())?;
    shelf.list(&facts().map(|facts| [facts.tokens, facts.half_words]).collect::<Vec<_>>())?;
    let run = |run: &Run| [run.document.0, run.start, run.end];
    let within = sketch.within.iter().map(|one| (run(&one.a), run(&one.b), one.aligned));
    shelf.list(&within.clone().map(|(a, b, _)| [a, b]).collect::<Vec<_>>())?;
    shelf.list(&within.map(|(_, _, aligned)| aligned).collect::<Vec<u32>>())?;
    lists.write(&spills.lists, shelf)?;
    bands.write(&spills.bands, shelf)?;
    shelf.value(&for_passages.is_some())?;
    if let Some((prints, texts)) = for_passages {
        prints.write(&spills.prints, shelf)?;
        texts.write(&spills.texts, shelf)?;
    }
    Ok(())
}

/// Reads what another process has written of a unit.
pub fn read_kept(spills: &Spills, shelf: &mut ShelfReader<impl Read>) -> Result<Kept> {
    let (contents, sizes) = (shelf.list::<[u64; 2]>()?, shelf.list::<[u32; 2]>()?);
    let facts = contents.into_iter().zip(sizes);
    let facts = facts.map(|(content, [tokens, half_words])| Facts { content, tokens, half_words });
    let facts = facts.collect();
    let (runs, aligned) = (shelf.list::<[[u32; 3]; 2]>()?, shelf.list::<u32>()?);
    let run = |[document, start, end]: [u32; 3]| Run { document: DocId(document), start, end };
    let within = runs.into_iter().zip(aligned);
    let within = within.map(|([a, b], aligned)| Match { a: run(a), b: run(b), aligned }).collect();
    let lists = UnitLists::read(&spills.lists, shelf)?;
    let bands = UnitBands::read(&spills.bands, shelf)?;
    let for_passages = match shelf.value::<bool>()? {
        true => {
            Some((UnitPrints::read(&spills.prints, shelf)?, UnitTexts::read(&spills.texts, shelf)?))
        }
        false => None,
    };
    Ok(Kept { sketch: UnitSketch { facts, within }, lists, bands, for_passages })
}
