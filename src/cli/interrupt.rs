//! Ctrl-C and its kin: unfinished files go before the process does.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Files that are not finished.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on, an interrupt removes the unfinished files and exits as shells expect.
pub fn watch() {
    // Without a handler an interrupt still ends the process, as it always did.
    let _ = ctrlc::set_handler(|| {
        for path in unfinished().drain(..) {
            let _ = std::fs::remove_file(path);
        }
        std::process::exit(130);
    });
}

/// Notes an unfinished file.
pub fn remember(path: &Path) {
    unfinished().push(path.to_owned());
}

/// Runs what finishes or drops the file, out of an interrupt's reach.
pub fn forget<T>(path: &Path, finish: impl FnOnce() -> T) -> T {
    let mut unfinished = unfinished();
    let result = finish();
    unfinished.retain(|other| other != path);
    result
}
