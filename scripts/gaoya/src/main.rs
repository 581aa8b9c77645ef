//! Pairs of near-duplicate documents by gaoya's Rust library, as `scripts/bench` times them.
//!
//! In: FILE OUTPUT THRESHOLD BANDS ROWS, the file of JSON lines with `id` and `text`. Out: lines of
//! id, id, estimated similarity. Words and shingles are those of the other peers, each shingle a piece of
//! the text put in order, so that none is copied; all of it runs on all cores.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};

use gaoya::minhash::{MinHashIndex, MinHasher, MinHasher32};
use rayon::prelude::*;

/// Words of a shingle.
const SHINGLE_SIZE: usize = 5;

/// Lines that are worked on together.
const BATCH: usize = 4096;

/// The words of a text in lower case, a space after each, and where each begins.
fn words(text: &str) -> (String, Vec<usize>) {
    let lower = text.to_lowercase();
    let (mut words, mut starts) = (String::with_capacity(lower.len()), Vec::new());
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for word in lower.split(|c| !is_word(c)).filter(|word| !word.is_empty()) {
        starts.push(words.len());
        words.push_str(word);
        words.push(' ');
    }
    starts.push(words.len());
    (words, starts)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, output, threshold, bands, rows] = &arguments[..] else {
        return Err("usage: bench-gaoya FILE OUTPUT THRESHOLD BANDS ROWS".into());
    };
    let (bands, rows): (usize, usize) = (bands.parse()?, rows.parse()?);
    let hasher = MinHasher32::new(bands * rows);
    let sketch = |line: &String| -> Result<(String, Vec<u32>), serde_json::Error> {
        let record: serde_json::Value = serde_json::from_str(line)?;
        let name = match &record["id"] {
            serde_json::Value::String(name) => name.clone(),
            other => other.to_string(),
        };
        let (words, starts) = words(record["text"].as_str().unwrap_or_default());
        let last = starts.len() - 1;
        let shingles = starts.windows(SHINGLE_SIZE.min(last) + 1);
        let shingles = shingles.map(|run| &words[run[0]..run[run.len() - 1]]);
        Ok((name, hasher.create_signature(shingles.filter(|shingle| !shingle.is_empty()))))
    };
    let (mut names, mut signatures) = (Vec::new(), Vec::new());
    let mut lines = BufReader::new(File::open(file)?).lines();
    loop {
        let batch: Vec<String> = lines.by_ref().take(BATCH).collect::<Result<_, _>>()?;
        if batch.is_empty() {
            break;
        }
        for sketched in batch.par_iter().map(sketch).collect::<Vec<_>>() {
            let (name, signature) = sketched?;
            names.push(name);
            signatures.push(signature);
        }
    }
    let mut index = MinHashIndex::new(bands, rows, threshold.parse()?);
    index.par_bulk_insert((0..names.len() as u32).collect(), signatures.clone());
    let found = index.par_bulk_query_return_similarity(&signatures);
    let mut out = BufWriter::new(File::create(output)?);
    for (number, matches) in found.iter().enumerate() {
        for (other, estimate) in matches.iter().filter(|(other, _)| (*other as usize) < number) {
            writeln!(out, "{}\t{}\t{estimate:.6}", names[number], names[*other as usize])?;
        }
    }
    Ok(out.flush()?)
}
