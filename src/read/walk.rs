//! PATHs to files: every regular file below them, once, in the order of names.
//!
//! In: the PATHs as typed and the globs to leave out. Out: [`SourceFile`]s in
//! reading order, with what could not be looked into. Hidden and ignored files
//! count, since a corpus is not a working copy; only `.git` and our own
//! `.dittograph` are passed by. Symbolic links are followed, loops and second
//! names of the same file are noticed.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ahash::AHashSet;
use ignore::WalkBuilder;
use ignore::overrides::{Override, OverrideBuilder};

use super::ReadOptions;
use super::archive::{self, Place};
use super::columns::Footer;
use super::in_memory::MemoryTable;
use crate::error::{Error, ErrorKind, Result};

/// Where documents are to be found.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file or a folder; `-` is standard input.
    Path(PathBuf),
    /// A table in memory. Its documents are called by their ids alone.
    Table(MemoryTable),
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Source::Path(path)
    }
}

impl From<MemoryTable> for Source {
    fn from(table: MemoryTable) -> Self {
        Source::Table(table)
    }
}

impl Source {
    /// The path, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Source::Path(path) => Some(path),
            Source::Table(_) => None,
        }
    }
}

/// A file of the corpus, or a table in memory that is read like one.
pub struct SourceFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called in the output.
    pub name: String,
    /// Its path below a folder that all files are written to: `name` before it was made readable.
    pub target: PathBuf,
    /// Its size in bytes when it was found.
    pub size: u64,
    /// Whether the user named it, and not a folder above it.
    pub named: bool,
    /// Below which of the PATHs it was found first.
    pub path_number: usize,
    /// Where its bytes are.
    pub place: Place,
    /// The footer of a large Parquet file, once it was read.
    pub footer: OnceLock<Footer>,
}

impl SourceFile {
    /// What is in no folder.
    fn new(name: &str, size: u64, place: Place) -> Self {
        SourceFile {
            path: PathBuf::from(name),
            name: name.to_owned(),
            target: PathBuf::from(name),
            size,
            named: true,
            path_number: 0,
            place,
            footer: OnceLock::new(),
        }
    }

    /// How many bytes it has unpacked, as far as that is known, which it is of entries of archives.
    pub fn unpacked_size(&self) -> u64 {
        match &self.place {
            Place::Entry { packed: Some(packed), .. } => packed.size,
            _ => self.size,
        }
    }

    /// Whether it was standard input or a pipe.
    pub fn is_unnamed(&self) -> bool {
        matches!(self.place, Place::Unnamed(_))
    }

    /// Whether it is a table in memory.
    pub(super) fn is_table(&self) -> bool {
        matches!(self.place, Place::Memory(_))
    }

    /// What a record is called whose line this is, counted from 1: rows in memory are counted from 0.
    pub(super) fn number(&self, line: u64) -> u64 {
        if self.is_table() { line.saturating_sub(1) } else { line }
    }
}

/// What the walk found.
#[derive(Default)]
pub struct Found {
    /// The files in reading order.
    pub files: Vec<SourceFile>,
    /// What could not be looked into.
    pub problems: Vec<Error>,
    /// Files left out, counted by reason.
    pub skipped: BTreeMap<&'static str, u64>,
}

/// Whether an entry of a folder is none of the corpus: version control's, or our own.
pub fn is_passed_by(name: &OsStr) -> bool {
    name == ".git" || name.as_encoded_bytes().starts_with(b".dittograph")
}

/// Walks all sources.
///
/// # Errors
/// A glob that cannot be parsed, or a file that is among the `outputs`, too.
/// What is wrong with a PATH is a problem, not an error.
pub fn walk(sources: &[Source], options: &ReadOptions) -> Result<Found> {
    let ReadOptions { exclude, outputs, temp_dir, .. } = options;
    // A pattern is wrong whatever the PATHs are.
    let excluded = Excluded::of(exclude)?;
    let mut found = Found::default();
    let several = sources.len() > 1;
    let mut linked = several;
    for (index, source) in sources.iter().enumerate() {
        let below = found.files.len();
        let path = match source {
            Source::Path(path) => path,
            Source::Table(table) => {
                found.files.push(SourceFile {
                    path_number: index,
                    ..SourceFile::new("table", table.bytes(), Place::Memory(table.clone()))
                });
                continue;
            }
        };
        if path == Path::new("-") {
            if !sources[..index].iter().any(|other| other.path() == Some(path)) {
                found.add(spool(&mut io::stdin().lock(), "-", temp_dir));
                found.files[below..].iter_mut().for_each(|file| file.path_number = index);
            }
            continue;
        }
        match fs::metadata(path) {
            Err(error) => found.problems.push(Error::io(path, error)),
            Ok(metadata) if metadata.is_dir() => {
                linked |= walk_folder(path, several, exclude, &mut found)?;
            }
            Ok(metadata) if metadata.is_file() => {
                let shown =
                    if several { path.as_os_str() } else { path.file_name().unwrap_or_default() };
                found.files.push(SourceFile {
                    path: path.clone(),
                    name: display_name(shown),
                    target: PathBuf::from(shown),
                    size: metadata.len(),
                    named: true,
                    path_number: index,
                    place: Place::Path,
                    footer: OnceLock::new(),
                });
            }
            // A pipe such as the shell's `<(...)` can be read once only.
            Ok(_) => {
                let pipe = fs::File::open(path).map_err(|error| Error::io(path, error));
                let name = display_name(path.as_os_str());
                found.add(pipe.and_then(|mut pipe| spool(&mut pipe, &name, temp_dir)));
            }
        }
        found.files[below..].iter_mut().for_each(|file| file.path_number = index);
        found.files[below..].sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    }
    if linked {
        drop_second_names(&mut found);
    }
    refuse_outputs(&found, outputs)?;
    if options.archives {
        archive::expand(&mut found, sources, &excluded, temp_dir);
    }
    Ok(found)
}

impl Found {
    fn add(&mut self, file: Result<SourceFile>) {
        match file {
            Ok(file) => self.files.push(file),
            Err(error) => self.problems.push(error),
        }
    }
}

/// The matcher of what is to be left out below `root`.
fn excluding(root: &Path, exclude: &[String]) -> Result<Override> {
    let mut globs = OverrideBuilder::new(root);
    for glob in exclude {
        // In an override a plain glob means the opposite.
        globs.add(&format!("!{glob}")).map_err(|error| {
            Error::options(format!("`--exclude`: {}", error.to_string().replace("'!", "'")))
        })?;
    }
    globs.build().map_err(|error| Error::options(format!("`--exclude`: {error}")))
}

/// What is to be left out, for files that are found in other ways than by walking a folder.
pub struct Excluded(Override);

impl Excluded {
    /// What these globs leave out.
    ///
    /// # Errors
    /// A glob that cannot be parsed.
    pub fn of(exclude: &[String]) -> Result<Self> {
        excluding(Path::new("."), exclude).map(Excluded)
    }

    /// Whether this path below PATH is left out, or a folder on the way to it.
    pub fn leaves_out(&self, below: &Path) -> bool {
        let mut ancestors = below.ancestors().filter(|path| !path.as_os_str().is_empty());
        !self.0.is_empty()
            && (ancestors.next().is_some_and(|path| self.0.matched(path, false).is_ignore())
                || ancestors.any(|folder| self.0.matched(folder, true).is_ignore()))
    }
}

/// Collects the files below one folder; tells whether a symbolic link was met.
fn walk_folder(root: &Path, several: bool, exclude: &[String], found: &mut Found) -> Result<bool> {
    let entries = WalkBuilder::new(root)
        .standard_filters(false)
        .follow_links(true)
        .overrides(excluding(root, exclude)?)
        .filter_entry(|entry| entry.depth() == 0 || !is_passed_by(entry.file_name()))
        .build();
    let mut linked = false;
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if is_loop(&error) => {
                *found.skipped.entry("a symbolic link to a folder above it").or_default() += 1;
                continue;
            }
            Err(error) => {
                found.problems.push(walk_error(&error, root));
                continue;
            }
        };
        linked |= entry.path_is_symlink();
        let kind = entry.file_type();
        if kind.is_some_and(|kind| kind.is_dir()) {
            continue;
        }
        if !kind.is_some_and(|kind| kind.is_file()) {
            *found.skipped.entry("no regular file").or_default() += 1;
            continue;
        }
        let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let target = if several { root.join(relative) } else { relative.to_owned() };
        let name = display_name(target.as_os_str());
        found.add(match entry.metadata() {
            Ok(metadata) => Ok(SourceFile {
                name,
                target,
                size: metadata.len(),
                path: without_dot(entry.path()).to_owned(),
                named: false,
                path_number: 0,
                place: Place::Path,
                footer: OnceLock::new(),
            }),
            Err(error) => Err(walk_error(&error, root)),
        });
    }
    Ok(linked)
}

/// Stops a run that would write over what it reads.
fn refuse_outputs(found: &Found, outputs: &[PathBuf]) -> Result<()> {
    let outputs: Vec<PathBuf> =
        outputs.iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
    if outputs.is_empty() {
        return Ok(());
    }
    match found.files.iter().find(|file| {
        matches!(file.place, Place::Path)
            && fs::canonicalize(&file.path).is_ok_and(|real| outputs.contains(&real))
    }) {
        Some(file) => Err(Error::new(ErrorKind::OutputIsInput).at_path(file.path.display())),
        None => Ok(()),
    }
}

fn is_loop(error: &ignore::Error) -> bool {
    match error {
        ignore::Error::Loop { .. } => true,
        ignore::Error::WithPath { err, .. }
        | ignore::Error::WithDepth { err, .. }
        | ignore::Error::WithLineNumber { err, .. } => is_loop(err),
        _ => false,
    }
}

/// What the system says of the place that the walk could not look into.
fn walk_error(error: &ignore::Error, root: &Path) -> Error {
    let mut place = root;
    let mut inner = error;
    while let ignore::Error::WithPath { err, .. } | ignore::Error::WithDepth { err, .. } = inner {
        if let ignore::Error::WithPath { path, .. } = inner {
            place = path;
        }
        inner = err;
    }
    // The walker wraps the cause in a sentence of its own, so the place is asked once more.
    let again = fs::metadata(place).and_then(|_| fs::read_dir(place)).err();
    Error::io(without_dot(place), again.unwrap_or_else(|| io::Error::other(inner.to_string())))
}

/// The path without the `./` that walking `.` puts before everything.
pub fn without_dot(path: &Path) -> &Path {
    path.strip_prefix(".").ok().filter(|path| !path.as_os_str().is_empty()).unwrap_or(path)
}

/// Keeps the first name of each file that was reached by several.
fn drop_second_names(found: &mut Found) {
    let mut seen = AHashSet::new();
    let before = found.files.len();
    found.files.retain(|file| match fs::canonicalize(&file.path) {
        Ok(real) if matches!(file.place, Place::Path) => seen.insert(real),
        _ => true,
    });
    let dropped = (before - found.files.len()) as u64;
    if dropped > 0 {
        *found.skipped.entry("another name of a file that was read").or_default() += dropped;
    }
}

/// The real path of what may not be there yet.
///
/// # Errors
/// Those of the file system, but that it is not there.
pub fn real_path(path: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    let mut missing = Vec::new();
    let mut at = absolute.as_path();
    loop {
        match fs::canonicalize(at) {
            Ok(real) => {
                return Ok(missing.iter().rev().fold(real, |real, name| real.join(name)));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let (Some(parent), Some(name)) = (at.parent(), at.file_name()) else {
                    return Err(error);
                };
                missing.push(name.to_owned());
                at = parent;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Copies a stream that can be read once into an unnamed temporary file.
fn spool(source: &mut dyn io::Read, name: &str, temp_dir: &Path) -> Result<SourceFile> {
    let mut file = tempfile::tempfile_in(temp_dir)
        .map_err(|error| Error::new(ErrorKind::Temporary(error)).at_path(temp_dir.display()))?;
    let size = io::copy(source, &mut file).map_err(|error| Error::io(name, error))?;
    Ok(SourceFile::new(name, size, Place::Unnamed(Arc::new(file))))
}

/// A path as it stands in the output: `/` between folders, and when it is no
/// UTF-8, each foreign byte and each `%` as `%XX`.
pub fn display_name(path: &OsStr) -> String {
    let name = match path.to_str() {
        Some(name) => name.to_owned(),
        None => {
            let mut name = String::new();
            for chunk in path.as_encoded_bytes().utf8_chunks() {
                name.push_str(&chunk.valid().replace('%', "%25"));
                for byte in chunk.invalid() {
                    name.push_str(&format!("%{byte:02X}"));
                }
            }
            name
        }
    };
    if std::path::MAIN_SEPARATOR == '/' {
        name
    } else {
        name.replace(std::path::MAIN_SEPARATOR, "/")
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    fn names(paths: &[PathBuf], exclude: &[&str]) -> (Vec<String>, Found) {
        let exclude: Vec<_> = exclude.iter().map(|&glob| glob.to_owned()).collect();
        let options = ReadOptions { exclude, ..Default::default() };
        let sources: Vec<Source> = paths.iter().cloned().map(Source::from).collect();
        let found = walk(&sources, &options).unwrap();
        (found.files.iter().map(|file| file.name.clone()).collect(), found)
    }

    #[test]
    fn everything_is_walked_in_the_order_of_names() {
        let root = tempfile::tempdir().unwrap();
        for name in [
            "b.txt",
            "a/z.txt",
            "a-b.txt",
            ".hidden/x.txt",
            ".git/config",
            ".dittograph/kept.csv",
            "skip.log",
        ] {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        fs::write(root.path().join(".gitignore"), "b.txt").unwrap();
        fs::write(root.path().join(OsStr::from_bytes(b"100%\xff.txt")), "x").unwrap();
        let (names, _) = names(&[root.path().to_owned()], &["*.log"]);
        assert_eq!(
            names,
            [".gitignore", ".hidden/x.txt", "100%25%FF.txt", "a-b.txt", "a/z.txt", "b.txt"]
        );
    }

    #[test]
    fn links_are_followed_and_loops_and_second_names_survived() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("a")).unwrap();
        fs::write(root.path().join("a/one.txt"), "x").unwrap();
        symlink(root.path(), root.path().join("a/up")).unwrap();
        symlink(root.path().join("a/one.txt"), root.path().join("b.txt")).unwrap();
        symlink(root.path().join("gone"), root.path().join("dangling")).unwrap();
        let (names, found) = names(&[root.path().to_owned()], &[]);
        assert_eq!(names, ["a/one.txt"]);
        assert_eq!(found.skipped["a symbolic link to a folder above it"], 1);
        assert_eq!(found.skipped["another name of a file that was read"], 1);
        assert_eq!(found.problems.len(), 1);
    }
}
