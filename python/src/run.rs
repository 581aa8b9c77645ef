//! A run beside the interpreter: on threads of its own, without the GIL.
//!
//! In: work of the library. Out: its result, or the exception that ended it. The calling thread
//! wakes now and then, to take Ctrl-C and to tell how far the work has come: where it is called from a
//! thread that is not the main one, Python itself takes no signals, and neither does a run.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use dittograph::error::{Error, Result};
use dittograph::pipeline::MOST_THREADS;
use dittograph::progress::{Progress, Unit};
use pyo3::prelude::*;

use super::errors::raised;

/// How long the calling thread sleeps at a time: at first, and at the most.
const NAPS: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(50)];

/// Notes how far a run has come, and whether it is to end.
#[derive(Default)]
struct Watch {
    stage: Mutex<Option<(&'static str, u64, Unit)>>,
    done: AtomicU64,
    stopped: AtomicBool,
}

impl Watch {
    fn stage(&self) -> Option<(&'static str, u64, Unit)> {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Watch {
    fn begin(&self, stage: &'static str, total: u64, unit: Unit) {
        self.done.store(0, Ordering::Relaxed);
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = Some((stage, total, unit));
    }

    fn advance(&self, steps: u64) {
        self.done.fetch_add(steps, Ordering::Relaxed);
    }

    fn end(&self) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn wants_stop(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// Does `work` on so many threads, or as many as there are processors. `watcher` is called with the name of the
/// stage, what of it is done, all of it, and whether these are bytes.
///
/// # Errors
/// The exception of what `work` gives; what the watcher raises; `KeyboardInterrupt`.
pub fn run<T: Send>(
    py: Python<'_>,
    threads: Option<usize>,
    watcher: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&dyn Progress) -> Result<T> + Send,
) -> PyResult<T> {
    let watch = Watch::default();
    let (sender, receiver) = channel();
    // Only this thread takes from it, but it is lent out while the interpreter runs on.
    let receiver = Mutex::new(receiver);
    let receive = |wait| receiver.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(wait);
    let result = std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let _ = sender.send(in_pool(threads, || work(&watch)));
            drop(sender);
        });
        let mut nap = NAPS[0];
        loop {
            match py.detach(|| receive(nap)) {
                Ok(result) => return Ok(result),
                Err(RecvTimeoutError::Disconnected) => {
                    // It panicked, and so does whoever waits for it.
                    let panic = worker.join().err();
                    std::panic::resume_unwind(panic.unwrap_or_else(|| Box::new("no result")));
                }
                Err(RecvTimeoutError::Timeout) => nap = NAPS[1].min(2 * nap),
            }
            let told = py.check_signals().and_then(|()| match (watcher, watch.stage()) {
                (Some(watcher), Some((stage, total, unit))) => {
                    let done = watch.done.load(Ordering::Relaxed).min(total);
                    watcher.call1((stage, done, total, unit == Unit::Bytes)).map(drop)
                }
                _ => Ok(()),
            });
            if let Err(exception) = told {
                watch.stopped.store(true, Ordering::Relaxed);
                let _ = py.detach(|| receive(Duration::MAX));
                return Err(exception);
            }
        }
    })?;
    result.map_err(|error| raised(py, &error))
}

/// Threads of a pool do not live on in a forked process, so every run has its own.
fn in_pool<T: Send>(threads: Option<usize>, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    if threads.is_some_and(|threads| !(1..=MOST_THREADS as usize).contains(&threads)) {
        return Err(Error::options(format!(
            "`threads` must be a whole number from 1 to {MOST_THREADS}"
        )));
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0))
        .build()
        .map_err(|error| Error::options(format!("`--threads`: {error}")))?
        .install(work)
}
