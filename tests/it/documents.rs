//! Exact, near and contained rows against the oracle.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};

use dittograph::lsh::LshParams;
use dittograph::pipeline::{Find, LARGEST_COMPONENT, Method, Pairs, ScanOptions};
use dittograph::report::{Finding, Kind};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestCaseError;

use crate::naive::{self, Criteria, DocumentRow};
use crate::support::{Scanned, forall, number, scan_against, scan_texts, sentence};

/// How many rows were seen, and of those that the bands may miss, how many were missed.
#[derive(Debug, Default)]
struct Tally {
    kinds: BTreeMap<Kind, usize>,
    banded: usize,
    missed: usize,
}

/// Scans the corpus and holds all its document rows to the oracle: every row
/// must be one of the oracle's, and every row of the oracle must be there,
/// save near pairs of which MinHash may miss a few.
fn check(corpus: &[String], options: &ScanOptions, tally: &mut Tally) -> Result<(), TestCaseError> {
    check_between(corpus, None, options, tally)
}

/// The same where the documents before `split` are held against those from there on.
fn check_between(
    corpus: &[String],
    split: Option<usize>,
    options: &ScanOptions,
    tally: &mut Tally,
) -> Result<(), TestCaseError> {
    let options = ScanOptions { find: Find::Documents, ..options.clone() };
    let Scanned { findings, clusters: kept, .. } = match split {
        Some(split) => scan_against(corpus, split, &options),
        None => scan_texts(corpus, &options),
    };
    let criteria = Criteria {
        shingle_size: options.shingle_size,
        threshold: options.threshold,
        containment: options.containment,
        min_words: options.passages.min_words_across as usize,
    };
    let mut expected = naive::document_rows(corpus, criteria);
    if let Some(split) = split {
        expected.retain(|row| (row.a < split) != (row.b < split));
        // What is dropped of a cluster matches a reference, and no reference is dropped.
        for row in &kept {
            let (document, kept) = (number(&row.document), number(&row.kept));
            prop_assert!(kept >= split && (document < split || document == kept), "{row:?}");
            let matches = |one: &DocumentRow| (one.a, one.b) == (document, kept);
            prop_assert!(document == kept || expected.iter().any(matches), "{row:?}");
        }
    }
    let clusters = naive::clusters(&expected, corpus.len());
    let mut found: BTreeMap<(usize, usize), &Finding> = findings
        .iter()
        .map(|row| ((number(&row.a.document), number(&row.b.document)), row))
        .collect();
    prop_assert_eq!(found.len(), findings.len(), "two rows for the same documents");
    for row in &expected {
        let banded = may_be_missed(row, corpus, &options);
        tally.banded += usize::from(banded);
        let Some(found) = found.remove(&(row.a, row.b)) else {
            prop_assert!(banded, "missing: {row:?}");
            tally.missed += 1;
            continue;
        };
        *tally.kinds.entry(row.kind).or_default() += 1;
        prop_assert_eq!(found.kind, row.kind, "{:?}", row);
        prop_assert!((found.jaccard - row.jaccard).abs() < 1e-12, "{row:?} {found:?}");
        prop_assert!((found.containment - row.containment).abs() < 1e-12, "{row:?} {found:?}");
        for (side, number) in [(&found.a, row.a), (&found.b, row.b)] {
            prop_assert_eq!(side.words as usize, naive::words(&corpus[number]).len());
            prop_assert_eq!((side.start, side.end as usize), (0, corpus[number].len()));
        }
        if options.method == Method::Complete {
            let cluster = if row.kind == Kind::Contained { None } else { clusters[row.a] };
            prop_assert_eq!(found.cluster, cluster, "{:?}", row);
        }
    }
    prop_assert!(found.is_empty(), "rows that are not the oracle's: {found:?}");
    Ok(())
}

/// Near pairs are left to the bands, under MinHash, where both sets fill a signature.
fn may_be_missed(row: &DocumentRow, corpus: &[String], options: &ScanOptions) -> bool {
    let num_hashes = LshParams::choose(options.threshold, options.recall).unwrap().num_hashes();
    let fills_a_signature = |document: usize| {
        let words = naive::words(&corpus[document]);
        naive::shingles(&words, options.shingle_size).len() >= num_hashes
    };
    options.method == Method::Minhash
        && row.kind == Kind::Near
        && fills_a_signature(row.a)
        && fills_a_signature(row.b)
}

/// How a document comes about; an [`Index`] is an earlier document, or a place in it.
#[derive(Clone, Debug)]
enum Step {
    Write(Vec<usize>),
    Copy(Index),
    /// At each place a word is dropped (0), replaced (1) or put in (2).
    Edit(Index, Vec<(Index, u8, usize)>),
    Cut(Index, Index, Index),
    Frame(Vec<usize>, Index, Vec<usize>),
}

/// So many documents out of a vocabulary of so many words: new ones of such a
/// length, and more that are made from earlier ones.
fn corpora(
    documents: Range<usize>,
    length: RangeInclusive<usize>,
    vocabulary: usize,
) -> impl Strategy<Value = Vec<String>> {
    let words = move |length: RangeInclusive<usize>| vec(0..vocabulary, length);
    let place = any::<Index>;
    let edits = vec((place(), 0u8..3, 0..vocabulary), 1..=1 + length.end() / 20);
    let step = prop_oneof![
        3 => words(length).prop_map(Step::Write),
        1 => place().prop_map(Step::Copy),
        3 => (place(), edits).prop_map(|(from, edits)| Step::Edit(from, edits)),
        1 => (place(), place(), place()).prop_map(|(from, start, end)| Step::Cut(from, start, end)),
        2 => (words(0..=20), place(), words(0..=20))
            .prop_map(|(before, from, after)| Step::Frame(before, from, after)),
    ];
    vec(step, documents).prop_map(|steps| {
        let mut corpus: Vec<Vec<usize>> = Vec::new();
        for step in steps {
            let document = step.take(&corpus);
            corpus.push(document);
        }
        corpus.into_iter().map(sentence).collect()
    })
}

impl Step {
    fn take(self, corpus: &[Vec<usize>]) -> Vec<usize> {
        let earlier = |from: Index| match corpus.len() {
            0 => Vec::new(),
            count => corpus[from.index(count)].clone(),
        };
        match self {
            Step::Write(words) => words,
            Step::Copy(from) => earlier(from),
            Step::Edit(from, edits) => {
                let mut words = earlier(from);
                for (place, edit, word) in edits {
                    let at = place.index(words.len() + 1);
                    let dropped = usize::from(edit < 2 && at < words.len());
                    let put_in = (edit > 0).then_some(word);
                    words.splice(at..at + dropped, put_in);
                }
                words
            }
            Step::Cut(from, start, end) => {
                let words = earlier(from);
                let (start, end) = (start.index(words.len() + 1), end.index(words.len() + 1));
                words[start.min(end)..start.max(end)].to_vec()
            }
            Step::Frame(before, from, after) => [before, earlier(from), after].concat(),
        }
    }
}

/// Round values, which quotients of small numbers hit exactly, and any others.
fn share(least: f64) -> impl Strategy<Value = f64> {
    prop_oneof![select(vec![0.5, 0.6, 0.75, 0.8, 0.9, 1.0]), least..=1.0]
}

#[test]
fn against_references_the_rows_are_the_oracles_between_the_two() {
    let tally = RefCell::new(Tally::default());
    for (cases, corpora) in
        [(1000, corpora(4..16, 5..=40, 30).boxed()), (600, corpora(4..16, 60..=140, 300).boxed())]
    {
        for pairs in [Pairs::All, Pairs::Star] {
            forall(cases / 2, (&corpora, any::<Index>()), |(corpus, split)| {
                let split = 1 + split.index(corpus.len() - 1);
                let options = ScanOptions { pairs, ..ScanOptions::default() };
                match pairs {
                    Pairs::All => {
                        check_between(&corpus, Some(split), &options, &mut tally.borrow_mut())
                    }
                    Pairs::Star => check_star_against(&corpus, split, &options),
                }
            });
        }
    }
    let tally = tally.into_inner();
    assert!(tally.kinds.values().all(|&count| count > 100) && tally.kinds.len() == 3, "{tally:?}");
}

/// In a star each document that is dropped has a row with its reference, and there is no other row.
fn check_star_against(
    corpus: &[String],
    split: usize,
    options: &ScanOptions,
) -> Result<(), TestCaseError> {
    let options = ScanOptions { find: Find::Documents, ..options.clone() };
    let scan = scan_against(corpus, split, &options);
    let rows = scan.findings.iter().filter(|row| row.kind != Kind::Contained);
    let mut rows: Vec<_> =
        rows.map(|row| (row.a.document.clone(), row.b.document.clone())).collect();
    let dropped = scan.clusters.iter().filter(|row| row.document != row.kept);
    let mut expected: Vec<_> =
        dropped.map(|row| (row.document.clone(), row.kept.clone())).collect();
    rows.sort();
    expected.sort();
    prop_assert_eq!(rows, expected);
    for row in &scan.findings {
        let (a, b) = (number(&row.a.document), number(&row.b.document));
        prop_assert!(a < split && split <= b, "{row:?}");
    }
    Ok(())
}

#[test]
fn the_complete_join_gives_the_oracles_rows() {
    let tally = RefCell::default();
    let options = (share(0.3), share(0.5), 1usize..7);
    let corpora = prop_oneof![corpora(0..12, 0..=40, 3), corpora(0..12, 0..=40, 60)];
    forall(2500, (corpora, options), |(corpus, (threshold, containment, shingle_size))| {
        let method = Method::Complete;
        let options =
            ScanOptions { method, threshold, containment, shingle_size, ..Default::default() };
        check(&corpus, &options, &mut tally.borrow_mut())
    });
    // Not a promise, only a sign that the corpora are worth their time.
    let tally: Tally = tally.into_inner();
    for kind in [Kind::Exact, Kind::Near, Kind::Contained] {
        assert!(tally.kinds[&kind] > 1000, "too few rows to mean much: {tally:?}");
    }
}

#[test]
fn minhash_gives_true_rows_and_misses_few() {
    let tally = RefCell::default();
    // Signatures are 90 hashes wide at the default threshold, 20 at 0.3.
    let corpora =
        prop_oneof![1 => corpora(2..12, 0..=40, 30), 2 => corpora(2..10, 100..=200, 3000)];
    let threshold = prop_oneof![Just(0.8), share(0.3)];
    forall(800, (corpora, threshold), |(corpus, threshold)| {
        // At the default containment the join would find most near pairs by the way.
        let options = ScanOptions {
            method: Method::Minhash,
            threshold,
            containment: 1.0,
            ..Default::default()
        };
        check(&corpus, &options, &mut tally.borrow_mut())
    });
    let Tally { banded, missed, .. } = tally.into_inner();
    // 0.999 at the threshold are promised, and most pairs lie above it.
    assert!(banded > 300 && (missed as f64) < 0.01 * banded as f64, "{missed} of {banded} missed");
}

#[test]
fn small_cases_give_the_oracles_rows() {
    let sample = sentence(0..20);
    let superset = format!("{sample} {}", sentence(100..120));
    let shifted = sentence(1..21);
    let cases: [(&str, &[&str], &[Kind]); 14] = [
        ("no documents", &[], &[]),
        ("empty documents are not copies of one another", &["", "", " .\n"], &[]),
        ("one word", &["yes", "yes", "no"], &[Kind::Exact]),
        ("case and punctuation do not count", &["Yes, no!", "yes; NO"], &[Kind::Exact]),
        ("the order of words does", &["yes no", "no yes"], &[]),
        ("one document", &[&sample], &[]),
        ("identical", &[&sample, &sample, &sample], &[Kind::Exact; 3]),
        ("superset", &[&superset, &sample], &[Kind::Contained]),
        ("one word moved on", &[&sample, &shifted], &[Kind::Near]),
        ("shorter than a shingle", &["a b c d", "a b c", "a b c d e"], &[]),
        ("a shingle and its prefix", &["a b c d e", "a b c d", "a b c d"], &[Kind::Exact]),
        // One shingle, however often it stands there; the same set is not the same text.
        ("the same word", &["la la la la la", "la la la la la la", "la"], &[Kind::Near]),
        ("numbers", &["1 2 3 4 5 6 7", "1 2 3 4 5 6 8", "1 2 3 4 5 6 7"], &[Kind::Exact]),
        // Shorter than min_words, so that containment does not count.
        ("a short part", &["a b c d e f g h i j k l m n", "a b c d e f g h i j k"], &[]),
    ];
    for method in [Method::Complete, Method::Minhash] {
        for (name, corpus, kinds) in cases {
            let corpus: Vec<String> = corpus.iter().map(|text| (*text).to_owned()).collect();
            let mut tally = Tally::default();
            check(&corpus, &ScanOptions { method, ..Default::default() }, &mut tally).unwrap();
            let found: Vec<Kind> =
                tally.kinds.iter().flat_map(|(&kind, &count)| vec![kind; count]).collect();
            assert_eq!(found, kinds, "{name}");
        }
    }
}

#[test]
fn a_threshold_is_reached_by_the_very_quotient() {
    // 20 words have 16 shingles. Documents that share their first 12 share 8.
    let texts = [sentence(0..20), sentence((0..12).chain(100..108))];
    for (threshold, rows) in [(8.0 / 24.0, 1), (8.0 / 24.0 + 1e-9, 0)] {
        for method in [Method::Complete, Method::Minhash] {
            let options = ScanOptions { threshold, method, ..Default::default() };
            let mut tally = Tally::default();
            check(&texts, &options, &mut tally).unwrap();
            let found: usize = tally.kinds.values().sum();
            assert_eq!(found, rows, "{threshold} {}", method.name());
        }
    }
}

#[test]
fn what_all_documents_share_hides_no_pair() {
    // Most of a document is a footer; what tells it from others is in few of its shingles.
    for (own, footer, changed) in [(14, 44, 1), (30, 60, 2), (30, 100, 3)] {
        let text = |document: usize, change: Range<usize>| {
            let words = (0..own).map(|place| match change.contains(&place) {
                true => format!("changed{place}of{document}"),
                false => format!("word{place}of{document}"),
            });
            let footer = (0..footer).map(|place| format!("footer{place}"));
            words.chain(footer).collect::<Vec<_>>().join(" ")
        };
        let copies = (0..50).map(|document| text(document, own / 2..own / 2 + changed));
        let corpus: Vec<String> =
            (0..1_500).map(|document| text(document, 0..0)).chain(copies).collect();
        let (find, method) = (Find::Documents, Method::Complete);
        let scan = scan_texts(&corpus, &ScanOptions { find, method, ..Default::default() });
        let rows: Vec<(usize, usize)> = scan
            .findings
            .iter()
            .map(|row| (number(&row.a.document), number(&row.b.document)))
            .collect();
        for document in 0..50 {
            let pair = (document, 1_500 + document);
            assert!(rows.contains(&pair), "{own} {changed} {pair:?}");
        }
        assert_eq!(rows.len(), 50);
    }
}

#[test]
fn what_says_the_same_again_finds_its_pairs() {
    // Far fewer distinct shingles than words: a prefix as long as the words ask for would be all of them.
    let text = |document: usize, times: usize, changed: usize| {
        let start = 150 * document;
        let verses = (0..times).flat_map(|_| start..start + 80);
        sentence(verses.chain(start + 100..start + 120 - changed).chain(9_500..9_500 + changed))
    };
    let corpus: Vec<String> = (0..60)
        .flat_map(|document| {
            [(8, 0), (8, 3), (5, 1)].map(|(times, own)| text(document, times, own))
        })
        .collect();
    for threshold in [0.6, 0.8, 0.9] {
        let mut tally = Tally::default();
        check(&corpus, &ScanOptions { threshold, ..Default::default() }, &mut tally).unwrap();
        assert_eq!(tally.kinds[&Kind::Near], 180, "{threshold}");
    }
}

#[test]
fn a_component_of_more_than_a_thousand_is_a_star() {
    // Each document but the first is the first with another word in the middle.
    let count = LARGEST_COMPONENT + 100;
    let document = |number| sentence((0..20).chain([1000 + number]).chain(20..40));
    let texts: Vec<String> = (0..count).map(document).collect();
    for method in [Method::Complete, Method::Minhash] {
        let (find, threshold) = (Find::Documents, 0.5);
        let options = ScanOptions { find, method, threshold, ..Default::default() };
        let scan = scan_texts(&texts, &options);
        let rows: Vec<(usize, usize)> = scan
            .findings
            .iter()
            .map(|row| (number(&row.a.document), number(&row.b.document)))
            .collect();
        let star: Vec<(usize, usize)> = (1..count).map(|member| (0, member)).collect();
        assert!(rows == star, "{} rows, method {}", rows.len(), method.name());
        assert_eq!(scan.summary.found.stars, 1);
    }
}

#[test]
fn a_passage_between_members_of_a_large_cluster_that_are_no_pair_is_told() {
    // Each document is near to the next only; two far ones share a passage.
    let (step, length) = (4, 60);
    let text = |number: usize| {
        let words = sentence(step * number..step * number + length);
        match number {
            100 | 900 => format!("{words} {}", sentence(9_000..9_016)),
            _ => words,
        }
    };
    for count in [LARGEST_COMPONENT - 10, LARGEST_COMPONENT + 10] {
        let texts: Vec<String> = (0..count).map(text).collect();
        let scan = scan_texts(&texts, &ScanOptions { threshold: 0.7, ..Default::default() });
        assert_eq!(scan.summary.found.clusters, 1, "{count}");
        let of_both = scan.findings.iter().filter(|row| {
            let pair = (number(&row.a.document), number(&row.b.document));
            row.kind == Kind::Passage && (pair == (100, 900) || pair == (900, 100))
        });
        assert_eq!(of_both.count(), 1, "{count}");
    }
}
