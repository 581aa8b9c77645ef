//! Fingerprints to passages.
//!
//! In: the fingerprints of all documents and the pairs found before. Out: the
//! [`Passages`]. The documents that meet are read again for their tokens;
//! documents that are a pair anyway are not followed, unless that is asked for.

use rayon::prelude::*;

use crate::document::{DocId, Document};
use crate::error::Result;
use crate::passage::{Aligner, Meetings, Passages, match_pair};
use crate::progress::{Progress, Unit};
use crate::read::{Collect, Corpus};
use crate::text::{Tokenizer, Tokens};

use super::Plan;
use super::documents::DocumentPairs;
use super::survey::Sketched;

/// Finds the passages within and across documents.
pub fn find(
    corpus: &Corpus,
    sketched: &mut Sketched,
    documents: &DocumentPairs,
    plan: &Plan,
    progress: &dyn Progress,
) -> Result<Passages> {
    if !plan.wants_passages() {
        return Ok(Passages::default());
    }
    let inside = plan.options.inside_duplicates;
    let mut fingerprints = std::mem::take(&mut sketched.fingerprints);
    fingerprints.retain(|one| inside || documents.copies.is_first(one.document));
    let apart = |one: DocId, other: DocId| !inside && documents.are_pair(one, other);
    let meetings = Meetings::of(fingerprints);
    let wanted = meetings.documents();
    let visitor = Collect {
        begin: || (Tokenizer::new(plan.sketch.seed), Tokens::default(), Vec::new()),
        visit: |(tokenizer, tokens, texts): &mut (Tokenizer, Tokens, Vec<_>),
                id,
                document: Document<'_>| {
            tokens.clear();
            tokenizer.for_each(document.text, |token, _| tokens.push(token));
            texts.push((id, tokens.without_spans()));
        },
    };
    let units =
        corpus.revisit(&sketched.catalog, &wanted, ("reading again", progress), &visitor)?;
    // Looked up for every hit, so by number: a map would take half of the time.
    let mut places = vec![0u32; sketched.facts.len()];
    let mut texts: Vec<Tokens> = Vec::with_capacity(wanted.len());
    for (document, text) in units.into_iter().flat_map(|(_, _, texts)| texts) {
        places[document.index()] = texts.len() as u32;
        texts.push(text);
    }
    let tokens = |document: DocId| &texts[places[document.index()] as usize];
    let hits = meetings.hits(tokens, apart, &plan.options.passages);
    progress.begin("following", hits.len() as u64, Unit::Items);
    let pairs: Vec<_> = hits.chunk_by(|one, other| (one.a, one.b) == (other.a, other.b)).collect();
    let mut matches: Vec<_> = pairs
        .par_iter()
        .map_init(Aligner::default, |aligner, hits| {
            progress.advance(hits.len() as u64);
            match_pair(hits, tokens(hits[0].a), tokens(hits[0].b), &plan.options.passages, aligner)
        })
        .flatten_iter()
        .collect();
    progress.end();
    matches.append(&mut sketched.within);
    Ok(Passages::group(matches, &plan.options.passages))
}
