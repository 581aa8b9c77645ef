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
    /// What was asked for and stands nowhere: most likely a slip.
    pub notices: Vec<String>,
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
            return Ok(Sources { of, names, dates: Vec::new(), notices: Vec::new() });
        }
        let has_source_field = matches!(options.source, SourceRule::Field(_));
        let visitor = Collect {
            begin: Vec::new,
            visit: |found: &mut Vec<(Option<String>, DocId, Option<Date>)>,
                    id,
                    document: Document<'_>| {
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
                found.push((source, id, date));
            },
        };
        let units = corpus.revisit(catalog, &all, ("sorting by source", progress), &visitor)?;
        let (mut has_source, mut has_date) = (false, false);
        let (of, dates) = units
            .into_iter()
            .flatten()
            .map(|(source, id, date)| {
                has_source |= source.is_some();
                has_date |= date.is_some();
                (number(source.as_deref().unwrap_or_else(|| folder(id))), date)
            })
            .unzip();
        let mut notices = Vec::new();
        match &options.source {
            SourceRule::Folder => {}
            _ if has_source || all.is_empty() => {}
            SourceRule::Field(field) => notices.push(format!(
                "no record has a field `{field}`: the folder of each file was taken for its source"
            )),
            SourceRule::Pattern(pattern) => notices.push(format!(
                "no name matches `{pattern}`: the folder of each file was taken for its source"
            )),
        }
        if options.keep == Keep::Newest && !has_date && !all.is_empty() {
            let wanted = match &options.date_field {
                Some(field) => format!("no record has a date in a field `{field}`"),
                None => "no document tells its date".to_owned(),
            };
            notices.push(format!("{wanted}: of equals the first was kept"));
        }
        Ok(Sources { of, names, dates, notices })
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
