//! An archive to the files in it, each of which can be read without the others.
//!
//! In: a file whose name is that of an archive. Out: a [`SourceFile`] for each entry, which knows
//! where in the archive its bytes are: nothing of it is unpacked here, but a packed `tar`, which
//! only goes forward, and is unpacked into an unnamed temporary file. What claims to unpack to more
//! than any text would is refused.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use zip::CompressionMethod;
use zip::result::ZipError;

use super::compress::decompress;
use super::format::{Compression, archive_of};
use super::in_memory::MemoryTable;
use super::open::read_error;
use super::walk::{Excluded, Found, Source, SourceFile, display_name, without_dot};
use crate::error::{Error, ErrorKind, Result};

/// The most entries of an archive.
const MOST_ENTRIES: usize = 4_000_000;

/// How many times its own size an archive may unpack to; text is rarely packed to a fiftieth.
const MOST_RATIO: u64 = 250;

/// What no ratio is asked of, in bytes.
const SMALL: u64 = 16 << 20;

/// The kinds of archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Archive {
    /// Entries packed one by one.
    Zip,
    /// Entries one after the other, perhaps packed as a whole.
    Tar,
}

/// Where the bytes of a file are.
#[derive(Debug)]
pub enum Place {
    /// In the file at its path.
    Path,
    /// In a file that has no name any more.
    Unnamed(Arc<File>),
    /// In no file: it is a table in memory.
    Memory(MemoryTable),
    /// In an archive.
    Entry {
        /// The archive.
        archive: Arc<Holder>,
        /// Its bytes there.
        range: Range<u64>,
        /// What they are unpacked, if they are packed.
        packed: Option<Packed>,
    },
}

/// What a packed entry says of itself unpacked.
#[derive(Clone, Copy, Debug)]
pub struct Packed {
    /// Its checksum.
    pub crc: u32,
    /// Its size in bytes.
    pub size: u64,
}

/// Where an archive is.
#[derive(Debug)]
pub enum Holder {
    /// At a path.
    Path(PathBuf),
    /// In a file without a name.
    Unnamed(Arc<File>),
}

impl Holder {
    /// Opens it.
    pub fn open(&self) -> io::Result<File> {
        match self {
            Holder::Path(path) => File::open(path),
            Holder::Unnamed(file) => file.try_clone(),
        }
    }
}

/// Puts in the place of each archive the files in it, in the order of their names.
pub fn expand(found: &mut Found, sources: &[Source], excluded: &Excluded, temp_dir: &Path) {
    let files = std::mem::take(&mut found.files);
    let expand = |file: SourceFile| {
        // Below its PATH; what was named is PATH itself.
        let root = sources[file.path_number].path().unwrap_or(Path::new(""));
        let below = match file.path.strip_prefix(without_dot(root)) {
            _ if file.named => PathBuf::new(),
            Ok(below) => below.to_owned(),
            Err(_) => file.path.clone(),
        };
        entries(file, |name| excluded.leaves_out(&below.join(name)), temp_dir)
    };
    let expanded: Vec<Entries> = files.into_par_iter().map(expand).collect();
    for entries in expanded {
        found.files.extend(entries.files);
        found.problems.extend(entries.problems);
        for (reason, count) in entries.skipped {
            *found.skipped.entry(reason).or_default() += count;
        }
    }
}

/// What stands in an archive.
#[derive(Default)]
struct Entries {
    files: Vec<SourceFile>,
    problems: Vec<Error>,
    skipped: BTreeMap<&'static str, u64>,
}

impl Entries {
    fn skip(&mut self, reason: &'static str) {
        *self.skipped.entry(reason).or_default() += 1;
    }

    /// So many entries have the name of a later one.
    fn replaced(&mut self, count: u64) {
        if count > 0 {
            *self.skipped.entry("an entry that a later one of its name replaces").or_default() +=
                count;
        }
    }

    fn problem(&mut self, file: &SourceFile, name: &str, kind: ErrorKind) {
        self.problems.push(Error::new(kind).at_path(file.path.join(name).display()));
    }

    fn add(
        &mut self,
        file: &SourceFile,
        archive: &Arc<Holder>,
        name: &str,
        range: Range<u64>,
        packed: Option<Packed>,
    ) {
        self.files.push(SourceFile {
            path: file.path.join(name),
            name: format!("{}/{name}", file.name),
            target: file.target.join(name),
            size: range.end - range.start,
            named: false,
            path_number: file.path_number,
            place: Place::Entry { archive: Arc::clone(archive), range, packed },
            footer: OnceLock::new(),
        });
    }
}

fn entries(file: SourceFile, is_excluded: impl Fn(&str) -> bool, temp_dir: &Path) -> Entries {
    let mut entries = Entries::default();
    let Some(archive) = archive_of(&file.name) else {
        entries.files.push(file);
        return entries;
    };
    let listed = match archive {
        Archive::Zip => list_zip(&file, &is_excluded, &mut entries),
        Archive::Tar => list_tar(&file, &is_excluded, temp_dir, &mut entries),
    };
    if let Err(error) = listed {
        entries.problems.push(error.at_path(file.path.display()));
    }
    // Of several entries of a name the last is what unpacking would leave.
    entries.files.reverse();
    entries.files.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    let all = entries.files.len();
    entries.files.dedup_by(|next, kept| next.name == kept.name);
    entries.replaced((all - entries.files.len()) as u64);
    entries
}

fn damaged(format: &'static str, detail: impl ToString) -> Error {
    Error::new(ErrorKind::Damaged { format, detail: detail.to_string() })
}

fn list_zip(
    file: &SourceFile,
    is_excluded: &dyn Fn(&str) -> bool,
    entries: &mut Entries,
) -> Result<()> {
    let holder = Arc::new(file.holder());
    let open = holder.open().map_err(|error| Error::new(ErrorKind::Io(error)))?;
    let size = file.size;
    let mut archive = zip::ZipArchive::new(BufReader::new(open)).map_err(|error| match error {
        ZipError::InvalidArchive(_) => {
            damaged("zip", "its list of entries cannot be read: it is cut, or no zip file")
        }
        error => damaged("zip", error),
    })?;
    if archive.len() > MOST_ENTRIES {
        return Err(damaged("zip", "it has more than 4,000,000 entries"));
    }
    if archive.has_duplicate_names() {
        // Of which only the last is in the list.
        let listed = count_listed(&holder, archive.central_directory_start());
        let listed = listed.map_err(|error| Error::new(ErrorKind::Io(error)))?;
        entries.replaced(listed.saturating_sub(archive.len() as u64));
    }
    for index in 0..archive.len() {
        let entry = match archive.by_index_raw(index) {
            Ok(entry) => entry,
            Err(error) => {
                entries.problems.push(damaged("zip", error).at_path(file.path.display()));
                continue;
            }
        };
        let start = entry.data_start();
        let about = entry.entry();
        let name = entry_name(about.name_raw());
        let packed_size = about.compressed_size();
        let range = start.and_then(|start| Some(start..start.checked_add(packed_size)?));
        match (about.compression(), range) {
            _ if about.is_dir() || is_excluded(&name) => {}
            _ if about.is_symlink() => entries.skip("no regular file"),
            _ if about.encrypted() => {
                entries.problem(file, &name, ErrorKind::Unsupported("it is encrypted"));
            }
            (_, None) => entries.problem(file, &name, lies("it has no place in the archive")),
            (_, Some(range)) if range.end > size => {
                entries.problem(file, &name, lies("it reaches beyond the end of the archive"));
            }
            _ if is_bomb(about.size(), packed_size) => {
                entries.problem(file, &name, ErrorKind::Bomb(MOST_RATIO));
            }
            (CompressionMethod::Stored, Some(range)) => {
                entries.add(file, &holder, &name, range, None);
            }
            (CompressionMethod::Deflated, Some(range)) => {
                let packed = Packed { crc: about.crc32(), size: about.size() };
                entries.add(file, &holder, &name, range, Some(packed));
            }
            _ => entries.skip("an entry that is packed in a way that is not read"),
        }
    }
    Ok(())
}

/// How many entries the list of a zip file has, which starts at a byte of it.
fn count_listed(holder: &Holder, start: u64) -> io::Result<u64> {
    let mut list = BufReader::new(holder.open()?);
    list.seek(SeekFrom::Start(start))?;
    let (mut count, mut header) = (0, [0; 46]);
    while list.read_exact(&mut header).is_ok() && header.starts_with(b"PK\x01\x02") {
        count += 1;
        // Behind it stand the name, more fields and a comment, of these lengths.
        let length = |at: usize| i64::from(u16::from_le_bytes([header[at], header[at + 1]]));
        list.seek_relative(length(28) + length(30) + length(32))?;
    }
    Ok(count)
}

fn lies(detail: &'static str) -> ErrorKind {
    ErrorKind::Damaged { format: "zip", detail: detail.to_owned() }
}

fn is_bomb(unpacked: u64, packed: u64) -> bool {
    unpacked > SMALL && unpacked / MOST_RATIO > packed
}

fn list_tar(
    file: &SourceFile,
    is_excluded: &dyn Fn(&str) -> bool,
    temp_dir: &Path,
    entries: &mut Entries,
) -> Result<()> {
    let io = |error| Error::new(ErrorKind::Io(error));
    let mut holder = file.holder();
    let mut open = holder.open().map_err(io)?;
    let mut head = Vec::new();
    (&open).take(8).read_to_end(&mut head).map_err(io)?;
    open.seek(SeekFrom::Start(0)).map_err(io)?;
    let compression = Compression::of(&head);
    let mut size = file.size;
    if compression != Compression::None {
        let (unpacked, length, failure) = unpack(open, compression, file.size, temp_dir)?;
        // Entries before the damage are read.
        entries.problems.extend(failure.map(|error| error.at_path(file.path.display())));
        holder = Holder::Unnamed(Arc::new(unpacked));
        size = length;
        open = holder.open().map_err(io)?;
        open.seek(SeekFrom::Start(0)).map_err(io)?;
    }
    let holder = Arc::new(holder);
    let mut archive = tar::Archive::new(BufReader::new(open));
    for entry in archive.entries_with_seek().map_err(|error| damaged("tar", error))? {
        let entry = match entry {
            Ok(entry) => entry,
            // What a torn archive lacks at its end was told when it was unpacked.
            Err(_) if !entries.problems.is_empty() => return Ok(()),
            Err(error) => return Err(damaged("tar", error)),
        };
        let kind = entry.header().entry_type();
        if kind.is_dir() || kind.is_pax_global_extensions() {
            continue;
        }
        let name = entry_name(&entry.path_bytes());
        if is_excluded(&name) {
            continue;
        }
        if !(kind.is_file() || kind.is_contiguous()) {
            entries.skip("no regular file");
            continue;
        }
        let start = entry.raw_file_position();
        match start.checked_add(entry.size()).filter(|&end| end <= size) {
            Some(end) => entries.add(file, &holder, &name, start..end, None),
            None => entries.problem(
                file,
                &name,
                ErrorKind::Damaged { format: "tar", detail: "it ends too early".to_owned() },
            ),
        }
        if entries.files.len() > MOST_ENTRIES {
            return Err(damaged("tar", "it has more than 4,000,000 entries"));
        }
    }
    Ok(())
}

/// Unpacks a file that only goes forward; gives how long it is and what ended it too early.
fn unpack(
    file: File,
    compression: Compression,
    size: u64,
    temp_dir: &Path,
) -> Result<(File, u64, Option<Error>)> {
    let temporary = |error| Error::new(ErrorKind::Temporary(error));
    let mut out = tempfile::tempfile_in(temp_dir).map_err(temporary)?;
    let mut source = decompress(file, compression, &Arc::default())
        .map_err(|error| read_error(error, compression))?;
    let (mut buffer, mut length) = (vec![0; 256 << 10], 0u64);
    loop {
        let count = match source.read(&mut buffer) {
            Ok(0) => return Ok((out, length, None)),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Ok((out, length, Some(read_error(error, compression)))),
        };
        length += count as u64;
        if is_bomb(length, size) {
            return Err(Error::new(ErrorKind::Bomb(MOST_RATIO)));
        }
        out.write_all(&buffer[..count]).map_err(temporary)?;
    }
}

/// The name of an entry as it stands in the output: without a way out of the archive.
fn entry_name(raw: &[u8]) -> String {
    #[cfg(unix)]
    let name = display_name(std::os::unix::ffi::OsStrExt::from_bytes(raw));
    #[cfg(not(unix))]
    let name = display_name(String::from_utf8_lossy(raw).as_ref().as_ref());
    let parts = name.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | ".."));
    parts.collect::<Vec<_>>().join("/")
}

impl SourceFile {
    fn holder(&self) -> Holder {
        match &self.place {
            Place::Unnamed(file) => Holder::Unnamed(Arc::clone(file)),
            _ => Holder::Path(Path::to_owned(&self.path)),
        }
    }
}

/// A reader that says so if what it read is not what the archive says it is.
pub struct Checked<R> {
    source: R,
    sum: flate2::Crc,
    expected: u32,
}

impl<R: Read> Checked<R> {
    /// Reads `source`, whose checksum is to be `expected`.
    pub fn new(source: R, expected: u32) -> Self {
        Checked { source, sum: flate2::Crc::new(), expected }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.sum.update(&buffer[..count]);
        if count == 0 && !buffer.is_empty() && self.sum.sum() != self.expected {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its checksum is another"));
        }
        Ok(count)
    }
}
