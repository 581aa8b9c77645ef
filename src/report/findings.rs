//! The rows of a run, small enough to be held and sorted by the million.
//!
//! In: [`Quotes`], and pairs of them ([`Row`]). Out: [`Findings`] and [`ClusterRows`], in the order in
//! which they are written. A row is 32 bytes and refers to its sides by number; names and texts come
//! out of the quotes when a row is written or asked for.

use std::sync::Arc;

use ahash::{AHashMap, RandomState};
use rayon::prelude::*;

use super::finding::{Finding, Kind};
use super::quotes::{Quote, QuoteReader, Quotes};
use crate::document::DocId;
use crate::error::Result;

/// A row: a finding whose sides are numbers of quotes.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What it is.
    pub kind: Kind,
    /// The side that is told first.
    pub a: u32,
    /// The other side.
    pub b: u32,
    /// What the sides share: shingles, or aligned words.
    pub shared: u32,
    /// What they have together.
    pub union: u32,
    /// What the smaller one has.
    pub smaller: u32,
    /// Of documents the number of the cluster, of a passage its number; 0 if it has none.
    pub group: u32,
    /// How many times the passage occurs; 0 for documents.
    pub occurrences: u32,
}

impl Row {
    /// shared / union.
    pub fn jaccard(&self) -> f64 {
        f64::from(self.shared) / f64::from(self.union)
    }

    /// shared / smaller.
    pub fn containment(&self) -> f64 {
        f64::from(self.shared) / f64::from(self.smaller)
    }

    /// The number of the cluster.
    pub fn cluster(&self) -> Option<u32> {
        (self.kind != Kind::Passage && self.group > 0).then_some(self.group)
    }

    /// The number of the passage.
    pub fn passage(&self) -> Option<u32> {
        (self.kind == Kind::Passage).then_some(self.group)
    }

    /// How many times the passage occurs.
    pub fn occurrences(&self) -> Option<u32> {
        (self.kind == Kind::Passage).then_some(self.occurrences)
    }
}

/// All findings, sorted by name and place.
#[derive(Debug, Default)]
pub struct Findings {
    quotes: Arc<Quotes>,
    rows: Vec<Row>,
}

impl Findings {
    /// Sorts rows by the `places` of their quotes (as [`Quotes::places`] gives them) and numbers passages in
    /// the order of their first rows.
    pub fn new(quotes: Arc<Quotes>, places: &[u32], mut rows: Vec<Row>) -> Self {
        let place = |side: u32| places[side as usize];
        let order = |row: &Row| u64::from(place(row.a)) << 32 | u64::from(place(row.b));
        let among_equals = |row: &Row| (row.kind, quotes.end(row.a), quotes.end(row.b), row.group);
        rows.par_sort_unstable_by(|one, other| {
            let by_place = order(one).cmp(&order(other));
            by_place.then_with(|| among_equals(one).cmp(&among_equals(other)))
        });
        number_passages(&mut rows);
        Findings { quotes, rows }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// One of them.
    ///
    /// # Errors
    /// The system's, when a temporary file cannot be read.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn get(&self, index: usize) -> Result<Finding> {
        self.read(index, &mut self.readers())
    }

    fn read(&self, index: usize, readers: &mut SideReaders<'_>) -> Result<Finding> {
        let row = &self.rows[index];
        let (a, b) = readers.read(row.a, row.b)?;
        Ok(Finding {
            kind: row.kind,
            jaccard: row.jaccard(),
            containment: row.containment(),
            a: a.to_side(),
            b: b.to_side(),
            cluster: row.cluster(),
            passage: row.passage(),
            occurrences: row.occurrences(),
        })
    }

    /// Some of them, by number, read on all threads.
    pub(super) fn some(&self, numbers: &[u32]) -> Result<Vec<Finding>> {
        let read = |numbers: &[u32]| {
            let mut readers = self.readers();
            let read = |number: &u32| self.read(*number as usize, &mut readers);
            numbers.iter().map(read).collect::<Result<Vec<_>>>()
        };
        let pieces: Vec<_> = numbers.par_chunks(512).map(read).collect::<Result<_>>()?;
        Ok(pieces.into_iter().flatten().collect())
    }

    /// The documents that are quoted, in no order, some more than once.
    pub(crate) fn documents(&self) -> Vec<DocId> {
        self.quotes.documents().collect()
    }

    /// Each in turn.
    pub fn iter(&self) -> impl Iterator<Item = Result<Finding>> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    /// All of them. Cost: about a kilobyte each.
    ///
    /// # Errors
    /// Those of [`Findings::get`].
    pub fn to_vec(&self) -> Result<Vec<Finding>> {
        self.iter().collect()
    }

    /// How many words a side of a row has, or a document of a cluster.
    ///
    /// # Panics
    /// If it is the number of none.
    pub fn words(&self, side: u32) -> u32 {
        self.quotes.words(side)
    }

    /// All of them, without names and texts.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn readers(&self) -> SideReaders<'_> {
        SideReaders::new(&self.quotes)
    }
}

/// Reads the sides of rows one after the other.
pub(super) struct SideReaders<'a> {
    a: QuoteReader<'a>,
    b: QuoteReader<'a>,
}

impl<'a> SideReaders<'a> {
    fn new(quotes: &'a Quotes) -> Self {
        SideReaders { a: QuoteReader::new(quotes), b: QuoteReader::new(quotes) }
    }

    pub fn read(&mut self, a: u32, b: u32) -> Result<(Quote<'_>, Quote<'_>)> {
        Ok((self.a.read(a)?, self.b.read(b)?))
    }
}

/// Numbers the passages anew, in the order of their first rows.
fn number_passages(rows: &mut [Row]) {
    let mut numbers: AHashMap<u32, u32> =
        AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
    for row in rows.iter_mut().filter(|row| row.kind == Kind::Passage) {
        let next = numbers.len() as u32 + 1;
        row.group = *numbers.entry(row.group).or_insert(next);
    }
}

/// A document's place in a cluster, as `--clusters` writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterRow {
    /// The document.
    pub document: String,
    /// Number of its cluster, from 1.
    pub cluster: u32,
    /// The document to keep in its stead; itself, if it is to be kept.
    pub kept: String,
    /// Jaccard similarity to the kept document.
    pub similarity: f64,
}

/// A member of a cluster, by the numbers of quotes.
#[derive(Clone, Copy, Debug)]
pub struct ClusterMember {
    /// The document.
    pub document: u32,
    /// Number of its cluster, from 1.
    pub cluster: u32,
    /// The document to keep in its stead; itself, if it is to be kept.
    pub kept: u32,
    /// Jaccard similarity to the kept document.
    pub similarity: f64,
}

/// The documents that are in clusters, sorted by cluster and name.
#[derive(Debug, Default)]
pub struct ClusterRows {
    quotes: Arc<Quotes>,
    members: Vec<ClusterMember>,
}

impl ClusterRows {
    /// Sorts members by cluster and place.
    pub fn new(quotes: Arc<Quotes>, places: &[u32], mut members: Vec<ClusterMember>) -> Self {
        members.par_sort_unstable_by_key(|one| (one.cluster, places[one.document as usize]));
        ClusterRows { quotes, members }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// One of them.
    ///
    /// # Errors
    /// Those of [`Findings::get`].
    ///
    /// # Panics
    /// If there are not so many.
    pub fn get(&self, index: usize) -> Result<ClusterRow> {
        let one = &self.members[index];
        let mut readers = self.readers();
        let (document, kept) = readers.read(one.document, one.kept)?;
        Ok(ClusterRow {
            document: document.document.to_owned(),
            cluster: one.cluster,
            kept: kept.document.to_owned(),
            similarity: one.similarity,
        })
    }

    /// Each in turn.
    pub fn iter(&self) -> impl Iterator<Item = Result<ClusterRow>> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    /// All of them, without names; the numbers are those of the sides of [`Row`]s.
    pub fn members(&self) -> &[ClusterMember] {
        &self.members
    }

    pub(super) fn readers(&self) -> SideReaders<'_> {
        SideReaders::new(&self.quotes)
    }
}
