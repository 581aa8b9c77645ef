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
        "cb1283631cf33d7d 7981575585e22bf2 6a5260406c46e30c 57906ac12589d026 0524b6e05bc20c62"
    );
    let seeded = Tokens::of("The", &mut Tokenizer::new(42));
    assert_eq!(hex(seeded.hashes()), "fee50c6a94780e85");
}

#[test]
fn shingle_hashes_are_pinned() {
    assert_eq!(
        hex(&shingles(SENTENCE)),
        "8737874a48b261d7 3cb17457269e7306 e8b262f5fd354a17 e94e64a781c8ed1d bf1161e78a65ccc6 \
         917293daeb3dc2a6 8b637452d94cc1a5 d0897df994105d85 c9484263518d0181 4262fafdabdc996c"
    );
    assert_eq!(hex(&shingles("Fewer than five")), "cab683620e6371b5");
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
        "12c1c80f 0f6fdb2d 1418255c 03bb6d7e 1c506b91 07b15d5a 0a120781 19fcaba2 20b5b0e5 07867bf2 \
         018068ab 00685c38 148fae2a 18231145 0245540c 1057ada2 24e41d97 22fb807a 34ebee34 00b58bfe \
         0930e2f8 317b37b5 02052cc5 04c3837f 0d791b21 2958c76f 05a3508d 2524a89a 01f921cc 124b3249 \
         408d3c39 02d0552b 38bf7e8c 02ec9ade 000bedec 171e7477 172b3af6 0a55f277 26e9d9de 05a1cd05 \
         1350cd62 088ef6b6 13f88f70 04770f13 01280b5f 0147fe9f 11252600 236665bc 188e226f 04174427 \
         1cbe8816 2b379426 39d748a0 1dafd962 0eadc484 2be78dce 0d8f714d 03c604be 170bb9cd 1bbf5f4c \
         2f6a77fc 044c38e9 09212b38 3c5f363b 1b6ff213 373a872f 02639549 011401e1 0a9e6d9e 298effd4 \
         04f40e98 1a9cbb86 09534702 2b232735 25658599 07cf7a63 149d43f7 1acaa9e8 006ae6d0 087e2ca5 \
         1abf95dc 01e4ba57 053294e5 26a7e1a7 11e197d9 0ac00b77 0c0015b1 00c31269 3659ba5a 1ff97545"
    );
    let mut keys = Vec::new();
    band_keys(&signature, params, &mut keys);
    assert_eq!(
        hex(&keys),
        "b21eaef4ec7c890a 3ac3cdd1da9b67f3 8fc6a333125300b1 d6e091380640714a 18be02db153f32e2 \
         02f3cdba2217c0db 2038ee7c9791acad 21ed39dd9d6700d6 9ba89b80a43a5d47 8ce422b31e057c48 \
         3ce8028aafcd9439 bd10ff17b667edb0 b962d3f470d068ae 42367283d53fc593 8d92e70869d4e2c6 \
         80c16702c1f03c2f 48f4f94ef10ebccf 0dbded81a93458fc"
    );
}

#[test]
fn fingerprints_are_pinned() {
    let tokens = Tokens::of(SENTENCE, &mut Tokenizer::new(0));
    let mut chosen = Vec::new();
    Winnower::new(12).for_each(&tokens, |hash, position| chosen.push((hex(&[hash]), position)));
    assert_eq!(chosen, [("4e14612c56000fb2".to_owned(), 2), ("26fafb7772e36d31".to_owned(), 7)]);
}
