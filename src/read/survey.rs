//! The first reading of a corpus: every document once, and where it stands.
//!
//! In: the units of a [`Corpus`]. Out: what the visitor made of the documents of each, where they stand, and
//! what could not be read; [put together](super::assemble) a [`Survey`].

use std::io::Read;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::assemble::{Outcome, PartOutcome, UnitRead};
use super::blocks::{Block, BlockReader, Fault, in_blocks};
use super::in_memory::Rows;
use super::open::{Content, Opened, Opening, read_error};
use super::record::{Found, Record, Records};
use super::walk::SourceFile;
use super::{Buffers, Corpus, LARGEST_DOCUMENT, Part, Survey, Unit, Visitor};
use crate::document::{DocId, Document};
use crate::error::{Error, ErrorKind, Result};
use crate::pool::Pool;
use crate::progress::{Progress, Unit as Steps};

/// How many bytes of a stretch of a file are read at once: what is read beyond its end is read twice.
const STRETCH_STEP: usize = 256 << 10;

/// Calls the visitor with each document and its number within the unit.
fn numbered<V: Visitor>(visitor: &V, unit: &mut V::Unit) -> impl FnMut(Document<'_>) {
    let mut next = DocId(0);
    move |document| {
        visitor.visit(unit, next, document);
        next.0 += 1;
    }
}

impl Corpus {
    /// Reads everything once.
    ///
    /// # Errors
    /// With [`ReadOptions::strict`](super::ReadOptions::strict), the first problem in
    /// reading order; what `finish` gives.
    pub fn survey<V: Visitor>(
        &mut self,
        progress: &dyn Progress,
        visitor: &V,
    ) -> Result<Survey<V::Kept>> {
        let units = self.read_units(|_| true, progress, visitor)?;
        self.put_together(units)
    }

    /// Reads the units that are chosen by their numbers.
    ///
    /// # Errors
    /// Those of [`survey`](Self::survey).
    pub fn read_units<V: Visitor>(
        &mut self,
        chosen: impl Fn(usize) -> bool,
        progress: &dyn Progress,
        visitor: &V,
    ) -> Result<Vec<UnitRead<V::Kept>>> {
        let strict = self.options.strict;
        if strict && !self.walk_problems.is_empty() {
            return Err(self.walk_problems.swap_remove(0));
        }
        let this = &*self;
        let chosen: Vec<(usize, &Unit)> =
            this.units.iter().enumerate().filter(|(number, _)| chosen(*number)).collect();
        let bytes = chosen.iter().map(|(_, unit)| unit.bytes).sum();
        progress.begin("reading", bytes, Steps::Bytes);
        let first_bad = AtomicUsize::new(usize::MAX);
        let benches: Pool<Buffers> = Pool::default();
        let units = chosen
            .par_iter()
            // Each by itself, for a thread that is done takes no part of what another has begun.
            .with_max_len(1)
            .filter(|(number, _)| *number <= first_bad.load(Ordering::Relaxed))
            .map(|&(number, unit)| {
                progress.go_on()?;
                let outcomes = match unit.streamed {
                    true => this.survey_stream(&unit.parts[0], &benches, progress, visitor)?,
                    false => vec![this.survey_unit(unit, &benches, progress, visitor)?],
                };
                let unit = UnitRead { number, outcomes };
                if strict && unit.has_problems() {
                    first_bad.fetch_min(number, Ordering::Relaxed);
                }
                Ok(unit)
            })
            .collect::<Result<_>>()?;
        progress.end();
        Ok(units)
    }

    /// Reads the parts of a unit one after the other.
    fn survey_unit<V: Visitor>(
        &self,
        unit: &Unit,
        benches: &Pool<Buffers>,
        progress: &dyn Progress,
        visitor: &V,
    ) -> Result<Outcome<V::Kept>> {
        let mut accumulator = visitor.begin();
        let mut parts = Vec::with_capacity(unit.parts.len());
        let mut buffers = benches.take(Buffers::default);
        let mut visit = numbered(visitor, &mut accumulator);
        for part in &unit.parts {
            let mut outcome = PartOutcome { file: part.file, ..PartOutcome::default() };
            if let Err(error) =
                self.survey_part(part, progress, &mut buffers, &mut outcome, &mut visit)
            {
                outcome.problem(error);
            }
            parts.push(outcome);
        }
        drop(visit);
        buffers.leave_to(benches);
        Ok(Outcome { result: visitor.finish(accumulator)?, parts, stream: None })
    }

    /// Reads a large file that only goes forward: one thread unpacks it, all work on its blocks.
    fn survey_stream<V: Visitor>(
        &self,
        part: &Part,
        benches: &Pool<Buffers>,
        progress: &dyn Progress,
        visitor: &V,
    ) -> Result<Vec<Outcome<V::Kept>>> {
        let file = &self.files[part.file as usize];
        let Ok(Opening::Read(opened)) = file.open(&self.options, progress) else {
            // It could be opened when the work was planned; what is wrong now is told as ever.
            let unit = Unit { parts: vec![part.clone()], bytes: 0, streamed: false };
            return Ok(vec![self.survey_unit(&unit, benches, progress, visitor)?]);
        };
        let Opened { reader, direct, content, compression, replaced, losses, .. } = opened;
        let Content::Records(records) = content else {
            return Err(Error::new(ErrorKind::Changed).at_path(file.path.display()));
        };
        let fresh = || PartOutcome { file: part.file, ..PartOutcome::default() };
        let done = |accumulator: V::Unit, outcome: PartOutcome| {
            let result = visitor.finish(accumulator)?;
            // What can be read by position is no stream when it is read again.
            let stream = direct.is_none().then_some(part.file);
            Ok(Outcome { result, parts: vec![outcome], stream })
        };
        let mut blocks = BlockReader::new(reader, 0, records.cutter(), self.options.max_document);
        let (outcomes, failure) = in_blocks(&mut blocks, progress, |block: &Block| {
            let mut accumulator = visitor.begin();
            let mut outcome = fresh();
            let mut visit = numbered(visitor, &mut accumulator);
            let place = (file, &records, 0..u64::MAX);
            let mut buffers = benches.take(Buffers::default);
            self.survey_block(place, block, &mut buffers.record, &mut outcome, &mut visit);
            drop(visit);
            buffers.leave_to(benches);
            done(accumulator, outcome)
        })?;
        let mut outcomes = outcomes.into_iter().collect::<Result<Vec<_>>>()?;
        if let Some(error) = failure {
            let mut outcome = fresh();
            // The line is counted from the lines of the blocks before.
            let error = read_error(error, compression)
                .at_record(1, blocks.offset())
                .counting(records.noun());
            outcome.problem(error.at_path(file.path.display()));
            outcomes.push(done(visitor.begin(), outcome)?);
        }
        if outcomes.is_empty() {
            outcomes.push(done(visitor.begin(), fresh())?);
        }
        if let Some(Outcome { parts, .. }) = outcomes.last_mut() {
            parts[0].replaced += replaced.load(Ordering::Relaxed);
            parts[0].losses(file, &losses);
        }
        Ok(outcomes)
    }

    fn survey_part(
        &self,
        part: &Part,
        progress: &dyn Progress,
        buffers: &mut Buffers,
        outcome: &mut PartOutcome,
        visit: &mut dyn FnMut(Document<'_>),
    ) -> Result<()> {
        let file = &self.files[part.file as usize];
        let opened = match file.open(&self.options, progress)? {
            Opening::Read(opened) => opened,
            // What the user named is expected to be read.
            Opening::Skip(reason) if file.named => {
                return Err(Error::new(ErrorKind::Unsupported(reason)).at_path(file.path.display()));
            }
            Opening::Skip(reason) => {
                outcome.skipped = Some(reason.into());
                return Ok(());
            }
        };
        match opened.content {
            Content::Text | Content::Page(_) => {
                self.survey_whole(file, opened, buffers, outcome, visit)
            }
            Content::Records(_) => self.survey_records(part, opened, buffers, outcome, visit),
            Content::Rows(rows) => {
                let all = rows.all();
                let range = part.range.clone().unwrap_or(all.clone());
                let share = (range.end - range.start) as f64 / (all.end as f64).max(1.0);
                let result = self.survey_rows(part.file, range, &rows, buffers, outcome, visit);
                // The bytes were read behind the back of whoever counts them.
                progress.advance((file.size as f64 * share) as u64);
                result
            }
        }
    }

    fn survey_whole(
        &self,
        file: &SourceFile,
        opened: Opened<'_>,
        buffers: &mut Buffers,
        outcome: &mut PartOutcome,
        visit: &mut dyn FnMut(Document<'_>),
    ) -> Result<()> {
        let named = opened.named || file.named;
        let losses = Arc::clone(&opened.losses);
        let content = self.read_whole(file, opened, &mut buffers.raw)?;
        outcome.losses(file, &losses);
        let length = buffers.raw.len() as u32;
        match self.whole(&content, buffers) {
            Ok(()) if buffers.record.text.len() as u64 > LARGEST_DOCUMENT => {
                Err(Error::new(ErrorKind::TooLarge { limit: LARGEST_DOCUMENT })
                    .at_path(file.path.display()))
            }
            Ok(()) => {
                outcome.document(&buffers.record, length, 0, 0);
                outcome.extracted = content.is_extracted();
                visit(buffers.record.document());
                Ok(())
            }
            Err(reason) if named => {
                Err(Error::new(ErrorKind::NotText(reason)).at_path(file.path.display()))
            }
            Err(_) => {
                outcome.skipped = Some("not text".into());
                Ok(())
            }
        }
    }

    /// Reads the records of a file, or of a stretch of it, one after the other.
    fn survey_records(
        &self,
        part: &Part,
        opened: Opened<'_>,
        buffers: &mut Buffers,
        outcome: &mut PartOutcome,
        visit: &mut dyn FnMut(Document<'_>),
    ) -> Result<()> {
        let file = &self.files[part.file as usize];
        let Opened { reader, direct, content, compression, replaced, losses, .. } = opened;
        let Content::Records(records) = content else { return Ok(()) };
        let limit = self.options.max_document;
        let range = part.range.clone().unwrap_or(0..u64::MAX);
        // The record that runs into the range belongs to the part before.
        let from = range.start.saturating_sub(1);
        let reader = match direct {
            Some(direct) if from > 0 => Box::new(direct.from(from)) as Box<dyn Read>,
            _ => reader,
        };
        let rooms = std::mem::take(&mut buffers.rooms);
        let mut blocks = BlockReader::new(reader, from, records.cutter(), limit).in_rooms(rooms);
        if part.range.is_some() {
            blocks = blocks.for_part(STRETCH_STEP, range.clone());
        }
        let place = (file, &records, range);
        loop {
            match blocks.next_block() {
                Ok(Some(block)) => {
                    if !self.survey_block(
                        place.clone(),
                        &block,
                        &mut buffers.record,
                        outcome,
                        visit,
                    ) {
                        break;
                    }
                    blocks.reuse(block.into_room());
                }
                Ok(None) => break,
                Err(error) => {
                    let error = read_error(error, compression);
                    outcome.problem(
                        error
                            .at_record(outcome.lines + 1, blocks.offset())
                            .counting(place.1.noun())
                            .at_path(file.path.display()),
                    );
                    break;
                }
            }
        }
        buffers.rooms = blocks.into_rooms();
        outcome.replaced += replaced.load(Ordering::Relaxed);
        outcome.losses(file, &losses);
        Ok(())
    }

    /// Reads a range of rows of a table.
    fn survey_rows(
        &self,
        file: u32,
        range: Range<u64>,
        rows: &Rows,
        buffers: &mut Buffers,
        outcome: &mut PartOutcome,
        visit: &mut dyn FnMut(Document<'_>),
    ) -> Result<()> {
        let path = self.files[file as usize].path.display();
        let limit = self.options.max_document;
        outcome.noun = "row".into();
        let read = rows.read(&[range], &mut buffers.record, &mut |row, record| {
            outcome.lines += 1;
            let line = outcome.lines;
            match record {
                Ok(record) if record.text.len() as u64 <= limit => {
                    outcome.document(record, 0, row, line);
                    outcome.id_hashes.push(record.has_id.then(|| xxh3_64(record.id.as_bytes())));
                    visit(record.document());
                }
                Ok(_) => outcome.problem(
                    Error::new(ErrorKind::TooLarge { limit })
                        .at_record(line, row)
                        .counting("row")
                        .at_path(&path),
                ),
                Err(error) => {
                    outcome.problem(error.at_record(line, row).counting("row").at_path(&path));
                }
            }
            Ok(())
        });
        let next = outcome.lines + 1;
        read.map_err(|error| error.at_record(next, 0).counting("row").at_path(&path))
    }

    /// Reads the records of a block that start within a range; tells whether more may follow.
    fn survey_block(
        &self,
        (file, records, range): (&SourceFile, &Records, Range<u64>),
        block: &Block,
        record: &mut Record,
        outcome: &mut PartOutcome,
        visit: &mut dyn FnMut(Document<'_>),
    ) -> bool {
        outcome.extracted = records.is_extracted();
        outcome.noun = records.noun().into();
        for frame in &block.frames {
            let offset = block.offset + frame.range.start as u64;
            if offset < range.start {
                continue;
            }
            if offset >= range.end {
                return false;
            }
            let line = outcome.lines + 1;
            outcome.lines += frame.lines;
            let bytes = &block.bytes()[frame.range.clone()];
            let found = match frame.fault {
                Some(Fault::TooLong) => {
                    Err(Error::new(ErrorKind::TooLarge { limit: self.options.max_document }))
                }
                Some(Fault::Broken(reason)) => Err(Error::new(ErrorKind::BrokenRecord(reason))),
                None => records.parse(bytes, offset == 0, &self.fields, record),
            };
            match found {
                Ok(Found::Nothing) => {}
                Ok(Found::PassedBy(reason)) => {
                    *outcome.passed_by.entry(reason.into()).or_default() += 1
                }
                Ok(Found::Document) => {
                    outcome.document(record, bytes.len() as u32, offset, line);
                    outcome.id_hashes.push(record.has_id.then(|| xxh3_64(record.id.as_bytes())));
                    visit(record.document());
                }
                Err(error) => {
                    let error = error.at_record(line, offset).counting(records.noun());
                    outcome.problem(error.at_path(file.path.display()));
                }
            }
        }
        true
    }
}
