//! `scan`.

use std::path::PathBuf;
use std::sync::Arc;

use dittograph::error::Result;
use dittograph::pipeline::{self, ScanOptions};
use dittograph::read::{ReadOptions, Source};
use dittograph::report::Summary;
use dittograph::{error, memory};
use pyo3::prelude::*;

use super::errors::{exception, raised};
use super::options::{LikenessArguments, ReadArguments};
use super::run::run;
use super::source::SourceArgument;
use super::table::Table;

/// What else a scan is told.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct ScanArguments {
    find: String,
    method: String,
    recall: f64,
    pairs: String,
    max_occurrences: Option<usize>,
    context: u32,
    inside_duplicates: bool,
    seed: u64,
    write_text: Option<PathBuf>,
}

impl ScanArguments {
    fn options(self, likeness: &LikenessArguments) -> Result<ScanOptions> {
        if self.max_occurrences.is_some_and(|most| most < 2) {
            return Err(error::Error::options("`--max-occurrences` must be at least 2"));
        }
        Ok(ScanOptions {
            find: self.find.parse()?,
            method: self.method.parse()?,
            recall: self.recall,
            pairs: self.pairs.parse()?,
            max_occurrences: self.max_occurrences,
            context: self.context,
            inside_duplicates: self.inside_duplicates,
            seed: self.seed,
            write_text: self.write_text,
            ..likeness.options()
        })
    }
}

/// Findings, clusters, the summary as JSON, problems and notices.
type Scanned<'py> = (Table, Table, String, Vec<Bound<'py, PyAny>>, Vec<String>);

/// Finds every duplicate in `sources`, or between them and `against`.
#[pyfunction]
pub fn scan<'py>(
    py: Python<'py>,
    sources: Vec<SourceArgument<'py>>,
    against: Vec<SourceArgument<'py>>,
    scanning: ScanArguments,
    likeness: LikenessArguments,
    reading: ReadArguments,
    watcher: Option<&Bound<'py, PyAny>>,
) -> PyResult<Scanned<'py>> {
    let threads = reading.threads;
    let sources: Vec<Source> = sources.into_iter().map(Source::from).collect();
    let against: Vec<Source> = against.into_iter().map(Source::from).collect();
    let options = || {
        let (read, memory) = reading.options()?;
        let read = ReadOptions { against, ..read };
        Ok(ScanOptions { read, memory, ..scanning.options(&likeness)? })
    };
    let options = options().map_err(|error| raised(py, &error))?;
    let mut scan =
        run(py, threads, watcher, |progress| pipeline::scan(&sources, &options, progress))?;
    scan.summary.peak_memory = memory::peak();
    let summary = json(&scan.summary);
    let problems = std::mem::take(&mut scan.problems);
    let problems =
        problems.iter().map(|problem| exception(py, problem)).collect::<PyResult<_>>()?;
    let notices = std::mem::take(&mut scan.notices);
    let scan = Arc::new(scan);
    let findings = Table::findings(Arc::clone(&scan), options.context > 0);
    Ok((findings, Table::clusters(scan), summary, problems, notices))
}

fn json(summary: &Summary) -> String {
    serde_json::to_string(summary).expect("a summary is numbers, names and lists of these")
}
