//! Where the rows of a page come from: findings in memory, or the CSV that they were written as.
//!
//! In: rows, told one by one. Out: the same, as often as they are asked for. A page is made in two
//! readings: all rows to count and group them, and then those that are shown. Neither holds more than one
//! row.

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

impl RowSource for Findings {
    fn each(&self, see: &mut dyn FnMut(u32, &Finding) -> Result<()>) -> Result<()> {
        (0..).zip(self.iter()).try_for_each(|(number, finding)| see(number, &finding?))
    }

    fn these(
        &self,
        numbers: &[u32],
        see: &mut dyn FnMut(u32, &Finding) -> Result<()>,
    ) -> Result<()> {
        numbers.iter().try_for_each(|&number| see(number, &self.get(number as usize)?))
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
