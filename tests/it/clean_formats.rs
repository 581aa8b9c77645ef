//! What a corpus is kept in makes no difference to cleaning: tables, rows of Parquet, pages and crawls.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Int64Array, LargeStringArray, RecordBatch, StringArray,
    StringViewArray, StructArray, TimestampMillisecondArray,
};
use arrow_schema::Field;
use bytes::Bytes;
use dittograph::clean::{RemovedRow, restore};
use dittograph::pipeline::{CleanOptions, Keep, PageFormat, ScanOptions, SourceRule};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::json;
use tempfile::TempDir;

use crate::clean_support::{Cleaning, clean_files, tree};
use crate::desk::{Desk, gzip, line, zstd};
use crate::formats::{articles, page, warc_record};
use crate::support::{sentence, write_files};

/// The sample corpus's folders are its sources, which stand in the names of records.
fn options(name: &str, id: &str, text: &str) -> CleanOptions {
    let mut options = CleanOptions::default();
    (options.scan.read.id_field, options.scan.read.text_field) = (id.to_owned(), text.to_owned());
    options.source = format!("^{}#([^/]*)/", name.replace('.', "\\.")).parse().unwrap();
    options
}

/// What is cut of the sample corpus, with the names its documents have in the folder.
fn expected() -> Vec<RemovedRow> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    Cleaning::of(&corpus, &CleanOptions::default()).removed
}

/// The same rows of a file of records: what stood in the file is its own affair.
fn removed(cleaning: &Cleaning, name: &str) -> Vec<RemovedRow> {
    let plain = |name_of: &str| name_of.replace(&format!("{name}#"), "");
    let mut removed = cleaning.removed.clone();
    for row in &mut removed {
        row.document = plain(&row.document);
        row.kept = row.kept.as_deref().map(plain);
        row.source.clear();
    }
    removed
}

fn table(delimiter: u8, quotes: csv::QuoteStyle) -> Vec<u8> {
    let mut writer =
        csv::WriterBuilder::new().delimiter(delimiter).quote_style(quotes).from_writer(Vec::new());
    writer.write_record(["id", "of no, \"interest\"", "body"]).unwrap();
    for (number, (name, text)) in articles().into_iter().enumerate() {
        writer.write_record([&name, &format!("{number}"), &text]).unwrap();
    }
    writer.into_inner().unwrap()
}

#[test]
fn the_same_is_cut_from_a_table_and_all_else_stays() {
    let expected = expected();
    assert!(expected.len() > 50);
    for (name, bytes) in [
        ("a.csv", table(b',', csv::QuoteStyle::Necessary)),
        ("a.tsv", table(b'\t', csv::QuoteStyle::Always)),
        ("a.csv.gz", gzip(table(b';', csv::QuoteStyle::NonNumeric))),
    ] {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join(name), &bytes).unwrap();
        let cleaning = Cleaning::of(folder.path(), &options(name, "id", "body"));
        assert_eq!(removed(&cleaning, name), expected, "{name}");
        let back = cleaning.restored();
        let back = back.values().next().unwrap();
        assert!(unpacked(back) == unpacked(&bytes), "{name}");
        let left = unpacked(&fs::read(cleaning.output.path().join(name)).unwrap());
        let head = unpacked(&bytes).iter().position(|&byte| byte == b'\n').unwrap();
        assert_eq!(left[..head], unpacked(&bytes)[..head], "{name}");
    }
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut all = Vec::new();
    if bytes.starts_with(b"\x1f\x8b") {
        flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut all).unwrap();
    } else {
        all = bytes.to_vec();
    }
    all
}

/// A headline, a paragraph, and its first sentence once more.
fn repeating(number: usize) -> String {
    let first = sentence(100 * number..100 * number + 12);
    let rest = sentence(100 * number + 20..100 * number + 50);
    format!("Headline {number}\n\nThen {first}. And {rest}.\n\nThen {first}\n")
}

#[test]
fn what_of_a_table_cannot_be_written_again_is_left_as_it_is() {
    let text = repeating(1).replace('\n', " / ").replace(". And", ".\" And");
    let latin: Vec<u8> =
        format!("id;text\n1;\"Caf\u{e9} {}\"\n", repeating(2)).chars().map(|c| c as u8).collect();
    let twice = repeating(5).replace('\n', "\r");
    let twice = format!("id,text\r1,\"{twice}\"\r2,a\r3,\"{twice}\"\r4,y");
    let marked = format!("\u{feff}id,text\r\n1,\"{}\"\r\n2,\"x\"\r\n", repeating(3));
    let files = [
        ("bare.csv", format!("id,text\n1,{text}\n").into_bytes()),
        ("half.csv", format!("id,text\n1,\"{}\" and so on\n", repeating(4)).into_bytes()),
        ("latin.csv", latin),
        ("marked.csv", marked.into_bytes()),
        ("old-mac.csv", twice.into_bytes()),
    ];
    let cleaned = clean_files(&files, &CleanOptions::default());
    assert_eq!(cleaned.kept("copied"), ["bare.csv#1", "half.csv#1", "latin.csv#1"]);
    assert_eq!(cleaned.kept("cut"), ["marked.csv#1"]);
    assert_eq!(cleaned.kept("dropped"), ["old-mac.csv#3"]);
    assert!(cleaned.text("marked.csv").ends_with(".\n\"\r\n2,\"x\"\r\n"));
}

/// Rows in groups of 20, with what a schema may have.
fn rows(text: ArrayRef, nested: bool) -> Vec<u8> {
    let count = text.len();
    let names: Vec<String> = articles().into_iter().map(|(name, _)| name).collect();
    let sources: DictionaryArray<Int32Type> = names.iter().map(|name| &name[..3]).collect();
    let numbers = (0..count as i64).map(|row| (row % 7 > 0).then_some(row));
    let text = match nested {
        false => ("text", text),
        true => {
            let inner = Arc::new(Field::new("text", text.data_type().clone(), true));
            ("body", Arc::new(StructArray::from(vec![(inner, text)])) as ArrayRef)
        }
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("number", Arc::new(Int64Array::from_iter(numbers))),
        ("source", Arc::new(sources)),
        text,
        ("time", Arc::new(TimestampMillisecondArray::from_iter_values(0..count as i64))),
        ("id", Arc::new(StringArray::from(names))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_column_compression("id".into(), Compression::SNAPPY)
        .set_column_dictionary_enabled("id".into(), false)
        .set_max_row_group_row_count(Some(20))
        .set_key_value_metadata(Some(vec![KeyValue::new("licence".to_owned(), "ours".to_owned())]))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// All rows of a file, but for the columns of these numbers.
fn read_rows(bytes: &[u8], without: &[usize]) -> Vec<RecordBatch> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes.to_vec())).unwrap();
    let schema = builder.parquet_schema();
    let columns = (0..schema.root_schema().get_fields().len()).filter(|it| !without.contains(it));
    let mask = ProjectionMask::roots(schema, columns);
    let batches = builder.with_projection(mask).with_batch_size(10_000).build().unwrap();
    batches.map(Result::unwrap).collect()
}

/// The schema, and what is said of the first row group's columns and of the file.
fn form(bytes: &[u8]) -> String {
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes.to_vec())).unwrap();
    let file = builder.metadata().file_metadata();
    let columns = builder.metadata().row_group(0).columns().iter();
    let columns: Vec<_> =
        columns.map(|it| (it.compression(), it.dictionary_page_offset().is_some())).collect();
    // Arrow's own entry repeats the others.
    let said = file.key_value_metadata().into_iter().flatten();
    let said: Vec<_> =
        said.map(|it| (&it.key, it.value.as_ref().filter(|_| it.key != "ARROW:schema"))).collect();
    format!("{:?}\n{:?}\n{columns:?}\n{said:?}", file.schema(), builder.schema())
}

#[test]
fn the_same_is_cut_from_rows_of_parquet_and_all_else_stays() {
    let texts: Vec<String> = articles().into_iter().map(|(_, text)| text).collect();
    let expected = expected();
    let dictionary: DictionaryArray<Int32Type> = texts.iter().map(|text| &**text).collect();
    for (kind, array, nested) in [
        ("string", Arc::new(StringArray::from(texts.clone())) as ArrayRef, false),
        ("large", Arc::new(LargeStringArray::from(texts.clone())), true),
        ("view", Arc::new(StringViewArray::from_iter_values(&texts)), false),
        ("dictionary", Arc::new(dictionary), true),
    ] {
        let field = if nested { "body.text" } else { "text" };
        let bytes = rows(array, nested);
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("a.parquet"), &bytes).unwrap();
        let cleaning = Cleaning::of(folder.path(), &options("a.parquet", "id", field));
        assert_eq!(removed(&cleaning, "a.parquet"), expected, "{kind}");
        let left = fs::read(cleaning.output.path().join("a.parquet")).unwrap();
        assert_eq!(form(&left), form(&bytes), "{kind}");
        let gone: Vec<&str> = expected
            .iter()
            .filter(|row| row.reason == "duplicate-document")
            .map(|row| &*row.document)
            .collect();
        let ids = read_rows(&left, &[0, 1, 2, 3]);
        let ids: Vec<&str> = ids
            .iter()
            .flat_map(|batch| batch.column(0).as_string::<i32>().iter().flatten())
            .collect();
        let all = articles();
        let stay: Vec<&str> =
            all.iter().map(|(name, _)| &**name).filter(|name| !gone.contains(name)).collect();
        assert_eq!(ids, stay, "{kind}");
        let back = cleaning.restored();
        let back = &back[Path::new("a.parquet")];
        assert_eq!(form(back), form(&bytes), "{kind}");
        assert_eq!(read_rows(back, &[]), read_rows(&bytes, &[]), "{kind}");
    }
}

#[test]
fn rows_that_cannot_be_written_again_are_left_as_they_are() {
    let texts: Vec<String> = (0..3).map(|number| repeating(number % 2)).collect();
    let bytes: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
    let column: ArrayRef = Arc::new(arrow_array::BinaryArray::from(bytes));
    let batch = RecordBatch::try_from_iter([("text", column)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    let cleaned =
        clean_files(&[("a.parquet", writer.into_inner().unwrap())], &CleanOptions::default());
    assert_eq!(cleaned.kept("copied").len(), 3);
}

/// Pages of one site, of which the first and the third are alike.
fn pages() -> Vec<(String, String)> {
    (0..6)
        .map(|number| {
            let text = repeating(if number == 3 { 1 } else { number });
            (
                format!("site/{number}.html"),
                page(&format!("{text}\n\nFollow us on the harbour wall\n")),
            )
        })
        .collect()
}

/// What was read of them.
fn texts(pages: &[(String, String)]) -> BTreeMap<String, String> {
    let folder = TempDir::new().unwrap();
    write_files(folder.path(), pages.iter().map(|(name, page)| (name, page)));
    let saved = TempDir::new().unwrap();
    let write_text = Some(saved.path().to_owned());
    let options = ScanOptions { write_text, ..ScanOptions::default() };
    crate::support::scan_path(folder.path(), &options);
    let read = |(name, text): (std::path::PathBuf, Vec<u8>)| {
        (name.display().to_string(), String::from_utf8(text).unwrap())
    };
    tree(saved.path()).into_iter().map(read).collect()
}

fn site_options() -> CleanOptions {
    CleanOptions { furniture_documents: 4, ..CleanOptions::default() }
}

#[test]
fn pages_become_text() {
    let pages = pages();
    let folder = TempDir::new().unwrap();
    write_files(folder.path(), pages.iter().map(|(name, page)| (name, page)));
    let cleaning = Cleaning::of(folder.path(), &site_options());
    assert_eq!(cleaning.kept("dropped"), ["site/3.html"]);
    assert_eq!(cleaning.kept("cut").len(), 5);
    let left = cleaning.text("site/1.html.txt");
    let kept = repeating(1).rsplit_once("\n\n").unwrap().0.replace("\n\n", "\n");
    assert_eq!(left, kept + "\n");
    assert!(!cleaning.output.path().join("site/3.html.txt").exists());
    let back: BTreeMap<String, String> = cleaning
        .restored()
        .into_iter()
        .map(|(name, text)| (name.display().to_string(), String::from_utf8(text).unwrap()))
        .collect();
    assert_eq!(back, texts(&pages));
    // What was cleaned is text, and clean.
    let again = Cleaning::of(cleaning.output.path(), &site_options());
    assert_eq!(again.rows(), "");
}

#[test]
fn pages_and_crawls_become_records() {
    let pages = pages();
    let expected = texts(&pages);
    let mut options = site_options();
    options.page_format = PageFormat::Jsonl;
    let crawl: Vec<u8> = pages
        .iter()
        .map(|(name, page)| {
            let http = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{page}");
            warc_record("response", name, "application/http", http.as_bytes())
        })
        .flat_map(gzip)
        .collect();
    let folder = TempDir::new().unwrap();
    write_files(
        folder.path(),
        pages.iter().take(1).map(|(name, page)| (name.clone(), page.clone().into_bytes())),
    );
    write_files(folder.path(), [("crawl.warc.gz", &crawl)]);
    let cleaning = Cleaning::of(folder.path(), &options);
    assert_eq!(cleaning.kept("dropped"), ["crawl.warc.gz#site/3.html", "site/0.html"]);
    assert_eq!(cleaning.text("site/0.html.jsonl"), "");
    let restored = cleaning.restored();
    let records = |name: &str| -> Vec<(String, String)> {
        let lines = String::from_utf8(unpacked(&restored[Path::new(name)])).unwrap();
        let record = |line: &str| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            let field = |name: &str| record[name].as_str().unwrap().to_owned();
            (field("id") + ".txt", field("text"))
        };
        lines.lines().map(record).collect()
    };
    assert_eq!(
        records("site/0.html.jsonl"),
        [("site/0.html.txt".to_owned(), expected["site/0.html.txt"].clone())]
    );
    assert_eq!(records("crawl.warc.jsonl.gz"), expected.into_iter().collect::<Vec<_>>());
    let again = Cleaning::of(cleaning.output.path(), &options);
    assert_eq!(again.rows(), "");
}

#[test]
fn a_crawl_that_breaks_off_is_copied() {
    let all: Vec<u8> = pages()
        .iter()
        .flat_map(|(name, page)| warc_record("resource", name, "text/html", page.as_bytes()))
        .collect();
    let broken = zstd(&all);
    let broken = &broken[..broken.len() - 20];
    let desk = Desk::new().file("in/crawl.warc.zst", broken).file("in/a.txt", repeating(9));
    let session = desk.run("clean in -o out");
    assert_eq!(session.code, Some(2), "{session}");
    assert!(fs::read(desk.path("out/crawl.warc.zst")).unwrap() == broken);
    assert!(!desk.path("out/crawl.warc.jsonl.zst").exists());
}

#[test]
fn two_files_that_would_become_one_are_refused() {
    let desk =
        Desk::new().file("in/a.html", page(&repeating(1))).file("in/a.html.txt", repeating(2));
    let session = desk.run("clean in -o out");
    assert_eq!(session.code, Some(2), "{session}");
    assert!(
        session.stderr.contains("a.html.txt: two inputs would be written to this name"),
        "{session}"
    );
    assert!(!desk.path("out").exists());
}

/// The date that a page tells is as good as that of a field.
#[test]
fn the_newest_page_stays() {
    let dated = |day: &str| {
        let date =
            format!("<meta property=\"article:published_time\" content=\"2025-06-{day}\"></head>");
        page(&repeating(1)).replace("</head>", &date)
    };
    let record = line(&json!({"text": repeating(1), "when": "2025-06-02"}));
    for (newest, dropped) in [("01", ["a.html", "c.html"]), ("09", ["b.jsonl#1", "c.html"])] {
        let folder = TempDir::new().unwrap();
        write_files(
            folder.path(),
            [
                ("a.html", dated(newest)),
                ("b.jsonl", record.clone()),
                ("c.html", page(&repeating(1))),
            ],
        );
        let options = CleanOptions {
            keep: Keep::Newest,
            date_field: Some("when".to_owned()),
            ..CleanOptions::default()
        };
        let cleaning = Cleaning::of(folder.path(), &options);
        assert_eq!(cleaning.kept("dropped"), dropped, "{newest}");
    }
}

/// The rows that are gone are asked for when a file is restored; without them nothing is made up.
#[test]
fn rows_that_were_kept_aside_are_not_done_without() {
    let texts: Vec<String> = (0..4).map(|number| repeating(number % 2)).collect();
    let column: ArrayRef = Arc::new(StringArray::from(texts));
    let batch = RecordBatch::try_from_iter([("text", column)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.parquet"), writer.into_inner().unwrap()).unwrap();
    let options = CleanOptions { source: SourceRule::Folder, ..CleanOptions::default() };
    let cleaning = Cleaning::of(folder.path(), &options);
    let aside = cleaning.output.path().join(".dittograph/removed/a.parquet");
    assert_eq!(read_rows(&fs::read(&aside).unwrap(), &[])[0].num_rows(), 2);
    fs::remove_file(&aside).unwrap();
    let back = TempDir::new().unwrap();
    let error = restore(cleaning.output.path(), &back.path().join("b"), false).unwrap_err();
    assert_eq!(error.path(), Some(&*aside.display().to_string()));
}
