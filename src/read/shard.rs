//! A share of the first reading, for another process to go on with.
//!
//! In: what was read of some units of a corpus. Out: bytes, and back. Whoever puts the shares together finds the
//! same files again, which a [fingerprint](Corpus::fingerprint) makes sure of, and reads from them
//! what is to be read once more.

use std::io::{self, Read};

use xxhash_rust::xxh3::Xxh3;

use super::assemble::{Outcome, PartOutcome, UnitRead};
use super::{Corpus, Locator};
use crate::error::{Error, ErrorTold, Result};
use crate::shelf::{ShelfReader, ShelfWriter};

impl Corpus {
    /// How many units of work it has.
    pub fn units(&self) -> usize {
        self.units.len()
    }

    /// What some units that were read have of problems, in reading order: those that are described, and how many
    /// there are. In a file that is cut, only the place in bytes is known as long as not all is read.
    pub fn problems_of<B>(&mut self, units: Vec<UnitRead<B>>) -> (Vec<Error>, u64) {
        let mut problems = std::mem::take(&mut self.walk_problems);
        let mut more = 0;
        for unit in units {
            let is_cut = self.units[unit.number].parts.iter().any(|part| part.range.is_some());
            let mut before = (u32::MAX, 0);
            for mut part in unit.outcomes.into_iter().flat_map(|outcome| outcome.parts) {
                if before.0 != part.file {
                    before = (part.file, 0);
                }
                let file = &self.files[part.file as usize];
                for mut error in part.problems.drain(..) {
                    error.shift_lines(|line| file.number(before.1 + line));
                    problems.push(if is_cut { error.without_line() } else { error });
                }
                before.1 += part.lines;
                more += part.more_problems;
            }
        }
        let count = problems.len() as u64 + more;
        (problems, count)
    }

    /// A number that is another one, almost surely, if files, names or sizes are others.
    pub fn fingerprint(&self) -> u64 {
        let mut sum = Xxh3::new();
        for file in &self.files {
            sum.update(file.name.as_bytes());
            sum.update(&[0]);
            sum.update(&file.size.to_le_bytes());
        }
        for unit in &self.units {
            sum.update(&(unit.parts.len() as u64).to_le_bytes());
        }
        sum.digest()
    }
}

impl<B> UnitRead<B> {
    /// Its number, in reading order.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Whether something of it could not be read.
    pub fn has_problems(&self) -> bool {
        let mut parts = self.outcomes.iter().flat_map(|outcome| &outcome.parts);
        parts.any(|part| !part.problems.is_empty())
    }

    /// How many documents it has.
    pub fn documents(&self) -> usize {
        let parts = self.outcomes.iter().flat_map(|outcome| &outcome.parts);
        parts.map(|part| part.locators.len()).sum()
    }

    /// Writes it; `write` writes what is kept of it.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(
        &self,
        shelf: &mut ShelfWriter<'_>,
        write: impl Fn(&B, &mut ShelfWriter<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        shelf.value(&(self.number, self.outcomes.len()))?;
        for Outcome { result, parts, stream } in &self.outcomes {
            shelf.value(&(stream, parts))?;
            for part in parts {
                let ids = part.id_hashes.iter();
                shelf.list(&part.locators)?;
                shelf.list(&ids.clone().map(|id| id.unwrap_or(0)).collect::<Vec<u64>>())?;
                shelf.list(&ids.map(|id| u8::from(id.is_some())).collect::<Vec<u8>>())?;
                shelf.value(&part.problems.iter().map(ErrorTold::from).collect::<Vec<_>>())?;
            }
            write(result, shelf)?;
        }
        Ok(())
    }

    /// Reads it; `read` reads what is kept of it.
    ///
    /// # Errors
    /// Those of [`ShelfReader`].
    pub fn read<R: Read>(
        shelf: &mut ShelfReader<R>,
        read: impl Fn(&mut ShelfReader<R>) -> Result<B>,
    ) -> Result<Self> {
        let (number, count): (usize, usize) = shelf.value()?;
        let mut outcomes = Vec::new();
        for _ in 0..count {
            let (stream, mut parts): (Option<u32>, Vec<PartOutcome>) = shelf.value()?;
            for part in &mut parts {
                part.locators = shelf.list::<Locator>()?;
                let (ids, are_there) = (shelf.list::<u64>()?, shelf.list::<u8>()?);
                let ids = ids.into_iter().zip(are_there);
                part.id_hashes = ids.map(|(id, is_there)| (is_there == 1).then_some(id)).collect();
                let problems: Vec<ErrorTold> = shelf.value()?;
                part.problems = problems.into_iter().map(ErrorTold::into_error).collect();
            }
            outcomes.push(Outcome { result: read(shelf)?, parts, stream });
        }
        Ok(UnitRead { number, outcomes })
    }
}
