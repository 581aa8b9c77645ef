//! Bytes to documents: the corpus as something that can be read, and read again.
//!
//! In: PATHs and [`ReadOptions`]. Out: every [`Document`], in parallel, as
//! often as the pipeline needs it. The first reading, the [survey](Corpus::survey),
//! makes a [`Catalog`] of where each document stands; later readings
//! [visit](Corpus::revisit) only the documents asked for. Nothing of the text
//! is kept in between, so memory does not grow with it.
//!
//! Work is cut into units of about [`UNIT_SIZE`] bytes: many small files, a stretch of one
//! large file of lines, or a block of a large file that only goes forward. Units are read in any order and their
//! results put together in reading order, so that nothing depends on threads.

mod archive;
mod assemble;
mod blocks;
mod columns;
mod compress;
mod cut;
mod encoding;
mod export;
mod field;
mod format;
mod guard;
mod gzip;
mod html;
mod in_memory;
mod jsonl;
mod omit;
mod open;
mod raw;
mod record;
mod revisit;
mod rows;
mod shard;
mod survey;
mod table;
mod tags;
mod values;
mod walk;
mod warc;

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::path::PathBuf;

use ahash::AHashSet;
use bytemuck::{Pod, Zeroable};

pub use assemble::UnitRead;
pub use compress::decompress;
pub use encoding::Form;
pub use field::{Layout, TextField};
pub use format::{Compression, FORMAT_NAMES, Format};
pub(crate) use guard::guarded;
pub use gzip::Losses;
pub use html::{HTML_NAMES, Html};
pub use in_memory::MemoryTable;
pub use omit::{Omissions, without};
pub use raw::{RawFile, Shape};
pub use rows::{RowFile, RowWriter};
pub use walk::{Source, SourceFile, real_path};

use crate::document::{DocId, Document};
use crate::error::{Error, ErrorKind, Result};
use crate::pool::Pool;
use format::Verdict;
use in_memory::Rows;
use open::{Content, Opened, Opening, read_error};
use record::{Fields, Record, Records};

/// About how many bytes one task reads.
pub const UNIT_SIZE: u64 = 1 << 20;

/// How to read a corpus.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The format of every file, instead of finding out.
    pub input_format: Option<Format>,
    /// The field of a record that holds its id: of JSON nested with dots, of a table also a column's number.
    pub id_field: String,
    /// The field of a record that holds its text, told in the same way.
    pub text_field: String,
    /// What to read of pages of HTML.
    pub html: Html,
    /// Further fields of a JSON record that are wanted, nested with dots.
    pub extra_fields: Vec<String>,
    /// Whether the files in archives are read; if not, an archive is a file that is no text.
    pub archives: bool,
    /// Longest document in bytes; longer ones are reported and left out.
    pub max_document: u64,
    /// Globs, relative to each PATH, of what to leave out.
    pub exclude: Vec<String>,
    /// Stop at the first problem.
    pub strict: bool,
    /// Reference documents: read before all others, and a file that is below both is no reference.
    pub against: Vec<Source>,
    /// Files that the run will write: it is an error if one of them is to be read, too.
    pub outputs: Vec<PathBuf>,
    /// Where temporary files go.
    pub temp_dir: PathBuf,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            input_format: None,
            id_field: "id".to_owned(),
            text_field: "text".to_owned(),
            html: Html::default(),
            extra_fields: Vec::new(),
            archives: true,
            max_document: 64 << 20,
            exclude: Vec::new(),
            strict: false,
            against: Vec::new(),
            outputs: Vec::new(),
            temp_dir: std::env::temp_dir(),
        }
    }
}

/// The largest `max_document`: spans are 32 bits wide.
pub const LARGEST_DOCUMENT: u64 = u32::MAX as u64 - 1;

/// A set of files, cut into units of work.
pub struct Corpus {
    files: Vec<SourceFile>,
    /// How many of them are references; they come first.
    references: usize,
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
    /// As they are on disk, by which progress is counted.
    bytes: u64,
    /// Whether it is one large file of records that only goes forward: its blocks are units of the catalog.
    streamed: bool,
}

/// A file, or the lines of it that start within a range of bytes, or the rows of it within a range.
#[derive(Clone)]
struct Part {
    file: u32,
    range: Option<Range<u64>>,
}

/// Where a document stands.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
struct Locator {
    file: u32,
    /// Bytes of the record in its (decompressed) file.
    length: u32,
    /// Where the record starts; of a row, how many are before it.
    offset: u64,
    /// 1-based line the record starts in; 0 if the file is the document.
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
    /// Documents whose text is in no file as it stands.
    extracted: Vec<Range<u32>>,
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
    /// Records passed over since they are of a kind that is not read, by reason.
    pub passed_by: BTreeMap<String, u64>,
    /// Files and records that could not be read; `Survey::problems` describes most of them.
    pub problems: u64,
    /// Characters that stand for bytes which could not be decoded.
    pub replaced: u64,
    /// Documents whose encoding was guessed, by encoding.
    pub guessed: BTreeMap<String, u64>,
    /// Pages of HTML of which all text was read, since no main text could be told.
    pub stripped: u64,
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

/// Buffers that are used again from file to file, and from unit to unit.
#[derive(Default)]
struct Buffers {
    raw: Vec<u8>,
    record: Record,
    /// What blocks are read into.
    rooms: [Vec<u8>; 2],
}

impl Buffers {
    /// Leaves them to the next unit, unless a long document made them large.
    fn leave_to(self, next: &Pool<Buffers>) {
        let [one, other] = &self.rooms;
        let raw = [&self.raw, one, other].map(Vec::capacity);
        if raw.into_iter().sum::<usize>() + self.record.text.capacity() <= 4 * UNIT_SIZE as usize {
            next.give_back(self);
        }
    }
}

impl Corpus {
    /// Finds the files of `sources` and plans the work.
    ///
    /// # Errors
    /// Options that make no sense. Files that cannot be read are the survey's to report.
    pub fn open<S: Clone + Into<Source>>(sources: &[S], options: ReadOptions) -> Result<Self> {
        if options.max_document > LARGEST_DOCUMENT {
            return Err(Error::options(format!(
                "`--max-document` must be less than 4G: it can be {LARGEST_DOCUMENT} bytes at most"
            )));
        }
        let mut all: Vec<Source> = sources.iter().cloned().map(S::into).collect();
        all.extend(options.against.iter().cloned());
        let mut found = walk::walk(&all, &options)?;
        let is_reference = |file: &SourceFile| file.path_number >= sources.len();
        found.files.sort_by_key(|file| !is_reference(file));
        let references = found.files.partition_point(is_reference);
        let units = plan(&found.files, &options);
        Ok(Corpus {
            fields: Fields::of(&options),
            files: found.files,
            references,
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

    /// About how many bytes of text there are: what is packed is taken to be a third of it.
    pub fn text_estimate(&self) -> u64 {
        let is_packed = |name: &str| {
            let extension = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
            ["gz", "zst", "zstd", "zip", "tgz", "tzst", "parquet"].contains(&&*extension)
        };
        let text =
            |file: &SourceFile| file.unpacked_size() * if is_packed(&file.name) { 3 } else { 1 };
        self.files.iter().map(text).sum()
    }

    /// The largest file that is one document, by its name.
    pub fn largest_text(&self) -> Option<&SourceFile> {
        let is_text = |file: &&SourceFile| {
            let verdict = format::verdict(&file.name, &[], self.options.input_format);
            matches!(verdict, Verdict::Read { format: Format::Text | Format::Html, named: true })
                && file.unpacked_size() <= self.options.max_document
        };
        self.files.iter().filter(is_text).max_by_key(|file| file.unpacked_size())
    }

    /// How many documents are references; they have the first numbers.
    pub fn references(&self, catalog: &Catalog) -> u32 {
        let is_reference = |locator: &Locator| (locator.file as usize) < self.references;
        catalog.locators.partition_point(is_reference) as u32
    }

    /// Reads a file that is one document into `raw`; gives back what kind of document it is.
    fn read_whole(
        &self,
        file: &SourceFile,
        mut opened: Opened<'_>,
        raw: &mut Vec<u8>,
    ) -> Result<Content> {
        let limit = self.options.max_document;
        let too_large = || Error::new(ErrorKind::TooLarge { limit }).at_path(file.path.display());
        if opened.direct.is_some() && file.size > limit {
            return Err(too_large());
        }
        raw.clear();
        if opened.direct.is_some() {
            raw.reserve_exact(file.size as usize + 1);
        }
        opened
            .reader
            .by_ref()
            .take(limit + 1)
            .read_to_end(raw)
            .map_err(|error| read_error(error, opened.compression).at_path(file.path.display()))?;
        if raw.len() as u64 > limit { Err(too_large()) } else { Ok(opened.content) }
    }

    /// Makes a document of the bytes of a file that is one, or says why they are no text.
    fn whole(
        &self,
        content: &Content,
        Buffers { raw, record, .. }: &mut Buffers,
    ) -> std::result::Result<(), &'static str> {
        record.clear();
        let (decoded, html) = match content {
            Content::Page(html) if *html != Html::Text => {
                (encoding::decode_page(raw, None)?, Some(*html))
            }
            _ => (encoding::decode(raw)?, None),
        };
        (record.replaced, record.guessed) = (decoded.replaced, decoded.guessed);
        match html {
            Some(html) => record.take_page(&decoded.text, html),
            None => {
                record.form = Form::of(raw, &decoded);
                record.text.push_str(&decoded.text);
            }
        }
        Ok(())
    }

    /// A document's name in the output; `id` is the record's own.
    pub fn name(&self, catalog: &Catalog, document: DocId, id: Option<&str>) -> String {
        let locator = catalog.locators[document.index()];
        let source = &self.files[locator.file as usize];
        let number = source.number(locator.line);
        let record = match (locator.line, id) {
            (0, _) => return source.name.clone(),
            (_, id) => {
                let id = id.map_or_else(|| number.to_string(), str::to_owned);
                match catalog.repeated_ids.contains(&document.0) {
                    true => format!("{id}:{number}"),
                    false => id,
                }
            }
        };
        match source.is_table() {
            true => record,
            false => format!("{}#{record}", source.name),
        }
    }
}

impl Catalog {
    fn file(&self, document: DocId) -> u32 {
        self.locators[document.index()].file
    }
}

/// Cuts the files into units of about [`UNIT_SIZE`].
fn plan(files: &[SourceFile], options: &ReadOptions) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    // Bytes of the last unit when unpacked.
    let mut gathered = 0;
    for (index, file) in files.iter().enumerate() {
        let index = index as u32;
        let size = file.unpacked_size();
        if size > 2 * UNIT_SIZE {
            // Only lines and rows can be told apart from anywhere; other records are read from the start.
            let (ranges, streamed) = match file.open(options, &crate::progress::Silent) {
                Ok(Opening::Read(Opened {
                    content: Content::Records(records), direct, ..
                })) => match (records, direct) {
                    (Records::Jsonl { .. }, Some(_)) => (stretches(size), false),
                    _ => (Vec::new(), true),
                },
                Ok(Opening::Read(Opened { content: Content::Rows(rows), .. })) => {
                    let slices = rows.slices();
                    if let Rows::Parquet(_, footer) = *rows {
                        // It is set once only, here.
                        let _ = file.footer.set(footer);
                    }
                    (slices, false)
                }
                _ => (Vec::new(), false),
            };
            let parts = ranges.len().max(1) as u64;
            let bytes = file.size / parts;
            gathered = size / parts;
            let unit = |range| Unit { parts: vec![Part { file: index, range }], bytes, streamed };
            match ranges.is_empty() {
                true => units.push(unit(None)),
                false => units.extend(ranges.into_iter().map(Some).map(unit)),
            }
            continue;
        }
        let part = Part { file: index, range: None };
        match units.last_mut() {
            Some(unit)
                if !unit.streamed && gathered + size <= UNIT_SIZE && unit.parts.len() < 4096 =>
            {
                unit.parts.push(part);
                unit.bytes += file.size;
                gathered += size;
            }
            _ => {
                units.push(Unit { parts: vec![part], bytes: file.size, streamed: false });
                gathered = size;
            }
        }
    }
    units
}

/// Ranges of about [`UNIT_SIZE`] that a file of lines is cut into; the last is open, for it may have grown.
fn stretches(size: u64) -> Vec<Range<u64>> {
    let starts = (0..size).step_by(UNIT_SIZE as usize);
    starts
        .map(|start| {
            let end = start + UNIT_SIZE;
            start..if end >= size { u64::MAX } else { end }
        })
        .collect()
}
