//! Texts to the passages that they repeat.
//!
//! In: texts. Out: the fingerprints of each, of which any two texts that share a run of `min_words` have one in
//! common; and, of the rows of [`Home`]s, a row for each passage of any two documents that are to be compared.

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, ListBuilder};
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use dittograph::error::Result;
use dittograph::passage::Winnower;
use dittograph::pipeline::{self, Find, ScanOptions};
use dittograph::progress::Silent;
use dittograph::read::{MemoryTable, ReadOptions, Source};
use dittograph::report::{Finding, Side};
use dittograph::text::{Tokenizer, Tokens};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3_arrow::PyRecordBatch;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::home::{Home, strings};
use super::{column, float64, int64, table};
use crate::errors::raised;
use crate::options::LikenessArguments;
use crate::table::Table;

/// How long a k-gram is, as a share of `min_words`. Whoever follows hits word by word takes shorter ones,
/// which leave fewer; but here each hit is two texts to be brought together, and of two documents that share a
/// run of six words most share no more.
const GRAM_SHARE: f64 = 0.75;

/// The distinct fingerprints of each text of a column `text`, in a column `keys`.
#[pyfunction]
pub fn fingerprints(
    py: Python<'_>,
    rows: PyRecordBatch,
    min_words: u32,
    seed: u64,
) -> PyResult<Table> {
    let texts = strings(column(rows.as_ref(), "text")?)?;
    let lists = py.detach(|| {
        let (mut tokenizer, mut tokens) = (Tokenizer::new(seed), Tokens::default());
        let gram = (GRAM_SHARE * f64::from(min_words)) as u32;
        let mut winnower = Winnower::with_gram(min_words, gram);
        let mut lists = ListBuilder::new(Int64Builder::new());
        let mut hashes: Vec<i64> = Vec::new();
        for text in &texts {
            hashes.clear();
            tokens.fill_without_spans(text.unwrap_or_default(), &mut tokenizer);
            winnower.for_each(&tokens, |hash, _| hashes.push(hash as i64));
            hashes.sort_unstable();
            hashes.dedup();
            lists.append_value(hashes.iter().map(|&hash| Some(hash)));
        }
        lists.finish()
    });
    table([("keys", Arc::new(lists) as ArrayRef)])
}

/// Finds the passages of documents that are to be compared.
#[pyclass(module = "dittograph._native")]
pub struct PassageFinder {
    options: ScanOptions,
    /// One thread: the others of the machine have partitions of their own.
    pool: ThreadPool,
    home: Home,
    found: Vec<(i64, i64, Finding)>,
}

/// Finds the passages of a home that is complete.
fn find(home: &Home, options: &ScanOptions, found: &mut Vec<(i64, i64, Finding)>) -> PyResult<()> {
    let tables = home.members.iter().map(|member| {
        let column: ArrayRef = Arc::new(StringArray::from(vec![&*member.text]));
        let rows = RecordBatch::try_from_iter([("text", column)])
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        let table = MemoryTable::new(&rows.schema(), std::slice::from_ref(&rows), None, "text");
        table.map(Source::Table).map_err(|error| Python::attach(|py| raised(py, &error)))
    });
    let tables = tables.collect::<PyResult<Vec<Source>>>()?;
    for (one, other) in home.pairs()? {
        let read = ReadOptions { against: vec![tables[other].clone()], ..options.read.clone() };
        let options = ScanOptions { read, ..options.clone() };
        let passages = || -> Result<Vec<Finding>> {
            pipeline::scan(&tables[one..=one], &options, &Silent)?.findings.to_vec()
        };
        let passages = passages().map_err(|error| Python::attach(|py| raised(py, &error)))?;
        let numbers = (home.members[one].number, home.members[other].number);
        found.extend(passages.into_iter().map(|passage| (numbers.0, numbers.1, passage)));
    }
    Ok(())
}

impl PassageFinder {
    fn take(&mut self) -> PyResult<Table> {
        let found = std::mem::take(&mut self.found);
        let shares = |value: fn(&Finding) -> f64| float64(found.iter().map(|(.., one)| value(one)));
        let of = |side: fn(&Finding) -> &Side, value: fn(&Side) -> u32| {
            int64(found.iter().map(|(.., one)| value(side(one)).into()))
        };
        let text = |side: fn(&Finding) -> &Side| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(found.iter().map(|(.., one)| &side(one).text)))
        };
        table([
            ("a", int64(found.iter().map(|one| one.0))),
            ("b", int64(found.iter().map(|one| one.1))),
            ("jaccard", shares(|one| one.jaccard)),
            ("containment", shares(|one| one.containment)),
            ("words_a", of(|one| &one.a, |side| side.words)),
            ("words_b", of(|one| &one.b, |side| side.words)),
            ("start_a", of(|one| &one.a, |side| side.start)),
            ("end_a", of(|one| &one.a, |side| side.end)),
            ("start_b", of(|one| &one.b, |side| side.start)),
            ("end_b", of(|one| &one.b, |side| side.end)),
            ("text_a", text(|one| &one.a)),
            ("text_b", text(|one| &one.b)),
        ])
    }
}

#[pymethods]
impl PassageFinder {
    #[new]
    fn new(py: Python<'_>, likeness: LikenessArguments, seed: u64) -> PyResult<Self> {
        let options = ScanOptions {
            seed,
            find: Find::Passages,
            inside_duplicates: true,
            // A document came through one array of strings, so that it is no longer than these can be.
            read: ReadOptions { max_document: u64::from(u32::MAX - 1), ..ReadOptions::default() },
            ..likeness.options()
        };
        pipeline::Comparer::new(&options).map_err(|error| raised(py, &error))?;
        let pool = ThreadPoolBuilder::new().num_threads(1).build();
        let pool = pool.map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(PassageFinder { options, pool, home: Home::default(), found: Vec::new() })
    }

    /// The passages that these rows complete.
    fn push(&mut self, py: Python<'_>, rows: PyRecordBatch) -> PyResult<Table> {
        let PassageFinder { options, pool, home, found } = self;
        py.detach(|| pool.install(|| home.push(rows.as_ref(), |home| find(home, options, found))))?;
        self.take()
    }

    /// The passages of what was last.
    fn finish(&mut self, py: Python<'_>) -> PyResult<Table> {
        let PassageFinder { options, pool, home, found } = self;
        py.detach(|| pool.install(|| home.finish(|home| find(home, options, found))))?;
        self.take()
    }
}
