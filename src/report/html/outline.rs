//! All rows at a glance: who repeats whom, and how much.
//!
//! In: the rows, read once, and perhaps which document is kept of each cluster. Out: an [`Outline`]: every
//! document once, and of every row a few numbers. Plots and counts come from it, so they are of
//! all rows; so does the choice of the rows that are shown. Cost: 36 bytes a row and the names.

use ahash::{AHashMap, RandomState};

use super::rows::{ClusterSource, RowSource};
use crate::cluster::kept_groups;
use crate::document::DocId;
use crate::error::{Error, Result};
use crate::report::Kind;

/// A row without its texts. Documents are numbers in the order of their names.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    pub kind: Kind,
    /// In ten-thousandths, as are all similarities of a page.
    pub jaccard: u16,
    pub containment: u16,
    pub a: u32,
    pub b: u32,
    pub words_a: u32,
    pub words_b: u32,
    /// The number of the cluster or passage; 0 if there is none.
    pub group: u32,
    pub occurrences: u32,
}

impl Line {
    /// Whether it is a pair of a cluster.
    pub fn is_clustered(&self) -> bool {
        self.kind != Kind::Passage && self.group > 0
    }
}

/// A document of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    pub document: u32,
    /// The document to keep in its stead; itself, if it is to be kept.
    pub kept: u32,
    pub similarity: u16,
}

/// A cluster: the kept documents by name, after each those that it stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    pub number: u32,
    pub members: Vec<Member>,
}

impl Cluster {
    /// How many documents are kept of it.
    pub fn kept(&self) -> usize {
        self.members.iter().filter(|one| one.kept == one.document).count()
    }
}

/// What the rows say, without their texts.
#[derive(Debug, Default)]
pub struct Outline {
    /// Bytewise ascending.
    pub names: Vec<String>,
    /// The words of each document, if a row tells them.
    pub words: Vec<Option<u32>>,
    pub lines: Vec<Line>,
    /// The clusters by number.
    pub clusters: Vec<Cluster>,
    /// Whether the scan itself said what is kept.
    pub is_kept_told: bool,
}

/// A similarity as a page has it.
pub fn ten_thousandths(share: f64) -> u16 {
    (share * 1e4).round() as u16
}

impl Outline {
    /// Reads all rows.
    pub fn read(rows: &dyn RowSource, kept: Option<&dyn ClusterSource>) -> Result<Self> {
        let mut documents = Names::default();
        let mut lines = Vec::new();
        rows.each(&mut |_, row| {
            lines.push(Line {
                kind: row.kind,
                jaccard: ten_thousandths(row.jaccard),
                containment: ten_thousandths(row.containment),
                a: documents.number(&row.a.document),
                b: documents.number(&row.b.document),
                words_a: row.a.words,
                words_b: row.b.words,
                group: row.cluster.or(row.passage).unwrap_or(0),
                occurrences: row.occurrences.unwrap_or(0),
            });
            Ok(())
        })?;
        let mut told = Vec::new();
        if let Some(kept) = kept {
            kept.each(&mut |row| {
                told.push((
                    row.cluster,
                    Member {
                        document: documents.number(&row.document),
                        kept: documents.number(&row.kept),
                        similarity: ten_thousandths(row.similarity),
                    },
                ));
            })?;
        }
        let (names, numbers) = documents.sorted();
        for line in &mut lines {
            (line.a, line.b) = (numbers[line.a as usize], numbers[line.b as usize]);
        }
        for (_, member) in &mut told {
            member.document = numbers[member.document as usize];
            member.kept = numbers[member.kept as usize];
        }
        let mut words = vec![None; names.len()];
        for line in lines.iter().filter(|line| line.kind != Kind::Passage) {
            words[line.a as usize] = Some(line.words_a);
            words[line.b as usize] = Some(line.words_b);
        }
        let mut outline =
            Outline { names, words, lines, clusters: Vec::new(), is_kept_told: kept.is_some() };
        outline.clusters = match kept {
            Some(_) => by_cluster(told),
            None => outline.kept_by_name(),
        };
        outline.clusters.iter_mut().for_each(|cluster| put_kept_first(&mut cluster.members));
        match outline.stray() {
            Some(line) => Err(Error::options(format!(
                "`--clusters` is of another scan than the rows: cluster {} of `{}` is not in it",
                line.group, outline.names[line.a as usize]
            ))),
            None => Ok(outline),
        }
    }

    /// A row of a cluster that is none of those told.
    fn stray(&self) -> Option<&Line> {
        self.lines.iter().find(|line| line.is_clustered() && self.cluster(line.group).is_none())
    }

    /// The cluster of a number.
    pub fn cluster(&self, number: u32) -> Option<&Cluster> {
        let place = self.clusters.binary_search_by_key(&number, |cluster| cluster.number).ok()?;
        Some(&self.clusters[place])
    }

    /// Makes the kept groups of the rows alone. The order of reading is not in them, so that the
    /// first by name is kept.
    fn kept_by_name(&self) -> Vec<Cluster> {
        let in_cluster = self.lines.iter().filter(|line| line.is_clustered());
        let mut edges: Vec<(u32, u32, u32, u16)> = in_cluster
            .flat_map(|line| {
                [
                    (line.group, line.a, line.b, line.jaccard),
                    (line.group, line.b, line.a, line.jaccard),
                ]
            })
            .collect();
        edges.sort_unstable();
        let mut told = Vec::new();
        for edges in edges.chunk_by(|one, other| one.0 == other.0) {
            let mut members: Vec<DocId> = edges.iter().map(|edge| DocId(edge.1)).collect();
            members.dedup();
            let of = |document: DocId| {
                let start = edges.partition_point(|edge| edge.1 < document.0);
                edges[start..].iter().take_while(move |edge| edge.1 == document.0)
            };
            let groups = kept_groups(&members, |one| of(one).map(|edge| DocId(edge.2)));
            told.extend(groups.into_iter().map(|(document, kept)| {
                let similarity = of(document)
                    .find(|edge| edge.2 == kept.0)
                    .map_or(ten_thousandths(1.0), |edge| edge.3);
                (edges[0].0, Member { document: document.0, kept: kept.0, similarity })
            }));
        }
        by_cluster(told)
    }
}

/// The members by the numbers of their clusters.
fn by_cluster(mut told: Vec<(u32, Member)>) -> Vec<Cluster> {
    told.sort_by_key(|one| one.0);
    let groups = told.chunk_by(|one, other| one.0 == other.0);
    groups
        .map(|group| Cluster {
            number: group[0].0,
            members: group.iter().map(|one| one.1).collect(),
        })
        .collect()
}

/// The kept documents by name, after each what it stands for, the most similar first.
fn put_kept_first(members: &mut [Member]) {
    members.sort_unstable_by_key(|one| {
        (one.kept, one.document != one.kept, u16::MAX - one.similarity, one.document)
    });
}

/// Numbers for names, in the order in which they come.
struct Names {
    numbers: AHashMap<String, u32>,
}

impl Default for Names {
    fn default() -> Self {
        Names { numbers: AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4)) }
    }
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(name.to_owned(), number);
        number
    }

    /// The names in order, and for each number its place among them.
    fn sorted(self) -> (Vec<String>, Vec<u32>) {
        let mut sorted: Vec<(String, u32)> = self.numbers.into_iter().collect();
        sorted.sort_unstable();
        let mut places = vec![0; sorted.len()];
        for (place, (_, number)) in (0..).zip(&sorted) {
            places[*number as usize] = place;
        }
        (sorted.into_iter().map(|(name, _)| name).collect(), places)
    }
}
