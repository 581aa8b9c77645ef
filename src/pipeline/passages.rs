//! Fingerprints to passages.
//!
//! In: the fingerprints and tokens of all documents and the pairs found before. Out: the
//! [`Passages`]. Documents that are a pair anyway are not followed, unless that is asked for.
//!
//! Hits are sorted, on disk where they must be, and followed in their order. Where the tokens are not
//! in memory, documents are put together to blocks of which two fit, and the hits come block
//! by block, so that each is read once for every other block and not once for every hit.

use rayon::prelude::*;

use crate::document::DocId;
use crate::error::Result;
use crate::passage::{Aligner, Hit, Match, Meetings, Passages, Texts, match_pair};
use crate::progress::{Progress, Unit};
use crate::sorter::Sorter;
use crate::spill::Workspace;

use super::Plan;
use super::documents::DocumentPairs;
use super::survey::Sketched;

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
    let blocks = Blocks::new(texts, workspace.memory() / 12);
    let following = Following { texts, blocks: &blocks, plan, workspace, progress };
    let mut matches = std::mem::take(&mut sketched.within);
    // Hits of one block are in the order of their documents alone, and sorted in two thirds of the time.
    matches.append(&mut match blocks.starts.is_empty() {
        true => following.matches(meetings, |hit| hit.key())?,
        false => following.matches(meetings, |hit| (blocks.of(hit), hit.key()))?,
    });
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
        let mut starts = Vec::new();
        let mut size = 0;
        for document in 0..texts.documents() as u32 {
            let own = texts.size(DocId(document)) as u64;
            if size > 0 && size + own > most {
                starts.push(document);
                size = 0;
            }
            size += own;
        }
        Blocks { starts }
    }

    /// The blocks of the two documents of a hit.
    fn of(&self, hit: &Hit) -> [u32; 2] {
        [hit.a, hit.b]
            .map(|document| self.starts.partition_point(|&start| start <= document.0) as u32)
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
    /// The matches of all meetings, whose hits are sorted by a `key` with those of two blocks together.
    fn matches<K: Ord + Copy + Send>(
        &self,
        meetings: Meetings<'_, impl Fn(DocId, DocId) -> bool + Sync>,
        key: impl Fn(&Hit) -> K + Sync,
    ) -> Result<Vec<Match>> {
        let &Following { texts, blocks, workspace, progress, .. } = self;
        let most = workspace.memory() as usize / 16 / size_of::<Hit>();
        let sorter = Sorter::new(workspace.spill_beyond(0), most, key);
        meetings.hits(|hits| {
            progress.go_on()?;
            sorter.extend(hits)
        })?;
        // With it go the fingerprints, which are large.
        drop(meetings);
        let mut sorted = sorter.sorted()?;
        progress.begin("following", texts.documents() as u64, Unit::Items);
        let mut matches = Vec::new();
        let mut buffers = [Vec::new(), Vec::new()];
        let mut done = 0;
        let of_pair = |one: &Hit, other: &Hit| (one.a, one.b) == (other.a, other.b);
        while let Some(hits) = sorted.next_chunk(most, of_pair)? {
            for hits in hits.chunk_by(|one, other| blocks.of(one) == blocks.of(other)) {
                progress.go_on()?;
                matches.append(&mut self.follow(hits, &mut buffers)?);
            }
            let reached = hits.last().map_or(0, |hit| u64::from(hit.a.0));
            progress.advance(reached.saturating_sub(done));
            done = done.max(reached);
        }
        progress.end();
        Ok(matches)
    }

    /// Follows hits of two blocks, in the order of their documents. What is read of these goes into the buffers.
    fn follow(&self, hits: &[Hit], [buffer, other]: &mut [Vec<u64>; 2]) -> Result<Vec<Match>> {
        let Some(first) = hits.first() else { return Ok(Vec::new()) };
        let [block_a, block_b] = self.blocks.of(first);
        let pairs: Vec<&[Hit]> =
            hits.chunk_by(|one, other| (one.a, one.b) == (other.a, other.b)).collect();
        let mut ones: Vec<DocId> = pairs.iter().map(|hits| hits[0].a).collect();
        let mut others: Vec<DocId> = pairs.iter().map(|hits| hits[0].b).collect();
        if block_a == block_b {
            ones.append(&mut others);
        }
        for documents in [&mut ones, &mut others] {
            documents.par_sort_unstable();
            documents.dedup();
        }
        let (ones, others) = (self.texts.load(&ones, buffer)?, self.texts.load(&others, other)?);
        let others = if block_a == block_b { &ones } else { &others };
        let params = &self.plan.options.passages;
        Ok(pairs
            .par_iter()
            .map_init(Aligner::default, |aligner, hits| {
                let (a, b) = (ones.words(hits[0].a), others.words(hits[0].b));
                match_pair(hits, a, b, params, aligner)
            })
            .flatten_iter()
            .collect())
    }
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
        assert_eq!(Blocks::new(&texts, 0).starts, [1, 2, 4, 5]);
    }
}
