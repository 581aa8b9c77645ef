//! Helpers: a temporary corpus, a scan of it, properties.

use std::fmt::Debug;
use std::fs;
use std::path::Path;

use dittograph::pipeline::{Scan, ScanOptions, scan};
use dittograph::progress::Silent;
use dittograph::report::{ClusterRow, Finding, OutputFormat, Summary, write_findings};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tempfile::TempDir;

/// Writes files, and the folders they need, below `folder`.
pub fn write_files<N: AsRef<Path>, C: AsRef<[u8]>>(
    folder: &Path,
    files: impl IntoIterator<Item = (N, C)>,
) {
    for (name, content) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// The texts as JSONL records whose ids are their numbers, so wide that they sort as numbers do.
pub fn jsonl<S: AsRef<str>>(texts: &[S]) -> String {
    let record = |(id, text): (usize, &S)| {
        let record = serde_json::json!({"id": format!("{id:04}"), "text": text.as_ref()});
        format!("{record}\n")
    };
    texts.iter().enumerate().map(record).collect()
}

/// Which of the texts of [`jsonl`] a name in the output stands for.
pub fn number(document: &str) -> usize {
    document.rsplit_once('#').unwrap().1.parse().unwrap()
}

/// A scan without a problem, with its findings at hand.
pub struct Scanned {
    pub findings: Vec<Finding>,
    pub clusters: Vec<ClusterRow>,
    pub summary: Summary,
    /// The findings as they are written.
    pub csv: String,
}

impl Scanned {
    fn of(scan: Scan) -> Self {
        assert!(scan.problems.is_empty(), "{:?}", scan.problems);
        let mut out = Vec::new();
        write_findings(&scan.findings, OutputFormat::Csv, &mut out).unwrap();
        Scanned {
            findings: scan.findings.to_vec().unwrap(),
            clusters: scan.clusters.iter().map(Result::unwrap).collect(),
            summary: scan.summary,
            csv: String::from_utf8(out).unwrap(),
        }
    }
}

/// Scans the texts as the records of one file.
pub fn scan_texts<S: AsRef<str>>(texts: &[S], options: &ScanOptions) -> Scanned {
    let folder = TempDir::new().unwrap();
    write_files(folder.path(), [("corpus.jsonl", jsonl(texts))]);
    scan_path(folder.path(), options)
}

/// Scans the texts before `split` against those from there on, in files of their own; they keep
/// their numbers, which sort the same way.
pub fn scan_against<S: AsRef<str>>(texts: &[S], split: usize, options: &ScanOptions) -> Scanned {
    let folder = TempDir::new().unwrap();
    let records = jsonl(texts);
    let lines: Vec<&str> = records.split_inclusive('\n').collect();
    let files = [("a.jsonl", lines[..split].concat()), ("b.jsonl", lines[split..].concat())];
    write_files(folder.path(), files);
    let mut options = options.clone();
    options.read.against = vec![folder.path().join("b.jsonl").into()];
    Scanned::of(scan(&[folder.path().join("a.jsonl")], &options, &Silent).unwrap())
}

/// Scans a file or folder that can be read without a problem.
pub fn scan_path(path: &Path, options: &ScanOptions) -> Scanned {
    Scanned::of(scan(&[path.to_owned()], options, &Silent).unwrap())
}

/// Runs `check` on `cases` values; a failing value is minimised.
/// Unlike `proptest!` it lets `check` keep count of what it has seen.
pub fn forall<S>(cases: u32, strategy: S, check: impl Fn(S::Value) -> Result<(), TestCaseError>)
where
    S: Strategy<Value: Debug>,
{
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    if let Err(error) = TestRunner::new(config).run(&strategy, check) {
        panic!("{error}");
    }
}

/// The `number`th of 10,000 words that look like words.
pub fn word(number: usize) -> String {
    let syllable = |number: usize| {
        let (consonants, vowels) = (b"bcdfghjklmnpqrstvwxz", b"aeiou");
        [consonants[number / 5 % 20] as char, vowels[number % 5] as char]
    };
    [number / 100, number].into_iter().flat_map(syllable).collect()
}

/// The words with these numbers, a space between them.
pub fn sentence(numbers: impl IntoIterator<Item = usize>) -> String {
    numbers.into_iter().map(word).collect::<Vec<_>>().join(" ")
}

/// A small generator of random numbers (SplitMix64), where a property would be too slow.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// The numbers of random words, for [`sentence`].
    pub fn words(&mut self, count: usize) -> Vec<usize> {
        (0..count).map(|_| self.below(10_000)).collect()
    }
}
