//! Wires the stages: where a newcomer starts.
//!
//! In: PATHs or tables, and [`ScanOptions`]. Out: a [`Scan`]: sorted findings, clusters and
//! the summary. The corpus is read whole once, to sketch every document
//! (`survey`). What is read again are candidates, to be verified (`documents`, `inspect`),
//! documents that share passages, to be followed (`passages`), and those passages,
//! to be quoted (`rows`). In between, only hashes are kept.

mod clean;
mod clock;
mod compare;
mod documents;
mod estimate;
mod exact;
mod inspect;
mod passages;
mod report;
mod rows;
mod shards;
mod sides;
mod stream;
mod survey;
mod tune;

use std::path::PathBuf;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::join::share_of_smaller;
use crate::lsh::LshParams;
use crate::memory;
use crate::passage::{PassageParams, Texts};
use crate::progress::Progress;
use crate::read::{Corpus, ReadOptions, Source};
use crate::report::{ClusterRows, Counts, Findings, Parameters, Summary};
use crate::shingle::LONGEST_SHINGLE;
use crate::sketch::SketchParams;
use crate::spill::Workspace;
use crate::verify::Criteria;

use clock::Clock;
use documents::{DocumentPairs, Suspects};
use survey::Sketched;

pub use clean::{
    CleanOptions, CleanSummary, Cleaned, Destination, Keep, PageFormat, ReasonCounts, Removal,
    Show, SourceRule, clean,
};
pub use compare::{Comparer, Comparison, Reading};
pub use report::{Documents, ReportOptions, page_of_scan, report};
pub use shards::{Shard, Sketching, arguments_of, merge, sketch};
pub use stream::{Alike, Deduplicator};
pub use tune::{CurvePoint, Measurement, Tuning, measure};

/// Which findings are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Find {
    /// Documents: exact, near, contained.
    Documents,
    /// Passages, within and across documents.
    Passages,
    /// Both.
    #[default]
    All,
}

/// How near-duplicate documents are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Method {
    /// By the prefix filter: nothing is missed.
    #[default]
    Complete,
    /// By MinHash bands, with a stated recall.
    Minhash,
}

/// Which rows a component of documents is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Pairs {
    /// Every verified pair, in components of up to [`LARGEST_COMPONENT`] documents.
    #[default]
    All,
    /// Each document beside its kept one.
    Star,
}

/// The largest component whose pairs are all written.
pub const LARGEST_COMPONENT: usize = 1000;

macro_rules! named {
    ($type:ty, $what:literal, $($name:literal => $value:path),+) => {
        impl FromStr for $type {
            type Err = Error;

            fn from_str(name: &str) -> Result<Self, Error> {
                match name {
                    $($name => Ok($value),)+
                    _ => Err(Error::options(format!(
                        concat!("unknown ", $what, " `{}`: use one of {}"), name, [$($name),+].join(", ")
                    ))),
                }
            }
        }

        impl $type {
            /// Its name on the command line and in the summary.
            pub fn name(self) -> &'static str {
                match self {
                    $($value => $name,)+
                }
            }
        }
    };
}

named!(Find, "kind of finding", "documents" => Find::Documents, "passages" => Find::Passages, "all" => Find::All);
named!(Method, "method", "complete" => Method::Complete, "minhash" => Method::Minhash);
named!(Pairs, "way to write pairs", "all" => Pairs::All, "star" => Pairs::Star);

/// How to scan a corpus.
#[derive(Clone, Debug)]
pub struct ScanOptions {
    /// How to read it.
    pub read: ReadOptions,
    /// What to find.
    pub find: Find,
    /// How to find near-duplicate documents.
    pub method: Method,
    /// Tokens a shingle.
    pub shingle_size: usize,
    /// Least Jaccard similarity of a near pair.
    pub threshold: f64,
    /// Least containment of a contained pair.
    pub containment: f64,
    /// Least share of the pairs at the threshold that is to be found.
    pub recall: f64,
    /// When a repeat is a passage.
    pub passages: PassageParams,
    /// Which rows a component is written as.
    pub pairs: Pairs,
    /// Of how many occurrences of a passage rows are written at most.
    pub max_occurrences: Option<usize>,
    /// How many words around a passage are given with it.
    pub context: u32,
    /// Whether passages are listed also between documents that are a pair anyway.
    pub inside_duplicates: bool,
    /// Seed of all hashes.
    pub seed: u64,
    /// How much memory the run may take, in bytes.
    pub memory: u64,
    /// Where the texts that were read of pages go, if they are wanted.
    pub write_text: Option<PathBuf>,
}

/// The most threads that a run may be told to use: tens of thousands bring a machine to a standstill.
pub const MOST_THREADS: u32 = 1024;

/// The memory of a run for which none was chosen, where the machine's is not known.
const USUAL_MEMORY: u64 = 4 << 30;

/// The least memory that a run can be kept to.
pub const LEAST_MEMORY: u64 = 128 << 20;

/// The memory of a run for which none was chosen: half of what there is.
pub fn usual_memory() -> u64 {
    LEAST_MEMORY.max(memory::of_machine() / 2)
}

impl Default for ScanOptions {
    fn default() -> Self {
        ScanOptions {
            read: ReadOptions::default(),
            find: Find::default(),
            method: Method::default(),
            shingle_size: 5,
            threshold: 0.8,
            containment: 0.9,
            recall: 0.999,
            passages: PassageParams {
                min_words_across: 12,
                min_words_within: 8,
                min_similarity: 0.75,
            },
            pairs: Pairs::default(),
            max_occurrences: None,
            context: 0,
            inside_duplicates: false,
            seed: 0,
            memory: USUAL_MEMORY,
            write_text: None,
        }
    }
}

/// What a scan found.
#[derive(Debug)]
pub struct Scan {
    /// The findings, sorted by name and place.
    pub findings: Findings,
    /// The documents that are in clusters, sorted by cluster and name.
    pub clusters: ClusterRows,
    /// What was done.
    pub summary: Summary,
    /// The documents that the findings are about, to be read again.
    pub documents: Documents,
    /// What could not be read.
    pub problems: Vec<Error>,
    /// What the user should know although nothing failed.
    pub notices: Vec<String>,
}

/// The options as the stages need them, checked.
pub(crate) struct Plan {
    options: ScanOptions,
    lsh: LshParams,
    sketch: SketchParams,
    criteria: Criteria,
}

impl Plan {
    fn new(options: &ScanOptions) -> Result<Self> {
        let range = |name: &str, value: f64, least: f64| {
            if (least..=1.0).contains(&value) {
                Ok(())
            } else {
                Err(Error::options(format!("`--{name}` is {value}: it can be from {least} to 1")))
            }
        };
        range("threshold", options.threshold, 0.3)?;
        range("containment", options.containment, 0.5)?;
        range("min-similarity", options.passages.min_similarity, 0.5)?;
        if !(1..=LONGEST_SHINGLE).contains(&options.shingle_size) {
            return Err(Error::options(format!(
                "`--shingle-size` can be from 1 to {LONGEST_SHINGLE}"
            )));
        }
        let PassageParams { min_words_across, min_words_within, .. } = options.passages;
        if ![min_words_across, min_words_within].iter().all(|words| (3..=1000).contains(words)) {
            return Err(Error::options(
                "`--min-words` can be from 3 to 1000: shorter repeats are natural",
            ));
        }
        if options.memory < LEAST_MEMORY {
            return Err(Error::options("`--memory` must be at least 128M"));
        }
        let lsh = LshParams::choose(options.threshold, options.recall)?;
        Ok(Plan {
            lsh,
            sketch: SketchParams {
                shingle_size: options.shingle_size,
                num_hashes: lsh.num_hashes(),
                seed: options.seed,
            },
            criteria: Criteria { threshold: options.threshold, containment: options.containment },
            options: options.clone(),
        })
    }

    /// Whether only rows between PATHs and references are wanted.
    fn is_against(&self) -> bool {
        !self.options.read.against.is_empty()
    }

    fn wants_documents(&self) -> bool {
        self.options.find != Find::Passages
    }

    fn wants_passages(&self) -> bool {
        self.options.find != Find::Documents
    }

    /// The share of its shingles that the smaller of a pair needs in the
    /// larger for either criterion; `None` if the join need not find it.
    fn share(&self, by_bands: bool, may_be_contained: bool) -> Option<f64> {
        let near = (!by_bands).then(|| share_of_smaller(self.options.threshold));
        let contained = may_be_contained.then_some(self.options.containment);
        match (near, contained) {
            (Some(near), Some(contained)) => Some(near.min(contained)),
            (one, other) => one.or(other),
        }
    }

    fn parameters(&self) -> Parameters {
        let options = &self.options;
        let by_bands = options.method == Method::Minhash;
        Parameters {
            version: env!("CARGO_PKG_VERSION"),
            find: options.find.name(),
            method: options.method.name(),
            shingle_size: options.shingle_size,
            threshold: options.threshold,
            containment: options.containment,
            recall: if by_bands { options.recall } else { 1.0 },
            bands: by_bands.then_some(self.lsh.bands),
            rows: by_bands.then_some(self.lsh.rows),
            miss_probability: if by_bands { 1.0 - self.lsh.recall(options.threshold) } else { 0.0 },
            min_words_across: options.passages.min_words_across,
            min_words_within: options.passages.min_words_within,
            min_similarity: options.passages.min_similarity,
            seed: options.seed,
        }
    }
}

/// Finds every duplicate in the files below paths, or in tables in memory.
///
/// # Errors
/// Options that make no sense; a file that changes while it is read; with
/// [`ReadOptions::strict`], the first file or record that cannot be read.
pub fn scan<S: Clone + Into<Source>>(
    sources: &[S],
    options: &ScanOptions,
    progress: &dyn Progress,
) -> Result<Scan> {
    let plan = Plan::new(options)?;
    let workspace = |bytes| Workspace::new(&options.read.temp_dir, options.memory, bytes);
    let sources: Vec<Source> = sources.iter().cloned().map(S::into).collect();
    scan_in(&sources, &plan, workspace, progress)
}

/// The scan in a workspace for a corpus of so many bytes.
fn scan_in(
    sources: &[Source],
    plan: &Plan,
    workspace: impl FnOnce(u64) -> Workspace,
    progress: &dyn Progress,
) -> Result<Scan> {
    let mut clock = Clock::start();
    let mut corpus = Corpus::open(sources, plan.options.read.clone())?;
    if let Some(folder) = &plan.options.write_text {
        corpus.check_text_folder(sources, folder)?;
    }
    for note in estimate::notes(&corpus, &plan.options) {
        progress.note(&note);
    }
    clock.lap("find files");
    let workspace = workspace(corpus.bytes());
    let survey = survey::survey(&mut corpus, plan, &workspace, progress)?;
    clock.lap("read and sketch");
    scan_of((sources, corpus), survey, plan, &workspace, clock, progress)
}

/// What there is in a corpus that was read once.
fn scan_of(
    (sources, corpus): (&[Source], Corpus),
    mut survey: Sketched,
    plan: &Plan,
    workspace: &Workspace,
    mut clock: Clock,
    progress: &dyn Progress,
) -> Result<Scan> {
    if let Some(folder) = &plan.options.write_text {
        corpus.check_text_folder(sources, folder)?;
        corpus.write_texts(&survey.catalog, folder, progress)?;
        clock.lap("write texts");
    }
    let workspace = &workspace.beside(survey.held());
    // Passages inside pairs of documents are not listed, so the pairs are needed for either.
    let suspects = Suspects::find(&survey, plan, workspace, &mut clock, progress)?;
    (survey.lists, survey.bands) = Default::default();
    let documents =
        DocumentPairs::verify(suspects, &corpus, &survey, plan, workspace, &mut clock, progress)?;
    let workspace = &workspace.beside(documents.held());
    let (passages, shortened) =
        passages::find(&mut survey, &documents, |_| true, plan, workspace, progress)?;
    survey.texts = Texts::default();
    clock.lap("follow passages");
    let crowded = documents.crowded.len() as u64;
    let rows = rows::write(&corpus, &survey, documents, &passages, plan, progress)?;
    clock.lap("write rows");
    let counts = Counts {
        shortened,
        references: survey.sides.references(),
        empty: survey.empty(),
        crowded,
        ..rows.counts
    };
    let quoted = rows.findings.documents();
    Ok(Scan {
        documents: Documents::quoted(
            corpus,
            survey.catalog,
            quoted,
            plan.options.read.temp_dir.clone(),
        ),
        findings: rows.findings,
        clusters: rows.clusters,
        summary: Summary {
            command: Vec::new(),
            problems: survey.problems.iter().map(Error::to_string).collect(),
            notices: survey.notices.clone(),
            parameters: plan.parameters(),
            read: survey.totals,
            found: counts,
            seconds: clock.seconds(),
            stages: clock.laps,
            peak_memory: None,
        },
        problems: survey.problems,
        notices: survey.notices,
    })
}
