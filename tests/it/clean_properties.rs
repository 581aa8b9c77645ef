//! What holds of every cleaned corpus: it can be restored, cleaning it again changes nothing, what
//! was cut as a repeat stands in it, and only whole sentences are gone.

use std::collections::BTreeMap;
use std::path::PathBuf;

use dittograph::clean::RemovedRow;
use dittograph::pipeline::CleanOptions;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tempfile::TempDir;

use crate::clean_support::{Cleaning, tree};
use crate::naive::{aligned, words};
use crate::support::{Random, forall, sentence, write_files};

/// A corpus of a few sources in which everything repeats that can: sentences, with edits, as captions,
/// lines of the site, and documents.
struct Corpus {
    random: Random,
    /// Whether some documents stand in a table.
    has_table: bool,
}

impl Corpus {
    fn one_in(&mut self, number: usize) -> bool {
        self.random.below(number) == 0
    }

    /// One of few sentences, edited now and then.
    fn sentence(&mut self) -> String {
        let number = self.random.below(40);
        let mut words: Vec<usize> = (20 * number..20 * number + 6 + number % 9).collect();
        while self.one_in(3) {
            let place = self.random.below(words.len());
            match self.random.below(3) {
                0 => words[place] = self.random.below(10_000),
                1 => words.insert(place, self.random.below(10_000)),
                _ if words.len() > 3 => drop(words.remove(place)),
                _ => {}
            }
        }
        let mut text = sentence(words);
        text[..1].make_ascii_uppercase();
        text
    }

    fn block(&mut self) -> String {
        let mut block = match self.random.below(8) {
            0 | 1 => sentence((0..3).map(|word| 2_000 + 3 * (word % 5))),
            2 => format!("{} news of the day", ["Bold", "Calm", "Dull"][self.random.below(3)]),
            3 => self.sentence(),
            _ => {
                let count = 1 + self.random.below(4);
                let all: Vec<String> = (0..count).map(|_| self.sentence()).collect();
                format!("{}.", all.join(if self.one_in(5) { ".\n" } else { ". " }))
            }
        };
        if self.one_in(20) {
            block = format!("{}。{}。", "漢字仮名交文".repeat(3), "春夏秋冬朝昼夜".repeat(2));
        }
        block
    }

    fn document(&mut self) -> String {
        let end = if self.one_in(6) { "\r\n" } else { "\n" };
        let count = 1 + self.random.below(9);
        let mut text = if self.one_in(9) { end.to_owned() } else { String::new() };
        for _ in 0..count {
            text.push_str(&self.block());
            text.push_str(&end.repeat(1 + self.random.below(3)));
        }
        if self.one_in(3) { text.trim_end().to_owned() } else { text }
    }

    fn files(&mut self) -> BTreeMap<PathBuf, String> {
        let mut documents: Vec<String> = Vec::new();
        for _ in 0..6 + self.random.below(10) {
            let old = match documents.len() {
                0 => 0,
                count => self.random.below(count),
            };
            documents.push(match self.random.below(6) {
                0 if old > 0 => documents[old].clone(),
                1 if old > 0 => documents[old].to_uppercase(),
                2 if old > 0 => format!("{}\n\n{}", documents[old], self.block()),
                _ => self.document(),
            });
        }
        let mut files = BTreeMap::new();
        let mut lines = String::new();
        let quotes = match self.has_table && self.one_in(2) {
            true => csv::QuoteStyle::Always,
            false => csv::QuoteStyle::Necessary,
        };
        let places = if self.has_table { 5 } else { 4 };
        let mut table = csv::WriterBuilder::new().quote_style(quotes).from_writer(Vec::new());
        table.write_record(["id", "text", "x"]).unwrap();
        for (number, text) in documents.iter().enumerate() {
            match number % places {
                0 => lines.push_str(&format!("{}\n", serde_json::json!({"text": text}))),
                1 => lines.push_str(&format!(
                    "{{\"id\": \"r{number}\", \"x\": 1.0, \"text\": {}}}\n",
                    ascii(text)
                )),
                4 => table.write_record([&*format!("r{number}"), text, "a, \"b\""]).unwrap(),
                folder => {
                    files.insert(PathBuf::from(format!("{folder}/{number}.txt")), text.clone());
                }
            }
        }
        files.insert(PathBuf::from("feed.jsonl"), lines);
        let table = String::from_utf8(table.into_inner().unwrap()).unwrap();
        files.insert(PathBuf::from("feed.csv"), table);
        files
    }
}

/// A JSON string as a writer makes it that trusts ASCII alone.
fn ascii(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap().replace('/', "\\/");
    quoted
        .chars()
        .map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", c as u32) })
        .collect()
}

fn seeds(cases: u32, check: impl Fn(&mut Corpus) -> Result<(), TestCaseError>) {
    forall(cases, any::<u64>(), |seed| {
        check(&mut Corpus { random: Random(seed), has_table: seed % 2 == 0 })
    });
}

fn some_options(random: &mut Random) -> CleanOptions {
    CleanOptions {
        furniture_documents: 2 + random.below(3),
        across: random.below(2) == 0,
        captions: random.below(2) == 0,
        ..CleanOptions::default()
    }
}

/// Cleans a corpus, restores it, and cleans what was cleaned.
fn clean_twice(corpus: &mut Corpus) -> Result<(), TestCaseError> {
    let files = corpus.files();
    let options = some_options(&mut corpus.random);
    let folder = TempDir::new().unwrap();
    write_files(folder.path(), &files);
    let cleaning = Cleaning::of(folder.path(), &options);
    prop_assert!(cleaning.summary.rounds < 50);
    prop_assert!(cleaning.restored() == tree(folder.path()));
    let again = Cleaning::of(cleaning.output.path(), &options);
    prop_assert_eq!(again.rows(), "", "{}", cleaning.rows());
    let own = PathBuf::from(".dittograph");
    let corpus_of = |cleaning: &Cleaning| {
        let mut tree = cleaning.tree();
        tree.retain(|name, _| !name.starts_with(&own));
        tree
    };
    prop_assert!(corpus_of(&again) == corpus_of(&cleaning));
    Ok(())
}

#[test]
fn cleaning_can_be_undone_and_done_again_in_vain() {
    seeds(250, clean_twice);
}

/// In this corpus the first line of a document is furniture at first, so that the next is kept as
/// the first of its own; when the other documents with that line are cut, this is no longer so, and
/// the next line turns out to repeat another document.
#[test]
fn what_was_kept_for_furniture_is_judged_again_without_it() {
    let random = Random(5_963_440_310_156_096_628);
    clean_twice(&mut Corpus { random, has_table: false }).unwrap();
}

/// The original texts by the names of the documents.
fn texts(files: &BTreeMap<PathBuf, String>) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for (name, content) in files {
        let name = name.to_str().unwrap();
        if name.ends_with(".txt") {
            texts.insert(name.to_owned(), content.clone());
            continue;
        }
        if name.ends_with(".csv") {
            for record in csv::Reader::from_reader(content.as_bytes()).records() {
                let record = record.unwrap();
                texts.insert(format!("{name}#{}", &record[0]), record[1].to_owned());
            }
            continue;
        }
        for (number, line) in content.lines().enumerate() {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            let id = match record["id"].as_str() {
                Some(id) => id.to_owned(),
                None => (number + 1).to_string(),
            };
            texts.insert(format!("{name}#{id}"), record["text"].as_str().unwrap().to_owned());
        }
    }
    texts
}

#[test]
fn of_everything_cut_as_a_repeat_a_copy_stays() {
    let seen = std::cell::Cell::new((0, 0));
    seeds(250, |corpus| {
        let files = corpus.files();
        let options = some_options(&mut corpus.random);
        let folder = TempDir::new().unwrap();
        write_files(folder.path(), &files);
        let cleaning = Cleaning::of(folder.path(), &options);
        let texts = texts(&files);
        // A cut in pieces is one cut: they have the same copy.
        let cuts = |document: &str| -> Vec<&RemovedRow> {
            cleaning.removed.iter().filter(|row| row.document == document).collect()
        };
        for row in &cleaning.removed {
            let Some(kept) = &row.kept else {
                prop_assert!(matches!(&*row.reason, "furniture" | "caption"));
                continue;
            };
            let is_gone = cuts(kept).iter().any(|cut| cut.reason == "duplicate-document");
            prop_assert!(!is_gone, "{} is kept for {} and gone", kept, row.document);
            if row.reason == "duplicate-document" {
                seen.set((seen.get().0 + 1, seen.get().1));
                continue;
            }
            seen.set((seen.get().0, seen.get().1 + 1));
            let (start, end) = (row.kept_start.unwrap() as usize, row.kept_end.unwrap() as usize);
            let mut copy = String::new();
            let mut at = start;
            for cut in cuts(kept) {
                let (from, to) = (cut.start as usize, cut.end as usize);
                if from < end && start < to {
                    copy.push_str(&texts[kept][at..from.max(at)]);
                    at = at.max(to);
                }
            }
            copy.push_str(&texts[kept][at.min(end)..end]);
            let (gone, copy) = (words(&row.text), words(&copy));
            let share = aligned(&gone, &copy) as f64 / gone.len().max(1) as f64;
            let least = options.scan.passages.min_similarity;
            prop_assert!(gone.is_empty() || share >= least, "{:?} {:?}", gone, copy);
        }
        Ok(())
    });
    let (documents, passages) = seen.get();
    assert!(documents > 100 && passages > 100, "{documents} {passages}");
}

#[test]
fn whole_lines_and_sentences_go_and_the_headline_stays() {
    seeds(250, |corpus| {
        let files = corpus.files();
        let options = some_options(&mut corpus.random);
        let folder = TempDir::new().unwrap();
        write_files(folder.path(), &files);
        let cleaning = Cleaning::of(folder.path(), &options);
        for (name, text) in texts(&files) {
            let rows: Vec<&RemovedRow> =
                cleaning.removed.iter().filter(|row| row.document == name).collect();
            for pair in rows.windows(2) {
                prop_assert!(pair[0].end <= pair[1].start, "{}", name);
            }
            if rows.iter().any(|row| row.reason == "duplicate-document") {
                prop_assert_eq!(&rows[0].text, &text);
                continue;
            }
            for row in rows {
                let (start, end) = (row.start as usize, row.end as usize);
                prop_assert_eq!(&row.text, &text[start..end]);
                if row.text.trim().is_empty() {
                    continue;
                }
                let before = text[..start].trim_end_matches([' ', '\r']);
                let after = text[end..].trim_start_matches([' ', '\r']);
                let starts = before.is_empty()
                    || before.ends_with(['\n', '.', '。'])
                    || row.text.starts_with(['\n', ' ', '\r']);
                let ends = after.is_empty()
                    || after.starts_with('\n')
                    || row.text.trim_end_matches([' ', '\r']).ends_with(['\n', '.', '。']);
                prop_assert!(starts && ends, "{:?} of {:?}", row.text, text);
                let first = text.trim_start().lines().next().unwrap_or_default();
                let is_paragraph = words(first).len() >= 30;
                prop_assert!(
                    is_paragraph || !text[..start].trim().is_empty(),
                    "the headline: {:?}",
                    row.text
                );
            }
        }
        Ok(())
    });
}
