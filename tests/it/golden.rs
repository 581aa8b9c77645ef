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
    dittograph::shingle::shingles(tokens.hashes(), 5)
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
        "19a9af5e0d0b0205 dd6da1e60070651f 93ba6f4c5176d7bf 270be46aaf70b9eb d0043eaea8855eca \
         d0c7a83f673e3bd5 994870d70143ef5e 945435d4666ea10a 8717374ea7df51cf 15e888897d24e329"
    );
    assert_eq!(hex(&shingles("Fewer than five")), "17b7cc03b66170b4");
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
        "0588fd22 121d06f1 007413c8 743bb413 026d7985 44458196 0ab5aa2a 0055e787 119e8c46 \
         384217cc 3a0254d9 45f82016 25f5374b 93680ead 317cdc8b 0141b519 48b97dcc 07aa6e1b \
         020fd5f5 1d2e17ab 3880cdac 25277c8f 2bdc3889 08db945c 0f23ab0b 0098ce94 02bce553 \
         19412212 121be017 0dd946a6 169798e4 0824278e 0e903bf4 2581a00e 0af268cf 189f7045 \
         1a511ab5 52a3d08b 0134dc3a 0a8e9b25 1bf8566c 127dfd37 195d3df6 05d18ec4 110c5079 \
         1b3b67fb 012aea9c 1107717d 087f3e3f 07f2cea7 34156afd 0fe494a6 1b574051 0d8e9030 \
         1c6566c5 181bf7d2 280c9fea 17c8495f 20a2d240 0c449e0b 17e8a031 20c4f138 00bdf3ac \
         044f4a2a 22314362 434e29fb 022c3afe 05582a1e 29ce6044 1ac04641 03961752 0361dddd \
         3a626117 06848cb5 047fe773 0bf62e93 0d006855 0c22762b 2c82888d 04a94511 0d103f0c \
         144d62db 14a423bf 36dae09c 1186f7a0 0621c1f4 185a5fc0 04f84d8f 1c86ae2a 1212b849"
    );
    let mut keys = Vec::new();
    band_keys(&signature, params, &mut keys);
    assert_eq!(
        hex(&keys),
        "e4d3267ed91d339b dd04a580529c3d8c a557528f156bfe51 2ab254f83aa347a3 f2ae19630c0396cf \
         65ee06f16d8d7071 edb0126804370501 ba623b7a07a04fc2 de212ec07a223642 96cf058042af5711 \
         1aa4e1149acedbb0 6f5bc90562a1d0ea 7aa4af94f19c5196 c5284b01e653afba 761e017859f1c355 \
         139da344f2a7febe c76accb8c9f8fd8b 36c79df9f9be1a89"
    );
}

#[test]
fn fingerprints_are_pinned() {
    let tokens = Tokens::of(SENTENCE, &mut Tokenizer::new(0));
    let mut chosen = Vec::new();
    Winnower::new(12).for_each(&tokens, |hash, position| chosen.push((hex(&[hash]), position)));
    assert_eq!(chosen, [("16fb6333a01ff9f6".to_owned(), 2), ("07c17a68733e750e".to_owned(), 6)]);
}
