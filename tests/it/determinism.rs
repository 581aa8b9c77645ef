//! The same bytes for any number of threads, file order and compression.

use std::io::Write;
use std::path::Path;

use dittograph::pipeline::{Method, ScanOptions};
use dittograph::read::UNIT_SIZE;
use rayon::ThreadPoolBuilder;
use tempfile::TempDir;

use crate::support::{Random, jsonl, scan_path, sentence, write_files};

/// The findings below `path` by either method, as written.
fn findings(path: &Path) -> String {
    let by = |method| scan_path(path, &ScanOptions { method, ..Default::default() }).csv;
    [Method::Complete, Method::Minhash].map(by).concat()
}

/// The findings by each of 1, 2 and 8 threads, which must be the same.
fn findings_by_any_threads(path: &Path) -> String {
    let [one, two, eight] = [1, 2, 8].map(|threads| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| findings(path))
    });
    assert!(one == two && two == eight, "the findings depend on the number of threads");
    one
}

/// Copies, edited copies, parts and shared passages, far apart, among documents of their own.
fn texts(count: usize) -> Vec<String> {
    let mut random = Random(7);
    let furniture = sentence(random.words(15));
    let mut texts: Vec<Vec<usize>> = Vec::new();
    for _ in 0..count {
        let own = random.words(120);
        let earlier = random.below(texts.len().max(1));
        let text = match (random.below(8), texts.get(earlier)) {
            (0, Some(text)) => text.clone(),
            (1, Some(text)) => {
                let mut text = text.clone();
                let at = random.below(text.len());
                text[at] = random.below(10_000);
                text
            }
            (2, Some(text)) => text[..text.len() / 2].to_vec(),
            (3, Some(text)) => [&own[..60], &text[text.len() / 2..], &own[60..]].concat(),
            _ => own,
        };
        texts.push(text);
    }
    let line = |(index, text): (usize, Vec<usize>)| {
        let end = if index % 5 == 0 { furniture.as_str() } else { "" };
        format!("{}.\n{end}\n", sentence(text))
    };
    texts.into_iter().enumerate().map(line).collect()
}

#[test]
fn threads_do_not_matter_for_many_files() {
    let found = findings_by_any_threads(Path::new("corpus"));
    assert!(found.lines().count() > 20, "{found}");
}

#[test]
fn threads_do_not_matter_for_one_large_file() {
    let records = jsonl(&texts(400));
    // A field that no stage reads makes the file so large that it is cut, at little cost in time.
    let padding = format!("{{\"padding\":\"{}\",\"id\"", "x".repeat(12_000));
    let padded = records.replace("{\"id\"", &padding);
    assert!(padded.len() as u64 > 2 * UNIT_SIZE, "{} bytes are one unit", padded.len());
    let [small, large] = [records, padded].map(|records| {
        let folder = TempDir::new().unwrap();
        write_files(folder.path(), [("records.jsonl", records)]);
        findings_by_any_threads(folder.path())
    });
    assert!(small == large, "the findings depend on how the file is cut");
    for kind in ["\nexact,", "\nnear,", "\ncontained,", "\npassage,"] {
        assert!(large.contains(kind), "no row of the kind{kind}");
    }
}

#[test]
fn the_order_in_which_files_were_made_does_not_matter() {
    let files: Vec<(String, String)> = texts(60)
        .into_iter()
        .enumerate()
        .map(|(index, text)| (format!("{}/{index}.txt", index % 3), text))
        .collect();
    let mut shuffled = files.clone();
    let mut random = Random(3);
    for index in (1..shuffled.len()).rev() {
        shuffled.swap(index, random.below(index + 1));
    }
    let [one, other] = [files, shuffled].map(|files| {
        let folder = TempDir::new().unwrap();
        write_files(folder.path(), files);
        findings(folder.path())
    });
    assert!(one.lines().count() > 20);
    assert_eq!(one, other);
}

#[test]
fn compression_does_not_matter() {
    let plain = jsonl(&texts(60));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain.as_bytes()).unwrap();
    let gzip = encoder.finish().unwrap();
    let zstd = zstd::encode_all(plain.as_bytes(), 1).unwrap();
    let found = [("r.jsonl", plain.into_bytes()), ("r.jsonl.gz", gzip), ("r.jsonl.zst", zstd)].map(
        |(name, bytes)| {
            let folder = TempDir::new().unwrap();
            write_files(folder.path(), [(name, bytes)]);
            findings(folder.path()).replace(&format!("{name}#"), "#")
        },
    );
    assert!(found[0].lines().count() > 20);
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0], found[2]);
}

#[test]
fn a_seed_gives_the_same_findings_each_time_and_changes_none() {
    let folder = TempDir::new().unwrap();
    write_files(folder.path(), [("records.jsonl", jsonl(&texts(60)))]);
    let found = [5, 5, 6].map(|seed| {
        let options = ScanOptions { seed, method: Method::Minhash, ..Default::default() };
        scan_path(folder.path(), &options).csv
    });
    assert_eq!(found[0], found[1]);
    // Hashes only say where to look; pairs so alike that no seed would miss them stay the same.
    assert_eq!(found[0], found[2]);
}
