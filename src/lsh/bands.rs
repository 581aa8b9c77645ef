//! The band keys of all documents, put away band by band.
//!
//! In: the [keys](band_keys) of each document of a unit of reading. Out: [`Bands`], and from them every
//! two documents with an equal key in some band, once. Keys are grouped by sorting, not by a map
//! of lists, so the result does not depend on threads, and a group that would be quadratic is seen before
//! it is expanded: it comes out as a [crowd](Candidates::crowds). What a band has more than memory holds is
//! sorted on disk.

use std::io::{self, Read};

use bytemuck::{Pod, Zeroable};
use rayon::prelude::*;

use super::{CROWD_SIZE, Candidate, LshParams, band_keys};
use crate::document::DocId;
use crate::error::Result;
use crate::shelf::{ShelfReader, ShelfWriter};
use crate::sorter::Sorter;
use crate::spill::{Spill, Stored, Workspace};

/// How many entries are grouped at a time, and then what belongs to the last of them.
const PIECE: usize = 1 << 16;

/// One of so many parts of the memory is for the bands that are being sorted, another for the pairs they brought together.
const SHARE_OF_MEMORY: u64 = 16;

/// The keys of the documents of one unit while they are made.
#[derive(Clone, Debug)]
pub struct BandBuilder {
    params: LshParams,
    documents: Vec<DocId>,
    /// Those of one document after those of the other.
    keys: Vec<u64>,
    by_band: Vec<u64>,
}

/// The keys of the documents of one unit, put away. Documents are numbered from the first of the unit.
#[derive(Debug)]
pub struct UnitBands {
    documents: Box<[DocId]>,
    /// Those of one band after those of the other, each in the order of the documents.
    keys: Stored<u64>,
}

/// The keys of all documents that have some.
#[derive(Debug)]
pub struct Bands {
    bands: usize,
    spill: Spill,
    /// For each unit where its documents begin, and its keys.
    units: Vec<(usize, Stored<u64>)>,
    /// All documents with keys, ascending.
    documents: Vec<DocId>,
}

/// What the bands brought together.
#[derive(Debug, Default)]
pub struct Candidates {
    /// Ascending, each once.
    pub pairs: Vec<Candidate>,
    /// Groups of more than [`CROWD_SIZE`] documents, each ascending, each once.
    pub crowds: Vec<Vec<DocId>>,
}

/// Two documents that a band brought together, the earlier first.
type Met = [DocId; 2];

/// A key in a band, in halves, so that a document beside it takes no room for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
struct Entry {
    key: [u32; 2],
    document: DocId,
}

impl Entry {
    fn order(&self) -> (u64, DocId) {
        (bytemuck::cast(self.key), self.document)
    }
}

impl BandBuilder {
    /// A builder of keys under these parameters.
    pub fn new(params: LshParams) -> Self {
        BandBuilder { params, documents: Vec::new(), keys: Vec::new(), by_band: Vec::new() }
    }

    /// Adds a document, by its number in the unit and its signature. Cost: linear in the signature.
    pub fn push(&mut self, document: DocId, signature: &[u32]) {
        band_keys(signature, self.params, &mut self.keys);
        self.documents.push(document);
    }

    /// Puts the keys away and makes room for another unit.
    ///
    /// # Errors
    /// Those of [`Spill::store`].
    pub fn store(&mut self, spill: &Spill) -> Result<UnitBands> {
        self.by_band.clear();
        for band in 0..self.params.bands {
            self.by_band.extend(self.keys.iter().skip(band).step_by(self.params.bands));
        }
        self.keys.clear();
        let documents = std::mem::take(&mut self.documents).into();
        Ok(UnitBands { documents, keys: spill.store(&self.by_band)? })
    }
}

impl UnitBands {
    /// Writes the keys, which are kept in `spill`, for another process.
    ///
    /// # Errors
    /// Those of [`ShelfWriter::stored`].
    pub fn write(&self, spill: &Spill, shelf: &mut ShelfWriter<'_>) -> io::Result<()> {
        shelf.list(&self.documents)?;
        shelf.stored(spill, &self.keys)
    }

    /// Reads keys that another process has written, and keeps them in `spill`.
    ///
    /// # Errors
    /// Those of [`ShelfReader::stored`].
    pub fn read(spill: &Spill, shelf: &mut ShelfReader<impl Read>) -> Result<Self> {
        Ok(UnitBands { documents: shelf.list()?.into(), keys: shelf.stored(spill)? })
    }
}

impl Default for Bands {
    /// None.
    fn default() -> Self {
        Bands::new(1, Workspace::default().spill(), Vec::new())
    }
}

impl Bands {
    /// The keys of units in reading order, each with its first document, kept in `spill`; of each document one in
    /// each of so many `bands`.
    pub fn new(bands: usize, spill: Spill, units: Vec<(DocId, UnitBands)>) -> Self {
        let mut documents = Vec::new();
        let mut placed = Vec::with_capacity(units.len());
        for (first, unit) in units {
            placed.push((documents.len(), unit.keys));
            documents.extend(unit.documents.iter().map(|document| DocId(document.0 + first.0)));
        }
        Bands { bands, spill, units: placed, documents }
    }

    /// How many documents have keys.
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// Whether a document has keys. Cost: a binary search.
    pub fn has(&self, document: DocId) -> bool {
        self.documents.binary_search(&document).is_ok()
    }

    /// Whether two documents share a key; none if one of them has no keys. Cost: up to two small reads a band.
    ///
    /// # Errors
    /// Those of [`Spill::read`].
    pub fn meet(&self, one: DocId, other: DocId) -> Result<Option<bool>> {
        let place = |document: DocId| self.documents.binary_search(&document).ok();
        let (Some(one), Some(other)) = (place(one), place(other)) else { return Ok(None) };
        for band in 0..self.bands {
            if self.key(one, band)? == self.key(other, band)? {
                return Ok(Some(true));
            }
        }
        Ok(Some(false))
    }

    /// The key in one band of the document at a place.
    fn key(&self, place: usize, band: usize) -> Result<u64> {
        let (start, keys) =
            &self.units[self.units.partition_point(|(start, _)| *start <= place) - 1];
        let at = band * self.count(keys) + place - start;
        let mut key = [0];
        self.spill.read_into(keys, at..at + 1, &mut key)?;
        Ok(key[0])
    }

    /// How many documents there are in a unit that has these keys.
    fn count(&self, keys: &Stored<u64>) -> usize {
        keys.len() / self.bands
    }

    /// The candidates among the documents that are `wanted`.
    /// Cost: a sort per band, and the pairs of each group of up to [`CROWD_SIZE`].
    ///
    /// # Errors
    /// Those of [`Spill`].
    pub fn candidates(
        &self,
        wanted: impl Fn(DocId) -> bool + Sync,
        workspace: &Workspace,
    ) -> Result<Candidates> {
        let room = usize::try_from(workspace.memory() / SHARE_OF_MEMORY).unwrap_or(usize::MAX);
        let most = room / rayon::current_num_threads() / size_of::<Entry>();
        let pairs = Sorter::new(workspace.spill_beyond(0), room / size_of::<Met>(), |met| *met);
        let crowds = (0..self.bands).into_par_iter().with_max_len(1);
        let crowds: Vec<Vec<Vec<DocId>>> = crowds
            .map(|band| self.meet_in(band, &wanted, workspace, most, &pairs))
            .collect::<Result<_>>()?;
        let mut found = Candidates { pairs: Vec::new(), crowds: crowds.concat() };
        let mut pairs = pairs.sorted()?;
        while let Some(met) = pairs.next_chunk(PIECE, |_, _| false)? {
            found.pairs.extend(met.into_iter().map(|[one, other]| (one, other)));
        }
        found.crowds.sort_unstable();
        found.crowds.dedup();
        Ok(found)
    }

    /// Puts the pairs of one band, of which up to `most` entries are held, to the others, and gives its crowds.
    fn meet_in(
        &self,
        band: usize,
        wanted: impl Fn(DocId) -> bool,
        workspace: &Workspace,
        most: usize,
        pairs: &Sorter<Met, impl Fn(&Met) -> Met + Sync>,
    ) -> Result<Vec<Vec<DocId>>> {
        let sorter = Sorter::new(workspace.spill_beyond(0), most, Entry::order);
        let (mut entries, mut buffer) = (Vec::new(), Vec::new());
        for (start, keys) in &self.units {
            let count = self.count(keys);
            let documents = &self.documents[*start..start + count];
            let keys = self.spill.read(keys, band * count..(band + 1) * count, &mut buffer)?;
            let all = documents.iter().zip(keys).filter(|(document, _)| wanted(**document));
            entries.clear();
            entries
                .extend(all.map(|(&document, &key)| Entry { key: bytemuck::cast(key), document }));
            sorter.extend(&entries)?;
        }
        let (mut met, mut crowds) = (Vec::new(), Vec::new());
        let mut sorted = sorter.sorted()?;
        while let Some(entries) = sorted.next_chunk(PIECE, |one, other| one.key == other.key)? {
            let groups = entries.chunk_by(|one, other| one.key == other.key);
            for group in groups.filter(|group| group.len() > 1) {
                if group.len() > CROWD_SIZE {
                    crowds.push(group.iter().map(|entry| entry.document).collect());
                    continue;
                }
                for (index, one) in group.iter().enumerate() {
                    let others = group[index + 1..].iter();
                    met.extend(others.map(|other| [one.document, other.document]));
                }
                if met.len() > PIECE {
                    pairs.extend(&met)?;
                    met.clear();
                }
            }
        }
        pairs.extend(&met)?;
        Ok(crowds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every two documents that have an equal band, by comparing each with each.
    fn alike(signatures: &[Vec<u32>], params: LshParams) -> Vec<Candidate> {
        let mut pairs = Vec::new();
        for (b, other) in (0u32..).zip(signatures) {
            for (a, one) in (0..b).zip(signatures) {
                let rows = |signature: &Vec<u32>| {
                    signature.chunks(params.rows).map(<[u32]>::to_vec).collect::<Vec<_>>()
                };
                if rows(one).iter().zip(rows(other)).any(|(one, other)| *one == other) {
                    pairs.push((DocId(a), DocId(b)));
                }
            }
        }
        pairs.sort_unstable();
        pairs
    }

    proptest! {
        #[test]
        fn who_shares_a_band_is_found_whatever_fits_into_memory(
            signatures in proptest::collection::vec(proptest::collection::vec(0u32..5, 6), 0..40),
            unit in 1usize..20,
            memory in 0u64..4000,
            left_out in 0u32..40,
        ) {
            let params = LshParams { bands: 3, rows: 2 };
            let workspace = Workspace::new(&std::env::temp_dir(), memory, 0);
            let spill = Spill::new(&std::env::temp_dir(), 100);
            let mut builder = BandBuilder::new(params);
            let units: Vec<(DocId, UnitBands)> = signatures
                .chunks(unit)
                .enumerate()
                .map(|(number, signatures)| {
                    let documents = (0..).map(DocId).zip(signatures);
                    documents.for_each(|(document, signature)| builder.push(document, signature));
                    (DocId((number * unit) as u32), builder.store(&spill).unwrap())
                })
                .collect();
            let bands = Bands::new(params.bands, spill, units);
            prop_assert_eq!(bands.len(), signatures.len());
            let wanted = |document: DocId| document.0 != left_out;
            let mut expected = alike(&signatures, params);
            for (a, b) in (0..signatures.len() as u32).flat_map(|b| (0..b).map(move |a| (a, b))) {
                let (a, b) = (DocId(a), DocId(b));
                prop_assert_eq!(bands.meet(a, b).unwrap(), Some(expected.binary_search(&(a, b)).is_ok()));
            }
            expected.retain(|&(one, other)| wanted(one) && wanted(other));
            prop_assert_eq!(bands.candidates(wanted, &workspace).unwrap().pairs, expected);
        }
    }

    #[test]
    fn a_crowd_is_told_once_and_not_expanded() {
        let params = LshParams { bands: 2, rows: 1 };
        let spill = Workspace::default().spill();
        let mut builder = BandBuilder::new(params);
        // All are alike in both bands.
        (0..=CROWD_SIZE as u32).for_each(|document| builder.push(DocId(document), &[7, 7]));
        let units = vec![(DocId(0), builder.store(&spill).unwrap())];
        let found = Bands::new(params.bands, spill, units)
            .candidates(|_| true, &Workspace::default())
            .unwrap();
        assert_eq!((found.pairs.len(), found.crowds.len()), (0, 1));
        assert_eq!(found.crowds[0].len(), CROWD_SIZE + 1);
    }
}
