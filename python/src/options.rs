//! Options by name to those of the library.

use std::path::PathBuf;

use dittograph::error::Result;
use dittograph::passage::PassageParams;
use dittograph::pipeline::{ScanOptions, usual_memory};
use dittograph::read::ReadOptions;
use pyo3::prelude::*;

/// What and how to read, how much memory to take.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct ReadArguments {
    input_format: Option<String>,
    text_field: String,
    id_field: Option<String>,
    html: String,
    exclude: Vec<String>,
    max_document: u64,
    strict: bool,
    memory: Option<u64>,
    temp_dir: Option<PathBuf>,
    /// How many threads to work on.
    pub threads: Option<usize>,
}

impl ReadArguments {
    /// The options that the library understands, and the memory.
    pub fn options(self) -> Result<(ReadOptions, u64)> {
        let usual = ReadOptions::default();
        let options = ReadOptions {
            input_format: self.input_format.map(|name| name.parse()).transpose()?,
            id_field: self.id_field.unwrap_or(usual.id_field),
            text_field: self.text_field,
            html: self.html.parse()?,
            exclude: self.exclude,
            max_document: self.max_document,
            strict: self.strict,
            temp_dir: self.temp_dir.unwrap_or(usual.temp_dir),
            ..ReadOptions::default()
        };
        Ok((options, self.memory.unwrap_or_else(usual_memory)))
    }
}

/// What counts as alike.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct LikenessArguments {
    threshold: f64,
    containment: f64,
    shingle_size: usize,
    min_words: Option<u32>,
    min_similarity: f64,
}

impl LikenessArguments {
    /// The options of a scan, but for how to read.
    pub fn options(&self) -> ScanOptions {
        let usual = ScanOptions::default();
        ScanOptions {
            threshold: self.threshold,
            containment: self.containment,
            shingle_size: self.shingle_size,
            passages: PassageParams {
                min_words_across: self.min_words.unwrap_or(usual.passages.min_words_across),
                min_words_within: self.min_words.unwrap_or(usual.passages.min_words_within),
                min_similarity: self.min_similarity,
            },
            ..usual
        }
    }
}
