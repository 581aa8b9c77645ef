//! What a corpus is kept in makes no difference: the sample corpus gives the same rows from each format.

use std::fs;
use std::path::Path;

use dittograph::pipeline::ScanOptions;
use dittograph::read::ReadOptions;
use tempfile::TempDir;

use crate::desk::{Desk, STORY, gzip, walk, zstd};
use crate::support::{csv, scan_path};

/// The name below the folder, and the text, of each article of the sample corpus.
pub fn articles() -> Vec<(String, String)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut articles: Vec<_> = walk(&corpus)
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&corpus).unwrap().display().to_string();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    articles.sort();
    articles
}

/// The rows that a file gives, with the names of documents as the folder has them.
fn rows(name: &str, bytes: &[u8], read: ReadOptions) -> String {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    let scan = scan_path(folder.path(), &ScanOptions { read, ..ScanOptions::default() });
    csv(&scan).replace(&format!("{name}#"), "").replace(&format!("{name}/"), "")
}

/// The rows of the folder.
fn expected() -> String {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    csv(&scan_path(&corpus, &ScanOptions::default()))
}

fn table(delimiter: u8, header: bool, columns: [&str; 3]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    if header {
        writer.write_record(columns).unwrap();
    }
    for (name, text) in articles() {
        let cell = |column: &str| match column {
            "name" => name.clone(),
            "body" => text.clone(),
            _ => "of no interest, \"really\"".to_owned(),
        };
        writer.write_record(columns.map(cell)).unwrap();
    }
    writer.into_inner().unwrap()
}

fn fields(id: &str, text: &str) -> ReadOptions {
    ReadOptions { id_field: id.into(), text_field: text.into(), ..ReadOptions::default() }
}

#[test]
fn tables_give_the_rows_of_the_folder() {
    let expected = expected();
    for (name, bytes, read) in [
        ("a.csv", table(b',', true, ["name", "x", "body"]), fields("name", "body")),
        ("a.csv", table(b';', true, ["body", "x", "name"]), fields("name", "body")),
        ("a.tsv", table(b'\t', true, ["name", "x", "body"]), fields("name", "body")),
        ("a.csv", table(b',', false, ["name", "x", "body"]), fields("1", "3")),
        ("a.csv.gz", gzip(table(b'|', true, ["x", "name", "body"])), fields("name", "body")),
        ("a.tsv.zst", zstd(table(b'\t', true, ["x", "body", "name"])), fields("name", "body")),
    ] {
        assert_eq!(rows(name, &bytes, read), expected, "{name}");
    }
}

/// Records with line breaks inside, over several blocks; packed and not, it is read by other ways.
#[test]
fn large_tables_are_read_in_blocks_and_again() {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["text", "id"]).unwrap();
    for number in 0..700 {
        let padding = format!("line \"{number}\",\n").repeat(700 + number % 7);
        let text = if number % 100 == 50 { STORY.to_owned() } else { padding };
        writer.write_record([&text, &format!("r{number}")]).unwrap();
    }
    let whole = writer.into_inner().unwrap();
    assert!(whole.len() > 6 << 20);
    let packed = gzip(&whole);
    let session = |name: &str, bytes: &[u8]| {
        let session = Desk::new().file(name, bytes).run("scan . --find documents --pairs star");
        assert_eq!(session.code, Some(0), "{session}");
        session.stdout.replace(name, "table")
    };
    let direct = session("a.csv", &whole);
    assert!(direct.contains(",table#r50,") && direct.contains(",table#r650,"), "{direct}");
    assert_eq!(session("a.csv.gz", &packed), direct);
}

#[test]
fn what_is_wrong_with_a_table_is_told_with_its_line() {
    let desk = Desk::with_pair()
        .file("no-column.csv", "key,body\n1,a\n")
        .file("empty.csv", "")
        .file("short.csv", "id,text\n1,\"two\nlines\"\n2\n\n3,last\n")
        .file("open.csv", format!("id,text\n1,\"never closed\n{}", STORY.repeat(40)))
        .file("latin.csv", b"id;text\n1;Caf\xe9 Schloss M\xfcnster und Gr\xfc\xdfe\n")
        .file("old-mac.csv", "id,text\r1,first\r2,second\r");
    insta::assert_snapshot!(desk.run("scan . --find documents --max-document 1K"));
}
