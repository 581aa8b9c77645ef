//! Where the rows of a page come from: findings in memory, or the CSV that they were written as.
//!
//! In: rows, told one by one. Out: the same, as often as they are asked for. A page is made in two
//! readings: all rows to count and group them, and then those that are shown. Neither holds
//! more than some thousands.

use crate::error::Result;
use crate::report::{ClusterRow, ClusterRows, Finding, Findings};

/// Rows that can be read more than once, in their order, numbered from 0.
pub trait RowSource {
    /// Shows every row.
    ///
    /// # Errors
    /// Those of the reading, and what `see` gives.
    fn each(&self, see: &mut dyn FnMut(u32, &Finding) -> Result<()>) -> Result<()>;

    /// Shows the rows of these numbers, which ascend.
    ///
    /// # Errors
    /// Those of the reading, and what `see` gives.
    fn these(
        &self,
        numbers: &[u32],
        see: &mut dyn FnMut(u32, &Finding) -> Result<()>,
    ) -> Result<()>;
}

/// How many findings are read at a time, of about a kilobyte each.
const BATCH: usize = 8192;

impl RowSource for Findings {
    fn each(&self, see: &mut dyn FnMut(u32, &Finding) -> Result<()>) -> Result<()> {
        let all: Vec<u32> = (0..self.len() as u32).collect();
        self.these(&all, see)
    }

    fn these(
        &self,
        numbers: &[u32],
        see: &mut dyn FnMut(u32, &Finding) -> Result<()>,
    ) -> Result<()> {
        for numbers in numbers.chunks(BATCH) {
            let findings = self.some(numbers)?;
            numbers.iter().zip(&findings).try_for_each(|(&number, row)| see(number, row))?;
        }
        Ok(())
    }
}

/// The documents of clusters, each with the one to keep in its stead.
pub trait ClusterSource {
    /// Shows every one.
    ///
    /// # Errors
    /// Those of the reading.
    fn each(&self, see: &mut dyn FnMut(&ClusterRow)) -> Result<()>;
}

impl ClusterSource for ClusterRows {
    fn each(&self, see: &mut dyn FnMut(&ClusterRow)) -> Result<()> {
        self.iter().try_for_each(|row| {
            see(&row?);
            Ok(())
        })
    }
}
