//! Any bytes under any name are read without a panic, the same when they are read again.
//!
//! The first byte chooses the format; the rest is the file. `cargo +nightly fuzz run read`.

#![no_main]

use std::fs;

use dittograph::document::DocId;
use dittograph::progress::Silent;
use dittograph::read::{Collect, Corpus, ReadOptions};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 12] = [
    "a.txt", "a.jsonl", "a.csv", "a.tsv", "a.html", "a.warc", "a.warc.gz", "a.zip", "a.tar",
    "a.tar.gz", "a.parquet", "a",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((&first, content)) = bytes.split_first() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let name = NAMES[usize::from(first) % NAMES.len()];
    fs::write(folder.path().join(name), content).expect("a file can be written");
    let options = ReadOptions { max_document: 1 << 20, ..ReadOptions::default() };
    let mut corpus = Corpus::open(&[folder.path().to_owned()], options).expect("the options are right");
    let texts = Collect {
        begin: Vec::new,
        visit: |texts: &mut Vec<String>, _, document: dittograph::document::Document<'_>| {
            texts.push(document.text.to_owned());
        },
    };
    let survey = corpus.survey(&Silent, &texts).expect("bad input is no error");
    let all: Vec<DocId> = (0..survey.catalog.len() as u32).map(DocId).collect();
    let again = corpus.revisit(&survey.catalog, &all, ("", &Silent), &texts).expect("nothing has changed");
    assert_eq!(survey.units.concat(), again.concat());
});
