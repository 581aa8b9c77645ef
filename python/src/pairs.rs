//! Single texts and pairs of texts: signatures, keys, comparisons.
//!
//! In: columns of texts. Out: columns of what they come to, row by row. Nothing is kept from call to call,
//! so whoever distributes rows over machines can call these on each.

use std::sync::Arc;

use arrow_array::builder::{FixedSizeBinaryBuilder, Int64Builder, ListBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, FixedSizeListArray, Float64Array, RecordBatch, StringArray, UInt32Array,
};
use arrow_schema::{DataType, Field};
use dittograph::error::{Error, Result};
use dittograph::lsh::{KeyMaker, LshParams, ShortSets};
use dittograph::pipeline::{Comparer, Comparison, ScanOptions};
use dittograph::shingle::{LONGEST_SHINGLE, SetBuilder};
use dittograph::sketch::{SketchParams, Sketcher};
use dittograph::text::Tokenizer;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3_arrow::input::AnyArray;
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

use super::errors::raised;
use super::options::LikenessArguments;
use super::run::run;
use super::source::{batches, strings};
use super::table::Table;

/// How many texts a thread takes at a time.
const TEXTS_A_PIECE: usize = 64;

/// A column of texts, of anything that exports Arrow or gives strings.
struct Texts(Vec<ArrayRef>);

impl Texts {
    fn of(data: &Bound<'_, PyAny>) -> PyResult<Self> {
        let is_arrow = |name| data.hasattr(name);
        if !is_arrow("__arrow_c_stream__")? && !is_arrow("__arrow_c_array__")? {
            return Ok(Texts(vec![Arc::new(strings(data)?)]));
        }
        let (schema, batches) = batches(data.extract::<AnyArray>()?, "text")?;
        if schema.fields().len() != 1 {
            return Err(PyValueError::new_err("one column of texts is wanted, not a table"));
        }
        Ok(Texts(batches.iter().map(|batch| Arc::clone(batch.column(0))).collect()))
    }

    /// The texts one after the other; what is null is empty.
    fn values(&self) -> PyResult<Vec<&str>> {
        let mut values: Vec<&str> = Vec::new();
        for array in &self.0 {
            match array.data_type() {
                DataType::Utf8 => values.extend(array.as_string::<i32>().iter().map(or_empty)),
                DataType::LargeUtf8 => values.extend(array.as_string::<i64>().iter().map(or_empty)),
                DataType::Utf8View => values.extend(array.as_string_view().iter().map(or_empty)),
                other => {
                    return Err(PyTypeError::new_err(format!(
                        "texts are of type {other}, not strings"
                    )));
                }
            }
        }
        Ok(values)
    }
}

fn or_empty(text: Option<&str>) -> &str {
    text.unwrap_or_default()
}

/// Texts to their sets of shingles; the buffers are kept from text to text.
struct Shingler {
    tokenizer: Tokenizer,
    set_builder: SetBuilder,
    hashes: Vec<u64>,
    set: Vec<u64>,
}

impl Shingler {
    fn new(shingle_size: usize, seed: u64) -> Result<Self> {
        if !(1..=LONGEST_SHINGLE).contains(&shingle_size) {
            return Err(Error::options(format!(
                "`--shingle-size` can be from 1 to {LONGEST_SHINGLE}"
            )));
        }
        Ok(Shingler {
            tokenizer: Tokenizer::new(seed),
            set_builder: SetBuilder::new(shingle_size),
            hashes: Vec::new(),
            set: Vec::new(),
        })
    }

    /// Makes the words and the set of a text.
    fn fill(&mut self, text: &str) {
        self.hashes.clear();
        self.set.clear();
        self.tokenizer.hash_into(text, &mut self.hashes);
        self.set_builder.build(&self.hashes, &mut self.set);
    }
}

/// The MinHash signature of each text, in a column `signature`.
#[pyfunction]
pub fn signatures(
    py: Python<'_>,
    texts: &Bound<'_, PyAny>,
    num_hashes: usize,
    shingle_size: usize,
    seed: u64,
    threads: Option<usize>,
) -> PyResult<Table> {
    let texts = Texts::of(texts)?;
    let values = texts.values()?;
    let minima = run(py, threads, None, |progress| {
        if !(1..=4096).contains(&num_hashes) {
            return Err(Error::options("`--num-hashes` can be from 1 to 4096"));
        }
        let sketcher = Sketcher::new(&SketchParams { shingle_size, num_hashes, seed });
        let pieces = values.par_chunks(TEXTS_A_PIECE).map(|texts| {
            progress.go_on()?;
            let mut shingler = Shingler::new(shingle_size, seed)?;
            let mut minima = vec![0; texts.len() * num_hashes];
            for (text, signature) in texts.iter().zip(minima.chunks_exact_mut(num_hashes)) {
                shingler.fill(text);
                sketcher.sketch(&shingler.set, signature);
            }
            Ok(minima)
        });
        Ok(pieces.collect::<Result<Vec<Vec<u32>>>>()?.concat())
    })?;
    let item = Arc::new(Field::new("item", DataType::UInt32, false));
    let minima = Arc::new(UInt32Array::from(minima));
    let signatures = FixedSizeListArray::try_new(item, num_hashes as i32, minima, None);
    table(signatures.map(|column| vec![("signature", Arc::new(column) as ArrayRef)]))
}

/// For each text the keys of its bands, of which any two that are alike share one, with the recall that is asked for
/// (`keys`); of one that is too short for bands, or may be near such a one, its `shingles`, null of others; how many words it
/// has (`words`), and a hash of these (`content`).
#[pyfunction]
pub fn keys(
    py: Python<'_>,
    texts: &Bound<'_, PyAny>,
    threshold: f64,
    recall: f64,
    shingle_size: usize,
    seed: u64,
    threads: Option<usize>,
) -> PyResult<Table> {
    struct Sketch {
        keys: Vec<u64>,
        shingles: Option<Vec<u64>>,
        words: u32,
        content: u128,
    }
    let texts = Texts::of(texts)?;
    let values = texts.values()?;
    let sketches = run(py, threads, None, |progress| {
        let lsh = LshParams::choose(threshold, recall)?;
        let (short, maker) =
            (ShortSets::new(lsh, threshold), KeyMaker::new(lsh, threshold, shingle_size, seed));
        let pieces = values.par_chunks(TEXTS_A_PIECE).map(|texts| {
            progress.go_on()?;
            let mut shingler = Shingler::new(shingle_size, seed)?;
            let mut maker = maker.clone();
            let sketch = |text: &&str| {
                shingler.fill(text);
                let mut keys = Vec::new();
                maker.band_keys(&shingler.set, &mut keys);
                let shingles = (short.prefix(shingler.set.len()) > 0).then(|| shingler.set.clone());
                let bytes: Vec<u8> =
                    shingler.hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
                Sketch {
                    keys,
                    shingles,
                    words: shingler.hashes.len() as u32,
                    content: xxh3_128(&bytes),
                }
            };
            Ok(texts.iter().map(sketch).collect::<Vec<Sketch>>())
        });
        Ok(pieces.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect::<Vec<Sketch>>())
    })?;
    // Signed, since that is what databases and Spark have.
    let signed =
        |values: &[u64]| values.iter().map(|&value| Some(value as i64)).collect::<Vec<_>>();
    let mut keys = ListBuilder::new(Int64Builder::new());
    let mut shingles = ListBuilder::new(Int64Builder::new());
    let mut contents = FixedSizeBinaryBuilder::with_capacity(sketches.len(), 16);
    for sketch in &sketches {
        keys.append_value(signed(&sketch.keys));
        shingles.append_option(sketch.shingles.as_deref().map(signed));
        contents
            .append_value(sketch.content.to_be_bytes())
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
    }
    let words = UInt32Array::from_iter_values(sketches.iter().map(|sketch| sketch.words));
    table(Ok(vec![
        ("keys", Arc::new(keys.finish()) as ArrayRef),
        ("shingles", Arc::new(shingles.finish())),
        ("words", Arc::new(words)),
        ("content", Arc::new(contents.finish())),
    ]))
}

/// The kind, Jaccard similarity, containment and words of two texts.
type Compared = (Option<&'static str>, f64, f64, u32, u32);

/// Two texts beside one another.
#[pyfunction]
pub fn compare(
    py: Python<'_>,
    one: &str,
    other: &str,
    likeness: LikenessArguments,
    seed: u64,
) -> PyResult<Compared> {
    let options = ScanOptions { seed, ..likeness.options() };
    let compared = py.detach(|| Ok(Comparer::new(&options)?.compare(one, other)));
    let found = compared.map_err(|error: Error| raised(py, &error))?;
    let Comparison { kind, jaccard, containment, words } = found;
    Ok((kind.map(|kind| kind.name()), jaccard, containment, words[0], words[1]))
}

/// The same for two columns of texts, row by row: `kind`, `jaccard`, `containment`, `words_a`, `words_b`.
#[pyfunction]
pub fn compare_columns(
    py: Python<'_>,
    ones: &Bound<'_, PyAny>,
    others: &Bound<'_, PyAny>,
    likeness: LikenessArguments,
    seed: u64,
    threads: Option<usize>,
) -> PyResult<Table> {
    let (ones, others) = (Texts::of(ones)?, Texts::of(others)?);
    let (ones, others) = (ones.values()?, others.values()?);
    if ones.len() != others.len() {
        return Err(PyValueError::new_err(format!(
            "{} texts cannot be compared with {}, row by row",
            ones.len(),
            others.len()
        )));
    }
    let options = ScanOptions { seed, ..likeness.options() };
    let compared = run(py, threads, None, |progress| {
        let pieces = ones.par_chunks(TEXTS_A_PIECE).zip(others.par_chunks(TEXTS_A_PIECE));
        let pieces = pieces.map(|(ones, others)| {
            progress.go_on()?;
            let mut comparer = Comparer::new(&options)?;
            let pairs = ones.iter().zip(others);
            Ok(pairs.map(|(one, other)| comparer.compare(one, other)).collect::<Vec<_>>())
        });
        Ok(pieces.collect::<Result<Vec<_>>>()?.concat())
    })?;
    let kinds = compared.iter().map(|found| found.kind.map(|kind| kind.name()));
    let shares = |value: fn(&Comparison) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(compared.iter().map(value)))
    };
    let words = |side: usize| -> ArrayRef {
        Arc::new(UInt32Array::from_iter_values(compared.iter().map(|found| found.words[side])))
    };
    table(Ok(vec![
        ("kind", Arc::new(StringArray::from_iter(kinds)) as ArrayRef),
        ("jaccard", shares(|found| found.jaccard)),
        ("containment", shares(|found| found.containment)),
        ("words_a", words(0)),
        ("words_b", words(1)),
    ]))
}

fn table(columns: Result<Vec<(&str, ArrayRef)>, arrow_schema::ArrowError>) -> PyResult<Table> {
    let batch = columns.and_then(RecordBatch::try_from_iter);
    batch.map(Table::columns).map_err(|error| PyValueError::new_err(error.to_string()))
}
