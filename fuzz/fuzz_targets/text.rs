//! Plain text in any encoding, and files of unknown kind.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    dittograph_fuzz::read("a.txt", bytes);
    dittograph_fuzz::read("a", bytes);
});
