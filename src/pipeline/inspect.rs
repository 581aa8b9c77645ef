//! The second reading: what candidates really are.
//!
//! In: the documents that may be duplicates. Out: [`Inspected`]: of each its whole shingle set, the
//! text if it has a copy, and what is written of it in a row. Sets and texts are
//! spilled, so that it does not matter how many duplicates there are; each document is read once.

use rayon::prelude::*;

use crate::document::{DocId, Document, Span};
use crate::error::Result;
use crate::lsh::Candidate;
use crate::pool::Pool;
use crate::progress::{Progress, Unit};
use crate::read::{Corpus, Visitor};
use crate::report::{Excerpt, QuoteBuilder, Quotes, UnitQuotes};
use crate::shingle::SetBuilder;
use crate::spill::{Spill, Stored, Workspace};
use crate::text::{Tokenizer, Tokens, normalised};
use crate::verify::{BitSets, Edge, Pair, Set, groups};

use super::Plan;
use super::exact::Copies;
use super::survey::Sketched;

/// What was seen of the documents.
pub struct Inspected {
    spill: Spill,
    units: Vec<(Stored<u64>, Stored<u8>)>,
    /// Ascending by document.
    seen: Vec<Seen>,
    /// For each document of the corpus its place in `seen`, if it has one.
    places: Vec<u32>,
    /// In the order of `seen`.
    quotes: Quotes,
}

/// What is written of documents.
pub struct WholeQuotes {
    /// One quote a document.
    pub quotes: Quotes,
    /// For each document of the corpus the number of its quote, if it has one.
    pub numbers: Vec<u32>,
}

/// The place of a document that was not inspected.
const NOWHERE: u32 = u32::MAX;

/// What was seen of one document.
struct Seen {
    document: DocId,
    unit: u32,
    set: Place,
    text: Place,
}

/// How many shingles the documents have that are verified together, at the most: sets, bits and all are then
/// a few megabytes.
const SHINGLES_A_GROUP: usize = 1 << 16;

/// How many candidates are grouped at a time: their ends are counted in 32 bits.
const MOST_EDGES: usize = 1 << 30;

/// How many steps of a merge are worth as much as making bits of a shingle.
const STEPS_A_SHINGLE: usize = 10;

/// Bytes of names and of beginnings of texts for each document, about.
const BYTES_A_QUOTE: u64 = 256;

/// A part of what a unit put away.
#[derive(Clone, Copy, Default)]
struct Place {
    start: u64,
    length: u32,
}

impl Place {
    /// From `start` to `end`; a document has fewer than 2^32 bytes, so fewer shingles.
    fn new(start: usize, end: usize) -> Self {
        Place { start: start as u64, length: (end - start) as u32 }
    }

    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.length as usize
    }
}

/// Looks at documents; its benches go from thread to thread.
struct Inspector<'a> {
    corpus: &'a Corpus,
    sketched: &'a Sketched,
    copies: &'a Copies,
    plan: &'a Plan,
    spill: &'a Spill,
    quotes: &'a Spill,
    benches: Pool<Bench>,
}

struct Bench {
    tokenizer: Tokenizer,
    set_builder: SetBuilder,
    hashes: Vec<u64>,
    sets: Vec<u64>,
    texts: Vec<u8>,
    seen: Vec<Seen>,
    quotes: QuoteBuilder,
    /// A document that is not what it was.
    changed: Option<DocId>,
}

/// What a group is verified with.
#[derive(Default)]
struct VerifyBench {
    /// The sets of a group, and what is left of those of a larger one.
    shingles: Vec<u64>,
    bits: BitSets,
}

impl Inspected {
    /// Reads the documents of `wanted` (ascending, each once).
    pub fn read(
        corpus: &Corpus,
        sketched: &Sketched,
        copies: &Copies,
        wanted: &[DocId],
        plan: &Plan,
        workspace: &Workspace,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let spill = workspace.spill();
        // Rows quote them in no order.
        let of_all = wanted.len() as u64 * BYTES_A_QUOTE;
        let mut quotes = Quotes::new(workspace.spill_for(of_all, workspace.memory() / 16));
        let inspector = Inspector {
            corpus,
            sketched,
            copies,
            plan,
            spill: &spill,
            quotes: quotes.spill(),
            benches: Pool::default(),
        };
        let kept =
            corpus.revisit(&sketched.catalog, wanted, ("inspecting", progress), &inspector)?;
        let (mut units, mut seen) = (Vec::new(), Vec::with_capacity(wanted.len()));
        let mut quoted = Vec::with_capacity(kept.len());
        for (number, unit) in (0..).zip(kept) {
            seen.extend(unit.seen.into_iter().map(|one| Seen { unit: number, ..one }));
            units.push((unit.sets, unit.texts));
            quoted.push(unit.quotes);
        }
        quotes.extend(quoted);
        let places = numbers(seen.iter().map(|one: &Seen| one.document), sketched.facts.len());
        Ok(Inspected { spill, units, seen, places, quotes })
    }

    /// Where a document that was inspected stands.
    fn place(&self, document: DocId) -> u32 {
        self.places[document.index()]
    }

    fn seen(&self, document: DocId) -> &Seen {
        &self.seen[self.place(document) as usize]
    }

    /// The text of a document that has a copy.
    fn text<'a>(&'a self, document: DocId, buffer: &'a mut Vec<u8>) -> Result<&'a [u8]> {
        let seen = self.seen(document);
        self.spill.read(&self.units[seen.unit as usize].1, seen.text.range(), buffer)
    }

    /// Whether two documents that have copies are the same normalised text.
    ///
    /// # Errors
    /// [`ErrorKind::Changed`](crate::error::ErrorKind::Changed), if one is not what it was; those of [`Spill::read`].
    pub fn are_equal(
        &self,
        (one, other): (DocId, DocId),
        corpus: &Corpus,
        sketched: &Sketched,
        plan: &Plan,
    ) -> Result<bool> {
        let mut buffers = [Vec::new(), Vec::new()];
        let [first, second] = &mut buffers;
        let texts = [self.text(one, first)?, self.text(other, second)?];
        // Most copies are copied to the byte.
        if texts[0] == texts[1] {
            return Ok(true);
        }
        let texts = texts.map(|bytes| {
            std::str::from_utf8(bytes).expect("what was put away is the text of a document")
        });
        if normalised(texts[0]) == normalised(texts[1]) {
            return Ok(true);
        }
        // Either there are two texts of one hash, or one was another text when it was hashed.
        for (document, text) in [one, other].into_iter().zip(texts) {
            let tokens = Tokens::of(text, &mut Tokenizer::new(plan.sketch.seed));
            if !sketched.facts[document.index()].are_of(tokens.hashes()) {
                return Err(sketched.changed(corpus, document));
            }
        }
        Ok(false)
    }

    /// The candidates (ascending) that are pairs, ascending.
    pub fn verify(
        &self,
        candidates: Vec<Candidate>,
        sketched: &Sketched,
        plan: &Plan,
        progress: &dyn Progress,
    ) -> Result<Vec<Pair>> {
        progress.begin("verifying", candidates.len() as u64, Unit::Items);
        let edge = |(one, other): Candidate| (self.place(one), self.place(other));
        let edges: Vec<Edge> = candidates.into_iter().map(edge).collect();
        let length = |place: u32| self.seen[place as usize].set.length as usize;
        let groups = |edges| groups(edges, self.seen.len(), length, SHINGLES_A_GROUP);
        let groups: Vec<Vec<Edge>> = edges.chunks(MOST_EDGES).flat_map(groups).collect();
        drop(edges);
        let benches: Pool<VerifyBench> = Pool::default();
        let verified = groups.par_iter().with_max_len(1).map(|edges| {
            progress.go_on()?;
            let mut bench = benches.take(VerifyBench::default);
            let pairs = self.verify_group(edges, &mut bench, sketched, plan)?;
            benches.give_back(bench);
            progress.advance(edges.len() as u64);
            Ok(pairs)
        });
        let mut pairs = verified.collect::<Result<Vec<Vec<Pair>>>>()?.concat();
        pairs.par_sort_unstable();
        progress.end();
        Ok(pairs)
    }

    /// Verifies the candidates of one group.
    fn verify_group(
        &self,
        edges: &[Edge],
        VerifyBench { shingles, bits }: &mut VerifyBench,
        sketched: &Sketched,
        plan: &Plan,
    ) -> Result<Vec<Pair>> {
        let mut members: Vec<u32> = edges.iter().flat_map(|edge| [edge.0, edge.1]).collect();
        members.sort_unstable();
        members.dedup();
        let length = |member: u32| self.seen[member as usize].set.length as usize;
        let total: usize = members.iter().map(|&member| length(member)).sum();
        if shingles.len() < total {
            // Nothing of it is kept, so that it need not be moved.
            *shingles = vec![0; total.max(SHINGLES_A_GROUP)];
        }
        let mut ends = Vec::with_capacity(members.len());
        let mut end = 0;
        for &member in &members {
            let seen = &self.seen[member as usize];
            let stored = &self.units[seen.unit as usize].0;
            let room = &mut shingles[end..end + length(member)];
            self.spill.read_into(stored, seen.set.range(), room)?;
            end += room.len();
            ends.push(end);
        }
        let sets: Vec<Set<'_>> = members
            .iter()
            .zip(&ends)
            .map(|(&member, &end)| {
                let document = self.seen[member as usize].document;
                let facts = &sketched.facts[document.index()];
                Set {
                    document,
                    shingles: &shingles[end - length(member)..end],
                    words: facts.tokens,
                    may_be_contained: plan.may_be_contained(facts),
                }
            })
            .collect();
        let local = |member: u32| {
            members.binary_search(&member).expect("the members are those of the edges")
        };
        // Bits of a set that is large by itself would be no few megabytes, and in each of its groups the same.
        let is_large = members.iter().any(|&member| length(member) > SHINGLES_A_GROUP);
        let steps: usize = edges.iter().map(|edge| length(edge.0) + length(edge.1)).sum();
        if is_large || steps < STEPS_A_SHINGLE * total {
            let verify =
                |edge: &Edge| plan.criteria.verify(sets[local(edge.0)], sets[local(edge.1)]);
            return Ok(edges.iter().filter_map(verify).collect());
        }
        let slices: Vec<&[u64]> = sets.iter().map(|set| set.shingles).collect();
        bits.fill(&slices);
        let verify = |edge: &Edge| {
            let (one, other) = (local(edge.0), local(edge.1));
            let shared = bits.shared(one, other);
            plan.criteria
                .judge(sets[one], sets[other], |least| Some(shared).filter(|&it| it >= least))
        };
        Ok(edges.iter().filter_map(verify).collect())
    }

    /// Forgets sets and texts; what is written stays, of those documents that are `wanted`.
    pub fn into_quotes(self, wanted: impl Fn(DocId) -> bool) -> WholeQuotes {
        let Inspected { mut quotes, places, .. } = self;
        quotes.retain(wanted);
        let numbers = numbers(quotes.documents(), places.len());
        WholeQuotes { quotes, numbers }
    }
}

/// For each document of the corpus its number in `documents`.
fn numbers(documents: impl Iterator<Item = DocId>, corpus: usize) -> Vec<u32> {
    let mut numbers = vec![NOWHERE; corpus];
    for (number, document) in (0..).zip(documents) {
        numbers[document.index()] = number;
    }
    numbers
}

impl Visitor for Inspector<'_> {
    type Unit = Bench;
    type Kept = UnitInspected;

    fn begin(&self) -> Bench {
        self.benches.take(|| Bench {
            tokenizer: Tokenizer::new(self.plan.sketch.seed),
            set_builder: SetBuilder::new(self.plan.sketch.shingle_size),
            hashes: Vec::new(),
            sets: Vec::new(),
            texts: Vec::new(),
            seen: Vec::new(),
            quotes: QuoteBuilder::default(),
            changed: None,
        })
    }

    fn visit(&self, bench: &mut Bench, number: DocId, document: Document<'_>) {
        let Bench { tokenizer, set_builder, hashes, sets, texts, seen, quotes, changed } = bench;
        let facts = &self.sketched.facts[number.index()];
        hashes.clear();
        let (set, text) = (sets.len(), texts.len());
        if self.copies.has_copy(number) {
            texts.extend_from_slice(document.text.as_bytes());
        }
        if self.copies.is_first(number) {
            tokenizer.hash_into(document.text, hashes);
            if !facts.are_of(hashes) {
                changed.get_or_insert(number);
            }
            set_builder.build(hashes, sets);
        }
        seen.push(Seen {
            document: number,
            unit: 0,
            set: Place::new(set, sets.len()),
            text: Place::new(text, texts.len()),
        });
        let name = self.corpus.name(&self.sketched.catalog, number, document.id);
        let whole = Span::new(0, document.text.len());
        let excerpt = Excerpt::alone(whole, facts.tokens);
        quotes.push(number, &name, document.text, [excerpt]);
    }

    fn finish(&self, mut bench: Bench) -> Result<UnitInspected> {
        if let Some(document) = bench.changed {
            return Err(self.sketched.changed(self.corpus, document));
        }
        let kept = UnitInspected {
            sets: self.spill.store(&bench.sets)?,
            texts: self.spill.store(&bench.texts)?,
            seen: std::mem::take(&mut bench.seen),
            quotes: bench.quotes.store(self.quotes)?,
        };
        bench.sets.clear();
        bench.texts.clear();
        self.benches.give_back(bench);
        Ok(kept)
    }
}

/// What was seen of the documents of a unit.
struct UnitInspected {
    sets: Stored<u64>,
    texts: Stored<u8>,
    seen: Vec<Seen>,
    quotes: UnitQuotes,
}
