//! The first reading of a corpus: every document once, and where it stands.
//!
//! In: the units of a [`Corpus`]. Out: a [`Survey`]: what the visitor made of
//! the documents, the [`Catalog`], the counts and the problems, all in
//! reading order, whichever thread read what.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use ahash::AHashMap;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::blocks::{Block, BlockReader, Fault, in_blocks};
use super::gzip::Losses;
use super::in_memory::Rows;
use super::open::{Content, Opened, Opening, read_error};
use super::record::{Found, Record, Records};
use super::walk::SourceFile;
use super::{
    Buffers, Catalog, Corpus, LARGEST_DOCUMENT, Locator, Part, ReadTotals, Survey, Unit, Visitor,
};
use crate::document::{DocId, Document};
use crate::error::{Error, ErrorKind, Result, counted};
use crate::progress::{Progress, Unit as Steps};

/// How many problems of one unit are described; the rest is counted.
const DESCRIBED_PROBLEMS: usize = 100;

/// How many bytes of a stretch of a file are read at once: what is read beyond its end is read twice.
const STRETCH_STEP: usize = 256 << 10;

/// What one part of a unit gave.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct PartOutcome {
    file: u32,
    lines: u64,
    /// What `lines` counts, where the file has records.
    noun: Cow<'static, str>,
    #[serde(skip)]
    pub(super) locators: Vec<Locator>,
    /// Hashes of the records' own ids.
    #[serde(skip)]
    pub(super) id_hashes: Vec<Option<u64>>,
    #[serde(skip)]
    pub(super) problems: Vec<Error>,
    more_problems: u64,
    skipped: Option<Cow<'static, str>>,
    passed_by: BTreeMap<Cow<'static, str>, u64>,
    replaced: u64,
    stripped: u64,
    /// Whether the documents are what was extracted of pages.
    extracted: bool,
    guessed: BTreeMap<Cow<'static, str>, u64>,
    text_bytes: u64,
}

impl PartOutcome {
    fn problem(&mut self, error: Error) {
        if self.problems.len() < DESCRIBED_PROBLEMS {
            self.problems.push(error);
        } else {
            self.more_problems += 1;
        }
    }
}

impl PartOutcome {
    /// Tells what of a file was passed over because it is damaged.
    fn losses(&mut self, file: &SourceFile, losses: &Losses) {
        if let Some(detail) = losses.told() {
            let error = Error::new(ErrorKind::Damaged { format: "gzip", detail });
            self.problem(error.at_path(file.path.display()));
        }
    }

    /// Counts a document, and notes where it stands.
    fn document(&mut self, record: &Record, length: u32, offset: u64, line: u64) {
        self.replaced += record.replaced;
        self.stripped += u64::from(record.stripped);
        if let Some(encoding) = record.guessed {
            *self.guessed.entry(encoding.into()).or_default() += 1;
        }
        self.text_bytes += record.text.len() as u64;
        self.locators.push(Locator { file: self.file, length, offset, line });
    }
}

/// Calls the visitor with each document and its number within the unit.
fn numbered<V: Visitor>(visitor: &V, unit: &mut V::Unit) -> impl FnMut(Document<'_>) {
    let mut next = DocId(0);
    move |document| {
        visitor.visit(unit, next, document);
        next.0 += 1;
    }
}

/// What a unit, or a block of one, gave.
pub(super) struct Outcome<B> {
    pub(super) result: B,
    pub(super) parts: Vec<PartOutcome>,
    /// The file, if it is a block of a stream.
    pub(super) stream: Option<u32>,
}

/// What one unit gave, to be put together with what the others did.
pub struct UnitRead<B> {
    /// Its number, in reading order.
    pub(super) number: usize,
    pub(super) outcomes: Vec<Outcome<B>>,
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
        let units = chosen
            .par_iter()
            .filter(|(number, _)| *number <= first_bad.load(Ordering::Relaxed))
            .map(|&(number, unit)| {
                progress.go_on()?;
                let outcomes = match unit.streamed {
                    true => this.survey_stream(&unit.parts[0], progress, visitor)?,
                    false => vec![this.survey_unit(unit, progress, visitor)?],
                };
                let mut parts = outcomes.iter().flat_map(|outcome| &outcome.parts);
                if strict && parts.any(|part| !part.problems.is_empty()) {
                    first_bad.fetch_min(number, Ordering::Relaxed);
                }
                Ok(UnitRead { number, outcomes })
            })
            .collect::<Result<_>>()?;
        progress.end();
        Ok(units)
    }

    /// Makes a survey of what all units gave, in reading order.
    ///
    /// # Errors
    /// With [`ReadOptions::strict`](super::ReadOptions::strict), the first problem.
    pub fn put_together<A>(&mut self, units: Vec<UnitRead<A>>) -> Result<Survey<A>> {
        debug_assert!(units.is_sorted_by_key(|unit| unit.number));
        let walk_problems = std::mem::take(&mut self.walk_problems);
        self.assemble(walk_problems, units.into_iter().flat_map(|unit| unit.outcomes))
    }

    /// Reads the parts of a unit one after the other.
    fn survey_unit<V: Visitor>(
        &self,
        unit: &Unit,
        progress: &dyn Progress,
        visitor: &V,
    ) -> Result<Outcome<V::Kept>> {
        let mut accumulator = visitor.begin();
        let mut parts = Vec::with_capacity(unit.parts.len());
        let mut buffers = Buffers::default();
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
        Ok(Outcome { result: visitor.finish(accumulator)?, parts, stream: None })
    }

    /// Reads a large file that only goes forward: one thread unpacks it, all work on its blocks.
    fn survey_stream<V: Visitor>(
        &self,
        part: &Part,
        progress: &dyn Progress,
        visitor: &V,
    ) -> Result<Vec<Outcome<V::Kept>>> {
        let file = &self.files[part.file as usize];
        let Ok(Opening::Read(opened)) = file.open(&self.options, progress) else {
            // It could be opened when the work was planned; what is wrong now is told as ever.
            let unit = Unit { parts: vec![part.clone()], bytes: 0, streamed: false };
            return Ok(vec![self.survey_unit(&unit, progress, visitor)?]);
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
        let (outcomes, failure) = in_blocks(&mut blocks, progress, |block: Block| {
            let mut accumulator = visitor.begin();
            let mut outcome = fresh();
            let mut visit = numbered(visitor, &mut accumulator);
            let place = (file, &records, 0..u64::MAX);
            self.survey_block(place, &block, &mut Buffers::default(), &mut outcome, &mut visit);
            drop(visit);
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

    /// Puts what the units gave together in reading order.
    fn assemble<A>(
        &self,
        mut problems: Vec<Error>,
        outcomes: impl Iterator<Item = Outcome<A>>,
    ) -> Result<Survey<A>> {
        let mut totals = ReadTotals::default();
        let mut catalog = Catalog { unit_starts: vec![0], ..Catalog::default() };
        let mut units = Vec::new();
        let mut ids: Vec<(u32, u64, u32)> = Vec::new();
        let mut nouns: AHashMap<u32, &'static str> = AHashMap::new();
        let mut line_base = (u32::MAX, 0);
        for (&reason, &count) in &self.walk_skipped {
            *totals.skipped.entry(reason.to_owned()).or_default() += count;
        }
        let mut more = 0;
        for Outcome { result: accumulator, parts, stream } in outcomes {
            for mut part in parts {
                if line_base.0 != part.file {
                    line_base = (part.file, 0);
                    match &part.skipped {
                        Some(reason) => {
                            *totals.skipped.entry(reason.clone().into_owned()).or_default() += 1
                        }
                        // A file of which nothing could be read was not read.
                        None if part.locators.is_empty() && !part.problems.is_empty() => {}
                        None => {
                            totals.files += 1;
                            totals.bytes += self.files[part.file as usize].size;
                        }
                    }
                }
                let file = &self.files[part.file as usize];
                for error in &mut part.problems {
                    error.shift_lines(|line| file.number(line_base.1 + line));
                }
                for locator in &mut part.locators {
                    if locator.line > 0 {
                        locator.line += line_base.1;
                    }
                }
                if !part.id_hashes.is_empty() {
                    nouns.insert(part.file, counted(&part.noun));
                }
                let first = catalog.locators.len() as u32;
                // A record without an id is called by its line, which may be the id of another.
                let named = part.locators.iter().zip(&part.id_hashes).zip(first..);
                ids.extend(named.map(|((locator, id), document)| {
                    let line = || xxh3_64(file.number(locator.line).to_string().as_bytes());
                    (part.file, id.unwrap_or_else(line), document)
                }));
                line_base.1 += part.lines;
                catalog.locators.append(&mut part.locators);
                if part.extracted {
                    catalog.extracted.push(first..catalog.locators.len() as u32);
                }
                more += part.more_problems;
                problems.append(&mut part.problems);
                totals.replaced += part.replaced;
                totals.stripped += part.stripped;
                totals.text_bytes += part.text_bytes;
                for (reason, count) in part.passed_by {
                    *totals.passed_by.entry(reason.into_owned()).or_default() += count;
                }
                for (encoding, count) in part.guessed {
                    *totals.guessed.entry(encoding.into_owned()).or_default() += count;
                }
            }
            if catalog.locators.len() > u32::MAX as usize {
                return Err(Error::options(
                    "more than 4,294,967,295 documents: scan the corpus in parts",
                ));
            }
            catalog.unit_starts.push(catalog.locators.len() as u32);
            catalog.streams.push(stream);
            units.push(accumulator);
        }
        if self.options.strict && !problems.is_empty() {
            return Err(problems.swap_remove(0));
        }
        let notices = self.repeated_ids(ids, &nouns, &mut catalog, &mut totals);
        totals.documents = catalog.len() as u64;
        totals.problems = problems.len() as u64 + more;
        Ok(Survey { units, catalog, totals, problems, notices })
    }

    /// Marks the documents whose id is not the first of its kind in its file.
    fn repeated_ids(
        &self,
        mut ids: Vec<(u32, u64, u32)>,
        nouns: &AHashMap<u32, &'static str>,
        catalog: &mut Catalog,
        totals: &mut ReadTotals,
    ) -> Vec<String> {
        ids.par_sort_unstable();
        let mut notices = Vec::new();
        for file_ids in ids.chunk_by(|a, b| a.0 == b.0) {
            let repeated: Vec<u32> = file_ids
                .windows(2)
                .filter(|pair| pair[0].1 == pair[1].1)
                .map(|pair| pair[1].2)
                .collect();
            if let Some(first) = repeated.iter().min() {
                totals.repeated_ids += repeated.len() as u64;
                let records = match repeated.len() {
                    1 => "a record repeats".to_owned(),
                    count => format!("{count} records repeat"),
                };
                let file = file_ids[0].0;
                let line = self.files[file as usize].number(catalog.locators[*first as usize].line);
                let (place, number) = match nouns.get(&file) {
                    Some(&noun) if noun != "line" => (format!("is {noun} {line}"), noun),
                    _ => (format!("on line {line}"), "line"),
                };
                notices.push(format!(
                    "{}: {records} the id of an earlier record, the first {place}; \
                     the {number} number is added to the name",
                    self.files[file as usize].name,
                ));
                catalog.repeated_ids.extend(repeated);
            }
        }
        notices
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
        let content = self.read_whole(file, opened, &mut buffers.raw)?;
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
        let mut blocks = BlockReader::new(reader, from, records.cutter(), limit);
        if part.range.is_some() {
            blocks = blocks.for_part(STRETCH_STEP, range.clone());
        }
        let place = (file, &records, range);
        loop {
            match blocks.next_block() {
                Ok(Some(block)) => {
                    if !self.survey_block(place.clone(), &block, buffers, outcome, visit) {
                        break;
                    }
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
        buffers: &mut Buffers,
        outcome: &mut PartOutcome,
        visit: &mut dyn FnMut(Document<'_>),
    ) -> bool {
        let record = &mut buffers.record;
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
            let bytes = &block.bytes[frame.range.clone()];
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
