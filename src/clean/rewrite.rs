//! A file of the corpus to its cleaned version.
//!
//! In: a file, and what is cut from each of its documents. Out: the same file without it, in the
//! same format and compression, and the rows that tell what was cut. What is not cut is
//! kept to the byte; a text that is cut is written as UTF-8.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use super::Reason;
use super::folder::Folder;
use super::ledger::{Cut, Ledger};
use super::tables::{RemovedRow, four_decimals, source_of};
use crate::document::{DocId, Span};
use crate::error::{Error, ErrorKind, Result};
use crate::read::{Catalog, Compression, Corpus, RawFile, TextField, without};

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
        let raw = self.corpus.open_raw(file)?;
        let path = &self.corpus.files()[file].path;
        let changed = || Error::new(ErrorKind::Changed).at_path(path.display());
        let compression = raw.compression;
        if raw.is_whole {
            let [change] = changes else { return Err(changed()) };
            let (text, form) = self.corpus.read_text(file, raw)?;
            let rows = self.rows(change, &text, None).ok_or_else(changed)?;
            if self.ledger.is_dropped(change.document) {
                return Ok((rows, false));
            }
            let left = without(&text, &self.ledger.gone(change.document)).ok_or_else(changed)?;
            let bytes = form.rewritten().bytes(&left).ok_or_else(changed)?.into_owned();
            folder
                .write(target, |out| compressed(out, compression, |out| out.write_all(&bytes)))?;
            return Ok((rows, true));
        }
        let mut rows = Vec::new();
        let mut read_failure = None;
        folder
            .write(target, |out| {
                compressed(out, compression, |out| {
                    let copied = self.rewrite_lines(raw, changes, &mut rows, out)?;
                    // What is wrong with the input must not be told as if it were the output.
                    read_failure = copied.err();
                    Ok(())
                })?;
                match read_failure {
                    Some(_) => Err(io::ErrorKind::InvalidData.into()),
                    None => Ok(()),
                }
            })
            .map_err(|error| match read_failure {
                Some(Some(error)) => Error::io(path, error),
                Some(None) => changed(),
                None => error,
            })?;
        Ok((rows, true))
    }

    /// Copies the lines of a file, those of `changes` without what is cut. The inner error is the reader's,
    /// or none if the file is not what it was.
    fn rewrite_lines(
        &self,
        raw: RawFile<'_>,
        changes: &[Change],
        rows: &mut Vec<RemovedRow>,
        out: &mut dyn Write,
    ) -> io::Result<Result<(), Option<io::Error>>> {
        let mut reader = BufReader::with_capacity(1 << 18, raw.reader);
        let mut at = 0;
        for change in changes {
            let place = self.catalog.bytes_of(change.document);
            match copy_exactly(&mut reader, place.start - at, out)? {
                Ok(true) => {}
                Ok(false) => return Ok(Err(None)),
                Err(error) => return Ok(Err(Some(error))),
            }
            let mut line = vec![0; (place.end - place.start) as usize];
            if let Err(error) = reader.read_exact(&mut line) {
                return Ok(Err(Some(error)));
            }
            at = place.end;
            let Ok(line) = String::from_utf8(line) else { return Ok(Err(None)) };
            let Some(field) = self.corpus.text_field(&line) else { return Ok(Err(None)) };
            if self.ledger.is_dropped(change.document) {
                let Some(mut gone) = self.rows(change, &field.text, None) else {
                    return Ok(Err(None));
                };
                for row in &mut gone {
                    row.source.clone_from(&line);
                }
                rows.append(&mut gone);
                continue;
            }
            let gone = self.ledger.gone(change.document);
            let row = self.rows(change, &field.text, Some(&field));
            let (Some(mut more), Some((left, _))) = (row, field.cut(&gone)) else {
                return Ok(Err(None));
            };
            rows.append(&mut more);
            out.write_all(left.as_bytes())?;
        }
        loop {
            let buffer = match reader.fill_buf() {
                Ok([]) => return Ok(Ok(())),
                Ok(buffer) => buffer,
                Err(error) => return Ok(Err(Some(error))),
            };
            out.write_all(buffer)?;
            let length = buffer.len();
            reader.consume(length);
        }
    }

    /// The rows of all that is cut from one document, by place; none if the text is not what it was.
    fn rows(
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
            let whole = cut.reason == Reason::DuplicateDocument;
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
                source: match sources.get(number) {
                    Some(source) if !whole => source_of(cut_text, source).into_owned(),
                    _ => String::new(),
                },
            });
        }
        Some(rows)
    }
}

/// Copies so many bytes; tells whether there were as many. The inner error is the reader's.
fn copy_exactly(
    reader: &mut impl BufRead,
    mut count: u64,
    out: &mut dyn Write,
) -> io::Result<io::Result<bool>> {
    while count > 0 {
        let buffer = match reader.fill_buf() {
            Ok([]) => return Ok(Ok(false)),
            Ok(buffer) => buffer,
            Err(error) => return Ok(Err(error)),
        };
        let length = buffer.len().min(usize::try_from(count).unwrap_or(usize::MAX));
        out.write_all(&buffer[..length])?;
        reader.consume(length);
        count -= length as u64;
    }
    Ok(Ok(true))
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
