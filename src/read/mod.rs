//! Bytes to documents: the corpus as something that can be read, and read again.
//!
//! In: PATHs and [`ReadOptions`]. Out: every [`Document`], in parallel, as
//! often as the pipeline needs it. The first reading, the [survey](Corpus::survey),
//! makes a [`Catalog`] of where each document stands; later readings
//! [visit](Corpus::revisit) only the documents asked for. Nothing of the text
//! is kept in between, so memory does not grow with it.
//!
//! Work is cut into units of about [`UNIT_SIZE`] bytes: many small files, or a
//! stretch of one large file of lines. Units are read in any order and their
//! results put together in reading order, so that nothing depends on threads.

mod encoding;
mod format;
mod jsonl;
mod lines;
mod open;
mod walk;

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use ahash::AHashSet;
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

pub use format::{Compression, Format};
pub use walk::SourceFile;

use crate::document::{DocId, Document};
use crate::error::{Error, ErrorKind, Result};
use crate::progress::{Progress, Unit as Steps};
use jsonl::{Fields, Record};
use lines::LineReader;
use open::{Opened, Opening, read_error};

/// About how many bytes one task reads.
pub const UNIT_SIZE: u64 = 2 << 20;

/// How many problems of one unit are described; the rest is counted.
const DESCRIBED_PROBLEMS: usize = 100;

/// How to read a corpus.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The format of every file, instead of finding out.
    pub input_format: Option<Format>,
    /// The field of a JSON record that holds its id, nested with dots.
    pub id_field: String,
    /// The field of a JSON record that holds its text, nested with dots.
    pub text_field: String,
    /// Longest document in bytes; longer ones are reported and left out.
    pub max_document: u64,
    /// Globs, relative to each PATH, of what to leave out.
    pub exclude: Vec<String>,
    /// Stop at the first problem.
    pub strict: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            input_format: None,
            id_field: "id".to_owned(),
            text_field: "text".to_owned(),
            max_document: 64 << 20,
            exclude: Vec::new(),
            strict: false,
        }
    }
}

/// The largest `max_document`: spans are 32 bits wide.
pub const LARGEST_DOCUMENT: u64 = u32::MAX as u64 - 1;

/// A set of files, cut into units of work.
pub struct Corpus {
    files: Vec<SourceFile>,
    units: Vec<Unit>,
    fields: Fields,
    options: ReadOptions,
    walk_problems: Vec<Error>,
    walk_skipped: BTreeMap<&'static str, u64>,
}

/// What one task reads.
struct Unit {
    parts: Vec<Part>,
    bytes: u64,
}

/// A file, or the lines of it that start within a range.
struct Part {
    file: u32,
    range: Option<Range<u64>>,
}

/// Where a document stands.
#[derive(Clone, Copy, Debug)]
struct Locator {
    file: u32,
    /// Bytes of the record in its (decompressed) file.
    length: u32,
    offset: u64,
    /// 1-based line of the record; 0 if the file is the document.
    line: u64,
}

/// Where every document stands, in reading order.
pub struct Catalog {
    locators: Vec<Locator>,
    /// The first document of each unit, and the number of documents at the end.
    unit_starts: Vec<u32>,
    /// Documents whose id an earlier record of the file has too.
    repeated_ids: AHashSet<u32>,
}

impl Catalog {
    /// How many documents there are.
    pub fn len(&self) -> usize {
        self.locators.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.locators.is_empty()
    }
}

/// Counts of what the survey met.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct ReadTotals {
    /// Files that were read.
    pub files: u64,
    /// Documents that were read, empty ones too.
    pub documents: u64,
    /// Bytes of the files read, as they are on disk.
    pub bytes: u64,
    /// Bytes of decoded text.
    pub text_bytes: u64,
    /// Files left out, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Files and records that could not be read.
    pub problems: u64,
    /// Characters that stand for bytes which could not be decoded.
    pub replaced: u64,
    /// Documents whose encoding was guessed, by encoding.
    pub guessed: BTreeMap<String, u64>,
    /// Records whose id was that of an earlier record.
    pub repeated_ids: u64,
}

/// What a survey gives besides the visitors' own results.
pub struct Survey<A> {
    /// One accumulator a unit, in reading order.
    pub units: Vec<A>,
    /// Where the documents stand.
    pub catalog: Catalog,
    /// The counts.
    pub totals: ReadTotals,
    /// What could not be read, in reading order; at most a hundred a unit.
    pub problems: Vec<Error>,
    /// What the user should know although nothing failed.
    pub notices: Vec<String>,
}

/// What one part of a unit gave.
#[derive(Default)]
struct PartOutcome {
    file: u32,
    lines: u64,
    locators: Vec<Locator>,
    id_hashes: Vec<u64>,
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

/// Buffers a task uses again from file to file.
#[derive(Default)]
struct Buffers {
    raw: Vec<u8>,
    record: Record,
}

impl Corpus {
    /// Finds the files below `paths` and plans the work.
    ///
    /// # Errors
    /// Options that make no sense. Files that cannot be read are the survey's to report.
    pub fn open(paths: &[PathBuf], options: ReadOptions) -> Result<Self> {
        if options.max_document > LARGEST_DOCUMENT {
            return Err(Error::options(format!(
                "`--max-document` can be at most {LARGEST_DOCUMENT} bytes"
            )));
        }
        let found = walk::walk(paths, &options.exclude)?;
        let units = plan(&found.files, &options);
        Ok(Corpus {
            fields: Fields::new(&options.id_field, &options.text_field),
            files: found.files,
            units,
            options,
            walk_problems: found.problems,
            walk_skipped: found.skipped,
        })
    }

    /// Bytes of all files, as they are on disk.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Reads everything once. `visit` sees each document in reading order
    /// within a unit, with the accumulator that `begin` made for the unit.
    ///
    /// # Errors
    /// With [`ReadOptions::strict`], the first problem in reading order.
    pub fn survey<A: Send>(
        &mut self,
        progress: &dyn Progress,
        begin: impl Fn() -> A + Sync,
        visit: impl Fn(&mut A, Document<'_>) + Sync,
    ) -> Result<Survey<A>> {
        progress.begin("reading", self.bytes(), Steps::Bytes);
        let mut walk_problems = std::mem::take(&mut self.walk_problems);
        let strict = self.options.strict;
        if strict && !walk_problems.is_empty() {
            return Err(walk_problems.swap_remove(0));
        }
        let first_bad = AtomicUsize::new(usize::MAX);
        let outcomes: Vec<(A, Vec<PartOutcome>)> = self
            .units
            .par_iter()
            .enumerate()
            .map(|(index, unit)| {
                let mut accumulator = begin();
                let mut parts = Vec::with_capacity(unit.parts.len());
                let mut buffers = Buffers::default();
                if index <= first_bad.load(Ordering::Relaxed) {
                    for part in &unit.parts {
                        let mut outcome = PartOutcome { file: part.file, ..PartOutcome::default() };
                        let mut visit = |document: Document<'_>| visit(&mut accumulator, document);
                        if let Err(error) =
                            self.survey_part(part, progress, &mut buffers, &mut outcome, &mut visit)
                        {
                            outcome.problem(error);
                        }
                        if strict && !outcome.problems.is_empty() {
                            first_bad.fetch_min(index, Ordering::Relaxed);
                        }
                        parts.push(outcome);
                    }
                }
                (accumulator, parts)
            })
            .collect();
        progress.end();
        self.assemble(walk_problems, outcomes)
    }

    /// Puts what the units gave together in reading order.
    fn assemble<A>(
        &self,
        mut problems: Vec<Error>,
        outcomes: Vec<(A, Vec<PartOutcome>)>,
    ) -> Result<Survey<A>> {
        let mut totals = ReadTotals { bytes: self.bytes(), ..ReadTotals::default() };
        let mut catalog =
            Catalog { locators: Vec::new(), unit_starts: vec![0], repeated_ids: AHashSet::new() };
        let mut units = Vec::with_capacity(outcomes.len());
        let mut ids: Vec<(u32, u64, u32)> = Vec::new();
        let mut line_base = (u32::MAX, 0);
        for (&reason, &count) in &self.walk_skipped {
            *totals.skipped.entry(reason.to_owned()).or_default() += count;
        }
        let mut more = 0;
        for (accumulator, parts) in outcomes {
            for mut part in parts {
                if line_base.0 != part.file {
                    line_base = (part.file, 0);
                    match part.skipped {
                        Some(reason) => *totals.skipped.entry(reason.to_owned()).or_default() += 1,
                        None => totals.files += 1,
                    }
                }
                for error in &mut part.problems {
                    error.shift_lines(line_base.1);
                }
                let first = catalog.locators.len() as u32;
                ids.extend(
                    part.id_hashes
                        .iter()
                        .zip(first..)
                        .filter(|(hash, _)| **hash != 0)
                        .map(|(&hash, document)| (part.file, hash, document)),
                );
                for locator in &mut part.locators {
                    if locator.line > 0 {
                        locator.line += line_base.1;
                    }
                }
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
            units.push(accumulator);
        }
        if self.options.strict && !problems.is_empty() {
            return Err(problems.swap_remove(0));
        }
        let mut notices = self.repeated_ids(ids, &mut catalog, &mut totals);
        if more > 0 {
            notices
                .push(format!("{more} more records could not be read and are counted, not listed"));
        }
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
                notices.push(format!(
                    "{}: {} records repeat the id of an earlier record, the first at line {}; \
                     their names end in their line number",
                    self.files[file_ids[0].0 as usize].name,
                    repeated.len(),
                    catalog.locators[*first as usize].line,
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
            Opening::Skip(reason) => {
                outcome.skipped = Some(reason);
                return Ok(());
            }
        };
        match opened.format {
            Format::Text => self.survey_text(file, opened, buffers, outcome, visit),
            Format::Jsonl => self.survey_lines(file, part, opened, buffers, outcome, visit),
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
        let named = opened.named;
        self.read_whole(file, opened, &mut buffers.raw)?;
        match encoding::decode(&buffers.raw) {
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
                visit(Document { id: None, text: &decoded.text });
                Ok(())
            }
            Err(reason) if named => Err(Error::new(ErrorKind::NotText(reason)).at_path(&file.name)),
            Err(_) => {
                outcome.skipped = Some("not text");
                Ok(())
            }
        }
    }

    /// Reads a file that is one document into `raw`.
    fn read_whole(
        &self,
        file: &SourceFile,
        mut opened: Opened<'_>,
        raw: &mut Vec<u8>,
    ) -> Result<()> {
        let limit = self.options.max_document;
        let too_large = || Error::new(ErrorKind::TooLarge { limit }).at_path(&file.name);
        if opened.direct.is_some() && file.size > limit {
            return Err(too_large());
        }
        raw.clear();
        opened
            .reader
            .by_ref()
            .take(limit + 1)
            .read_to_end(raw)
            .map_err(|error| read_error(error, opened.compression).at_path(&file.name))?;
        if raw.len() as u64 > limit { Err(too_large()) } else { Ok(()) }
    }

    fn survey_lines(
        &self,
        file: &SourceFile,
        part: &Part,
        opened: Opened<'_>,
        buffers: &mut Buffers,
        outcome: &mut PartOutcome,
        visit: &mut dyn FnMut(Document<'_>),
    ) -> Result<()> {
        let compression = opened.compression;
        let limit = self.options.max_document;
        let range = part.range.clone().unwrap_or(0..u64::MAX);
        let mut lines = match opened.direct {
            // The line that runs into the range belongs to the part before.
            Some(direct) if range.start > 0 => {
                let from = range.start - 1;
                let mut lines =
                    LineReader::new(Box::new(direct.from(from)) as Box<dyn Read>, from, limit);
                lines.next_line().map_err(|error| Error::io(&file.name, error))?;
                lines
            }
            _ => LineReader::new(opened.reader, 0, limit),
        };
        loop {
            let place = |error: Error, line: u64, offset: u64| {
                error.at_record(line, offset).at_path(&file.name)
            };
            let line = match lines.next_line() {
                Ok(Some(line)) if line.offset < range.end => line,
                Ok(_) => return Ok(()),
                Err(error) => return Err(read_error(error, compression).at_path(&file.name)),
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
            outcome.id_hashes.push(if record.has_id {
                xxh3_64(record.id.as_bytes()).max(1)
            } else {
                0
            });
            visit(record.document());
        }
    }

    /// Reads the documents in `wanted` (sorted, each once) again. Cost: linear
    /// in their length; of compressed files, in what stands before them too.
    ///
    /// # Errors
    /// The first, in reading order, that shows a file to be gone or changed.
    pub fn revisit<A: Send>(
        &self,
        catalog: &Catalog,
        wanted: &[DocId],
        stage: &'static str,
        progress: &dyn Progress,
        begin: impl Fn() -> A + Sync,
        visit: impl Fn(&mut A, DocId, Document<'_>) + Sync,
    ) -> Result<Vec<A>> {
        debug_assert!(wanted.is_sorted_by(|a, b| a < b));
        progress.begin(stage, wanted.len() as u64, Steps::Items);
        let mut tasks: Vec<&[DocId]> = Vec::new();
        let mut rest = wanted;
        for &end in &catalog.unit_starts[1..] {
            let (unit, others) = rest.split_at(rest.partition_point(|document| document.0 < end));
            if !unit.is_empty() {
                tasks.push(unit);
            }
            rest = others;
        }
        let results = tasks
            .par_iter()
            .map(|unit| {
                let mut accumulator = begin();
                let mut buffers = Buffers::default();
                for documents in unit.chunk_by(|a, b| catalog.file(*a) == catalog.file(*b)) {
                    self.revisit_file(catalog, documents, &mut buffers, &mut |id, document| {
                        visit(&mut accumulator, id, document);
                        progress.advance(1);
                    })?;
                }
                Ok(accumulator)
            })
            .collect();
        progress.end();
        results
    }

    fn revisit_file(
        &self,
        catalog: &Catalog,
        documents: &[DocId],
        buffers: &mut Buffers,
        visit: &mut dyn FnMut(DocId, Document<'_>),
    ) -> Result<()> {
        let file = &self.files[catalog.file(documents[0]) as usize];
        let changed = || Error::new(ErrorKind::Changed).at_path(&file.name);
        let Opening::Read(opened) =
            file.open(self.options.input_format, &crate::progress::Silent)?
        else {
            return Err(changed());
        };
        if opened.format == Format::Text {
            self.read_whole(file, opened, &mut buffers.raw)?;
            let decoded = encoding::decode(&buffers.raw).map_err(|_| changed())?;
            visit(documents[0], Document { id: None, text: &decoded.text });
            return Ok(());
        }
        let Buffers { raw, record } = buffers;
        let mut parse = |id: DocId, bytes: &[u8]| -> Result<()> {
            let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            parse_record(body, &self.fields, record).map_err(|_| changed())?;
            visit(id, record.document());
            Ok(())
        };
        if let Some(direct) = opened.direct {
            for &id in documents {
                let locator = catalog.locators[id.index()];
                raw.resize(locator.length as usize, 0);
                direct.read_exact_at(raw, locator.offset).map_err(|_| changed())?;
                parse(id, raw)?;
            }
            return Ok(());
        }
        let mut lines = LineReader::new(opened.reader, 0, self.options.max_document);
        for &id in documents {
            let locator = catalog.locators[id.index()];
            loop {
                let line = lines.next_line().map_err(|error| Error::io(&file.name, error))?;
                let line = line.ok_or_else(changed)?;
                if line.offset == locator.offset {
                    parse(id, line.bytes.ok_or_else(changed)?)?;
                    break;
                }
            }
        }
        Ok(())
    }

    /// A document's name in the output; `id` is the record's own.
    pub fn name(&self, catalog: &Catalog, document: DocId, id: Option<&str>) -> String {
        let locator = catalog.locators[document.index()];
        let file = &self.files[locator.file as usize].name;
        match (locator.line, id) {
            (0, _) => file.clone(),
            (line, None) => format!("{file}#{line}"),
            (line, Some(id)) if catalog.repeated_ids.contains(&document.0) => {
                format!("{file}#{id}:{line}")
            }
            (_, Some(id)) => format!("{file}#{id}"),
        }
    }
}

impl Catalog {
    fn file(&self, document: DocId) -> u32 {
        self.locators[document.index()].file
    }
}

impl Record {
    fn document(&self) -> Document<'_> {
        Document { id: self.has_id.then_some(self.id.as_str()), text: &self.text }
    }
}

/// Parses a line, decoding it first where it is no UTF-8; gives what was replaced and guessed.
fn parse_record(
    line: &[u8],
    fields: &Fields,
    record: &mut Record,
) -> Result<(u64, Option<&'static str>)> {
    match std::str::from_utf8(line) {
        Ok(line) => record.parse(line, fields).map(|()| (0, None)),
        Err(_) => {
            let decoded =
                encoding::decode(line).map_err(|reason| Error::new(ErrorKind::NotText(reason)))?;
            record.parse(&decoded.text, fields)?;
            Ok((decoded.replaced, decoded.guessed))
        }
    }
}

/// Cuts the files into units of about [`UNIT_SIZE`].
fn plan(files: &[SourceFile], options: &ReadOptions) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let index = index as u32;
        if file.size > 2 * UNIT_SIZE {
            let lines = matches!(
                file.open(options.input_format, &crate::progress::Silent),
                Ok(Opening::Read(Opened { direct: Some(_), format: Format::Jsonl, .. }))
            );
            let step = if lines { UNIT_SIZE } else { file.size };
            let ranges = (0..file.size).step_by(step as usize).map(|start| {
                let end = if start + step >= file.size { u64::MAX } else { start + step };
                Unit {
                    parts: vec![Part { file: index, range: lines.then_some(start..end) }],
                    bytes: step,
                }
            });
            units.extend(ranges);
            continue;
        }
        let part = Part { file: index, range: None };
        match units.last_mut() {
            Some(unit) if unit.bytes + file.size <= UNIT_SIZE && unit.parts.len() < 4096 => {
                unit.parts.push(part);
                unit.bytes += file.size;
            }
            _ => units.push(Unit { parts: vec![part], bytes: file.size }),
        }
    }
    units
}
