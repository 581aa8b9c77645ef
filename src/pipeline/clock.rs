//! How long each stage takes, for the summary.

use std::time::Instant;

/// Counts the time from stage to stage.
pub struct Clock {
    started: Instant,
    last: Instant,
    /// The stages that are over, with the seconds they took.
    pub laps: Vec<(&'static str, f64)>,
}

impl Clock {
    /// Starts now.
    pub fn start() -> Self {
        let now = Instant::now();
        Clock { started: now, last: now, laps: Vec::new() }
    }

    /// A stage is over.
    pub fn lap(&mut self, stage: &'static str) {
        let now = Instant::now();
        self.laps.push((stage, (now - self.last).as_secs_f64()));
        self.last = now;
    }

    /// Seconds since the start.
    pub fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}
