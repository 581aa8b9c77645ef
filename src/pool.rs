//! What is worked with goes from thread to thread.
//!
//! In: the tools or buffers of a unit, a block or a piece of rows that is done. Out: the same for the next, so that
//! they are made once a thread and not once a unit.

use std::sync::{Mutex, PoisonError};

/// The things that nobody works with.
pub struct Pool<T>(Mutex<Vec<T>>);

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Pool(Mutex::default())
    }
}

impl<T> Pool<T> {
    /// One of them, or a new one.
    pub fn take(&self, new: impl FnOnce() -> T) -> T {
        let free = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        free.unwrap_or_else(new)
    }

    /// Leaves one to whoever is next.
    pub fn give_back(&self, one: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(one);
    }
}
