//! A file of the corpus to its cleaned version.
//!
//! In: a file, and what is cut from each of its documents. Out: the same file without it, in the
//! same format and compression, and the rows that tell what was cut. What is not cut is
//! kept to the byte; a text that is cut is written as UTF-8.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use super::folder::Folder;
use super::ledger::{Cut, Ledger};
use super::tables::{RemovedRow, four_decimals, source_of};
use crate::document::{DocId, Span};
use crate::error::{Error, ErrorKind, Result};
use crate::read::{Catalog, Compression, Corpus, Layout, RawFile, Shape, TextField, without};

/// A document of a file that is to be changed.
pub struct Change {
    /// The document.
    pub document: DocId,
    /// Its name.
    pub name: String,
}

/// Rewrites files.
pub struct Rewriter<'a> {
    /// The corpus.
    pub corpus: &'a Corpus,
    /// Where its documents stand.
    pub catalog: &'a Catalog,
    /// What is cut.
    pub ledger: &'a Ledger,
    /// The names of documents that are kept for others.
    pub kept_name: &'a (dyn Fn(DocId) -> Option<String> + Sync),
}

impl Rewriter<'_> {
    /// Writes a file anew without what is cut from the documents of `changes` (ascending). Gives the rows
    /// that tell of it, and whether there still is a file.
    ///
    /// # Errors
    /// The system's; that the file is no longer what it was.
    pub fn rewrite(
        &self,
        file: usize,
        changes: &[Change],
        target: &Path,
        folder: &Folder,
    ) -> Result<(Vec<RemovedRow>, bool)> {
        let path = &self.corpus.files()[file].path;
        let changed = || Error::new(ErrorKind::Changed).at_path(path.display());
        let RawFile { shape, compression } = self.corpus.open_raw(file)?;
        let mut rows = Vec::new();
        match shape {
            Shape::Whole(reader) => {
                let [change] = changes else { return Err(changed()) };
                let (text, form) = self.corpus.read_text(file, reader, compression)?;
                let (rows, left) = self.text(change, &text).ok_or_else(changed)?;
                let Some(left) = left else { return Ok((rows, false)) };
                let bytes = form.rewritten().bytes(&left).ok_or_else(changed)?.into_owned();
                let write = |out: &mut dyn Write| out.write_all(&bytes);
                folder.write(target, |out| compressed(out, compression, write))?;
                return Ok((rows, true));
            }
            Shape::Records(layout, reader) => folder.write(target, |out| {
                compressed(out, compression, |out| {
                    let place = (path.as_path(), &layout);
                    self.rewrite_records(place, reader, changes, &mut rows, out)
                })
            })?,
            Shape::Extracted => return Err(changed()),
            Shape::Rows(source) => {
                rows = self.rewrite_rows(path, &source, changes, target, folder)?;
            }
        }
        Ok((rows, true))
    }

    /// Copies the records of a file, those of `changes` without what is cut.
    fn rewrite_records(
        &self,
        (path, layout): (&Path, &Layout),
        reader: Box<dyn Read + '_>,
        changes: &[Change],
        rows: &mut Vec<RemovedRow>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let changed = || Error::new(ErrorKind::Changed).at_path(path.display());
        // What is wrong with the input must not be told as if it were the output.
        let unread = |error| io::Error::from(Error::io(path, error));
        let mut reader = BufReader::with_capacity(1 << 18, reader);
        let mut at = 0;
        for change in changes {
            let place = self.catalog.bytes_of(change.document);
            if copy(&mut reader, Some(place.start - at), out, unread)? < place.start - at {
                return Err(changed().into());
            }
            let mut record = vec![0; (place.end - place.start) as usize];
            reader.read_exact(&mut record).map_err(unread)?;
            at = place.end;
            let record = String::from_utf8(record).map_err(|_| changed())?;
            let (mut more, left) = self.record(change, &record, layout).ok_or_else(changed)?;
            rows.append(&mut more);
            out.write_all(left.as_bytes())?;
        }
        copy(&mut reader, None, out, unread).map(drop)
    }

    /// A text without what is cut from it, or nothing if it is dropped, and the rows that tell of it. `None` if
    /// it is not what it was.
    pub fn text(&self, change: &Change, text: &str) -> Option<(Vec<RemovedRow>, Option<String>)> {
        let rows = self.rows(change, text, None)?;
        let is_there = !self.ledger.is_dropped(change.document);
        let left = without(text, &self.ledger.gone(change.document))?;
        Some((rows, is_there.then_some(left)))
    }

    /// A record without what is cut from it, or nothing of it, and the rows that tell of it. `None` if it is not
    /// what it was.
    pub fn record(
        &self,
        change: &Change,
        record: &str,
        layout: &Layout,
    ) -> Option<(Vec<RemovedRow>, String)> {
        let field = layout.text_field(record)?;
        if self.ledger.is_dropped(change.document) {
            let mut rows = self.rows(change, &field.text, None)?;
            for row in &mut rows {
                row.source = record.to_owned();
            }
            return Some((rows, String::new()));
        }
        let (left, _) = field.cut(&self.ledger.gone(change.document))?;
        Some((self.rows(change, &field.text, Some(&field))?, left))
    }

    /// The rows of all that is cut from one document, by place; none if the text is not what it was.
    pub(super) fn rows(
        &self,
        change: &Change,
        text: &str,
        field: Option<&TextField<'_>>,
    ) -> Option<Vec<RemovedRow>> {
        let mut cuts: Vec<(Span, &Cut, bool)> = Vec::new();
        for cut in self.ledger.of(change.document) {
            let longest = cut.spans.iter().max_by_key(|span| span.range().len());
            cuts.extend(cut.spans.iter().map(|span| (*span, cut, Some(span) == longest)));
        }
        cuts.sort_unstable_by_key(|(span, _, _)| *span);
        let spans: Vec<Span> = cuts.iter().map(|(span, _, _)| *span).collect();
        let sources = match field {
            Some(field) => field.cut(&spans)?.1,
            None => Vec::new(),
        };
        let (mut line, mut counted) = (1, 0);
        let mut rows = Vec::with_capacity(cuts.len());
        for (number, (span, cut, is_main)) in cuts.into_iter().enumerate() {
            let cut_text = text.get(span.range())?;
            // The line of what is read, not of the blank lines that are closed up with it.
            let blank = cut_text.len() - cut_text.trim_start().len();
            let start = span.start as usize + if blank < cut_text.len() { blank } else { 0 };
            let before = text.as_bytes().get(counted..start)?;
            line += memchr::memchr_iter(b'\n', before).count() as u64;
            counted = start;
            let kept = cut.kept;
            rows.push(RemovedRow {
                document: change.name.clone(),
                start: span.start,
                end: span.end,
                line,
                reason: cut.reason.name().to_owned(),
                kept: match kept {
                    Some(kept) if kept.document == change.document => Some(change.name.clone()),
                    Some(kept) => Some((self.kept_name)(kept.document)?),
                    None => None,
                },
                kept_start: kept.map(|kept| kept.span.start),
                kept_end: kept.map(|kept| kept.span.end),
                similarity: cut.similarity.map(four_decimals),
                words: if is_main { cut.words } else { 0 },
                text: cut_text.to_owned(),
                source: match (field, sources.get(number)) {
                    (Some(field), Some(source)) => source_of(field, cut_text, source),
                    _ => String::new(),
                },
            });
        }
        Some(rows)
    }
}

/// Copies so many bytes, or all that there are; tells how many there were.
pub fn copy(
    reader: &mut impl BufRead,
    most: Option<u64>,
    out: &mut dyn Write,
    unread: impl Fn(io::Error) -> io::Error,
) -> io::Result<u64> {
    let mut count = 0;
    loop {
        let left = most.map_or(u64::MAX, |most| most - count);
        let buffer = reader.fill_buf().map_err(&unread)?;
        let length = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if length == 0 {
            return Ok(count);
        }
        out.write_all(&buffer[..length])?;
        reader.consume(length);
        count += length as u64;
    }
}

/// Writes what `write` gives, compressed.
pub fn compressed(
    out: &mut dyn Write,
    compression: Compression,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    match compression {
        Compression::None => write(out),
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(out, flate2::Compression::default());
            write(&mut encoder)?;
            encoder.finish().map(drop)
        }
        Compression::Zstd => {
            let mut encoder = zstd::Encoder::new(out, 0)?;
            write(&mut encoder)?;
            encoder.finish().map(drop)
        }
        // An entry of an archive is no file that could be written.
        Compression::Zip => Err(io::ErrorKind::Unsupported.into()),
    }
}
