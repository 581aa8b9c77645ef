//! A cleaned corpus to the original.
//!
//! In: a folder that was cleaned. Out: the files as they were, made of what is left and of the two
//! tables. Both are read once, in step, so that memory does not grow with them; of every text that is put
//! together the hash is checked. A file that was compressed is compressed again: what is in it is
//! the same to the byte. A Parquet file has the same rows again.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::iter::{self, Peekable};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ahash::AHashSet;

use super::folder::{
    Folder, KEPT, OWN, REMOVED, Targets, check_cleaned, rows_aside, unescaped_path,
};
use super::rewrite::{compressed, copy};
use super::rows::RowCursor;
use super::tables::{Action, KeptRow, RemovedRow, rows, text_hash};
use crate::error::{Error, ErrorKind, Result};
use crate::read::{Compression, Form, Layout, decompress};

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
        let Some(first) = next_changed(kept, name)? else { return Err(self.not_whole(KEPT)) };
        let (compression, form) = parse_form(&first.form);
        let changes = iter::once(Ok(first.clone()))
            .chain(iter::from_fn(|| next_changed(kept, name).transpose()));
        if let Some(layout) = Layout::from_name(form) {
            return folder.write(target, |out| {
                compressed(out, compression, |out| {
                    self.put_records_together(&layout, &place, changes, out)
                })
            });
        }
        if let Some(text_field) = form.strip_prefix(ROWS) {
            let aside = rows_aside(self.cleaned, target);
            return folder.write(target, |out| {
                self.put_rows_together(text_field, (&place, &aside), changes, out)
            });
        }
        let form = Form::from_name(form).ok_or_else(|| self.not_whole(KEPT))?;
        let removed = self.removed_of(&first)?;
        let changed = || not_as_written(&place);
        let left = match first.action {
            Action::Dropped => String::new(),
            _ => {
                let mut bytes = Vec::new();
                open(&place)?.read_to_end(&mut bytes).map_err(|error| Error::io(&place, error))?;
                String::from_utf8(bytes).map_err(|_| changed())?
            }
        };
        let is_marked = form.rewritten() == form && first.action != Action::Dropped;
        let mark = if is_marked { form.mark() } else { "" };
        let left = left.strip_prefix(mark).ok_or_else(changed)?;
        let text = whole_text(left, &first, &removed).ok_or_else(changed)?;
        let bytes = form.bytes(&text).ok_or_else(changed)?;
        folder.write(target, |out| compressed(out, compression, |out| out.write_all(&bytes)))
    }

    /// Copies records, and puts back what was removed of them and between them.
    fn put_records_together(
        &mut self,
        layout: &Layout,
        place: &Path,
        changes: impl Iterator<Item = Result<KeptRow>>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let changed = || not_as_written(place);
        let unread = |error| io::Error::from(Error::io(place, error));
        let mut reader = BufReader::with_capacity(1 << 18, open(place)?);
        let mut record = Vec::new();
        // The line of the original that the next record stands on.
        let mut number = 1;
        for row in changes {
            let row = row?;
            let removed = self.removed_of(&row)?;
            let line = row.line.ok_or_else(changed)?;
            while number < line {
                if !layout.read_record(&mut reader, &mut record).map_err(unread)? {
                    return Err(changed().into());
                }
                out.write_all(&record)?;
                number += layout.lines(&record);
            }
            let whole = match row.action {
                Action::Cut => {
                    layout.read_record(&mut reader, &mut record).map_err(unread)?;
                    whole_record(&record, layout, &row, removed)
                }
                _ => removed.into_iter().next().map(|one| one.source),
            };
            let whole = whole.ok_or_else(changed)?;
            number += layout.lines(whole.as_bytes());
            out.write_all(whole.as_bytes())?;
        }
        copy(&mut reader, None, out, unread).map(drop)
    }

    /// Copies rows, and puts back what was removed of them and, from `aside`, between them.
    fn put_rows_together(
        &mut self,
        text_field: &str,
        (place, aside): (&Path, &Path),
        changes: impl Iterator<Item = Result<KeptRow>>,
        out: &mut (dyn Write + Send),
    ) -> io::Result<()> {
        let changed = || not_as_written(place);
        let mut left = RowCursor::open(place, text_field)?;
        let mut gone: Option<RowCursor> = None;
        let mut out = left.writer(out)?;
        // The number of the next row in the original, from 1.
        let mut number = 1;
        for row in changes {
            let row = row?;
            let removed = self.removed_of(&row)?;
            let before = row.line.and_then(|line| line.checked_sub(number)).ok_or_else(changed)?;
            if left.copy(before, &mut out)? < before {
                return Err(changed().into());
            }
            number += before + 1;
            let is_gone = row.action == Action::Dropped;
            let source = match &mut gone {
                _ if !is_gone => &mut left,
                Some(gone) => gone,
                None => gone.insert(RowCursor::open(aside, text_field)?),
            };
            let (rest, text) = source.next_row()?.ok_or_else(changed)?;
            if is_gone {
                if text_hash(&text) != row.hash {
                    return Err(not_as_written(aside).into());
                }
                out.write(&rest)?;
            } else {
                let text = whole_text(&text, &row, &removed).ok_or_else(changed)?;
                out.write(&source.with_text(&rest, text)?)?;
            }
        }
        left.copy(u64::MAX, &mut out)?;
        out.finish().map(drop)
    }
}

/// The next row about a file that tells of a change, if there is one.
fn next_changed(
    kept: &mut Peekable<impl Iterator<Item = Result<KeptRow>>>,
    file: &str,
) -> Result<Option<KeptRow>> {
    loop {
        match next_of(kept, file)? {
            Some(row) if row.rows == 0 => {}
            row => return Ok(row),
        }
    }
}

/// A text with what was removed of it; none if it is not the text that was left.
fn whole_text(left: &str, row: &KeptRow, removed: &[RemovedRow]) -> Option<String> {
    let mut text = String::new();
    let mut at = 0;
    for one in removed {
        let gap = (one.start as usize).saturating_sub(text.len());
        text.push_str(left.get(at..at + gap)?);
        text.push_str(&one.text);
        at += gap;
    }
    text.push_str(&left[at..]);
    (text_hash(&text) == row.hash).then_some(text)
}

/// A record with what was removed of its text; none if it is not the record that was left.
fn whole_record(
    record: &[u8],
    layout: &Layout,
    row: &KeptRow,
    removed: Vec<RemovedRow>,
) -> Option<String> {
    let field = layout.text_field(std::str::from_utf8(record).ok()?)?;
    let pieces: Vec<(u32, u32, String)> = removed
        .into_iter()
        .map(|one| {
            let source = if one.source.is_empty() { field.escaped(&one.text) } else { one.source };
            (one.start, one.end - one.start, source)
        })
        .collect();
    let whole = field.put_back(&pieces)?;
    let is_whole = text_hash(&layout.text_field(&whole)?.text) == row.hash;
    is_whole.then_some(whole)
}

/// What the form of a row begins with; the field of its text follows.
pub const ROWS: &str = "parquet ";

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

/// Opens a file of the cleaned corpus, and gives its decompressed bytes.
fn open(place: &Path) -> Result<Box<dyn Read>> {
    let open = || {
        let mut file = BufReader::new(File::open(place)?);
        let compression = Compression::of(file.fill_buf()?);
        decompress(file, compression, &Arc::default())
    };
    open().map_err(|error: io::Error| Error::io(place, error))
}
