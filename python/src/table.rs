//! Results as tables of Apache Arrow, made piece by piece as they are read.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StructArray};
use arrow_schema::{ArrowError, Field, SchemaRef};
use dittograph::error::Error;
use dittograph::pipeline::Scan;
use dittograph::report::{
    OutputFormat, clusters_batch, findings_batch, write_clusters, write_findings,
    write_findings_in_context,
};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use pyo3_arrow::error::PyArrowResult;
use pyo3_arrow::ffi::{ArrayIterator, to_schema_pycapsule, to_stream_pycapsule};

use super::errors::raised;

/// How many rows a batch has.
const ROWS_A_BATCH: usize = 8192;

/// Where rows come from.
#[derive(Clone)]
enum Rows {
    Findings { scan: Arc<Scan>, context: bool },
    Clusters(Arc<Scan>),
    Columns(RecordBatch),
}

impl Rows {
    fn len(&self) -> usize {
        match self {
            Rows::Findings { scan, .. } => scan.findings.len(),
            Rows::Clusters(scan) => scan.clusters.len(),
            Rows::Columns(batch) => batch.num_rows(),
        }
    }

    fn schema(&self) -> SchemaRef {
        match self {
            Rows::Columns(batch) => batch.schema(),
            rows => rows.batch(0..0).expect("no row is made in memory").schema(),
        }
    }

    /// Some of them.
    fn batch(&self, range: Range<usize>) -> io::Result<RecordBatch> {
        match self {
            Rows::Findings { scan, context } => findings_batch(&scan.findings, range, *context),
            Rows::Clusters(scan) => clusters_batch(&scan.clusters, range),
            Rows::Columns(batch) => Ok(batch.slice(range.start, range.len())),
        }
    }

    /// One batch after the other; at least one.
    fn batches(self) -> impl Iterator<Item = io::Result<RecordBatch>> + Send {
        let length = self.len();
        (0..length.max(1))
            .step_by(ROWS_A_BATCH)
            .map(move |start| self.batch(start..(start + ROWS_A_BATCH).min(length)))
    }
}

/// Rows that can be read as Arrow and, if they are results of a scan, written as the program writes them.
#[pyclass(frozen, module = "dittograph._native")]
pub struct Table(Rows);

impl Table {
    /// The findings of a scan.
    pub fn findings(scan: Arc<Scan>, context: bool) -> Self {
        Table(Rows::Findings { scan, context })
    }

    /// The clusters of a scan.
    pub fn clusters(scan: Arc<Scan>) -> Self {
        Table(Rows::Clusters(scan))
    }

    /// Columns as they are.
    pub fn columns(batch: RecordBatch) -> Self {
        Table(Rows::Columns(batch))
    }

    fn write_to(&self, format: OutputFormat, out: &mut dyn Write) -> io::Result<()> {
        match &self.0 {
            Rows::Findings { scan, context: false } => write_findings(&scan.findings, format, out),
            Rows::Findings { scan, context: true } => {
                write_findings_in_context(&scan.findings, format, out)
            }
            Rows::Clusters(scan) => write_clusters(&scan.clusters, format, out),
            Rows::Columns(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

#[pymethods]
impl Table {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.0.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyArrowResult<Bound<'py, PyCapsule>> {
        to_schema_pycapsule(py, self.0.schema().as_ref())
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyArrowResult<Bound<'py, PyCapsule>> {
        let field = Field::new_struct("", self.0.schema().fields().clone(), false);
        let arrays = self.0.clone().batches().map(|batch| match batch {
            Ok(batch) => Ok(Arc::new(StructArray::from(batch)) as ArrayRef),
            Err(error) => Err(ArrowError::from(error)),
        });
        let reader = ArrayIterator::new(arrays, Arc::new(field));
        to_stream_pycapsule(py, Box::new(reader), requested_schema)
    }

    /// Writes to a file, as `csv`, `jsonl` or `parquet`.
    fn write(&self, py: Python<'_>, path: PathBuf, format: &str) -> PyResult<()> {
        let written = py.detach(|| {
            let format: OutputFormat = format.parse()?;
            let io = |error| Error::io(&path, error);
            let mut out = BufWriter::new(File::create(&path).map_err(io)?);
            self.write_to(format, &mut out).and_then(|()| out.flush()).map_err(io)
        });
        written.map_err(|error| raised(py, &error))
    }

    /// The same as a string.
    fn text(&self, py: Python<'_>, format: &str) -> PyResult<String> {
        let written = py.detach(|| {
            let mut out = Vec::new();
            self.write_to(format.parse()?, &mut out).map_err(|error| Error::io("memory", error))?;
            Ok(out)
        });
        let bytes = written.map_err(|error| raised(py, &error))?;
        String::from_utf8(bytes).map_err(|error| PyTypeError::new_err(error.to_string()))
    }
}
