//! A scan by several processes: each sketches a share of the corpus, and one merges the shares.
//!
//! In: a corpus on a disk that all of them see. Out of [`sketch`]: a file with what is known of a share after its
//! first reading. Out of [`merge`]: the scan of the whole, with the rows that one process would give. What is
//! shared out is the work that grows with the text: to unpack, decode, split into words and sketch. Joining is
//! left to the one that merges, and so is reading again the documents that are candidates.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::progress::{Progress, Unit};
use crate::read::{Corpus, Source, UnitRead};
use crate::report::count;
use crate::shelf::{ShelfReader, ShelfWriter};
use crate::spill::Workspace;

use super::clock::Clock;
use super::survey::{self, Kept, Spills, read_kept, write_kept};
use super::{Plan, Scan, ScanOptions, scan_of};

/// The most shares that the work may be divided into.
const MOST_SHARDS: usize = 1 << 16;

/// Which share of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Its number, from 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let shard = text.split_once('/').and_then(|(number, of)| {
            let (number, of) = (number.parse().ok()?, of.parse().ok()?);
            Some(Shard { number, of }).filter(Shard::is_one)
        });
        shard.ok_or_else(|| {
            Error::options(format!(
                "`--shard`: write which shard of how many, such as 1/8; there are {MOST_SHARDS} at most"
            ))
        })
    }
}

impl Shard {
    /// Whether there can be such a share.
    fn is_one(&self) -> bool {
        (1..=self.of).contains(&self.number) && self.of <= MOST_SHARDS
    }
}

/// What a file of a shard begins with.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    version: String,
    /// How the corpus and the options are told, by whoever makes and merges shards.
    arguments: Vec<String>,
    shard: Shard,
    /// How many units the corpus has, and how many of them are here.
    units: [usize; 2],
    fingerprint: u64,
}

/// Sketches a share of the corpus below `paths` and writes it to `out`, with the `arguments` by which
/// [`merge`] is to find the same corpus and options.
///
/// # Errors
/// Those of [`scan`](super::scan); the writer's.
pub fn sketch(
    paths: &[PathBuf],
    options: &ScanOptions,
    shard: Shard,
    arguments: &[String],
    out: &mut dyn Write,
    progress: &dyn Progress,
) -> Result<Sketching> {
    if paths.iter().any(|path| path == Path::new("-")) {
        return Err(Error::options("standard input cannot be read again by another process"));
    }
    let plan = Plan::new(options)?;
    let mut corpus = Corpus::open(paths, options.read.clone())?;
    let workspace = Workspace::new(&options.read.temp_dir, options.memory, corpus.bytes());
    let spills = Spills::new(&workspace);
    let chosen = |unit: usize| unit % shard.of == shard.number - 1;
    let units = survey::read_units(&mut corpus, chosen, &plan, &spills, progress)?;
    if options.read.strict && units.iter().any(UnitRead::has_problems) {
        let (mut problems, _) = corpus.problems_of(units);
        return Err(problems.swap_remove(0));
    }
    let header = Header {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        arguments: arguments.to_owned(),
        shard,
        units: [corpus.units(), units.len()],
        fingerprint: corpus.fingerprint(),
    };
    write(&header, &units, &spills, out).map_err(|error| match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::new(ErrorKind::Io(error)),
    })?;
    let documents = units.iter().map(|unit| unit.documents() as u64).sum();
    let (problems, problem_count) = corpus.problems_of(units);
    Ok(Sketching { shard, documents, problems, problem_count })
}

/// What was sketched.
#[derive(Debug)]
pub struct Sketching {
    /// Which share it is.
    pub shard: Shard,
    /// How many documents it has.
    pub documents: u64,
    /// What could not be read of it.
    pub problems: Vec<Error>,
    /// How much that is, with what is not described.
    pub problem_count: u64,
}

impl fmt::Display for Sketching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shard { number, of } = self.shard;
        write!(f, "sketched   {} in shard {number}/{of}", count(self.documents, "document"))
    }
}

fn write(
    header: &Header,
    units: &[UnitRead<Kept>],
    spills: &Spills,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut shelf = ShelfWriter::new(out)?;
    shelf.value(header)?;
    for unit in units {
        unit.write(&mut shelf, |kept, shelf| write_kept(kept, spills, shelf))?;
    }
    shelf.finish()
}

/// The arguments with which a shard was made.
///
/// # Errors
/// The system's; [`ErrorKind::NotShard`].
pub fn arguments_of(shard: &Path) -> Result<Vec<String>> {
    Ok(open(shard)?.1.arguments)
}

fn open(path: &Path) -> Result<(ShelfReader<BufReader<File>>, Header)> {
    let open = || {
        let file = File::open(path).map_err(|error| Error::new(ErrorKind::Io(error)))?;
        let mut shelf = ShelfReader::new(BufReader::with_capacity(1 << 20, file))?;
        let header: Header = shelf.value()?;
        match header.shard.is_one() {
            true => Ok((shelf, header)),
            false => Err(Error::new(ErrorKind::NotShard("it is damaged"))),
        }
    };
    open().map_err(|error: Error| error.at_path(path.display()))
}

/// Puts shards together, and scans the whole as one process would.
///
/// # Errors
/// Those of [`scan`](super::scan); [`ErrorKind::NotShard`] and [`ErrorKind::Shards`].
pub fn merge<S: Clone + Into<Source>>(
    shards: &[PathBuf],
    sources: &[S],
    options: &ScanOptions,
    progress: &dyn Progress,
) -> Result<Scan> {
    let mut clock = Clock::start();
    let plan = Plan::new(options)?;
    let sources: Vec<Source> = sources.iter().cloned().map(S::into).collect();
    let mut corpus = Corpus::open(&sources, options.read.clone())?;
    let workspace = Workspace::new(&options.read.temp_dir, options.memory, corpus.bytes());
    clock.lap("find files");
    let spills = Spills::new(&workspace);
    let mut first: Option<Header> = None;
    let mut is_there = Vec::new();
    let mut units = Vec::with_capacity(corpus.units());
    progress.begin("merging", corpus.units() as u64, Unit::Items);
    for path in shards {
        let (mut shelf, header) = open(path)?;
        let refuse =
            |message: String| Err(Error::new(ErrorKind::Shards(message)).at_path(path.display()));
        if header.fingerprint != corpus.fingerprint() || header.units[0] != corpus.units() {
            return refuse("the files of the corpus are not those that were sketched".to_owned());
        }
        let other = |first: &Header| {
            (&first.version, &first.arguments, first.shard.of)
                != (&header.version, &header.arguments, header.shard.of)
        };
        if first.as_ref().is_some_and(other) {
            return refuse("it was made with other arguments than the first".to_owned());
        }
        is_there.resize(header.shard.of, false);
        if std::mem::replace(&mut is_there[header.shard.number - 1], true) {
            let Shard { number, of } = header.shard;
            return refuse(format!("shard {number}/{of} is there twice"));
        }
        for _ in 0..header.units[1] {
            progress.go_on()?;
            let unit = UnitRead::read(&mut shelf, |shelf| read_kept(&spills, shelf));
            units.push(unit.map_err(|error| error.at_path(path.display()))?);
            progress.advance(1);
        }
        shelf.finish().map_err(|error| error.at_path(path.display()))?;
        first.get_or_insert(header);
    }
    progress.end();
    if let Some(missing) = is_there.iter().position(|is_there| !is_there) {
        let message = format!("shard {}/{} is missing", missing + 1, is_there.len());
        return Err(Error::new(ErrorKind::Shards(message)));
    }
    units.sort_by_key(UnitRead::number);
    let survey = survey::put_together(&mut corpus, units, &plan, spills)?;
    clock.lap("read shards");
    scan_of((&sources, corpus), survey, &plan, &workspace, clock, progress)
}
