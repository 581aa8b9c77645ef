//! What cleaning did, for people.

use std::collections::BTreeMap;
use std::fmt;

use ahash::AHashMap;
use serde::Serialize;

use super::Cleaner;
use crate::clean::{LineKey, Reason};
use crate::read::ReadTotals;
use crate::report::{bytes, count, grouped, write_left_out, write_read};

/// How many lines of furniture are listed.
const LISTED: usize = 10;

/// What was cut for one reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReasonCounts {
    /// How many documents, passages, lines or captions.
    pub cuts: u64,
    /// Documents that something was cut from.
    pub documents: u64,
    /// Words.
    pub words: u64,
}

/// The summary of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CleanSummary {
    /// What was read.
    pub read: ReadTotals,
    /// What was cut, by the name of the reason.
    pub reasons: BTreeMap<&'static str, ReasonCounts>,
    /// Documents of which something was cut, and that are still there.
    pub cut: u64,
    /// Documents that are gone.
    pub dropped: u64,
    /// Documents left as they are because their bytes cannot be made of their text again, or
    /// because their file could not be read to its end.
    pub copied: u64,
    /// Files without a document, copied as they are.
    pub copied_files: u64,
    /// Words before.
    pub words_before: u64,
    /// Words after.
    pub words_after: u64,
    /// How many rounds it took, the last of which found nothing.
    pub rounds: u32,
    /// The lines of furniture that were cut most often, with how often.
    pub furniture: Vec<(String, u64)>,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Wall time of each stage in seconds, in order.
    pub stages: Vec<(&'static str, f64)>,
    /// Largest resident size in bytes, where the system tells.
    pub peak_memory: Option<u64>,
}

impl Cleaner<'_> {
    /// The summary of what was decided.
    pub fn summary(&self) -> CleanSummary {
        let mut summary = CleanSummary {
            read: self.sketched.totals.clone(),
            rounds: self.rounds,
            words_before: self.words.iter().map(|&words| u64::from(words)).sum(),
            copied: self.fixed.iter().filter(|fixed| **fixed).count() as u64,
            ..CleanSummary::default()
        };
        let mut gone = 0;
        let mut lines: AHashMap<LineKey, u64> = AHashMap::new();
        for document in self.ledger.documents() {
            match self.ledger.is_dropped(document) {
                true => summary.dropped += 1,
                false => summary.cut += 1,
            }
            for reason in Reason::ALL {
                let cuts = self.ledger.of(document).iter().filter(|cut| cut.reason == reason);
                let words = cuts.clone().map(|cut| u64::from(cut.words)).sum::<u64>();
                let cuts = cuts.count() as u64;
                if cuts > 0 {
                    let counts = summary.reasons.entry(reason.name()).or_default();
                    counts.cuts += cuts;
                    counts.documents += 1;
                    counts.words += words;
                    gone += words;
                }
            }
            for line in self.ledger.of(document).iter().filter_map(|cut| cut.line) {
                *lines.entry(LineKey(line)).or_default() += 1;
            }
        }
        summary.words_after = summary.words_before.saturating_sub(gone);
        let text = |key: &LineKey| self.furniture_text.get(key).cloned().unwrap_or_default();
        let mut lines: Vec<(String, u64)> =
            lines.iter().map(|(key, &times)| (text(key), times)).collect();
        lines.sort_unstable_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
        lines.truncate(LISTED);
        summary.furniture = lines;
        summary
    }
}

impl fmt::Display for CleanSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_read(&self.read, f)?;
        write_left_out(&self.read, f)?;
        if self.copied > 0 {
            writeln!(
                f,
                "copied     {} unchanged: their files could not be made again of what was read",
                count(self.copied, "document")
            )?;
        }
        if self.copied_files > 0 {
            writeln!(
                f,
                "copied     {} without a document unchanged",
                count(self.copied_files, "file")
            )?;
        }
        for reason in Reason::ALL {
            let Some(counts) = self.reasons.get(reason.name()) else { continue };
            let noun = match reason {
                Reason::DuplicateDocument => "document",
                Reason::RepeatedPassage => "passage",
                Reason::Furniture => "line",
                Reason::Caption => "caption",
            };
            write!(
                f,
                "{:<18} {}, {}",
                reason.name(),
                count(counts.cuts, noun),
                count(counts.words, "word")
            )?;
            match reason {
                Reason::DuplicateDocument => writeln!(f)?,
                _ => writeln!(f, ", in {}", count(counts.documents, "document"))?,
            }
        }
        if !self.furniture.is_empty() {
            writeln!(f, "most often")?;
            for (line, times) in &self.furniture {
                writeln!(f, "{:>10} {line}", grouped(*times))?;
            }
        }
        writeln!(
            f,
            "left       {} of {}, {} of {}",
            grouped(self.read.documents - self.dropped),
            count(self.read.documents, "document"),
            grouped(self.words_after),
            count(self.words_before, "word")
        )?;
        write!(f, "took       {:.2} s in {}", self.seconds, count(self.rounds.into(), "round"))?;
        if let Some(peak) = self.peak_memory {
            write!(f, ", {} at most", bytes(peak))?;
        }
        Ok(())
    }
}
