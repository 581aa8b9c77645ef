//! What Python has in memory to tables of the library, shared where it is Arrow.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::builder::LargeStringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use dittograph::read::{self, Source};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;
use pyo3_arrow::input::AnyArray;

use super::errors::raised;

/// Documents in memory.
#[pyclass(frozen, module = "dittograph._native")]
pub struct MemoryTable(pub read::MemoryTable);

/// A path or documents in memory.
#[derive(FromPyObject)]
pub enum SourceArgument<'py> {
    Table(Bound<'py, MemoryTable>),
    Path(PathBuf),
}

impl From<SourceArgument<'_>> for Source {
    fn from(source: SourceArgument<'_>) -> Self {
        match source {
            SourceArgument::Table(table) => Source::Table(table.get().0.clone()),
            SourceArgument::Path(path) => Source::Path(path),
        }
    }
}

#[pymethods]
impl MemoryTable {
    /// Rows of whatever exports Arrow: a table of columns, or one column of texts.
    #[staticmethod]
    fn of_arrow(
        py: Python<'_>,
        data: AnyArray,
        id_field: Option<&str>,
        text_field: &str,
    ) -> PyResult<Self> {
        let (schema, batches) = batches(data, text_field)?;
        // Where no column is named, one that is called so is taken.
        let usual = schema.column_with_name("id").map(|_| "id").filter(|&name| name != text_field);
        read::MemoryTable::new(&schema, &batches, id_field.or(usual), text_field)
            .map(MemoryTable)
            .map_err(|error| raised(py, &error))
    }

    /// Texts one by one, perhaps with an id for each; `None` is no text.
    #[staticmethod]
    fn of_texts(
        py: Python<'_>,
        texts: &Bound<'_, PyAny>,
        ids: Option<Vec<String>>,
    ) -> PyResult<Self> {
        let mut columns = vec![("text", Arc::new(strings(texts)?) as ArrayRef, true)];
        let id_field = ids.is_some().then_some("id");
        columns.extend(ids.map(|ids| ("id", Arc::new(StringArray::from(ids)) as ArrayRef, true)));
        let batch = RecordBatch::try_from_iter_with_nullable(columns)
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        read::MemoryTable::new(&batch.schema(), &[batch], id_field, "text")
            .map(MemoryTable)
            .map_err(|error| raised(py, &error))
    }

    fn __len__(&self) -> usize {
        self.0.len() as usize
    }
}

/// A column of the strings of an iterable.
pub fn strings(texts: &Bound<'_, PyAny>) -> PyResult<arrow_array::LargeStringArray> {
    let mut builder = LargeStringBuilder::new();
    for (index, text) in texts.try_iter()?.enumerate() {
        let text = text?;
        if text.is_none() {
            builder.append_null();
            continue;
        }
        let text = text.cast::<PyString>().map_err(|_| {
            PyTypeError::new_err(format!(
                "text {index} is of type `{}`, not a string",
                text.get_type()
                    .name()
                    .map_or_else(|_| "unknown".to_owned(), |name| name.to_string())
            ))
        })?;
        builder.append_value(text.to_cow()?);
    }
    Ok(builder.finish())
}

/// The batches of what exports Arrow; a single column gets the name `text`.
pub fn batches(data: AnyArray, text: &str) -> PyResult<(SchemaRef, Vec<RecordBatch>)> {
    let reader = data.into_reader()?;
    let field = reader.field();
    let arrays: Vec<ArrayRef> = reader
        .collect::<Result<_, _>>()
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
    let DataType::Struct(fields) = field.data_type() else {
        let column = Field::new(text, field.data_type().clone(), true);
        let schema = Arc::new(Schema::new(vec![column]));
        let batch = |array| RecordBatch::try_new(Arc::clone(&schema), vec![array]);
        let batches = arrays.into_iter().map(batch).collect::<Result<_, _>>();
        let batches = batches.map_err(|error| PyValueError::new_err(error.to_string()))?;
        return Ok((schema, batches));
    };
    let schema = Arc::new(Schema::new(fields.clone()));
    let batch = |array: ArrayRef| match array.as_struct_opt() {
        Some(rows) if rows.null_count() == 0 => Ok(RecordBatch::from(rows)),
        _ => Err(PyValueError::new_err("a table has rows that are null as a whole")),
    };
    let batches = arrays.into_iter().map(batch).collect::<PyResult<_>>()?;
    Ok((schema, batches))
}
