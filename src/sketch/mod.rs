//! Shingles to signatures: a few numbers by which similar sets are found.
//!
//! In: the distinct shingles of a document. Out: its [MinHash
//! signature](Sketcher::sketch), a `num_hashes` wide row of 32-bit minima. Two signatures
//! agree in each place with a chance equal to the Jaccard similarity of the
//! sets (Broder 1997), which is what the bands of [`lsh`](crate::lsh) live on.
//! Every shingle counts: nothing is sampled by position.
//!
//! The hash family is `a·h + b` modulo 2^32 with odd `a`, over the upper half
//! of an already well mixed 64-bit shingle. That one multiply and add per hash
//! vectorises; its estimator error is tested against theory.

mod minima;

use crate::text::mix;
use minima::{Family, LANES, minima};

/// What two signatures must share to be comparable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SketchParams {
    /// Tokens a shingle.
    pub shingle_size: usize,
    /// Values a signature.
    pub num_hashes: usize,
    /// Seed of the word hashes and of the hash family.
    pub seed: u64,
}

/// Sketches sets under fixed [`SketchParams`].
#[derive(Clone, Debug)]
pub struct Sketcher {
    families: Vec<Family>,
    num_hashes: usize,
}

impl Sketcher {
    /// The hash family that `params` stand for: the same on every machine.
    pub fn new(params: &SketchParams) -> Self {
        let draw = |index: usize, salt: u64| {
            mix(mix(params.seed ^ salt).wrapping_add(index as u64)) as u32
        };
        let families = (0..params.num_hashes).step_by(LANES).map(|first| Family {
            multipliers: std::array::from_fn(|lane| draw(first + lane, 0x6d75_6c74) | 1),
            offsets: std::array::from_fn(|lane| draw(first + lane, 0x6f66_6673)),
        });
        Sketcher { families: families.collect(), num_hashes: params.num_hashes }
    }

    /// Writes the signature of a set into `signature`, `num_hashes` wide.
    /// Cost: the number of shingles times `num_hashes`, in vector lanes.
    ///
    /// # Panics
    /// If `signature` has another width.
    pub fn sketch(&self, shingles: &[u64], signature: &mut [u32]) {
        assert_eq!(signature.len(), self.num_hashes, "a signature is num_hashes wide");
        minima(shingles, &self.families, signature);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketcher(num_hashes: usize, seed: u64) -> Sketcher {
        Sketcher::new(&SketchParams { shingle_size: 5, num_hashes, seed })
    }

    #[test]
    fn the_estimator_errs_as_theory_says() {
        const HASHES: usize = 128;
        const TRIALS: u64 = 400;
        for (size, jaccard) in [(100usize, 0.5f64), (1000, 0.8), (300, 0.2)] {
            let shared = (2.0 * size as f64 * jaccard / (1.0 + jaccard)).round() as usize;
            let truth = shared as f64 / (2 * size - shared) as f64;
            let (mut sum, mut square) = (0.0, 0.0);
            for trial in 0..TRIALS {
                let sketcher = sketcher(HASHES, trial);
                let element = |index: usize| mix(trial << 32 | index as u64);
                let a: Vec<u64> = (0..size).map(element).collect();
                let b: Vec<u64> = (size - shared..2 * size - shared).map(element).collect();
                let (mut first, mut second) = (vec![0; HASHES], vec![0; HASHES]);
                sketcher.sketch(&a, &mut first);
                sketcher.sketch(&b, &mut second);
                let equal = first.iter().zip(&second).filter(|(x, y)| x == y).count();
                let error = equal as f64 / HASHES as f64 - truth;
                sum += error;
                square += error * error;
            }
            let theory = (truth * (1.0 - truth) / HASHES as f64).sqrt();
            let bias = sum / TRIALS as f64;
            let spread = (square / TRIALS as f64).sqrt();
            // Four standard errors of a mean, and of a standard deviation, over the trials.
            assert!(bias.abs() < 4.0 * theory / (TRIALS as f64).sqrt(), "bias {bias} at {truth}");
            assert!(
                (spread / theory - 1.0).abs() < 4.0 / (2.0 * TRIALS as f64).sqrt(),
                "spread {spread}, theory {theory}"
            );
        }
    }
}
