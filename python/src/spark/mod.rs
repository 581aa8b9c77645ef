//! Stages of a job on a cluster, one partition at a time.
//!
//! In: batches of rows, sorted, in which what belongs together stands together, though it may go on from
//! one batch to the next. Out: tables of what is complete. Each stage keeps no more than one group.
//!
//! What is a group, and who sees to the sorting, stands in `dittograph/spark`.

mod comparisons;
mod home;
mod kept;
mod meetings;
mod passages;
mod rare;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

pub use comparisons::Comparisons;
pub use kept::KeptGroups;
pub use meetings::Meetings;
pub use passages::{PassageFinder, fingerprints};
pub use rare::{ShingleCounter, SliceSums, rare_keys};

use super::table::Table;

/// A column by its name.
fn column<'a>(rows: &'a RecordBatch, name: &str) -> PyResult<&'a ArrayRef> {
    rows.column_by_name(name)
        .ok_or_else(|| PyValueError::new_err(format!("there is no column `{name}`")))
}

/// A column of numbers by its name.
fn numbers<'a>(rows: &'a RecordBatch, name: &str) -> PyResult<&'a Int64Array> {
    let column = column(rows, name)?;
    column.as_primitive_opt::<Int64Type>().ok_or_else(|| {
        PyTypeError::new_err(format!("column `{name}` is of type {}", column.data_type()))
    })
}

/// Columns of one length as a table.
fn table<const N: usize>(columns: [(&str, ArrayRef); N]) -> PyResult<Table> {
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
        .map(Table::columns)
        .map_err(|error| PyValueError::new_err(error.to_string()))
}

fn int64(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

fn float64(values: impl IntoIterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values))
}
