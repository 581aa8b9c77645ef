//! The rows of a scan, read back.
//!
//! In: the path of what `scan` wrote, in any format for programs, with `--context` or without, or of what it wrote
//! for `--clusters`. Out: [`PairsFile`] and [`ClustersFile`]. What is no such file, was cut off or is no UTF-8 is
//! an error with the line it shows in, and what to do next: a page of half of the rows would say what is not so.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::lines::Lines;
use super::rows::{ClusterSource, RowSource};
use crate::error::{Error, ErrorKind, Result};
use crate::report::{COLUMNS, CONTEXT_COLUMNS, ClusterRow, Finding, Kind, Side};

/// The columns of `--clusters`.
const CLUSTER_COLUMNS: [&str; 4] = ["document", "cluster", "kept", "similarity"];

/// A file of findings.
#[derive(Debug)]
pub struct PairsFile {
    file: File,
    path: PathBuf,
}

/// A file of the documents in clusters.
#[derive(Debug)]
pub struct ClustersFile {
    file: File,
    path: PathBuf,
}

impl PairsFile {
    /// Opens a file; `-` is standard input, of which a copy is put into `temp_dir`.
    ///
    /// # Errors
    /// The system's.
    pub fn open(path: &Path, temp_dir: &Path) -> Result<Self> {
        let file = match path == Path::new("-") {
            false => File::open(path).map_err(|error| Error::io(path, error))?,
            true => copy_of_stdin(temp_dir)?,
        };
        Ok(PairsFile { file, path: path.to_owned() })
    }

    fn read(
        &self,
        mut wanted: impl FnMut(u32) -> bool,
        see: &mut dyn FnMut(u32, &Finding) -> Result<()>,
    ) -> Result<()> {
        let in_context = [&COLUMNS[..], &CONTEXT_COLUMNS].concat();
        let layouts = [&in_context[..], &COLUMNS];
        let mut lines = Lines::open(&self.file, &self.path, &layouts, "a scan's rows")?;
        let columns = lines.columns.len();
        let mut row = empty_row();
        for number in 0.. {
            if !lines.next()? {
                return lines.check_end();
            }
            if lines.record.len() != columns {
                return Err(lines.error(&format!(
                    "a row of {} fields, where the header has {columns}",
                    lines.record.len()
                )));
            }
            if wanted(number) {
                lines.take(&mut row)?;
                see(number, &row)?;
            }
        }
        Ok(())
    }
}

impl RowSource for PairsFile {
    fn each(&self, see: &mut dyn FnMut(u32, &Finding) -> Result<()>) -> Result<()> {
        self.read(|_| true, see)
    }

    fn these(
        &self,
        numbers: &[u32],
        see: &mut dyn FnMut(u32, &Finding) -> Result<()>,
    ) -> Result<()> {
        let mut rest = numbers.iter().peekable();
        self.read(|number| rest.next_if(|&&next| next == number).is_some(), see)
    }
}

impl ClustersFile {
    /// Opens a file.
    ///
    /// # Errors
    /// The system's.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::io(path, error))?;
        Ok(ClustersFile { file, path: path.to_owned() })
    }
}

impl ClusterSource for ClustersFile {
    fn each(&self, see: &mut dyn FnMut(&ClusterRow)) -> Result<()> {
        let mut lines = Lines::open(&self.file, &self.path, &[&CLUSTER_COLUMNS], "`--clusters`")?;
        while lines.next()? {
            if lines.record.len() != CLUSTER_COLUMNS.len() {
                return Err(lines.error("a row that does not have four fields"));
            }
            see(&ClusterRow {
                document: lines.text(0)?.to_owned(),
                cluster: lines.number(1)?,
                kept: lines.text(2)?.to_owned(),
                similarity: lines.share(3)?,
            });
        }
        Ok(())
    }
}

/// Standard input as a file that can be read twice.
fn copy_of_stdin(temp_dir: &Path) -> Result<File> {
    let temporary = |error| Error::new(ErrorKind::Temporary(error)).at_path(temp_dir.display());
    let mut file = tempfile::tempfile_in(temp_dir).map_err(temporary)?;
    io::copy(&mut io::stdin().lock(), &mut file).map_err(temporary)?;
    Ok(file)
}

/// The fields of a row.
impl Lines<'_> {
    fn text(&self, column: usize) -> Result<&str> {
        std::str::from_utf8(&self.record[column])
            .map_err(|_| self.error(&format!("`{}` is not UTF-8", self.name(column))))
    }

    fn number<T: FromStr>(&self, column: usize) -> Result<T> {
        let text = self.text(column)?;
        text.parse().map_err(|_| self.error(&format!("`{}` is no number", self.name(column))))
    }

    /// A number, where there may be none.
    fn number_if_any(&self, column: usize) -> Result<Option<u32>> {
        if self.record[column].is_empty() { Ok(None) } else { self.number(column).map(Some) }
    }

    fn share(&self, column: usize) -> Result<f64> {
        let share: f64 = self.number(column)?;
        match (0.0..=1.0).contains(&share) {
            true => Ok(share),
            false => Err(self.error(&format!("`{}` is not from 0 to 1", self.name(column)))),
        }
    }

    fn name(&self, column: usize) -> &'static str {
        self.columns.get(column).copied().unwrap_or_default()
    }

    /// Makes a finding of the line.
    fn take(&self, row: &mut Finding) -> Result<()> {
        row.kind = Kind::from_name(self.text(0)?)
            .ok_or_else(|| self.error("`kind` is not exact, near, contained or passage"))?;
        (row.jaccard, row.containment) = (self.share(1)?, self.share(2)?);
        self.take_side(&mut row.a, 3, 5, 0)?;
        self.take_side(&mut row.b, 4, 9, 1)?;
        row.cluster = self.number_if_any(13)?;
        row.passage = self.number_if_any(14)?;
        row.occurrences = self.number_if_any(15)?;
        if (row.kind == Kind::Passage) != row.passage.is_some() {
            return Err(self.error("`passage` is a number of passages, and of nothing else"));
        }
        Ok(())
    }

    fn take_side(&self, side: &mut Side, words: usize, first: usize, which: usize) -> Result<()> {
        let fill = |target: &mut String, text: &str| {
            target.clear();
            target.push_str(text);
        };
        side.words = self.number(words)?;
        fill(&mut side.document, self.text(first)?);
        (side.start, side.end) = (self.number(first + 1)?, self.number(first + 2)?);
        side.line = self.number(first + 3)?;
        if side.end < side.start {
            return Err(self.error("a span that ends before it starts"));
        }
        let quoted =
            |column| self.text(column).map(|it| if self.is_csv() { armed(it) } else { it });
        fill(&mut side.text, quoted(16 + which)?);
        if self.record.len() > COLUMNS.len() {
            fill(&mut side.before, quoted(18 + 2 * which)?);
            fill(&mut side.after, quoted(19 + 2 * which)?);
        }
        Ok(())
    }
}

/// A text without the apostrophe that keeps a spreadsheet from running it.
fn armed(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        _ => text,
    }
}

fn empty_row() -> Finding {
    let side = || Side {
        document: String::new(),
        start: 0,
        end: 0,
        line: 0,
        words: 0,
        text: String::new(),
        before: String::new(),
        after: String::new(),
    };
    Finding {
        kind: Kind::Exact,
        jaccard: 0.0,
        containment: 0.0,
        a: side(),
        b: side(),
        cluster: None,
        passage: None,
        occurrences: None,
    }
}
