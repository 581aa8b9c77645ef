//! Makes a corpus of any size with known duplicates, for trials of speed, memory and recall.
//!
//! In: a size, the share of copies, how they are edited, a seed. Out, on standard
//! output: JSON lines of `id` and `text`; with `--truth`, a CSV of every copy with its
//! source and what was done to it; with `--planted`, a CSV of every run of words of one
//! document that was put into another, with both places.
//!
//! ```console
//! $ cargo run --release --example generate -- --size 1G --truth truth.csv > corpus.jsonl
//! $ dittograph scan --find documents corpus.jsonl -o pairs.csv
//! ```
//!
//! Why this way:
//!
//! - *Invented words, drawn as in prose.* Nothing has to be downloaded or licensed. What a
//!   detector's cost depends on is kept: word length, a Zipf distribution of words, lengths of
//!   documents, and set phrases, so that unrelated documents share some runs of five words.
//! - *Seeds instead of texts.* An original is a function of the seed and its number. To copy one
//!   of the last few thousand, its number is kept and its text is made again: memory stays the
//!   same for a gigabyte and for a terabyte.
//! - *The same bytes everywhere.* Random numbers come from our own splitmix64, and floating
//!   point does nothing but add, subtract, multiply, divide and round, which IEEE 754 defines to
//!   the bit; `ln` or `powf` would differ between systems. A smaller corpus of the same options is
//!   the beginning of a larger one.

use std::collections::HashSet;
use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

/// Words of the invented language. A token holds a word as `u16`.
const VOCABULARY: usize = 60_000;
/// Set phrases of the language, and how many words they have.
const PHRASES: usize = 50_000;
const PHRASE_WORDS: (usize, usize) = (4, 10);
/// How often a phrase starts, where there is room for one, and a comma follows a word.
const PHRASE_SHARE: f64 = 0.08;
const COMMA_SHARE: f64 = 0.08;
/// How many words a sentence has, and how many sentences a paragraph.
const SENTENCE_WORDS: (usize, usize) = (6, 30);
const PARAGRAPH_SENTENCES: (usize, usize) = (3, 8);
/// How many words a document has: about log-normal, of this median, between these.
const MEDIAN_WORDS: f64 = 370.0;
const DOCUMENT_WORDS: (usize, usize) = (60, 5000);
const FOOTER_WORDS: usize = 30;
/// How many of the last originals can be copied.
const SOURCES: usize = 4096;
/// What share of its source a truncated copy keeps, and an extended one adds.
const KEPT: (f64, f64) = (0.3, 0.75);
const ADDED: (f64, f64) = (0.3, 1.5);
/// How many words a planted run has, and how many follow it.
const PLANTED_WORDS: [usize; 8] = [12, 16, 24, 40, 80, 150, 250, 400];
const AFTER_PLANTED: (usize, usize) = (10, 60);

/// Make a corpus with known duplicates, as JSON lines on standard output
#[derive(Parser)]
#[command(max_term_width = 100)]
struct Arguments {
    /// Size of the corpus, in bytes or with K, M, G or T: as many whole documents as fit
    #[arg(long, default_value = "100M", value_parser = parse_size)]
    size: u64,

    /// Share of the documents that are copies of another
    #[arg(long, value_name = "SHARE", default_value = "0.2", value_parser = parse_share)]
    duplicates: f64,

    /// Shares of its words that are changed in an edited copy; each is as frequent as the others
    ///
    /// A change is a word replaced, left out or put in. At 0.02 about 0.82 of all runs of five
    /// words are common to both texts.
    #[arg(
        long,
        value_name = "SHARE,...",
        value_delimiter = ',',
        default_value = "0.0,0.01,0.02,0.05,0.1",
        value_parser = parse_share
    )]
    edits: Vec<f64>,

    /// Share of the copies that are not edited but truncated or extended
    #[arg(long, value_name = "SHARE", default_value = "0.1", value_parser = parse_share)]
    partial: f64,

    /// Share of the documents that end in one and the same paragraph of 30 words
    ///
    /// A copy has it if its source has.
    #[arg(long, value_name = "SHARE", default_value = "0.0", value_parser = parse_share)]
    footer: f64,

    /// Share of the originals into which a run of words of an earlier original is put
    ///
    /// Of 12 to 400 words, each length as frequent as the others where the earlier document
    /// is long enough.
    #[arg(long, value_name = "SHARE", default_value = "0.0", value_parser = parse_share)]
    plant: f64,

    /// Shares of its words that are changed in such a run; each is as frequent as the others
    #[arg(
        long,
        value_name = "SHARE,...",
        value_delimiter = ',',
        default_value = "0.0,0.05,0.1,0.2",
        value_parser = parse_share
    )]
    plant_edits: Vec<f64>,

    /// Another seed makes another language and another corpus
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Also write every copy as CSV: copy_id, source_id, kind, rate, changed
    ///
    /// `kind` is edited, truncated or extended; `rate` the one of --edits that was drawn, empty
    /// for the other two; `changed` how many words were changed, cut or added: 0 if none, which
    /// can happen to a short text at a low rate.
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,

    /// Also write every run that was put into a document as CSV: host_id, host_start, host_end,
    /// source_id, source_start, source_end, words, rate, changed
    ///
    /// Starts and ends are bytes of the text, ends excluded; `words` those of the source.
    #[arg(long, value_name = "FILE")]
    planted: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let mut output = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let mut truth = Truth::wanted(&arguments.truth, "copy_id,source_id,kind,rate,changed")?;
    let mut planted = Truth::wanted(
        &arguments.planted,
        "host_id,host_start,host_end,source_id,source_start,source_end,words,rate,changed",
    )?;
    let mut generator = Generator::new(arguments);
    let (mut bytes, mut copies) = (0, 0);
    let mut line = Vec::new();
    loop {
        let copy = generator.next_document(&mut line);
        if bytes + line.len() as u64 > arguments.size {
            break;
        }
        bytes += line.len() as u64;
        if let Err(error) = output.write_all(&line) {
            return unless_closed(error);
        }
        if let Some(copy) = copy {
            copies += 1;
            if let Some(truth) = &mut truth {
                truth.write(&copy)?;
            }
        }
        if let (Some(planted), Some(run)) = (&mut planted, generator.planted.take()) {
            planted.write_planted(&run)?;
        }
    }
    if let Some(planted) = planted {
        planted.finish()?;
    }
    if let Some(truth) = truth {
        truth.finish()?;
    }
    if let Err(error) = output.flush() {
        return unless_closed(error);
    }
    let seconds = started.elapsed().as_secs_f64();
    writeln!(
        io::stderr(),
        "{} documents, {copies} of them copies; {:.1} MB in {seconds:.1} s, {:.0} MB/s",
        generator.documents - 1,
        bytes as f64 / 1e6,
        bytes as f64 / 1e6 / seconds
    )?;
    Ok(())
}

/// A reader that has seen enough, such as `head`, is no error.
fn unless_closed(error: io::Error) -> Result<(), Box<dyn Error>> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error.into()) }
}

/// A number of bytes, plain or with K, M, G or T (powers of 1024).
fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" => Some(1),
        "K" => Some(1 << 10),
        "M" => Some(1 << 20),
        "G" => Some(1 << 30),
        "T" => Some(1u64 << 40),
        _ => None,
    };
    let size = digits.parse::<u64>().ok().zip(unit).and_then(|(n, unit)| n.checked_mul(unit));
    size.ok_or_else(|| "a size is a whole number of bytes, or one with K, M, G or T".to_owned())
}

fn parse_share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "a share is a number from 0 to 1, such as 0.2".to_owned())
}

// Random numbers.

/// splitmix64 (Steele, Lea, Flood 2014): a counter through a bijective mixer, so that any number
/// is a good place to start a stream of its own.
struct Random(u64);

/// What a stream of random numbers is for; keeps streams of the same number apart.
#[derive(Clone, Copy)]
enum Stream {
    Language,
    Plan,
    Text,
    Copy,
    Footer,
    Plant,
}

impl Random {
    fn new(seed: u64, stream: Stream, number: u64) -> Self {
        Random(mix(mix(mix(seed).wrapping_add(stream as u64)).wrapping_add(number)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.next()) * limit as u128) >> 64) as usize
    }

    /// A number from `least` to `most`.
    fn between(&mut self, (least, most): (usize, usize)) -> usize {
        least + self.below(most - least + 1)
    }

    /// A number from 0 to below 1.
    fn unit(&mut self) -> f64 {
        // The upper 53 bits are what fits a float exactly.
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Draws ranks of which the r-th is `1 / (r + offset)` times as frequent (Zipf-Mandelbrot), in
/// constant time, by Walker's alias method.
struct Frequencies(Vec<Alias>);

/// A place in the table: itself up to the limit, its alias above it.
struct Alias {
    limit: u32,
    other: u32,
}

impl Frequencies {
    fn new(count: usize, offset: f64) -> Self {
        let weight = |rank: usize| 1.0 / (rank as f64 + offset);
        let mean = (0..count).map(weight).sum::<f64>() / count as f64;
        let mut share: Vec<f64> = (0..count).map(|rank| weight(rank) / mean).collect();
        let mut table: Vec<Alias> =
            (0..count as u32).map(|rank| Alias { limit: u32::MAX, other: rank }).collect();
        let (mut poor, mut rich): (Vec<usize>, Vec<usize>) =
            (0..count).partition(|&rank| share[rank] < 1.0);
        while let (Some(taker), Some(&giver)) = (poor.pop(), rich.last()) {
            table[taker] =
                Alias { limit: (share[taker] * (1u64 << 32) as f64) as u32, other: giver as u32 };
            share[giver] -= 1.0 - share[taker];
            if share[giver] < 1.0 {
                rich.pop();
                poor.push(giver);
            }
        }
        Frequencies(table)
    }

    fn draw(&self, random: &mut Random) -> usize {
        // The whole part chooses the place, the fraction which of the two it is.
        let product = u128::from(random.next()) * self.0.len() as u128;
        let place = (product >> 64) as usize;
        let Alias { limit, other } = self.0[place];
        if ((product >> 32) as u32) < limit { place } else { other as usize }
    }
}

// The language.

/// A word's spelling, at hand in one piece: a copy of fixed length is what makes writing fast.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Spelling {
    bytes: [u8; Spelling::LONGEST],
    length: u8,
}

impl Spelling {
    const LONGEST: usize = 15;

    /// Invents a word of one to four syllables; `None` if it is too long.
    fn invent(rank: usize, random: &mut Random) -> Option<Self> {
        // A syllable is an onset, a vowel and, often, a coda.
        const ONSETS: [&str; 32] = [
            "", "", "", "b", "c", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v",
            "w", "br", "ch", "cl", "dr", "fl", "gr", "pl", "pr", "sh", "st", "th", "tr", "j",
        ];
        const VOWELS: [&str; 12] = ["a", "a", "e", "e", "e", "i", "i", "o", "o", "u", "ea", "ou"];
        const ACCENTED: [&str; 6] = ["á", "é", "í", "ö", "ü", "è"];
        const CODAS: [&str; 20] = [
            "", "", "", "", "", "", "l", "m", "n", "n", "r", "r", "s", "s", "t", "d", "ck", "nd",
            "ng", "st",
        ];
        // Frequent words are short. Of ten words of a rank below the limit, so many have one
        // syllable, two, three, four.
        const SYLLABLES: [(usize, [usize; 4]); 4] = [
            (300, [10, 0, 0, 0]),
            (2_000, [5, 5, 0, 0]),
            (10_000, [1, 7, 2, 0]),
            (VOCABULARY, [0, 4, 5, 1]),
        ];
        let (_, shares) = SYLLABLES.iter().find(|(limit, _)| rank < *limit)?;
        let mut drawn = random.below(10);
        let mut syllables = 1;
        for share in &shares[..3] {
            if drawn < *share {
                break;
            }
            drawn -= share;
            syllables += 1;
        }
        // One rare word in forty has an accent, so that a corpus is not ASCII alone.
        let accented = (rank >= 300 && random.below(40) == 0).then(|| random.below(syllables));
        let mut word = String::new();
        for syllable in 0..syllables {
            word.push_str(random.pick(&ONSETS));
            word.push_str(match accented {
                // Not as a first letter, which may have to be a capital.
                Some(place) if place == syllable && !word.is_empty() => random.pick(&ACCENTED),
                _ => random.pick(&VOWELS),
            });
            // A coda inside a word is rarer than at its end.
            if syllable + 1 == syllables || random.below(3) == 0 {
                word.push_str(random.pick(&CODAS));
            }
        }
        let mut bytes = [b' '; Self::LONGEST];
        bytes.get_mut(..word.len())?.copy_from_slice(word.as_bytes());
        Some(Spelling { bytes, length: word.len() as u8 })
    }
}

/// How documents are written: words and phrases and how frequent each is.
struct Language {
    spellings: Vec<Spelling>,
    words: Frequencies,
    phrases: Vec<Vec<u16>>,
    phrase_frequencies: Frequencies,
}

/// A word in its place, and what follows it. Capitals follow from the marks, so that an edit
/// need not care for them.
#[derive(Clone, Copy)]
struct Token {
    word: u16,
    mark: Mark,
}

/// What stands between a word and the next; the later is the stronger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Space,
    Comma,
    Stop,
    Paragraph,
}

impl Language {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed, Stream::Language, 0);
        let mut known = HashSet::new();
        let mut spellings = Vec::with_capacity(VOCABULARY);
        while spellings.len() < VOCABULARY {
            if let Some(spelling) = Spelling::invent(spellings.len(), &mut random)
                && known.insert(spelling)
            {
                spellings.push(spelling);
            }
        }
        let words = Frequencies::new(VOCABULARY, 2.7);
        let phrases = (0..PHRASES)
            .map(|_| {
                let length = random.between(PHRASE_WORDS);
                (0..length).map(|_| words.draw(&mut random) as u16).collect()
            })
            .collect();
        // The offset keeps the most frequent phrase below one document in twenty.
        let phrase_frequencies = Frequencies::new(PHRASES, 50.0);
        Language { spellings, words, phrases, phrase_frequencies }
    }

    fn word(&self, random: &mut Random) -> u16 {
        self.words.draw(random) as u16
    }

    /// Appends `words` words of text, at least as many as the shortest sentence has.
    fn compose(&self, words: usize, random: &mut Random, text: &mut Vec<Token>) {
        let end = text.len() + words;
        let (least, most) = SENTENCE_WORDS;
        let mut sentences = random.between(PARAGRAPH_SENTENCES);
        while text.len() < end {
            let left = end - text.len();
            // What is left after a sentence must be enough for another, or nothing.
            let length =
                if left <= most { left } else { random.between((least, most)).min(left - least) };
            self.sentence(length, random, text);
            sentences -= 1;
            if sentences == 0 {
                sentences = random.between(PARAGRAPH_SENTENCES);
                mark_last(text, Mark::Paragraph);
            }
        }
        // How a text ends, the next one or the end of the document decides.
        mark_last(text, Mark::Stop);
    }

    fn sentence(&self, words: usize, random: &mut Random, text: &mut Vec<Token>) {
        let end = text.len() + words;
        while text.len() < end {
            if end - text.len() >= PHRASE_WORDS.1 && random.chance(PHRASE_SHARE) {
                let phrase = &self.phrases[self.phrase_frequencies.draw(random)];
                text.extend(phrase.iter().map(|&word| Token { word, mark: Mark::Space }));
            } else {
                let mark = if random.chance(COMMA_SHARE) { Mark::Comma } else { Mark::Space };
                text.push(Token { word: self.word(random), mark });
            }
        }
        mark_last(text, Mark::Stop);
    }

    /// Appends a text as the inside of a JSON string.
    fn write(&self, text: &[Token], line: &mut Vec<u8>) {
        let mut starts = true;
        for (index, token) in text.iter().enumerate() {
            let Spelling { bytes, length } = &self.spellings[usize::from(token.word)];
            let start = line.len();
            line.extend_from_slice(bytes);
            line.truncate(start + usize::from(*length));
            if starts {
                line[start].make_ascii_uppercase();
            }
            starts = token.mark >= Mark::Stop;
            line.extend_from_slice(match token.mark {
                Mark::Space => b" ",
                Mark::Comma => b", ",
                Mark::Stop | Mark::Paragraph if index + 1 == text.len() => b".",
                Mark::Stop => b". ",
                Mark::Paragraph => b".\\n\\n",
            });
        }
    }
}

impl Language {
    /// Where a range of tokens stands in the text that starts with them, in bytes.
    fn span(&self, text: &[Token], tokens: Range<usize>) -> Range<usize> {
        let width = |token: &Token| {
            let mark = match token.mark {
                Mark::Space => 1,
                Mark::Comma | Mark::Stop => 2,
                Mark::Paragraph => 3,
            };
            usize::from(self.spellings[usize::from(token.word)].length) + mark
        };
        let start: usize = text[..tokens.start].iter().map(width).sum();
        let before_last: usize = text[tokens.start..tokens.end - 1].iter().map(width).sum();
        let last = self.spellings[usize::from(text[tokens.end - 1].word)].length;
        start..start + before_last + usize::from(last)
    }
}

fn mark_last(text: &mut [Token], mark: Mark) {
    if let Some(last) = text.last_mut() {
        last.mark = mark;
    }
}

// The corpus.

/// Makes documents one after the other.
struct Generator<'a> {
    arguments: &'a Arguments,
    language: Language,
    footer: Vec<Token>,
    /// Decides what each document is.
    plan: Random,
    /// The last originals, by number of their document; the oldest is replaced.
    sources: Vec<u64>,
    originals: usize,
    /// How many documents were made.
    documents: u64,
    source: Vec<Token>,
    text: Vec<Token>,
    /// What was planted into the last document.
    planted: Option<Planted>,
}

/// A run of words of one document that was put into another.
struct Planted {
    host: u64,
    host_span: Range<usize>,
    source: u64,
    source_span: Range<usize>,
    words: usize,
    rate: f64,
    changed: usize,
}

/// What a document is, if it is a copy.
struct Duplicate {
    document: u64,
    source: u64,
    change: Change,
    changed: usize,
}

/// How a copy differs from its source.
#[derive(Clone, Copy)]
enum Change {
    Edited(f64),
    Truncated,
    Extended,
}

impl<'a> Generator<'a> {
    fn new(arguments: &'a Arguments) -> Self {
        let language = Language::new(arguments.seed);
        let mut footer = Vec::new();
        let mut random = Random::new(arguments.seed, Stream::Footer, u64::MAX);
        language.compose(FOOTER_WORDS, &mut random, &mut footer);
        Generator {
            arguments,
            language,
            footer,
            plan: Random::new(arguments.seed, Stream::Plan, 0),
            sources: Vec::with_capacity(SOURCES),
            originals: 0,
            documents: 0,
            source: Vec::new(),
            text: Vec::new(),
            planted: None,
        }
    }

    /// Puts the line of the next document into `line`; says so if it is a copy.
    fn next_document(&mut self, line: &mut Vec<u8>) -> Option<Duplicate> {
        let document = self.documents;
        self.documents += 1;
        self.planted = None;
        let wants_copy = self.plan.chance(self.arguments.duplicates);
        let copy = if wants_copy && !self.sources.is_empty() {
            Some(self.copy(document))
        } else {
            self.original(document);
            None
        };
        // A copy stands where its source stands, so it has the same footer.
        let first = copy.as_ref().map_or(document, |copy| copy.source);
        if Random::new(self.arguments.seed, Stream::Footer, first).chance(self.arguments.footer) {
            mark_last(&mut self.text, Mark::Paragraph);
            self.text.extend_from_slice(&self.footer);
        }
        line.clear();
        line.extend_from_slice(b"{\"id\": \"");
        line.extend_from_slice(name(document).as_bytes());
        line.extend_from_slice(b"\", \"text\": \"");
        self.language.write(&self.text, line);
        line.extend_from_slice(b"\"}\n");
        copy
    }

    fn original(&mut self, document: u64) {
        self.text.clear();
        compose_original(&self.language, self.arguments.seed, document, &mut self.text);
        self.plant(document);
        let place = self.originals % SOURCES;
        self.originals += 1;
        if place < self.sources.len() {
            self.sources[place] = document;
        } else {
            self.sources.push(document);
        }
    }

    /// Puts a run of an earlier original behind this one, and some words behind it. So every original
    /// begins with what it is made from, and places in it stay what they are.
    fn plant(&mut self, document: u64) {
        let Arguments { seed, plant, ref plant_edits, .. } = *self.arguments;
        let mut random = Random::new(seed, Stream::Plant, document);
        if self.sources.is_empty() || !random.chance(plant) {
            return;
        }
        let source = random.pick(&self.sources);
        self.source.clear();
        compose_original(&self.language, seed, source, &mut self.source);
        let fitting = PLANTED_WORDS.iter().filter(|&&words| words <= self.source.len()).count();
        let words = random.pick(&PLANTED_WORDS[..fitting]);
        let first = random.below(self.source.len() - words + 1);
        let rate = random.pick(plant_edits);
        let run = &self.source[first..first + words];
        mark_last(&mut self.text, Mark::Paragraph);
        let start = self.text.len();
        let changed = edit(run, rate, &self.language, &mut random, &mut self.text);
        let end = self.text.len();
        mark_last(&mut self.text, Mark::Paragraph);
        let after = random.between(AFTER_PLANTED);
        self.language.compose(after, &mut random, &mut self.text);
        self.planted = (end > start).then(|| Planted {
            host: document,
            host_span: self.language.span(&self.text, start..end),
            source,
            source_span: self.language.span(&self.source, first..first + words),
            words,
            rate,
            changed,
        });
    }

    fn copy(&mut self, document: u64) -> Duplicate {
        // The fourth power crowds the first places, so that a few originals have more than a
        // hundred copies, and most have one or none.
        let (unit, places) = (self.plan.unit(), self.sources.len());
        let place = (unit * unit * unit * unit * places as f64) as usize;
        let source = self.sources[place.min(places - 1)];
        let change = if self.plan.chance(self.arguments.partial) {
            self.plan.pick(&[Change::Truncated, Change::Extended])
        } else {
            Change::Edited(self.plan.pick(&self.arguments.edits))
        };
        self.source.clear();
        compose_original(&self.language, self.arguments.seed, source, &mut self.source);
        let mut random = Random::new(self.arguments.seed, Stream::Copy, document);
        let words = self.source.len() as f64;
        let share = |(least, most): (f64, f64), random: &mut Random| {
            (words * (least + (most - least) * random.unit())) as usize
        };
        self.text.clear();
        let changed = match change {
            Change::Edited(rate) => {
                edit(&self.source, rate, &self.language, &mut random, &mut self.text)
            }
            Change::Truncated => {
                let kept = share(KEPT, &mut random);
                self.text.extend_from_slice(&self.source[..kept]);
                mark_last(&mut self.text, Mark::Stop);
                self.source.len() - kept
            }
            Change::Extended => {
                let added = share(ADDED, &mut random);
                self.text.extend_from_slice(&self.source);
                mark_last(&mut self.text, Mark::Paragraph);
                self.language.compose(added, &mut random, &mut self.text);
                added
            }
        };
        Duplicate { document, source, change, changed }
    }
}

/// The text of an original: a function of the seed and its number, so that it can be made again.
fn compose_original(language: &Language, seed: u64, document: u64, text: &mut Vec<Token>) {
    let mut random = Random::new(seed, Stream::Text, document);
    let words = document_words(&mut random);
    language.compose(words, &mut random, text);
}

/// A length that is about log-normal: the median times two to the power of a normal number.
fn document_words(random: &mut Random) -> usize {
    // The sum of twelve uniform numbers is close to normal, with a deviation of one.
    let normal = (0..12).map(|_| random.unit()).sum::<f64>() - 6.0;
    let octaves = 1.1 * normal;
    let whole = octaves.floor();
    let fraction = octaves - whole;
    // Two to the fraction, within 0.3 %: good enough, and the same everywhere.
    let times = 1.0 + fraction * (0.65 + 0.35 * fraction);
    let scale = f64::from(1u32 << whole.abs() as u32);
    let words = MEDIAN_WORDS * times * if whole < 0.0 { 1.0 / scale } else { scale };
    (words as usize).clamp(DOCUMENT_WORDS.0, DOCUMENT_WORDS.1)
}

/// Appends the source to `text`, with about `rate` of its words changed; says how many were.
fn edit(
    source: &[Token],
    rate: f64,
    language: &Language,
    random: &mut Random,
    text: &mut Vec<Token>,
) -> usize {
    let start = text.len();
    let mut changed = 0;
    for &token in source {
        if !random.chance(rate) {
            text.push(token);
            continue;
        }
        changed += 1;
        match random.below(3) {
            0 => {
                let mut word = language.word(random);
                while word == token.word {
                    word = language.word(random);
                }
                text.push(Token { word, ..token });
            }
            1 => {
                // The end of a sentence stays one when its last word is left out.
                if let Some(before) = text[start..].last_mut() {
                    before.mark = before.mark.max(token.mark);
                }
            }
            _ => {
                text.push(Token { word: language.word(random), mark: Mark::Space });
                text.push(token);
            }
        }
    }
    changed
}

/// A document's id, of the same width for the first ten billion.
fn name(document: u64) -> String {
    format!("d{document:010}")
}

/// A file that says what was done.
struct Truth<'a> {
    path: &'a Path,
    file: BufWriter<File>,
}

impl<'a> Truth<'a> {
    fn wanted(path: &'a Option<PathBuf>, header: &str) -> Result<Option<Self>, String> {
        path.as_deref().map(|path| Truth::create(path, header)).transpose()
    }

    fn create(path: &'a Path, header: &str) -> Result<Self, String> {
        let file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut truth = Truth { path, file: BufWriter::new(file) };
        truth.line(format_args!("{header}"))?;
        Ok(truth)
    }

    fn write(&mut self, copy: &Duplicate) -> Result<(), String> {
        let (kind, rate) = match copy.change {
            Change::Edited(rate) => ("edited", rate.to_string()),
            Change::Truncated => ("truncated", String::new()),
            Change::Extended => ("extended", String::new()),
        };
        let (document, source) = (name(copy.document), name(copy.source));
        self.line(format_args!("{document},{source},{kind},{rate},{}", copy.changed))
    }

    fn write_planted(&mut self, run: &Planted) -> Result<(), String> {
        let (host, source) = (name(run.host), name(run.source));
        let Range { start, end } = run.host_span;
        let Range { start: source_start, end: source_end } = run.source_span;
        let Planted { words, rate, changed, .. } = run;
        self.line(format_args!(
            "{host},{start},{end},{source},{source_start},{source_end},{words},{rate},{changed}"
        ))
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) -> Result<(), String> {
        writeln!(self.file, "{line}").map_err(|error| format!("{}: {error}", self.path.display()))
    }

    fn finish(mut self) -> Result<(), String> {
        self.file.flush().map_err(|error| format!("{}: {error}", self.path.display()))
    }
}
