//! Reading alone, in bytes of unpacked text a second, each beside the decoder that it cannot be faster than.
//!
//! A reader is asked for every document once, and nothing is made of them. These run on one thread,
//! since the decoders do: what reading costs beyond decoding is what is to be seen. What all threads
//! do for a gzip file of one member and for one of many stands beside each other.

use std::hint::black_box;
use std::io::{Read, Write, sink};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dittograph::document::{DocId, Document};
use dittograph::progress::Silent;
use dittograph::read::{Corpus, ReadOptions, Visitor};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::json;
use tempfile::TempDir;

const DOCUMENTS: usize = 8000;

/// Prose of invented words: packed about as well as English is.
fn text(number: usize) -> String {
    let mut state = number as u64 + 1;
    let mut text = String::new();
    for _ in 0..250 {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let word = (state >> 33) % (16 << ((state >> 60) % 10));
        text.push_str(&format!("{}{} ", ["un", "re", "con", "ma"][word as usize % 4], word / 4));
    }
    text
}

/// One member of gzip.
fn gzip_of(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

/// Counts bytes of text.
struct Count;

impl Visitor for Count {
    type Unit = u64;
    type Kept = u64;

    fn begin(&self) -> u64 {
        0
    }

    fn visit(&self, unit: &mut u64, _: DocId, document: Document<'_>) {
        *unit += document.text.len() as u64;
    }

    fn finish(&self, unit: u64) -> dittograph::error::Result<u64> {
        Ok(unit)
    }
}

/// Bytes of text in a file, as it is read.
fn read(path: &Path) -> u64 {
    let mut corpus = Corpus::open(&[path.to_owned()], ReadOptions::default()).expect("it is there");
    let survey = corpus.survey(&Silent, &Count).expect("it can be read");
    survey.units.iter().sum()
}

fn readers(criterion: &mut Criterion) {
    let threads = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread");
    let texts: Vec<String> = (0..DOCUMENTS).map(text).collect();
    let bytes: u64 = texts.iter().map(|text| text.len() as u64).sum();
    let lines: String = texts
        .iter()
        .enumerate()
        .map(|(id, text)| format!("{}\n", json!({"id": id, "text": text})))
        .collect();
    let folder = TempDir::new().expect("there is room");
    let write = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).expect("there is room");
        path
    };
    let gzip = gzip_of(lines.as_bytes());
    let members: Vec<u8> = lines.as_bytes().chunks(64 << 10).flat_map(gzip_of).collect();
    let zstd = zstd::encode_all(lines.as_bytes(), 3).expect("memory takes all");
    let column: ArrayRef = Arc::new(StringArray::from(texts));
    let batch = RecordBatch::try_from_iter([("text", column)]).expect("one column");
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_dictionary_enabled(false)
        .build();
    let mut writer =
        ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).expect("it is plain");
    writer.write(&batch).expect("memory takes all");
    let parquet = writer.into_inner().expect("memory takes all");

    let mut group = criterion.benchmark_group("readers");
    group.throughput(Throughput::Bytes(bytes)).sample_size(10);
    for (name, content) in [
        ("a.jsonl", lines.as_bytes()),
        ("a.jsonl.gz", &gzip),
        ("a.jsonl.zst", &zstd),
        ("a.parquet", &parquet),
    ] {
        let path = write(name, content);
        assert_eq!(threads.install(|| read(&path)), bytes, "{name}");
        group.bench_function(name, |bencher| {
            bencher.iter(|| threads.install(|| read(&path)));
        });
    }
    for (name, content) in [("one-member.jsonl.gz", &gzip), ("many-members.jsonl.gz", &members)] {
        let path = write(name, content);
        assert_eq!(read(&path), bytes, "{name}");
        group.bench_function(format!("{name}, all threads"), |bencher| {
            bencher.iter(|| read(&path));
        });
    }
    group.bench_function("gzip alone", |bencher| {
        bencher.iter(|| {
            let mut decoder = flate2::read::MultiGzDecoder::new(&gzip[..]);
            std::io::copy(&mut decoder, &mut sink()).expect("it is whole")
        });
    });
    group.bench_function("zstd alone", |bencher| {
        bencher.iter(|| {
            let mut decoder = zstd::Decoder::new(&zstd[..]).expect("it is whole");
            let mut buffer = vec![0; 1 << 18];
            while decoder.read(&mut buffer).expect("it is whole") > 0 {}
        });
    });
    let parquet = Bytes::from(parquet);
    group.bench_function("parquet alone", |bencher| {
        bencher.iter(|| {
            let reader = ParquetRecordBatchReaderBuilder::try_new(parquet.clone())
                .and_then(|builder| builder.with_batch_size(128).build())
                .expect("it is whole");
            reader.map(|batch| black_box(batch.expect("it is whole")).num_rows()).sum::<usize>()
        });
    });
    group.finish();
}

criterion_group!(benches, readers);
criterion_main!(benches);
