//! Lines that many documents of one source share.
//!
//! In: of every document the [keys](LineKey) of its lines, put away in a [`LineTable`]; of those
//! with shared lines what else they have, as [`Voices`]. Out: the lines that are
//! [`furniture`]: each stands in enough documents of its source that have nothing else in common.
//!
//! Why that: the paragraphs of an article that a site has under five addresses stand in
//! five documents as well, and cutting them there would leave no copy at all. So a document is
//! counted for a line only if at least half of its prose is in lines that are not shared so
//! widely, and only if little of that prose stands in the documents counted before. Prose
//! are lines of [`PROSE`] words and more that end as a sentence does; the menus of two pages may
//! be all that they have in common, or nearly all they have, and say nothing of their articles.

use ahash::{AHashMap, AHashSet, RandomState};
use bytemuck::{Pod, Zeroable};
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::{Blocks, is_punctuated};
use crate::document::{DocId, Span};
use crate::error::Result;
use crate::shingle::for_each_block;
use crate::spill::{Spill, Stored};
use crate::text::Tokens;

/// A hash of the words of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub struct LineKey(pub u64);

impl LineKey {
    /// The key of a line's words; none if there is no word. Two different lines of ten
    /// million share a key with a chance of about 10^-6.
    pub fn of(hashes: &[u64]) -> Option<Self> {
        (!hashes.is_empty()).then(|| LineKey(xxh3_64(bytemuck::cast_slice(hashes))))
    }

    /// The key and the tokens of each block of a text.
    pub fn of_blocks(blocks: &Blocks<'_>, tokens: &Tokens) -> Vec<Option<Self>> {
        let ranges = blocks.ranges.iter();
        ranges
            .map(|range| {
                let range = tokens.within(Span::new(range.start, range.end));
                LineKey::of(&tokens.hashes()[range])
            })
            .collect()
    }
}

/// Into how many parts the keys are divided, each of which is looked at by itself.
const PARTS: usize = 64;

/// Fewest words of a line of prose.
const PROSE: u32 = 12;

/// How many shingles of a document's own prose are looked for in other documents.
const SAMPLE: usize = 64;

/// Words of a shingle of prose.
const SHINGLE_SIZE: usize = 5;

/// Which share of one's own prose another document must have for the two to be versions of one text.
const ALIKE: f64 = 0.15;

/// A line of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Pod, Zeroable)]
#[repr(C)]
struct Entry {
    key: LineKey,
    document: u32,
    padding: u32,
}

/// Collects the lines of the documents of one unit.
#[derive(Debug, Default)]
pub struct LineTableBuilder(Vec<Entry>);

impl LineTableBuilder {
    /// Adds the lines of a document.
    pub fn push(&mut self, document: DocId, keys: impl IntoIterator<Item = LineKey>) {
        let entries = keys.into_iter().map(|key| Entry { key, document: document.0, padding: 0 });
        self.0.extend(entries);
    }

    /// Puts the lines away and makes room for another unit.
    ///
    /// # Errors
    /// Those of [`Spill::store`].
    pub fn store(&mut self, spill: &Spill) -> Result<UnitLines> {
        self.0.sort_unstable();
        self.0.dedup();
        let starts = (0..=PARTS).map(|part| self.0.partition_point(|one| one.part() < part));
        let lines =
            UnitLines { starts: starts.collect(), entries: spill.store(&self.0)?, first: DocId(0) };
        self.0.clear();
        Ok(lines)
    }
}

impl Entry {
    fn part(&self) -> usize {
        (self.key.0 >> (64 - PARTS.ilog2())) as usize
    }
}

/// The lines of a unit, put away.
#[derive(Debug)]
pub struct UnitLines {
    entries: Stored<Entry>,
    /// Where each part begins, and the end.
    starts: Vec<usize>,
    /// The document that the unit's are counted from.
    first: DocId,
}

impl UnitLines {
    /// The same, its documents counted from `first`.
    pub fn from(self, first: DocId) -> Self {
        UnitLines { first, ..self }
    }
}

/// The lines of all documents.
#[derive(Debug)]
pub struct LineTable {
    /// Where they are.
    pub spill: Spill,
    /// Unit by unit.
    pub units: Vec<UnitLines>,
}

/// A line that stands in enough documents of a source to be furniture, alike or not.
#[derive(Debug)]
pub struct Shared {
    /// The line.
    pub key: LineKey,
    /// The source.
    pub source: u32,
    /// The documents, ascending.
    pub documents: Vec<DocId>,
}

impl LineTable {
    /// The lines that stand in at least `least` documents of a source; `source` is that of
    /// a document, and none if it is not to be counted. Memory: a part of the table at a time on each thread.
    ///
    /// # Errors
    /// Those of [`Spill::read`].
    pub fn shared(
        &self,
        source: impl Fn(DocId) -> Option<u32> + Sync,
        least: usize,
    ) -> Result<Vec<Shared>> {
        let parts = (0..PARTS).into_par_iter().with_max_len(1).map(|part| {
            let (mut lines, mut buffer) = (Vec::new(), Vec::new());
            for unit in &self.units {
                let range = unit.starts[part]..unit.starts[part + 1];
                for entry in self.spill.read(&unit.entries, range, &mut buffer)? {
                    let document = DocId(entry.document + unit.first.0);
                    if let Some(source) = source(document) {
                        lines.push((entry.key, source, document));
                    }
                }
            }
            lines.sort_unstable();
            let groups = lines.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1));
            let shared = groups.filter(|group| group.len() >= least).map(|group| Shared {
                key: group[0].0,
                source: group[0].1,
                documents: group.iter().map(|line| line.2).collect(),
            });
            Ok(shared.collect())
        });
        Ok(parts.collect::<Result<Vec<Vec<Shared>>>>()?.into_iter().flatten().collect())
    }
}

/// What a document says when it is asked whether it is unlike others.
#[derive(Debug)]
pub struct Voice {
    /// Some shingles of the prose that is its own, ascending; none if that is too little to count.
    own: Box<[u32]>,
    /// Where the shingles of all of it are.
    whole: std::ops::Range<usize>,
}

/// Makes the voices of the documents of one unit.
#[derive(Debug, Default)]
pub struct VoiceBuilder {
    shingles: Vec<u32>,
    voices: Vec<(DocId, Voice)>,
}

/// Appends the shingles of some tokens, shortened, to a list.
fn append_short(hashes: &[u64], list: &mut Vec<u32>) {
    for_each_block(hashes, SHINGLE_SIZE, |block| {
        list.extend(block.iter().map(|shingle| (shingle >> 32) as u32));
    });
}

impl VoiceBuilder {
    /// Adds a document. `is_shared` tells which of its lines are shared widely.
    pub fn push(
        &mut self,
        document: DocId,
        blocks: &Blocks<'_>,
        tokens: &Tokens,
        is_shared: impl Fn(LineKey) -> bool,
    ) {
        let start = self.shingles.len();
        // Prose, and all lines for a document without prose: half words in all, those of its own, and the shingles of these.
        let mut prose = (0, 0, Vec::new());
        let mut lines = (0, 0, Vec::new());
        for (block, range) in blocks.ranges.iter().enumerate() {
            let range = tokens.within(Span::new(range.start, range.end));
            let hashes = &tokens.hashes()[range.clone()];
            let Some(key) = LineKey::of(hashes) else { continue };
            let half_words = tokens.half_words(range);
            let is_prose = half_words >= 2 * PROSE && is_punctuated(blocks.trimmed(block));
            let own = !is_shared(key);
            append_short(hashes, &mut self.shingles);
            for (all, its_own, own_shingles) in
                [Some(&mut lines), is_prose.then_some(&mut prose)].into_iter().flatten()
            {
                *all += half_words;
                if own {
                    *its_own += half_words;
                    append_short(hashes, own_shingles);
                }
            }
        }
        let (all, its_own, mut own) = if prose.0 > 0 { prose } else { lines };
        if 2 * its_own < all {
            own.clear();
        }
        own.sort_unstable();
        own.dedup();
        own.truncate(SAMPLE);
        self.shingles[start..].sort_unstable();
        let whole = start..self.shingles.len();
        self.voices.push((document, Voice { own: own.into(), whole }));
    }

    /// Puts the voices away and makes room for another unit.
    ///
    /// # Errors
    /// Those of [`Spill::store`].
    pub fn store(&mut self, spill: &Spill) -> Result<UnitVoices> {
        let stored = spill.store(&self.shingles)?;
        self.shingles.clear();
        Ok(UnitVoices { shingles: stored, voices: std::mem::take(&mut self.voices) })
    }
}

/// The voices of the documents of one unit, put away.
#[derive(Debug)]
pub struct UnitVoices {
    shingles: Stored<u32>,
    voices: Vec<(DocId, Voice)>,
}

/// The voices of all documents that have shared lines.
pub struct Voices {
    spill: Spill,
    units: Vec<Stored<u32>>,
    /// By document: its unit and its voice.
    of: AHashMap<DocId, (usize, Voice)>,
}

impl Voices {
    /// The voices of all units, kept in `spill`.
    pub fn new(spill: Spill, units: Vec<UnitVoices>) -> Self {
        let mut of = AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        let mut stored = Vec::with_capacity(units.len());
        for (number, unit) in units.into_iter().enumerate() {
            of.extend(unit.voices.into_iter().map(|(document, voice)| (document, (number, voice))));
            stored.push(unit.shingles);
        }
        Voices { spill, units: stored, of }
    }

    /// How much of what is its own to one document the other has.
    fn share(&self, one: DocId, other: DocId, buffer: &mut Vec<u32>) -> Result<f64> {
        let own = &self.of[&one].1.own;
        let (unit, voice) = &self.of[&other];
        let whole = self.spill.read(&self.units[*unit], voice.whole.clone(), buffer)?;
        let having = own.iter().filter(|shingle| whole.binary_search(shingle).is_ok()).count();
        Ok(having as f64 / own.len() as f64)
    }

    /// Whether at least `least` of the documents have something of their own and are unlike one another.
    fn are_unlike(&self, documents: &[DocId], least: usize) -> Result<bool> {
        let mut counted: Vec<DocId> = Vec::new();
        let mut buffer = Vec::new();
        'documents: for &document in documents {
            if self.of[&document].1.own.is_empty() {
                continue;
            }
            for &other in &counted {
                if self.share(document, other, &mut buffer)? >= ALIKE
                    || self.share(other, document, &mut buffer)? >= ALIKE
                {
                    continue 'documents;
                }
            }
            counted.push(document);
            if counted.len() == least {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Lines, each with its source.
pub type Furniture = AHashSet<(LineKey, u32)>;

/// Those of the shared lines that are furniture: at least `least` documents that have them are unlike one another.
///
/// # Errors
/// Those of [`Spill::read`].
pub fn furniture(shared: &[Shared], voices: &Voices, least: usize) -> Result<Furniture> {
    let found = shared.par_iter().map(|line| {
        let unlike = voices.are_unlike(&line.documents, least)?;
        Ok(unlike.then_some((line.key, line.source)))
    });
    let found: Vec<Option<(LineKey, u32)>> = found.collect::<Result<_>>()?;
    let mut lines = Furniture::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
    lines.extend(found.into_iter().flatten());
    Ok(lines)
}
