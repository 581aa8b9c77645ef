//! `clean`.

use std::path::{Path, PathBuf};

use dittograph::error::{Error, Result};
use dittograph::memory;
use dittograph::pipeline::{
    self, CleanOptions, Destination, Keep, PageFormat, ScanOptions, SourceRule,
};
use pyo3::prelude::*;

use super::errors::{exception, raised};
use super::options::{LikenessArguments, ReadArguments};
use super::run::run;

/// What else cleaning is told.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct CleanArguments {
    keep: String,
    priority: Vec<String>,
    date_field: Option<String>,
    source_field: Option<String>,
    source_regex: Option<String>,
    furniture_documents: usize,
    across: bool,
    captions: bool,
    keep_text: Vec<String>,
    output_format: String,
    force: bool,
}

impl CleanArguments {
    fn options(self, scan: ScanOptions) -> Result<CleanOptions> {
        let keep = match &*self.keep {
            "first" => Keep::First,
            "longest" => Keep::Longest,
            "newest" => Keep::Newest,
            "priority" => Keep::Priority(self.priority),
            other => {
                return Err(Error::options(format!(
                    "unknown policy `{other}`: `--keep` can be `first`, `longest`, `newest` or a list of sources"
                )));
            }
        };
        let page_format = match &*self.output_format {
            "text" => PageFormat::Text,
            "jsonl" => PageFormat::Jsonl,
            other => {
                let message = format!("unknown `--output-format` `{other}`: use `text` or `jsonl`");
                return Err(Error::options(message));
            }
        };
        let source = match (self.source_field, self.source_regex) {
            (Some(_), Some(_)) => {
                return Err(Error::options("only one of `--source-field` and `--source-regex`"));
            }
            (Some(field), None) => SourceRule::Field(field),
            (None, Some(pattern)) => pattern.parse()?,
            (None, None) => SourceRule::Folder,
        };
        Ok(CleanOptions {
            scan,
            keep,
            date_field: self.date_field,
            source,
            furniture_documents: self.furniture_documents,
            across: self.across,
            captions: self.captions,
            keep_text: self.keep_text,
            page_format,
            force: self.force,
        })
    }
}

/// The summary as JSON, problems and notices.
type Cleaned<'py> = (String, Vec<Bound<'py, PyAny>>, Vec<String>);

/// Writes a cleaned copy of the corpus below `paths` into `output`.
#[pyfunction]
pub fn clean<'py>(
    py: Python<'py>,
    paths: Vec<PathBuf>,
    output: PathBuf,
    cleaning: CleanArguments,
    likeness: LikenessArguments,
    reading: ReadArguments,
    watcher: Option<&Bound<'py, PyAny>>,
) -> PyResult<Cleaned<'py>> {
    let threads = reading.threads;
    let options = || {
        let (read, memory) = reading.options()?;
        cleaning.options(ScanOptions { read, memory, ..likeness.options() })
    };
    let options = options().map_err(|error| raised(py, &error))?;
    let output: &Path = &output;
    let mut cleaned = run(py, threads, watcher, |progress| {
        pipeline::clean(&paths, &options, Destination::Folder(output.to_owned()), progress)
    })?;
    cleaned.summary.peak_memory = memory::peak();
    let summary = serde_json::to_string(&cleaned.summary)
        .expect("a summary is numbers, names and lists of these");
    let problems = cleaned.problems.iter().map(|problem| exception(py, problem));
    Ok((summary, problems.collect::<PyResult<_>>()?, cleaned.notices))
}
