//! `tune`: the numbers against their definitions, the measurement against the oracle.

use std::path::PathBuf;

use dittograph::lsh::LshParams;
use dittograph::pipeline::{Find, Measurement, Method, ScanOptions, Tuning, measure};
use dittograph::progress::Silent;
use rayon::ThreadPoolBuilder;
use tempfile::TempDir;

use crate::naive::{shingles, words};
use crate::support::{Random, jsonl, scan_path, sentence, write_files};

/// Pairs of documents of 160 words, of which the last `apart` differ: many of each
/// similarity. Documents of no two pairs are alike.
fn pairs(each: usize, apart: impl Iterator<Item = usize>) -> Vec<String> {
    let mut random = Random(5);
    let mut texts = Vec::new();
    for apart in apart.flat_map(|apart| std::iter::repeat_n(apart, each)) {
        let common = random.words(160 - apart);
        for _ in 0..2 {
            texts.push(sentence(common.iter().copied().chain(random.words(apart))));
        }
    }
    texts
}

/// The similarities of the pairs, of which the texts are every two.
fn similarities(texts: &[String], shingle_size: usize) -> Vec<f64> {
    let similarity = |pair: &[String]| {
        let [one, other] = [&pair[0], &pair[1]].map(|text| words(text));
        let (one, other) = (shingles(&one, shingle_size), shingles(&other, shingle_size));
        one.intersection(&other).count() as f64 / one.union(&other).count() as f64
    };
    texts.chunks(2).map(similarity).collect()
}

/// A folder with the texts as the records of one file.
fn corpus(texts: &[String]) -> TempDir {
    let folder = TempDir::new().unwrap();
    write_files(folder.path(), [("corpus.jsonl", jsonl(texts))]);
    folder
}

fn measure_in(folder: &TempDir, options: &ScanOptions, sample: usize) -> Measurement {
    measure(&[folder.path().to_owned()], options, sample, &Silent).unwrap()
}

/// Bands that miss many pairs, by the minhash method alone.
fn options() -> ScanOptions {
    ScanOptions {
        method: Method::Minhash,
        find: Find::Documents,
        threshold: 0.6,
        recall: 0.6,
        // What is contained is found in any case; here nothing is.
        containment: 1.0,
        ..ScanOptions::default()
    }
}

#[test]
fn the_curve_is_that_of_the_parameters() {
    for (threshold, recall, points) in [(0.8, 0.999, 20), (0.625, 0.99, 21), (1.0, 0.9, 20)] {
        let tuning = Tuning::choose(threshold, recall).unwrap();
        let params = LshParams::choose(threshold, recall).unwrap();
        assert_eq!((tuning.chosen, tuning.curve.len()), (params, points));
        assert!(tuning.curve.is_sorted_by(|a, b| a.similarity < b.similarity));
        assert!(tuning.curve.iter().any(|point| point.similarity == threshold));
        for point in &tuning.curve {
            assert_eq!(point.chance, params.recall(point.similarity));
        }
    }
}

#[test]
fn the_measured_recall_is_what_the_formula_expects() {
    let texts = pairs(60, 20..42);
    let options = options();
    let params = LshParams::choose(options.threshold, options.recall).unwrap();
    let alike: Vec<f64> = similarities(&texts, options.shingle_size)
        .into_iter()
        .filter(|similarity| *similarity >= options.threshold)
        .collect();
    let expected: f64 = alike.iter().map(|&similarity| params.recall(similarity)).sum();
    let folder = corpus(&texts);
    let measured = measure_in(&folder, &options, 0);
    assert_eq!(measured.sampled as usize, texts.len());
    assert_eq!(measured.pairs as usize, alike.len());
    assert_eq!((measured.banded, measured.banded_pairs), (measured.sampled, measured.pairs));
    assert!((measured.expected - expected).abs() < 1e-6, "{expected} {measured:?}");

    let (low, high) = measured.interval().unwrap();
    let (recall, expected) = (measured.recall().unwrap(), measured.expected_recall().unwrap());
    assert!((0.6..0.95).contains(&recall), "too few misses to tell: {recall}");
    assert!((low..=high).contains(&recall));
    assert!((low..=high).contains(&expected), "{expected} is not in {low} to {high}");
    assert!(high - low < 0.06, "{low} to {high}");

    // And it is what the scan finds, but for what it meets by luck: it looks for contained
    // documents, too, and may come upon a pair there that the bands have missed.
    let scan = scan_path(folder.path(), &options);
    let near = scan.summary.found.near;
    assert!((measured.found..measured.found + 4).contains(&near), "{near} {measured:?}");
    assert!(measured.candidates >= measured.found);
}

#[test]
fn short_documents_and_copies_are_kept_apart() {
    let mut random = Random(3);
    let (long, short) = (sentence(random.words(160)), sentence(random.words(40)));
    let edited = |text: &str| format!("{text} and another word");
    let mut texts = vec![long.clone(), edited(&long), short.clone(), edited(&short), String::new()];
    texts.extend([format!("{long}!"), short.to_uppercase(), "...".to_owned()]);
    let folder = corpus(&texts);
    let options = ScanOptions { threshold: 0.8, recall: 0.999, ..options() };
    let measured = measure_in(&folder, &options, 0);
    assert_eq!((measured.sampled, measured.empty, measured.copies), (8, 2, 2));
    assert_eq!((measured.banded, measured.pairs, measured.banded_pairs), (2, 2, 1));
}

#[test]
fn without_a_pair_there_is_no_recall() {
    let folder = corpus(&pairs(1, [150].into_iter()));
    let measured = measure_in(&folder, &options(), 0);
    assert_eq!((measured.pairs, measured.candidates), (0, 0));
    assert!(measured.recall().is_none() && measured.interval().is_none());
    assert!(measured.expected_recall().is_none());
}

#[test]
fn a_sample_thins_the_pairs_quadratically_and_does_not_depend_on_threads() {
    let texts = pairs(500, [8].into_iter());
    let folder = corpus(&texts);
    let all = measure_in(&folder, &options(), 0);
    assert_eq!(all.pairs, 500);
    let shown = [1, 3].map(|threads| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| format!("{:?}", measure_in(&folder, &options(), 400)))
    });
    assert_eq!(shown[0], shown[1]);
    let sample = measure_in(&folder, &options(), 400);
    assert_eq!((sample.sampled, sample.read.documents), (400, 1000));
    // Of 500 pairs 80 in the mean, by a standard deviation of 7.
    assert!((52..=108).contains(&sample.pairs), "{}", sample.pairs);
    let other = measure_in(&folder, &ScanOptions { seed: 1, ..options() }, 400);
    assert_ne!(format!("{sample:?}"), format!("{other:?}"));
    for enough in [1000, 5000] {
        assert_eq!(measure_in(&folder, &options(), enough).pairs, 500);
    }
}

#[test]
fn options_that_make_no_sense_are_told_before_anything_is_read() {
    let nowhere = [PathBuf::from("nowhere")];
    for options in [
        ScanOptions { threshold: 0.1, ..options() },
        ScanOptions { recall: 1.0, ..options() },
        ScanOptions { shingle_size: 0, ..options() },
    ] {
        assert!(measure(&nowhere, &options, 0, &Silent).is_err());
    }
}

/// As the user meets it. The system's own words are part of some messages.
#[cfg(unix)]
mod printed {
    use std::process::Stdio;

    use dittograph::lsh::LshParams;
    use insta::assert_snapshot;

    use crate::desk::{Desk, Session, feed};
    use crate::support::{Random, jsonl, sentence, word};

    #[test]
    fn help() {
        let desk = Desk::new();
        assert_snapshot!("help_short", desk.run("tune -h"));
        assert_snapshot!("help_long", desk.run("tune --help"));
    }

    #[test]
    fn the_defaults() {
        assert_snapshot!(Desk::new().run("tune"));
    }

    #[test]
    fn another_threshold_and_recall() {
        assert_snapshot!(Desk::new().run("tune --threshold 0.6 --recall 0.99"));
    }

    /// A curve of a single step, and one that has risen at once.
    #[test]
    fn the_ends_of_the_range() {
        assert_snapshot!(
            Desk::new()
                .runs(&["tune --threshold 1", "tune --threshold 0.3 --recall 0.9999999999999999"])
        );
    }

    #[test]
    fn what_cannot_be_is_told() {
        assert_snapshot!(Desk::with_pair().runs(&[
            "tune --threshold 0.1",
            "tune --threshold 80%",
            "tune --recall 1",
            "tune --recall 0.2",
            "tune --sample 10",
            "tune --measure",
            "tune --measure pair --shingle-size 0",
        ]));
    }

    #[test]
    fn the_sample_corpus() {
        let desk = Desk::with_sample();
        let measured = |arguments: &str| {
            let session = desk.run(arguments);
            let page = session.to_string();
            page[page.find("measured").unwrap()..].to_owned()
        };
        assert_snapshot!(desk.run("tune --measure corpus"));
        assert_snapshot!(
            "a_part_of_the_sample_corpus",
            [
                measured("tune --measure corpus --sample 40"),
                measured("tune --measure corpus --threshold 0.3 --recall 0.5"),
                measured("tune --measure corpus --threshold 0.9 --recall 0.9999"),
            ]
            .join("\n")
        );
    }

    #[test]
    fn what_cannot_be_read_is_told_and_the_rest_is_measured() {
        let desk = Desk::with_pair().file("bad.jsonl", "{\"text\": 1}\n");
        let session = desk.run("tune --measure pair bad.jsonl missing.txt --sample 0");
        assert!(session.stdout.contains("sample      2 of 2 documents"), "{session}");
        assert_eq!(session.code, Some(2), "{session}");
        assert_snapshot!(session.stderr);
    }

    /// More documents of one template than are all compared: said, and not quadratic.
    #[test]
    fn a_crowd_is_told() {
        let template = sentence(Random(9).words(160));
        let texts: Vec<String> = (0..1100).map(|one| format!("{template} {}", word(one))).collect();
        let session = Desk::new().file("crowd.jsonl", jsonl(&texts)).run("tune --measure .");
        let said = |line: &str| assert!(session.stdout.contains(line), "{session}");
        said(
            "crowded     1,100 documents that share a band or a rare shingle with more than 1,000",
        );
        said("candidates  0 of 604,450 pairs of documents, crowds aside\n");
        said("left to the bands: 0 missed, 0.00 expected\n");
    }

    #[test]
    fn standard_input_is_measured() {
        let session = Desk::new().feed(feed(), "tune --measure -");
        assert!(session.stdout.contains("sample      2 of 2 documents"), "{session}");
        assert_eq!((session.code, session.stderr.as_str()), (Some(0), ""), "{session}");
    }

    #[test]
    fn the_table_is_that_of_the_formula() {
        let params = LshParams::choose(0.625, 0.99).unwrap();
        let page = Desk::new().run("tune --threshold 0.625 --recall 0.99").stdout;
        let table = page.lines().skip_while(|line| !line.starts_with("similarity")).skip(1);
        let mut rows = 0;
        for line in table.take_while(|line| !line.is_empty()) {
            let (similarity, chance) = line.split_once(' ').unwrap();
            let chance = chance.split_whitespace().next().unwrap();
            let formula = params.recall(similarity.parse().unwrap());
            assert_eq!(chance, format!("{formula:.4}"), "{line}");
            assert_eq!(line.contains("threshold"), similarity == "0.625", "{line}");
            rows += 1;
        }
        assert_eq!(rows, 21);
    }

    #[test]
    fn a_closed_pipe_is_no_error() {
        let desk = Desk::new();
        let mut child =
            desk.command("tune").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let session = Session::new("tune", &child.wait_with_output().unwrap());
        assert_eq!((session.code, session.stderr.as_str()), (Some(0), ""), "{session}");
    }
}
