//! The folder that a cleaned or restored corpus is written into.
//!
//! In: a path, and where each file belongs below it. Out: files that are whole or not
//! there: each is written in `.dittograph/unfinished`, and renamed into its place. While that folder is
//! there the work is not done; it holds the list of all files to be written, so that a run after one
//! that was stopped knows what is there by its own doing. What leads outside, or cannot be told
//! apart on every system, is refused before anything is written.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use ahash::{AHashMap, AHashSet};

use super::tables::{KeptRow, rows};
use crate::error::{Error, ErrorKind, Result};
use crate::read::real_path;

/// Our own folder, which every walk passes by.
pub const OWN: &str = ".dittograph";

/// What is cut, in our own folder.
pub const REMOVED: &str = "removed.csv";

/// What became of each document, in our own folder.
pub const KEPT: &str = "kept.csv";

/// The rows of Parquet files that are gone, in our own folder.
const ROWS: &str = "removed";

/// Where the rows that are gone of the file at `target` are kept.
pub fn rows_aside(folder: &Path, target: &Path) -> PathBuf {
    folder.join(OWN).join(ROWS).join(target)
}

/// Where files are until they are whole, in our own folder.
const UNFINISHED: &str = "unfinished";

/// The files that are to be written, in the folder of what is not finished.
const LIST: &str = "list";

/// Names that some systems keep for devices, whatever extension follows.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// Where files belong below a folder, each place only once.
#[derive(Debug, Default)]
pub struct Targets(pub Vec<PathBuf>);

impl Targets {
    /// Checks the places of files, given as paths.
    ///
    /// # Errors
    /// The first that leads outside of the folder or cannot be written on every system, and two
    /// that are the same, or are where a system does not tell capitals apart.
    pub fn of<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Result<Self> {
        let mut targets = Vec::new();
        let mut seen: AHashMap<String, PathBuf> = AHashMap::new();
        for path in paths {
            let refused =
                |why: &str| Error::new(ErrorKind::Name(why.to_owned())).at_path(path.display());
            let mut target = PathBuf::new();
            for component in path.components() {
                match component {
                    Component::CurDir => {}
                    Component::Normal(name) if is_reserved(name) => {
                        return Err(refused("no file can be called so on every system"));
                    }
                    Component::Normal(name) => target.push(name),
                    Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                        return Err(refused("its name leads outside of the output folder"));
                    }
                }
            }
            if target.as_os_str().is_empty() || path == Path::new("-") {
                return Err(refused("it has no name to be written under"));
            }
            let folded = escaped_path(&target).to_lowercase();
            if let Some(other) = seen.insert(folded, target.clone()) {
                return Err(Error::new(ErrorKind::Name(if other == target {
                    "two inputs would be written to this name".to_owned()
                } else {
                    format!("its name and {} differ only in capitals", other.display())
                }))
                .at_path(path.display()));
            }
            targets.push(target);
        }
        Ok(Targets(targets))
    }
}

fn is_reserved(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    RESERVED.contains(&stem.as_str())
        || name.ends_with([' ', '.'])
        || name.to_lowercase().starts_with(OWN)
}

/// A path in UTF-8, `/` between folders; `%`, control characters and what is no UTF-8 as `%XX`.
pub fn escaped_path(path: &Path) -> String {
    let mut name = String::new();
    for component in path.components() {
        if !name.is_empty() {
            name.push('/');
        }
        for chunk in component.as_os_str().as_encoded_bytes().utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '%' | '\0'..='\x1f' | '\x7f' => {
                        name.push_str(&format!("%{:02X}", character as u8))
                    }
                    _ => name.push(character),
                }
            }
            for byte in chunk.invalid() {
                name.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    name
}

/// The path that [`escaped_path`] made a name of.
pub fn unescaped_path(name: &str) -> PathBuf {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code.filter(|_| byte == b'%') {
            Some(code) => {
                bytes.push(code);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    os_path(bytes)
}

#[cfg(unix)]
fn os_path(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

#[cfg(not(unix))]
fn os_path(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
}

/// A folder that is being filled.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// What an earlier run wrote here, or was about to.
    earlier: AHashSet<PathBuf>,
    /// Numbers the files that are not finished.
    next: AtomicU64,
}

impl Folder {
    /// Whether a folder can be filled: it is no input nor inside one, nor is an input inside of it; and there is nothing in
    /// it, unless `force` or a run that was stopped left it so. Nothing is written yet.
    ///
    /// # Errors
    /// Those reasons against it.
    pub fn check(path: &Path, inputs: &[PathBuf], force: bool) -> Result<()> {
        let real = real_path(path).map_err(|error| Error::io(path, error))?;
        for input in inputs {
            // An input that is not there is told when it is to be read.
            let Ok(input) = fs::canonicalize(input) else { continue };
            let inside_input = input.is_dir() && real.starts_with(&input);
            if inside_input || input.starts_with(&real) {
                return Err(Error::new(ErrorKind::OutputIsInput).at_path(path.display()));
            }
        }
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::io(path, error)),
        };
        let own = path.join(OWN);
        if force || own.join(UNFINISHED).is_dir() {
            return Ok(());
        }
        for entry in entries {
            let entry = entry.map_err(|error| Error::io(path, error))?;
            // A run may be stopped before it has put anything there.
            let nothing = entry.file_name() == OWN
                && fs::read_dir(&own).is_ok_and(|mut entries| entries.next().is_none());
            if !nothing {
                return Err(Error::new(ErrorKind::NotEmpty).at_path(path.display()));
            }
        }
        Ok(())
    }

    /// Begins to fill a folder, which has been [checked](Self::check).
    ///
    /// # Errors
    /// The system's.
    pub fn begin(path: &Path, targets: &Targets) -> Result<Self> {
        let own = path.join(OWN);
        let unfinished = own.join(UNFINISHED);
        fs::create_dir_all(path).map_err(|error| Error::io(path, error))?;
        let rows = own.join(ROWS);
        for folder in [&own, &unfinished, &rows] {
            if fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_symlink()) {
                return Err(leads_outside(folder));
            }
        }
        match fs::remove_dir_all(&rows) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::io(&rows, error));
            }
            _ => {}
        }
        let mut earlier = earlier_files(&own);
        fs::create_dir_all(&unfinished).map_err(|error| Error::io(&unfinished, error))?;
        let list = unfinished.join(LIST);
        if let Ok(names) = fs::read_to_string(&list) {
            earlier.extend(names.lines().map(unescaped_path));
        }
        // What was not whole when a run was stopped.
        for entry in fs::read_dir(&unfinished).map_err(|error| Error::io(&unfinished, error))? {
            let path = entry.map_err(|error| Error::io(&unfinished, error))?.path();
            if path != list {
                fs::remove_file(&path).map_err(|error| Error::io(&path, error))?;
            }
        }
        let folder = Folder { path: path.to_owned(), earlier, next: AtomicU64::new(0) };
        let all = targets.0.iter().chain(&folder.earlier);
        let mut names: Vec<String> = all.map(|target| escaped_path(target)).collect();
        names.sort_unstable();
        names.dedup();
        folder.put(&list, |out| names.iter().try_for_each(|name| writeln!(out, "{name}")))?;
        Ok(folder)
    }

    /// Writes a file below the folder.
    ///
    /// # Errors
    /// Those of `write`, and the system's with the path of the file; there is then no part of it.
    pub fn write(
        &self,
        target: &Path,
        write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
    ) -> Result<()> {
        self.make_room(target)?;
        self.put(&self.path.join(target), write)
    }

    /// Copies a file to a place below the folder, to the byte.
    ///
    /// # Errors
    /// The system's, with the path of the file.
    pub fn copy(&self, source: &Path, target: &Path) -> Result<()> {
        self.make_room(target)?;
        let place = self.path.join(target);
        let unfinished = self.unfinished_file();
        fs::copy(source, &unfinished).and_then(|_| fs::rename(&unfinished, &place)).map_err(
            |error| {
                let _ = fs::remove_file(&unfinished);
                Error::io(&place, error)
            },
        )
    }

    fn unfinished_file(&self) -> PathBuf {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.path.join(OWN).join(UNFINISHED).join(number.to_string())
    }

    fn put(
        &self,
        place: &Path,
        write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
    ) -> Result<()> {
        let unfinished = self.unfinished_file();
        let written = File::create(&unfinished).and_then(|file| {
            let mut out = BufWriter::with_capacity(1 << 18, file);
            write(&mut out)?;
            out.into_inner().map_err(|error| error.into_error())?;
            fs::rename(&unfinished, place)
        });
        written.map_err(|error| {
            let _ = fs::remove_file(&unfinished);
            // What is written may itself have to be read, and then that is what failed.
            error.downcast::<Error>().unwrap_or_else(|error| Error::io(place, error))
        })
    }

    /// Makes the folders that a file stands in. A link would lead elsewhere.
    fn make_room(&self, target: &Path) -> Result<()> {
        let mut folder = self.path.clone();
        for component in target.parent().into_iter().flat_map(Path::components) {
            folder.push(component);
            match fs::symlink_metadata(&folder) {
                Ok(metadata) if metadata.is_symlink() => return Err(leads_outside(&folder)),
                Ok(_) => {}
                Err(_) => match fs::create_dir(&folder) {
                    // Another thread was faster.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    made => made.map_err(|error| Error::io(&folder, error))?,
                },
            }
        }
        Ok(())
    }

    /// Writes the rows that are gone of the file at `target`.
    ///
    /// # Errors
    /// As of [`write`](Self::write).
    pub fn write_rows_aside(
        &self,
        target: &Path,
        write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
    ) -> Result<()> {
        let place = rows_aside(&self.path, target);
        let folder = place.parent().unwrap_or(&self.path);
        fs::create_dir_all(folder).map_err(|error| Error::io(folder, error))?;
        self.put(&place, write)
    }

    /// Writes a table into our own folder.
    ///
    /// # Errors
    /// As of [`write`](Self::write).
    pub fn write_own(
        &self,
        name: &str,
        write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
    ) -> Result<()> {
        self.put(&self.path.join(OWN).join(name), write)
    }

    /// Removes what an earlier run wrote and this one did not, and says that the work is done.
    /// Without tables our own folder goes as well.
    ///
    /// # Errors
    /// The system's.
    pub fn finish(self, written: &AHashSet<PathBuf>, has_tables: bool) -> Result<()> {
        for stale in self.earlier.iter().filter(|target| !written.contains(*target)) {
            // Only what was ours to write: a list that somebody changed leads nowhere else.
            if Targets::of([stale.as_path()]).is_err() {
                continue;
            }
            let path = self.path.join(stale);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::io(&path, error));
                }
                _ => {}
            }
            for folder in stale.ancestors().skip(1).take_while(|it| !it.as_os_str().is_empty()) {
                // One that is not empty stays.
                let _ = fs::remove_dir(self.path.join(folder));
            }
        }
        let own = self.path.join(OWN);
        let gone = if has_tables { own.join(UNFINISHED) } else { own };
        fs::remove_dir_all(&gone).map_err(|error| Error::io(&gone, error))
    }
}

fn leads_outside(path: &Path) -> Error {
    Error::new(ErrorKind::Name("it is a link, and leads outside of the output folder".to_owned()))
        .at_path(path.display())
}

/// The files that the run before wrote, by its table.
fn earlier_files(own: &Path) -> AHashSet<PathBuf> {
    let Ok(table) = File::open(own.join(KEPT)) else { return AHashSet::new() };
    let rows = rows::<KeptRow>(io::BufReader::new(table), KEPT.to_owned());
    rows.map_while(Result::ok).map(|row| unescaped_path(&row.file)).collect()
}

/// Whether a folder is one that `clean` wrote to its end.
///
/// # Errors
/// If it is not.
pub fn check_cleaned(path: &Path) -> Result<()> {
    let own = path.join(OWN);
    let problem = if own.join(UNFINISHED).exists() {
        "cleaning it was stopped before the end"
    } else if own.join(KEPT).is_file() && own.join(REMOVED).is_file() {
        return Ok(());
    } else {
        fs::read_dir(path).map_err(|error| Error::io(path, error))?;
        "it is no cleaned corpus"
    };
    Err(Error::new(ErrorKind::NotCleaned(problem)).at_path(path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_outside_or_clash_are_refused() {
        let of = |names: &[&str]| {
            Targets::of(names.iter().map(Path::new)).map_err(|error| error.to_string())
        };
        assert_eq!(of(&["./a/b.txt", "a/c.txt"]).unwrap().0[0], Path::new("a/b.txt"));
        for names in [
            &["../a.txt"][..],
            &["a/../../b.txt"],
            &["/etc/passwd"],
            &["-"],
            &["nul.txt"],
            &["a/Aux/b.txt"],
            &["a."],
            &[".dittograph/kept.csv"],
            &["a.txt", "./a.txt"],
            &["a.txt", "A.txt"],
            &["\u{c4}.txt", "\u{e4}.txt"],
        ] {
            assert!(of(names).is_err(), "{names:?}");
        }
    }

    #[test]
    fn paths_are_escaped_and_back() {
        for name in ["a/100%.txt", "a%2Fb", "\u{e4}/b c"] {
            assert_eq!(unescaped_path(&escaped_path(Path::new(name))), Path::new(name));
        }
        // The names of a list stand on lines.
        assert_eq!(escaped_path(Path::new("a\nb/c\r%")), "a%0Ab/c%0D%25");
        assert_eq!(unescaped_path("a%0Ab/c%0D%25"), Path::new("a\nb/c\r%"));
        assert_eq!(escaped_path(&os_path(b"a/\xff%".to_vec())), "a/%FF%25");
        assert_eq!(unescaped_path("a/%FF%25"), os_path(b"a/\xff%".to_vec()));
    }
}
