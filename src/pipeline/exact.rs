//! Documents of the same normalised text.
//!
//! In: the content hashes. Out: [`Copies`]: which documents are copies of an
//! earlier one. Equal hashes only say where to look: the texts themselves are read
//! again, folded, and compared byte by byte.

use ahash::{AHashMap, RandomState};

use crate::document::DocId;
use crate::error::Result;
use crate::progress::Progress;
use crate::read::Corpus;
use crate::text::Tokenizer;

use super::survey::Sketched;

/// About how many tokens of first documents are held at a time, to compare copies with.
const BATCH_TOKENS: u64 = 8 << 20;

/// Which documents are copies.
pub struct Copies {
    /// For each document the first of the same normalised text.
    first: Vec<DocId>,
    /// The groups of two and more, each ascending, in the order of their first document.
    pub groups: Vec<Vec<DocId>>,
}

impl Copies {
    /// The first document with the same normalised text.
    pub fn first_of(&self, document: DocId) -> DocId {
        self.first[document.index()]
    }

    /// All documents of the same normalised text as `first`, which is the first of them.
    pub fn group<'a>(&'a self, first: &'a DocId) -> &'a [DocId] {
        match self.groups.binary_search_by_key(first, |group| group[0]) {
            Ok(place) => &self.groups[place],
            Err(_) => std::slice::from_ref(first),
        }
    }

    /// How many documents there are, copies or not.
    pub fn documents(&self) -> usize {
        self.first.len()
    }

    /// Whether the document is the first of its text.
    pub fn is_first(&self, document: DocId) -> bool {
        self.first_of(document) == document
    }
}

/// Finds the copies and compares each with the first of its group.
pub fn copies(corpus: &Corpus, sketched: &Sketched, progress: &dyn Progress) -> Result<Copies> {
    let mut by_content: Vec<((u64, u64), DocId)> = sketched
        .facts
        .iter()
        .enumerate()
        .filter(|(_, facts)| facts.tokens > 0)
        .map(|(index, facts)| (facts.content, DocId(index as u32)))
        .collect();
    by_content.sort_unstable();
    let mut groups: Vec<Vec<DocId>> = by_content
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|group| group.len() > 1)
        .map(|group| group.iter().map(|&(_, document)| document).collect())
        .collect();
    groups.sort_unstable();
    verify(corpus, sketched, &mut groups, progress)?;
    let mut first: Vec<DocId> = (0..sketched.facts.len() as u32).map(DocId).collect();
    for group in &groups {
        for document in group {
            first[document.index()] = group[0];
        }
    }
    Ok(Copies { first, groups })
}

/// Leaves in each group only what equals its first document.
fn verify(
    corpus: &Corpus,
    sketched: &Sketched,
    groups: &mut Vec<Vec<DocId>>,
    progress: &dyn Progress,
) -> Result<()> {
    let mut start = 0;
    while start < groups.len() {
        let mut end = start;
        let mut tokens = 0;
        while end < groups.len() && (end == start || tokens < BATCH_TOKENS) {
            tokens += u64::from(sketched.facts[groups[end][0].index()].tokens);
            end += 1;
        }
        verify_batch(corpus, sketched, &mut groups[start..end], progress)?;
        start = end;
    }
    groups.retain(|group| group.len() > 1);
    Ok(())
}

fn verify_batch(
    corpus: &Corpus,
    sketched: &Sketched,
    groups: &mut [Vec<DocId>],
    progress: &dyn Progress,
) -> Result<()> {
    let firsts: Vec<DocId> = groups.iter().map(|group| group[0]).collect();
    let texts = corpus.revisit(
        &sketched.catalog,
        &firsts,
        "comparing",
        progress,
        || (Tokenizer::default(), Vec::new()),
        |(tokenizer, texts), id, document| texts.push((id, normalised(document.text, tokenizer))),
    )?;
    let texts: Vec<(DocId, Vec<u8>)> = texts.into_iter().flat_map(|(_, texts)| texts).collect();
    let mut first_of: AHashMap<DocId, usize> =
        AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
    let mut others: Vec<DocId> = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        first_of.extend(group[1..].iter().map(|&document| (document, index)));
        others.extend(&group[1..]);
    }
    others.sort_unstable();
    let different = corpus.revisit(
        &sketched.catalog,
        &others,
        "comparing",
        progress,
        || (Tokenizer::default(), Vec::new()),
        |(tokenizer, different), id, document| {
            if normalised(document.text, tokenizer) != texts[first_of[&id]].1 {
                different.push(id);
            }
        },
    )?;
    for id in different.into_iter().flat_map(|(_, different)| different) {
        groups[first_of[&id]].retain(|&document| document != id);
    }
    Ok(())
}

/// The folded tokens with a space after each.
fn normalised(text: &str, tokenizer: &mut Tokenizer) -> Vec<u8> {
    let mut normalised = Vec::with_capacity(text.len());
    tokenizer.for_each(text, |_, folded| {
        normalised.extend_from_slice(folded);
        normalised.push(b' ');
    });
    normalised
}
