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

mod blocks;
mod compress;
mod encoding;
mod format;
mod jsonl;
mod lines;
mod omit;
mod open;
mod raw;
mod revisit;
mod survey;
mod walk;

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::path::PathBuf;

use ahash::AHashSet;

pub use compress::decompress;
pub use encoding::Form;
pub use format::{Compression, Format};
pub use omit::{Omissions, without};
pub use raw::{RawFile, TextField};
pub use walk::SourceFile;

use crate::document::{DocId, Document};
use crate::error::{Error, ErrorKind, Result};
use jsonl::{Fields, Record};
use open::{Opened, Opening, read_error};

/// About how many bytes one task reads.
pub const UNIT_SIZE: u64 = 2 << 20;

/// How to read a corpus.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The format of every file, instead of finding out.
    pub input_format: Option<Format>,
    /// The field of a JSON record that holds its id, nested with dots.
    pub id_field: String,
    /// The field of a JSON record that holds its text, nested with dots.
    pub text_field: String,
    /// Further fields of a JSON record that are wanted, nested with dots.
    pub extra_fields: Vec<String>,
    /// Longest document in bytes; longer ones are reported and left out.
    pub max_document: u64,
    /// Globs, relative to each PATH, of what to leave out.
    pub exclude: Vec<String>,
    /// Stop at the first problem.
    pub strict: bool,
    /// Files that the run will write: it is an error if one of them is to be read, too.
    pub outputs: Vec<PathBuf>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            input_format: None,
            id_field: "id".to_owned(),
            text_field: "text".to_owned(),
            extra_fields: Vec::new(),
            max_document: 64 << 20,
            exclude: Vec::new(),
            strict: false,
            outputs: Vec::new(),
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
    /// What later readings leave out.
    omissions: Omissions,
    walk_problems: Vec<Error>,
    walk_skipped: BTreeMap<&'static str, u64>,
}

/// What one task reads.
struct Unit {
    parts: Vec<Part>,
    bytes: u64,
    /// Whether it is one large file of lines that only goes forward: its blocks are units of the catalog.
    streamed: bool,
}

/// A file, or the lines of it that start within a range.
#[derive(Clone)]
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
#[derive(Default)]
pub struct Catalog {
    locators: Vec<Locator>,
    /// The first document of each unit, and the number of documents at the end.
    unit_starts: Vec<u32>,
    /// The file that each unit is a block of, if it is one of a stream.
    streams: Vec<Option<u32>>,
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
    /// Files and records that could not be read; `Survey::problems` describes most of them.
    pub problems: u64,
    /// Characters that stand for bytes which could not be decoded.
    pub replaced: u64,
    /// Documents whose encoding was guessed, by encoding.
    pub guessed: BTreeMap<String, u64>,
    /// Records whose id was that of an earlier record.
    pub repeated_ids: u64,
}

/// What is made of the documents: by unit, on any thread.
pub trait Visitor: Sync {
    /// What a unit is worked on with.
    type Unit;
    /// What is kept of a unit.
    type Kept: Send;

    /// A unit begins.
    fn begin(&self) -> Self::Unit;

    /// The next document of the unit, in reading order. In a survey its number is counted from the
    /// first document of the unit, for nobody knows yet how many stand before.
    fn visit(&self, unit: &mut Self::Unit, number: DocId, document: Document<'_>);

    /// A unit ends.
    ///
    /// # Errors
    /// Whatever keeps the run from going on.
    fn finish(&self, unit: Self::Unit) -> Result<Self::Kept>;
}

/// A visitor made of two closures, which keeps all that it works with.
pub struct Collect<Begin, Visit> {
    /// Makes what a unit is collected in.
    pub begin: Begin,
    /// Adds a document.
    pub visit: Visit,
}

impl<Unit, Begin, Visit> Visitor for Collect<Begin, Visit>
where
    Unit: Send,
    Begin: Fn() -> Unit + Sync,
    Visit: Fn(&mut Unit, DocId, Document<'_>) + Sync,
{
    type Unit = Unit;
    type Kept = Unit;

    fn begin(&self) -> Unit {
        (self.begin)()
    }

    fn visit(&self, unit: &mut Unit, number: DocId, document: Document<'_>) {
        (self.visit)(unit, number, document);
    }

    fn finish(&self, unit: Unit) -> Result<Unit> {
        Ok(unit)
    }
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
                "`--max-document` must be less than 4G: it can be {LARGEST_DOCUMENT} bytes at most"
            )));
        }
        let found = walk::walk(paths, &options.exclude, &options.outputs)?;
        let units = plan(&found.files, &options);
        Ok(Corpus {
            fields: Fields::new(&options.id_field, &options.text_field, &options.extra_fields),
            files: found.files,
            units,
            options,
            omissions: Omissions::default(),
            walk_problems: found.problems,
            walk_skipped: found.skipped,
        })
    }

    /// Bytes of all files, as they are on disk.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Reads a file that is one document into `raw`.
    fn read_whole(
        &self,
        file: &SourceFile,
        mut opened: Opened<'_>,
        raw: &mut Vec<u8>,
    ) -> Result<()> {
        let limit = self.options.max_document;
        let too_large = || Error::new(ErrorKind::TooLarge { limit }).at_path(file.path.display());
        if opened.direct.is_some() && file.size > limit {
            return Err(too_large());
        }
        raw.clear();
        opened
            .reader
            .by_ref()
            .take(limit + 1)
            .read_to_end(raw)
            .map_err(|error| read_error(error, opened.compression).at_path(file.path.display()))?;
        if raw.len() as u64 > limit { Err(too_large()) } else { Ok(()) }
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
    fn document(&self, form: Option<Form>) -> Document<'_> {
        Document {
            id: self.has_id.then_some(self.id.as_str()),
            text: &self.text,
            extra: &self.extra,
            form,
        }
    }
}

/// The form of a record: that of its line, if it is UTF-8.
fn record_form(line: &[u8]) -> Option<Form> {
    std::str::from_utf8(line).is_ok().then(Form::utf8)
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
            let (lines, streamed) = match file.open(options.input_format, &crate::progress::Silent)
            {
                Ok(Opening::Read(Opened { format: Format::Jsonl, direct, .. })) => {
                    (direct.is_some(), direct.is_none())
                }
                _ => (false, false),
            };
            let step = if lines { UNIT_SIZE } else { file.size };
            let ranges = (0..file.size).step_by(step as usize).map(|start| {
                let end = if start + step >= file.size { u64::MAX } else { start + step };
                Unit {
                    parts: vec![Part { file: index, range: lines.then_some(start..end) }],
                    bytes: step,
                    streamed,
                }
            });
            units.extend(ranges);
            continue;
        }
        let part = Part { file: index, range: None };
        match units.last_mut() {
            Some(unit)
                if !unit.streamed
                    && unit.bytes + file.size <= UNIT_SIZE
                    && unit.parts.len() < 4096 =>
            {
                unit.parts.push(part);
                unit.bytes += file.size;
            }
            _ => units.push(Unit { parts: vec![part], bytes: file.size, streamed: false }),
        }
    }
    units
}
