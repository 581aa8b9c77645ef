//! Pairs of a component to the document that is kept for each.
//!
//! In: rows of `root`, `b`, `a`, `jaccard`, sorted by the first three: every pair of a component, the
//! later document as `b`, and each document but the root, which is the first, once without `a`. Out: for each document `root`, `number`, `kept` and
//! the `similarity` of the two.
//!
//! The first document takes those that directly match it, then the next that remains does. So
//! a document goes to the first kept one that it matches, and is kept if there is none; as
//! all before it are decided when it comes, no more than the kept ones have to be remembered.

use std::collections::HashSet;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3_arrow::PyRecordBatch;

use super::{column, float64, int64, numbers, table};
use crate::table::Table;

/// Decides which documents are kept.
#[pyclass(module = "dittograph._native")]
#[derive(Default)]
pub struct KeptGroups {
    root: Option<i64>,
    kept: HashSet<i64>,
    /// The document whose pairs are coming, and the kept one that takes it.
    present: Option<(i64, Option<(i64, f64)>)>,
    found: Vec<Decided>,
}

struct Decided {
    root: i64,
    number: i64,
    kept: i64,
    similarity: f64,
}

impl KeptGroups {
    fn push_row(&mut self, root: i64, b: i64, pair: Option<(i64, f64)>) {
        if self.root != Some(root) {
            self.decide();
            self.root = Some(root);
            self.kept.clear();
            self.kept.insert(root);
            self.found.push(Decided { root, number: root, kept: root, similarity: 1.0 });
        }
        if self.present.is_none_or(|(present, _)| present != b) {
            self.decide();
            self.present = Some((b, None));
        }
        if let Some((_, taken @ None)) = &mut self.present {
            *taken = pair.filter(|(a, _)| self.kept.contains(a));
        }
    }

    /// Decides about the present document, all of whose pairs were seen.
    fn decide(&mut self) {
        let (Some(root), Some((number, taken))) = (self.root, self.present.take()) else { return };
        let (kept, similarity) = taken.unwrap_or((number, 1.0));
        if kept == number {
            self.kept.insert(number);
        }
        self.found.push(Decided { root, number, kept, similarity });
    }

    fn take(&mut self) -> PyResult<Table> {
        let found = std::mem::take(&mut self.found);
        table([
            ("root", int64(found.iter().map(|one| one.root))),
            ("number", int64(found.iter().map(|one| one.number))),
            ("kept", int64(found.iter().map(|one| one.kept))),
            ("similarity", float64(found.iter().map(|one| one.similarity))),
        ])
    }
}

#[pymethods]
impl KeptGroups {
    #[new]
    fn new() -> Self {
        KeptGroups::default()
    }

    /// The documents that these rows decide.
    fn push(&mut self, py: Python<'_>, rows: PyRecordBatch) -> PyResult<Table> {
        let rows = rows.into_inner();
        let (roots, b, a) = (numbers(&rows, "root")?, numbers(&rows, "b")?, numbers(&rows, "a")?);
        let jaccard = column(&rows, "jaccard")?.as_primitive_opt::<Float64Type>();
        let jaccard =
            jaccard.ok_or_else(|| PyTypeError::new_err("column `jaccard` is of no fractions"))?;
        py.detach(|| {
            for row in 0..rows.num_rows() {
                let pair = a.is_valid(row).then(|| (a.value(row), jaccard.value(row)));
                self.push_row(roots.value(row), b.value(row), pair);
            }
        });
        self.take()
    }

    /// The last document.
    fn finish(&mut self) -> PyResult<Table> {
        self.decide();
        self.take()
    }
}
