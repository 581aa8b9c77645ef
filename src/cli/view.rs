//! Findings as people read them on a terminal.
//!
//! In: a scan. Out: its clusters with the document to keep first, then documents that stand in others, then
//! passages with all their places; under each what differs, word by word. Only the first groups of each kind
//! are shown: all rows are for a file.

use std::io::{self, Write};

use ahash::AHashMap;
use dittograph::pipeline::Scan;
use dittograph::report::{ClusterMember, Finding, Kind};

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
    /// Shows a scan; tells how many rows were not shown.
    ///
    /// # Errors
    /// The writer's; the system's, inside one.
    pub fn write(&self, scan: &Scan, out: &mut dyn Write) -> io::Result<usize> {
        let shown =
            self.clusters(scan, out)? + self.contained(scan, out)? + self.passages(scan, out)?;
        Ok(scan.findings.len() - shown)
    }

    fn clusters(&self, scan: &Scan, out: &mut dyn Write) -> io::Result<usize> {
        let members = scan.clusters.members();
        let clusters = members.chunk_by(|a, b| a.cluster == b.cluster).take(MOST_GROUPS);
        let last = clusters.clone().last().map_or(0, |members| members[0].cluster);
        // The rows of the clusters that are shown, by their sides.
        let sides = |one: u32, other: u32| (one.min(other), one.max(other));
        let rows: AHashMap<(u32, u32), usize> = (0..)
            .zip(scan.findings.rows())
            .filter(|(_, row)| row.cluster().is_some_and(|cluster| cluster <= last))
            .map(|(index, row)| (sides(row.a, row.b), index))
            .collect();
        for members in clusters {
            let is_kept = |member: &&ClusterMember| member.document == member.kept;
            let (kept, others): (Vec<&ClusterMember>, Vec<&ClusterMember>) =
                members.iter().partition(is_kept);
            let title = format!("Cluster {}", members[0].cluster);
            let detail = format!("{} documents, {} could go", members.len(), others.len());
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
                        out.write_all(self.compared(&stays.text, &goes.text).as_bytes())?;
                    }
                }
                let left = repeats.len().saturating_sub(MOST_MEMBERS);
                out.write_all(self.more(left, "document").as_bytes())?;
            }
            out.write_all(b"\n")?;
        }
        Ok(rows.len())
    }

    fn contained(&self, scan: &Scan, out: &mut dyn Write) -> io::Result<usize> {
        let rows = (0..).zip(scan.findings.rows());
        let contained = rows.filter(|(_, row)| row.kind == Kind::Contained).take(MOST_GROUPS);
        let mut shown = 0;
        for (index, _) in contained {
            let finding = scan.findings.get(index)?;
            let (small, large) = match finding.a.words <= finding.b.words {
                true => (&finding.a, &finding.b),
                false => (&finding.b, &finding.a),
            };
            let words = format!("{} of {} words", small.words, large.words);
            out.write_all(self.title("Contained", &words).as_bytes())?;
            let share = format!("{:.2}", finding.containment);
            out.write_all(self.member(&share, &small.document, "").as_bytes())?;
            out.write_all(self.member("in", &large.document, "").as_bytes())?;
            out.write_all(b"\n")?;
            shown += 1;
        }
        Ok(shown)
    }

    fn passages(&self, scan: &Scan, out: &mut dyn Write) -> io::Result<usize> {
        // Passages are numbered by their first rows, but the rows of one need not stand together.
        let mut rows: Vec<(u32, usize)> = (0..)
            .zip(scan.findings.rows())
            .filter_map(|(index, row)| Some((row.passage()?, index)))
            .filter(|(passage, _)| *passage <= MOST_GROUPS as u32)
            .collect();
        rows.sort_unstable();
        for rows in rows.chunk_by(|one, other| one.0 == other.0) {
            let first = scan.findings.get(rows[0].1)?;
            let times = first.occurrences.unwrap_or(2);
            let spread = match (times, first.a.document == first.b.document) {
                (2, true) => "twice in one document".to_owned(),
                (2, false) => "in two documents".to_owned(),
                (times, _) => format!("{times} times"),
            };
            let title = format!("Passage {}", rows[0].0);
            let detail = format!("{spread}, {} words", first.a.words.max(first.b.words));
            out.write_all(self.title(&title, &detail).as_bytes())?;
            let place = |name: &str, line: u32| format!("{name}:{line}");
            let line = self.member("", &place(&first.a.document, first.a.line), "");
            out.write_all(line.as_bytes())?;
            for &(_, index) in rows.iter().take(MOST_MEMBERS) {
                let Finding { jaccard, a, b, .. } = scan.findings.get(index)?;
                let share = format!("{jaccard:.2}");
                out.write_all(self.member(&share, &place(&b.document, b.line), "").as_bytes())?;
                if index == rows[0].1 || jaccard < 1.0 {
                    out.write_all(self.compared(&a.text, &b.text).as_bytes())?;
                }
            }
            let left = rows.len().saturating_sub(MOST_MEMBERS);
            out.write_all(self.more(left, "place").as_bytes())?;
            out.write_all(b"\n")?;
        }
        Ok(rows.len())
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

    fn compared(&self, one: &str, other: &str) -> String {
        let pieces = differences(&one_line(one), &one_line(other), self.colored);
        wrapped(&pieces, 10, self.width, self.colored)
    }

    fn more(&self, left: usize, noun: &str) -> String {
        if left == 0 {
            return String::new();
        }
        let plural = if left == 1 { "" } else { "s" };
        let mut line = " ".repeat(8);
        paint(Style::Dim, &format!("and {left} more {noun}{plural}\n"), self.colored, &mut line);
        line
    }
}
