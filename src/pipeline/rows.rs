//! Pairs and passages to findings: names, places and texts put to what was found.
//!
//! In: everything the stages found, by document number and token. Out: sorted
//! [`Finding`]s and the rows of the clusters. Documents with passages
//! are read once more, to be quoted; nothing is computed anew.

use std::ops::Range;
use std::sync::Arc;

use ahash::{AHashMap, RandomState};
use rayon::prelude::*;

use crate::cluster::kept_groups;
use crate::document::{DocId, Document};
use crate::error::Result;
use crate::passage::{Passages, Run};
use crate::progress::Progress;
use crate::read::{Collect, Corpus};
use crate::report::{ClusterRow, Counts, Finding, Kind, Side, excerpt, on_one_line};
use crate::text::{Tokenizer, Tokens};
use crate::verify::Pair;

use super::documents::DocumentPairs;
use super::sides::Sides;
use super::survey::Sketched;
use super::{Pairs, Plan};

/// What is written.
pub struct Rows {
    pub findings: Vec<Finding>,
    pub clusters: Vec<ClusterRow>,
    pub counts: Counts,
}

/// Two documents to be written as a row.
struct DocumentRow {
    kind: Kind,
    jaccard: f64,
    containment: f64,
    a: DocId,
    b: DocId,
}

/// A member of a cluster with its kept document.
struct Member {
    document: DocId,
    kept: DocId,
    similarity: f64,
}

/// Puts names, places and texts to everything found.
pub fn write(
    corpus: &Corpus,
    sketched: &Sketched,
    documents: &DocumentPairs,
    passages: &Passages,
    plan: &Plan,
    progress: &dyn Progress,
) -> Result<Rows> {
    let mut counts = Counts::default();
    let copies = &documents.copies;
    let chosen = if plan.wants_documents() {
        Chosen::new(documents, plan, &mut counts)
    } else {
        Chosen::default()
    };
    let quotes = quote_runs(corpus, sketched, passages, plan, progress)?;
    let ranks = Ranks::new(documents, &quotes);
    let names = cluster_names(&chosen.clusters, documents);
    let mut rows: Vec<Row> = Vec::new();
    for row in &chosen.rows {
        counts.count(row.kind);
        let side = |document| (ranks.of(document), Arc::clone(documents.sides.side(document)));
        let cluster = match row.kind {
            Kind::Exact | Kind::Near => documents.clusters.of(row.a).map(|cluster| names[cluster]),
            Kind::Contained | Kind::Passage => None,
        };
        let similarity = (row.jaccard, row.containment);
        let sides = Row::ordered((row.a, side(row.a)), (row.b, side(row.b)), sketched.sides);
        rows.push(Row::new(row.kind, similarity, sides, cluster, None));
    }
    for (number, passage) in (1..).zip(&passages.0) {
        let many = passage.documents.first() != passage.documents.last();
        let copied = |document: &DocId| sketched.sides.copies(*document, copies);
        let occurrences = if many && !plan.options.inside_duplicates {
            passage.documents.iter().map(copied).sum()
        } else {
            passage.occurrences
        };
        for one in &passage.matches {
            counts.count(Kind::Passage);
            let side = |run: &Run| (ranks.of(run.document), Arc::clone(&quotes[run]));
            let similarity = (one.jaccard(), one.containment());
            let passage = Some((number, occurrences));
            let (a, b) = ((one.a.document, side(&one.a)), (one.b.document, side(&one.b)));
            let sides = Row::ordered(a, b, sketched.sides);
            rows.push(Row::new(Kind::Passage, similarity, sides, None, passage));
        }
    }
    rows.par_sort_by_key(|row| row.order);
    let mut findings: Vec<Finding> = rows.into_iter().map(|row| row.finding).collect();
    number_passages(&mut findings);
    counts.passages = passages.0.len() as u64;
    Ok(Rows { findings, clusters: cluster_rows(&chosen, &names, documents), counts })
}

/// A finding and what it is sorted by: the ranks of the names and the places.
struct Row {
    order: (u32, u32, u32, u32, Kind, u32, u32),
    finding: Finding,
}

/// A side of a row with the rank of its name.
type Ranked = (u32, Arc<Side>);

impl Row {
    /// The two sides in the order of their places, or a reference behind what is held against it.
    fn ordered(
        (document, one): (DocId, Ranked),
        (other_document, other): (DocId, Ranked),
        sides: Sides,
    ) -> (Ranked, Ranked) {
        let is_behind =
            |document, side: &Ranked| (sides.is_reference(document), side.0, side.1.start);
        match is_behind(other_document, &other) < is_behind(document, &one) {
            true => (other, one),
            false => (one, other),
        }
    }

    fn new(
        kind: Kind,
        (jaccard, containment): (f64, f64),
        ((rank_a, a), (rank_b, b)): (Ranked, Ranked),
        cluster: Option<u32>,
        passage: Option<(u32, u32)>,
    ) -> Self {
        Row {
            order: (rank_a, a.start, rank_b, b.start, kind, a.end, b.end),
            finding: Finding {
                kind,
                jaccard,
                containment,
                a,
                b,
                cluster,
                passage: passage.map(|(number, _)| number),
                occurrences: passage.map(|(_, occurrences)| occurrences),
            },
        }
    }
}

/// The place of each document's name among the names of all that are written.
struct Ranks(Vec<u32>);

impl Ranks {
    fn new(documents: &DocumentPairs, quotes: &AHashMap<Run, Arc<Side>>) -> Self {
        let whole = documents.sides.documents();
        let whole = whole.map(|document| (&**documents.sides.side(document), document));
        let runs = quotes.iter().map(|(run, side)| (&**side, run.document));
        let mut names: Vec<(&str, DocId)> =
            whole.chain(runs).map(|(side, document)| (&*side.document, document)).collect();
        names.par_sort_unstable();
        names.dedup();
        let mut ranks = vec![0; documents.copies.documents()];
        for (rank, (_, document)) in (0..).zip(names) {
            ranks[document.index()] = rank;
        }
        Ranks(ranks)
    }

    fn of(&self, document: DocId) -> u32 {
        self.0[document.index()]
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

/// Numbers the passages anew, in the order of their first rows.
fn number_passages(findings: &mut [Finding]) {
    let mut numbers: AHashMap<u32, u32> =
        AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
    for finding in findings {
        if let Some(passage) = finding.passage {
            let next = numbers.len() as u32 + 1;
            finding.passage = Some(*numbers.entry(passage).or_insert(next));
        }
    }
}

/// The rows of documents that are to be written, and their clusters.
#[derive(Default)]
struct Chosen {
    rows: Vec<DocumentRow>,
    clusters: Vec<Vec<Member>>,
}

impl Chosen {
    fn new(documents: &DocumentPairs, plan: &Plan, counts: &mut Counts) -> Self {
        let (copies, between) = (&documents.copies, documents.between);
        let components = &documents.clusters;
        let partners = Partners::new(&documents.near);
        let mut chosen = Chosen::default();
        let starred: Vec<bool> = documents
            .is_large
            .iter()
            .map(|large| *large || plan.options.pairs == Pairs::Star)
            .collect();
        counts.stars = documents.is_large.iter().filter(|large| **large).count() as u64;
        counts.clusters = components.members.len() as u64;
        for (members, starred) in components.members.iter().zip(&starred) {
            let cluster = kept_members(members, documents, &partners);
            let dropped = cluster.iter().filter(|member| member.kept != member.document);
            counts.clustered += members.len() as u64;
            counts.droppable += dropped.clone().count() as u64;
            if *starred {
                chosen.rows.extend(dropped.map(|member| {
                    match partners.pair(copies.first_of(member.document), member.kept) {
                        Some(pair) => near_row(pair, member.kept, member.document),
                        None => exact_row(member.kept, member.document),
                    }
                }));
            }
            chosen.clusters.push(cluster);
        }
        let is_star =
            |document: DocId| components.of(document).is_some_and(|number| starred[number]);
        for group in copies.groups.iter().filter(|group| !is_star(group[0])) {
            for (index, &a) in group.iter().enumerate() {
                let met = group[index + 1..].iter().filter(|&&b| between.meet(a, b));
                chosen.rows.extend(met.map(|&b| exact_row(a, b)));
            }
        }
        for pair in documents.near.iter().filter(|pair| !is_star(pair.a)) {
            for &a in copies.group(&pair.a) {
                let met = copies.group(&pair.b).iter().filter(|&&b| between.meet(a, b));
                chosen.rows.extend(met.map(|&b| near_row(pair, a, b)));
            }
        }
        for pair in &documents.contained {
            // Copies of a document in a star are left to the star.
            let side = |document: &DocId| if is_star(*document) { 1 } else { usize::MAX };
            let (ones, others) = (copies.group(&pair.a), copies.group(&pair.b));
            let any = |a: &&DocId| others.iter().any(|&b| between.meet(**a, b));
            for &a in ones.iter().filter(any).take(side(&pair.a)) {
                let others = others.iter().filter(|&&b| between.meet(a, b)).take(side(&pair.b));
                chosen.rows.extend(
                    others.map(|&b| DocumentRow { kind: Kind::Contained, ..near_row(pair, a, b) }),
                );
            }
        }
        chosen
    }
}

fn exact_row(a: DocId, b: DocId) -> DocumentRow {
    DocumentRow { kind: Kind::Exact, jaccard: 1.0, containment: 1.0, a, b }
}

fn near_row(pair: &Pair, a: DocId, b: DocId) -> DocumentRow {
    DocumentRow { kind: Kind::Near, jaccard: pair.jaccard(), containment: pair.containment(), a, b }
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
        directed.sort_unstable();
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

/// The kept groups of a component. Copies share the fate of the first of their text; references are all kept.
fn kept_members(
    members: &[DocId],
    documents: &DocumentPairs,
    partners: &Partners<'_>,
) -> Vec<Member> {
    let copies = &documents.copies;
    let firsts: Vec<DocId> =
        members.iter().copied().filter(|&member| copies.is_first(member)).collect();
    // A text that stands on both sides is near to references, too, but none of these is to be dropped.
    let between = documents.between;
    let kept = kept_groups(&firsts, |first| {
        partners.of(first).filter(move |&other| between.meet(first, other))
    });
    members
        .iter()
        .filter_map(|&document| {
            if documents.between.is_reference(document) {
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

/// The number of each cluster: the order of its smallest name, from 1.
fn cluster_names(clusters: &[Vec<Member>], documents: &DocumentPairs) -> Vec<u32> {
    let mut order: Vec<(Arc<str>, usize)> = clusters
        .iter()
        .enumerate()
        .filter_map(|(number, members)| {
            Some((members.iter().map(|member| documents.name(member.document)).min()?, number))
        })
        .collect();
    order.sort_unstable();
    let mut names = vec![0; clusters.len()];
    for (name, (_, number)) in (1..).zip(order) {
        names[number] = name;
    }
    names
}

fn cluster_rows(chosen: &Chosen, names: &[u32], documents: &DocumentPairs) -> Vec<ClusterRow> {
    let mut rows: Vec<ClusterRow> = Vec::new();
    for (members, &cluster) in chosen.clusters.iter().zip(names) {
        rows.extend(members.iter().map(|member| ClusterRow {
            document: documents.name(member.document),
            cluster,
            kept: documents.name(member.kept),
            similarity: member.similarity,
        }));
    }
    rows.sort_by(|one, other| (one.cluster, &one.document).cmp(&(other.cluster, &other.document)));
    rows
}

impl DocumentPairs {
    fn name(&self, document: DocId) -> Arc<str> {
        Arc::clone(&self.sides.side(document).document)
    }
}

/// Names, places and texts of the runs of all passages.
fn quote_runs(
    corpus: &Corpus,
    sketched: &Sketched,
    passages: &Passages,
    plan: &Plan,
    progress: &dyn Progress,
) -> Result<AHashMap<Run, Arc<Side>>> {
    let runs =
        passages.0.iter().flat_map(|passage| &passage.matches).flat_map(|one| [&one.a, &one.b]);
    let mut runs: Vec<Run> = runs.cloned().collect();
    runs.par_sort_unstable();
    runs.dedup();
    let mut wanted: Vec<DocId> = runs.iter().map(|run| run.document).collect();
    wanted.dedup();
    let visitor = Collect {
        begin: || (Tokenizer::new(plan.sketch.seed), Vec::new()),
        visit: |(tokenizer, quotes): &mut (Tokenizer, Vec<_>), id, document: Document<'_>| {
            let start = runs.partition_point(|run| run.document < id);
            let end = start + runs[start..].partition_point(|run| run.document == id);
            let name: Arc<str> = corpus.name(&sketched.catalog, id, document.id).into();
            quotes.extend(quote(&runs[start..end], &name, document.text, tokenizer, plan));
        },
    };
    let units = corpus.revisit(&sketched.catalog, &wanted, ("quoting", progress), &visitor)?;
    let mut quotes = AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
    quotes.extend(units.into_iter().flat_map(|(_, quotes)| quotes));
    Ok(quotes)
}

/// The runs of one document, with their places and texts.
fn quote(
    runs: &[Run],
    name: &Arc<str>,
    text: &str,
    tokenizer: &mut Tokenizer,
    plan: &Plan,
) -> Vec<(Run, Arc<Side>)> {
    let tokens = Tokens::of(text, tokenizer);
    let side = |run: &Run| {
        let span = tokens.span(run.start as usize..run.end as usize);
        let before = &text.as_bytes()[..span.start as usize];
        Side {
            document: Arc::clone(name),
            start: span.start,
            end: span.end,
            line: 1 + memchr::memchr_iter(b'\n', before).count() as u64,
            words: run.end - run.start,
            text: excerpt(&text[span.range()]),
            context: (plan.options.context > 0)
                .then(|| context(&tokens, run, text, plan.options.context)),
        }
    };
    runs.iter().map(|run| (run.clone(), Arc::new(side(run)))).collect()
}

/// Up to so many words before and after a run, with what stands between them.
fn context(tokens: &Tokens, run: &Run, text: &str, words: u32) -> [String; 2] {
    let Range { start, end } = run.tokens();
    let fit = |range: Range<usize>| tokens.half_words(range) <= 2 * words;
    let first = (0..start).rev().take_while(|&first| fit(first..start)).last();
    let last = (end..tokens.len()).take_while(|&last| fit(end..last + 1)).last();
    let span = tokens.span(start..end);
    let before = first.map_or(span.start, |first| tokens.spans()[first].start);
    let after = last.map_or(span.end, |last| tokens.spans()[last].end);
    [before..span.start, span.end..after]
        .map(|place| on_one_line(&text[place.start as usize..place.end as usize], usize::MAX))
}
