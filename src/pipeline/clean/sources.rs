//! What is known of documents beside their text: their sources and dates.
//!
//! In: the rules. Out: a number for the source of each document, and its date. Names and fields are
//! read once more only if a rule asks for them.

use std::path::Path;

use ahash::{AHashMap, RandomState};

use super::options::{CleanOptions, Keep, SourceRule};
use crate::clean::Date;
use crate::document::{DocId, Document};
use crate::error::Result;
use crate::progress::Progress;
use crate::read::{Catalog, Collect, Corpus};

/// The sources and dates of all documents.
pub struct Sources {
    /// The number of each document's source.
    pub of: Vec<u32>,
    /// The names of the sources, by number.
    pub names: Vec<String>,
    /// The date of each document; nothing if nobody asks for it.
    pub dates: Vec<Option<Date>>,
}

impl Sources {
    pub fn find(
        corpus: &Corpus,
        catalog: &Catalog,
        options: &CleanOptions,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let mut numbers: AHashMap<String, u32> =
            AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        let mut names = Vec::new();
        let mut number = |name: &str| match numbers.get(name) {
            Some(&number) => number,
            None => {
                let number = names.len() as u32;
                numbers.insert(name.to_owned(), number);
                names.push(name.to_owned());
                number
            }
        };
        let folders: Vec<&str> = corpus.files().iter().map(|file| folder_of(&file.name)).collect();
        let folder = |document: DocId| folders[catalog.file_of(document)];
        let all: Vec<DocId> = (0..catalog.len() as u32).map(DocId).collect();
        let by_folder = matches!(options.source, SourceRule::Folder);
        if by_folder && options.keep != Keep::Newest {
            let of = all.iter().map(|&document| number(folder(document))).collect();
            return Ok(Sources { of, names, dates: Vec::new() });
        }
        let has_source_field = matches!(options.source, SourceRule::Field(_));
        let visitor = Collect {
            begin: Vec::new,
            visit: |found: &mut Vec<(String, Option<Date>)>, id, document: Document<'_>| {
                let extra = |place: usize| document.extra.get(place)?.as_deref();
                let source = match &options.source {
                    SourceRule::Folder => None,
                    SourceRule::Field(_) => extra(0).map(str::to_owned),
                    SourceRule::Pattern(pattern) => {
                        let name = corpus.name(catalog, id, document.id);
                        let captures = pattern.captures(&name);
                        let found = captures
                            .and_then(|captures| captures.get(1).or_else(|| captures.get(0)));
                        found.map(|found| found.as_str().to_owned())
                    }
                };
                let date = extra(usize::from(has_source_field))
                    .filter(|_| options.date_field.is_some())
                    .or(document.date)
                    .and_then(Date::parse);
                found.push((source.unwrap_or_else(|| folder(id).to_owned()), date));
            },
        };
        let units = corpus.revisit(catalog, &all, ("sorting by source", progress), &visitor)?;
        let (of, dates) =
            units.into_iter().flatten().map(|(source, date)| (number(&source), date)).unzip();
        Ok(Sources { of, names, dates })
    }

    /// The date of a document.
    pub fn date(&self, document: DocId) -> Option<Date> {
        self.dates.get(document.index()).copied().flatten()
    }
}

/// The folder that a file stands in, as its name tells.
fn folder_of(name: &str) -> &str {
    Path::new(name).parent().and_then(Path::to_str).unwrap_or_default()
}
