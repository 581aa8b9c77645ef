//! Documents that share a key to candidates.
//!
//! In: rows of `key` and `number`, perhaps with the `spot` of what the key stands for, sorted by key, spot
//! and number. Out: `a` and `b`, any two documents of a key but those whose spots tell that they are no pair;
//! or where a key has too many documents, a crowd, each of them as `a`, with the `key`.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, Int64Array};
use dittograph::lsh::{ShortSets, Spot};
use pyo3::prelude::*;
use pyo3_arrow::PyRecordBatch;

use super::rare::short_sets;
use super::{int64, numbers, table};
use crate::table::Table;

/// Pairs the documents of each key.
#[pyclass(module = "dittograph._native")]
pub struct Meetings {
    /// How many documents of a key are all paired.
    most: usize,
    /// Which of those with a spot may be pairs.
    short: Option<ShortSets>,
    key: Option<i64>,
    members: Vec<Member>,
    /// Whether there were so many that `members` were told of as a crowd.
    is_crowd: bool,
    found: Found,
}

#[derive(Clone, Copy)]
struct Member {
    number: i64,
    spot: Option<Spot>,
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
    fn push_row(&mut self, key: i64, member: Member) {
        if self.key != Some(key) {
            self.close();
            self.key = Some(key);
            self.is_crowd = false;
        }
        if self.is_crowd {
            self.found.member(key, member.number);
            return;
        }
        // The smallest come first: where they are too large to need this key, so are all.
        let first = self.members.first().unwrap_or(&member);
        if let (Some(short), Some(spot)) = (self.short, first.spot)
            && !short.is_short(spot.size.into())
        {
            return;
        }
        self.members.push(member);
        if self.members.len() > self.most {
            self.is_crowd = true;
            for member in self.members.drain(..) {
                self.found.member(key, member.number);
            }
        }
    }

    /// Pairs the members of the present key.
    fn close(&mut self) {
        for (index, &one) in self.members.iter().enumerate() {
            for &other in &self.members[index + 1..] {
                if self.may_match(one, other) {
                    self.found.pair(one.number.min(other.number), one.number.max(other.number));
                }
            }
        }
        self.members.clear();
    }

    fn may_match(&self, one: Member, other: Member) -> bool {
        match (self.short, one.spot, other.spot) {
            (Some(short), Some(one), Some(other)) => short.may_match(one, other),
            _ => true,
        }
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
    #[pyo3(signature = (most, short=None))]
    fn new(py: Python<'_>, most: usize, short: Option<(f64, f64)>) -> PyResult<Self> {
        let short =
            short.map(|(threshold, recall)| short_sets(py, threshold, recall)).transpose()?;
        let (members, found) = (Vec::new(), Found::default());
        Ok(Meetings { most, short, key: None, members, is_crowd: false, found })
    }

    /// The rows that these complete.
    fn push(&mut self, py: Python<'_>, rows: PyRecordBatch) -> PyResult<Table> {
        let rows = rows.into_inner();
        let (keys, documents) = (numbers(&rows, "key")?, numbers(&rows, "number")?);
        let spots =
            rows.column_by_name("spot").and_then(|spots| spots.as_primitive_opt::<Int32Type>());
        py.detach(|| {
            for (row, (&key, &number)) in keys.values().iter().zip(documents.values()).enumerate() {
                let spot = spots.filter(|spots| spots.is_valid(row));
                let spot = spot.map(|spots| Spot::from_number(spots.value(row)));
                self.push_row(key, Member { number, spot });
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
