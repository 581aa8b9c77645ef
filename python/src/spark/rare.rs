//! Short documents to their rarest shingles.
//!
//! In: lists of `shingles`. Out: how often each cell of a table of them was met, as rows of `slice` and
//! `entries`; of such rows, sorted by slice, the `ranks` of its cells; and, with the table of all ranks,
//! keys. Where the table comes from and goes to, stands in `dittograph/spark`.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, Int32Builder, Int64Builder, ListBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, Int32Array, ListArray, RecordBatch};
use arrow_schema::DataType;
use dittograph::lsh::{LshParams, RareKeys, ShingleCounts, ShortSets, SliceSum};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3_arrow::PyRecordBatch;

use super::{column, table};
use crate::errors::raised;
use crate::table::Table;

/// Which sets are short at this threshold and recall.
pub fn short_sets(py: Python<'_>, threshold: f64, recall: f64) -> PyResult<ShortSets> {
    let lsh = LshParams::choose(threshold, recall).map_err(|error| raised(py, &error))?;
    Ok(ShortSets::new(lsh, threshold))
}

/// A column of lists by its name.
fn lists<'a>(rows: &'a RecordBatch, name: &str) -> PyResult<&'a ListArray> {
    let column = column(rows, name)?;
    column.as_list_opt::<i32>().ok_or_else(|| {
        PyTypeError::new_err(format!("column `{name}` is of type {}", column.data_type()))
    })
}

/// The sets of a column of lists; those that are null are empty.
fn sets(lists: &ListArray) -> PyResult<impl Iterator<Item = Vec<u64>>> {
    if lists.value_type() != DataType::Int64 {
        return Err(PyTypeError::new_err(format!("shingles are of type {}", lists.value_type())));
    }
    Ok(lists.iter().map(|list| match list {
        Some(list) => {
            list.as_primitive::<Int64Type>().values().iter().map(|&one| one as u64).collect()
        }
        None => Vec::new(),
    }))
}

/// Counts the shingles of a partition.
#[pyclass(module = "dittograph._native")]
pub struct ShingleCounter(ShingleCounts);

#[pymethods]
impl ShingleCounter {
    /// Of documents that have so many shingles together.
    #[new]
    fn new(py: Python<'_>, threshold: f64, recall: f64, shingles: u64) -> PyResult<Self> {
        Ok(ShingleCounter(ShingleCounts::new(short_sets(py, threshold, recall)?, shingles)))
    }

    /// How many ranks there will be.
    #[getter]
    fn cells(&self) -> usize {
        self.0.cells()
    }

    /// Whether all documents are counted, and no sample.
    #[getter]
    fn is_whole(&self) -> bool {
        self.0.is_whole()
    }

    /// Nothing yet.
    fn push(&mut self, py: Python<'_>, rows: PyRecordBatch) -> PyResult<Table> {
        let sets = sets(lists(rows.as_ref(), "shingles")?)?;
        py.detach(|| sets.for_each(|set| self.0.add(&set)));
        counted(std::iter::empty())
    }

    /// The slices of the table in which there is something.
    fn finish(&mut self) -> PyResult<Table> {
        counted(self.0.slices())
    }
}

fn counted(slices: impl Iterator<Item = (usize, Vec<u32>)>) -> PyResult<Table> {
    let mut numbers = Int32Builder::new();
    let mut lists = ListBuilder::new(Int32Builder::new());
    for (number, entries) in slices {
        numbers.append_value(number as i32);
        lists.append_value(entries.iter().map(|&entry| Some(entry as i32)));
    }
    table([
        ("slice", Arc::new(numbers.finish()) as ArrayRef),
        ("entries", Arc::new(lists.finish())),
    ])
}

/// Sums what all partitions have counted.
#[pyclass(module = "dittograph._native")]
#[derive(Default)]
pub struct SliceSums {
    slice: Option<i32>,
    sum: SliceSum,
    found: Vec<(i32, Vec<u8>)>,
}

impl SliceSums {
    fn close(&mut self) {
        if let Some(slice) = self.slice {
            self.found.push((slice, std::mem::take(&mut self.sum).ranks()));
        }
    }

    fn take(&mut self) -> PyResult<Table> {
        let found = std::mem::take(&mut self.found);
        let slices = Int32Array::from_iter_values(found.iter().map(|(slice, _)| *slice));
        let mut ranks = BinaryBuilder::new();
        found.iter().for_each(|(_, one)| ranks.append_value(one));
        table([("slice", Arc::new(slices) as ArrayRef), ("ranks", Arc::new(ranks.finish()))])
    }
}

#[pymethods]
impl SliceSums {
    #[new]
    fn new() -> Self {
        SliceSums::default()
    }

    /// The slices that these rows complete.
    fn push(&mut self, rows: PyRecordBatch) -> PyResult<Table> {
        let rows = rows.as_ref();
        let not_ours = || PyTypeError::new_err("`slice` and `entries` are not of integers");
        let slices = column(rows, "slice")?.as_primitive_opt::<Int32Type>();
        let slices = slices.ok_or_else(not_ours)?;
        let entries = lists(rows, "entries")?;
        for row in 0..rows.num_rows() {
            if self.slice != Some(slices.value(row)) {
                self.close();
                self.slice = Some(slices.value(row));
            }
            let entries = entries.value(row);
            let entries = entries.as_primitive_opt::<Int32Type>().ok_or_else(not_ours)?;
            self.sum.add(entries.values().iter().map(|&entry| entry as u32));
        }
        self.take()
    }

    /// The last slice.
    fn finish(&mut self) -> PyResult<Table> {
        self.close();
        self.slice = None;
        self.take()
    }
}

/// The keys of documents by their `shingles` and a table of ranks, before the `keys` that they have already;
/// and the `spots` of the first of these. `is_whole` if the table counts all documents.
#[pyfunction]
pub fn rare_keys(
    py: Python<'_>,
    rows: PyRecordBatch,
    threshold: f64,
    recall: f64,
    ranks: PyBackedBytes,
    is_whole: bool,
) -> PyResult<Table> {
    if !ranks.len().is_power_of_two() {
        return Err(PyValueError::new_err(format!("{} ranks are no power of two", ranks.len())));
    }
    let short = short_sets(py, threshold, recall)?;
    let shingles = sets(lists(rows.as_ref(), "shingles")?)?;
    let present = sets(lists(rows.as_ref(), "keys")?)?;
    let (keys, spots) = py.detach(|| {
        let mut rare = RareKeys::new(short, &ranks, is_whole);
        let mut keys = ListBuilder::new(Int64Builder::new());
        let mut spots = ListBuilder::new(Int32Builder::new());
        for (set, present) in shingles.zip(present) {
            rare.keys(&set, |key, spot| {
                keys.values().append_value(key as i64);
                spots.values().append_value(spot.to_number());
            });
            keys.append_value(present.iter().map(|&key| Some(key as i64)));
            spots.append(true);
        }
        (keys.finish(), spots.finish())
    });
    table([("keys", Arc::new(keys) as ArrayRef), ("spots", Arc::new(spots))])
}
