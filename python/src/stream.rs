//! `Deduplicator`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use dittograph::error::Error;
use dittograph::pipeline::{self, Alike, ScanOptions};
use pyo3::prelude::*;

use super::errors::raised;

/// Keeps texts, and finds those like a new one.
#[pyclass(frozen, module = "dittograph._native")]
pub struct Deduplicator(Mutex<Texts>);

/// What was added, and the id of each.
struct Texts {
    texts: pipeline::Deduplicator,
    ids: Vec<String>,
}

/// The id of a text, its Jaccard similarity and containment.
type Match = (String, f64, f64);

impl Texts {
    fn matches(&self, found: &[Alike]) -> Vec<Match> {
        let id = |one: &Alike| self.ids[one.number as usize].clone();
        found.iter().map(|one| (id(one), one.jaccard, one.containment)).collect()
    }
}

impl Deduplicator {
    fn texts(&self) -> MutexGuard<'_, Texts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Deduplicator {
    #[new]
    fn new(
        py: Python<'_>,
        threshold: f64,
        recall: f64,
        shingle_size: usize,
        seed: u64,
    ) -> PyResult<Self> {
        let options =
            ScanOptions { threshold, recall, shingle_size, seed, ..ScanOptions::default() };
        pipeline::Deduplicator::new(&options)
            .map(|texts| Deduplicator(Mutex::new(Texts { texts, ids: Vec::new() })))
            .map_err(|error| raised(py, &error))
    }

    /// The texts that are like this one.
    fn query(&self, py: Python<'_>, text: &str) -> Vec<Match> {
        py.detach(|| {
            let mut texts = self.texts();
            let found = texts.texts.query(text);
            texts.matches(&found)
        })
    }

    /// Adds a text; gives those before it that are like it.
    fn add(&self, py: Python<'_>, id: String, text: &str) -> PyResult<Vec<Match>> {
        let added = py.detach(|| {
            let mut texts = self.texts();
            let found = texts.texts.add(text)?;
            let matches = texts.matches(&found);
            texts.ids.push(id);
            Ok(matches)
        });
        added.map_err(|error: Error| raised(py, &error))
    }

    fn __len__(&self) -> usize {
        self.texts().ids.len()
    }
}
