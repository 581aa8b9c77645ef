//! Pairs and passages to findings: names, places and texts put to what was found.
//!
//! In: everything the stages found, by document number and token. Out: sorted
//! [`Finding`]s and the rows of the clusters. Documents with passages
//! are read once more, to be quoted; nothing is computed anew.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use crate::cluster::{Clusters, kept_groups};
use crate::document::{DocId, Document, Span};
use crate::error::Result;
use crate::passage::{Passage, Passages, Run};
use crate::progress::Progress;
use crate::read::{Corpus, Visitor};
use crate::report::{
    ClusterMember, ClusterRows, Counts, Excerpt, Findings, Kind, QuoteBuilder, Quotes, Row,
    UnitQuotes,
};
use crate::spill::Spill;
use crate::text::{Tokenizer, Tokens};
use crate::verify::Pair;

use super::documents::DocumentPairs;
use super::exact::Copies;
use super::inspect::WholeQuotes;
use super::sides::Sides;
use super::survey::Sketched;
use super::{Pairs, Plan};

/// What is written.
pub struct Rows {
    pub findings: Findings,
    pub clusters: ClusterRows,
    pub counts: Counts,
}

/// How many passages are made rows of at a time: what threads make is held beside the rows until it is put to them.
const PASSAGES_A_CHUNK: usize = 1 << 14;

/// Puts names, places and texts to everything found.
pub fn write(
    corpus: &Corpus,
    sketched: &Sketched,
    documents: DocumentPairs,
    passages: &Passages,
    plan: &Plan,
    progress: &dyn Progress,
) -> Result<Rows> {
    let DocumentPairs { copies, near, contained, clusters, is_large, quotes, between, .. } =
        documents;
    let WholeQuotes { mut quotes, numbers } = quotes;
    let first_run = quotes.len() as u32;
    let runs = quote_runs(corpus, sketched, passages, plan, &mut quotes, progress)?;
    let quotes = Arc::new(quotes);
    let places = quotes.places()?;
    let mut told = Told::default();
    if plan.wants_documents() {
        let cluster_numbers =
            number_clusters(&clusters, |document| places[numbers[document.index()] as usize]);
        let whole = Whole {
            copies: &copies,
            near: &near,
            contained: &contained,
            clusters: &clusters,
            is_large: &is_large,
            quotes: &numbers,
            cluster_numbers: &cluster_numbers,
            between,
        };
        told.whole(&whole, plan);
    }
    let number = &|run: &Run| {
        let place = runs.binary_search(run).expect("all runs that are written are quoted");
        first_run + place as u32
    };
    told.rows.reserve_exact(passages.0.iter().map(|passage| passage.matches.len()).sum());
    for (chunk, some) in passages.0.chunks(PASSAGES_A_CHUNK).enumerate() {
        let of_some = some.par_iter().enumerate().flat_map_iter(|(index, passage)| {
            let group = (chunk * PASSAGES_A_CHUNK + index) as u32 + 1;
            let occurrences = copied_occurrences(passage, &copies, between, plan);
            passage.matches.iter().map(move |one| Row {
                kind: Kind::Passage,
                a: number(&one.a),
                b: number(&one.b),
                shared: one.aligned,
                union: one.union(),
                smaller: one.smaller(),
                group,
                occurrences,
            })
        });
        told.rows.par_extend(of_some);
    }
    // A reference stands behind what is held against it, and else what is later by name and place.
    let documents: Vec<DocId> = quotes.documents().collect();
    let order = |side: u32| (between.is_reference(documents[side as usize]), places[side as usize]);
    told.rows.par_iter_mut().for_each(|row| {
        if order(row.b) < order(row.a) {
            std::mem::swap(&mut row.a, &mut row.b);
        }
    });
    let mut counts = told.counts;
    counts.passages = passages.0.len() as u64;
    told.rows.iter().for_each(|row| counts.count(row.kind));
    Ok(Rows {
        findings: Findings::new(Arc::clone(&quotes), &places, told.rows),
        clusters: ClusterRows::new(quotes, &places, told.members),
        counts,
    })
}

/// How often a passage occurs, in copies of its documents too where these are not told of themselves.
fn copied_occurrences(passage: &Passage, copies: &Copies, between: Sides, plan: &Plan) -> u32 {
    let many = passage.documents.first() != passage.documents.last();
    if many && !plan.options.inside_duplicates {
        let copied = |document: &DocId| between.copies(*document, copies);
        passage.documents.iter().map(copied).sum()
    } else {
        passage.occurrences
    }
}

impl Counts {
    fn count(&mut self, kind: Kind) {
        *match kind {
            Kind::Exact => &mut self.exact,
            Kind::Near => &mut self.near,
            Kind::Contained => &mut self.contained,
            Kind::Passage => &mut self.passage_rows,
        } += 1;
    }
}

/// The pairs of whole documents, and what their rows need.
struct Whole<'a> {
    copies: &'a Copies,
    near: &'a [Pair],
    contained: &'a [Pair],
    clusters: &'a Clusters,
    is_large: &'a [bool],
    /// For each document the number of its quote.
    quotes: &'a [u32],
    /// For each cluster the number it is written with.
    cluster_numbers: &'a [u32],
    /// Which documents are compared.
    between: Sides,
}

impl Whole<'_> {
    fn row(&self, kind: Kind, pair: &Pair, a: DocId, b: DocId) -> Row {
        let cluster = match kind {
            Kind::Exact | Kind::Near => self.clusters.of(a),
            Kind::Contained | Kind::Passage => None,
        };
        Row {
            kind,
            a: self.quotes[a.index()],
            b: self.quotes[b.index()],
            shared: pair.shared,
            union: pair.size_a + pair.size_b - pair.shared,
            smaller: pair.size_a.min(pair.size_b),
            group: cluster.map_or(0, |cluster| self.cluster_numbers[cluster]),
            occurrences: 0,
        }
    }

    /// A row of two documents of one text.
    fn exact_row(&self, a: DocId, b: DocId) -> Row {
        self.row(Kind::Exact, &Pair { a, b, shared: 1, size_a: 1, size_b: 1 }, a, b)
    }
}

/// What is told of whole documents.
#[derive(Default)]
struct Told {
    rows: Vec<Row>,
    members: Vec<ClusterMember>,
    counts: Counts,
}

impl Told {
    /// Chooses the rows of documents that are to be written, and tells their clusters.
    fn whole(&mut self, whole: &Whole<'_>, plan: &Plan) {
        let Told { rows, members: told, counts } = self;
        let &Whole { copies, clusters, between, .. } = whole;
        let partners = Partners::new(whole.near);
        let starred: Vec<bool> = whole
            .is_large
            .iter()
            .map(|large| *large || plan.options.pairs == Pairs::Star)
            .collect();
        counts.stars = whole.is_large.iter().filter(|large| **large).count() as u64;
        counts.clusters = clusters.members.len() as u64;
        for (number, members) in clusters.members.iter().enumerate() {
            let cluster = kept_members(members, copies, between, &partners);
            let dropped = cluster.iter().filter(|member| member.kept != member.document);
            counts.clustered += members.len() as u64;
            counts.droppable += dropped.clone().count() as u64;
            if starred[number] {
                rows.extend(dropped.map(|member| {
                    match partners.pair(copies.first_of(member.document), member.kept) {
                        Some(pair) => whole.row(Kind::Near, pair, member.kept, member.document),
                        None => whole.exact_row(member.kept, member.document),
                    }
                }));
            }
            told.extend(cluster.iter().map(|member| ClusterMember {
                document: whole.quotes[member.document.index()],
                cluster: whole.cluster_numbers[number],
                kept: whole.quotes[member.kept.index()],
                similarity: member.similarity,
            }));
        }
        let is_star = |document: DocId| clusters.of(document).is_some_and(|number| starred[number]);
        let groups = copies.groups.iter().filter(|group| !is_star(group[0]));
        let near = whole.near.iter().filter(|pair| !is_star(pair.a));
        // While they grow rows take up twice the room.
        let of_groups = groups
            .clone()
            .flat_map(|group| (0..group.len()).map(move |index| between.met(group, index).len()));
        let of_pairs =
            near.clone().map(|pair| between.pairs(copies.group(&pair.a), copies.group(&pair.b)));
        rows.reserve(of_groups.chain(of_pairs).sum::<usize>() + whole.contained.len());
        for group in groups {
            for (index, &a) in group.iter().enumerate() {
                let met = between.met(group, index).iter();
                rows.extend(met.map(|&b| whole.exact_row(a, b)));
            }
        }
        for pair in near {
            for &a in copies.group(&pair.a) {
                let met = copies.group(&pair.b).iter().filter(|&&b| between.meet(a, b));
                rows.extend(met.map(|&b| whole.row(Kind::Near, pair, a, b)));
            }
        }
        for pair in whole.contained {
            // Copies of a document in a star are left to the star.
            let side = |document: &DocId| if is_star(*document) { 1 } else { usize::MAX };
            let (ones, others) = (copies.group(&pair.a), copies.group(&pair.b));
            let any = |a: &&DocId| others.iter().any(|&b| between.meet(**a, b));
            for &a in ones.iter().filter(any).take(side(&pair.a)) {
                let others = others.iter().filter(|&&b| between.meet(a, b)).take(side(&pair.b));
                rows.extend(others.map(|&b| whole.row(Kind::Contained, pair, a, b)));
            }
        }
    }
}

/// The near pairs, to be looked up from either side.
struct Partners<'a> {
    near: &'a [Pair],
    /// Both directions of each pair, ascending: whom from whom.
    directed: Vec<(DocId, DocId)>,
}

impl<'a> Partners<'a> {
    fn new(near: &'a [Pair]) -> Self {
        let mut directed: Vec<_> =
            near.iter().flat_map(|pair| [(pair.a, pair.b), (pair.b, pair.a)]).collect();
        directed.par_sort_unstable();
        Partners { near, directed }
    }

    fn of(&self, document: DocId) -> impl Iterator<Item = DocId> + '_ {
        let start = self.directed.partition_point(|edge| edge.0 < document);
        self.directed[start..].iter().take_while(move |edge| edge.0 == document).map(|edge| edge.1)
    }

    fn pair(&self, one: DocId, other: DocId) -> Option<&'a Pair> {
        let wanted = (one.min(other), one.max(other));
        let place = self.near.binary_search_by_key(&wanted, |pair| (pair.a, pair.b)).ok()?;
        Some(&self.near[place])
    }
}

/// A member of a cluster with its kept document.
struct Member {
    document: DocId,
    kept: DocId,
    similarity: f64,
}

/// The kept groups of a component. Copies share the fate of the first of their text; references are all kept.
fn kept_members(
    members: &[DocId],
    copies: &Copies,
    between: Sides,
    partners: &Partners<'_>,
) -> Vec<Member> {
    let firsts: Vec<DocId> =
        members.iter().copied().filter(|&member| copies.is_first(member)).collect();
    // A text that stands on both sides is near to references, too, but none of these is to be dropped.
    let kept = kept_groups(&firsts, |first| {
        partners.of(first).filter(move |&other| between.meet(first, other))
    });
    members
        .iter()
        .filter_map(|&document| {
            if between.is_reference(document) {
                return Some(Member { document, kept: document, similarity: 1.0 });
            }
            let first = copies.first_of(document);
            let place = firsts.binary_search(&first).ok()?;
            let kept = kept[place].1;
            let similarity = partners.pair(first, kept).map_or(1.0, Pair::jaccard);
            Some(Member { document, kept, similarity })
        })
        .collect()
}

/// The number of each cluster, from 1: in the order of its first name.
fn number_clusters(clusters: &Clusters, place: impl Fn(DocId) -> u32) -> Vec<u32> {
    let first = |members: &Vec<DocId>| members.iter().map(|&member| place(member)).min();
    let mut order: Vec<(Option<u32>, usize)> =
        clusters.members.iter().map(first).zip(0..).collect();
    order.sort_unstable();
    let mut numbers = vec![0; order.len()];
    for (number, (_, cluster)) in (1..).zip(order) {
        numbers[cluster] = number;
    }
    numbers
}

/// Quotes the runs of all passages, in the order in which it gives them: ascending.
fn quote_runs(
    corpus: &Corpus,
    sketched: &Sketched,
    passages: &Passages,
    plan: &Plan,
    quotes: &mut Quotes,
    progress: &dyn Progress,
) -> Result<Vec<Run>> {
    let matches = || passages.0.iter().flat_map(|passage| &passage.matches);
    let mut runs: Vec<Run> = Vec::with_capacity(2 * matches().count());
    runs.extend(matches().flat_map(|one| [&one.a, &one.b]).cloned());
    runs.par_sort_unstable();
    runs.dedup();
    runs.shrink_to_fit();
    let mut wanted: Vec<DocId> = runs.iter().map(|run| run.document).collect();
    wanted.dedup();
    let quoter = Quoter { corpus, sketched, runs: &runs, plan, spill: quotes.spill() };
    let units = corpus.revisit(&sketched.catalog, &wanted, ("quoting", progress), &quoter)?;
    quotes.extend(units);
    Ok(runs)
}

/// Quotes runs of documents.
struct Quoter<'a> {
    corpus: &'a Corpus,
    sketched: &'a Sketched,
    /// Ascending.
    runs: &'a [Run],
    plan: &'a Plan,
    spill: &'a Spill,
}

impl Visitor for Quoter<'_> {
    /// With the document that is not what it was, if one is not.
    type Unit = (Tokenizer, QuoteBuilder, Option<DocId>);
    type Kept = UnitQuotes;

    fn begin(&self) -> Self::Unit {
        (Tokenizer::new(self.plan.sketch.seed), QuoteBuilder::default(), None)
    }

    fn visit(
        &self,
        (tokenizer, quotes, changed): &mut Self::Unit,
        id: DocId,
        document: Document<'_>,
    ) {
        let start = self.runs.partition_point(|run| run.document < id);
        let runs = self.runs[start..].iter().take_while(|run| run.document == id);
        let tokens = Tokens::of(document.text, tokenizer);
        if !self.sketched.facts[id.index()].are_of(tokens.hashes()) {
            changed.get_or_insert(id);
            return;
        }
        let name = self.corpus.name(&self.sketched.catalog, id, document.id);
        let excerpts = runs.map(|run| excerpt(&tokens, run, self.plan.options.context));
        quotes.push(id, &name, document.text, excerpts);
    }

    fn finish(&self, (_, mut quotes, changed): Self::Unit) -> Result<UnitQuotes> {
        if let Some(document) = changed {
            return Err(self.sketched.changed(self.corpus, document));
        }
        quotes.store(self.spill)
    }
}

/// A run with up to so many words before and after it.
fn excerpt(tokens: &Tokens, run: &Run, context: u32) -> Excerpt {
    let Range { start, end } = run.tokens();
    let span = tokens.span(start..end);
    if context == 0 {
        return Excerpt::alone(span, run.len() as u32);
    }
    let fit = |range: Range<usize>| tokens.half_words(range) <= 2 * context;
    let first = (0..start).rev().take_while(|&first| fit(first..start)).last();
    let last = (end..tokens.len()).take_while(|&last| fit(end..last + 1)).last();
    let before = first.map_or(span.start, |first| tokens.spans()[first].start);
    let after = last.map_or(span.end, |last| tokens.spans()[last].end);
    Excerpt {
        span,
        words: run.len() as u32,
        before: Span { start: before, end: span.start },
        after: Span { start: span.end, end: after },
    }
}
