//! How the core tells that it is getting on, without knowing who listens.
//!
//! The command line draws bars from these calls; a library user passes
//! [`Silent`] or an implementation of their own. Whoever listens may also end the run early:
//! it is [asked](Progress::wants_stop) between units of work.

use crate::error::{Error, ErrorKind, Result};

/// Something that wants to know how far a run has come.
pub trait Progress: Sync {
    /// A stage begins that will take `total` steps of `unit`.
    fn begin(&self, stage: &'static str, total: u64, unit: Unit);
    /// `steps` more steps of the present stage are done; called from any thread.
    fn advance(&self, steps: u64);
    /// The present stage is over.
    fn end(&self);
    /// Something the user should know at once, not only when the run is over.
    fn note(&self, _note: &str) {}
    /// Whether the run is to end with [`ErrorKind::Interrupted`]; called from any thread.
    fn wants_stop(&self) -> bool {
        false
    }
}

impl dyn Progress + '_ {
    /// Goes on, unless the run is to end.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`].
    pub fn go_on(&self) -> Result<()> {
        match self.wants_stop() {
            true => Err(Error::new(ErrorKind::Interrupted)),
            false => Ok(()),
        }
    }
}

/// What the steps of a stage are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes of input.
    Bytes,
    /// Things of any other kind.
    Items,
}

/// Nobody listens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &'static str, _: u64, _: Unit) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}
