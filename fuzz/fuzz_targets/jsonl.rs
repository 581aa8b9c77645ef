//! JSON lines.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    dittograph_fuzz::read("a.jsonl", bytes);
});
