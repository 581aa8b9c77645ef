//! Matches to passages: which runs are the same text, and how often it occurs.
//!
//! In: all matches. Out: [`Passages`]. Runs of one document that overlap by at
//! least half of the longer are one occurrence; occurrences that a match ties
//! together are one passage. Of its matches a passage keeps those that tie a
//! new occurrence to an earlier one, and those that tell more than the ones
//! it keeps: one row for each occurrence but the first, and each row a
//! match that was found, never one that was inferred.
//!
//! What stands beside furniture in two documents by chance, fewer words than half of
//! those of a passage, tells nothing and is no reason for a row: in a corpus with one
//! footer it would double them.

use rayon::prelude::*;

use super::{Match, PassageParams, Run};
use crate::cluster::UnionFind;
use crate::document::DocId;

/// A text that repeats.
#[derive(Debug)]
pub struct Passage {
    /// The matches that tie its occurrences together.
    pub matches: Vec<Match>,
    /// How many occurrences there are, whichever matches were kept.
    pub occurrences: u32,
    /// The documents of the occurrences, one entry each, ascending.
    pub documents: Vec<DocId>,
}

/// All passages, in the order of their first match.
#[derive(Debug, Default)]
pub struct Passages(pub Vec<Passage>);

impl Passages {
    /// Groups matches. Cost: a sort of them.
    pub fn group(mut matches: Vec<Match>, params: &PassageParams) -> Self {
        matches.par_sort_unstable();
        matches.dedup();
        let occurrences = Occurrences::of(&matches);
        let sides =
            matches.par_iter().map(|one| (occurrences.find(&one.a), occurrences.find(&one.b)));
        let sides: Vec<(u32, u32)> = sides.collect();
        let count = occurrences.documents.len();
        let mut passages = UnionFind::new(count);
        let mut tying: Vec<(u32, Match)> = Vec::new();
        let mut others: Vec<(u32, u32, Match)> = Vec::new();
        let mut told: Vec<Vec<Run>> = vec![Vec::new(); count];
        for (one, (a, b)) in matches.into_iter().zip(sides) {
            if passages.find(a) == passages.find(b) {
                others.push((a, b, one));
            } else {
                passages.union(a, b);
                tell(&mut told[a as usize], &one.a);
                tell(&mut told[b as usize], &one.b);
                tying.push((a, one));
            }
        }
        for (a, b, one) in others {
            // Within a document the units are whole sentences, told as a whole.
            let across = one.a.document != one.b.document;
            let untold = if across { (params.min_words_across - 1) / 2 } else { 0 };
            let is_told = |occurrence: u32, run: &Run| {
                told[occurrence as usize]
                    .iter()
                    .any(|other| other.start <= run.start + untold && run.end <= other.end + untold)
            };
            if !(is_told(a, &one.a) && is_told(b, &one.b)) {
                tell(&mut told[a as usize], &one.a);
                tell(&mut told[b as usize], &one.b);
                tying.push((a, one));
            }
        }
        let mut members: Vec<(u32, u32)> =
            (0..count as u32).map(|occurrence| (passages.find(occurrence), occurrence)).collect();
        members.sort_unstable();
        let mut found: Vec<(u32, Passage)> = members
            .chunk_by(|a, b| a.0 == b.0)
            .map(|group| {
                let documents = group
                    .iter()
                    .map(|&(_, occurrence)| occurrences.documents[occurrence as usize])
                    .collect();
                (
                    group[0].0,
                    Passage { matches: Vec::new(), occurrences: group.len() as u32, documents },
                )
            })
            .collect();
        for (occurrence, one) in tying {
            let root = passages.find(occurrence);
            if let Ok(place) = found.binary_search_by_key(&root, |passage| passage.0) {
                found[place].1.matches.push(one);
            }
        }
        let mut found: Vec<Passage> = found
            .into_iter()
            .map(|(_, passage)| passage)
            .filter(|passage| !passage.matches.is_empty())
            .collect();
        found.sort_unstable_by(|a, b| a.matches[0].cmp(&b.matches[0]));
        Passages(found)
    }
}

impl Passage {
    /// Keeps the matches between the first `most` occurrences that they tell; whether there were others.
    pub fn keep_occurrences(&mut self, most: usize) -> bool {
        let before = self.matches.len();
        let mut kept: Vec<Run> = Vec::new();
        self.matches.retain(|one| {
            let new: Vec<&Run> = [&one.a, &one.b]
                .into_iter()
                .filter(|run| !kept.iter().any(|other| same_occurrence(other, run)))
                .collect();
            let fits = kept.len() + new.len() <= most;
            if fits {
                kept.extend(new.into_iter().cloned());
            }
            fits
        });
        self.matches.len() < before
    }
}

/// Adds a run to those that are told, unless it stands in one of them: of a
/// representative nearly all are the same.
fn tell(told: &mut Vec<Run>, run: &Run) {
    if !told.iter().any(|other| other.start <= run.start && run.end <= other.end) {
        told.push(run.clone());
    }
}

/// The distinct runs, and which occurrence each belongs to.
struct Occurrences {
    runs: Vec<Run>,
    of_run: Vec<u32>,
    documents: Vec<DocId>,
}

impl Occurrences {
    fn of(matches: &[Match]) -> Self {
        let mut runs: Vec<Run> =
            matches.iter().flat_map(|one| [one.a.clone(), one.b.clone()]).collect();
        runs.par_sort_unstable();
        runs.dedup();
        let pages: Vec<&[Run]> = runs.chunk_by(|a, b| a.document == b.document).collect();
        let in_page: Vec<Vec<u32>> = pages.par_iter().map(|runs| occurrences_of(runs)).collect();
        let mut of_run = Vec::with_capacity(runs.len());
        let mut documents = Vec::new();
        for (runs, numbers) in pages.iter().zip(in_page) {
            let first = documents.len() as u32;
            of_run.extend(numbers.iter().map(|number| first + number));
            let count = numbers.iter().max().map_or(0, |last| *last as usize + 1);
            documents.extend(std::iter::repeat_n(runs[0].document, count));
        }
        Occurrences { runs, of_run, documents }
    }

    fn find(&self, run: &Run) -> u32 {
        match self.runs.binary_search(run) {
            Ok(place) => self.of_run[place],
            Err(_) => unreachable!("the runs of all matches were collected"),
        }
    }
}

/// The occurrence of each run of a document (ascending), numbered from 0.
fn occurrences_of(runs: &[Run]) -> Vec<u32> {
    let mut count = 0;
    // The first run of each occurrence that a later one may still overlap.
    let mut open: Vec<(&Run, u32)> = Vec::new();
    let number = |run| {
        let run: &Run = run;
        open.retain(|(first, _)| first.end > run.start);
        // Compared with its first run, so that no chain of overlaps drifts along a text.
        let shared = |first: &Run| first.end.min(run.end) - first.start.max(run.start);
        let same = open.iter().filter(|(first, _)| same_occurrence(first, run));
        match same.max_by_key(|(first, _)| shared(first)) {
            Some(&(_, occurrence)) => occurrence,
            None => {
                open.push((run, count));
                count += 1;
                count - 1
            }
        }
    };
    runs.iter().map(number).collect()
}

/// Whether two runs overlap by at least half of the longer.
fn same_occurrence(one: &Run, other: &Run) -> bool {
    let shared = one.end.min(other.end).saturating_sub(one.start.max(other.start));
    one.document == other.document && 2 * shared as usize >= one.len().max(other.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMS: PassageParams =
        PassageParams { min_words_across: 12, min_words_within: 8, min_similarity: 0.75 };

    fn run(document: u32, start: usize, end: usize) -> Run {
        Run::new(DocId(document), start..end)
    }

    #[test]
    fn a_footer_in_three_documents_is_one_passage_with_two_rows() {
        let all = [(0, 1), (0, 2), (1, 2)];
        let matches = all.map(|(a, b)| Match {
            a: run(a, 50, 70),
            b: run(b, 50, 70 + b as usize),
            aligned: 20,
        });
        let Passages(passages) = Passages::group(matches.to_vec(), &PARAMS);
        assert_eq!(passages.len(), 1);
        assert_eq!(passages[0].occurrences, 3);
        let rows: Vec<_> =
            passages[0].matches.iter().map(|one| (one.a.document.0, one.b.document.0)).collect();
        assert_eq!(rows, [(0, 1), (0, 2)]);
    }

    #[test]
    fn of_many_occurrences_the_first_are_kept_and_all_are_counted() {
        let star = |b: u32| Match { a: run(0, 50, 70), b: run(b, 50, 70), aligned: 20 };
        let Passages(mut passages) = Passages::group((1..10).map(star).collect(), &PARAMS);
        assert!(!passages[0].keep_occurrences(10));
        assert!(passages[0].keep_occurrences(4));
        assert_eq!(passages[0].matches, [star(1), star(2), star(3)]);
        assert_eq!(passages[0].occurrences, 10);
    }

    #[test]
    fn different_texts_stay_apart() {
        let matches = vec![
            Match { a: run(0, 0, 20), b: run(1, 0, 20), aligned: 20 },
            Match { a: run(0, 30, 50), b: run(2, 0, 20), aligned: 20 },
        ];
        assert_eq!(Passages::group(matches, &PARAMS).0.len(), 2);
    }
}
