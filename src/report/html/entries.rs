//! What a page lists: clusters, contained documents and passages, each with its rows.
//!
//! In: the [`Outline`]. Out: [`Entry`]s, those that repeat most words first, and the rows that are shown of
//! each. A page that is to be opened cannot hold any number of rows, so there is a limit for all and
//! one for each entry; what is beyond is counted, and the page says so.

use ahash::AHashSet;

use super::outline::{Line, Outline};
use crate::report::Kind;

/// Bytes of JSON that rows, their spans and the names of their documents may take.
pub const ROW_BUDGET: usize = 9_500_000;

/// About how many bytes a row takes with its spans, and a member of a cluster.
const ROW: usize = 100;
const MEMBER: usize = 20;

/// How many rows of one entry are shown.
const MOST_ROWS_OF_AN_ENTRY: usize = 1_000;

/// How many documents of a cluster are shown.
pub const MOST_MEMBERS: usize = 1_000;

/// In how many places a passage stands that is furniture.
pub const FURNITURE: u32 = 5;

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A cluster of documents, by number.
    Cluster(u32),
    /// A document that stands in another: the number of the row.
    Contained(u32),
    /// A passage, by number.
    Passage(u32),
}

/// Something that repeats.
#[derive(Clone, Debug)]
pub struct Entry {
    pub subject: Subject,
    /// How many words are there more than once.
    pub repeated: u64,
    /// The rows that are shown, the most telling first.
    pub rows: Vec<u32>,
    /// How many rows it has.
    pub all_rows: u32,
}

/// The entries of a page.
#[derive(Debug, Default)]
pub struct Entries {
    /// Those shown, by the words that they repeat.
    pub shown: Vec<Entry>,
    /// Entries that are not shown.
    pub left_out: u64,
    /// Rows that are not shown, also of entries that are.
    pub left_out_rows: u64,
}

impl Entries {
    /// Makes entries of all rows and shows what fits into so many bytes.
    pub fn choose(outline: &Outline, budget: usize) -> Self {
        let mut keyed: Vec<(Subject, u32)> =
            (0..).zip(&outline.lines).map(|(number, line)| (subject(number, line), number)).collect();
        keyed.sort_unstable();
        let mut all: Vec<Entry> = keyed
            .chunk_by(|one, other| one.0 == other.0)
            .map(|rows| Entry {
                subject: rows[0].0,
                repeated: repeated(outline, rows[0].0, rows[0].1),
                rows: rows.iter().map(|row| row.1).collect(),
                all_rows: rows.len() as u32,
            })
            .collect();
        all.sort_by_key(|entry| (u64::MAX - entry.repeated, entry.rows[0]));
        let mut entries = Entries::default();
        let mut costs = Costs { outline, left: budget, is_named: vec![false; outline.names.len()] };
        for mut entry in all {
            if let Subject::Cluster(number) = entry.subject {
                put_stars_first(outline, number, &mut entry.rows);
                let members = outline.cluster(number).map_or(&[][..], |cluster| &cluster.members);
                let shown = members.iter().take(MOST_MEMBERS);
                shown.for_each(|one| costs.pay(MEMBER, [one.document, one.kept]));
            }
            entry.rows.truncate(MOST_ROWS_OF_AN_ENTRY);
            let pays = |row: &u32| {
                let line = &outline.lines[*row as usize];
                costs.left > 0 && {
                    costs.pay(ROW, [line.a, line.b]);
                    true
                }
            };
            let paid = entry.rows.iter().copied().take_while(pays).count();
            entry.rows.truncate(paid);
            entries.left_out_rows += u64::from(entry.all_rows) - paid as u64;
            match paid {
                0 => entries.left_out += 1,
                _ => entries.shown.push(entry),
            }
        }
        entries
    }

    /// The numbers of all rows that are shown, ascending.
    pub fn rows(&self) -> Vec<u32> {
        let mut rows: Vec<u32> = self.shown.iter().flat_map(|entry| &entry.rows).copied().collect();
        rows.sort_unstable();
        rows
    }
}

/// What is left of a budget.
struct Costs<'a> {
    outline: &'a Outline,
    left: usize,
    /// Which documents are paid for.
    is_named: Vec<bool>,
}

impl Costs<'_> {
    /// Pays for something, and for the names of its documents if they are new.
    fn pay(&mut self, bytes: usize, documents: [u32; 2]) {
        self.left = self.left.saturating_sub(bytes);
        for document in documents.map(|document| document as usize) {
            if !std::mem::replace(&mut self.is_named[document], true) {
                self.left = self.left.saturating_sub(self.outline.names[document].len() + ROW / 4);
            }
        }
    }
}

fn subject(number: u32, line: &Line) -> Subject {
    match line.kind {
        Kind::Passage => Subject::Passage(line.group),
        _ if line.group > 0 => Subject::Cluster(line.group),
        _ => Subject::Contained(number),
    }
}

/// How many words could go while one copy stays.
fn repeated(outline: &Outline, subject: Subject, row: u32) -> u64 {
    let line = &outline.lines[row as usize];
    let smaller = u64::from(line.words_a.min(line.words_b));
    match subject {
        Subject::Contained(_) => smaller,
        Subject::Passage(_) => smaller * u64::from(line.occurrences.max(2) - 1),
        Subject::Cluster(number) => {
            let members = outline.cluster(number).map_or(&[][..], |cluster| &cluster.members);
            let dropped = members.iter().filter(|one| one.kept != one.document);
            dropped.map(|one| u64::from(outline.words[one.document as usize].unwrap_or(0))).sum()
        }
    }
}

/// Puts the rows of dropped documents and the ones kept for them before those of dropped ones alone.
fn put_stars_first(outline: &Outline, number: u32, rows: &mut [u32]) {
    let members = outline.cluster(number).map_or(&[][..], |cluster| &cluster.members);
    let stars: AHashSet<(u32, u32)> = members
        .iter()
        .map(|one| (one.document.min(one.kept), one.document.max(one.kept)))
        .collect();
    rows.sort_by_key(|&row| {
        let line = &outline.lines[row as usize];
        !stars.contains(&(line.a.min(line.b), line.a.max(line.b)))
    });
}
