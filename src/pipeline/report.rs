//! A page of a scan's rows: wires the reading of the rows, of the documents, and the page.
//!
//! In: the CSV of a scan, and perhaps its summary, its clusters and the PATHs that were scanned. Out: a
//! [`Page`]. [`Documents`] are what it reads texts from: those of the PATHs, found by their names, or those of
//! a scan that was just made.

use std::fmt;
use std::path::PathBuf;

use ahash::{AHashMap, RandomState};

use crate::document::{DocId, Document};
use crate::error::{Error, ErrorKind, Result};
use crate::progress::Progress;
use crate::read::{Catalog, Collect, Corpus, ReadOptions, Visitor, real_path};
use crate::report::html::{
    ClusterSource, ClustersFile, Material, Page, PairsFile, TextBuilder, TextSource, Texts, Told,
    UnitTexts, page,
};
use crate::spill::{Spill, Workspace};

use super::{Scan, USUAL_MEMORY};

/// What to make a page of.
#[derive(Clone, Debug, Default)]
pub struct ReportOptions {
    /// The rows, as CSV; `-` is standard input.
    pub pairs: PathBuf,
    /// The clusters of the same scan.
    pub clusters: Option<PathBuf>,
    /// The summary of the same scan.
    pub summary: Option<PathBuf>,
    /// What was scanned; of none, only excerpts are shown.
    pub paths: Vec<PathBuf>,
    /// How to read it.
    pub read: ReadOptions,
}

/// Makes a page of a file of rows.
///
/// # Errors
/// A file that is not what it should be; an output that is among the inputs; the system's.
pub fn report(options: &ReportOptions, progress: &dyn Progress) -> Result<Page> {
    let ReportOptions { pairs, clusters, summary, paths, read } = options;
    refuse_outputs(options)?;
    let rows = PairsFile::open(pairs, &read.temp_dir)?;
    let clusters = clusters.as_deref().map(ClustersFile::open).transpose()?;
    let told = summary.as_deref().map(Told::open).transpose()?;
    let documents = match paths.is_empty() {
        true => None,
        false => {
            Some(NamedDocuments { documents: Documents::find(paths, read, progress)?, progress })
        }
    };
    page(Material {
        file: &pairs.file_name().map_or("-".into(), |name| name.to_string_lossy()),
        rows: &rows,
        clusters: clusters.as_ref().map(|clusters| clusters as &dyn ClusterSource),
        told: told.as_ref(),
        texts: documents.as_ref().map(|documents| documents as &dyn TextSource),
    })
}

/// Makes a page of a scan.
///
/// # Errors
/// The system's; a file that changes while it is read.
pub fn page_of_scan(scan: &Scan, progress: &dyn Progress) -> Result<Page> {
    let told = Told::of(&scan.summary)?;
    page(Material {
        file: "",
        rows: &scan.findings,
        clusters: Some(&scan.clusters),
        told: Some(&told),
        texts: Some(&NamedDocuments { documents: &scan.documents, progress }),
    })
}

/// Stops a run that would write over what it reads.
fn refuse_outputs(options: &ReportOptions) -> Result<()> {
    let inputs = [Some(&options.pairs), options.clusters.as_ref(), options.summary.as_ref()];
    for input in inputs.into_iter().flatten() {
        let is_input = |output: &PathBuf| {
            let both = (real_path(output), real_path(input));
            matches!(both, (Ok(output), Ok(input)) if output == input)
        };
        if options.read.outputs.iter().any(is_input) {
            return Err(Error::new(ErrorKind::OutputIsInput).at_path(input.display()));
        }
    }
    Ok(())
}

/// Documents that can be read again by their names.
pub struct Documents {
    corpus: Corpus,
    catalog: Catalog,
    candidates: Candidates,
    temp_dir: PathBuf,
}

/// Which documents can be asked for.
enum Candidates {
    /// All; here are their own ids, for what they are called needs these.
    Ids(Vec<Option<Box<str>>>),
    /// Those that rows are about, ascending.
    Quoted(Vec<DocId>),
}

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} documents", self.catalog.len())
    }
}

impl Documents {
    /// Those of a scan that rows are about.
    pub(super) fn quoted(
        corpus: Corpus,
        catalog: Catalog,
        mut quoted: Vec<DocId>,
        temp_dir: PathBuf,
    ) -> Self {
        quoted.sort_unstable();
        quoted.dedup();
        Documents { corpus, catalog, candidates: Candidates::Quoted(quoted), temp_dir }
    }

    /// All below `paths`. What cannot be read was told by the scan, and is not told again.
    fn find(paths: &[PathBuf], read: &ReadOptions, progress: &dyn Progress) -> Result<Self> {
        let mut corpus = Corpus::open(paths, read.clone())?;
        let ids = Collect {
            begin: Vec::new,
            visit: |ids: &mut Vec<Option<Box<str>>>, _, document: Document<'_>| {
                ids.push(document.id.map(Box::from));
            },
        };
        let survey = corpus.survey(progress, &ids)?;
        let ids = survey.units.into_iter().flatten().collect();
        Ok(Documents {
            corpus,
            catalog: survey.catalog,
            candidates: Candidates::Ids(ids),
            temp_dir: read.temp_dir.clone(),
        })
    }

    /// The documents of these names among the candidates, and perhaps others.
    fn candidates(&self, numbers: &AHashMap<&str, u32>) -> Vec<DocId> {
        match &self.candidates {
            Candidates::Quoted(documents) => documents.clone(),
            Candidates::Ids(ids) => (0..)
                .map(DocId)
                .zip(ids)
                .filter(|(document, id)| {
                    let name = self.corpus.name(&self.catalog, *document, id.as_deref());
                    numbers.contains_key(&*name)
                })
                .map(|(document, _)| document)
                .collect(),
        }
    }
}

/// Documents, and who wants to know how far their reading has come.
struct NamedDocuments<'a, D> {
    documents: D,
    progress: &'a dyn Progress,
}

impl<D: std::borrow::Borrow<Documents>> TextSource for NamedDocuments<'_, D> {
    fn read(&self, names: &[&str]) -> Result<Texts> {
        let documents = self.documents.borrow();
        let mut numbers = AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        numbers.extend(names.iter().copied().zip(0..));
        let wanted = documents.candidates(&numbers);
        let workspace = Workspace::new(&documents.temp_dir, USUAL_MEMORY, documents.corpus.bytes());
        let spill = workspace.spill();
        let keeper = Keeper { documents, numbers: &numbers, spill: &spill };
        let found = documents.corpus.revisit(
            &documents.catalog,
            &wanted,
            ("reading texts", self.progress),
            &keeper,
        )?;
        Ok(Texts::new(spill, names.len(), found))
    }
}

/// Puts away the texts of documents that are wanted.
struct Keeper<'a> {
    documents: &'a Documents,
    numbers: &'a AHashMap<&'a str, u32>,
    spill: &'a Spill,
}

impl Visitor for Keeper<'_> {
    type Unit = TextBuilder;
    type Kept = UnitTexts;

    fn begin(&self) -> TextBuilder {
        TextBuilder::default()
    }

    fn visit(&self, texts: &mut TextBuilder, id: DocId, document: Document<'_>) {
        let Documents { corpus, catalog, .. } = self.documents;
        let name = corpus.name(catalog, id, document.id);
        if let Some(&number) = self.numbers.get(&*name) {
            texts.push(number, document.text);
        }
    }

    fn finish(&self, texts: TextBuilder) -> Result<UnitTexts> {
        texts.store(self.spill)
    }
}
