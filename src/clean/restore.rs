//! A cleaned corpus to the original.
//!
//! In: a folder that was cleaned. Out: the files as they were, made of what is left and of the two
//! tables. Both are read once, in step, so that memory does not grow with them; of every text that is put
//! together the hash is checked. A file that was compressed is compressed again: what is in it is
//! the same to the byte.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::iter::Peekable;
use std::path::{Path, PathBuf};

use ahash::AHashSet;

use super::folder::{Folder, KEPT, OWN, REMOVED, Targets, check_cleaned, unescaped_path};
use super::rewrite::compressed;
use super::tables::{Action, KeptRow, RemovedRow, escaped, rows, text_hash};
use crate::error::{Error, ErrorKind, Result};
use crate::read::{Compression, Form, TextField, decompress};

/// What was restored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Files in all.
    pub files: u64,
    /// Files into which something was put back, or which are there again.
    pub changed: u64,
    /// Rows of the table of what was removed that were put back.
    pub rows: u64,
}

/// Restores the corpus that was cleaned into `cleaned`, below `output`.
///
/// # Errors
/// That there is no cleaned corpus, or that it is no longer what `clean` wrote; what speaks
/// against the output folder; the system's.
pub fn restore(cleaned: &Path, output: &Path, force: bool) -> Result<Restored> {
    check_cleaned(cleaned)?;
    Folder::check(output, &[cleaned.to_owned()], force)?;
    let own = cleaned.join(OWN);
    let table = |name: &str| {
        let path = own.join(name);
        let file = File::open(&path).map_err(|error| Error::io(&path, error))?;
        Ok((BufReader::with_capacity(1 << 18, file), path.display().to_string()))
    };
    let mut names: Vec<String> = Vec::new();
    let mut changed: AHashSet<String> = AHashSet::new();
    let (kept, kept_name) = table(KEPT)?;
    for row in rows::<KeptRow>(kept, kept_name) {
        let row = row?;
        if names.last() != Some(&row.file) {
            names.push(row.file.clone());
        }
        if row.rows > 0 {
            changed.insert(row.file);
        }
    }
    let paths: Vec<PathBuf> = names.iter().map(|name| unescaped_path(name)).collect();
    let targets = Targets::of(paths.iter().map(PathBuf::as_path))?;
    let folder = Folder::begin(output, &targets)?;
    let (kept, kept_name) = table(KEPT)?;
    let (removed, removed_name) = table(REMOVED)?;
    let mut restorer = Restorer {
        cleaned,
        removed: rows::<RemovedRow>(removed, removed_name),
        restored: Restored { files: names.len() as u64, ..Restored::default() },
    };
    let mut kept = rows::<KeptRow>(kept, kept_name).peekable();
    for (name, target) in names.iter().zip(&targets.0) {
        if changed.contains(name) {
            restorer.put_together(name, target, &mut kept, &folder)?;
            restorer.restored.changed += 1;
        } else {
            folder.copy(&cleaned.join(target), target)?;
        }
        while next_of(&mut kept, name)?.is_some() {}
    }
    folder.finish(&targets.0.into_iter().collect(), false)?;
    Ok(restorer.restored)
}

/// The next row about a file, if there is one.
fn next_of(
    kept: &mut Peekable<impl Iterator<Item = Result<KeptRow>>>,
    file: &str,
) -> Result<Option<KeptRow>> {
    match kept.next_if(|row| row.as_ref().map_or(true, |row| row.file == file)) {
        Some(row) => row.map(Some),
        None => Ok(None),
    }
}

struct Restorer<'a, R> {
    cleaned: &'a Path,
    removed: R,
    restored: Restored,
}

impl<R: Iterator<Item = Result<RemovedRow>>> Restorer<'_, R> {
    /// The next rows of what was removed: those about one document.
    fn removed_of(&mut self, row: &KeptRow) -> Result<Vec<RemovedRow>> {
        let mut removed = Vec::new();
        for _ in 0..row.rows {
            match self.removed.next() {
                Some(Ok(one)) if one.document == row.document => removed.push(one),
                Some(Err(error)) => return Err(error),
                _ => return Err(self.not_whole(REMOVED)),
            }
        }
        self.restored.rows += removed.len() as u64;
        Ok(removed)
    }

    fn not_whole(&self, table: &str) -> Error {
        Error::new(ErrorKind::NotCleaned("it is not as it was written"))
            .at_path(self.cleaned.join(OWN).join(table).display())
    }

    fn put_together(
        &mut self,
        name: &str,
        target: &Path,
        kept: &mut Peekable<impl Iterator<Item = Result<KeptRow>>>,
        folder: &Folder,
    ) -> Result<()> {
        let place = self.cleaned.join(target);
        let is_text = matches!(kept.peek(), Some(Ok(row)) if row.line.is_none());
        if is_text {
            let row = next_of(kept, name)?.ok_or_else(|| self.not_whole(KEPT))?;
            return self.put_text_together(&row, target, &place, folder);
        }
        let mut failure = None;
        let source = open(&place)?;
        let compression = source.compression;
        folder
            .write(target, |out| {
                compressed(out, compression, |out| {
                    failure =
                        self.put_lines_together(name, &place, source.reader, kept, out)?.err();
                    Ok(())
                })?;
                match failure {
                    Some(_) => Err(io::ErrorKind::InvalidData.into()),
                    None => Ok(()),
                }
            })
            .map_err(|error| failure.unwrap_or(error))
    }

    fn put_text_together(
        &mut self,
        row: &KeptRow,
        target: &Path,
        place: &Path,
        folder: &Folder,
    ) -> Result<()> {
        let removed = self.removed_of(row)?;
        let changed = || not_as_written(place);
        let (compression, form) = parse_form(&row.form);
        let form = Form::from_name(form).ok_or_else(|| self.not_whole(KEPT))?;
        let text = if row.action == Action::Dropped {
            removed.iter().map(|one| one.text.as_str()).collect()
        } else {
            let mut bytes = Vec::new();
            let mut source = open(place)?;
            source.reader.read_to_end(&mut bytes).map_err(|error| Error::io(place, error))?;
            let left = String::from_utf8(bytes).map_err(|_| changed())?;
            let mark = if form.rewritten() == form { form.mark() } else { "" };
            let left = left.strip_prefix(mark).ok_or_else(changed)?;
            let mut text = String::new();
            let mut at = 0;
            for one in &removed {
                let gap = (one.start as usize).saturating_sub(text.len());
                text.push_str(left.get(at..at + gap).ok_or_else(changed)?);
                text.push_str(&one.text);
                at += gap;
            }
            text.push_str(&left[at..]);
            text
        };
        if text_hash(&text) != row.hash {
            return Err(changed());
        }
        let bytes = form.bytes(&text).ok_or_else(changed)?;
        folder.write(target, |out| compressed(out, compression, |out| out.write_all(&bytes)))
    }

    /// Copies lines, and puts back what was removed of them and between them. The inner
    /// error is not of the writer.
    fn put_lines_together(
        &mut self,
        name: &str,
        place: &Path,
        reader: Box<dyn Read>,
        kept: &mut Peekable<impl Iterator<Item = Result<KeptRow>>>,
        out: &mut dyn Write,
    ) -> io::Result<Result<()>> {
        let mut reader = BufReader::with_capacity(1 << 18, reader);
        let mut line = Vec::new();
        let mut number = 1;
        loop {
            let row = match next_of(kept, name) {
                Ok(Some(row)) if row.rows == 0 => continue,
                Ok(Some(row)) => row,
                Ok(None) => break,
                Err(error) => return Ok(Err(error)),
            };
            let removed = match self.removed_of(&row) {
                Ok(removed) => removed,
                Err(error) => return Ok(Err(error)),
            };
            let last = row.line.unwrap_or_default();
            let cut = row.action == Action::Cut;
            while number < last + u64::from(cut) {
                line.clear();
                match reader.read_until(b'\n', &mut line) {
                    Ok(0) => return Ok(Err(not_as_written(place))),
                    Ok(_) => {}
                    Err(error) => return Ok(Err(Error::io(place, error))),
                }
                number += 1;
                if number <= last {
                    out.write_all(&line)?;
                }
            }
            let whole = match cut {
                true => whole_line(&line, &row, removed),
                false => removed.into_iter().next().map(|one| one.source),
            };
            let Some(whole) = whole else { return Ok(Err(not_as_written(place))) };
            number = last + 1;
            out.write_all(whole.as_bytes())?;
        }
        loop {
            let buffer = match reader.fill_buf() {
                Ok([]) => return Ok(Ok(())),
                Ok(buffer) => buffer,
                Err(error) => return Ok(Err(Error::io(place, error))),
            };
            out.write_all(buffer)?;
            let length = buffer.len();
            reader.consume(length);
        }
    }
}

/// A line with what was removed of its text; none if it is not the line that was left.
fn whole_line(line: &[u8], row: &KeptRow, removed: Vec<RemovedRow>) -> Option<String> {
    let line = std::str::from_utf8(line).ok()?;
    let (_, form) = parse_form(&row.form);
    let text_field = form.strip_prefix(RECORD)?;
    let field = TextField::of(line, text_field)?;
    let pieces: Vec<(u32, u32, String)> = removed
        .into_iter()
        .map(|one| {
            let source = if one.source.is_empty() { escaped(&one.text) } else { one.source };
            (one.start, one.end - one.start, source)
        })
        .collect();
    let whole = field.put_back(&pieces)?;
    let is_whole = text_hash(&TextField::of(&whole, text_field)?.text) == row.hash;
    is_whole.then_some(whole)
}

/// What the form of a record begins with; the field of its text follows.
pub const RECORD: &str = "json ";

/// How a document stood in its file, as one string.
pub fn form_name(compression: Compression, form: &str) -> String {
    match compression {
        Compression::None => form.to_owned(),
        other => format!("{} {form}", other.name()),
    }
}

fn parse_form(form: &str) -> (Compression, &str) {
    for compression in [Compression::Gzip, Compression::Zstd] {
        if let Some(rest) = form.strip_prefix(compression.name()) {
            return (compression, rest.trim_start());
        }
    }
    (Compression::None, form)
}

fn not_as_written(place: &Path) -> Error {
    Error::new(ErrorKind::NotCleaned("it is not as it was written")).at_path(place.display())
}

struct Source {
    compression: Compression,
    reader: Box<dyn Read>,
}

/// Opens a file of the cleaned corpus.
fn open(place: &Path) -> Result<Source> {
    let open = || {
        let mut file = BufReader::new(File::open(place)?);
        let compression = Compression::of(file.fill_buf()?);
        Ok(Source { compression, reader: decompress(file, compression)? })
    };
    open().map_err(|error: io::Error| Error::io(place, error))
}
