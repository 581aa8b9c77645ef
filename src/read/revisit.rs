//! Later readings of a corpus: chosen documents again.
//!
//! In: the [`Catalog`] and the documents wanted. Out: each of them, in parallel.
//! Of uncompressed files only the wanted records are read; a compressed one is
//! read up to the last of them. A file that is not what it was is an error.

use std::ops::Range;

use rayon::prelude::*;

use super::blocks::{Block, BlockReader, in_blocks};
use super::omit::Omitting;
use super::open::{Content, Opened, Opening};
use super::record::{Found, Record, Records};
use super::{Buffers, Catalog, Corpus, Locator, Visitor};
use crate::document::{DocId, Document};
use crate::error::{Error, ErrorKind, Result};
use crate::pool::Pool;
use crate::progress::{Progress, Silent, Unit as Steps};

/// Bytes between two documents that are read with them: fewer take no longer than to ask the system again.
const GAP: u64 = 8 << 10;

/// Most bytes that several documents are read together in: what the nearer caches hold.
const READ_TOGETHER: u64 = 256 << 10;

/// What one thread reads again: a unit, or all of a stream.
struct Task<'w> {
    units: Vec<&'w [DocId]>,
    stream: Option<u32>,
}

impl Corpus {
    /// Reads the documents in `wanted` (sorted, each once) again, and gives what was made of
    /// each unit that has some, in reading order. Cost: linear in their length; of compressed
    /// files, in what stands before them too.
    ///
    /// # Errors
    /// The first, in reading order, that shows a file to be gone or changed; what `finish` gives.
    pub fn revisit<V: Visitor>(
        &self,
        catalog: &Catalog,
        wanted: &[DocId],
        (stage, progress): (&'static str, &dyn Progress),
        visitor: &V,
    ) -> Result<Vec<V::Kept>> {
        if self.omissions.is_empty() {
            return self.revisit_whole(catalog, wanted, (stage, progress), visitor);
        }
        let omitting = Omitting { visitor, omissions: &self.omissions };
        self.revisit_whole(catalog, wanted, (stage, progress), &omitting)
    }

    /// Reads without leaving anything out: the documents as they stand.
    ///
    /// # Errors
    /// Those of [`revisit`](Self::revisit).
    pub fn revisit_whole<V: Visitor>(
        &self,
        catalog: &Catalog,
        wanted: &[DocId],
        (stage, progress): (&'static str, &dyn Progress),
        visitor: &V,
    ) -> Result<Vec<V::Kept>> {
        debug_assert!(wanted.is_sorted_by(|a, b| a < b));
        progress.begin(stage, wanted.len() as u64, Steps::Items);
        let mut tasks: Vec<Task<'_>> = Vec::new();
        let mut rest = wanted;
        for (&end, &stream) in catalog.unit_starts[1..].iter().zip(&catalog.streams) {
            let (unit, others) = rest.split_at(rest.partition_point(|document| document.0 < end));
            rest = others;
            if unit.is_empty() {
                continue;
            }
            match tasks.last_mut() {
                Some(task) if stream.is_some() && task.stream == stream => task.units.push(unit),
                _ => tasks.push(Task { units: vec![unit], stream }),
            }
        }
        let benches: Pool<Buffers> = Pool::default();
        let results = tasks
            .par_iter()
            .with_max_len(1)
            .map(|task| match task.stream {
                _ if progress.wants_stop() => Err(Error::new(ErrorKind::Interrupted)),
                Some(file) => self.revisit_stream(catalog, file, &task.units, progress, visitor),
                None => {
                    let mut accumulator = visitor.begin();
                    let mut buffers = benches.take(Buffers::default);
                    let unit = task.units[0];
                    for documents in unit.chunk_by(|a, b| catalog.file(*a) == catalog.file(*b)) {
                        self.revisit_file(
                            catalog,
                            documents,
                            &mut buffers,
                            &mut |id, document| {
                                visitor.visit(&mut accumulator, id, document);
                                progress.advance(1);
                            },
                        )?;
                    }
                    buffers.leave_to(&benches);
                    Ok(vec![visitor.finish(accumulator)?])
                }
            })
            .collect::<Result<Vec<Vec<V::Kept>>>>()?;
        progress.end();
        Ok(results.into_iter().flatten().collect())
    }

    /// Reads a large file that only goes forward once more, in the blocks of the first reading.
    fn revisit_stream<V: Visitor>(
        &self,
        catalog: &Catalog,
        file: u32,
        units: &[&[DocId]],
        progress: &dyn Progress,
        visitor: &V,
    ) -> Result<Vec<V::Kept>> {
        let file = &self.files[file as usize];
        let changed = || Error::new(ErrorKind::Changed).at_path(file.path.display());
        let Opening::Read(Opened { reader, content: Content::Records(records), .. }) =
            file.open(&self.options, &Silent)?
        else {
            return Err(changed());
        };
        let locator = |document: &DocId| catalog.locators[document.index()];
        let limit = self.options.max_document;
        let mut blocks = BlockReader::new(reader, 0, records.cutter(), limit);
        let (results, failure) = in_blocks(&mut blocks, progress, |block: &Block| {
            let after = |unit: &&[DocId]| locator(&unit[0]).offset < block.offset;
            let Some(unit) = units[units.partition_point(after)..].first() else { return Ok(None) };
            if locator(&unit[0]).offset >= block.offset + block.bytes().len() as u64 {
                return Ok(None);
            }
            let mut accumulator = visitor.begin();
            let mut record = Record::default();
            for &id in *unit {
                let Locator { offset, length, .. } = locator(&id);
                let start = (offset - block.offset) as usize;
                let bytes =
                    block.bytes().get(start..start + length as usize).ok_or_else(changed)?;
                self.parse_again(&records, bytes, offset, &mut record).ok_or_else(changed)?;
                visitor.visit(&mut accumulator, id, record.document());
                progress.advance(1);
            }
            visitor.finish(accumulator).map(Some)
        })?;
        let results: Vec<V::Kept> =
            results.into_iter().filter_map(Result::transpose).collect::<Result<_>>()?;
        // Damage was met before, and told; it is no change as long as nothing is missing.
        match failure {
            Some(error) if results.len() < units.len() => Err(Error::io(&file.path, error)),
            None if results.len() < units.len() => Err(changed()),
            _ => Ok(results),
        }
    }

    /// Reads a record that was a document once more, if it still is.
    fn parse_again(
        &self,
        records: &Records,
        bytes: &[u8],
        offset: u64,
        record: &mut Record,
    ) -> Option<()> {
        let found = records.parse(bytes, offset == 0, &self.fields, record);
        matches!(found, Ok(Found::Document)).then_some(())
    }

    fn revisit_file(
        &self,
        catalog: &Catalog,
        documents: &[DocId],
        buffers: &mut Buffers,
        visit: &mut dyn FnMut(DocId, Document<'_>),
    ) -> Result<()> {
        let file = &self.files[catalog.file(documents[0]) as usize];
        let changed = || Error::new(ErrorKind::Changed).at_path(file.path.display());
        let Opening::Read(opened) = file.open(&self.options, &Silent)? else {
            return Err(changed());
        };
        if let Content::Rows(rows) = &opened.content {
            let row = |id: &DocId| catalog.locators[id.index()].offset;
            let wanted: Vec<_> = documents.iter().map(|id| row(id)..row(id) + 1).collect();
            let mut ids = documents.iter();
            return rows.read(&wanted, &mut buffers.record, &mut |_, record| {
                let (&id, record) = ids.next().zip(record.ok()).ok_or_else(changed)?;
                visit(id, record.document());
                Ok(())
            });
        }
        let Opened { reader, direct, content: Content::Records(records), .. } = opened else {
            let content = self.read_whole(file, opened, &mut buffers.raw)?;
            self.whole(&content, buffers).map_err(|_| changed())?;
            visit(documents[0], buffers.record.document());
            return Ok(());
        };
        let Buffers { raw, record, rooms } = buffers;
        let mut parse = |id: DocId, bytes: &[u8], offset: u64| -> Result<()> {
            self.parse_again(&records, bytes, offset, record).ok_or_else(changed)?;
            visit(id, record.document());
            Ok(())
        };
        if let Some(direct) = direct {
            let place = |id: DocId| {
                let Locator { offset, length, .. } = catalog.locators[id.index()];
                offset..offset + u64::from(length)
            };
            let mut rest = documents;
            while let Some(&first) = rest.first() {
                let Range { start, mut end } = place(first);
                let follows = |&id: &DocId| {
                    let next = place(id);
                    let is_near = (end..=end + GAP).contains(&next.start);
                    let fits = is_near && next.end - start <= READ_TOGETHER;
                    end = if fits { next.end } else { end };
                    fits
                };
                let count = 1 + rest[1..].iter().copied().take_while(follows).count();
                let (together, later) = rest.split_at(count);
                let length = (end - start) as usize;
                if raw.len() < length {
                    raw.resize(length, 0);
                }
                let raw = &mut raw[..length];
                direct.read_exact_at(raw, start).map_err(|_| changed())?;
                for &id in together {
                    let place = place(id);
                    let bytes = &raw[(place.start - start) as usize..(place.end - start) as usize];
                    parse(id, bytes, place.start)?;
                }
                rest = later;
            }
            return Ok(());
        }
        let mut blocks = BlockReader::new(reader, 0, records.cutter(), self.options.max_document)
            .in_rooms(std::mem::take(rooms));
        let mut rest = documents;
        while let Some(&first) = rest.first() {
            let block = blocks.next_block().map_err(|error| Error::io(&file.path, error))?;
            let block = block.ok_or_else(changed)?;
            let starts = catalog.locators[first.index()].offset;
            if starts < block.offset {
                return Err(changed());
            }
            let end = block.offset + block.bytes().len() as u64;
            let (here, later) =
                rest.split_at(rest.partition_point(|id| catalog.locators[id.index()].offset < end));
            for &id in here {
                let Locator { offset, length, .. } = catalog.locators[id.index()];
                let start = (offset - block.offset) as usize;
                let bytes = block.bytes().get(start..start + length as usize);
                parse(id, bytes.ok_or_else(changed)?, offset)?;
            }
            rest = later;
            blocks.reuse(block.into_room());
        }
        *rooms = blocks.into_rooms();
        Ok(())
    }
}

/// A record without the byte order mark that the first of a file may begin with.
pub fn record_body(line: &str) -> &str {
    line.strip_prefix('\u{feff}').unwrap_or(line)
}
