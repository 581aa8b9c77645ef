//! Candidates to pairs.
//!
//! In: the rows of [`Home`]s. Out: of any two documents that are to be compared and are a pair, a row: `a`, `b`,
//! `kind`, `jaccard`, `containment`, `words_a`, `words_b`. Each text is read once a home.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use dittograph::pipeline::{Comparer, Comparison, Reading, ScanOptions};
use pyo3::prelude::*;
use pyo3_arrow::PyRecordBatch;

use super::home::Home;
use super::{float64, int64, table};
use crate::errors::raised;
use crate::options::LikenessArguments;
use crate::table::Table;

/// Compares documents.
#[pyclass(module = "dittograph._native")]
pub struct Comparisons {
    comparer: Comparer,
    home: Home,
    readings: Vec<Reading>,
    found: Vec<(i64, i64, Comparison)>,
}

/// Compares the documents of a home that is complete.
fn compare(
    home: &Home,
    comparer: &mut Comparer,
    readings: &mut Vec<Reading>,
    found: &mut Vec<(i64, i64, Comparison)>,
) -> PyResult<()> {
    if readings.len() < home.members.len() {
        readings.resize_with(home.members.len(), Reading::default);
    }
    for (member, reading) in home.members.iter().zip(&mut *readings) {
        comparer.read(&member.text, reading);
    }
    for (one, other) in home.pairs()? {
        let (a, b) = (&home.members[one], &home.members[other]);
        let sides = ((&*a.text, &readings[one]), (&*b.text, &readings[other]));
        let comparison = comparer.compare_readings(sides.0, sides.1);
        if comparison.kind.is_some() {
            found.push((a.number, b.number, comparison));
        }
    }
    Ok(())
}

impl Comparisons {
    fn take(&mut self) -> PyResult<Table> {
        let found = std::mem::take(&mut self.found);
        let shares =
            |value: fn(&Comparison) -> f64| float64(found.iter().map(|(.., one)| value(one)));
        let words = |side: usize| int64(found.iter().map(|(.., one)| one.words[side].into()));
        let kinds = found.iter().map(|(.., one)| one.kind.map(|kind| kind.name()));
        table([
            ("a", int64(found.iter().map(|one| one.0))),
            ("b", int64(found.iter().map(|one| one.1))),
            ("kind", Arc::new(StringArray::from_iter(kinds)) as ArrayRef),
            ("jaccard", shares(|one| one.jaccard)),
            ("containment", shares(|one| one.containment)),
            ("words_a", words(0)),
            ("words_b", words(1)),
        ])
    }
}

#[pymethods]
impl Comparisons {
    #[new]
    fn new(py: Python<'_>, likeness: LikenessArguments, seed: u64) -> PyResult<Self> {
        let options = ScanOptions { seed, ..likeness.options() };
        let comparer = Comparer::new(&options).map_err(|error| raised(py, &error))?;
        let (home, readings, found) = (Home::default(), Vec::new(), Vec::new());
        Ok(Comparisons { comparer, home, readings, found })
    }

    /// The pairs that these rows complete.
    fn push(&mut self, py: Python<'_>, rows: PyRecordBatch) -> PyResult<Table> {
        let Comparisons { comparer, home, readings, found } = self;
        py.detach(|| home.push(rows.as_ref(), |home| compare(home, comparer, readings, found)))?;
        self.take()
    }

    /// The pairs of what was last.
    fn finish(&mut self, py: Python<'_>) -> PyResult<Table> {
        let Comparisons { comparer, home, readings, found } = self;
        py.detach(|| home.finish(|home| compare(home, comparer, readings, found)))?;
        self.take()
    }
}
