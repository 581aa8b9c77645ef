//! Places to work at, which go from thread to thread.
//!
//! In: the tools of a unit that is done. Out: the same tools for the next unit, so that their buffers
//! are made once a thread and not once a unit.

use std::sync::{Mutex, PoisonError};

/// The benches that nobody works at.
pub struct Benches<T>(Mutex<Vec<T>>);

impl<T> Default for Benches<T> {
    fn default() -> Self {
        Benches(Mutex::default())
    }
}

impl<T> Benches<T> {
    /// A free bench, or a new one.
    pub fn take(&self, new: impl FnOnce() -> T) -> T {
        let free = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        free.unwrap_or_else(new)
    }

    /// Leaves a bench to the next unit.
    pub fn give_back(&self, bench: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(bench);
    }
}
