//! Each stage by itself and the whole, in bytes of text a second.
//!
//! Every bench checks the count it expects first, so that `cargo bench --
//! --test`, which runs each once, is a test; a stage that became fast by doing less fails.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::PathBuf;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use dittograph::document::DocId;
use dittograph::join::{self, Likeness, ListBuilder, Listed, Lists, Role};
use dittograph::lsh::{BandBuilder, Bands, LshParams};
use dittograph::passage::{Aligner, Winnower};
use dittograph::pipeline::{Find, Method, ScanOptions, scan};
use dittograph::progress::Silent;
use dittograph::shingle::SetBuilder;
use dittograph::sketch::{SketchParams, Sketcher};
use dittograph::spill::Workspace;
use dittograph::text::{Tokenizer, Tokens, sentences};
use dittograph::verify::{BitSets, Criteria, Set};

const DOCUMENTS: usize = 1000;
const WORDS: usize = 400;
/// Every tenth document is an edited copy of the one before it.
const COPIES: usize = DOCUMENTS / 10;

/// A small generator (splitmix64): benches need the same text everywhere, not good randomness.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((value ^ (value >> 31)) % limit as u64) as usize
    }

    /// A word number: few words are frequent and many are rare, as in prose.
    fn word(&mut self) -> usize {
        let range = 1 << (4 + self.below(12));
        self.below(range)
    }
}

fn spell(word: usize, out: &mut String) {
    const SYLLABLES: [&str; 16] = [
        "ba", "cor", "de", "fin", "gal", "ho", "in", "ker", "lo", "men", "nor", "pa", "ri", "sten",
        "tu", "ver",
    ];
    let mut rest = word;
    loop {
        out.push_str(SYLLABLES[rest % 16]);
        rest /= 16;
        if rest == 0 {
            break;
        }
    }
}

/// Documents of invented words in sentences; every tenth is the one before it with one word in a hundred changed.
fn texts() -> Vec<String> {
    let mut random = Random(7);
    let mut words: Vec<usize> = Vec::new();
    (0..DOCUMENTS)
        .map(|number| {
            if number % 10 == 9 {
                for _ in 0..WORDS / 100 {
                    let place = random.below(words.len());
                    words[place] = random.word();
                }
            } else {
                words = (0..WORDS).map(|_| random.word()).collect();
            }
            let mut text = String::new();
            for (index, &word) in words.iter().enumerate() {
                spell(word, &mut text);
                text.push_str(if index % 17 == 16 { ". " } else { " " });
            }
            text
        })
        .collect()
}

/// The shingle sets of some documents, and their lists for the join.
struct Sets {
    sets: Vec<Vec<u64>>,
    lists: Lists,
}

impl Sets {
    fn of(tokens: &[Tokens]) -> Self {
        let mut builder = SetBuilder::new(5);
        let mut list_builder = ListBuilder::default();
        let set = |tokens: &Tokens| {
            let mut set = Vec::new();
            builder.build(tokens.hashes(), &mut set);
            list_builder.push(tokens.hashes(), 5);
            set
        };
        let sets = tokens.iter().map(set).collect();
        let spill = Workspace::default().spill();
        let lists = list_builder.store(&spill).expect("nothing is written to a file");
        Sets { sets, lists: Lists::new(spill, vec![lists]) }
    }

    fn get(&self, document: DocId) -> &[u64] {
        &self.sets[document.index()]
    }

    fn set(&self, document: DocId) -> Set<'_> {
        Set { document, shingles: self.get(document), words: 0, may_be_contained: true }
    }
}

fn stages(criterion: &mut Criterion) {
    let texts = texts();
    let bytes: usize = texts.iter().map(String::len).sum();
    let mut tokenizer = Tokenizer::new(0);
    let tokens: Vec<Tokens> = texts.iter().map(|text| Tokens::of(text, &mut tokenizer)).collect();
    let sets = Sets::of(&tokens);
    let documents: Vec<DocId> = (0..DOCUMENTS as u32).map(DocId).collect();
    let params = LshParams::choose(0.8, 0.999).expect("the defaults can be met");
    let sketch = SketchParams { shingle_size: 5, num_hashes: params.num_hashes(), seed: 0 };
    let sketcher = Sketcher::new(&sketch);
    let mut signature = vec![0; params.num_hashes()];
    let mut keys = BandBuilder::new(params);
    for &document in &documents {
        sketcher.sketch(sets.get(document), &mut signature);
        keys.push(document, &signature);
    }
    let workspace = Workspace::default();
    let spill = workspace.spill();
    let keys = keys.store(&spill).expect("nothing is written to a file");
    let bands = Bands::new(params.bands, spill, vec![(DocId(0), keys)]);
    let candidates =
        || bands.candidates(|_| true, &workspace).expect("nothing is read from a file");

    let mut group = criterion.benchmark_group("stages");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("tokenise", |bencher| {
        bencher.iter(|| {
            let mut count = 0;
            texts.iter().for_each(|text| tokenizer.for_each(text, |_, _| count += 1));
            assert_eq!(count, DOCUMENTS * WORDS);
        });
    });
    group.bench_function("hash words", |bencher| {
        let mut hashes = Vec::new();
        bencher.iter(|| {
            let mut half_words = 0;
            for text in &texts {
                hashes.clear();
                half_words += tokenizer.hash_into(text, &mut hashes);
            }
            assert_eq!(half_words as usize, 2 * DOCUMENTS * WORDS);
        });
    });
    group.bench_function("sentences", |bencher| {
        bencher.iter(|| {
            // Words are lower case, so a stop ends no sentence by UAX #29; what is measured is the search.
            let count: usize = texts.iter().map(|text| sentences(text).len()).sum();
            assert_eq!(count, DOCUMENTS);
        });
    });
    group.bench_function("shingle", |bencher| {
        let mut builder = SetBuilder::new(5);
        bencher.iter_batched_ref(
            Vec::new,
            |set| {
                tokens.iter().for_each(|one| builder.build(one.hashes(), set));
                assert!(set.len() > DOCUMENTS * (WORDS - 20));
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("sketch", |bencher| {
        bencher.iter(|| {
            for &document in &documents {
                sketcher.sketch(sets.get(document), black_box(&mut signature));
            }
        });
    });
    group.bench_function("lsh", |bencher| {
        bencher.iter(|| {
            let found = candidates();
            assert!(found.pairs.len() >= COPIES * 9 / 10 && found.crowds.is_empty());
        });
    });
    group.bench_function("verify", |bencher| {
        let criteria = Criteria { threshold: 0.8, containment: 0.9 };
        let found = candidates();
        bencher.iter(|| {
            let pairs =
                found.pairs.iter().filter_map(|&(a, b)| criteria.verify(sets.set(a), sets.set(b)));
            assert!(pairs.count() >= COPIES * 9 / 10);
        });
    });
    group.bench_function("verify by bits", |bencher| {
        let criteria = Criteria { threshold: 0.8, containment: 0.9 };
        // All editions of one story, each beside each.
        let editions: Vec<DocId> = (0..40).map(|_| DocId(8)).collect();
        let slices: Vec<&[u64]> = editions.iter().map(|&edition| sets.get(edition)).collect();
        let mut bits = BitSets::default();
        bencher.iter(|| {
            bits.fill(&slices);
            let mut pairs = 0;
            for one in 0..editions.len() {
                for other in one + 1..editions.len() {
                    let shared = bits.shared(one, other);
                    let (a, b) = (sets.set(DocId(8)), sets.set(DocId(9)));
                    pairs += usize::from(criteria.judge(a, b, |_| Some(shared)).is_some());
                }
            }
            assert_eq!(pairs, 40 * 39 / 2);
        });
    });
    group.bench_function("complete join", |bencher| {
        let role = |_| Role::Either { share: join::share_of_smaller(0.8) };
        let judge = |_: Listed<'_>, _: Listed<'_>| Likeness::Near;
        let workspace = Workspace::default();
        bencher.iter(|| {
            let joined = join::candidates(&sets.lists, role, judge, &workspace, &Silent)
                .expect("nothing is written to a file");
            assert!(joined.pairs.len() >= COPIES * 9 / 10 && joined.crowded.is_empty());
        });
    });
    group.bench_function("winnow", |bencher| {
        let mut winnower = Winnower::new(12);
        bencher.iter(|| {
            let mut count = 0;
            tokens.iter().for_each(|one| winnower.for_each(one, |_, _| count += 1));
            let expected = DOCUMENTS * WORDS * 2 / 7;
            assert!((expected * 9 / 10..expected * 11 / 10).contains(&count), "{count}");
        });
    });
    group.bench_function("align", |bencher| {
        let mut aligner = Aligner::default();
        bencher.iter(|| {
            let aligned: usize = (0..COPIES)
                .map(|copy| {
                    aligner.aligned(tokens[10 * copy + 8].hashes(), tokens[10 * copy + 9].hashes())
                })
                .sum();
            assert!(aligned >= COPIES * (WORDS - 4));
        });
    });
    group.finish();
}

fn whole(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut lines = String::new();
    for (number, text) in texts().iter().enumerate() {
        writeln!(lines, "{{\"id\": {number}, \"text\": \"{text}\"}}")
            .expect("a string can be written to");
    }
    let path: PathBuf = folder.path().join("corpus.jsonl");
    std::fs::write(&path, &lines).expect("a temporary file can be written");
    let mut group = criterion.benchmark_group("scan");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(lines.len() as u64));
    for (name, find, method) in [
        ("documents by minhash", Find::Documents, Method::Minhash),
        ("documents, complete", Find::Documents, Method::Complete),
        ("all", Find::All, Method::Minhash),
    ] {
        let options = ScanOptions { find, method, ..ScanOptions::default() };
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let scan = scan(std::slice::from_ref(&path), &options, &Silent)
                    .expect("the corpus is good");
                let near = scan.summary.found.near as usize;
                assert!(near >= COPIES * 9 / 10, "{near}");
            });
        });
    }
    group.finish();
}

criterion_group!(benches, stages, whole);
criterion_main!(benches);
