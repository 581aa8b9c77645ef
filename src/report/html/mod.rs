//! One self-contained page of HTML to look at findings with.
//!
//! In: rows ([`RowSource`]), and perhaps what is kept of each cluster ([`ClusterSource`]), the summary ([`Told`]) and
//! the documents ([`TextSource`]). Out: a [`Page`], the same whether the rows come from memory or from
//! the CSV that they were written as.
//!
//! The rows are read twice: for the `outline`, from which counts and plots are made (`tallies`,
//! `plots`) and what is listed is chosen (`entries`); and for what is shown of them (`data`). So what
//! is held grows with the number of rows, but not with their texts, and the page not even with that.

mod data;
mod entries;
mod head;
mod outline;
mod page;
mod plots;
mod rows;
mod sources;
mod table;
mod tallies;
mod texts;
mod visible;

use outline::Outline;

pub use data::{Data, LeftOut, Listed};
pub use head::Told;
pub use page::Page;
pub use rows::{ClusterSource, RowSource};
pub use table::{ClustersFile, PairsFile};
pub use texts::{LONGEST_TEXT, TextBuilder, TextSource, Texts, UnitTexts};

use crate::error::Result;
use data::Budget;
use entries::Entries;
use head::Head;
use sources::Sources;
use tallies::Tallies;

/// What a page is made of.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// What to call the rows where nothing tells what was scanned.
    pub file: &'a str,
    /// The rows.
    pub rows: &'a dyn RowSource,
    /// Which documents are kept of clusters; else the first by name are.
    pub clusters: Option<&'a dyn ClusterSource>,
    /// The summary of the scan.
    pub told: Option<&'a Told>,
    /// The documents; else only excerpts are shown.
    pub texts: Option<&'a dyn TextSource>,
}

/// Makes a page.
///
/// # Errors
/// Those of reading the rows and the documents.
pub fn page(material: Material<'_>) -> Result<Page> {
    let Material { file, rows, clusters, told, texts } = material;
    let outline = Outline::read(rows, clusters)?;
    let sources = Sources::of(&outline.names);
    let tallies = Tallies::count(&outline, &sources);
    let budget = Budget::new(texts.is_some());
    let entries = Entries::choose(&outline, budget.rows);
    let (mut data, blocks, left_out) =
        data::gather(&outline, &sources, &entries, rows, texts, budget)?;
    let parameters = told.map(|told| &told.parameters);
    data.command = told.map(|told| told.command.clone()).unwrap_or_default();
    data.threshold = parameters.map(|parameters| parameters.threshold);
    let head = Head::new(file, told, &outline, &tallies, &left_out);
    Page::new(&head, &plots::plots(&tallies, &sources, parameters)?, data, blocks)
}
