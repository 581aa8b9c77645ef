//! Documents that share a key to candidates.
//!
//! In: rows of `key` and `number`, sorted by both. Out: `a` and `b`, any two documents of a key; or
//! where a key has too many documents, a crowd, each of them as `a`, with the `key`.

use std::sync::Arc;

use arrow_array::Int64Array;
use pyo3::prelude::*;
use pyo3_arrow::PyRecordBatch;

use super::{int64, numbers, table};
use crate::table::Table;

/// Pairs the documents of each key.
#[pyclass(module = "dittograph._native")]
pub struct Meetings {
    /// How many documents of a key are all paired.
    most: usize,
    key: Option<i64>,
    members: Vec<i64>,
    /// Whether there were so many that `members` were told of as a crowd.
    is_crowd: bool,
    found: Found,
}

/// The rows that are complete.
#[derive(Default)]
struct Found {
    a: Vec<i64>,
    b: Vec<Option<i64>>,
    keys: Vec<Option<i64>>,
}

impl Found {
    fn pair(&mut self, a: i64, b: i64) {
        self.a.push(a);
        self.b.push(Some(b));
        self.keys.push(None);
    }

    fn member(&mut self, key: i64, member: i64) {
        self.a.push(member);
        self.b.push(None);
        self.keys.push(Some(key));
    }
}

impl Meetings {
    fn push_row(&mut self, key: i64, number: i64) {
        if self.key != Some(key) {
            self.key = Some(key);
            self.members.clear();
            self.is_crowd = false;
        }
        if self.is_crowd {
            self.found.member(key, number);
            return;
        }
        self.members.push(number);
        if self.members.len() > self.most {
            self.is_crowd = true;
            for &member in &self.members {
                self.found.member(key, member);
            }
        }
    }

    /// Pairs the members of the present key.
    fn close(&mut self) {
        if !self.is_crowd {
            for (index, &a) in self.members.iter().enumerate() {
                for &b in &self.members[index + 1..] {
                    self.found.pair(a, b);
                }
            }
        }
        self.members.clear();
    }

    fn take(&mut self) -> PyResult<Table> {
        let Found { a, b, keys } = std::mem::take(&mut self.found);
        table([
            ("a", int64(a)),
            ("b", Arc::new(Int64Array::from(b))),
            ("key", Arc::new(Int64Array::from(keys))),
        ])
    }
}

#[pymethods]
impl Meetings {
    #[new]
    fn new(most: usize) -> Self {
        let found = Found::default();
        Meetings { most, key: None, members: Vec::new(), is_crowd: false, found }
    }

    /// The rows that these complete.
    fn push(&mut self, py: Python<'_>, rows: PyRecordBatch) -> PyResult<Table> {
        let rows = rows.into_inner();
        let (keys, documents) = (numbers(&rows, "key")?, numbers(&rows, "number")?);
        py.detach(|| {
            for (&key, &number) in keys.values().iter().zip(documents.values()) {
                if self.key.is_some_and(|present| present != key) {
                    self.close();
                }
                self.push_row(key, number);
            }
        });
        self.take()
    }

    /// The rows of what was last.
    fn finish(&mut self) -> PyResult<Table> {
        self.close();
        self.take()
    }
}
