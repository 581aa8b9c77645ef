//! dittograph for Python: what `dittograph/*.py` calls.
//!
//! In: paths, tables of Apache Arrow, options by name. Out: tables, and exceptions with
//! their place. Everything that is found is found by the library; here values only change hands. The names that
//! people use, their defaults and what is said of them stand in the Python files.

mod clean;
mod errors;
mod options;
mod pairs;
mod run;
mod scan;
mod source;
mod spark;
mod stream;
mod table;

use pyo3::prelude::*;

/// The functions and types of `dittograph._native`.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::clean::clean;
    #[pymodule_export]
    use super::pairs::{compare, compare_columns, keys, signatures};
    #[pymodule_export]
    use super::scan::scan;
    #[pymodule_export]
    use super::source::MemoryTable;
    #[pymodule_export]
    use super::spark::{
        Comparisons, KeptGroups, Meetings, PassageFinder, ShingleCounter, SliceSums, fingerprints,
        rare_keys,
    };
    #[pymodule_export]
    use super::stream::Deduplicator;
    #[pymodule_export]
    use super::table::Table;
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
