//! The oracles: what the answers ought to be, by the most obvious code.
//!
//! A word is a run of ASCII letters and digits, in lower case. The corpora that
//! are compared with these oracles hold no other words.

use std::collections::BTreeSet;
use std::ops::Range;

use dittograph::report::Kind;

/// Where the words of `text` stand.
pub fn word_spans(text: &str) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()) {
        match spans.last_mut() {
            Some(last) if last.end == at => last.end = at + 1,
            _ => spans.push(at..at + 1),
        }
    }
    spans
}

/// The words of `text`.
pub fn words(text: &str) -> Vec<String> {
    word_spans(text).into_iter().map(|span| text[span].to_ascii_lowercase()).collect()
}

/// All runs of `size` words; all words, if there are fewer; none, if there is none.
pub fn shingles(words: &[String], size: usize) -> BTreeSet<&[String]> {
    if words.len() < size {
        [words].into_iter().filter(|words| !words.is_empty()).collect()
    } else {
        words.windows(size).collect()
    }
}

/// A row about two documents, by their numbers.
#[derive(Clone, Debug)]
pub struct DocumentRow {
    pub kind: Kind,
    pub a: usize,
    pub b: usize,
    pub jaccard: f64,
    pub containment: f64,
}

/// When two documents make a row.
#[derive(Clone, Copy, Debug)]
pub struct Criteria {
    pub shingle_size: usize,
    pub threshold: f64,
    pub containment: f64,
    pub min_words: usize,
}

/// The rows of a corpus: every two documents, compared.
pub fn document_rows(texts: &[String], criteria: Criteria) -> Vec<DocumentRow> {
    let words: Vec<Vec<String>> = texts.iter().map(|text| words(text)).collect();
    let sets: Vec<_> = words.iter().map(|words| shingles(words, criteria.shingle_size)).collect();
    let mut rows = Vec::new();
    for a in 0..texts.len() {
        for b in a + 1..texts.len() {
            if words[a].is_empty() || words[b].is_empty() {
                continue;
            }
            // Of sets of one size the one with fewer words, whichever is read first.
            let size = |document: usize| (sets[document].len(), words[document].len());
            let smaller = if size(b) < size(a) { b } else { a };
            let shared = sets[a].intersection(&sets[b]).count();
            let jaccard = shared as f64 / (sets[a].len() + sets[b].len() - shared) as f64;
            let containment = shared as f64 / sets[smaller].len() as f64;
            let kind = if words[a] == words[b] {
                Kind::Exact
            } else if jaccard >= criteria.threshold {
                Kind::Near
            } else if containment >= criteria.containment
                && words[smaller].len() >= criteria.min_words
            {
                Kind::Contained
            } else {
                continue;
            };
            rows.push(DocumentRow { kind, a, b, jaccard, containment });
        }
    }
    rows
}

/// The cluster of each of `count` documents, numbered from 1 in the order of
/// their first members: what exact and near rows connect.
pub fn clusters(rows: &[DocumentRow], count: usize) -> Vec<Option<u32>> {
    let edges: Vec<(usize, usize)> =
        rows.iter().filter(|row| row.kind <= Kind::Near).map(|row| (row.a, row.b)).collect();
    let mut cluster = vec![None; count];
    let mut last = 0;
    for first in 0..count {
        if cluster[first].is_some() || !edges.iter().any(|&(a, b)| a == first || b == first) {
            continue;
        }
        last += 1;
        cluster[first] = Some(last);
        // Colour spreads along the edges until none is left half coloured.
        while let Some(&(a, b)) = edges.iter().find(|(a, b)| cluster[*a] != cluster[*b]) {
            let colour = cluster[a].or(cluster[b]);
            (cluster[a], cluster[b]) = (colour, colour);
        }
    }
    cluster
}

/// The length of the longest common subsequence, by the textbook recurrence.
pub fn aligned<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..a.len() {
        for j in 0..b.len() {
            table[i + 1][j + 1] =
                if a[i] == b[j] { table[i][j] + 1 } else { table[i][j + 1].max(table[i + 1][j]) };
        }
    }
    table[a.len()][b.len()]
}

/// Every run that stands in both and can be extended at neither end.
pub fn shared_runs<T: PartialEq>(a: &[T], b: &[T]) -> Vec<(Range<usize>, Range<usize>)> {
    let mut runs = Vec::new();
    for i in 0..a.len() {
        for j in 0..b.len() {
            let starts = i == 0 || j == 0 || a[i - 1] != b[j - 1];
            let length = a[i..].iter().zip(&b[j..]).take_while(|(x, y)| x == y).count();
            if starts && length > 0 {
                runs.push((i..i + length, j..j + length));
            }
        }
    }
    runs
}

/// Every two sentences of `least` words and more of which the shorter's share
/// of aligned words is at least `share`.
pub fn similar_sentences(
    sentences: &[Vec<String>],
    least: usize,
    share: f64,
) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (i, a) in sentences.iter().enumerate() {
        for (j, b) in sentences.iter().enumerate().skip(i + 1) {
            let shorter = a.len().min(b.len());
            if shorter >= least && aligned(a, b) as f64 / shorter as f64 >= share {
                pairs.push((i, j));
            }
        }
    }
    pairs
}

/// Whether more than half of the shorter of two sentences stands in runs of four words that
/// the other has too, two of which begin with one word and the next.
pub fn is_in_runs(a: &[String], b: &[String]) -> bool {
    let (shorter, longer) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let shared = |at: usize| {
        at + 4 <= shorter.len() && longer.windows(4).any(|run| run == &shorter[at..at + 4])
    };
    let covered = (0..shorter.len()).filter(|&at| (at.saturating_sub(3)..=at).any(shared)).count();
    2 * covered > shorter.len() && (0..shorter.len()).any(|at| shared(at) && shared(at + 1))
}

#[test]
fn the_oracles_know_the_obvious() {
    let list = |text: &str| words(text);
    assert_eq!(list("One, two.\n2"), ["one", "two", "2"]);
    assert_eq!(aligned(&list("a b c d e"), &list("b x d e a")), 3);
    assert_eq!(shared_runs(&list("a b c"), &list("b c a b")), [(0..2, 2..4), (1..3, 0..2)]);
    assert_eq!(shingles(&list("a a a a a a"), 5).len(), 1);
    assert_eq!(shingles(&list("a b"), 5).len(), 1);
    assert_eq!(shingles(&list(""), 5).len(), 0);
    let texts = ["a b c d e f", "x", "a b c d e f g", "x"].map(str::to_owned);
    let criteria = Criteria { shingle_size: 5, threshold: 0.5, containment: 0.9, min_words: 12 };
    let rows = document_rows(&texts, criteria);
    let seen: Vec<_> = rows.iter().map(|row| (row.kind, row.a, row.b, row.jaccard)).collect();
    assert_eq!(seen, [(Kind::Near, 0, 2, 2.0 / 3.0), (Kind::Exact, 1, 3, 1.0)]);
    assert_eq!(clusters(&rows, 4), [Some(1), Some(2), Some(1), Some(2)]);
}
