//! What a page lists: clusters, contained documents and passages, each with its rows.
//!
//! In: the [`Outline`]. Out: [`Entry`]s, those that repeat most words first, and the rows that are shown of
//! each. A page that is to be opened cannot hold any number of rows, so there is a limit for all and
//! one for each entry; what is beyond is counted, and the page says so.

use ahash::AHashSet;

use super::outline::{Line, Outline};
use crate::report::Kind;

/// How many bytes an entry takes, a row of it, a span, a member of a cluster, and a document beside its name.
const ENTRY: usize = 40;
const ROW: usize = 36;
const SPAN: usize = 36;
const MEMBER: usize = 18;
const NAME: usize = 18;

/// How many rows of each entry are shown at most: first so many of all entries, then, while there is room,
/// more of those that have more.
const SHARES: [usize; 3] = [3, 50, 1_000];

/// How many documents of a cluster are shown.
pub const MOST_MEMBERS: usize = 1_000;

/// What furniture is: a passage across documents that stands in so many places and has so few words.
/// `clean` asks for as many places of a line. Menus, share bars, bylines and terms of use are a line or
/// two; what is longer than some three sentences is text that somebody wrote, and that it is often quoted
/// makes it a find, not furniture.
pub const FURNITURE: (u32, u32) = (5, 60);

/// Whether a passage is furniture.
pub fn is_furniture(across: bool, occurrences: u64, words: u64) -> bool {
    let (least, most) = FURNITURE;
    across && occurrences >= u64::from(least) && words <= u64::from(most)
}

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
        let mut keyed: Vec<(Subject, u32)> = (0..)
            .zip(&outline.lines)
            .map(|(number, line)| (subject(number, line), number))
            .collect();
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
        for entry in &mut all {
            if let Subject::Cluster(number) = entry.subject {
                put_stars_first(outline, number, &mut entry.rows);
            }
        }
        let mut costs =
            Costs { outline, left: budget, is_paid: vec![[false; 2]; outline.names.len()] };
        let mut paid = vec![0; all.len()];
        for most in SHARES {
            for (entry, paid) in all.iter().zip(&mut paid) {
                if *paid == 0 {
                    costs.pay_entry(entry.subject);
                }
                while *paid < most.min(entry.rows.len()) && costs.pay_row(entry.rows[*paid]) {
                    *paid += 1;
                }
            }
        }
        let mut entries = Entries::default();
        for (mut entry, paid) in all.into_iter().zip(paid) {
            entries.left_out_rows += u64::from(entry.all_rows) - paid as u64;
            entry.rows.truncate(paid);
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
    /// Of each document whether its name is paid for, and the span that is all of it.
    is_paid: Vec<[bool; 2]>,
}

impl Costs<'_> {
    /// Pays for a row, if anything is left. Of passages each may have spans of its own.
    fn pay_row(&mut self, row: u32) -> bool {
        let line = &self.outline.lines[row as usize];
        if self.left == 0 {
            return false;
        }
        self.pay(ROW);
        for document in [line.a, line.b] {
            self.pay_document(document, line.kind != Kind::Passage);
            if line.kind == Kind::Passage {
                self.pay(SPAN);
            }
        }
        true
    }

    /// Pays for an entry, and for the members of a cluster that are shown.
    fn pay_entry(&mut self, subject: Subject) {
        self.pay(ENTRY);
        if let (Subject::Cluster(number), true) = (subject, self.left > 0) {
            let outline = self.outline;
            let members = outline.cluster(number).map_or(&[][..], |cluster| &cluster.members);
            for one in members.iter().take(MOST_MEMBERS) {
                self.pay(MEMBER);
                self.pay_document(one.document, false);
                self.pay_document(one.kept, false);
            }
        }
    }

    /// Pays for a document, where it is new, and for the span that is all of it.
    fn pay_document(&mut self, document: u32, as_whole: bool) {
        let [is_named, is_whole] = &mut self.is_paid[document as usize];
        let name = self.outline.names[document as usize].len() + NAME;
        let mut bytes = 0;
        if !std::mem::replace(is_named, true) {
            bytes += name;
        }
        if as_whole && !std::mem::replace(is_whole, true) {
            bytes += SPAN;
        }
        self.pay(bytes);
    }

    fn pay(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes);
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

#[cfg(test)]
mod tests {
    use super::super::outline::{Cluster, Member};
    use super::*;

    /// A cluster of four documents, a contained one, and a passage that stands in 2,000 of 2,000 documents.
    fn outline() -> Outline {
        let line = |kind, a, b, group, occurrences| Line {
            kind,
            jaccard: 9000,
            containment: 9500,
            a,
            b,
            words_a: 100,
            words_b: 90,
            group,
            occurrences,
        };
        let mut lines = vec![
            line(Kind::Near, 2, 3, 1, 0),
            line(Kind::Near, 0, 1, 1, 0),
            line(Kind::Near, 0, 2, 1, 0),
            line(Kind::Near, 0, 3, 1, 0),
            line(Kind::Contained, 4, 5, 0, 0),
        ];
        lines.extend((1..2_000).map(|other| line(Kind::Passage, 0, other, 7, 2_000)));
        let member = |document| Member { document, kept: 0, similarity: 9000 };
        Outline {
            names: (0..2_000).map(|number| format!("{number:04}.txt")).collect(),
            words: vec![Some(95); 2_000],
            lines,
            clusters: vec![Cluster { number: 1, members: (0..4).map(member).collect() }],
            is_kept_told: true,
        }
    }

    #[test]
    fn what_repeats_most_words_comes_first_and_the_kept_one_leads_its_cluster() {
        let entries = Entries::choose(&outline(), usize::MAX);
        let subjects: Vec<_> = entries.shown.iter().map(|entry| entry.subject).collect();
        assert_eq!(subjects, [Subject::Passage(7), Subject::Cluster(1), Subject::Contained(4)]);
        let repeated: Vec<_> = entries.shown.iter().map(|entry| entry.repeated).collect();
        assert_eq!(repeated, [90 * 1_999, 95 * 3, 90]);
        assert_eq!(entries.shown[1].rows, [1, 2, 3, 0]);
        let left_out = (entries.shown[0].rows.len(), entries.left_out, entries.left_out_rows);
        assert_eq!(left_out, (1_000, 0, 999));
    }

    #[test]
    fn furniture_is_short_and_stands_in_many_places_of_more_than_one_document() {
        for (across, occurrences, words, expected) in [
            (true, 5, 60, true),
            (true, 4, 60, false),
            (true, 780, 735, false),
            (false, 9, 9, false),
        ] {
            assert_eq!(is_furniture(across, occurrences, words), expected);
        }
    }

    #[test]
    fn every_entry_has_rows_before_one_has_many() {
        let entries = Entries::choose(&outline(), 12 * 130);
        assert_eq!((entries.shown.len(), entries.left_out), (3, 0));
        let all: u64 = entries.shown.iter().map(|entry| u64::from(entry.all_rows)).sum();
        let shown: u64 = entries.shown.iter().map(|entry| entry.rows.len() as u64).sum();
        assert_eq!(all, 2_004);
        assert_eq!(entries.left_out_rows, all - shown);
        assert!((8..14).contains(&shown), "{shown}");
        let none = Entries::choose(&outline(), 0);
        assert_eq!((none.shown.len(), none.left_out, none.left_out_rows), (0, 3, 2_004));
    }
}
