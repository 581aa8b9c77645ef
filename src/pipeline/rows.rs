//! Pairs and passages to findings: names, places and texts put to what was found.
//!
//! In: everything the stages found, by document number and token. Out: sorted
//! [`Finding`]s and the rows of the clusters. The documents that stand in
//! a finding are read once more, for their names and words; nothing is computed anew.

use std::sync::Arc;

use ahash::{AHashMap, RandomState};

use crate::cluster::kept_groups;
use crate::document::{DocId, Document, Span};
use crate::error::Result;
use crate::passage::{Passages, Run};
use crate::progress::Progress;
use crate::read::Corpus;
use crate::report::{ClusterRow, Counts, Finding, Kind, Side, excerpt};
use crate::text::{Tokenizer, Tokens};
use crate::verify::Pair;

use super::documents::DocumentPairs;
use super::exact::Copies;
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
    copies: &Copies,
    documents: &DocumentPairs,
    passages: &Passages,
    plan: &Plan,
    progress: &dyn Progress,
) -> Result<Rows> {
    let mut counts = Counts::default();
    let chosen = if plan.wants_documents() {
        Chosen::new(copies, documents, plan, &mut counts)
    } else {
        Chosen::default()
    };
    let sides = Sides::read(corpus, sketched, &chosen, passages, plan, progress)?;
    let names = cluster_names(&chosen.clusters, &sides);
    let mut findings: Vec<Finding> = Vec::new();
    for row in &chosen.rows {
        counts.count(row.kind);
        let (a, b) = (sides.whole(row.a), sides.whole(row.b));
        let cluster = match row.kind {
            Kind::Exact | Kind::Near => documents.clusters.of(row.a).map(|cluster| names[cluster]),
            Kind::Contained | Kind::Passage => None,
        };
        findings.push(finding(
            row.kind,
            (row.jaccard, row.containment),
            (a, b),
            cluster,
            None,
            None,
        ));
    }
    for (number, passage) in (1..).zip(&passages.0) {
        let many = passage.documents.first() != passage.documents.last();
        let copied = |document: &DocId| copies.group(&copies.first_of(*document)).len() as u32;
        let occurrences = if many && !plan.options.inside_duplicates {
            passage.documents.iter().map(copied).sum()
        } else {
            passage.occurrences
        };
        for one in &passage.matches {
            counts.count(Kind::Passage);
            let (a, b) = (sides.run(&one.a), sides.run(&one.b));
            let similarity = (one.jaccard(), one.containment());
            findings.push(finding(
                Kind::Passage,
                similarity,
                (a, b),
                None,
                Some(number),
                Some(occurrences),
            ));
        }
    }
    findings.sort_by(|one, other| one.order().cmp(&other.order()));
    number_passages(&mut findings);
    counts.passages = passages.0.len() as u64;
    Ok(Rows { findings, clusters: cluster_rows(&chosen, &names, &sides), counts })
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

fn finding(
    kind: Kind,
    (jaccard, containment): (f64, f64),
    (one, other): (Side, Side),
    cluster: Option<u32>,
    passage: Option<u32>,
    occurrences: Option<u32>,
) -> Finding {
    let swap = (&*other.document, other.start) < (&*one.document, one.start);
    let (a, b) = if swap { (other, one) } else { (one, other) };
    Finding { kind, jaccard, containment, a, b, cluster, passage, occurrences }
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
    fn new(copies: &Copies, documents: &DocumentPairs, plan: &Plan, counts: &mut Counts) -> Self {
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
            let cluster = kept_members(members, copies, &partners);
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
                chosen.rows.extend(group[index + 1..].iter().map(|&b| exact_row(a, b)));
            }
        }
        for pair in documents.near.iter().filter(|pair| !is_star(pair.a)) {
            for &a in copies.group(&pair.a) {
                chosen.rows.extend(copies.group(&pair.b).iter().map(|&b| near_row(pair, a, b)));
            }
        }
        for pair in &documents.contained {
            // Copies of a document in a star are left to the star.
            let side = |document: &DocId| if is_star(*document) { 1 } else { usize::MAX };
            for &a in copies.group(&pair.a).iter().take(side(&pair.a)) {
                let others = copies.group(&pair.b).iter().take(side(&pair.b));
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

/// The kept groups of a component. Copies share the fate of the first of their text.
fn kept_members(members: &[DocId], copies: &Copies, partners: &Partners<'_>) -> Vec<Member> {
    let firsts: Vec<DocId> =
        members.iter().copied().filter(|&member| copies.is_first(member)).collect();
    let kept = kept_groups(&firsts, |first| partners.of(first));
    members
        .iter()
        .filter_map(|&document| {
            let first = copies.first_of(document);
            let place = firsts.binary_search(&first).ok()?;
            let kept = kept[place].1;
            let similarity = partners.pair(first, kept).map_or(1.0, Pair::jaccard);
            Some(Member { document, kept, similarity })
        })
        .collect()
}

/// The number of each cluster: the order of its smallest name, from 1.
fn cluster_names(clusters: &[Vec<Member>], sides: &Sides) -> Vec<u32> {
    let mut order: Vec<(Arc<str>, usize)> = clusters
        .iter()
        .enumerate()
        .filter_map(|(number, members)| {
            Some((members.iter().map(|member| sides.name(member.document)).min()?, number))
        })
        .collect();
    order.sort_unstable();
    let mut names = vec![0; clusters.len()];
    for (name, (_, number)) in (1..).zip(order) {
        names[number] = name;
    }
    names
}

fn cluster_rows(chosen: &Chosen, names: &[u32], sides: &Sides) -> Vec<ClusterRow> {
    let mut rows: Vec<ClusterRow> = Vec::new();
    for (members, &cluster) in chosen.clusters.iter().zip(names) {
        rows.extend(members.iter().map(|member| ClusterRow {
            document: sides.name(member.document),
            cluster,
            kept: sides.name(member.kept),
            similarity: member.similarity,
        }));
    }
    rows.sort_by(|one, other| (one.cluster, &one.document).cmp(&(other.cluster, &other.document)));
    rows
}

/// What is asked of a document: a run of its tokens, or the whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Request {
    document: DocId,
    run: Option<(u32, u32)>,
}

/// Names, places and texts of everything that is to be written.
struct Sides {
    sides: AHashMap<Request, Side>,
}

impl Sides {
    fn read(
        corpus: &Corpus,
        sketched: &Sketched,
        chosen: &Chosen,
        passages: &Passages,
        plan: &Plan,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let whole = |document| Request { document, run: None };
        let runs =
            passages.0.iter().flat_map(|passage| &passage.matches).flat_map(|one| [&one.a, &one.b]);
        let members = chosen.clusters.iter().flatten().map(|member| whole(member.document));
        let rows = chosen.rows.iter().flat_map(|row| [whole(row.a), whole(row.b)]);
        let mut requests: Vec<Request> = runs.map(Request::of).chain(members).chain(rows).collect();
        requests.sort_unstable();
        requests.dedup();
        let mut wanted: Vec<DocId> = requests.iter().map(|request| request.document).collect();
        wanted.dedup();
        let units = corpus.revisit(
            &sketched.catalog,
            &wanted,
            "quoting",
            progress,
            || (Tokenizer::new(plan.sketch.seed), Vec::new()),
            |(tokenizer, sides), id, document| {
                let start = requests.partition_point(|request| request.document < id);
                let end =
                    start + requests[start..].partition_point(|request| request.document == id);
                let name: Arc<str> = corpus.name(&sketched.catalog, id, document.id).into();
                sides.extend(quote(&requests[start..end], name, document, sketched, tokenizer));
            },
        )?;
        let mut sides = AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        sides.extend(units.into_iter().flat_map(|(_, sides)| sides));
        Ok(Sides { sides })
    }

    fn whole(&self, document: DocId) -> Side {
        self.sides[&Request { document, run: None }].clone()
    }

    fn run(&self, run: &Run) -> Side {
        self.sides[&Request::of(run)].clone()
    }

    fn name(&self, document: DocId) -> Arc<str> {
        Arc::clone(&self.sides[&Request { document, run: None }].document)
    }
}

impl Request {
    fn of(run: &Run) -> Self {
        Request { document: run.document, run: Some((run.start, run.end)) }
    }
}

/// Answers the requests of one document.
fn quote(
    requests: &[Request],
    name: Arc<str>,
    document: Document<'_>,
    sketched: &Sketched,
    tokenizer: &mut Tokenizer,
) -> Vec<(Request, Side)> {
    let text = document.text;
    let runs = requests.iter().any(|request| request.run.is_some());
    let tokens = if runs { Tokens::of(text, tokenizer) } else { Tokens::default() };
    let side = |request: &Request| {
        let (span, words) = match request.run {
            None => (Span::new(0, text.len()), sketched.facts[request.document.index()].tokens),
            Some((start, end)) => (tokens.span(start as usize..end as usize), end - start),
        };
        let line =
            1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..span.start as usize]).count() as u64;
        let text = excerpt(&text[span.range()]);
        (
            *request,
            Side {
                document: Arc::clone(&name),
                start: span.start,
                end: span.end,
                line,
                words,
                text,
            },
        )
    };
    requests.iter().map(side).collect()
}
