//! How the findings are spread: the numbers behind the plots.
//!
//! In: the [`Outline`] and the [`Sources`]. Out: counts in bins. They are of all rows, also of those that
//! the page does not list.

use ahash::{AHashMap, RandomState};

use super::entries::is_furniture;
use super::outline::Outline;
use super::sources::Sources;
use crate::report::Kind;

/// A count with its name, parted by what is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bin {
    /// What is in it, in a few characters.
    pub label: String,
    /// One count for each part.
    pub counts: Vec<u64>,
}

/// All counts.
#[derive(Debug)]
pub struct Tallies {
    /// Pairs of documents by Jaccard similarity in steps of 0.05: exact, near, contained.
    pub pairs: Vec<Bin>,
    /// Clusters by the number of documents.
    pub clusters: Vec<Bin>,
    /// Passages by words: within one document, across documents.
    pub lengths: Vec<Bin>,
    /// Passages by how often they occur: within one document, across documents.
    pub spreads: Vec<Bin>,
    /// The sources that share most, and how many rows each two of them have.
    pub matrix: Matrix,
    /// Rows of each kind.
    pub kinds: [u64; 4],
    /// Passages, and how many of these are furniture.
    pub passages: [u64; 2],
    /// Documents that could go, and their words.
    pub dropped: [u64; 2],
}

/// Which sources repeat which.
#[derive(Debug, Default)]
pub struct Matrix {
    /// Numbers of sources, by how many rows they have.
    pub sources: Vec<u32>,
    /// For each pair of these the number of rows; symmetric.
    pub rows: Vec<Vec<u64>>,
    /// Sources that are not shown.
    pub left_out: usize,
}

/// How many sources a matrix shows.
const MOST_SOURCES: usize = 12;

/// The first sizes of the bins of clusters; the last is open.
const CLUSTER_SIZES: [u64; 10] = [2, 3, 4, 5, 8, 16, 32, 64, 128, 1001];

/// Of the bins of passages by words.
const LENGTHS: [u64; 10] = [3, 8, 12, 16, 24, 32, 48, 96, 192, 384];

/// Of the bins of passages by occurrences.
const SPREADS: [u64; 9] = [2, 3, 4, 5, 8, 16, 32, 64, 128];

impl Tallies {
    /// Counts.
    pub fn count(outline: &Outline, sources: &Sources) -> Self {
        let mut tallies = Tallies {
            pairs: (0..20)
                .map(|step| Bin {
                    label: format!("{:.2}", f64::from(step) / 20.0),
                    counts: vec![0; 3],
                })
                .collect(),
            clusters: bins(&CLUSTER_SIZES, 1),
            lengths: bins(&LENGTHS, 2),
            spreads: bins(&SPREADS, 2),
            matrix: matrix(outline, sources),
            kinds: [0; 4],
            passages: [0; 2],
            dropped: [0; 2],
        };
        // Of a passage the first row stands for it, and whether any of its rows is of two documents.
        let mut passages: AHashMap<u32, (u64, u64, bool)> =
            AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        for line in &outline.lines {
            tallies.kinds[line.kind as usize] += 1;
            if line.kind == Kind::Passage {
                let words = u64::from(line.words_a.min(line.words_b));
                let new = (words, u64::from(line.occurrences), false);
                passages.entry(line.group).or_insert(new).2 |= line.a != line.b;
            } else {
                let step = usize::from(line.jaccard) / 500;
                tallies.pairs[step.min(19)].counts[line.kind as usize] += 1;
            }
        }
        for &(words, occurrences, across) in passages.values() {
            tallies.passages[0] += 1;
            tallies.passages[1] += u64::from(is_furniture(across, occurrences, words));
            add(&mut tallies.lengths, &LENGTHS, words, usize::from(across));
            add(&mut tallies.spreads, &SPREADS, occurrences, usize::from(across));
        }
        for cluster in &outline.clusters {
            add(&mut tallies.clusters, &CLUSTER_SIZES, cluster.members.len() as u64, 0);
            for one in cluster.members.iter().filter(|one| one.kept != one.document) {
                let words = outline.words[one.document as usize].unwrap_or(0);
                tallies.dropped[0] += 1;
                tallies.dropped[1] += u64::from(words);
            }
        }
        for bins in [&mut tallies.clusters, &mut tallies.lengths, &mut tallies.spreads] {
            trim(bins);
        }
        tallies
    }
}

/// Empty bins that start at these numbers.
fn bins(starts: &[u64], parts: usize) -> Vec<Bin> {
    let label = |place: usize| match starts.get(place + 1) {
        Some(next) if *next == starts[place] + 1 => starts[place].to_string(),
        Some(next) => format!("{}–{}", starts[place], next - 1),
        None => format!("{}+", starts[place]),
    };
    (0..starts.len()).map(|place| Bin { label: label(place), counts: vec![0; parts] }).collect()
}

fn add(bins: &mut [Bin], starts: &[u64], value: u64, part: usize) {
    let place = starts.partition_point(|start| *start <= value).saturating_sub(1);
    bins[place].counts[part] += 1;
}

/// Takes away the empty bins at both ends.
fn trim(bins: &mut Vec<Bin>) {
    let is_filled = |bin: &Bin| bin.counts.iter().any(|count| *count > 0);
    let Some(first) = bins.iter().position(is_filled) else {
        bins.clear();
        return;
    };
    let last = bins.iter().rposition(is_filled).unwrap_or(first);
    bins.truncate(last + 1);
    bins.drain(..first);
}

fn matrix(outline: &Outline, sources: &Sources) -> Matrix {
    let mut counts: AHashMap<(u32, u32), u64> =
        AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
    let mut totals = vec![0u64; sources.names.len()];
    for line in &outline.lines {
        let (one, other) = (sources.of[line.a as usize], sources.of[line.b as usize]);
        *counts.entry((one.min(other), one.max(other))).or_default() += 1;
        totals[one as usize] += 1;
        if one != other {
            totals[other as usize] += 1;
        }
    }
    let mut order: Vec<u32> = (0..sources.names.len() as u32).collect();
    order.sort_by_key(|&source| (u64::MAX - totals[source as usize], source));
    order.retain(|&source| totals[source as usize] > 0);
    let left_out = order.len().saturating_sub(MOST_SOURCES);
    order.truncate(MOST_SOURCES);
    // Those shown by name, so that they are found again.
    order.sort_unstable();
    let cell = |one: u32, other: u32| {
        counts.get(&(one.min(other), one.max(other))).copied().unwrap_or_default()
    };
    let rows =
        order.iter().map(|&one| order.iter().map(|&other| cell(one, other)).collect()).collect();
    Matrix { sources: order, rows, left_out }
}
