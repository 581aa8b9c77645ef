//! Sketches to verified pairs of documents.
//!
//! In: the sketched corpus. Out: [`DocumentPairs`].
//! Candidates come from the complete join: all of them, or with `--method minhash` those of the
//! contained pairs and of documents too short for a signature, and the others from the
//! bands. They are read once more, and verified alike.

use ahash::{AHashSet, RandomState};

use crate::cluster::Clusters;
use crate::document::DocId;
use crate::error::Result;
use crate::join::{self, Crowds, Likeness, Listed, Role};
use crate::lsh::Candidate;
use crate::progress::Progress;
use crate::read::Corpus;
use crate::spill::Workspace;
use crate::verify::{Pair, Set};

use super::clock::Clock;
use super::exact::Copies;
use super::inspect::{Inspected, WholeQuotes};
use super::sides::Sides;
use super::survey::{Facts, Sketched};
use super::{LARGEST_COMPONENT, Method, Plan};

/// What was verified.
pub struct DocumentPairs {
    /// Which documents are the same text. Only the first of them are in pairs.
    pub copies: Copies,
    /// Pairs that reach the threshold, ascending.
    pub near: Vec<Pair>,
    /// Other pairs of which the smaller is contained in the larger, ascending.
    pub contained: Vec<Pair>,
    /// Documents that were compared with the leaders of a crowd, not with all of it; ascending.
    pub crowded: Vec<DocId>,
    /// The components of exact and near pairs, copies and all.
    pub clusters: Clusters,
    /// Which of them are too large, or too crowded, for all their pairs to be written.
    pub is_large: Vec<bool>,
    /// What is written of the documents in any of this.
    pub quotes: WholeQuotes,
    /// Which documents are compared.
    pub between: Sides,
    /// Which documents are in a pair, or have a copy.
    found: Vec<bool>,
    /// All pairs, as [`key`] makes them, if there are passages to be told from them.
    pairs: AHashSet<u64>,
}

/// Bytes that a pair takes, with its key and its row, and what is written of a document, its text aside.
const BYTES_A_PAIR: usize = 80;
const BYTES_A_QUOTED: usize = 64;

/// What is to be verified.
pub struct Suspects {
    copies: Copies,
    /// Every two documents that may be a pair, copies aside; ascending.
    candidates: Vec<Candidate>,
    crowded: Vec<DocId>,
}

impl Suspects {
    /// Finds all that may be pairs. What the survey keeps for the join is not needed beyond this.
    pub fn find(
        sketched: &Sketched,
        plan: &Plan,
        workspace: &Workspace,
        clock: &mut Clock,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let copies = Copies::by_content(&sketched.facts);
        let join::Candidates { pairs: mut candidates, crowded } =
            find_candidates(sketched, &copies, plan, workspace, progress)?;
        candidates.retain(|&(one, other)| sketched.sides.may_meet(one, other, &copies));
        clock.lap("join");
        Ok(Suspects { copies, candidates, crowded })
    }
}

impl DocumentPairs {
    /// Verifies what may be pairs.
    pub fn verify(
        Suspects { copies, candidates, crowded }: Suspects,
        corpus: &Corpus,
        sketched: &Sketched,
        plan: &Plan,
        workspace: &Workspace,
        clock: &mut Clock,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let grouped = copies.groups.iter().flatten().copied();
        let mut is_wanted = vec![false; sketched.facts.len()];
        for document in candidates.iter().flat_map(|&(one, other)| [one, other]).chain(grouped) {
            is_wanted[document.index()] = true;
        }
        let wanted = (0..).map(DocId).zip(is_wanted);
        let wanted: Vec<DocId> =
            wanted.filter_map(|(document, is_wanted)| is_wanted.then_some(document)).collect();
        let inspected =
            Inspected::read(corpus, sketched, &copies, &wanted, plan, workspace, progress)?;
        drop(wanted);
        clock.lap("inspect candidates");
        // While one thread puts candidates together, the others compare copies.
        let (pairs, confirmed) = rayon::join(
            || inspected.verify(candidates, sketched, plan, progress),
            || {
                let are_equal =
                    |one, other| inspected.are_equal((one, other), corpus, sketched, plan);
                copies.confirm(are_equal)
            },
        );
        let (pairs, (copies, split_off)) = (pairs?, confirmed?);
        let found = Self::new(pairs, split_off, crowded, copies, inspected, sketched.sides, plan);
        clock.lap("verify");
        Ok(found)
    }

    fn new(
        mut pairs: Vec<Pair>,
        split_off: Vec<(DocId, DocId)>,
        crowded: Vec<DocId>,
        copies: Copies,
        inspected: Inspected,
        between: Sides,
        plan: &Plan,
    ) -> Self {
        if !split_off.is_empty() {
            // Different words of one hash: shingle for shingle the documents look the same.
            let same = |&(a, b): &(DocId, DocId)| Pair { a, b, shared: 1, size_a: 1, size_b: 1 };
            let met = split_off.iter().filter(|(a, b)| between.may_meet(*a, *b, &copies));
            pairs.extend(met.map(same));
            pairs.sort_unstable();
        }
        let mut keys: AHashSet<u64> = AHashSet::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        if plan.wants_passages() {
            keys.extend(pairs.iter().map(|pair| key(pair.a, pair.b)));
        }
        let contained: Vec<Pair> =
            pairs.extract_if(.., |pair| !plan.criteria.is_near(pair)).collect();
        let near = pairs;
        let mut found = vec![false; copies.documents()];
        for pair in near.iter().chain(&contained) {
            found[pair.a.index()] = true;
            found[pair.b.index()] = true;
        }
        // Copies that stand on one side are a cluster only for the sake of a document on the other.
        let near_another: AHashSet<DocId> = near.iter().flat_map(|pair| [pair.a, pair.b]).collect();
        let told = |group: &&Vec<DocId>| {
            between.may_meet(group[0], group[0], &copies) || near_another.contains(&group[0])
        };
        let copied = copies
            .groups
            .iter()
            .filter(told)
            .flat_map(|group| group[1..].iter().map(|&copy| (group[0], copy)));
        let edges = copied.chain(near.iter().map(|pair| (pair.a, pair.b)));
        let clusters = Clusters::new(copies.documents(), edges);
        let is_large = |members: &Vec<DocId>| {
            members.len() > LARGEST_COMPONENT
                || members.iter().any(|member| crowded.binary_search(member).is_ok())
        };
        let is_large = clusters.members.iter().map(is_large).collect();
        for copy in copies.groups.iter().flatten() {
            found[copy.index()] = true;
        }
        let quotes = inspected.into_quotes(|document| found[document.index()]);
        DocumentPairs {
            copies,
            near,
            contained,
            crowded,
            clusters,
            is_large,
            quotes,
            between,
            found,
            pairs: keys,
        }
    }

    /// How many bytes all this and the rows that are made of it hold, about.
    pub fn held(&self) -> u64 {
        let pairs = self.near.len() + self.contained.len();
        (pairs * BYTES_A_PAIR + self.quotes.quotes.len() * BYTES_A_QUOTED) as u64
    }

    /// Whether two documents are a pair, or of one cluster and one of its crowds, of which not all are compared.
    pub fn are_pair(&self, one: DocId, other: DocId) -> bool {
        // Nearly all that meet are in no pair, and the bits of all documents are near.
        if !(self.found[one.index()] && self.found[other.index()]) {
            return false;
        }
        let (one, other) = (self.copies.first_of(one), self.copies.first_of(other));
        let is_crowded = |document: DocId| self.crowded.binary_search(&document).is_ok();
        one == other
            || self.pairs.contains(&key(one, other))
            || (is_crowded(one) && is_crowded(other) && {
                let cluster = self.clusters.of(one);
                cluster.is_some() && cluster == self.clusters.of(other)
            })
    }
}

/// Two documents as one number, the earlier in the upper half.
fn key(one: DocId, other: DocId) -> u64 {
    u64::from(one.min(other).0) << 32 | u64::from(one.max(other).0)
}

impl Plan {
    /// Whether a document is long enough to be told of when another contains it.
    pub fn may_be_contained(&self, facts: &Facts) -> bool {
        facts.half_words >= 2 * self.options.passages.min_words_across
    }
}

/// Every two documents that may be a pair, copies aside.
fn find_candidates(
    sketched: &Sketched,
    copies: &Copies,
    plan: &Plan,
    workspace: &Workspace,
    progress: &dyn Progress,
) -> Result<join::Candidates> {
    let lists = &sketched.lists;
    let by_bands =
        |document: DocId| plan.options.method == Method::Minhash && sketched.bands.has(document);
    let role = |document: DocId| {
        let facts = &sketched.facts[document.index()];
        if facts.tokens == 0 || !copies.is_first(document) {
            return Role::Absent;
        }
        match plan.share(by_bands(document), plan.may_be_contained(facts)) {
            Some(share) => Role::Either { share },
            None => Role::Larger,
        }
    };
    let judge = |one: Listed<'_>, other: Listed<'_>| {
        let [one, other] = [one, other].map(|(document, shingles)| {
            let facts = &sketched.facts[document.index()];
            let may_be_contained = plan.may_be_contained(facts);
            Set { document, shingles, words: facts.tokens, may_be_contained }
        });
        match plan.criteria.verify(one, other) {
            Some(pair) if plan.criteria.is_near(&pair) => Likeness::Near,
            Some(_) => Likeness::Contained,
            None => Likeness::Unlike,
        }
    };
    let mut joined = join::candidates(lists, role, judge, workspace, progress)?;
    if plan.options.method == Method::Minhash {
        let found = sketched.bands.candidates(|document| copies.is_first(document), workspace)?;
        let mut crowds = Crowds::default();
        for crowd in &found.crowds {
            crowds.lead(crowd, lists, judge)?;
            joined.crowded.extend(crowd);
        }
        let together = |pairs: &mut Vec<Candidate>, others: Vec<Candidate>| {
            pairs.extend(others);
            pairs.sort_unstable();
            pairs.dedup();
        };
        together(&mut joined.pairs, [found.pairs, crowds.candidates].concat());
        joined.crowded.sort_unstable();
        joined.crowded.dedup();
    }
    Ok(joined)
}
