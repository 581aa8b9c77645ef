//! The prefix of a document: the few rare shingles by which it finds its partners.
//!
//! In: all [`Lists`] and the share of its own shingles that a partner of each document
//! must have. Out: [`Prefixes`]: the entries of the index, and how many of a
//! document's entries a partner meets at least.
//!
//! Of a document of n shingles at most m = n - ⌈share · n⌉ are missing in a partner. So
//! any m + 1 of its shingles meet every partner; of [`SURPLUS`] more, that many more are met.
//! They are taken from the low part, the rarest first. A shingle that stands nowhere else
//! is rarest of all: it counts, and needs no entry. A document that has more than m of those
//! has no partner.
//!
//! A document that has too little in the low part to be met [`LEAST_HITS`] times, but for what stands in [`MANY`] documents, is
//! *thin*: its prefix is taken from all its shingles, and the high parts of the others are looked up for its sake. These are
//! short documents, mostly, and texts that say the same again and again.
//!
//! n counts shingles as often as they stand in the document, which can only lengthen a prefix. Where that would make
//! a document thin, it is the number of distinct short hashes, with room for those that became equal when
//! they were shortened, and one hit is enough.

use std::ops::Range;

use rayon::prelude::*;

use super::Role;
use super::frequencies::{Counts, Frequencies};
use super::index::Entry;
use super::lists::{Lists, Part};
use crate::document::DocId;
use crate::error::Result;
use crate::lsh::coded;
use crate::parts::ranges;
use crate::spill::{Spill, Stored, Workspace};
use crate::verify::least_overlap_contained;

/// Shingles that a prefix is lengthened by, where it can be: a partner then has
/// that many more of them, and who shares a lucky one is not checked in vain.
const SURPLUS: usize = 12;

/// How often a shingle may occur that lengthens a prefix: a common one leads to more hits than it
/// saves checks. (Of 8, 16, 32 and 64, this gives the least time where stories have many editions, and none of them
/// matters to a gigabyte of generated text.)
const COMMON: u64 = 32;

/// Entries of a document that a partner must meet at least, or the low part is too little to tell its
/// partners by: one or two common shingles are shared by hundreds of others. (On a gigabyte of generated
/// text this took the documents to be read again from 193,000 to 116,000.)
const LEAST_HITS: usize = 4;

/// From which count on a shingle tells nothing of a document: that it has the footer of all others, say.
const MANY: u64 = coded(256) as u64;

/// Of one document in more than so many the lists are read one by one, not with all others of the unit.
const FEW: usize = 16;

/// The largest table that the shingles of thin documents are counted in, in cells.
const MOST_THIN_CELLS: u64 = 16 << 20;

/// What is indexed of all documents.
pub struct Prefixes {
    spill: Spill,
    /// Entries of the low part, and of the high part, which only thin documents have. All
    /// entries of a document are in one of these.
    units: Vec<(Stored<Entry>, Stored<Entry>)>,
    /// How many entries of each document a partner meets at least; 0 for those without entries.
    hits: Vec<u8>,
    frequencies: Frequencies,
}

/// What is chosen in one unit.
#[derive(Default)]
struct Choice {
    low: Vec<Entry>,
    high: Vec<Entry>,
    hits: Vec<(DocId, u8)>,
    thin: Vec<DocId>,
}

/// A choice, put away.
struct Chosen {
    low: Stored<Entry>,
    high: Stored<Entry>,
    hits: Vec<(DocId, u8)>,
    thin: Vec<DocId>,
}

impl Choice {
    fn store(self, spill: &Spill) -> Result<Chosen> {
        let Choice { low, high, hits, thin } = self;
        Ok(Chosen { low: spill.store(&low)?, high: spill.store(&high)?, hits, thin })
    }
}

impl Prefixes {
    /// Chooses the prefix of every document whose role asks for one.
    ///
    /// # Errors
    /// Those of [`Spill`].
    pub fn choose(
        lists: &Lists,
        role: impl Fn(DocId) -> Role + Sync,
        workspace: &Workspace,
    ) -> Result<Self> {
        let spill = workspace.spill();
        let frequencies = Frequencies::count(lists, &role, workspace)?;
        let chosen = (0..lists.units()).into_par_iter().with_max_len(1);
        let chosen: Vec<Chosen> = chosen
            .map(|unit| choose_low(lists, unit, &role, &frequencies)?.store(&spill))
            .collect::<Result<_>>()?;
        let mut prefixes =
            Prefixes { spill, units: Vec::new(), hits: vec![0; lists.documents()], frequencies };
        let thin: Vec<Vec<DocId>> = chosen.into_iter().map(|unit| prefixes.take(unit)).collect();
        if thin.iter().any(|documents| !documents.is_empty()) {
            let counts = count_thin(lists, &thin)?;
            let units =
                thin.par_iter().with_max_len(1).enumerate().filter(|(_, thin)| !thin.is_empty());
            let chosen: Vec<Chosen> = units
                .map(|(unit, thin)| {
                    choose_any(lists, unit, thin, &role, &counts)?.store(&prefixes.spill)
                })
                .collect::<Result<_>>()?;
            chosen.into_iter().for_each(|unit| drop(prefixes.take(unit)));
        }
        Ok(prefixes)
    }

    /// Takes over what was chosen in a unit; gives the thin documents.
    fn take(&mut self, chosen: Chosen) -> Vec<DocId> {
        for (document, hits) in chosen.hits {
            self.hits[document.index()] = hits;
        }
        self.units.push((chosen.low, chosen.high));
        chosen.thin
    }

    /// How many entries of a document a partner meets at least.
    pub fn hits(&self, document: DocId) -> u8 {
        self.hits[document.index()]
    }

    /// Asks for one hit less of who meets a document, one of whose entries is left out of the index.
    pub fn leave_out_one(&mut self, document: DocId) {
        let hits = &mut self.hits[document.index()];
        *hits = hits.saturating_sub(1).max(1);
    }

    /// The counts beside the shingles of the low part of a unit: those that stand in no other
    /// document need not be looked up.
    ///
    /// # Errors
    /// Those of [`Spill::read`].
    pub fn counts<'a>(&'a self, unit: usize, buffer: &'a mut Vec<u8>) -> Result<&'a [u8]> {
        self.frequencies.read(unit, buffer)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.count(0..self.units.len(), Part::Low) + self.count(0..self.units.len(), Part::High)
    }

    /// How many entries of a part some units have.
    pub fn count(&self, units: Range<usize>, part: Part) -> usize {
        self.units[units].iter().map(|unit| of_part(unit, part).len()).sum()
    }

    /// Cuts the units into ranges of up to `most` entries, or of one unit. All entries of a document are in one range.
    pub fn rounds(&self, most: usize) -> Vec<Range<usize>> {
        ranges(self.units.iter().map(|(low, high)| low.len() + high.len()), most)
    }

    /// Hands out the entries of a part, unit by unit.
    ///
    /// # Errors
    /// Those of [`Spill::read`].
    pub fn for_each(
        &self,
        units: Range<usize>,
        part: Part,
        mut each: impl FnMut(&[Entry]),
    ) -> Result<()> {
        let mut buffer = Vec::new();
        for unit in &self.units[units] {
            each(self.spill.read_all(of_part(unit, part), &mut buffer)?);
        }
        Ok(())
    }

    /// Hands out all entries, unit by unit.
    ///
    /// # Errors
    /// Those of [`Spill::read`].
    pub fn for_all(&self, mut each: impl FnMut(&[Entry])) -> Result<()> {
        self.for_each(0..self.units.len(), Part::Low, &mut each)?;
        self.for_each(0..self.units.len(), Part::High, &mut each)
    }
}

/// The entries of one part of a unit.
fn of_part((low, high): &(Stored<Entry>, Stored<Entry>), part: Part) -> &Stored<Entry> {
    match part {
        Part::Low => low,
        Part::High => high,
    }
}

/// How many of `size` shingles of its own a partner of the document may lack.
fn may_be_missing(share: f64, size: usize) -> usize {
    // A hair less than the share asks for, so that no rounding loses a pair; the pair is verified anyway.
    size - least_overlap_contained(share - 1e-9, size).min(size)
}

/// The most shingles there may be where `distinct` hashes are left of them when they are shortened: of d about
/// d²/2^33 become equal, and room is left for four times as many.
fn room_for_equals(distinct: usize) -> usize {
    distinct + 2 + ((distinct * distinct) >> 31)
}

/// How many of `ranked` are indexed, where at least `needed` must be.
fn length_of_prefix(ranked: &[u64], needed: usize) -> usize {
    let least = (needed + LEAST_HITS - 1).min(ranked.len());
    let most = (needed + SURPLUS).min(ranked.len());
    least + ranked[least..most].partition_point(|ranked| ranked >> 32 <= COMMON)
}

/// Chooses the prefixes of a unit from the low part, and tells which documents are thin.
fn choose_low(
    lists: &Lists,
    unit: usize,
    role: &(impl Fn(DocId) -> Role + Sync),
    frequencies: &Frequencies,
) -> Result<Choice> {
    let mut choice = Choice::default();
    let (mut low, mut counts) = (Vec::new(), Vec::new());
    let mut counts = frequencies.read(unit, &mut counts)?;
    let (mut ranked, mut all): (Vec<u64>, Vec<u32>) = (Vec::new(), Vec::new());
    for list in lists.read(unit, Part::Low, &mut low)? {
        let (own, others) = counts.split_at(list.shingles.len());
        counts = others;
        let Role::Either { share } = role(list.document) else { continue };
        if list.size == 0 {
            continue;
        }
        let (mut missing, mut least) = (may_be_missing(share, list.size), LEAST_HITS);
        let alone = own.iter().filter(|&&count| count == 1).count();
        if alone > missing {
            continue;
        }
        ranked.resize(own.len(), 0);
        let mut kept = 0;
        for (&count, &shingle) in own.iter().zip(list.shingles) {
            // Written in any case: whether it is shared cannot be guessed.
            ranked[kept] = rank(count, shingle);
            kept += usize::from(count > 1);
        }
        ranked.truncate(kept);
        ranked.sort_unstable();
        ranked.dedup();
        let telling = ranked.partition_point(|ranked| ranked >> 32 < MANY);
        let says_again = alone + ranked.len() < list.shingles.len();
        if alone + telling < missing + least && says_again {
            all.clear();
            lists.append(list.document, &mut all)?;
            all.sort_unstable();
            all.dedup();
            missing = may_be_missing(share, room_for_equals(all.len()).min(list.size));
            // Such texts are few, so that what is met by chance costs less than to look up all high parts for them.
            least = 1;
            if alone > missing {
                continue;
            }
        }
        if alone + telling < missing + least {
            choice.thin.push(list.document);
            continue;
        }
        ranked.truncate(length_of_prefix(&ranked, missing + 1 - alone));
        choice.low.extend(ranked.iter().map(|&ranked| Entry::new(ranked as u32, list.document)));
        choice.hits.push((list.document, (alone + ranked.len() - missing) as u8));
    }
    Ok(choice)
}

/// Chooses the prefixes of the thin documents of a unit from all their shingles.
fn choose_any(
    lists: &Lists,
    unit: usize,
    thin: &[DocId],
    role: &(impl Fn(DocId) -> Role + Sync),
    counts: &Counts,
) -> Result<Choice> {
    let mut choice = Choice::default();
    let mut ranked: Vec<u64> = Vec::new();
    let mut document = thin.iter();
    for_each_of(lists, unit, thin, |size, low, high| {
        let Some(&document) = document.next() else { return };
        let Role::Either { share } = role(document) else { return };
        ranked.clear();
        for (part, shingles) in [low, high].into_iter().enumerate() {
            // Which part it is of stands behind the count, that the rarest of both come first.
            let part = (part as u64) << 32;
            let count = |shingle| u64::from(counts.of(shingle)) << 33;
            ranked.extend(shingles.iter().map(|&one| count(one) | part | u64::from(one)));
        }
        ranked.sort_unstable();
        ranked.dedup();
        let missing = may_be_missing(share, size.min(room_for_equals(ranked.len())));
        ranked.truncate(missing + 1 + SURPLUS);
        for &ranked in &ranked {
            let is_low = ranked & 1 << 32 == 0;
            let entries = if is_low { &mut choice.low } else { &mut choice.high };
            entries.push(Entry::new(ranked as u32, document));
        }
        // If all are indexed, every partner meets one.
        choice.hits.push((document, ranked.len().saturating_sub(missing).max(1) as u8));
    })?;
    Ok(choice)
}

/// A shingle as it is sorted, by how often it occurs.
fn rank(count: u8, shingle: u32) -> u64 {
    u64::from(count) << 32 | u64::from(shingle)
}

/// Counts the shingles of thin documents among themselves.
fn count_thin(lists: &Lists, thin: &[Vec<DocId>]) -> Result<Counts> {
    let cells = MOST_THIN_CELLS.min(2 * lists.low_shingles().max(1024));
    Counts::new(cells, |each| {
        for (unit, thin) in thin.iter().enumerate().filter(|(_, thin)| !thin.is_empty()) {
            for_each_of(lists, unit, thin, |_, low, high| {
                each(low);
                each(high);
            })?;
        }
        Ok(())
    })
}

/// Hands out, of a unit, the size and both parts of the shingles of `documents`, ascending.
fn for_each_of(
    lists: &Lists,
    unit: usize,
    documents: &[DocId],
    mut each: impl FnMut(usize, &[u32], &[u32]),
) -> Result<()> {
    let (mut low, mut high) = (Vec::new(), Vec::new());
    if documents.len() * FEW < lists.documents_of(unit) {
        for &document in documents {
            let low = lists.read_one(document, Part::Low, &mut low)?;
            let high = lists.read_one(document, Part::High, &mut high)?;
            each(low.size, low.shingles, high.shingles);
        }
        return Ok(());
    }
    let low = lists.read(unit, Part::Low, &mut low)?;
    let high = lists.read(unit, Part::High, &mut high)?;
    let mut wanted = documents.iter().peekable();
    for (low, high) in low.zip(high) {
        if wanted.next_if_eq(&&low.document).is_some() {
            each(low.size, low.shingles, high.shingles);
        }
    }
    Ok(())
}
