//! Hashes that must not change silently.
//!
//! Each was also computed from its definition, in another language. Sketches
//! outlive the program that made them: in shards that are merged later, and in
//! an index. Whoever changes one of these numbers changes what such files mean:
//! the version of every format that holds hashes must go up, old files must be
//! refused or converted, and only then do the numbers here follow. No hash is
//! ever in the output, but other hashes can find a different few of the pairs
//! that the bands may miss.

use dittograph::lsh::{LshParams, band_keys};
use dittograph::passage::Winnower;
use dittograph::sketch::{SketchParams, Sketcher};
use dittograph::text::{Tokenizer, Tokens};

const SENTENCE: &str = "The Straße was closed – “for good”, they said – at 10.30 on 第一 May.";

fn hex<T: std::fmt::LowerHex>(values: &[T]) -> String {
    let width = 2 * size_of::<T>();
    values.iter().map(|value| format!("{value:0width$x}")).collect::<Vec<_>>().join(" ")
}

fn shingles(text: &str) -> Vec<u64> {
    let tokens = Tokens::of(text, &mut Tokenizer::new(0));
    dittograph::shingle::shingles(tokens.hashes(), 5).collect()
}

#[test]
fn word_hashes_are_pinned() {
    let words = Tokens::of("The cat’s Straße 10.50 中", &mut Tokenizer::new(0));
    assert_eq!(
        hex(words.hashes()),
        "07388fcda2604bd9 3d8c72f9b40908cd c0d59ad8242a55cb 52b3ca32606a3e4a 34bb7a8ac3df4f8f"
    );
    let seeded = Tokens::of("The", &mut Tokenizer::new(42));
    assert_eq!(hex(seeded.hashes()), "400516d6c1f54c5c");
}

#[test]
fn shingle_hashes_are_pinned() {
    assert_eq!(
        hex(&shingles(SENTENCE)),
        "1d0552073e476358 038cc55dac032e9a 18694cbd5c73c68d d45fdeca8f31457e f2515ef88666d349 \
         69144962b47d839c 09531433ad53f6bc c3a8fcf724e0020b d5e5e1c233b450d0 71817cd3801cd439"
    );
    assert_eq!(hex(&shingles("Fewer than five")), "ea608d732c331f82");
}

#[test]
fn a_signature_and_its_band_keys_are_pinned() {
    // Eighteen bands of five rows: the default.
    let params = LshParams { bands: 18, rows: 5 };
    let sketcher = Sketcher::new(&SketchParams { shingle_size: 5, num_hashes: 90, seed: 0 });
    let mut signature = vec![0; 90];
    sketcher.sketch(&shingles(SENTENCE), &mut signature);
    assert_eq!(
        hex(&signature),
        "003bf09a 2acd5d92 057f4201 29356fb0 04d6d1a6 55ffb4c2 3c6f3eaf 189f6a27 08549c51 087db0c3 \
         07b0a14c 162e9c36 3e1ef9cc 0ac883f5 0010c4d3 0ea6ef04 0b57b067 0f4f56b4 2a3afc64 094f954b \
         071bb995 059cb8af 14813a9c 008cfb14 36237aa1 3eac7d2d 0b96270d 114bf708 4be4ff06 2ec146b2 \
         1512644b 0c83bef2 0946b93b 4521dd71 1cd8cb0c 04fccafe 3f1a5249 19624aea 23d9cb59 33a70670 \
         1ced5122 01f53713 287b5ea0 1d6dfb32 25052107 0415cc30 0bad7438 0446b670 39970fb0 121b2093 \
         0059f978 1205b1e2 10b12c71 1686c6a2 0fd71142 0d7be170 01b9456d 0ef33e51 17888fe4 03804eec \
         10c64145 036d557b 3a126c6b 0e92b1eb 0d924dc1 0cb5e8b8 2280f81a 06de6c13 0ad3fe33 1f16f978 \
         0c76ab35 084cbdb5 224edf62 02198a45 0de3ac34 1ad64be6 17aada77 3d05f1b1 06f538e0 31e39d08 \
         0050d97c 02d4f790 3828ff55 04a86901 03cd8c89 1654f3d0 0b4b4341 1951800d 04fdd447 636e8b5e"
    );
    let mut keys = Vec::new();
    band_keys(&signature, params, &mut keys);
    assert_eq!(
        hex(&keys),
        "b3f62d3eea3152ef 5d91cc636ed8ee98 a3327c7a365e81fb b963daa961916b00 \
         c9c46df5ecc792ef 65ece3a70572d9a7 73b012de9f6ce668 8a41ac8832ef2d72 \
         7997b86829cd1a39 a092a9afea9a8955 cba472132c9ba51e e9fe14143f2d2767 \
         9ff26dcba3789ff0 82331adc0387824f bf1ce78b04f94d52 01aaa9dacac63475 \
         28b9289066f8276e 6daa67a210ba3447"
    );
}

#[test]
fn fingerprints_are_pinned() {
    let tokens = Tokens::of(SENTENCE, &mut Tokenizer::new(0));
    let mut chosen = Vec::new();
    Winnower::new(12).for_each(&tokens, |hash, position| chosen.push((hex(&[hash]), position)));
    assert_eq!(chosen, [("16fb6333a01ff9f6".to_owned(), 2), ("07c17a68733e750e".to_owned(), 6)]);
}
