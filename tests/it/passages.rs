//! Passage rows against the oracle: complete, and true.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::Range;

use dittograph::pipeline::ScanOptions;
use dittograph::report::{Finding, Kind, Side};
use dittograph::text::Tokenizer;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestCaseError;

use crate::naive;
use crate::support::{Random, Scanned, forall, number, scan_against, scan_texts, sentence, word};

/// A document as the checks see it.
struct Page {
    text: String,
    words: Vec<String>,
    spans: Vec<Range<usize>>,
    /// How much each word counts: 2, or 1 for a character of a script without spaces.
    half_words: Vec<usize>,
}

impl Page {
    /// By the oracle's rule for words.
    fn ascii(text: &str) -> Self {
        let words = naive::words(text);
        let half_words = vec![2; words.len()];
        Page { text: text.to_owned(), words, spans: naive::word_spans(text), half_words }
    }

    /// By dittograph's own, which is tested for itself: for scripts that the oracle cannot read.
    fn any_script(text: &str) -> Self {
        let (mut words, mut spans, mut half_words) = (Vec::new(), Vec::new(), Vec::new());
        Tokenizer::new(0).for_each(text, |token, folded| {
            words.push(String::from_utf8(folded.to_vec()).unwrap());
            spans.push(token.span.range());
            half_words.push(if token.unspaced { 1 } else { 2 });
        });
        Page { text: text.to_owned(), words, spans, half_words }
    }

    /// The words of a side, which must begin and end with one.
    fn words_of(&self, side: &Side) -> Result<Range<usize>, TestCaseError> {
        let (start, end) = (side.start as usize, side.end as usize);
        let cuts_none = self.text.is_char_boundary(start) && self.text.is_char_boundary(end);
        prop_assert!(cuts_none, "{side:?} cuts a code point");
        let first = self.spans.iter().position(|span| span.start == start);
        let last = self.spans.iter().position(|span| span.end == end);
        let (Some(first), Some(last)) = (first, last) else {
            return Err(TestCaseError::fail(format!("{side:?} cuts a word")));
        };
        prop_assert_eq!(side.words as usize, last + 1 - first, "{:?}", side);
        Ok(first..last + 1)
    }

    fn has_words(&self, run: Range<usize>, least: u32) -> bool {
        self.half_words[run].iter().sum::<usize>() >= 2 * least as usize
    }
}

/// The words of one side of a passage row.
struct Occurrence {
    passage: u32,
    document: usize,
    words: Range<usize>,
}

/// What a scan gave, in words.
struct Rows<'a> {
    pages: &'a [Page],
    options: &'a ScanOptions,
    /// The first reference, if the pages before it are held against it and those that follow.
    split: Option<usize>,
    scan: Scanned,
    occurrences: Vec<Occurrence>,
}

impl<'a> Rows<'a> {
    /// Scans the pages, and holds every passage row to the promise that rows are true.
    fn of(pages: &'a [Page], options: &'a ScanOptions) -> Result<Self, TestCaseError> {
        Rows::between(pages, None, options)
    }

    fn between(
        pages: &'a [Page],
        split: Option<usize>,
        options: &'a ScanOptions,
    ) -> Result<Self, TestCaseError> {
        let texts: Vec<&str> = pages.iter().map(|page| page.text.as_str()).collect();
        let scan = match split {
            Some(split) => scan_against(&texts, split, options),
            None => scan_texts(&texts, options),
        };
        let mut occurrences = Vec::new();
        for row in scan.findings.iter().filter(|row| row.kind == Kind::Passage) {
            let [a, b] = [&row.a, &row.b].map(|side| number(&side.document));
            let (run_a, run_b) = (pages[a].words_of(&row.a)?, pages[b].words_of(&row.b)?);
            check_row(row, (&pages[a], &run_a), (&pages[b], &run_b), options)?;
            for (document, words) in [(a, run_a), (b, run_b)] {
                occurrences.push(Occurrence { passage: row.passage.unwrap(), document, words });
            }
        }
        Ok(Rows { pages, options, split, scan, occurrences })
    }

    /// The passages of which an occurrence stands around this run.
    fn around(&self, document: usize, run: &Range<usize>) -> Vec<u32> {
        let holds = |one: &&Occurrence| {
            one.document == document && one.words.start <= run.start && run.end <= one.words.end
        };
        self.occurrences.iter().filter(holds).map(|one| one.passage).collect()
    }

    /// Whether one passage has an occurrence around each of the two runs.
    fn tie(&self, one: (usize, &Range<usize>), other: (usize, &Range<usize>)) -> bool {
        let passages = self.around(one.0, one.1);
        self.around(other.0, other.1).iter().any(|passage| passages.contains(passage))
    }

    /// Whether the two make a document row, inside which passages are not listed.
    fn are_pair(&self, a: usize, b: usize) -> bool {
        let documents = |row: &Finding| (number(&row.a.document), number(&row.b.document));
        self.scan.findings.iter().any(|row| row.kind < Kind::Passage && documents(row) == (a, b))
    }

    /// Whether two documents are to be compared.
    fn meet(&self, a: usize, b: usize) -> bool {
        self.split.is_none_or(|split| (a < split) != (b < split))
    }

    /// The first document of the same words on its side, which speaks for its copies.
    fn first_copy(&self, document: usize) -> usize {
        let same = |&other: &usize| {
            self.pages[other].words == self.pages[document].words
                && (self.split.is_none() || !self.meet(document, other))
        };
        (0..self.pages.len()).find(same).unwrap()
    }

    /// How much of a run the occurrences of a passage tell, word by word.
    fn told(&self, passage: u32, document: usize, run: &Range<usize>) -> Vec<bool> {
        let here = |one: &&Occurrence| one.passage == passage && one.document == document;
        let occurrences: Vec<_> = self.occurrences.iter().filter(here).collect();
        run.clone().map(|word| occurrences.iter().any(|one| one.words.contains(&word))).collect()
    }

    /// Holds the rows to the promise that every run of `min_words` that two documents share is
    /// reported: one passage tells at least half of `min_words` of it on both sides, and on
    /// neither side a passage that both have leaves out `min_words` in a row. In a crowd it is enough
    /// that they lead from one side to the other. Gives how many
    /// such runs there were, and how many of them one passage tells to their ends.
    fn check_complete_across(&self, in_a_crowd: bool) -> Result<(usize, usize), TestCaseError> {
        let least = self.options.passages.min_words_across;
        let (mut count, mut whole) = (0, 0);
        for (a, page_a) in self.pages.iter().enumerate() {
            for (b, page_b) in self.pages.iter().enumerate().skip(a + 1) {
                if !self.meet(a, b) || self.are_pair(a, b) {
                    continue;
                }
                for (run_a, run_b) in naive::shared_runs(&page_a.words, &page_b.words) {
                    if !page_a.has_words(run_a.clone(), least) {
                        continue;
                    }
                    count += 1;
                    let sides = [(self.first_copy(a), &run_a), (self.first_copy(b), &run_b)];
                    whole += usize::from(self.tie(sides[0], sides[1]));
                    prop_assert!(
                        self.is_told(sides, page_a, least)
                            || in_a_crowd && self.is_told_by_others(sides, least),
                        "documents {a} and {b} share words {run_a:?} and {run_b:?}, {:?}, \
                         which no row tells: {:#?}",
                        page_a.words[run_a.clone()].join(" "),
                        self.scan.findings,
                    );
                }
            }
        }
        Ok((count, whole))
    }

    /// Whether rows lead from one side of a shared run to the other, by way of other documents that
    /// have half of `least` words in a row of it: each step is a passage that tells those on both its
    /// sides, or a pair of documents, inside which passages are not listed.
    fn is_told_by_others(&self, sides: [(usize, &Range<usize>); 2], least: u32) -> bool {
        let half = least as usize / 2;
        let run = &self.pages[sides[0].0].words[sides[0].1.clone()];
        // Where each document has words of the run, enough of them in a row.
        let places: Vec<Vec<Range<usize>>> = self
            .pages
            .iter()
            .map(|page| {
                let shared = naive::shared_runs(run, &page.words).into_iter();
                shared.map(|(_, there)| there).filter(|there| there.len() >= half).collect()
            })
            .collect();
        let mut seen: Vec<(usize, Range<usize>)> = vec![(sides[0].0, sides[0].1.clone())];
        let mut next = 0;
        while let Some((document, place)) = seen.get(next).cloned() {
            next += 1;
            let tells = |one: &Occurrence, place: &Range<usize>| {
                one.words.end.min(place.end) >= one.words.start.max(place.start) + half
            };
            if document == sides[1].0
                && place.start < sides[1].1.end
                && sides[1].1.start < place.end
            {
                return true;
            }
            let mut reached: Vec<(usize, Range<usize>)> = Vec::new();
            for (other, there) in places.iter().enumerate() {
                if self.are_pair(document.min(other), document.max(other)) {
                    reached.extend(there.iter().map(|place| (other, place.clone())));
                }
            }
            let here = self.occurrences.iter().filter(|one| one.document == document);
            let telling: Vec<u32> =
                here.filter(|one| tells(one, &place)).map(|one| one.passage).collect();
            for one in self.occurrences.iter().filter(|one| telling.contains(&one.passage)) {
                let there = places[one.document].iter().filter(|place| tells(one, place));
                reached.extend(there.map(|place| (one.document, place.clone())));
            }
            for one in reached {
                if !seen.contains(&one) {
                    seen.push(one);
                }
            }
        }
        false
    }

    /// Whether a shared run is reported on both its sides, of which `page` has the first.
    fn is_told(&self, sides: [(usize, &Range<usize>); 2], page: &Page, least: u32) -> bool {
        let run = sides[0].1;
        let mut told = [vec![false; run.len()], vec![false; run.len()]];
        let mut enough = false;
        for passage in 1..=self.scan.summary.found.passages as u32 {
            let both = sides.map(|(document, run)| self.told(passage, document, run));
            let half_words = |words: &Vec<bool>| -> usize {
                let told = run.clone().zip(words).filter(|(_, told)| **told);
                told.map(|(word, _)| page.half_words[word]).sum()
            };
            if both.iter().all(|words| half_words(words) > 0) {
                enough |= both.iter().all(|words| half_words(words) >= least as usize);
                for (told, words) in told.iter_mut().zip(&both) {
                    told.iter_mut().zip(words).for_each(|(told, &word)| *told |= word);
                }
            }
        }
        let left_out = |words: &Vec<bool>| {
            let mut most = 0;
            let mut here = 0;
            for (word, told) in run.clone().zip(words) {
                here = if *told { 0 } else { here + page.half_words[word] };
                most = most.max(here);
            }
            most
        };
        enough && told.iter().all(|words| left_out(words) < 2 * least as usize)
    }
}

/// A row is true: long enough on both sides, and as similar as it says.
fn check_row(
    row: &Finding,
    (page_a, run_a): (&Page, &Range<usize>),
    (page_b, run_b): (&Page, &Range<usize>),
    options: &ScanOptions,
) -> Result<(), TestCaseError> {
    let aligned = naive::aligned(&page_a.words[run_a.clone()], &page_b.words[run_b.clone()]) as f64;
    let (a, b) = (run_a.len() as f64, run_b.len() as f64);
    prop_assert!((row.jaccard - aligned / (a + b - aligned)).abs() < 1e-12, "{row:?}");
    prop_assert!((row.containment - aligned / a.min(b)).abs() < 1e-12, "{row:?}");
    prop_assert!(row.containment >= options.passages.min_similarity, "{row:?}");
    let within = row.a.document == row.b.document;
    let passages = &options.passages;
    let least = if within { passages.min_words_within } else { passages.min_words_across };
    prop_assert!(page_a.has_words(run_a.clone(), least), "{row:?}");
    prop_assert!(page_b.has_words(run_b.clone(), least), "{row:?}");
    prop_assert!((&row.a.document, row.a.start) < (&row.b.document, row.b.start), "{row:?}");
    prop_assert!(!within || row.a.end <= row.b.start, "a passage overlaps itself: {row:?}");
    Ok(())
}

/// A piece of a document.
#[derive(Clone, Debug)]
enum Piece {
    /// So many words that stand nowhere else.
    Own(usize),
    /// Some of the words that all documents draw from, from one or another source.
    Shared { source: usize, from: usize, words: usize, ends_line: bool },
}

/// So many documents of so many pieces, with long and short runs of so many
/// sources in common: next to one another, nested, overlapping, repeated.
fn documents(
    count: Range<usize>,
    pieces: Range<usize>,
    sources: usize,
) -> impl Strategy<Value = Vec<Vec<Piece>>> {
    // Many of them just as long as they must be to be found.
    let words = prop_oneof![Just(12), 6usize..40];
    let shared = (0..sources, 0usize..40, words, any::<bool>()).prop_map(
        |(source, from, words, ends_line)| Piece::Shared { source, from, words, ends_line },
    );
    let piece = prop_oneof![2 => (1usize..30).prop_map(Piece::Own), 3 => shared];
    vec(vec(piece, pieces), count)
}

/// The texts of such documents.
fn texts(documents: &[Vec<Piece>]) -> Vec<String> {
    let mut own = 1000..10_000;
    let mut text = |piece: &Piece| match *piece {
        Piece::Own(words) => sentence(own.by_ref().take(words)),
        Piece::Shared { source, from, words, ends_line } => {
            let first = 100 * source + from;
            sentence(first..first + words) + if ends_line { ".\n" } else { "" }
        }
    };
    documents
        .iter()
        .map(|pieces| pieces.iter().map(&mut text).collect::<Vec<_>>().join(" "))
        .collect()
}

/// Holds so many corpora to the oracle, which must find so many shared runs in them.
fn check_across(
    cases: u32,
    corpora: impl Strategy<Value = Vec<Vec<Piece>>>,
    in_a_crowd: bool,
    least: usize,
) {
    let (count, whole) = (Cell::new(0), Cell::new(0));
    forall(cases, corpora, |documents| {
        let pages: Vec<Page> = texts(&documents).iter().map(|text| Page::ascii(text)).collect();
        let options = ScanOptions::default();
        let (runs, to_their_ends) =
            Rows::of(&pages, &options)?.check_complete_across(in_a_crowd)?;
        count.set(count.get() + runs);
        whole.set(whole.get() + to_their_ends);
        Ok(())
    });
    let (count, whole) = (count.get(), whole.get());
    assert!(count > least, "too few shared runs to mean much: {count}");
    let most = if in_a_crowd { 7 } else { 9 };
    assert!(
        10 * whole > most * count,
        "few of {count} shared runs are told to their ends: {whole}"
    );
}

#[test]
fn every_shared_run_across_documents_is_reported() {
    check_across(800, documents(2..6, 1..6, 3), false, 500);
}

#[test]
fn every_shared_run_is_reported_however_many_documents_share_it() {
    check_across(60, documents(33..50, 1..4, 1), false, 5000);
}

#[test]
fn what_a_crowd_shares_is_told_by_way_of_others() {
    check_across(3, documents(100..120, 1..4, 1), true, 2000);
}

#[test]
fn against_references_every_shared_run_is_reported_and_no_other() {
    let count = Cell::new(0);
    for (cases, corpora) in
        [(400, documents(2..7, 1..5, 3).boxed()), (40, documents(33..50, 1..4, 1).boxed())]
    {
        forall(cases, (corpora, any::<Index>()), |(documents, split)| {
            let pages: Vec<Page> = texts(&documents).iter().map(|text| Page::ascii(text)).collect();
            let split = 1 + split.index(pages.len() - 1);
            let options = ScanOptions::default();
            let rows = Rows::between(&pages, Some(split), &options)?;
            for row in &rows.scan.findings {
                let (a, b) = (number(&row.a.document), number(&row.b.document));
                prop_assert!(a < split && split <= b, "{row:?}");
            }
            count.set(count.get() + rows.check_complete_across(false)?.0);
            Ok(())
        });
    }
    assert!(count.get() > 2000, "too few shared runs to mean much: {}", count.get());
}

/// Lines that end in a full stop, each a sentence: new ones, and earlier ones with some words
/// changed. Either few words make all of them, so that many are alike by chance, or none but
/// what is taken from an earlier line stands there twice.
fn lines() -> impl Strategy<Value = Vec<Vec<usize>>> {
    let edits = vec((any::<Index>(), any::<bool>()), 0..6);
    let line = (prop::option::weighted(0.6, any::<Index>()), 1usize..20, edits);
    let words = prop_oneof![vec(0usize..40, 300), Just((0..300).collect())];
    (vec(line, 1..14), words).prop_map(|(steps, words)| {
        let mut words = words.into_iter().cycle();
        let mut lines: Vec<Vec<usize>> = Vec::new();
        for (from, count, edits) in steps {
            let line = match from.filter(|_| !lines.is_empty()) {
                None => words.by_ref().take(count).collect(),
                Some(from) => {
                    let mut line = from.get(&lines).clone();
                    for (place, replaces) in edits {
                        let at = place.index(line.len());
                        line.splice(at..at + usize::from(replaces), words.next());
                    }
                    line
                }
            };
            lines.push(line);
        }
        lines
    })
}

/// Holds the rows of one document of these lines to the pairs of lines that the oracle
/// finds similar. Gives how many there were.
fn check_within(lines: &[Vec<usize>]) -> Result<usize, TestCaseError> {
    let text: String = lines.iter().map(|line| sentence(line.iter().copied()) + ".\n").collect();
    let mut at = 0;
    let places: Vec<Range<usize>> = lines
        .iter()
        .map(|line| {
            at += line.len();
            at - line.len()..at
        })
        .collect();
    let words: Vec<Vec<String>> =
        lines.iter().map(|line| line.iter().copied().map(word).collect()).collect();
    let options = ScanOptions::default();
    let least = options.passages.min_words_within as usize;
    let share = options.passages.min_similarity;
    let mut pairs = naive::similar_sentences(&words, least, share);
    // Words that stand apart from one another make no repeat, however many they are.
    pairs.retain(|&(a, b)| naive::is_in_runs(&words[a], &words[b]));
    let pages = [Page::ascii(&text)];
    let rows = Rows::of(&pages, &options)?;
    for &(a, b) in &pairs {
        prop_assert!(
            rows.tie((0, &places[a]), (0, &places[b])),
            "lines {a} and {b} are alike and unreported:\n{text}{:#?}",
            rows.scan.findings
        );
    }
    for row in rows.occurrences.chunks_exact(2) {
        let holds = |run: &Range<usize>, line: usize| {
            run.start <= places[line].start && places[line].end <= run.end
        };
        let are_alike =
            pairs.iter().any(|&(a, b)| holds(&row[0].words, a) && holds(&row[1].words, b));
        // Or a stretch of two lines, most of the shorter, which is similar by itself.
        let line = |run: &Range<usize>| {
            places.iter().position(|line| line.start <= run.start && run.end <= line.end)
        };
        let is_stretch = match (line(&row[0].words), line(&row[1].words)) {
            (Some(a), Some(b)) => {
                let shorter = if words[a].len() <= words[b].len() { 0 } else { 1 };
                let told = row[shorter].words.len();
                2 * told > words[a].len().min(words[b].len())
                    && naive::is_in_runs(&words[a], &words[b])
            }
            _ => false,
        };
        prop_assert!(
            are_alike || is_stretch,
            "a row without two lines that are alike:\n{text}{:#?}",
            rows.scan.findings
        );
    }
    Ok(pairs.len())
}

#[test]
fn every_pair_of_similar_sentences_within_a_document_is_reported() {
    let count = Cell::new(0);
    forall(600, lines(), |lines| {
        count.set(count.get() + check_within(&lines)?);
        Ok(())
    });
    assert!(count.get() > 1000, "too few similar sentences to mean much: {}", count.get());
}

/// Documents of these runs of words (first, end), each followed by words that stand nowhere else.
fn pages(documents: &[&[(usize, usize)]]) -> Vec<Page> {
    let mut own = 1000..10_000;
    let mut text = |&(first, end): &(usize, usize)| {
        [sentence(first..end), sentence(own.by_ref().take(15))].join(" ")
    };
    let mut page = |runs: &&[(usize, usize)]| {
        let texts: Vec<String> = runs.iter().map(&mut text).collect();
        Page::ascii(&texts.join(" "))
    };
    documents.iter().map(&mut page).collect()
}

#[test]
fn a_run_of_three_documents_hides_no_longer_one_of_two() {
    // Twelve words stand in all three and tie them together; the last two share twelve more.
    let pages = pages(&[&[(0, 12)], &[(0, 24)], &[(0, 24)]]);
    let options = ScanOptions::default();
    Rows::of(&pages, &options).unwrap().check_complete_across(false).unwrap();
}

#[test]
fn a_run_beside_another_is_reported_to_its_end() {
    // Words 6 to 18 stand in both, but at another distance than the thirty words
    // around their beginnings. Which fingerprints stand there is chance, so a few are tried.
    for first in [0, 100, 200, 300] {
        let run = |from: usize, to: usize| sentence(first + from..first + to);
        let one = [run(0, 24), run(6, 18), sentence(1000..1040)].join(" ");
        let other = [run(0, 24), run(6, 12), sentence(2000..2040)].join(" ");
        let pages = [Page::ascii(&one), Page::ascii(&other)];
        let options = ScanOptions::default();
        Rows::of(&pages, &options).unwrap().check_complete_across(false).unwrap();
    }
}

#[test]
fn a_fragment_in_the_first_document_hides_no_furniture() {
    // Nobody shares enough with the first document, everybody else does with one another.
    let fragments = [0, 100, 200, 300, 400].map(|line| (line, line + 11));
    let lines = fragments.map(|(first, end)| (first, end + 1));
    let mut documents = [&lines[..]; 40];
    documents[0] = &fragments;
    let pages = pages(&documents);
    let options = ScanOptions::default();
    Rows::of(&pages, &options).unwrap().check_complete_across(false).unwrap();
}

#[test]
fn furniture_stands_in_near_copies_of_the_first_document_too() {
    // The first twenty are near copies of one another; all have the line that forty others have.
    let mut documents: [&[(usize, usize)]; 60] = [&[(0, 20)]; 60];
    documents[..20].fill(&[(500, 600), (0, 20)]);
    let pages = pages(&documents);
    let options = ScanOptions { threshold: 0.5, ..Default::default() };
    let rows = Rows::of(&pages, &options).unwrap();
    assert!(rows.are_pair(0, 1));
    rows.check_complete_across(false).unwrap();
    for row in rows.scan.findings.iter().filter(|row| row.kind == Kind::Passage) {
        assert_eq!(row.occurrences, Some(60), "{row:?}");
    }
}

#[test]
fn a_quotation_from_a_passage_splits_none_of_its_occurrences() {
    // The first three share a hundred words, the third all but the beginning; the
    // fourth has twelve that lie across that beginning.
    let pages = pages(&[&[(0, 100)], &[(0, 100)], &[(12, 100)], &[(10, 22)]]);
    let options = ScanOptions::default();
    let rows = Rows::of(&pages, &options).unwrap();
    rows.check_complete_across(false).unwrap();
    for row in rows.scan.findings.iter().filter(|row| row.kind == Kind::Passage) {
        assert_eq!(row.occurrences, Some(3), "{row:?}");
    }
}

#[test]
fn neighbours_that_make_a_row_dissimilar_are_not_joined() {
    // A short sentence is found in a long one, and the next, long, has the next, short;
    // together the sides are of one length and hardly alike.
    let lines: Vec<Vec<usize>> = [0..9, 100..140, 1000..1005, 0..40, 100..109]
        .map(|line: Range<usize>| line.collect())
        .to_vec();
    assert_eq!(check_within(&lines).unwrap(), 2);
}

#[test]
fn inside_a_star_no_passage_is_listed() {
    // Too many near copies for all pairs to be compared, so most are no pair by themselves.
    let texts: Vec<String> =
        (0..1100).map(|copy| sentence((0..20).chain([1000 + copy]).chain(20..40))).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let options = ScanOptions { threshold: 0.5, ..Default::default() };
    let scan = scan_texts(&texts, &options);
    assert_eq!((scan.summary.found.stars, scan.summary.found.crowded), (1, 1100));
    assert_eq!(scan.findings.len(), 1099, "a row for each document but the kept one");
    assert!(scan.findings.iter().all(|row| row.kind == Kind::Near));
}

#[test]
fn a_table_is_a_passage_whatever_its_length() {
    // Past a thousand like lines each is compared with the first of them only.
    for lines in [300, 1100] {
        let text: String =
            (0..lines).map(|line| sentence((0..7).chain([1000 + line])) + ".\n").collect();
        let scan = scan_texts(&[&text], &ScanOptions::default());
        assert_eq!(scan.summary.found.passages, 1);
        assert_eq!(scan.findings[0].occurrences, Some(lines as u32));
        assert_eq!(scan.findings.len(), lines - 1);
    }
}

#[test]
fn a_line_in_a_hundred_documents_is_one_passage() {
    let mut random = Random(1);
    let furniture = sentence(0..20);
    let texts: Vec<String> = (0..100)
        .map(|_| {
            let [before, after] = [60, 40].map(|count| sentence(random.words(count)));
            format!("{before}.\n{furniture}.\n{after}.\n")
        })
        .collect();
    let pages: Vec<Page> = texts.iter().map(|text| Page::ascii(text)).collect();
    let options = ScanOptions::default();
    let rows = Rows::of(&pages, &options).unwrap();
    assert_eq!(rows.scan.findings.len(), 99, "one row for each occurrence but the first");
    for row in &rows.scan.findings {
        assert_eq!((row.passage, row.occurrences), (Some(1), Some(100)), "{row:?}");
        assert_eq!((&row.a.text, &row.b.text), (&furniture, &furniture));
    }
    let documents: BTreeSet<usize> = rows.occurrences.iter().map(|one| one.document).collect();
    assert!(documents.into_iter().eq(0..100), "a document without the line");
}

/// The words of the only passage row between two texts.
fn only_passage(texts: [&str; 2]) -> [Range<usize>; 2] {
    let pages = texts.map(Page::ascii);
    // However alike they are, it is the passage that is asked for.
    let options = ScanOptions { inside_duplicates: true, ..Default::default() };
    let rows = Rows::of(&pages, &options).unwrap();
    assert_eq!(rows.occurrences.len(), 2, "{:#?}", rows.scan.findings);
    [0, 1].map(|side| rows.occurrences[side].words.clone())
}

#[test]
fn edits_leave_a_passage_in_one_piece() {
    let own = |first: usize| sentence(first..first + 30);
    let shared: Vec<String> = (0..90).map(word).collect();
    let one = [own(1000), shared.join(" "), own(2000)].join(" ");
    let edited = |edit: &dyn Fn(&mut Vec<String>)| {
        let mut words = shared.clone();
        edit(&mut words);
        [own(3000), words.join(" "), own(4000)].join(" ")
    };
    // Each ninth word torn in two at the end of a line.
    let torn = edited(&|words| {
        for place in (8..85).step_by(9) {
            words[place].insert_str(2, "-\n");
        }
    });
    assert_eq!(only_passage([&one, &torn]), [30..120, 30..129]);
    // Each ninth word another, with a capital and a stop; each tenth left out.
    let changed = edited(&|words| {
        for place in (8..89).step_by(9) {
            words[place] = format!("{}.\n\"The", word(5000 + place));
        }
    });
    assert_eq!(only_passage([&one, &changed]), [30..120, 30..129]);
    let shortened = edited(&|words| {
        for place in (1..9).rev() {
            words.remove(10 * place);
        }
    });
    assert_eq!(only_passage([&one, &shortened]), [30..120, 30..112]);
    // A sentence put in, and one moved to the end.
    let inserted = edited(&|words| {
        words.insert(45, sentence(6000..6020));
    });
    assert_eq!(only_passage([&one, &inserted]), [30..120, 30..140]);
    let moved = edited(&|words| {
        words[40..].rotate_left(11);
        words[75..].rotate_left(4);
    });
    let rows = only_passage([&one, &moved]);
    assert!(rows[0].start == 30 && rows[1].start == 30 && rows[0].len() > 80, "{rows:?}");
}

/// Pieces that begin or end where it is easy to cut wrongly: before a
/// combining mark, inside an emoji sequence, between scripts.
fn mixed_piece() -> impl Strategy<Value = String> {
    let parts = [
        "[a-c]{1,3} ",
        "[กขคเแ][ิีุู่้]?",
        "[中文字詞、。]",
        "[カガｶﾞー]",
        "[ア-ン]{1,3}",
        "e?\u{301}",
        "[👍👩🎉]\u{200d}?[🏽🚀]?",
        "[éßİſΣς١-٣\u{ad}’ ]",
        "\\.\n",
    ];
    proptest::string::string_regex(&format!("({}){{10,50}}", parts.join("|"))).unwrap()
}

#[test]
fn spans_cut_no_code_point_in_any_script() {
    let count = Cell::new(0);
    let corpora = (mixed_piece(), vec((mixed_piece(), mixed_piece()), 2..4));
    forall(400, corpora, |(shared, frames)| {
        let texts = frames.into_iter().map(|(before, after)| before + &shared + &after);
        let pages: Vec<Page> = texts.map(|text| Page::any_script(&text)).collect();
        // Passages inside pairs of documents are not listed, so let there be few pairs.
        let options = ScanOptions { threshold: 1.0, containment: 1.0, ..Default::default() };
        let rows = Rows::of(&pages, &options)?;
        rows.check_complete_across(false)?;
        count.set(count.get() + rows.occurrences.len());
        Ok(())
    });
    assert!(count.get() > 500, "too few passages to mean much: {}", count.get());
}
