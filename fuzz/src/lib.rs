//! What must hold of any bytes, in any format.

use std::fs;
use std::path::Path;

use dittograph::clean::restore;
use dittograph::document::{DocId, Document};
use dittograph::pipeline::{CleanOptions, Destination, clean};
use dittograph::progress::Silent;
use dittograph::read::{Collect, Corpus, ReadOptions};
use tempfile::TempDir;

/// Reads bytes as a file of this name: no panic, and the same documents when they are read again.
pub fn read(name: &str, bytes: &[u8]) {
    let folder = folder(name, bytes);
    let options = ReadOptions { max_document: 1 << 20, ..ReadOptions::default() };
    let mut corpus =
        Corpus::open(&[folder.path().to_owned()], options).expect("the options are right");
    let texts = Collect {
        begin: Vec::new,
        visit: |texts: &mut Vec<String>, _, document: Document<'_>| {
            texts.push(document.text.to_owned());
        },
    };
    let survey = corpus.survey(&Silent, &texts).expect("bad input is no error");
    let all: Vec<DocId> = (0..survey.catalog.len() as u32).map(DocId).collect();
    let again = corpus
        .revisit(&survey.catalog, &all, ("", &Silent), &texts)
        .expect("nothing has changed");
    assert_eq!(survey.units.concat(), again.concat());
}

/// Cleans bytes as a file of this name, and restores it: the same bytes again.
pub fn clean_and_restore(name: &str, bytes: &[u8]) {
    let folder = folder(name, bytes);
    let output = TempDir::new().expect("a temporary folder can be made");
    let (cleaned, back) = (output.path().join("cleaned"), output.path().join("back"));
    let options = CleanOptions { furniture_documents: 2, captions: true, ..CleanOptions::default() };
    clean(
        &[folder.path().to_owned()],
        &options,
        Destination::Folder(cleaned.clone()),
        &Silent,
    )
    .expect("any text can be cleaned");
    restore(&cleaned, &back, false).expect("what was cleaned can be restored");
    let restored = fs::read(back.join(name)).expect("the file is there again");
    assert!(restored == bytes, "other bytes");
}

fn folder(name: &str, bytes: &[u8]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder can be made");
    fs::write(folder.path().join(Path::new(name)), bytes).expect("a file can be written");
    folder
}
