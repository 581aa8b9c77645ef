//! Findings and clusters to batches of Arrow columns, for programs that read these.
//!
//! In: sorted findings. Out: a [`RecordBatch`] of any stretch of them, with the columns that
//! [`write_findings`](super::write_findings) writes, as values: similarities as they are, not rounded; numbers
//! that a finding has not as null; texts as they stand, nothing defused.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, UInt32Array};

use super::finding::Finding;
use super::findings::ClusterRow;

/// Findings as columns, with the words around passages if these are wanted.
pub fn findings_batch(findings: &[Finding], context: bool) -> RecordBatch {
    let texts = |value: fn(&Finding) -> &str| {
        column(StringArray::from_iter_values(findings.iter().map(value)))
    };
    let similarities = |value: fn(&Finding) -> f64| {
        column(Float64Array::from_iter_values(findings.iter().map(value)))
    };
    let partial = |value: fn(&Finding) -> Option<u32>| {
        column(UInt32Array::from_iter(findings.iter().map(value)))
    };
    let numbers = |value: fn(&Finding) -> u32| {
        column(UInt32Array::from_iter_values(findings.iter().map(value)))
    };
    let mut columns: Vec<(&str, ArrayRef, bool)> = vec![
        ("kind", texts(|one| one.kind.name()), false),
        ("jaccard", similarities(|one| one.jaccard), false),
        ("containment", similarities(|one| one.containment), false),
        ("words_a", numbers(|one| one.a.words), false),
        ("words_b", numbers(|one| one.b.words), false),
        ("doc_a", texts(|one| &one.a.document), false),
        ("start_a", numbers(|one| one.a.start), false),
        ("end_a", numbers(|one| one.a.end), false),
        ("line_a", numbers(|one| one.a.line), false),
        ("doc_b", texts(|one| &one.b.document), false),
        ("start_b", numbers(|one| one.b.start), false),
        ("end_b", numbers(|one| one.b.end), false),
        ("line_b", numbers(|one| one.b.line), false),
        ("cluster", partial(|one| one.cluster), true),
        ("passage", partial(|one| one.passage), true),
        ("occurrences", partial(|one| one.occurrences), true),
        ("text_a", texts(|one| &one.a.text), false),
        ("text_b", texts(|one| &one.b.text), false),
    ];
    if context {
        columns.extend([
            ("before_a", texts(|one| &one.a.before), false),
            ("after_a", texts(|one| &one.a.after), false),
            ("before_b", texts(|one| &one.b.before), false),
            ("after_b", texts(|one| &one.b.after), false),
        ]);
    }
    batch(columns)
}

/// Rows of clusters as columns.
pub fn clusters_batch(clusters: &[ClusterRow]) -> RecordBatch {
    let texts = |value: fn(&ClusterRow) -> &str| {
        column(StringArray::from_iter_values(clusters.iter().map(value)))
    };
    batch(vec![
        ("document", texts(|one| &one.document), false),
        (
            "cluster",
            column(UInt32Array::from_iter_values(clusters.iter().map(|one| one.cluster))),
            false,
        ),
        ("kept", texts(|one| &one.kept), false),
        (
            "similarity",
            column(Float64Array::from_iter_values(clusters.iter().map(|one| one.similarity))),
            false,
        ),
    ])
}

fn column(array: impl arrow_array::Array + 'static) -> ArrayRef {
    Arc::new(array)
}

fn batch(columns: Vec<(&str, ArrayRef, bool)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns)
        .expect("each column has a value for each row, and nulls only where there may be some")
}

#[cfg(test)]
mod tests {
    use super::super::{COLUMNS, CONTEXT_COLUMNS, Kind, Side};
    use super::*;
    use arrow_array::Array;

    #[test]
    fn columns_are_those_of_the_written_rows() {
        let side = |document: &str| Side {
            document: document.to_owned(),
            start: 1,
            end: 9,
            line: 2,
            words: 3,
            text: "=text".to_owned(),
            before: "before".to_owned(),
            after: String::new(),
        };
        let finding = Finding {
            kind: Kind::Near,
            jaccard: 2.0 / 3.0,
            containment: 1.0,
            a: side("a"),
            b: side("b"),
            cluster: Some(4),
            passage: None,
            occurrences: None,
        };
        let names = |batch: &RecordBatch| -> Vec<String> {
            batch.schema().fields().iter().map(|field| field.name().clone()).collect()
        };
        let alone = findings_batch(std::slice::from_ref(&finding), false);
        assert_eq!(names(&alone), COLUMNS);
        assert_eq!((alone.num_rows(), alone["passage"].null_count()), (1, 1));
        let with_context = findings_batch(&[], true);
        assert_eq!(names(&with_context), [&COLUMNS[..], &CONTEXT_COLUMNS].concat());
        assert_eq!(with_context.num_rows(), 0);
    }
}
