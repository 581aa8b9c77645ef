//! Bytes that nobody wrote: whatever a file holds, it is read without a panic, and the same again.

use std::fs;

use dittograph::document::{DocId, Document};
use dittograph::progress::Silent;
use dittograph::read::{Collect, Corpus, ReadOptions};
use tempfile::TempDir;

use crate::desk::{STORY, gzip};
use crate::formats::{page, warc_record, zipped};
use crate::support::{Random, jsonl};

/// Reads a file, and all of its documents again.
fn read(name: &str, bytes: &[u8]) -> Vec<String> {
    read_with(name, bytes, ReadOptions::default())
}

fn read_with(name: &str, bytes: &[u8], options: ReadOptions) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    let options = ReadOptions { max_document: 1 << 20, ..options };
    let mut corpus = Corpus::open(&[folder.path().to_owned()], options).unwrap();
    let texts = Collect {
        begin: Vec::new,
        visit: |texts: &mut Vec<String>, _, document: Document<'_>| {
            texts.push(document.text.to_owned());
        },
    };
    let survey = corpus.survey(&Silent, &texts).unwrap();
    let all: Vec<DocId> = (0..survey.catalog.len() as u32).map(DocId).collect();
    let again = corpus.revisit(&survey.catalog, &all, ("", &Silent), &texts).unwrap();
    assert_eq!(survey.units.concat(), again.concat(), "{name}");
    again.concat()
}

#[test]
fn damage_anywhere_is_survived_and_gives_the_same_again() {
    let warc = [STORY, "another\n"]
        .map(|text| warc_record("conversion", "a", "text/plain", text.as_bytes()))
        .concat();
    let seeds = [
        ("a.txt", STORY.as_bytes().to_vec()),
        ("a.jsonl", jsonl(&[STORY, "b", "c"]).into_bytes()),
        ("a.csv", b"id,text\n1,\"a\nb\"\n2,c\n3,\"d\"\"e\"\n".to_vec()),
        ("a.tsv", b"text\tid\nabc\t1\n\"x\ty\"\t2\n".to_vec()),
        ("a.html", page(STORY).into_bytes()),
        ("a.warc.gz", gzip(&warc)),
        ("a.warc", warc),
        ("a.zip", zipped(&[("b.txt".into(), STORY.into())], zip::CompressionMethod::Deflated)),
    ];
    let mut random = Random(11);
    for (name, seed) in seeds {
        assert!(!read(name, &seed).is_empty(), "{name}");
        for _ in 0..150 {
            let mut bytes = seed.clone();
            for _ in 0..=random.below(4) {
                let at = random.below(bytes.len());
                match random.below(4) {
                    0 => bytes[at] = random.next() as u8,
                    1 => bytes[at] ^= 1 << random.below(8),
                    2 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, *b"\0\"\n<\xff\r{,".get(random.below(8)).unwrap()),
                }
                bytes.push(b'\n');
            }
            read(name, &bytes);
        }
    }
}

/// A gigabyte in one line would be: it is passed over in pieces, whatever the format.
#[test]
fn a_first_line_longer_than_what_is_looked_at_is_a_record() {
    let long = "word ".repeat(100_000);
    for end in ["\n", "\r\n"] {
        let table = format!("1,{long}{end}2,another{end}3,one more{end}");
        let options = ReadOptions { text_field: "2".to_owned(), ..ReadOptions::default() };
        let texts = read_with("a.csv", table.as_bytes(), options);
        assert_eq!(texts, [&long, "another", "one more"]);
    }
}

#[test]
fn a_record_without_an_end_is_passed_over() {
    let long = "x".repeat(8 << 20);
    for (name, bytes) in [
        ("a.jsonl", format!("{{\"text\": \"{long}\n{{\"text\": \"after\"}}\n")),
        ("a.csv", format!("text\n{long}\nafter\n")),
        ("a.csv", format!("text\n\"{long}\n\"\nafter\n")),
    ] {
        assert_eq!(read(name, bytes.as_bytes()), ["after"], "{name}");
        assert_eq!(read(&format!("{name}.gz"), &gzip(&bytes)), ["after"], "{name}");
    }
}
