//! Progress bars on stderr, one a stage, gone when the stage is over.

use std::sync::Mutex;
use std::time::Duration;

use super::messages::say;
use dittograph::progress::{Progress, Unit};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Draws a bar for each stage; draws nothing if stderr is no terminal.
pub struct Bars {
    bar: Mutex<ProgressBar>,
    quiet: bool,
}

impl Bars {
    /// Bars, or none at all if `quiet`.
    pub fn new(quiet: bool) -> Self {
        Bars { bar: Mutex::new(ProgressBar::hidden()), quiet }
    }

    /// Whether nothing is to be said but problems.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    fn with(&self, act: impl FnOnce(&mut ProgressBar)) {
        // A panic elsewhere must not hide itself behind the bar.
        act(&mut self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}

impl Progress for Bars {
    fn begin(&self, stage: &'static str, total: u64, unit: Unit) {
        if self.quiet {
            return;
        }
        let template = match unit {
            Unit::Bytes => "{msg:>13} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
            Unit::Items => "{msg:>13} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}",
        };
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(stage);
        bar.enable_steady_tick(Duration::from_millis(200));
        self.with(|current| *current = bar);
    }

    fn advance(&self, steps: u64) {
        self.with(|bar| bar.inc(steps));
    }

    fn end(&self) {
        self.with(|bar| bar.finish_and_clear());
    }

    fn note(&self, note: &str) {
        if !self.quiet {
            self.with(|bar| bar.suspend(|| say(&format!("note: {note}"))));
        }
    }
}
