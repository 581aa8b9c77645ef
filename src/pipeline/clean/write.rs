//! What was decided to files.
//!
//! In: the ledger. Out: the cleaned corpus in its folder, with `removed.csv` and `kept.csv`. The documents
//! are read once for their names and for the rows of `kept.csv`; then each file is copied, or written
//! anew if something is cut from it, or if the text of pages is what is [written](super::extract). Rows are put away unit by unit, so that
//! memory does not grow with them.

use std::collections::hash_map::Entry;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ahash::{AHashMap, AHashSet, RandomState};
use rayon::prelude::*;

use super::Cleaner;
use super::extract::Formats;
use super::options::PageFormat;
use super::summary::CleanSummary;
use crate::clean::{
    Action, Change, Folder, KEPT, KEPT_COLUMNS, KeptRow, REMOVED, REMOVED_COLUMNS, ROWS,
    RemovedRow, Rewriter, Targets, compressed, escaped_path, form_name, header, lines, text_hash,
};
use crate::document::{DocId, Document};
use crate::error::Result;
use crate::progress::Unit;
use crate::read::{Compression, Form, RawFile, Shape, Visitor, without};
use crate::spill::{Spill, Stored};
use crate::text::Tokenizer;

/// How many files are written between two looks at the result.
const FILES_A_PIECE: usize = 1024;

impl Cleaner<'_> {
    /// Writes the cleaned corpus.
    pub fn write(
        &self,
        path: &Path,
        (targets, formats): (&Targets, &Formats),
        summary: &mut CleanSummary,
    ) -> Result<()> {
        let folder = Folder::begin(path, targets)?;
        let changed = self.ledger.documents();
        let names = self.write_kept(&changed, (targets, formats), &folder, summary)?;
        let spill = self.workspace.spill();
        let kept_name = |document: DocId| names.get(&document).cloned();
        let rewriter = Rewriter {
            corpus: &self.corpus,
            catalog: &self.sketched.catalog,
            ledger: &self.ledger,
            kept_name: &kept_name,
        };
        let mut extracts = self.extract(&rewriter, formats, &names, &spill)?;
        let files = self.corpus.files();
        self.progress.begin("writing", self.corpus.bytes(), Unit::Bytes);
        let mut written: AHashSet<PathBuf> =
            AHashSet::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        let mut stored: Vec<Stored<u8>> = Vec::new();
        let numbers: Vec<usize> = (0..files.len()).collect();
        for numbers in numbers.chunks(FILES_A_PIECE) {
            let done: Vec<(bool, Option<Stored<u8>>)> = numbers
                .par_iter()
                .map(|&number| {
                    self.progress.go_on()?;
                    let target = &targets.0[number];
                    let changes = self.changes(number, &changed, &names);
                    let done = if let Some(extract) = extracts.get(&number) {
                        if extract.is_there {
                            let compression = self.corpus.open_raw(number)?.compression;
                            folder.write(target, |out| {
                                compressed(out, compression, |out| {
                                    put(&spill, &extract.content, out)
                                })
                            })?;
                        }
                        (extract.is_there, None)
                    } else if changes.is_empty() {
                        (self.copy(number, target, &folder)?, None)
                    } else {
                        let (rows, is_there) =
                            rewriter.rewrite(number, &changes, target, &folder)?;
                        (is_there, Some(spill.store(&lines::<RemovedRow>(&rows))?))
                    };
                    self.progress.advance(files[number].size);
                    Ok(done)
                })
                .collect::<Result<_>>()?;
            for (&number, (is_there, rows)) in numbers.iter().zip(done) {
                if is_there {
                    written.insert(targets.0[number].clone());
                }
                stored.extend(rows);
                stored.extend(extracts.remove(&number).into_iter().flat_map(|one| one.rows));
            }
        }
        self.progress.end();
        write_table(&folder, REMOVED, &REMOVED_COLUMNS, &spill, &stored)?;
        folder.finish(&written, true)
    }

    /// Copies a file of which nothing is cut. What cannot be read was told before, and is left out.
    fn copy(&self, number: usize, target: &Path, folder: &Folder) -> Result<bool> {
        let source = &self.corpus.files()[number].path;
        if std::fs::File::open(source).is_err() {
            return Ok(false);
        }
        folder.copy(source, target)?;
        Ok(true)
    }

    /// What is to be changed in a file.
    fn changes(
        &self,
        file: usize,
        changed: &[DocId],
        names: &AHashMap<DocId, String>,
    ) -> Vec<Change> {
        let documents = self.sketched.catalog.documents_of(file);
        let start = changed.partition_point(|document| document.0 < documents.start);
        let inside = changed[start..].iter().take_while(|document| document.0 < documents.end);
        inside
            .filter_map(|&document| {
                names.get(&document).map(|name| Change { document, name: name.clone() })
            })
            .collect()
    }

    /// Writes `kept.csv`; gives the names of the documents that the other table names.
    fn write_kept(
        &self,
        changed: &[DocId],
        (targets, formats): (&Targets, &Formats),
        folder: &Folder,
        summary: &mut CleanSummary,
    ) -> Result<AHashMap<DocId, String>> {
        let mut named: Vec<DocId> = changed.to_vec();
        let cuts = changed.iter().flat_map(|&document| self.ledger.of(document));
        named.extend(cuts.filter_map(|cut| cut.kept).map(|kept| kept.document));
        named.sort_unstable();
        named.dedup();
        let catalog = &self.sketched.catalog;
        let mut forms: AHashMap<usize, FileForm> =
            AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        for &document in changed {
            let file = catalog.file_of(document);
            if let Entry::Vacant(entry) = forms.entry(file) {
                let RawFile { shape, compression } = self.corpus.open_raw(file)?;
                let form = match shape {
                    Shape::Whole(_) => None,
                    Shape::Records(layout, _) => Some(layout.name()),
                    Shape::Rows(rows) => Some(format!("{ROWS}{}", rows.text_field())),
                    Shape::Extracted => formats.get(&file).map(|format| format.form()),
                };
                entry.insert(FileForm { compression, form });
            }
        }
        let files: Vec<String> = targets.0.iter().map(|target| escaped_path(target)).collect();
        let accountant = Accountant {
            cleaner: self,
            files: &files,
            formats,
            named: &named,
            forms: &forms,
            spill: self.workspace.spill(),
        };
        let all = self.documents();
        let stage = ("accounting", self.progress);
        let units = self.corpus.revisit_whole(catalog, &all, stage, &accountant)?;
        let mut names = AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        let mut stored = Vec::with_capacity(units.len() + 1);
        summary.words_after = 0;
        for unit in units {
            names.extend(unit.names);
            summary.words_after += unit.words_after;
            stored.push(unit.rows);
        }
        let mut others = Vec::new();
        for (number, file) in self.corpus.files().iter().enumerate() {
            if catalog.documents_of(number).is_empty() && std::fs::File::open(&file.path).is_ok() {
                others.push(KeptRow {
                    document: file.name.clone(),
                    file: files[number].clone(),
                    line: None,
                    action: Action::Copied,
                    words_before: None,
                    words_after: None,
                    rows: 0,
                    form: String::new(),
                    hash: String::new(),
                });
            }
        }
        summary.copied_files = others.len() as u64;
        stored.push(accountant.spill.store(&lines(&others))?);
        write_table(folder, KEPT, &KEPT_COLUMNS, &accountant.spill, &stored)?;
        Ok(names)
    }
}

/// Writes a table whose lines were put away.
fn write_table(
    folder: &Folder,
    name: &str,
    columns: &[&str],
    spill: &Spill,
    stored: &[Stored<u8>],
) -> Result<()> {
    folder.write_own(name, |out| {
        out.write_all(&header(columns))?;
        put(spill, stored, out)
    })
}

/// Writes what was put away.
fn put(spill: &Spill, stored: &[Stored<u8>], out: &mut dyn Write) -> io::Result<()> {
    let mut buffer = Vec::new();
    stored
        .iter()
        .try_for_each(|bytes| out.write_all(spill.read(bytes, 0..bytes.len(), &mut buffer)?))
}

/// How the documents of a file stand in it.
struct FileForm {
    compression: Compression,
    /// The same for all of them; of a text each has its own.
    form: Option<String>,
}

/// Writes down what became of each document.
struct Accountant<'a> {
    cleaner: &'a Cleaner<'a>,
    /// Where each file belongs.
    files: &'a [String],
    formats: &'a Formats,
    /// Documents whose names are needed, ascending.
    named: &'a [DocId],
    /// Of the files that change.
    forms: &'a AHashMap<usize, FileForm>,
    spill: Spill,
}

struct Account {
    tokenizer: Tokenizer,
    hashes: Vec<u64>,
    rows: Vec<KeptRow>,
    names: Vec<(DocId, String)>,
    words_after: u64,
}

struct UnitAccount {
    rows: Stored<u8>,
    names: Vec<(DocId, String)>,
    words_after: u64,
}

impl Visitor for Accountant<'_> {
    type Unit = Account;
    type Kept = UnitAccount;

    fn begin(&self) -> Account {
        Account {
            tokenizer: Tokenizer::default(),
            hashes: Vec::new(),
            rows: Vec::new(),
            names: Vec::new(),
            words_after: 0,
        }
    }

    fn visit(&self, account: &mut Account, id: DocId, document: Document<'_>) {
        let Cleaner { corpus, sketched, ledger, words, fixed, .. } = self.cleaner;
        let catalog = &sketched.catalog;
        let name = corpus.name(catalog, id, document.id);
        if self.named.binary_search(&id).is_ok() {
            account.names.push((id, name.clone()));
        }
        let file = catalog.file_of(id);
        let line = match self.formats.get(&file) {
            None => catalog.line_of(id),
            Some(PageFormat::Text) => None,
            Some(PageFormat::Jsonl) => Some(u64::from(id.0 - catalog.documents_of(file).start) + 1),
        };
        let before = words[id.index()];
        let cuts = ledger.of(id);
        let action = if ledger.is_dropped(id) {
            Action::Dropped
        } else if !cuts.is_empty() {
            Action::Cut
        } else if fixed[id.index()] {
            Action::Copied
        } else {
            Action::Kept
        };
        let after = match action {
            Action::Dropped => 0,
            Action::Kept | Action::Copied => before,
            Action::Cut => {
                let left = without(document.text, &ledger.gone(id)).unwrap_or_default();
                account.hashes.clear();
                account.tokenizer.hash_into(&left, &mut account.hashes);
                account.hashes.len() as u32
            }
        };
        account.words_after += u64::from(after);
        let (mut form, mut hash) = (String::new(), String::new());
        if !cuts.is_empty() {
            let file = self.forms.get(&file);
            let stands = match file.and_then(|file| file.form.clone()) {
                Some(form) => form,
                None => document.form.unwrap_or(Form::utf8()).name(),
            };
            form = form_name(file.map_or(Compression::None, |file| file.compression), &stands);
            hash = text_hash(document.text);
        }
        account.rows.push(KeptRow {
            document: name,
            file: self.files[file].clone(),
            line,
            action,
            words_before: Some(before),
            words_after: Some(after),
            rows: cuts.iter().map(|cut| cut.spans.len() as u32).sum(),
            form,
            hash,
        });
    }

    fn finish(&self, account: Account) -> Result<UnitAccount> {
        Ok(UnitAccount {
            rows: self.spill.store(&lines(&account.rows))?,
            names: account.names,
            words_after: account.words_after,
        })
    }
}
