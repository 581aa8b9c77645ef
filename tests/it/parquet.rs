//! Parquet: all types of text, rows by stretches, and files that lie.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, DictionaryArray, Int64Array, LargeStringArray, RecordBatch,
    StringArray, StringViewArray, StructArray,
};
use arrow_schema::{DataType, Field};
use dittograph::read::ReadOptions;
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::desk::{Desk, STORY};
use crate::formats::{articles, expected, rows};
use crate::support::Random;

/// A file with these columns, in row groups of `group` rows.
fn parquet(columns: Vec<(&str, ArrayRef)>, compression: Compression, group: usize) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(group))
        .set_data_page_size_limit(64 << 10)
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn every_type_of_text_gives_the_rows_of_the_folder() {
    let (names, texts): (Vec<String>, Vec<String>) = articles().into_iter().unzip();
    let ids: ArrayRef = Arc::new(StringArray::from(names.clone()));
    let plain: ArrayRef = Arc::new(StringArray::from(texts.clone()));
    let dictionary: DictionaryArray<Int32Type> = texts.iter().map(|text| &**text).collect();
    let inner = Field::new("text", DataType::Utf8, false);
    let nested = StructArray::from(vec![(Arc::new(inner), Arc::clone(&plain))]);
    let bytes: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
    let expected = expected();
    for (kind, field, array, compression) in [
        ("string", "text", plain, Compression::SNAPPY),
        (
            "large",
            "text",
            Arc::new(LargeStringArray::from(texts.clone())) as ArrayRef,
            Compression::UNCOMPRESSED,
        ),
        (
            "view",
            "text",
            Arc::new(StringViewArray::from_iter_values(&texts)),
            Compression::ZSTD(ZstdLevel::default()),
        ),
        (
            "binary",
            "text",
            Arc::new(BinaryArray::from(bytes)),
            Compression::GZIP(GzipLevel::default()),
        ),
        ("dictionary", "text", Arc::new(dictionary), Compression::LZ4_RAW),
        ("nested", "body.text", Arc::new(nested), Compression::BROTLI(BrotliLevel::default())),
    ] {
        let root = field.split('.').next().unwrap();
        let other: ArrayRef = Arc::new(Int64Array::from(vec![7; array.len()]));
        let columns = vec![("other", other), (root, array), ("id", Arc::clone(&ids))];
        let options = ReadOptions { text_field: field.into(), ..ReadOptions::default() };
        assert_eq!(
            rows("a.parquet", &parquet(columns, compression, 20), options),
            expected,
            "{kind}"
        );
    }
}

/// Row groups are cut where they are large, and rows are found again.
#[test]
fn large_row_groups_are_read_in_stretches() {
    let mut random = Random(7);
    let texts: Vec<String> = (0..6000)
        .map(|number| match number % 1000 == 500 {
            true => STORY.to_owned(),
            false => crate::support::sentence(random.words(500)),
        })
        .collect();
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..6000));
    let columns = vec![("id", ids), ("text", Arc::new(StringArray::from(texts)) as ArrayRef)];
    let bytes = parquet(columns, Compression::UNCOMPRESSED, 5000);
    assert!(bytes.len() > 10 << 20);
    let desk = Desk::new().file("a.parquet", bytes);
    let session = desk.run("scan . --find documents --pairs star");
    for row in [1500, 2500, 3500, 4500, 5500] {
        assert!(session.stdout.contains(&format!(",a.parquet#{row},")), "{session}");
    }
    assert_eq!(session.stdout, desk.run("scan . --find documents --pairs star --threads 1").stdout);
    let unnamed = desk.run("scan . --find documents --pairs star --id-field none");
    assert!(
        unnamed.stdout.contains(",a.parquet#501,") && unnamed.stdout.contains(",a.parquet#5501,")
    );
}

#[test]
fn null_and_wrong_columns_are_told() {
    let some: ArrayRef = Arc::new(StringArray::from(vec![Some(STORY), None, Some(STORY)]));
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 1]));
    let stories: ArrayRef = Arc::new(StringArray::from(vec![STORY, STORY]));
    let desk = Desk::new()
        .file("in/null.parquet", parquet(vec![("text", some.clone())], Compression::SNAPPY, 9))
        .file("other.parquet", parquet(vec![("body", some)], Compression::SNAPPY, 9))
        .file("number.parquet", parquet(vec![("text", numbers)], Compression::SNAPPY, 9))
        .file(
            "same.parquet",
            parquet(vec![("id", ids), ("text", stories)], Compression::SNAPPY, 9),
        );
    insta::assert_snapshot!(desk.runs(&[
        "scan in --find documents",
        "scan other.parquet",
        "scan number.parquet",
        "scan same.parquet --find documents",
    ]));
}

/// Whatever is wrong with its bytes, it is told, and nothing else is lost.
#[test]
fn files_that_lie_are_told() {
    let text: ArrayRef = Arc::new(StringArray::from(vec![STORY; 50]));
    let good = parquet(vec![("text", text)], Compression::SNAPPY, 20);
    let mut random = Random(3);
    let mut desk = Desk::with_pair();
    for number in 0..60 {
        let mut bad = good.clone();
        match number % 3 {
            0 => bad.truncate(random.below(good.len())),
            1 => {
                // In the footer.
                let at = good.len() - 1 - random.below(good.len() / 2);
                bad[at] ^= 1 << random.below(8);
            }
            _ => {
                let at = random.below(good.len());
                bad[at] = random.next() as u8;
            }
        }
        desk = desk.file(format!("bad-{number}.parquet"), bad);
    }
    let session = desk.run("scan . --find documents --pairs star");
    assert_eq!(session.code, Some(2), "{session}");
    assert!(session.stdout.contains(",pair/one.txt,"), "{session}");
    assert!(!session.stderr.contains("panicked"), "{session}");
}
