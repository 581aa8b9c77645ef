//! Errors of the library to exceptions of `dittograph._errors`.

use dittograph::error::{Error, ErrorKind};
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::IntoPyDict;

/// The exception of an error, not raised.
pub fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let class = match error.kind() {
        ErrorKind::Options(_) => "OptionsError",
        _ => "Error",
    };
    let place = [("record", error.line()), ("offset", error.offset())].into_py_dict(py)?;
    place.set_item("path", error.path())?;
    place.set_item("hint", error.hint())?;
    py.import("dittograph._errors")?.getattr(class)?.call((error.to_string(),), Some(&place))
}

/// The exception of an error, to be raised.
pub fn raised(py: Python<'_>, error: &Error) -> PyErr {
    match error.kind() {
        ErrorKind::Interrupted => PyKeyboardInterrupt::new_err(()),
        _ => exception(py, error).map_or_else(|failure| failure, PyErr::from_value),
    }
}
