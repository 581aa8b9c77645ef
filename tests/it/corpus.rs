//! The sample corpus against its manifest, row by row.

use std::fs;
use std::path::Path;

use dittograph::pipeline::ScanOptions;
use dittograph::report::{Finding, Kind, Side};
use dittograph::text::Tokenizer;

use crate::support::{Scanned, scan_path};

/// A row of `tests/data/manifest.csv`: what the corpus was made to hold, or not to hold (`none`).
#[derive(Debug)]
struct Planted {
    kind: String,
    documents: [String; 2],
    /// Why it is there.
    relation: String,
    /// For a passage, words that each side must hold.
    contains: [String; 2],
}

fn manifest() -> Vec<Planted> {
    let mut reader = csv::Reader::from_path("tests/data/manifest.csv").unwrap();
    let row = |record: csv::StringRecord| {
        let [kind, a, b, relation, contains_a, contains_b] =
            std::array::from_fn(|column| record[column].to_owned());
        Planted { kind, documents: [a, b], relation, contains: [contains_a, contains_b] }
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn scan_corpus() -> Scanned {
    scan_path(Path::new("corpus"), &ScanOptions::default())
}

/// The text of a document: all files of the corpus are UTF-8 without a byte order mark.
fn document(side: &Side) -> String {
    fs::read_to_string(Path::new("corpus").join(&*side.document)).unwrap()
}

fn span_text(side: &Side) -> String {
    document(side)[side.start as usize..side.end as usize].to_owned()
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Planted {
    fn is_about(&self, row: &Finding) -> bool {
        self.documents == [&*row.a.document, &*row.b.document]
    }

    fn is(&self, row: &Finding) -> bool {
        let sides = [&row.a, &row.b];
        self.kind == row.kind.name()
            && self.is_about(row)
            && (row.kind != Kind::Passage
                || sides.iter().zip(&self.contains).all(|(side, words)| {
                    !words.is_empty() && on_one_line(&span_text(side)).contains(words)
                }))
    }

    fn show(&self) -> String {
        let Planted { kind, documents: [a, b], relation, contains: [in_a, in_b] } = self;
        format!("{kind} ({relation})  {a} | {b}  {in_a} | {in_b}")
    }
}

fn show(row: &Finding) -> String {
    let (kind, a, b) = (row.kind.name(), &row.a, &row.b);
    format!(
        "{kind} {:.4} {:.4}  {} | {}\n      {}\n      {}",
        row.jaccard, row.containment, a.document, b.document, a.text, b.text
    )
}

#[test]
fn the_findings_are_those_of_the_manifest() {
    let (planted, scan) = (manifest(), scan_corpus());
    let mut wrong = Vec::new();
    for one in &planted {
        if one.kind == "none" {
            let rows = scan.findings.iter().filter(|row| one.is_about(row));
            wrong.extend(
                rows.map(|row| format!("not wanted: {}\n    but found: {}", one.show(), show(row))),
            );
            continue;
        }
        match scan.findings.iter().filter(|row| one.is(row)).count() {
            1 => {}
            count => wrong.push(format!("found {count} times, not once: {}", one.show())),
        }
    }
    for row in &scan.findings {
        match planted.iter().filter(|one| one.is(row)).count() {
            1 => {}
            count => wrong.push(format!("stands {count} times in the manifest: {}", show(row))),
        }
    }
    assert!(wrong.is_empty(), "\n  {}\n", wrong.join("\n  "));
}

#[test]
fn places_and_excerpts_are_those_of_the_files() {
    let mut sides = 0;
    for row in &scan_corpus().findings {
        for side in [&row.a, &row.b] {
            let text = document(side);
            let line_feeds = text[..side.start as usize].matches('\n').count();
            assert_eq!(side.line, 1 + line_feeds as u32, "{}", show(row));
            let excerpt: String = on_one_line(&span_text(side)).chars().take(200).collect();
            assert_eq!(side.text, excerpt.trim_end(), "{}", show(row));
            let whole = (0, text.len()) == (side.start as usize, side.end as usize);
            assert_eq!(whole, row.kind != Kind::Passage, "{}", show(row));
            sides += 1;
        }
    }
    assert!(sides > 100);
}

#[test]
fn exact_copies_have_the_same_words() {
    let words = |side: &Side| {
        let mut words = Vec::new();
        Tokenizer::new(0).for_each(&span_text(side), |_, folded| words.push(folded.to_vec()));
        words
    };
    let scan = scan_corpus();
    let exact: Vec<_> = scan.findings.iter().filter(|row| row.kind == Kind::Exact).collect();
    assert!(!exact.is_empty());
    for row in exact {
        let (a, b) = (words(&row.a), words(&row.b));
        assert!(a == b && a.len() == row.a.words as usize, "{}", show(row));
    }
}
