//! The first reading of a corpus: every document once, and where it stands.
//!
//! In: the units of a [`Corpus`]. Out: a [`Survey`]: what the visitor made of
//! the documents, the [`Catalog`], the counts and the problems, all in
//! reading order, whichever thread read what.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::blocks::{Block, BlockReader, in_blocks};
use super::format::{Compression, Format};
use super::lines::LineReader;
use super::open::{Opened, Opening, read_error};
use super::walk::SourceFile;
use super::{
    Buffers, Catalog, Corpus, LARGEST_DOCUMENT, Locator, Part, ReadTotals, Survey, Unit, Visitor,
    encoding, parse_record, record_form,
};
use crate::document::{DocId, Document};
use crate::error::{Error, ErrorKind, Result};
use crate::progress::{Progress, Unit as Steps};

/// How many problems of one unit are described; the rest is counted.
const DESCRIBED_PROBLEMS: usize = 100;

/// What one part of a unit gave.
#[derive(Default)]
struct PartOutcome {
    file: u32,
    lines: u64,
    locators: Vec<Locator>,
    /// Hashes of the records' own ids.
    id_hashes: Vec<Option<u64>>,
    problems: Vec<Error>,
    more_problems: u64,
    skipped: Option<&'static str>,
    replaced: u64,
    guessed: BTreeMap<&'static str, u64>,
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

/// Calls the visitor with each document and its number within the unit.
fn numbered<V: Visitor>(visitor: &V, unit: &mut V::Unit) -> impl FnMut(Document<'_>) {
    let mut next = DocId(0);
    move |document| {
        visitor.visit(unit, next, document);
        next.0 += 1;
    }
}

/// What a unit, or a block of one, gave.
struct Outcome<B> {
    result: B,
    parts: Vec<PartOutcome>,
    /// The file, if it is a block of a stream.
    stream: Option<u32>,
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
        progress.begin("reading", self.bytes(), Steps::Bytes);
        let mut walk_problems = std::mem::take(&mut self.walk_problems);
        let strict = self.options.strict;
        if strict && !walk_problems.is_empty() {
            return Err(walk_problems.swap_remove(0));
        }
        let first_bad = AtomicUsize::new(usize::MAX);
        let outcomes: Vec<Vec<Outcome<V::Kept>>> = self
            .units
            .par_iter()
            .enumerate()
            .filter(|(index, _)| *index <= first_bad.load(Ordering::Relaxed))
            .map(|(index, unit)| {
                let outcomes = match unit.streamed {
                    true => self.survey_stream(&unit.parts[0], progress, visitor)?,
                    false => vec![self.survey_unit(unit, progress, visitor)?],
                };
                let mut parts = outcomes.iter().flat_map(|outcome| &outcome.parts);
                if strict && parts.any(|part| !part.problems.is_empty()) {
                    first_bad.fetch_min(index, Ordering::Relaxed);
                }
                Ok(outcomes)
            })
            .collect::<Result<_>>()?;
        progress.end();
        self.assemble(walk_problems, outcomes.into_iter().flatten())
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
        let fresh = || PartOutcome { file: part.file, ..PartOutcome::default() };
        let done = |accumulator: V::Unit, outcome: PartOutcome| {
            let result = visitor.finish(accumulator)?;
            Ok(Outcome { result, parts: vec![outcome], stream: Some(part.file) })
        };
        let failed = |error: Error, offset: u64| -> Result<Outcome<V::Kept>> {
            let mut outcome = fresh();
            // The line is counted from the lines of the blocks before.
            outcome.problem(error.at_record(1, offset).at_path(file.path.display()));
            done(visitor.begin(), outcome)
        };
        let Ok(Opening::Read(Opened { reader, compression, recoded, replaced, .. })) =
            file.open(self.options.input_format, progress)
        else {
            // It could be opened when the work was planned; what is wrong now is told as ever.
            let unit = Unit { parts: vec![part.clone()], bytes: 0, streamed: false };
            return Ok(vec![self.survey_unit(&unit, progress, visitor)?]);
        };
        let mut blocks = BlockReader::new(reader, self.options.max_document);
        let limit = self.options.max_document;
        let (outcomes, failure) = in_blocks(&mut blocks, |block: Block| {
            let Some(lines) = block.lines else {
                let mut outcome = failed(Error::new(ErrorKind::TooLarge { limit }), block.offset)?;
                outcome.parts[0].lines = 1;
                return Ok(outcome);
            };
            let mut accumulator = visitor.begin();
            let mut outcome = fresh();
            let lines = LineReader::new(&lines[..], block.offset, limit);
            let mut visit = numbered(visitor, &mut accumulator);
            let mut buffers = Buffers::default();
            let range = 0..u64::MAX;
            let read = (compression, recoded, range);
            if let Err(error) =
                self.survey_lines(file, lines, read, &mut buffers, &mut outcome, &mut visit)
            {
                outcome.problem(error);
            }
            drop(visit);
            done(accumulator, outcome)
        });
        let mut outcomes = outcomes.into_iter().collect::<Result<Vec<_>>>()?;
        if let Some(error) = failure {
            outcomes.push(failed(read_error(error, compression), blocks.offset())?);
        }
        if let Some(Outcome { parts, .. }) = outcomes.last_mut() {
            parts[0].replaced += replaced.load(Ordering::Relaxed);
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
        let mut line_base = (u32::MAX, 0);
        for (&reason, &count) in &self.walk_skipped {
            *totals.skipped.entry(reason.to_owned()).or_default() += count;
        }
        let mut more = 0;
        for Outcome { result: accumulator, parts, stream } in outcomes {
            for mut part in parts {
                if line_base.0 != part.file {
                    line_base = (part.file, 0);
                    match part.skipped {
                        Some(reason) => *totals.skipped.entry(reason.to_owned()).or_default() += 1,
                        // A file of which nothing could be read was not read.
                        None if part.locators.is_empty() && !part.problems.is_empty() => {}
                        None => {
                            totals.files += 1;
                            totals.bytes += self.files[part.file as usize].size;
                        }
                    }
                }
                for error in &mut part.problems {
                    error.shift_lines(line_base.1);
                }
                for locator in &mut part.locators {
                    if locator.line > 0 {
                        locator.line += line_base.1;
                    }
                }
                let first = catalog.locators.len() as u32;
                // A record without an id is called by its line, which may be the id of another.
                let named = part.locators.iter().zip(&part.id_hashes).zip(first..);
                ids.extend(named.map(|((locator, id), document)| {
                    let line = || xxh3_64(locator.line.to_string().as_bytes());
                    (part.file, id.unwrap_or_else(line), document)
                }));
                line_base.1 += part.lines;
                catalog.locators.append(&mut part.locators);
                more += part.more_problems;
                problems.append(&mut part.problems);
                totals.replaced += part.replaced;
                totals.text_bytes += part.text_bytes;
                for (encoding, count) in part.guessed {
                    *totals.guessed.entry(encoding.to_owned()).or_default() += count;
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
        let notices = self.repeated_ids(ids, &mut catalog, &mut totals);
        totals.documents = catalog.len() as u64;
        totals.problems = problems.len() as u64 + more;
        Ok(Survey { units, catalog, totals, problems, notices })
    }

    /// Marks the documents whose id is not the first of its kind in its file.
    fn repeated_ids(
        &self,
        mut ids: Vec<(u32, u64, u32)>,
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
                notices.push(format!(
                    "{}: {records} the id of an earlier record, the first on line {}; \
                     the line number is added to the name",
                    self.files[file_ids[0].0 as usize].name, catalog.locators[*first as usize].line,
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
        let opened = match file.open(self.options.input_format, progress)? {
            Opening::Read(opened) => opened,
            // What the user named is expected to be read.
            Opening::Skip(reason) if file.named => {
                return Err(Error::new(ErrorKind::Unsupported(reason)).at_path(file.path.display()));
            }
            Opening::Skip(reason) => {
                outcome.skipped = Some(reason);
                return Ok(());
            }
        };
        match opened.format {
            Format::Text => self.survey_text(file, opened, buffers, outcome, visit),
            Format::Jsonl => {
                let limit = self.options.max_document;
                let Opened { reader, direct, compression, recoded, replaced, .. } = opened;
                let range = part.range.clone().unwrap_or(0..u64::MAX);
                let lines = match direct {
                    // The line that runs into the range belongs to the part before.
                    Some(direct) if range.start > 0 => {
                        let from = range.start - 1;
                        let reader = Box::new(direct.from(from)) as Box<dyn Read>;
                        let mut lines = LineReader::new(reader, from, limit);
                        lines.next_line().map_err(|error| Error::io(&file.path, error))?;
                        lines
                    }
                    _ => LineReader::new(reader, 0, limit),
                };
                let read = (compression, recoded, range);
                let result = self.survey_lines(file, lines, read, buffers, outcome, visit);
                outcome.replaced += replaced.load(Ordering::Relaxed);
                result
            }
        }
    }

    fn survey_text(
        &self,
        file: &SourceFile,
        opened: Opened<'_>,
        buffers: &mut Buffers,
        outcome: &mut PartOutcome,
        visit: &mut dyn FnMut(Document<'_>),
    ) -> Result<()> {
        let named = opened.named || file.named;
        self.read_whole(file, opened, &mut buffers.raw)?;
        match encoding::decode(&buffers.raw) {
            Ok(decoded) if decoded.text.len() as u64 > LARGEST_DOCUMENT => {
                Err(Error::new(ErrorKind::TooLarge { limit: LARGEST_DOCUMENT })
                    .at_path(file.path.display()))
            }
            Ok(decoded) => {
                outcome.replaced += decoded.replaced;
                if let Some(encoding) = decoded.guessed {
                    *outcome.guessed.entry(encoding).or_default() += 1;
                }
                outcome.text_bytes += decoded.text.len() as u64;
                outcome.locators.push(Locator {
                    file: outcome.file,
                    length: buffers.raw.len() as u32,
                    offset: 0,
                    line: 0,
                });
                let form = encoding::Form::of(&buffers.raw, &decoded);
                visit(Document { id: None, text: &decoded.text, extra: &[], form });
                Ok(())
            }
            Err(reason) if named => {
                Err(Error::new(ErrorKind::NotText(reason)).at_path(file.path.display()))
            }
            Err(_) => {
                outcome.skipped = Some("not text");
                Ok(())
            }
        }
    }

    fn survey_lines(
        &self,
        file: &SourceFile,
        mut lines: LineReader<impl Read>,
        (compression, recoded, range): (Compression, bool, Range<u64>),
        buffers: &mut Buffers,
        outcome: &mut PartOutcome,
        visit: &mut dyn FnMut(Document<'_>),
    ) -> Result<()> {
        let limit = self.options.max_document;
        let place = |error: Error, line: u64, offset: u64| {
            error.at_record(line, offset).at_path(file.path.display())
        };
        loop {
            let offset = lines.offset();
            let line = match lines.next_line() {
                Ok(Some(line)) if line.offset < range.end => line,
                Ok(_) => break,
                Err(error) => {
                    return Err(place(read_error(error, compression), outcome.lines + 1, offset));
                }
            };
            outcome.lines += 1;
            let Some(bytes) = line.bytes else {
                outcome.problem(place(
                    Error::new(ErrorKind::TooLarge { limit }),
                    outcome.lines,
                    line.offset,
                ));
                continue;
            };
            let body = if line.offset == 0 {
                bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
            } else {
                bytes
            };
            if body.trim_ascii().is_empty() {
                continue;
            }
            let parsed = parse_record(body, &self.fields, &mut buffers.record);
            match parsed {
                Ok((replaced, guessed)) => {
                    outcome.replaced += replaced;
                    if let Some(encoding) = guessed {
                        *outcome.guessed.entry(encoding).or_default() += 1;
                    }
                }
                Err(error) => {
                    outcome.problem(place(error, outcome.lines, line.offset));
                    continue;
                }
            }
            let record = &buffers.record;
            outcome.text_bytes += record.text.len() as u64;
            outcome.locators.push(Locator {
                file: outcome.file,
                length: bytes.len() as u32,
                offset: line.offset,
                line: outcome.lines,
            });
            outcome.id_hashes.push(record.has_id.then(|| xxh3_64(record.id.as_bytes())));
            visit(record.document(if recoded { None } else { record_form(bytes) }));
        }
        Ok(())
    }
}
