//! Cleaning and restoring, of texts, JSON lines and tables.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for name in ["a.txt", "a.jsonl", "a.csv"] {
        dittograph_fuzz::clean_and_restore(name, bytes);
    }
});
