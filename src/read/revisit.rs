//! Later readings of a corpus: chosen documents again.
//!
//! In: the [`Catalog`] and the documents wanted. Out: each of them, in parallel.
//! Of uncompressed files only the wanted records are read; a compressed one is
//! read up to the last of them. A file that is not what it was is an error.

use rayon::prelude::*;

use super::format::Format;
use super::lines::LineReader;
use super::open::Opening;
use super::{Buffers, Catalog, Corpus, encoding, parse_record};
use crate::document::{DocId, Document};
use crate::error::{Error, ErrorKind, Result};
use crate::progress::{Progress, Silent, Unit as Steps};

impl Corpus {
    /// Reads the documents in `wanted` (sorted, each once) again. Cost: linear
    /// in their length; of compressed files, in what stands before them too.
    ///
    /// # Errors
    /// The first, in reading order, that shows a file to be gone or changed.
    pub fn revisit<A: Send>(
        &self,
        catalog: &Catalog,
        wanted: &[DocId],
        stage: &'static str,
        progress: &dyn Progress,
        begin: impl Fn() -> A + Sync,
        visit: impl Fn(&mut A, DocId, Document<'_>) + Sync,
    ) -> Result<Vec<A>> {
        debug_assert!(wanted.is_sorted_by(|a, b| a < b));
        progress.begin(stage, wanted.len() as u64, Steps::Items);
        let mut tasks: Vec<&[DocId]> = Vec::new();
        let mut rest = wanted;
        for &end in &catalog.unit_starts[1..] {
            let (unit, others) = rest.split_at(rest.partition_point(|document| document.0 < end));
            if !unit.is_empty() {
                tasks.push(unit);
            }
            rest = others;
        }
        let results = tasks
            .par_iter()
            .map(|unit| {
                let mut accumulator = begin();
                let mut buffers = Buffers::default();
                for documents in unit.chunk_by(|a, b| catalog.file(*a) == catalog.file(*b)) {
                    self.revisit_file(catalog, documents, &mut buffers, &mut |id, document| {
                        visit(&mut accumulator, id, document);
                        progress.advance(1);
                    })?;
                }
                Ok(accumulator)
            })
            .collect();
        progress.end();
        results
    }

    fn revisit_file(
        &self,
        catalog: &Catalog,
        documents: &[DocId],
        buffers: &mut Buffers,
        visit: &mut dyn FnMut(DocId, Document<'_>),
    ) -> Result<()> {
        let file = &self.files[catalog.file(documents[0]) as usize];
        let changed = || Error::new(ErrorKind::Changed).at_path(file.path.display());
        let Opening::Read(opened) = file.open(self.options.input_format, &Silent)? else {
            return Err(changed());
        };
        if opened.format == Format::Text {
            self.read_whole(file, opened, &mut buffers.raw)?;
            let decoded = encoding::decode(&buffers.raw).map_err(|_| changed())?;
            visit(documents[0], Document { id: None, text: &decoded.text });
            return Ok(());
        }
        let Buffers { raw, record } = buffers;
        let mut parse = |id: DocId, bytes: &[u8]| -> Result<()> {
            let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            parse_record(body, &self.fields, record).map_err(|_| changed())?;
            visit(id, record.document());
            Ok(())
        };
        if let Some(direct) = opened.direct {
            for &id in documents {
                let locator = catalog.locators[id.index()];
                raw.resize(locator.length as usize, 0);
                direct.read_exact_at(raw, locator.offset).map_err(|_| changed())?;
                parse(id, raw)?;
            }
            return Ok(());
        }
        let mut lines = LineReader::new(opened.reader, 0, self.options.max_document);
        for &id in documents {
            let locator = catalog.locators[id.index()];
            loop {
                let line = lines.next_line().map_err(|error| Error::io(&file.path, error))?;
                let line = line.ok_or_else(changed)?;
                if line.offset == locator.offset {
                    parse(id, line.bytes.ok_or_else(changed)?)?;
                    break;
                }
            }
        }
        Ok(())
    }
}
