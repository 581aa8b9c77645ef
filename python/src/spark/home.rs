//! Texts gathered where they are compared.
//!
//! In: rows of `home`, `number`, `text` and `partners`, sorted by home and number. Out: one [`Home`] after the other:
//! documents, and with which of the others each is to be compared.

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::DataType;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use super::{column, numbers};

/// A document in a home.
pub struct Member {
    pub number: i64,
    pub text: String,
    /// The later documents that it is to be compared with.
    pub partners: Vec<i64>,
}

/// Documents that are compared with one another, ascending.
#[derive(Default)]
pub struct Home {
    id: Option<i64>,
    pub members: Vec<Member>,
}

impl Home {
    /// The place of a document.
    ///
    /// # Errors
    /// It is not here, as it must be unless the texts are no longer those that were sketched.
    fn place(&self, number: i64) -> PyResult<usize> {
        self.members.binary_search_by_key(&number, |member| member.number).map_err(|_| {
            PyValueError::new_err(
                "a document of a pair has no text any more: the table changed while it was read; \
                 write it to a file, or cache it, and read that",
            )
        })
    }

    /// The places of any two that are to be compared.
    pub fn pairs(&self) -> PyResult<Vec<(usize, usize)>> {
        let mut pairs = Vec::new();
        for (place, member) in self.members.iter().enumerate() {
            for &partner in &member.partners {
                pairs.push((place, self.place(partner)?));
            }
        }
        Ok(pairs)
    }

    /// Takes rows, and has `each` home that they complete visited.
    pub fn push(
        &mut self,
        rows: &RecordBatch,
        mut each: impl FnMut(&Home) -> PyResult<()>,
    ) -> PyResult<()> {
        let (homes, documents) = (numbers(rows, "home")?, numbers(rows, "number")?);
        let texts = strings(column(rows, "text")?)?;
        let partners = column(rows, "partners")?;
        let partners = partners.as_list_opt::<i32>().ok_or_else(|| {
            PyTypeError::new_err(format!("column `partners` is of type {}", partners.data_type()))
        })?;
        for row in 0..rows.num_rows() {
            if self.id != Some(homes.value(row)) {
                self.finish(&mut each)?;
                self.id = Some(homes.value(row));
            }
            let partners = partners.value(row);
            let mut partners = partners.as_primitive::<Int64Type>().values().to_vec();
            partners.sort_unstable();
            self.members.push(Member {
                number: documents.value(row),
                text: texts.value(row).to_owned(),
                partners,
            });
        }
        Ok(())
    }

    /// Has `each` visit what was last.
    pub fn finish(&mut self, mut each: impl FnMut(&Home) -> PyResult<()>) -> PyResult<()> {
        if !self.members.is_empty() {
            each(self)?;
            self.members.clear();
        }
        Ok(())
    }
}

/// A column of strings, of whichever type these are.
pub fn strings(column: &ArrayRef) -> PyResult<StringArray> {
    fn of<'a>(values: impl Iterator<Item = Option<&'a str>>) -> StringArray {
        let mut builder = StringBuilder::new();
        values.for_each(|value| builder.append_option(value));
        builder.finish()
    }
    match column.data_type() {
        DataType::Utf8 => Ok(column.as_string::<i32>().clone()),
        DataType::LargeUtf8 => Ok(of(column.as_string::<i64>().iter())),
        DataType::Utf8View => Ok(of(column.as_string_view().iter())),
        other => {
            Err(PyTypeError::new_err(format!("column `text` is of type {other}, not of strings")))
        }
    }
}
