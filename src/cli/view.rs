//! Findings as people read them on a terminal.
//!
//! In: a scan. Out: its clusters with the document to keep first, then documents that stand in others, then
//! passages with their places; under each what differs, word by word. Only the groups of each kind that
//! repeat most words are shown, and how many more there are: all rows are for a file.

use std::cmp::Reverse;
use std::io::{self, Write};

use ahash::{AHashMap, AHashSet};
use dittograph::pipeline::Scan;
use dittograph::report::{ClusterMember, Finding, Kind, Row, count, grouped};

use super::diff::differences;
use super::paint::{Style, one_line, paint, visible, wrapped};

/// How many clusters, contained documents and passages are shown.
const MOST_GROUPS: usize = 30;

/// How many documents of a cluster, or places of a passage, are shown.
const MOST_MEMBERS: usize = 8;

/// How findings are shown.
pub struct View {
    /// Whether there are colours.
    pub colored: bool,
    /// Columns of the terminal.
    pub width: usize,
}

impl View {
    /// Shows a scan, and tells what of it is not shown.
    ///
    /// # Errors
    /// The writer's; the system's, inside one.
    pub fn write(&self, scan: &Scan, out: &mut dyn Write) -> io::Result<()> {
        let left = [
            (self.clusters(scan, out)?, "more cluster"),
            (self.contained(scan, out)?, "more contained document"),
            (self.passages(scan, out)?, "more passage"),
        ];
        let left = left.iter().filter(|one| one.0 > 0);
        let left: Vec<String> = left.map(|one| count(one.0 as u64, one.1)).collect();
        if left.is_empty() {
            return Ok(());
        }
        let rows = count(scan.findings.len() as u64, "row");
        let told = format!(
            "Those that repeat most words are shown. There are {}: write all {rows} to a file with `-o`",
            left.join(", ")
        );
        out.write_all(wrapped(&[(Style::Bold, told)], 0, self.width, self.colored).as_bytes())
    }

    /// Shows clusters; tells how many more there are.
    fn clusters(&self, scan: &Scan, out: &mut dyn Write) -> io::Result<usize> {
        let members = scan.clusters.members();
        let mut clusters: Vec<(u64, &[ClusterMember])> = members
            .chunk_by(|a, b| a.cluster == b.cluster)
            .map(|members| {
                let going = members.iter().filter(|member| !is_kept(member));
                let words = going.map(|member| u64::from(scan.findings.words(member.document)));
                (words.sum(), members)
            })
            .collect();
        clusters.sort_by_key(|(words, members)| (Reverse(*words), members[0].cluster));
        let left = clusters.len().saturating_sub(MOST_GROUPS);
        clusters.truncate(MOST_GROUPS);
        let numbers: AHashSet<u32> =
            clusters.iter().map(|(_, members)| members[0].cluster).collect();
        // The rows of the clusters that are shown, by their sides.
        let sides = |one: u32, other: u32| (one.min(other), one.max(other));
        let rows: AHashMap<(u32, u32), usize> = (0..)
            .zip(scan.findings.rows())
            .filter(|(_, row)| row.cluster().is_some_and(|cluster| numbers.contains(&cluster)))
            .map(|(index, row)| (sides(row.a, row.b), index))
            .collect();
        for (words, members) in clusters {
            let (kept, others): (Vec<&ClusterMember>, Vec<&ClusterMember>) =
                members.iter().partition(|member| is_kept(member));
            let title = format!("Cluster {}", members[0].cluster);
            let documents = count(members.len() as u64, "document");
            let going = grouped(others.len() as u64);
            let detail = format!("{documents}, {going} could go, {}", count(words, "word"));
            out.write_all(self.title(&title, &detail).as_bytes())?;
            for kept in kept {
                let repeats: Vec<_> =
                    others.iter().filter(|member| member.kept == kept.document).collect();
                for (number, member) in repeats.iter().take(MOST_MEMBERS).enumerate() {
                    let Some(&index) = rows.get(&sides(member.document, member.kept)) else {
                        continue;
                    };
                    let Finding { kind, jaccard, a, b, .. } = scan.findings.get(index)?;
                    let kept_first = scan.findings.rows()[index].a == member.kept;
                    let (stays, goes) = if kept_first { (a, b) } else { (b, a) };
                    if number == 0 {
                        let line = self.member("keep", &stays.document, "");
                        out.write_all(line.as_bytes())?;
                    }
                    let (share, is_exact) = (format!("{jaccard:.2}"), kind == Kind::Exact);
                    let note = if is_exact { "the same words" } else { "" };
                    out.write_all(self.member(&share, &goes.document, note).as_bytes())?;
                    if !is_exact {
                        out.write_all(self.compared(&stays.text, &goes.text, true).as_bytes())?;
                    }
                }
                let left = repeats.len().saturating_sub(MOST_MEMBERS);
                out.write_all(self.more(left, "document").as_bytes())?;
            }
            out.write_all(b"\n")?;
        }
        Ok(left)
    }

    /// Shows documents that stand in others; tells how many more there are.
    fn contained(&self, scan: &Scan, out: &mut dyn Write) -> io::Result<usize> {
        let words = |row: &Row| scan.findings.words(row.a).min(scan.findings.words(row.b));
        let mut rows: Vec<(Reverse<u32>, usize)> = (0..)
            .zip(scan.findings.rows())
            .filter(|(_, row)| row.kind == Kind::Contained)
            .map(|(index, row)| (Reverse(words(row)), index))
            .collect();
        rows.sort_unstable();
        let left = rows.len().saturating_sub(MOST_GROUPS);
        for (_, index) in rows.into_iter().take(MOST_GROUPS) {
            let finding = scan.findings.get(index)?;
            let (small, large) = match finding.a.words <= finding.b.words {
                true => (&finding.a, &finding.b),
                false => (&finding.b, &finding.a),
            };
            let words = count(u64::from(large.words), "word");
            let words = format!("{} of {words}", grouped(u64::from(small.words)));
            out.write_all(self.title("Contained", &words).as_bytes())?;
            let share = format!("{:.2}", finding.containment);
            out.write_all(self.member(&share, &small.document, "").as_bytes())?;
            out.write_all(self.member("in", &large.document, "").as_bytes())?;
            out.write_all(b"\n")?;
        }
        Ok(left)
    }

    /// Shows passages; tells how many more there are.
    fn passages(&self, scan: &Scan, out: &mut dyn Write) -> io::Result<usize> {
        // What the first row of each says, and which of them repeat most words. They are numbered by their
        // first rows, but the rows of one need not stand together.
        let mut passages: Vec<(Reverse<u64>, u32)> = Vec::new();
        for row in scan.findings.rows() {
            let Some(number) = row.passage().filter(|&number| number as usize > passages.len())
            else {
                continue;
            };
            let words = scan.findings.words(row.a).min(scan.findings.words(row.b));
            let times = row.occurrences.max(2) - 1;
            passages.push((Reverse(u64::from(words) * u64::from(times)), number));
        }
        passages.sort_unstable();
        let left = passages.len().saturating_sub(MOST_GROUPS);
        passages.truncate(MOST_GROUPS);
        let places: AHashMap<u32, usize> =
            passages.iter().zip(0..).map(|(passage, place)| (passage.1, place)).collect();
        let mut rows: Vec<(usize, usize)> = (0..)
            .zip(scan.findings.rows())
            .filter_map(|(index, row)| Some((*places.get(&row.passage()?)?, index)))
            .collect();
        rows.sort_unstable();
        for rows in rows.chunk_by(|one, other| one.0 == other.0) {
            let first = scan.findings.get(rows[0].1)?;
            let times = first.occurrences.unwrap_or(2);
            let spread = match (times, first.a.document == first.b.document) {
                (2, true) => "twice in one document".to_owned(),
                (2, false) => "in two documents".to_owned(),
                (times, _) => count(u64::from(times), "time"),
            };
            let title = format!("Passage {}", passages[rows[0].0].1);
            let words = first.a.words.max(first.b.words);
            let detail = format!("{spread}, {}", count(u64::from(words), "word"));
            out.write_all(self.title(&title, &detail).as_bytes())?;
            let place = |name: &str, line: u32| format!("{name}:{line}");
            let line = self.member("", &place(&first.a.document, first.a.line), "");
            out.write_all(line.as_bytes())?;
            for &(_, index) in rows.iter().take(MOST_MEMBERS) {
                let Finding { jaccard, a, b, .. } = scan.findings.get(index)?;
                let share = format!("{jaccard:.2}");
                out.write_all(self.member(&share, &place(&b.document, b.line), "").as_bytes())?;
                if index == rows[0].1 || jaccard < 1.0 {
                    let compared = self.compared(&a.text, &b.text, jaccard < 1.0);
                    out.write_all(compared.as_bytes())?;
                }
            }
            let left = rows.len().saturating_sub(MOST_MEMBERS);
            out.write_all(self.more(left, "place").as_bytes())?;
            out.write_all(b"\n")?;
        }
        Ok(left)
    }

    fn title(&self, title: &str, detail: &str) -> String {
        let mut line = String::new();
        paint(Style::Bold, title, self.colored, &mut line);
        line.push_str("  ");
        paint(Style::Dim, detail, self.colored, &mut line);
        line.push('\n');
        line
    }

    /// A document with what is told of it before, in a column of its own, and behind.
    fn member(&self, told: &str, name: &str, note: &str) -> String {
        let mut line = String::from("  ");
        line.push_str(&" ".repeat(4 - told.len().min(4)));
        paint(Style::Cyan, told, self.colored, &mut line);
        line.push_str("  ");
        line.push_str(&visible(name));
        if !note.is_empty() {
            line.push_str("  ");
            paint(Style::Dim, note, self.colored, &mut line);
        }
        line.push('\n');
        line
    }

    fn compared(&self, one: &str, other: &str, differ: bool) -> String {
        let pieces = differences(&one_line(one), &one_line(other), differ);
        wrapped(&pieces, 10, self.width, self.colored)
    }

    fn more(&self, left: usize, noun: &str) -> String {
        if left == 0 {
            return String::new();
        }
        let mut line = " ".repeat(8);
        let more = format!("and {}\n", count(left as u64, &format!("more {noun}")));
        paint(Style::Dim, &more, self.colored, &mut line);
        line
    }
}

/// Whether a document stays.
fn is_kept(member: &ClusterMember) -> bool {
    member.document == member.kept
}
