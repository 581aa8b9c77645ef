//! Archives.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for name in ["a.zip", "a.tar", "a.tar.gz"] {
        dittograph_fuzz::read(name, bytes);
    }
});
