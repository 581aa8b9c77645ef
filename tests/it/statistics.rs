//! The recall of the bands against its formula.

use dittograph::document::DocId;
use dittograph::lsh::{BandBuilder, Bands, LshParams};
use dittograph::sketch::{SketchParams, Sketcher};
use dittograph::spill::Workspace;

use crate::support::Random;

/// How many pairs are made of each similarity.
const PAIRS: usize = 2000;

/// Shingles that either or both documents of a pair have.
const UNION: usize = 60;

/// The share of pairs that meet in a band: random sets with `shared` common shingles of [`UNION`].
fn measured(params: LshParams, shared: usize, random: &mut Random) -> f64 {
    let sketcher =
        Sketcher::new(&SketchParams { shingle_size: 5, num_hashes: params.num_hashes(), seed: 0 });
    let mut signature = vec![0; params.num_hashes()];
    let mut keys = BandBuilder::new(params);
    let mut documents = (0..).map(DocId);
    for _ in 0..PAIRS {
        let union: Vec<u64> = (0..UNION).map(|_| random.next()).collect();
        let (common, others) = union.split_at(shared);
        let (of_one, of_other) = others.split_at(others.len() / 2);
        for (own, document) in [of_one, of_other].into_iter().zip(&mut documents) {
            sketcher.sketch(&[common, own].concat(), &mut signature);
            keys.push(document, &signature);
        }
    }
    let workspace = Workspace::default();
    let spill = workspace.spill();
    let units = vec![(DocId(0), keys.store(&spill).unwrap())];
    let bands = Bands::new(params.bands, spill, units);
    let found = bands.candidates(|_| true, &workspace).unwrap();
    assert!(found.crowds.is_empty());
    let met = found.pairs.iter().filter(|(a, b)| a.0 % 2 == 0 && b.0 == a.0 + 1).count();
    met as f64 / PAIRS as f64
}

#[test]
fn bands_recall_what_the_formula_says() {
    let mut random = Random(11);
    for threshold in [0.6, 0.8, 0.9] {
        let params = LshParams::choose(threshold, 0.999).unwrap();
        let at_threshold = (threshold * UNION as f64).round() as usize;
        // From far below the threshold, where few meet, up to it.
        for shared in [12, 24, 30, 36, 42, at_threshold] {
            let similarity = shared as f64 / UNION as f64;
            let (rows, bands) = (params.rows as i32, params.bands as i32);
            let formula = 1.0 - (1.0 - similarity.powi(rows)).powi(bands);
            let error = (formula * (1.0 - formula) / PAIRS as f64).sqrt();
            let measured = measured(params, shared, &mut random);
            assert!((params.recall(similarity) - formula).abs() < 1e-12);
            // One pair of leeway: near 0 and 1 the counts are too coarse for the normal law.
            assert!(
                (measured - formula).abs() <= 4.0 * error + 1.0 / PAIRS as f64,
                "{params:?} at {similarity}: formula {formula}, measured {measured} ± {error}"
            );
        }
        assert!(params.recall(threshold) >= 0.999);
    }
}
