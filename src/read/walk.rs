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

use ahash::AHashSet;
use ignore::WalkBuilder;
use ignore::overrides::OverrideBuilder;

use crate::error::{Error, Result};

/// A file of the corpus.
#[derive(Debug)]
pub struct SourceFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called in the output.
    pub name: String,
    /// Its size in bytes when it was found.
    pub size: u64,
    /// Standard input, copied to a temporary file so that it can be read twice.
    pub spooled: Option<fs::File>,
}

/// What the walk found.
#[derive(Debug, Default)]
pub struct Found {
    /// The files in reading order.
    pub files: Vec<SourceFile>,
    /// What could not be looked into.
    pub problems: Vec<Error>,
    /// Files left out, counted by reason.
    pub skipped: BTreeMap<&'static str, u64>,
}

/// Folders that are never entered.
const PASSED_BY: [&str; 2] = [".git", ".dittograph"];

/// Walks all PATHs.
///
/// # Errors
/// A glob that cannot be parsed. What is wrong with a PATH is a problem, not an error.
pub fn walk(paths: &[PathBuf], exclude: &[String]) -> Result<Found> {
    let mut found = Found::default();
    let mut linked = paths.len() > 1;
    for path in paths {
        let below = found.files.len();
        if path == Path::new("-") {
            match spool(&mut io::stdin().lock(), "-") {
                Ok(file) => found.files.push(file),
                Err(error) => found.problems.push(error),
            }
            continue;
        }
        match fs::metadata(path) {
            Err(error) => found.problems.push(Error::io(path, error)),
            Ok(metadata) if metadata.is_dir() => {
                let prefix = if paths.len() > 1 { Some(path.as_path()) } else { None };
                linked |= walk_folder(path, prefix, exclude, &mut found)?;
            }
            Ok(metadata) if metadata.is_file() => {
                let shown = if paths.len() > 1 {
                    path.as_os_str()
                } else {
                    path.file_name().unwrap_or_default()
                };
                found.files.push(SourceFile {
                    path: path.clone(),
                    name: display_name(shown),
                    size: metadata.len(),
                    spooled: None,
                });
            }
            // A pipe such as the shell's `<(...)` can be read once only.
            Ok(_) => match fs::File::open(path).map_err(|error| Error::io(path, error)) {
                Ok(mut pipe) => match spool(&mut pipe, &display_name(path.as_os_str())) {
                    Ok(file) => found.files.push(file),
                    Err(error) => found.problems.push(error),
                },
                Err(error) => found.problems.push(error),
            },
        }
        found.files[below..].sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    }
    if linked {
        drop_second_names(&mut found);
    }
    Ok(found)
}

/// Collects the files below one folder; tells whether a symbolic link was met.
fn walk_folder(
    root: &Path,
    prefix: Option<&Path>,
    exclude: &[String],
    found: &mut Found,
) -> Result<bool> {
    let mut globs = OverrideBuilder::new(root);
    for glob in exclude {
        globs
            .add(&format!("!{glob}"))
            .map_err(|error| Error::options(format!("`--exclude {glob}`: {error}")))?;
    }
    let globs = globs.build().map_err(|error| Error::options(format!("`--exclude`: {error}")))?;
    let entries = WalkBuilder::new(root)
        .standard_filters(false)
        .follow_links(true)
        .overrides(globs)
        .filter_entry(|entry| {
            entry.depth() == 0
                || !PASSED_BY.iter().any(|name| entry.file_name() == OsStr::new(name))
        })
        .build();
    let mut linked = false;
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                if is_loop(&error) {
                    *found.skipped.entry("a symbolic link to a folder above it").or_default() += 1;
                } else {
                    found.problems.push(walk_error(error, root));
                }
                continue;
            }
        };
        linked |= entry.path_is_symlink();
        if entry.file_type().is_some_and(|kind| kind.is_dir()) {
            continue;
        }
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            *found.skipped.entry("no regular file").or_default() += 1;
            continue;
        }
        let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let shown = prefix.map_or_else(|| relative.to_owned(), |prefix| prefix.join(relative));
        match entry.metadata() {
            Ok(metadata) => found.files.push(SourceFile {
                name: display_name(shown.as_os_str()),
                size: metadata.len(),
                path: entry.into_path(),
                spooled: None,
            }),
            Err(error) => found.problems.push(walk_error(error, root)),
        }
    }
    Ok(linked)
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

fn walk_error(error: ignore::Error, root: &Path) -> Error {
    let mut place = root.to_owned();
    let mut inner = &error;
    while let ignore::Error::WithPath { err, .. } | ignore::Error::WithDepth { err, .. } = inner {
        if let ignore::Error::WithPath { path, .. } = inner {
            place.clone_from(path);
        }
        inner = err;
    }
    let message = inner.to_string();
    Error::io(place, error.into_io_error().unwrap_or_else(|| io::Error::other(message)))
}

/// Keeps the first name of each file that was reached by several.
fn drop_second_names(found: &mut Found) {
    let mut seen = AHashSet::new();
    let before = found.files.len();
    found.files.retain(|file| match fs::canonicalize(&file.path) {
        Ok(real) if file.spooled.is_none() => seen.insert(real),
        _ => true,
    });
    let dropped = (before - found.files.len()) as u64;
    if dropped > 0 {
        *found.skipped.entry("another name of a file that was read").or_default() += dropped;
    }
}

/// Copies a stream that can be read once into an unnamed temporary file.
fn spool(source: &mut dyn io::Read, name: &str) -> Result<SourceFile> {
    let mut copy = || -> io::Result<(fs::File, u64)> {
        let mut file = tempfile::tempfile()?;
        let size = io::copy(source, &mut file)?;
        Ok((file, size))
    };
    let (file, size) = copy().map_err(|error| Error::io(name, error))?;
    Ok(SourceFile { path: PathBuf::from(name), name: name.to_owned(), size, spooled: Some(file) })
}

/// A path as it stands in the output: `/` between folders, and when it is no
/// UTF-8, each foreign byte and each `%` as `%XX`.
fn display_name(path: &OsStr) -> String {
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
        let found = walk(paths, &exclude).unwrap();
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
