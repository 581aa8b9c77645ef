//! What the script of a page reads: names, spans, texts and rows as JSON.
//!
//! In: the outline, the entries that are shown, the rows once more and the texts. Out: [`Data`] and the
//! texts, within budgets: a page that is to be opened can hold some 30 megabytes. Of texts and excerpts those
//! come first that belong to the entries which repeat most.
//!
//! Each text stands once, whatever the number of its documents, and each excerpt once. Spans stay what they
//! are in the rows, bytes: the script slices bytes.

use ahash::{AHashMap, RandomState};
use serde::{Serialize, Serializer};
use xxhash_rust::xxh3::xxh3_128;

use super::entries::{Entries, Entry, FURNITURE, Subject};
use super::outline::{Cluster, Outline};
use super::rows::RowSource;
use super::sources::Sources;
use super::texts::{TextSource, beginning};
use crate::error::Result;
use crate::report::{Kind, Side, excerpt};

/// Bytes of JSON that a page may have of each part.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Rows, their spans and the names of their documents.
    pub rows: usize,
    excerpts: usize,
    texts: usize,
}

impl Budget {
    /// The budget of a page of 30 megabytes, with some to spare.
    pub fn new(with_texts: bool) -> Self {
        match with_texts {
            true => Budget { rows: 14_000_000, excerpts: 5_500_000, texts: 9_000_000 },
            false => Budget { rows: 17_500_000, excerpts: 11_000_000, texts: 0 },
        }
    }
}

/// Texts are in scripts of about so many bytes each, which are parsed when they are needed.
const BLOCK: usize = 500_000;

/// Of each text so many bytes come before the rest of any: a few long ones would leave no room for others.
const FIRST_BYTES: usize = 100_000;

/// Of how many documents texts are asked for at most.
const MOST_TEXTS: usize = 50_000;

/// Of so many documents of each entry, texts come before those of all others.
const FIRST_DOCUMENTS: usize = 10;

/// How many characters of the words around a passage are shown on either side.
const CONTEXT: usize = 160;

/// What the script reads, but for the texts.
#[derive(Debug, Default, Serialize)]
pub struct Data {
    /// What the page is about, as the arguments that made the rows.
    pub command: Vec<String>,
    /// The least similarity of a near pair.
    pub threshold: Option<f64>,
    /// The sources of the documents, bytewise ascending.
    pub sources: Vec<String>,
    /// Name, source, number of the text or -1, bytes of the document or 0.
    pub documents: Vec<(String, u32, i64, u32)>,
    /// Document, start, end, line, words, number of the excerpt or -1, of those before and after, or -1.
    pub sides: Vec<Span>,
    /// Each once.
    pub excerpts: Vec<String>,
    /// Those that repeat most words first.
    pub entries: Vec<Listed>,
    /// How many texts are in each block.
    pub blocks: Vec<usize>,
    /// In how many places a passage stands that is furniture, and how many words it has at most.
    pub furniture: (u32, u32),
}

/// A side of a row.
pub type Span = (u32, u32, u32, u32, u32, i64, i64, i64);

/// An entry, written as an array of its fields.
#[derive(Debug)]
pub struct Listed {
    /// What it is: `cluster`, `contained` or `passage`.
    pub subject: &'static str,
    /// Its number.
    pub number: u32,
    /// Words that repeat.
    pub repeated: u64,
    /// Occurrences, or documents.
    pub count: u32,
    /// Rows in all.
    pub all_rows: u32,
    /// Of a cluster the documents shown: number, the kept one, similarity to it.
    pub members: Vec<(u32, u32, u16)>,
    /// Rows shown: number, kind, Jaccard similarity, containment, sides.
    pub rows: Vec<(u32, u8, u16, u16, u32, u32)>,
    /// Documents that are kept of a cluster.
    pub kept: u32,
    /// Whether the documents of a cluster are known to differ from the kept ones in numbers only.
    pub only_numbers: bool,
}

impl Serialize for Listed {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Listed {
            subject,
            number,
            repeated,
            count,
            all_rows,
            members,
            rows,
            kept,
            only_numbers,
        } = self;
        let only_numbers = u8::from(*only_numbers);
        (subject, number, repeated, count, all_rows, members, rows, kept, only_numbers)
            .serialize(serializer)
    }
}

/// What is not in the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Entries.
    pub entries: u64,
    /// Rows.
    pub rows: u64,
    /// Documents whose text was asked for and has no place.
    pub texts: u64,
    /// Documents that were not found.
    pub missing: u64,
    /// Documents that are not what they were when they were scanned.
    pub changed: u64,
    /// Texts of which only the beginning is shown.
    pub cut: u64,
    /// Excerpts.
    pub excerpts: u64,
}

/// Texts, in blocks.
pub type Blocks = Vec<Vec<String>>;

/// Makes the data.
pub fn gather(
    outline: &Outline,
    sources: &Sources,
    entries: &Entries,
    rows: &dyn RowSource,
    texts: Option<&dyn TextSource>,
    budget: Budget,
) -> Result<(Data, Blocks, LeftOut)> {
    let mut gathering = Gathering::new(outline, sources, entries);
    gathering.read_rows(entries, rows)?;
    let blocks = match texts {
        Some(source) => gathering.read_texts(source, budget.texts)?,
        None => Vec::new(),
    };
    gathering.choose_excerpts(budget.excerpts);
    let Gathering { data, left_out, .. } = gathering;
    Ok((data, blocks, left_out))
}

/// The quoted words of a side, before it is known which have a place.
struct Quoted {
    is_passage: bool,
    text: String,
    before: String,
    after: String,
}

struct Gathering<'a> {
    data: Data,
    left_out: LeftOut,
    outline: &'a Outline,
    /// For each document of the outline its number in the page.
    numbers: AHashMap<u32, u32>,
    /// The documents of the page in the order of the entries.
    order: Vec<u32>,
    /// For each side of the page what it quotes.
    quoted: Vec<Quoted>,
}

impl<'a> Gathering<'a> {
    /// Numbers the documents that the entries are about.
    fn new(outline: &'a Outline, sources: &Sources, entries: &Entries) -> Self {
        let (mut order, mut later) = (Vec::new(), Vec::new());
        for entry in &entries.shown {
            let members = members(outline, entry).iter().map(|one| one.document);
            let rows = entry.rows.iter().map(|row| &outline.lines[*row as usize]);
            let mut documents = members.chain(rows.flat_map(|line| [line.a, line.b]));
            order.extend(documents.by_ref().take(FIRST_DOCUMENTS));
            later.extend(documents);
        }
        order.append(&mut later);
        let mut shown = order.clone();
        shown.sort_unstable();
        shown.dedup();
        let mut numbers = AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        numbers.extend((0..).zip(&shown).map(|(number, document)| (*document, number)));
        let mut used: Vec<u32> = shown.iter().map(|one| sources.of[*one as usize]).collect();
        used.sort_unstable();
        used.dedup();
        let document = |&document: &u32| {
            let place = document as usize;
            let source = used.partition_point(|source| *source < sources.of[place]);
            (outline.names[place].clone(), source as u32, -1, 0)
        };
        let data = Data {
            sources: used.iter().map(|source| sources.names[*source as usize].clone()).collect(),
            documents: shown.iter().map(document).collect(),
            furniture: FURNITURE,
            ..Data::default()
        };
        let mut is_met = vec![false; shown.len()];
        let mut order: Vec<u32> = order.into_iter().map(|document| numbers[&document]).collect();
        order.retain(|&number| !std::mem::replace(&mut is_met[number as usize], true));
        let left_out = LeftOut {
            entries: entries.left_out,
            rows: entries.left_out_rows,
            ..LeftOut::default()
        };
        Gathering { data, left_out, outline, numbers, order, quoted: Vec::new() }
    }

    /// Reads the rows that are shown, and lists the entries.
    fn read_rows(&mut self, entries: &Entries, rows: &dyn RowSource) -> Result<()> {
        let mut sides: AHashMap<(u32, u32, u32), u32> =
            AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        let mut read: AHashMap<u32, (u32, u32)> =
            AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        rows.these(&entries.rows(), &mut |number, row| {
            let line = &self.outline.lines[number as usize];
            let mut place = |document: u32, side: &Side| {
                let document = self.numbers[&document];
                let next = self.data.sides.len() as u32;
                *sides.entry((document, side.start, side.end)).or_insert_with(|| {
                    let Side { start, end, line, words, .. } = *side;
                    self.data.sides.push((document, start, end, line, words, -1, -1, -1));
                    self.quoted.push(Quoted {
                        is_passage: row.kind == Kind::Passage,
                        text: side.text.clone(),
                        before: last_characters(&side.before).to_owned(),
                        after: side.after.chars().take(CONTEXT).collect(),
                    });
                    next
                })
            };
            let pair = (place(line.a, &row.a), place(line.b, &row.b));
            read.insert(number, pair);
            Ok(())
        })?;
        self.data.entries = entries.shown.iter().map(|entry| self.listed(entry, &read)).collect();
        Ok(())
    }

    fn listed(&self, entry: &Entry, read: &AHashMap<u32, (u32, u32)>) -> Listed {
        let rows = entry.rows.iter().map(|row| {
            let line = &self.outline.lines[*row as usize];
            let (a, b) = read[row];
            // As the lines of the file are counted, without the header.
            (row + 1, line.kind as u8, line.jaccard, line.containment, a, b)
        });
        let document = |document: u32| self.numbers[&document];
        let members = members(self.outline, entry).iter();
        let (subject, number, count, kept) = match entry.subject {
            Subject::Cluster(which) => {
                let of = |tell: fn(&Cluster) -> usize| self.outline.cluster(which).map_or(0, tell);
                ("cluster", which, of(|cluster| cluster.members.len()) as u32, of(Cluster::kept))
            }
            Subject::Contained(row) => ("contained", row + 1, 2, 0),
            Subject::Passage(which) => {
                ("passage", which, self.outline.lines[entry.rows[0] as usize].occurrences, 0)
            }
        };
        Listed {
            subject,
            number,
            repeated: entry.repeated,
            count,
            all_rows: entry.all_rows,
            members: members
                .map(|one| (document(one.document), document(one.kept), one.similarity))
                .collect(),
            rows: rows.collect(),
            kept: kept as u32,
            // Told when the texts are read.
            only_numbers: false,
        }
    }

    /// Reads texts and takes those that have a place and are what was scanned.
    fn read_texts(&mut self, source: &dyn TextSource, mut left: usize) -> Result<Blocks> {
        let asked = &self.order[..self.order.len().min(MOST_TEXTS)];
        let names: Vec<&str> =
            asked.iter().map(|&document| &*self.data.documents[document as usize].0).collect();
        let texts = source.read(&names)?;
        self.left_out.missing = texts.missing();
        self.left_out.texts = (self.order.len() - asked.len()) as u64;
        let sides = self.sides_by_document();
        let mut numbers: AHashMap<u128, usize> =
            AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        let mut chosen: Vec<Chosen> = Vec::new();
        let (is_compared, is_whole) = (self.compared(), self.whole_sides());
        let mut shapes = vec![None; self.data.documents.len()];
        for (place, &document) in asked.iter().enumerate() {
            let Some((text, bytes)) = texts.get(place)? else { continue };
            let quoted = sides[document as usize].iter().map(|&side| side as usize);
            let fits = |side: usize| self.is_quoted_from(side, is_whole[side], &text, bytes);
            if !quoted.into_iter().all(fits) {
                self.left_out.changed += 1;
                continue;
            }
            if is_compared[document as usize] && text.len() == bytes as usize {
                shapes[document as usize] = Some(shape(&text));
            }
            let first = beginning(&text, FIRST_BYTES);
            let size = json_length(first);
            let hash = xxh3_128(text.as_bytes());
            let number = match numbers.get(&hash) {
                Some(&number) => number,
                None if size > left => {
                    self.left_out.texts += 1;
                    continue;
                }
                None => {
                    left -= size;
                    numbers.insert(hash, chosen.len());
                    chosen.push(Chosen { place, bytes, size, text: first.to_owned() });
                    chosen.len() - 1
                }
            };
            let document = &mut self.data.documents[document as usize];
            (document.2, document.3) = (number as i64, bytes);
        }
        for one in chosen.iter_mut().filter(|one| one.is_cut()) {
            let Some((text, _)) = texts.get(one.place)? else { continue };
            let size = json_length(&text);
            if size - one.size <= left {
                left -= size - one.size;
                (one.text, one.size) = (text, size);
            }
        }
        self.left_out.cut = chosen.iter().filter(|one| one.is_cut()).count() as u64;
        self.tell_numbers(&shapes);
        let blocks = in_blocks(chosen);
        self.data.blocks = blocks.iter().map(Vec::len).collect();
        Ok(blocks)
    }

    /// For each document whether it is one of a cluster with near pairs.
    fn compared(&self) -> Vec<bool> {
        let mut is_compared = vec![false; self.data.documents.len()];
        for entry in self.data.entries.iter().filter(|entry| is_near(entry)) {
            for &(document, kept, _) in &entry.members {
                (is_compared[document as usize], is_compared[kept as usize]) = (true, true);
            }
        }
        is_compared
    }

    /// Tells the clusters in which each document has the shape of the one kept for it.
    fn tell_numbers(&mut self, shapes: &[Option<u128>]) {
        for entry in self.data.entries.iter_mut().filter(|entry| is_near(entry)) {
            let is_alike = |&(document, kept, _): &(u32, u32, u16)| {
                let (one, other) = (shapes[document as usize], shapes[kept as usize]);
                one.is_some() && one == other
            };
            let is_whole = entry.members.len() == entry.count as usize;
            entry.only_numbers = is_whole && entry.members.iter().all(is_alike);
        }
    }

    fn sides_by_document(&self) -> Vec<Vec<u32>> {
        let mut sides = vec![Vec::new(); self.data.documents.len()];
        for (number, side) in (0..).zip(&self.data.sides) {
            sides[side.0 as usize].push(number);
        }
        sides
    }

    /// For each side whether it is a whole document.
    fn whole_sides(&self) -> Vec<bool> {
        let mut is_whole = vec![false; self.data.sides.len()];
        let rows = self.data.entries.iter().flat_map(|entry| &entry.rows);
        for row in rows.filter(|row| row.1 != Kind::Passage as u8) {
            (is_whole[row.4 as usize], is_whole[row.5 as usize]) = (true, true);
        }
        is_whole
    }

    /// Whether a side says what stands in the text, and, of a whole document, that this is all.
    fn is_quoted_from(&self, side: usize, is_whole: bool, text: &str, bytes: u32) -> bool {
        let &(_, start, end, ..) = &self.data.sides[side];
        if end > bytes || (is_whole && end < bytes) {
            return false;
        }
        let (start, end) = (start as usize, end as usize);
        if start > text.len() {
            return true;
        }
        match text.get(start..end.min(text.len())) {
            Some(found) => {
                let found = excerpt(found);
                // A text that is shown in part may end within what is quoted.
                found == self.quoted[side].text
                    || (end > text.len() && self.quoted[side].text.starts_with(&*found))
            }
            None => false,
        }
    }

    /// Gives a place to the excerpts that are needed: of passages, to be listed and searched, and of
    /// documents without a text.
    fn choose_excerpts(&mut self, mut left: usize) {
        let mut numbers: AHashMap<String, i64> =
            AHashMap::with_hasher(RandomState::with_seeds(1, 2, 3, 4));
        let Gathering { data, left_out, quoted, .. } = self;
        let Data { documents, sides, excerpts, entries, .. } = data;
        // The first of each entry, and then all others.
        let rows = || entries.iter().map(|entry| &entry.rows);
        let first = rows().filter_map(|rows| rows.first()).map(|row| row.4);
        let others = rows().flatten().flat_map(|row| [row.4, row.5]);
        let mut is_met = vec![false; sides.len()];
        let order: Vec<u32> = first
            .chain(others)
            .filter(|&side| !std::mem::replace(&mut is_met[side as usize], true))
            .collect();
        for side in order {
            let quoted = &mut quoted[side as usize];
            let side = &mut sides[side as usize];
            let has_text = documents[side.0 as usize].2 >= 0;
            let mut put = |text: String| {
                if text.is_empty() {
                    return -1;
                }
                if let Some(&number) = numbers.get(&text) {
                    return number;
                }
                let size = json_length(&text);
                if size > left {
                    left_out.excerpts += 1;
                    return -1;
                }
                left -= size;
                let number = excerpts.len() as i64;
                excerpts.push(text.clone());
                numbers.insert(text, number);
                number
            };
            if quoted.is_passage || !has_text {
                side.5 = put(std::mem::take(&mut quoted.text));
            }
            if !has_text {
                side.6 = put(std::mem::take(&mut quoted.before));
                side.7 = put(std::mem::take(&mut quoted.after));
            }
        }
    }
}

/// A text that has a place.
struct Chosen {
    /// Where it stands among those read.
    place: usize,
    /// Bytes of the document.
    bytes: u32,
    /// Bytes of JSON.
    size: usize,
    text: String,
}

impl Chosen {
    fn is_cut(&self) -> bool {
        self.text.len() < self.bytes as usize
    }
}

/// Texts in their order, in blocks of some size.
fn in_blocks(texts: Vec<Chosen>) -> Blocks {
    let (mut blocks, mut filled): (Blocks, _) = (Vec::new(), BLOCK);
    for Chosen { text, size, .. } in texts {
        if filled >= BLOCK {
            blocks.push(Vec::new());
            filled = 0;
        }
        filled += size;
        if let Some(block) = blocks.last_mut() {
            block.push(text);
        }
    }
    blocks
}

/// Whether an entry is a cluster in which not all documents are exactly the same.
fn is_near(entry: &Listed) -> bool {
    !entry.members.is_empty() && entry.rows.iter().any(|row| row.1 == Kind::Near as u8)
}

/// What a text is but for its numbers: a hash of it with every number as one digit, and white space as one
/// space. Documents of one shape that are not the same differ in numbers only. It says so of fewer pairs
/// than a word diff would, and costs no diff.
fn shape(text: &str) -> u128 {
    let bytes = text.trim().as_bytes();
    let mut masked = Vec::with_capacity(bytes.len());
    for (at, &byte) in bytes.iter().enumerate() {
        let is_in_number =
            || masked.last() == Some(&b'0') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        let byte = match byte {
            b'0'..=b'9' => b'0',
            b'.' | b',' | b':' if is_in_number() => b'0',
            b'\t' | b'\n' | b'\r' => b' ',
            byte => byte,
        };
        if !matches!(byte, b'0' | b' ') || masked.last() != Some(&byte) {
            masked.push(byte);
        }
    }
    xxh3_128(&masked)
}

/// The members of an entry that are shown.
fn members<'o>(outline: &'o Outline, entry: &Entry) -> &'o [super::outline::Member] {
    match entry.subject {
        Subject::Cluster(number) => {
            let all = outline.cluster(number).map_or(&[][..], |cluster| &cluster.members);
            &all[..all.len().min(super::entries::MOST_MEMBERS)]
        }
        _ => &[],
    }
}

/// About how many bytes a text takes in JSON: no fewer than it does, quotation marks and comma included.
fn json_length(text: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 1,
        0..0x20 | b'<' => 5,
        _ => 0,
    };
    3 + text.bytes().map(|byte| 1 + escaped(byte)).sum::<usize>()
}

/// The last characters of a text.
fn last_characters(text: &str) -> &str {
    text.char_indices().rev().nth(CONTEXT - 1).map_or(text, |(at, _)| &text[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_a_text_but_for_its_numbers() {
        for (one, other, is_same) in [
            ("week 10 of 52", "week 9 of 7", true),
            ("1,000 crowns, 10:30", "9 crowns, 8", true),
            ("the  end\n", "the end", true),
            ("week 10", "week ten", false),
            ("10 20", "10", false),
            ("1. a", "2 a", false),
            ("a 1", "b 1", false),
        ] {
            assert_eq!(shape(one) == shape(other), is_same, "{one:?} {other:?}");
        }
    }
}
