//! How many bands of how many rows: from the threshold and the recall wanted.
//!
//! A pair of similarity s shares a band of r rows with chance s^r, and at least
//! one of b bands with chance 1 - (1 - s^r)^b: the S-curve. For a recall ρ at
//! the threshold t, b = ⌈ln(1-ρ) / ln(1-t^r)⌉. More rows a band mean fewer
//! false candidates and more hashes; the most rows that [`MAX_HASHES`] pays
//! for are taken.

use crate::error::{Error, Result};

/// Most hashes a signature has.
pub const MAX_HASHES: usize = 128;

/// Bands and rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LshParams {
    /// Bands a signature is cut into.
    pub bands: usize,
    /// Values a band.
    pub rows: usize,
}

impl LshParams {
    /// The parameters for a threshold and the recall wanted at it.
    ///
    /// # Errors
    /// A threshold outside 0.3..=1, or a recall outside 0.5..1.
    pub fn choose(threshold: f64, recall: f64) -> Result<Self> {
        if !(0.3..=1.0).contains(&threshold) {
            return Err(Error::options(format!(
                "`--threshold` is {threshold}: it can be from 0.3 to 1"
            )));
        }
        if !(0.5..1.0).contains(&recall) {
            return Err(Error::options(format!(
                "`--recall` is {recall}: it can be from 0.5 to below 1; `--method complete` misses nothing"
            )));
        }
        let bands = |rows: usize| {
            let share = threshold.powi(rows as i32);
            let bands = if share < 1.0 { (1.0 - recall).ln() / (-share).ln_1p() } else { 1.0 };
            // An exact quotient must not be rounded up by the last bit.
            (bands - 1e-9).ceil().max(1.0) as usize
        };
        Ok((1..=16)
            .rev()
            .map(|rows| LshParams { bands: bands(rows), rows })
            .find(|params| params.num_hashes() <= MAX_HASHES)
            .expect("one row a band reaches every recall below 1 with at most 103 bands at 0.3"))
    }

    /// Values a signature.
    pub fn num_hashes(self) -> usize {
        self.bands * self.rows
    }

    /// The chance that a pair of this similarity becomes a candidate.
    pub fn recall(self, similarity: f64) -> f64 {
        1.0 - (1.0 - similarity.powi(self.rows as i32)).powi(self.bands as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_settings_come_out() {
        for (threshold, recall, bands, rows) in [
            (0.8, 0.999, 18, 5),
            (0.8, 0.99, 16, 6),
            (0.7, 0.999, 26, 4),
            (0.5, 0.99, 35, 3),
            (1.0, 0.999, 1, 16),
        ] {
            let params = LshParams::choose(threshold, recall).unwrap();
            if threshold < 1.0 && recall > 0.99 {
                assert!(params.recall(threshold) >= recall);
            }
            assert_eq!((params.bands, params.rows), (bands, rows), "{threshold} {recall}");
        }
    }

    #[test]
    fn the_recall_asked_for_is_reached_at_every_threshold() {
        for step in 40..100 {
            let threshold = f64::from(step) / 100.0;
            for recall in [0.9, 0.99, 0.999] {
                let params = LshParams::choose(threshold, recall).unwrap();
                assert!(
                    params.recall(threshold) >= recall - 1e-9,
                    "{threshold} {recall} {params:?}"
                );
                assert!(params.num_hashes() <= MAX_HASHES);
            }
        }
    }

    #[test]
    fn the_hashes_suffice_for_the_lowest_threshold_and_the_highest_recall() {
        let params = LshParams::choose(0.3, 1.0 - f64::EPSILON / 2.0).unwrap();
        assert!(params.num_hashes() <= MAX_HASHES, "{params:?}");
    }

    #[test]
    fn senseless_parameters_are_refused() {
        assert!(LshParams::choose(0.1, 0.9).is_err());
        assert!(LshParams::choose(0.8, 1.0).is_err());
        assert!(LshParams::choose(f64::NAN, 0.9).is_err());
    }
}
