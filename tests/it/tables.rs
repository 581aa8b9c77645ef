//! Tables in memory: the rows of a file of the same records. And runs that are stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::{ArrayRef, LargeStringArray, RecordBatch, StringArray};
use dittograph::error::ErrorKind;
use dittograph::pipeline::{Method, ScanOptions, scan};
use dittograph::progress::{Progress, Silent, Unit};
use dittograph::read::{MemoryTable, Source};
use dittograph::report::{OutputFormat, write_findings};

/// The articles of the sample corpus: ids and texts.
fn articles() -> Vec<(String, String)> {
    let root = std::path::Path::new("corpus");
    let mut articles = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                articles.push((path.strip_prefix(root).unwrap().display().to_string(), text));
            }
        }
    }
    articles.sort();
    articles
}

fn batch(articles: &[(String, String)]) -> RecordBatch {
    let ids = StringArray::from_iter_values(articles.iter().map(|(id, _)| id));
    let texts = LargeStringArray::from_iter_values(articles.iter().map(|(_, text)| text));
    RecordBatch::try_from_iter([
        ("id", Arc::new(ids) as ArrayRef),
        ("text", Arc::new(texts) as ArrayRef),
    ])
    .unwrap()
}

fn table(batches: &[RecordBatch], id_field: Option<&str>) -> MemoryTable {
    MemoryTable::new(&batches[0].schema(), batches, id_field, "text").unwrap()
}

fn jsonl(articles: &[(String, String)]) -> String {
    let line = |(id, text): &(String, String)| {
        format!("{}\n", serde_json::json!({"id": id, "text": text}))
    };
    articles.iter().map(line).collect()
}

fn csv(source: impl Into<Source>, options: &ScanOptions) -> String {
    let scan = scan(&[source.into()], options, &Silent).unwrap();
    let mut out = Vec::new();
    write_findings(&scan.findings, OutputFormat::Csv, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_table_has_the_rows_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    // More than one unit of work.
    let articles: Vec<(String, String)> = (0..45)
        .flat_map(|copy| {
            articles().into_iter().map(move |(id, text)| (format!("{copy}/{id}"), text))
        })
        .collect();
    let path = folder.path().join("a.jsonl");
    std::fs::write(&path, jsonl(&articles)).unwrap();
    let whole = batch(&articles);
    let batches: Vec<RecordBatch> = (0..whole.num_rows())
        .step_by(1000)
        .map(|start| whole.slice(start, 1000.min(whole.num_rows() - start)))
        .collect();
    for method in [Method::Complete, Method::Minhash] {
        let options = ScanOptions { method, ..ScanOptions::default() };
        let expected = csv(path.clone(), &options).replace("a.jsonl#", "");
        assert!(expected.lines().count() > 1000);
        // Not in the message of a failure: it would be of megabytes.
        assert!(csv(table(&batches, Some("id")), &options) == expected);
    }
}

#[test]
fn rows_without_an_id_are_counted_from_0_and_sides_may_be_of_either_kind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let articles = articles();
    std::fs::write(&path, jsonl(&articles[..1])).unwrap();
    let text = |number: usize| articles[number].1.clone();
    let texts = StringArray::from(vec![Some("words of no other"), None, Some(&text(0)), Some("")]);
    let texts =
        RecordBatch::try_from_iter_with_nullable([("text", Arc::new(texts) as ArrayRef, true)]);
    let table = table(&[texts.unwrap()], None);
    let mut options = ScanOptions::default();
    options.read.against = vec![path.clone().into()];
    let found = scan(std::slice::from_ref(&table), &options, &Silent).unwrap();
    let row = found.findings.get(0).unwrap();
    let file = format!("{}#{}", path.display(), articles[0].0);
    assert_eq!((row.a.document, row.b.document), ("2".to_owned(), file.clone()));
    assert_eq!(found.problems.len(), 1);
    let problem = &found.problems[0];
    assert_eq!(problem.to_string(), "table: row 1: field `text` is null, not a string");
    assert_eq!((problem.path(), problem.line(), problem.offset()), (Some("table"), Some(1), None));
    options.read.against = vec![table.into()];
    let found = scan(&[path], &options, &Silent).unwrap();
    let row = found.findings.get(0).unwrap();
    assert_eq!((row.a.document, row.b.document), (file, "2".to_owned()));
}

/// Ends a run after so many questions whether it should end.
struct Stopping {
    after: usize,
    asked: AtomicUsize,
}

impl Progress for Stopping {
    fn begin(&self, _: &'static str, _: u64, _: Unit) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
    fn wants_stop(&self) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed) >= self.after
    }
}

#[test]
fn a_run_is_stopped_wherever_it_is() {
    let articles = articles();
    let table = table(&[batch(&articles)], Some("id"));
    let options = ScanOptions::default();
    let never = Stopping { after: usize::MAX, asked: AtomicUsize::new(0) };
    scan(std::slice::from_ref(&table), &options, &never).unwrap();
    let asked = never.asked.into_inner();
    assert!(asked > 5, "{asked}");
    for after in 0..asked {
        let stopping = Stopping { after, asked: AtomicUsize::new(0) };
        let error = scan(std::slice::from_ref(&table), &options, &stopping).err();
        let kind = error.as_ref().map(|error| error.kind());
        assert!(matches!(kind, Some(ErrorKind::Interrupted)), "{after} of {asked}");
    }
}
