//! Decoders of others, which may panic over what is damaged: caught, and kept quiet.
//!
//! In: a call. Out: what it gave, or nothing if it panicked. What a panic has to say is said by the
//! hook of the process, before it can be caught. So another hook is put before that one, once, which
//! says nothing of a panic within a guarded call of its own thread, and passes on any other.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether this thread is within a guarded call.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// Calls what may panic; `None` if it did. It must stay on its thread.
pub fn guarded<T>(call: impl FnOnce() -> T) -> Option<T> {
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                usual(panic);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let given = catch_unwind(AssertUnwindSafe(call)).ok();
    GUARDED.set(outer);
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_quiet_inside_and_only_there() {
        assert_eq!(guarded(|| GUARDED.get()), Some(true));
        let inner_of_panic = guarded(|| {
            assert_eq!(guarded(|| -> bool { panic!("nobody reads this") }), None);
            GUARDED.get()
        });
        assert_eq!(inner_of_panic, Some(true), "the outer call is still guarded");
        let elsewhere = guarded(|| std::thread::spawn(|| GUARDED.get()).join().unwrap());
        assert_eq!(elsewhere, Some(false), "another thread is not");
        assert_eq!(guarded(|| -> bool { panic!("nor this") }), None);
        assert!(!GUARDED.get(), "it is over with the call");
    }

    /// The test above once more, in a process of its own whose stderr can be seen.
    #[test]
    fn nothing_of_a_guarded_panic_reaches_stderr() {
        let other = "read::guard::tests::a_panic_is_quiet_inside_and_only_there";
        let run = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", other, "--nocapture"])
            .output()
            .unwrap();
        let told = [run.stdout, run.stderr].map(|told| String::from_utf8(told).unwrap()).concat();
        assert!(run.status.success() && told.contains("1 passed"), "{told}");
        assert!(!told.contains("panicked"), "{told}");
    }
}
