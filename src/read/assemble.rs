//! What the units gave, put together.
//!
//! In: the [`Outcome`]s of units, which were read in any order and by any thread or process. Out: a
//! [`Survey`]: all in reading order, with lines counted from the start of each file, and records told apart
//! that have one id.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ahash::AHashMap;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::gzip::Losses;
use super::record::Record;
use super::walk::SourceFile;
use super::{Catalog, Corpus, Locator, ReadTotals, Survey};
use crate::error::{Error, ErrorKind, Result, counted};

/// How many problems of one unit are described; the rest is counted.
const DESCRIBED_PROBLEMS: usize = 100;

/// What one part of a unit gave.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct PartOutcome {
    pub(super) file: u32,
    pub(super) lines: u64,
    /// What `lines` counts, where the file has records.
    pub(super) noun: Cow<'static, str>,
    #[serde(skip)]
    pub(super) locators: Vec<Locator>,
    /// Hashes of the records' own ids.
    #[serde(skip)]
    pub(super) id_hashes: Vec<Option<u64>>,
    #[serde(skip)]
    pub(super) problems: Vec<Error>,
    pub(super) more_problems: u64,
    pub(super) skipped: Option<Cow<'static, str>>,
    pub(super) passed_by: BTreeMap<Cow<'static, str>, u64>,
    pub(super) replaced: u64,
    pub(super) stripped: u64,
    /// Whether the documents are what was extracted of pages.
    pub(super) extracted: bool,
    pub(super) guessed: BTreeMap<Cow<'static, str>, u64>,
    pub(super) text_bytes: u64,
}

impl PartOutcome {
    /// Takes note of what is wrong.
    pub(super) fn problem(&mut self, error: Error) {
        if self.problems.len() < DESCRIBED_PROBLEMS {
            self.problems.push(error);
        } else {
            self.more_problems += 1;
        }
    }

    /// Tells what of a file was passed over because it is damaged.
    pub(super) fn losses(&mut self, file: &SourceFile, losses: &Losses) {
        if let Some(detail) = losses.told() {
            let error = Error::new(ErrorKind::Damaged { format: "gzip", detail });
            self.problem(error.at_path(file.path.display()));
        }
    }

    /// Counts a document, and notes where it stands.
    pub(super) fn document(&mut self, record: &Record, length: u32, offset: u64, line: u64) {
        self.replaced += record.replaced;
        self.stripped += u64::from(record.stripped);
        if let Some(encoding) = record.guessed {
            *self.guessed.entry(encoding.into()).or_default() += 1;
        }
        self.text_bytes += record.text.len() as u64;
        self.locators.push(Locator { file: self.file, length, offset, line });
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
    /// Makes a survey of what all units gave, in reading order.
    ///
    /// # Errors
    /// With [`ReadOptions::strict`](super::ReadOptions::strict), the first problem.
    pub fn put_together<A>(&mut self, units: Vec<UnitRead<A>>) -> Result<Survey<A>> {
        debug_assert!(units.is_sorted_by_key(|unit| unit.number));
        let walk_problems = std::mem::take(&mut self.walk_problems);
        self.assemble(walk_problems, units.into_iter().flat_map(|unit| unit.outcomes).collect())
    }

    /// Puts what the units gave together in reading order.
    fn assemble<A>(
        &self,
        mut problems: Vec<Error>,
        outcomes: Vec<Outcome<A>>,
    ) -> Result<Survey<A>> {
        let parts = || outcomes.iter().flat_map(|outcome| &outcome.parts);
        let documents = parts().map(|part| part.locators.len()).sum();
        let with_ids = parts().map(|part| part.id_hashes.len()).sum();
        let mut totals = ReadTotals::default();
        let mut catalog = Catalog {
            locators: Vec::with_capacity(documents),
            unit_starts: vec![0],
            ..Catalog::default()
        };
        let mut units = Vec::with_capacity(outcomes.len());
        let mut ids: Vec<(u32, u64, u32)> = Vec::with_capacity(with_ids);
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
}
