//! Tables with commas, and with tabs.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    dittograph_fuzz::read("a.csv", bytes);
    dittograph_fuzz::read("a.tsv", bytes);
});
