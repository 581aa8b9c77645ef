//! The rows of a Parquet file without what is cut, and with it again.
//!
//! In: a file of rows, and what is to be cut from their texts. Out: a file like it, of the rows that stay, and
//! beside the tables one of the rows that are gone, with all their columns, from which
//! [`restore`](super::restore()) takes them. A row group is put together in a temporary file, so that memory
//! holds a few rows, however long it is.

use std::io::{self, Write};
use std::path::Path;

use arrow_array::RecordBatch;

use super::folder::Folder;
use super::rewrite::{Change, Rewriter};
use super::tables::RemovedRow;
use crate::error::{Error, ErrorKind, Result};
use crate::read::{RowFile, RowWriter};
use crate::spill::Spill;

impl Rewriter<'_> {
    /// Writes a file of rows anew without what is cut from those of `changes` (ascending). Gives the rows of the
    /// table that tell of it.
    ///
    /// # Errors
    /// The system's; that the file is no longer what it was.
    pub(super) fn rewrite_rows(
        &self,
        path: &Path,
        source: &RowFile,
        changes: &[Change],
        target: &Path,
        folder: &Folder,
    ) -> Result<Vec<RemovedRow>> {
        let mut told = Vec::new();
        let any_gone = changes.iter().any(|change| self.ledger.is_dropped(change.document));
        folder.write(target, |out| {
            let left = source.writer(out, self.spill())?;
            match any_gone {
                true => folder.write_rows_aside(target, |out| {
                    let gone = source.writer(out, self.spill())?;
                    self.split_rows((path, source), changes, &mut told, left, Some(gone))
                })?,
                false => self.split_rows((path, source), changes, &mut told, left, None)?,
            }
            Ok(())
        })?;
        Ok(told)
    }

    fn spill(&self) -> Spill {
        Spill::new(self.corpus.temp_dir(), HELD)
    }

    fn split_rows(
        &self,
        (path, source): (&Path, &RowFile),
        changes: &[Change],
        told: &mut Vec<RemovedRow>,
        mut left: RowWriter<Out<'_>>,
        mut gone: Option<RowWriter<Out<'_>>>,
    ) -> io::Result<()> {
        let changed = || Error::new(ErrorKind::Changed).at_path(path.display());
        let place = |change: &Change| self.catalog.bytes_of(change.document).start;
        let mut changes = changes.iter().peekable();
        let mut first = 0;
        for group in 0..source.groups() {
            for batch in source.batches(group).map_err(|error| error.at_path(path.display()))? {
                let batch = batch.map_err(|error| error.at_path(path.display()))?;
                let end = first + batch.num_rows() as u64;
                let mut texts = Vec::new();
                let mut is_gone = vec![false; batch.num_rows()];
                while let Some(change) = changes.next_if(|change| place(change) < end) {
                    let row = (place(change) - first) as usize;
                    let text = source.text(&batch, row).ok_or_else(changed)?;
                    let (mut rows, text) = self.text(change, &text).ok_or_else(changed)?;
                    told.append(&mut rows);
                    match text {
                        Some(text) => texts.push((row, text)),
                        None => is_gone[row] = true,
                    }
                }
                first = end;
                if let Some(gone) = &mut gone {
                    gone.write_where(&batch, |row| is_gone[row])?;
                }
                let batch =
                    if texts.is_empty() { batch } else { source.with_texts(&batch, &texts)? };
                left.write_where(&batch, |row| !is_gone[row])?;
            }
            left.end_group()?;
            if let Some(gone) = &mut gone {
                gone.end_group()?;
            }
        }
        match changes.next() {
            Some(_) => Err(changed().into()),
            None => {
                gone.map(RowWriter::finish).transpose()?;
                left.finish().map(drop)
            }
        }
    }
}

/// What is written to.
type Out<'o> = &'o mut (dyn Write + Send);

/// How many bytes of a row group are put together in memory.
const HELD: u64 = 8 << 20;

/// Takes rows from a file, one after the other.
pub struct RowCursor {
    source: RowFile,
    group: usize,
    batches: Box<dyn Iterator<Item = Result<RecordBatch>>>,
    /// What of the batch was not yet taken.
    batch: Option<RecordBatch>,
}

impl RowCursor {
    /// Opens a file whose text stands in `text_field`.
    ///
    /// # Errors
    /// Those of [`RowFile::open`].
    pub fn open(path: &Path, text_field: &str) -> Result<Self> {
        let source = RowFile::open(path, text_field)?;
        Ok(RowCursor { source, group: 0, batches: Box::new(std::iter::empty()), batch: None })
    }

    /// Begins to write a file like the one that is read.
    ///
    /// # Errors
    /// Those of [`RowFile::writer`].
    pub fn writer<'o>(&self, out: Out<'o>) -> io::Result<RowWriter<Out<'o>>> {
        self.source.writer(out, Spill::new(&std::env::temp_dir(), HELD))
    }

    /// The next rows, no more than `most`, all of one row group; none at the end. Tells whether a
    /// row group begins with them.
    fn take(&mut self, most: u64) -> Result<Option<(RecordBatch, bool)>> {
        let mut begins = false;
        loop {
            if let Some(batch) = self.batch.take() {
                let count = usize::try_from(most).unwrap_or(usize::MAX).min(batch.num_rows());
                if count < batch.num_rows() {
                    self.batch = Some(batch.slice(count, batch.num_rows() - count));
                }
                return Ok(Some((batch.slice(0, count), begins)));
            }
            self.batch = self.batches.next().transpose()?.filter(|batch| batch.num_rows() > 0);
            if self.batch.is_none() {
                if self.group == self.source.groups() {
                    return Ok(None);
                }
                self.batches = Box::new(self.source.batches(self.group)?);
                self.group += 1;
                begins = true;
            }
        }
    }

    /// Copies the next rows, no more than `most`, in the row groups that they stand in; tells how many
    /// there were.
    ///
    /// # Errors
    /// That the file is damaged; the writer's.
    pub fn copy(&mut self, most: u64, out: &mut RowWriter<Out<'_>>) -> io::Result<u64> {
        let mut count = 0;
        while count < most
            && let Some((rows, begins)) = self.take(most - count)?
        {
            if begins {
                out.end_group()?;
            }
            out.write(&rows)?;
            count += rows.num_rows() as u64;
        }
        Ok(count)
    }

    /// The next row, and its text.
    ///
    /// # Errors
    /// That the file is damaged.
    pub fn next_row(&mut self) -> Result<Option<(RecordBatch, String)>> {
        let Some((row, _)) = self.take(1)? else { return Ok(None) };
        Ok(self.source.text(&row, 0).map(|text| (row, text)))
    }

    /// A row with another text.
    ///
    /// # Errors
    /// If it is not one of this file.
    pub fn with_text(&self, row: &RecordBatch, text: String) -> Result<RecordBatch> {
        self.source.with_texts(row, &[(0, text)])
    }
}
