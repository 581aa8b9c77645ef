//! What `--method minhash` catches: by its formula, and measured on a corpus.
//!
//! In: a threshold and a recall. Out: a [`Tuning`]: the bands and rows chosen
//! for them, the S-curve, and what other rows would cost. It needs no corpus.
//!
//! In: a corpus as well. Out: a [`Measurement`]: of the pairs that the complete
//! join finds in a sample, how many share a band, beside how many the formula
//! expects at their true similarities. What needs no bands is kept apart, or it
//! would flatter them: copies, and documents too short for a signature.
//!
//! The sample is of documents, since reading them is what costs. The corpus is
//! read once to count them and then again for the chosen ones alone, so the
//! sample has the size asked for, whatever the threads, and only its shingles
//! are held. A pair is in it if both its documents are: of a share f of
//! the documents there are f² of the pairs.

use std::path::PathBuf;

use ahash::{AHashSet, RandomState};
use rayon::prelude::*;

use crate::document::{DocId, Document};
use crate::error::{Error, Result};
use crate::join::{self, Likeness, ListBuilder, Listed, Lists, Role, share_of_smaller};
use crate::lsh::{BandBuilder, Bands, Candidate, LshParams, MAX_HASHES};
use crate::progress::Progress;
use crate::read::{Catalog, Collect, Corpus, ReadTotals};
use crate::shingle::SetBuilder;
use crate::sketch::Sketcher;
use crate::spill::Workspace;
use crate::text::{Tokenizer, mix};
use crate::verify::{Pair, Set};

use super::{Plan, ScanOptions};

/// The most rows that [`LshParams::choose`] takes; a test holds the two together.
const MOST_ROWS: usize = 16;

/// Alternatives that need more hashes are not worth a line.
const MOST_LISTED_HASHES: usize = 4 * MAX_HASHES;

/// The normal quantile of a two-sided interval of 95 %.
const Z_95: f64 = 1.959_963_984_540_054;

/// What a threshold and a recall come to.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// Jaccard similarity of the pairs to be found.
    pub threshold: f64,
    /// The share of those at the threshold that was asked for.
    pub recall: f64,
    /// The bands and rows that [`LshParams::choose`] takes.
    pub chosen: LshParams,
    /// The S-curve in steps of 0.05, and at the threshold; ascending.
    pub curve: Vec<CurvePoint>,
    /// For each number of rows the fewest bands that reach the recall, up to four times
    /// [`MAX_HASHES`]; ascending by rows, the chosen ones among them.
    pub alternatives: Vec<LshParams>,
}

/// A point of the S-curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Jaccard similarity of a pair.
    pub similarity: f64,
    /// The chance that it becomes a candidate.
    pub chance: f64,
}

impl Tuning {
    /// Chooses for a threshold and a recall.
    ///
    /// # Errors
    /// Those of [`LshParams::choose`].
    pub fn choose(threshold: f64, recall: f64) -> Result<Self> {
        let chosen = LshParams::choose(threshold, recall)?;
        let mut similarities: Vec<f64> = (1..=20).map(|step| f64::from(step) / 20.0).collect();
        similarities.push(threshold);
        similarities.sort_by(f64::total_cmp);
        similarities.dedup();
        let point = |similarity| CurvePoint { similarity, chance: chosen.recall(similarity) };
        let curve = similarities.into_iter().map(point).collect();
        // A chance that is just what was asked for must not fail by its last bit.
        let may_miss = (1.0 - recall) * (1.0 + 1e-9);
        let fewest_bands = |rows| {
            let mut ascending =
                (1..=MOST_LISTED_HASHES / rows).map(|bands| LshParams { bands, rows });
            ascending.find(|params| 1.0 - params.recall(threshold) <= may_miss)
        };
        let alternatives = (1..=MOST_ROWS)
            .filter_map(|rows| if rows == chosen.rows { Some(chosen) } else { fewest_bands(rows) })
            .collect();
        Ok(Tuning { threshold, recall, chosen, curve, alternatives })
    }

    /// The chance that a pair at the threshold is missed.
    pub fn miss_probability(&self) -> f64 {
        1.0 - self.chosen.recall(self.threshold)
    }
}

/// What the bands found of what there is.
#[derive(Debug)]
pub struct Measurement {
    /// What was read; the sample was taken from all its documents.
    pub read: ReadTotals,
    /// Documents in the sample.
    pub sampled: u64,
    /// Of these, documents without a word.
    pub empty: u64,
    /// Of these, documents with just the shingles of an earlier one: found by any method, and set aside.
    pub copies: u64,
    /// Of these, all others that have enough shingles for a signature.
    pub banded: u64,
    /// Pairs at or above the threshold, by the complete join, copies aside.
    pub pairs: u64,
    /// Of these, pairs of two banded documents: the bands are to find them.
    pub banded_pairs: u64,
    /// Of these, pairs that share a band.
    pub found: u64,
    /// How many of `banded_pairs` the formula expects to share one, at their true similarities.
    pub expected: f64,
    /// Pairs that share a band, alike or not. Those inside crowds are not counted, as no method makes them.
    pub candidates: u64,
    /// Documents that share what is rare in them, or a band, with more than
    /// [`CROWD_SIZE`](crate::lsh::CROWD_SIZE) others: some of their pairs are not counted.
    pub crowded: u64,
    /// What could not be read.
    pub problems: Vec<Error>,
    /// What the user should know although nothing failed.
    pub notices: Vec<String>,
}

impl Measurement {
    /// The share of the pairs left to the bands that they found; none if there was no pair.
    pub fn recall(&self) -> Option<f64> {
        (self.banded_pairs > 0).then(|| self.found as f64 / self.banded_pairs as f64)
    }

    /// The recall that the formula expects of just these pairs.
    pub fn expected_recall(&self) -> Option<f64> {
        (self.banded_pairs > 0).then(|| self.expected / self.banded_pairs as f64)
    }

    /// Where the recall lies with 95 % confidence: Wilson's interval (1927), which also holds
    /// when all or none were found. It takes pairs for independent; those of one cluster
    /// are not quite, so that many large clusters make it too narrow.
    pub fn interval(&self) -> Option<(f64, f64)> {
        (self.banded_pairs > 0).then(|| wilson(self.found as f64, self.banded_pairs as f64))
    }
}

fn wilson(found: f64, of: f64) -> (f64, f64) {
    let share = found / of;
    let square = Z_95 * Z_95;
    let middle = share + square / (2.0 * of);
    let reach = Z_95 * (share * (1.0 - share) / of + square / (4.0 * of * of)).sqrt();
    let bound = |end: f64| (end / (1.0 + square / of)).clamp(0.0, 1.0);
    (bound(middle - reach), bound(middle + reach))
}

/// Measures, on a sample of so many documents of the files below `paths` (0: on all of them),
/// what [`Method::Minhash`](super::Method::Minhash) would find by its bands. Of the
/// options, `read`, `shingle_size`, `threshold`, `recall` and `seed` count; the
/// seed also draws the sample.
///
/// # Errors
/// Those of [`scan`](super::scan).
pub fn measure(
    paths: &[PathBuf],
    options: &ScanOptions,
    sample: usize,
    progress: &dyn Progress,
) -> Result<Measurement> {
    let plan = Plan::new(options)?;
    let mut corpus = Corpus::open(paths, options.read.clone())?;
    let nothing = Collect { begin: || (), visit: |_: &mut (), _, _: Document<'_>| () };
    let survey = corpus.survey(progress, &nothing)?;
    let chosen = choose_documents(survey.catalog.len(), sample, options.seed);
    let sample = Sample::read(&corpus, &survey.catalog, &chosen, &plan, progress)?;
    let filled: Vec<DocId> =
        (0..chosen.len() as u32).map(DocId).filter(|&one| !sample.set(one).is_empty()).collect();
    let distinct = first_of_their_shingles(&sample, &filled);

    let workspace = Workspace::default();
    let role = |document| match distinct.binary_search(&document) {
        Ok(_) => Role::Either { share: share_of_smaller(options.threshold) },
        Err(_) => Role::Absent,
    };
    let judge =
        |one: Listed<'_>, other: Listed<'_>| match plan.criteria.verify(set(one), set(other)) {
            Some(_) => Likeness::Near,
            None => Likeness::Unlike,
        };
    let joined = join::candidates(&sample.lists, role, judge, &workspace, progress)?;
    let verify = |&(one, other): &Candidate| {
        let sets = (set((one, sample.set(one))), set((other, sample.set(other))));
        plan.criteria.verify(sets.0, sets.1)
    };
    let pairs: Vec<Pair> = joined.pairs.par_iter().filter_map(verify).collect();

    let bands = sample.bands(&distinct, &plan)?;
    let candidates = bands.candidates(|_| true, &workspace)?;
    let mut crowded: AHashSet<DocId> = AHashSet::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
    crowded.extend(joined.crowded.iter().chain(candidates.crowds.iter().flatten()));
    let mut measurement = Measurement {
        read: survey.totals,
        sampled: chosen.len() as u64,
        empty: (chosen.len() - filled.len()) as u64,
        copies: (filled.len() - distinct.len()) as u64,
        banded: bands.len() as u64,
        pairs: pairs.len() as u64,
        banded_pairs: 0,
        found: 0,
        expected: 0.0,
        candidates: candidates.pairs.len() as u64,
        crowded: crowded.len() as u64,
        problems: survey.problems,
        notices: survey.notices,
    };
    for pair in &pairs {
        // The bands are asked, not the candidates, of which crowds hold back some.
        if let Some(meet) = bands.meet(pair.a, pair.b)? {
            measurement.banded_pairs += 1;
            measurement.found += u64::from(meet);
            measurement.expected += plan.lsh.recall(pair.jaccard());
        }
    }
    Ok(measurement)
}

/// Draws `sample` of so many documents, all if it is 0, and gives them in reading order.
fn choose_documents(documents: usize, sample: usize, seed: u64) -> Vec<DocId> {
    let all = (0..documents as u32).map(DocId);
    if sample == 0 || sample >= documents {
        return all.collect();
    }
    let start = mix(seed ^ 0x7361_6d70_6c65);
    // No two numbers draw the same, for `mix` is a bijection.
    let mut drawn: Vec<(u64, DocId)> =
        all.map(|document| (mix(start.wrapping_add(u64::from(document.0))), document)).collect();
    drawn.select_nth_unstable(sample);
    drawn.truncate(sample);
    let mut chosen: Vec<DocId> = drawn.into_iter().map(|(_, document)| document).collect();
    chosen.sort_unstable();
    chosen
}

/// A document that no other is to contain, as it is compared.
fn set<T>((document, shingles): (DocId, &[T])) -> Set<'_, T> {
    Set { document, shingles, words: 0, may_be_contained: false }
}

/// The shingles of the chosen documents, which are numbered from 0 in their order.
struct Sample {
    lists: Lists,
    /// The sets, one after the other.
    shingles: Vec<u64>,
    /// Where each set ends.
    ends: Vec<usize>,
}

impl Sample {
    fn read(
        corpus: &Corpus,
        catalog: &Catalog,
        chosen: &[DocId],
        plan: &Plan,
        progress: &dyn Progress,
    ) -> Result<Self> {
        struct Unit {
            tokenizer: Tokenizer,
            set_builder: SetBuilder,
            tokens: Vec<u64>,
            lists: ListBuilder,
            shingles: Vec<u64>,
            sizes: Vec<usize>,
        }
        let visitor = Collect {
            begin: || Unit {
                tokenizer: Tokenizer::new(plan.sketch.seed),
                set_builder: SetBuilder::new(plan.sketch.shingle_size),
                tokens: Vec::new(),
                lists: ListBuilder::default(),
                shingles: Vec::new(),
                sizes: Vec::new(),
            },
            visit: |unit: &mut Unit, _, document: Document<'_>| {
                let Unit { tokenizer, set_builder, tokens, lists, shingles, sizes } = unit;
                tokens.clear();
                tokenizer.hash_into(document.text, tokens);
                let before = shingles.len();
                set_builder.build(tokens, shingles);
                sizes.push(shingles.len() - before);
                lists.push(tokens, plan.sketch.shingle_size);
            },
        };
        let units = corpus.revisit(catalog, chosen, ("shingling", progress), &visitor)?;
        let spill = Workspace::default().spill();
        let (mut shingles, mut ends, mut lists) = (Vec::new(), Vec::new(), Vec::new());
        for mut unit in units {
            lists.push(unit.lists.store(&spill)?);
            for size in unit.sizes {
                ends.push(ends.last().unwrap_or(&0) + size);
            }
            shingles.append(&mut unit.shingles);
        }
        Ok(Sample { lists: Lists::new(spill, lists), shingles, ends })
    }

    /// The distinct shingles of a document, ascending.
    fn set(&self, document: DocId) -> &[u64] {
        let index = document.index();
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.shingles[start..self.ends[index]]
    }

    /// The band keys of those of some documents that fill a signature.
    fn bands(&self, documents: &[DocId], plan: &Plan) -> Result<Bands> {
        let num_hashes = plan.sketch.num_hashes;
        let sketcher = Sketcher::new(&plan.sketch);
        let spill = Workspace::default().spill();
        let units = documents.par_chunks(256).map(|chunk| {
            let (mut signature, mut keys) = (vec![0; num_hashes], BandBuilder::new(plan.lsh));
            let filled = chunk.iter().filter(|&&one| self.set(one).len() >= num_hashes);
            for &document in filled {
                sketcher.sketch(self.set(document), &mut signature);
                keys.push(document, &signature);
            }
            // They are numbered from the first of the sample already.
            Ok((DocId(0), keys.store(&spill)?))
        });
        let units = units.collect::<Result<_>>()?;
        Ok(Bands::new(plan.lsh.bands, spill, units))
    }
}

/// Leaves out each document that has just the shingles of an earlier one.
fn first_of_their_shingles(sample: &Sample, documents: &[DocId]) -> Vec<DocId> {
    let mut seen: AHashSet<&[u64]> = AHashSet::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
    documents.iter().copied().filter(|&document| seen.insert(sample.set(document))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_the_published_one() {
        // Newcombe 1998, table I, method 3.
        for (found, of, low, high) in [
            (81.0, 263.0, 0.2553, 0.3662),
            (15.0, 148.0, 0.0624, 0.1605),
            (0.0, 20.0, 0.0, 0.1611),
            (1.0, 29.0, 0.0061, 0.1718),
        ] {
            let interval = wilson(found, of);
            assert!((interval.0 - low).abs() < 5e-5, "{interval:?}");
            assert!((interval.1 - high).abs() < 5e-5, "{interval:?}");
        }
    }

    #[test]
    fn alternatives_reach_the_recall_with_the_fewest_bands() {
        for (threshold, recall) in [(0.8, 0.999), (0.6, 0.99), (0.3, 0.5), (0.99, 0.9), (1.0, 0.9)]
        {
            let tuning = Tuning::choose(threshold, recall).unwrap();
            assert!(tuning.alternatives.contains(&tuning.chosen));
            assert!(tuning.alternatives.is_sorted_by_key(|params| params.rows));
            for &params in &tuning.alternatives {
                let fewer = LshParams { bands: params.bands - 1, ..params };
                assert!(params.recall(threshold) >= recall - 1e-9, "{threshold} {params:?}");
                assert!(fewer.recall(threshold) < recall, "{threshold} {params:?}");
                // No affordable one has more rows than the chosen one.
                let affordable = params.num_hashes() <= MAX_HASHES;
                assert!(!affordable || params.rows <= tuning.chosen.rows, "{threshold} {params:?}");
            }
        }
        let tuning = Tuning::choose(1.0, 0.9).unwrap();
        assert_eq!(tuning.chosen.rows, MOST_ROWS);
    }

    #[test]
    fn a_sample_is_drawn_evenly_and_by_the_seed() {
        let draw = |seed| choose_documents(1000, 250, seed);
        let sample = draw(1);
        assert_eq!((sample.len(), &sample), (250, &draw(1)));
        assert!(sample.is_sorted_by(|a, b| a < b) && sample != draw(2));
        let first_half = sample.partition_point(|document| document.0 < 500);
        // Four standard deviations of the hypergeometric count.
        assert!((first_half as f64 - 125.0).abs() < 4.0 * 6.9, "{first_half}");
        assert_eq!(choose_documents(5, 0, 1).len(), 5);
        assert_eq!(choose_documents(5, 9, 1).len(), 5);
    }
}
