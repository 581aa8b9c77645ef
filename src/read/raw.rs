//! Files as they are: for whoever writes them again.
//!
//! In: a file of the [`Corpus`] by number. Out: its decompressed bytes, how they are made of documents, and where
//! each stands in them, so that the rest of a file can be kept to the byte.

use std::io::Read;
use std::ops::Range;
use std::path::Path;

use super::encoding::{self, Form};
use super::field::Layout;
use super::format::Compression;
use super::in_memory::Rows;
use super::omit::Omissions;
use super::open::{Content, Opened, Opening, read_error};
use super::record::Records;
use super::rows::RowFile;
use super::walk::SourceFile;
use super::{Catalog, Corpus};
use crate::document::DocId;
use crate::error::{Error, ErrorKind, Result};
use crate::progress::Silent;

/// A file that was opened to be written again.
pub struct RawFile<'a> {
    /// How it is made of documents.
    pub shape: Shape<'a>,
    /// How it is compressed.
    pub compression: Compression,
}

/// How a file is made of documents.
pub enum Shape<'a> {
    /// It is one; its decompressed bytes.
    Whole(Box<dyn Read + 'a>),
    /// It has records of this layout; its decompressed bytes.
    Records(Layout, Box<dyn Read + 'a>),
    /// It has rows.
    Rows(Box<RowFile>),
    /// Its documents are what was read of pages, and in no file as they stand.
    Extracted,
}

impl Corpus {
    /// Where temporary files go.
    pub fn temp_dir(&self) -> &Path {
        &self.options.temp_dir
    }

    /// All files, in reading order.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// What later readings leave out.
    pub fn omissions(&self) -> &Omissions {
        &self.omissions
    }

    /// The same, to be changed.
    pub fn omissions_mut(&mut self) -> &mut Omissions {
        &mut self.omissions
    }

    /// Opens a file that has documents.
    ///
    /// # Errors
    /// The system's; that it is no longer what it was.
    pub fn open_raw(&self, file: usize) -> Result<RawFile<'_>> {
        let file = &self.files[file];
        let changed = || Error::new(ErrorKind::Changed).at_path(file.path.display());
        let Opening::Read(Opened { reader, content, compression, .. }) =
            file.open(&self.options, &Silent)?
        else {
            return Err(changed());
        };
        let shape = match content {
            content if content.is_extracted() => Shape::Extracted,
            Content::Text | Content::Page(_) => Shape::Whole(reader),
            Content::Records(Records::Jsonl { in_place: true }) => {
                Shape::Records(Layout::json(&self.options.text_field), reader)
            }
            Content::Records(Records::Table { table, in_place: true }) => {
                Shape::Records(Layout::Table(table), reader)
            }
            Content::Rows(rows) => match *rows {
                Rows::Parquet(section, footer) => {
                    Shape::Rows(Box::new(RowFile { section, footer }))
                }
                // It is in no file.
                Rows::Memory(_) => return Err(changed()),
            },
            Content::Records(_) => return Err(changed()),
        };
        Ok(RawFile { shape, compression })
    }

    /// Reads all of a file that is one document, and gives its form.
    ///
    /// # Errors
    /// The system's; that it is no longer what it was.
    pub fn read_text(
        &self,
        file: usize,
        mut reader: Box<dyn Read + '_>,
        compression: Compression,
    ) -> Result<(String, Form)> {
        let file = &self.files[file];
        let mut bytes = Vec::new();
        reader
            .read_to_end(&mut bytes)
            .map_err(|error| read_error(error, compression).at_path(file.path.display()))?;
        let changed = || Error::new(ErrorKind::Changed).at_path(file.path.display());
        let decoded = encoding::decode(&bytes).map_err(|_| changed())?;
        let form = Form::of(&bytes, &decoded).ok_or_else(changed)?;
        Ok((decoded.text.into_owned(), form))
    }
}

impl Catalog {
    /// The number of the file that a document stands in.
    pub fn file_of(&self, document: DocId) -> usize {
        self.file(document) as usize
    }

    /// The documents of a file, by number.
    pub fn documents_of(&self, file: usize) -> Range<u32> {
        let before = |limit: usize| {
            self.locators.partition_point(|locator| (locator.file as usize) < limit) as u32
        };
        before(file)..before(file + 1)
    }

    /// The line of a record in its file, from 1; `None` if the file is the document.
    pub fn line_of(&self, document: DocId) -> Option<u64> {
        Some(self.locators[document.index()].line).filter(|&line| line > 0)
    }

    /// Whether a document's text is in no file as it stands.
    pub fn is_extracted(&self, document: DocId) -> bool {
        let after = self.extracted.partition_point(|range| range.end <= document.0);
        self.extracted.get(after).is_some_and(|range| range.contains(&document.0))
    }

    /// Where a record stands in its decompressed file, with the end of its line; of a row, how many are
    /// before it.
    pub fn bytes_of(&self, document: DocId) -> Range<u64> {
        let locator = self.locators[document.index()];
        locator.offset..locator.offset + u64::from(locator.length)
    }
}
