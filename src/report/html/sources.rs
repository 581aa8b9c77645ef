//! Where documents come from, as far as their names tell.
//!
//! In: names. Out: a source for each: the host of a page of a crawl, else the folder, else the file,
//! whichever is the first that tells documents apart.

use ahash::{AHashMap, RandomState};

/// The sources of documents.
#[derive(Debug, Default)]
pub struct Sources {
    /// Bytewise ascending.
    pub names: Vec<String>,
    /// For each document the number of its source.
    pub of: Vec<u32>,
}

impl Sources {
    /// Finds the sources of documents by their names.
    pub fn of(documents: &[String]) -> Self {
        let rules: [fn(&str) -> &str; 3] = [host_or_folder, file_of, |_| ""];
        let differ = |rule: &fn(&str) -> &str| {
            documents.iter().any(|name| rule(name) != rule(&documents[0]))
        };
        let rule = rules.into_iter().find(differ).unwrap_or(host_or_folder);
        let mut numbers: AHashMap<&str, u32> =
            AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        for name in documents {
            numbers.insert(rule(name), 0);
        }
        let mut names: Vec<&str> = numbers.keys().copied().collect();
        names.sort_unstable();
        for (number, name) in (0..).zip(&names) {
            numbers.insert(name, number);
        }
        Sources {
            of: documents.iter().map(|name| numbers[rule(name)]).collect(),
            names: names.into_iter().map(str::to_owned).collect(),
        }
    }
}

/// The host, if the name ends in an address, or the folder of the file.
fn host_or_folder(name: &str) -> &str {
    let (file, record) = split(name);
    if let Some((_, address)) = record.split_once("://") {
        return address.split(['/', '?', '#', ':']).next().unwrap_or_default();
    }
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The file that a document stands in.
fn file_of(name: &str) -> &str {
    let (file, record) = split(name);
    // Files that are documents would each be their own source.
    if record.is_empty() { "" } else { file }
}

/// The file and what stands behind `#`.
fn split(name: &str) -> (&str, &str) {
    name.split_once('#').unwrap_or((name, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_what_tells_documents_apart() {
        let sources = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let Sources { names, of } = Sources::of(&names);
            (names.join(" "), of)
        };
        for (documents, names, of) in [
            (&["a/x.txt", "b/y.txt", "a/z.txt"][..], "a b", &[0, 1, 0][..]),
            (&["x.txt", "y.txt"], "", &[0, 0]),
            (&["a.jsonl#1", "b.jsonl#1"], "a.jsonl b.jsonl", &[0, 1]),
            (&["f.warc#https://a.org/1", "f.warc#http://b.org:80/"], "a.org b.org", &[0, 1]),
            (&["a.jsonl#1", "a.jsonl#2"], "", &[0, 0]),
        ] {
            assert_eq!(sources(documents), (names.to_owned(), of.to_vec()), "{documents:?}");
        }
        assert_eq!(sources(&[]), (String::new(), vec![]));
    }
}
