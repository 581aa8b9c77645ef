//! Fingerprints to passages.
//!
//! In: the fingerprints and tokens of all documents and the pairs found before. Out: the
//! [`Passages`]. Documents that are a pair anyway are not followed, unless that is asked for.
//!
//! Hits are sorted, on disk where they must be, and followed in their order. Where the tokens are not
//! in memory, documents are put together to blocks that fit. For each block the hits come whose earlier document
//! is of it, by the later one: so every document is read once for a block, in order, and not once for every hit.

use std::sync::Arc;

use rayon::prelude::*;

use crate::document::DocId;
use crate::error::Result;
use crate::memory::touch;
use crate::parts::{put_in_order, ranges};
use crate::passage::{Follower, Hit, Match, Meetings, Passages, Texts};
use crate::progress::{Progress, Unit};
use crate::sorter::Sorter;
use crate::spill::Workspace;
use crate::text::Words;

use super::Plan;
use super::documents::DocumentPairs;
use super::survey::Sketched;

/// How many hits of a block are held at least: what is put away at a time is then four kilobytes.
const FEWEST_HELD: usize = 256;

/// How many bytes the tokens of later documents may have that are read together: enough for any number of threads.
const LARGEST_BATCH: u64 = 64 << 20;

/// How many pairs of documents one thread follows before another may take over: some take a thousand times as long as others.
const PAIRS_A_PIECE: usize = 256;

/// How many pairs of documents are looked at together before they are followed.
const PAIRS_AT_A_TIME: usize = 16;

/// How many tokens before and behind a hit are looked at first: most runs have no more.
const NEAR: usize = 8;

/// Finds the passages within and across those documents that are present, and of how many of them not all occurrences
/// are to be written.
pub fn find(
    sketched: &mut Sketched,
    documents: &DocumentPairs,
    is_present: impl Fn(DocId) -> bool,
    plan: &Plan,
    workspace: &Workspace,
    progress: &dyn Progress,
) -> Result<(Passages, u64)> {
    if !plan.wants_passages() {
        return Ok((Passages::default(), 0));
    }
    let inside = plan.options.inside_duplicates;
    let texts = &sketched.texts;
    let present: Vec<bool> = (0..texts.documents() as u32)
        .map(DocId)
        .map(|document| {
            let is_told = inside || sketched.sides.is_first(document, &documents.copies);
            is_told && is_present(document)
        })
        .collect();
    let meetings = Meetings {
        prints: std::mem::take(&mut sketched.prints),
        texts,
        present: &present,
        apart: |one: DocId, other: DocId| {
            !sketched.sides.meet(one, other) || (!inside && documents.are_pair(one, other))
        },
        params: &plan.options.passages,
    };
    let blocks = Blocks::new(texts, workspace.memory() / 8);
    let following = Following { texts, blocks: &blocks, plan, workspace, progress };
    let mut matches = std::mem::take(&mut sketched.within);
    matches.append(&mut following.matches(meetings)?);
    let mut passages = Passages::group(matches, &plan.options.passages);
    let mut shortened = 0;
    if let Some(most) = plan.options.max_occurrences {
        for passage in &mut passages.0 {
            shortened += u64::from(passage.keep_occurrences(most));
        }
    }
    Ok((passages, shortened))
}

/// Documents whose tokens fit in memory together.
struct Blocks {
    /// The first document of each block but the first.
    starts: Vec<u32>,
}

impl Blocks {
    /// Blocks of up to `most` bytes, or of one document.
    fn new(texts: &Texts, most: u64) -> Self {
        let sizes = (0..texts.documents() as u32).map(|document| texts.size(DocId(document)));
        let blocks = ranges(sizes, most.try_into().unwrap_or(usize::MAX));
        Blocks { starts: blocks.iter().skip(1).map(|block| block.start as u32).collect() }
    }

    /// The block of the earlier document of a hit.
    fn of(&self, hit: &Hit) -> usize {
        self.starts.partition_point(|&start| start <= hit.a.0)
    }

    /// How many blocks there are.
    fn len(&self) -> usize {
        self.starts.len() + 1
    }
}

/// What it takes to follow hits.
struct Following<'a> {
    texts: &'a Texts,
    blocks: &'a Blocks,
    plan: &'a Plan,
    workspace: &'a Workspace,
    progress: &'a dyn Progress,
}

impl Following<'_> {
    /// The matches of all meetings.
    fn matches(
        &self,
        meetings: Meetings<'_, impl Fn(DocId, DocId) -> bool + Sync>,
    ) -> Result<Vec<Match>> {
        let &Following { blocks, workspace, progress, .. } = self;
        let most = workspace.memory() as usize / 16 / size_of::<Hit>();
        let spill = Arc::new(workspace.spill_beyond(0));
        let held = (most / blocks.len()).max(FEWEST_HELD);
        let sorter = || Sorter::new(Arc::clone(&spill), held, Hit::key);
        let sorters: Vec<_> = std::iter::repeat_with(sorter).take(blocks.len()).collect();
        meetings.hits(|hits| {
            progress.go_on()?;
            let mut by_block = Vec::new();
            let starts = put_in_order(hits, blocks.len(), |hit| blocks.of(hit), &mut by_block);
            sorters.iter().zip(starts.windows(2)).try_for_each(|(sorter, ends)| {
                sorter.extend(&by_block[ends[0] as usize..ends[1] as usize])
            })
        })?;
        // With it go the fingerprints, which are large.
        drop(meetings);
        let count = sorters.iter().map(Sorter::count).sum::<usize>();
        progress.begin("following", count as u64, Unit::Items);
        let mut matches = Vec::new();
        let mut buffers = [Vec::new(), Vec::new()];
        for sorter in sorters {
            let mut sorted = sorter.sorted()?;
            while let Some(hits) = sorted.next_chunk(most, is_of_pair)? {
                self.follow(&hits, &mut buffers, &mut matches)?;
            }
        }
        progress.end();
        Ok(matches)
    }

    /// Follows hits whose earlier documents are of one block, in the order of their later documents. What is read of
    /// these goes into the buffers.
    fn follow(
        &self,
        hits: &[Hit],
        [buffer, other]: &mut [Vec<u64>; 2],
        matches: &mut Vec<Match>,
    ) -> Result<()> {
        let params = &self.plan.options.passages;
        let ones = self.texts.load(&earlier(hits), buffer)?;
        for hits in self.batches(hits) {
            self.progress.go_on()?;
            let pairs: Vec<&[Hit]> = hits.chunk_by(is_of_pair).collect();
            let mut others: Vec<DocId> = pairs.iter().map(|hits| hits[0].b).collect();
            others.dedup();
            let others = self.texts.load(&others, other)?;
            let words = |hits: &[Hit]| (ones.words(hits[0].a), others.words(hits[0].b));
            let pieces =
                pairs.par_chunks(PAIRS_A_PIECE).map_init(Follower::default, |follower, piece| {
                    let mut found = Vec::new();
                    for pairs in piece.chunks(PAIRS_AT_A_TIME) {
                        touch(pairs.iter().flat_map(|hits| {
                            let (a, b) = words(hits);
                            [around(a, hits[0].at_a), around(b, hits[0].at_b)]
                        }));
                        for hits in pairs {
                            let (a, b) = words(hits);
                            follower.follow(hits, a, b, params, &mut found);
                        }
                    }
                    found
                });
            matches.par_extend(pieces.with_max_len(1).flatten_iter());
            self.progress.advance(hits.len() as u64);
        }
        Ok(())
    }

    /// Cuts hits where their later documents have more tokens than are to be read together.
    fn batches<'a>(&self, hits: &'a [Hit]) -> impl Iterator<Item = &'a [Hit]> {
        let of_documents: Vec<&[Hit]> = hits.chunk_by(|one, other| one.b == other.b).collect();
        let most = (self.workspace.memory() / 64).min(LARGEST_BATCH) as usize / size_of::<u64>();
        let batches = ranges(of_documents.iter().map(|hits| self.texts.tokens(hits[0].b)), most);
        let mut rest = hits;
        batches.into_iter().map(move |batch| {
            let count = of_documents[batch].iter().map(|hits| hits.len()).sum();
            let (hits, others) = rest.split_at(count);
            rest = others;
            hits
        })
    }
}

/// The tokens around the place of a hit.
fn around(words: Words<'_>, at: u32) -> &[u64] {
    let at = at as usize;
    &words.hashes()[at.saturating_sub(NEAR)..words.len().min(at + NEAR)]
}

fn is_of_pair(one: &Hit, other: &Hit) -> bool {
    (one.a, one.b) == (other.a, other.b)
}

/// The earlier documents of hits, ascending, each once.
fn earlier(hits: &[Hit]) -> Vec<DocId> {
    let documents = || hits.iter().map(|hit| hit.a.0);
    let (Some(first), Some(last)) = (documents().min(), documents().max()) else {
        return Vec::new();
    };
    let mut is_there = vec![false; (last - first) as usize + 1];
    documents().for_each(|document| is_there[(document - first) as usize] = true);
    let documents = (first..).zip(is_there).filter(|&(_, is_there)| is_there);
    documents.map(|(document, _)| DocId(document)).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::{Find, ScanOptions, scan_in};
    use super::*;
    use crate::passage::TextBuilder;
    use crate::progress::Silent;
    use crate::report::Finding;
    use crate::text::{Tokenizer, Tokens, mix};

    /// Records of words from a few, with runs of one another and a line that all have.
    fn corpus() -> String {
        let word = |seed: u64| format!("w{:x}", mix(seed) % 5000);
        let words = |start: u64, count: u64| (start..start + count).map(word).collect::<Vec<_>>();
        let mut lines = String::new();
        for number in 0..300u64 {
            let own = words(1000 * number, 40).join(" ");
            let (shared, count) = (1_000_000 + 100 * (number % 50), 12 + number % 30);
            let mut run = words(shared, count);
            if number % 3 == 0 {
                run[count as usize / 2] = "changed".to_owned();
            }
            let all = words(2_000_000, 30).join(" ");
            let run = run.join(" ");
            let text = format!("{own}. {run}. {all}. 第一章は海の見える町から始まる。{run}");
            lines.push_str(&format!("{{\"id\": {number}, \"text\": \"{text}\"}}\n"));
        }
        lines
    }

    #[test]
    fn what_is_spilled_changes_no_row() {
        let folder = tempfile::tempdir().unwrap();
        let path: PathBuf = folder.path().join("corpus.jsonl");
        std::fs::write(&path, corpus()).unwrap();
        for inside_duplicates in [false, true] {
            let options =
                ScanOptions { find: Find::Passages, inside_duplicates, ..ScanOptions::default() };
            let plan = Plan::new(&options).unwrap();
            let rows = |memory: u64| -> Vec<Finding> {
                let workspace = |_| Workspace::new(folder.path(), memory, 0);
                let scan = scan_in(&[path.clone().into()], &plan, workspace, &Silent).unwrap();
                scan.findings.to_vec().unwrap()
            };
            let held = rows(u64::MAX);
            assert!(held.len() > 300, "{}", held.len());
            // All is written, and no two documents are in one block; then a few are.
            for memory in [0, 1 << 16, 1 << 20] {
                assert_eq!(rows(memory), held, "{memory} bytes");
            }
        }
    }

    #[test]
    fn blocks_fit_or_hold_one_document() {
        let spill = Workspace::default().spill_beyond(0);
        let mut builder = TextBuilder::default();
        let mut tokenizer = Tokenizer::new(0);
        for text in ["a b c", "a", "", "a b c d e f g h i j", "b c", "d e"] {
            builder.push(&Tokens::of(text, &mut tokenizer));
        }
        let units = vec![builder.store(&Workspace::default().spill_beyond(0)).unwrap()];
        let held = Texts::new(Workspace::default().spill(), Vec::new());
        assert!(Blocks::new(&held, 0).starts.is_empty());
        // Their sizes in bytes are 24, 8, 0, 80, 16 and 16.
        let texts = Texts::new(spill, units);
        assert_eq!(Blocks::new(&texts, 32).starts, [3, 4]);
        assert_eq!(Blocks::new(&texts, 0).starts, [1, 2, 3, 4, 5]);
    }
}
