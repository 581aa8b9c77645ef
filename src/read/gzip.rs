//! A gzip file to what its members hold, small members side by side.
//!
//! In: compressed bytes, which come in order. Out: the bytes of all members, one after the other.
//! Zeros after a member, which tapes and downloads leave, are passed over as gzip does, and so is
//! what follows the last member and is none, which is told.
//!
//! Crawls have a member a record, and bgzip one for each 64 KiB. Nothing says where the next member
//! begins, so a window of the file is divided, each part is unpacked from the first bytes in it that
//! look like a header, and what came of it counts only if the part before ended just there, each
//! member's checksum being right. So what is read is what one decoder would read. A member that
//! does not fit into the window is unpacked as it comes, and so is one that is damaged, which tells
//! what is wrong with it; unless whoever reads can do without it ([`Losses`]).

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use flate2::bufread::GzDecoder;
use memchr::memmem;
use rayon::prelude::*;

/// Bytes asked of a file at once.
const READ_SIZE: usize = 128 << 10;

/// Compressed bytes that are unpacked in one go, and the largest member that makes it worth
/// while to look for others after it.
const PART_SIZE: usize = 128 << 10;

/// How many parts a window has for each thread.
const FEWEST_PARTS: usize = 4;

/// What a part of text becomes at most, as a rule, in bytes.
const UNPACKED_SIZE: usize = 8 * PART_SIZE;

/// The most that a part may become: 64 times its size, far more than text does.
const MOST_UNPACKED: usize = 64 * PART_SIZE;

/// How a member begins: two bytes that mean gzip, and deflate, the only method there is.
const HEADER: &[u8] = b"\x1f\x8b\x08";

/// Bits of the byte after [`HEADER`] that are never set.
const RESERVED_FLAGS: u8 = 0b1110_0000;

/// Members that were passed over, since they cannot be read, and whether that is wanted: of a crawl, a member is
/// a record. Of a file of lines it may be the end of one and the start of another, which would become one.
#[derive(Debug, Default)]
pub struct Losses {
    wanted: AtomicBool,
    count: AtomicU64,
    first: AtomicU64,
    /// Where what is no member follows the last one; nothing does at the start of a file.
    tail: AtomicU64,
}

impl Losses {
    /// From now on small members that are damaged are passed over and counted.
    pub fn accept(&self) {
        self.wanted.store(true, Ordering::Relaxed);
    }

    /// What is to be told of them, if there are any.
    pub fn told(&self) -> Option<String> {
        let first = self.first.load(Ordering::Relaxed);
        let tail = self.tail.load(Ordering::Relaxed);
        match self.count.load(Ordering::Relaxed) {
            0 if tail > 0 => Some(format!("what follows from its byte {tail} on is none")),
            0 => None,
            1 => Some(format!("the member at its byte {first} cannot be read")),
            count => {
                Some(format!("{count} members, the first at its byte {first}, cannot be read"))
            }
        }
    }

    fn add(&self, at: u64) {
        if self.count.fetch_add(1, Ordering::Relaxed) == 0 {
            self.first.store(at, Ordering::Relaxed);
        }
    }
}

/// Reads what the members of a gzip file hold.
pub struct Members<R> {
    ahead: Ahead,
    state: State<R>,
    losses: Arc<Losses>,
}

enum State<R> {
    Within(Box<GzDecoder<Window<R>>>),
    Between { source: Window<R>, small: bool },
    Ended,
}

impl<R: Read> Members<R> {
    /// Reads `source`, which is at the start of a member.
    pub fn new(source: R, losses: Arc<Losses>) -> Self {
        let source =
            Window { source, bytes: Vec::new(), at: 0, position: 0, begun: 0, failure: None };
        let state = State::Within(Box::new(GzDecoder::new(source)));
        Members { ahead: Ahead::default(), state, losses }
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            let count = self.ahead.take(out);
            if count > 0 {
                return Ok(count);
            }
            self.state = match std::mem::replace(&mut self.state, State::Ended) {
                State::Within(mut member) => {
                    let read = member.read(out);
                    if !matches!(read, Ok(0)) {
                        self.state = State::Within(member);
                        return read;
                    }
                    let source = member.into_inner();
                    State::Between {
                        small: source.position - source.begun <= PART_SIZE as u64,
                        source,
                    }
                }
                State::Between { mut source, small } => {
                    if !pass_zeros(&mut source)? {
                        continue;
                    }
                    source.begun = source.position;
                    if small && self.ahead.unpack(&mut source) {
                        State::Between { source, small }
                    } else if small
                        && self.losses.wanted.load(Ordering::Relaxed)
                        && source.is_torn()
                    {
                        self.losses.add(source.position);
                        source.pass_to_header();
                        State::Between { source, small }
                    } else if !HEADER.starts_with(source.peek(2)) {
                        self.losses.tail.store(source.position, Ordering::Relaxed);
                        State::Ended
                    } else {
                        State::Within(Box::new(GzDecoder::new(source)))
                    }
                }
                State::Ended => return Ok(0),
            };
        }
    }
}

/// Passes over zeros; tells whether anything follows.
fn pass_zeros(source: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let buffer = source.fill_buf()?;
        if buffer.is_empty() {
            return Ok(false);
        }
        let zeros = count_zeros(buffer);
        let passed_all = zeros == buffer.len();
        source.consume(zeros);
        if !passed_all {
            return Ok(true);
        }
    }
}

fn count_zeros(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|&&byte| byte == 0).count()
}

/// A buffered reader that can be looked into as far as wanted.
struct Window<R> {
    source: R,
    bytes: Vec<u8>,
    /// Where in `bytes` the next byte is.
    at: usize,
    /// How many bytes were consumed, and how many when the member began.
    position: u64,
    begun: u64,
    /// What comes after `bytes`.
    failure: Option<io::Error>,
}

impl<R: Read> Window<R> {
    /// Has at least `size` bytes ready, if there are so many before the end or an error.
    fn fill(&mut self, size: usize) {
        self.bytes.drain(..self.at);
        self.at = 0;
        if self.failure.is_none() {
            let wanted = size.saturating_sub(self.bytes.len()) as u64;
            self.failure = self.source.by_ref().take(wanted).read_to_end(&mut self.bytes).err();
        }
    }

    /// The next bytes, so many if there are.
    fn peek(&mut self, size: usize) -> &[u8] {
        if self.bytes.len() - self.at < size {
            self.fill(size);
        }
        let rest = &self.bytes[self.at..];
        &rest[..rest.len().min(size)]
    }

    /// Whether the member that begins here is damaged, as far as a few parts of the file show.
    fn is_torn(&mut self) -> bool {
        self.fill(FEWEST_PARTS * PART_SIZE);
        let bytes = &self.bytes[..self.bytes.len().min(FEWEST_PARTS * PART_SIZE)];
        let unpacked =
            io::copy(&mut GzDecoder::new(bytes).take(MOST_UNPACKED as u64), &mut io::sink());
        unpacked.is_err_and(|error| error.kind() != io::ErrorKind::UnexpectedEof)
    }

    /// Passes over what is here, up to what looks like the header of another member.
    fn pass_to_header(&mut self) {
        let mut from = 1;
        loop {
            self.fill(FEWEST_PARTS * PART_SIZE);
            let ended = self.bytes.len() < FEWEST_PARTS * PART_SIZE;
            if let Some(header) = find_header(&self.bytes, from.min(self.bytes.len())) {
                return self.consume(header);
            }
            // A header may be cut by the end of the window.
            self.consume(if ended { self.bytes.len() } else { self.bytes.len() - HEADER.len() });
            if ended {
                return;
            }
            from = 0;
        }
    }
}

impl<R: Read> BufRead for Window<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.bytes.len() {
            self.fill(READ_SIZE);
            if self.bytes.is_empty() {
                return self.failure.take().map_or(Ok(&[]), Err);
            }
        }
        Ok(&self.bytes[self.at..])
    }

    fn consume(&mut self, count: usize) {
        self.at += count;
        self.position += count as u64;
    }
}

impl<R: Read> Read for Window<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

/// What was unpacked ahead, and how much of it was taken.
#[derive(Default)]
struct Ahead {
    /// Kept from one window to the next, since memory that is new costs more than unpacking into it.
    parts: Vec<Part>,
    /// How many of `parts` are of this window.
    count: usize,
    /// The part that is next, and the byte in it.
    next: (usize, usize),
}

/// Some members.
#[derive(Default)]
struct Part {
    /// Where in the window they begin, and where they must have ended.
    start: usize,
    end: usize,
    /// Where those that are whole did end.
    reached: usize,
    /// What they hold, in the first `length` bytes.
    unpacked: Vec<u8>,
    length: usize,
}

impl Ahead {
    /// Unpacks members that are whole in the next bytes of `source` and passes over them; tells whether there are any.
    fn unpack<R: Read>(&mut self, source: &mut Window<R>) -> bool {
        // Several parts a thread: members that take longer hold up the others less.
        source.fill(FEWEST_PARTS * rayon::current_num_threads() * PART_SIZE);
        let length = self.unpack_parts(&source.bytes, PART_SIZE);
        source.consume(length);
        length > 0
    }

    /// Unpacks the members at the start of `bytes`, in parts of about `size`; tells how far they reach.
    fn unpack_parts(&mut self, bytes: &[u8], size: usize) -> usize {
        let mut starts = vec![0];
        starts.extend(
            (1..bytes.len().div_ceil(size)).filter_map(|part| find_header(bytes, part * size)),
        );
        starts.dedup();
        self.next = (0, 0);
        self.count = starts.len();
        self.parts.resize_with(self.parts.len().max(self.count), Part::default);
        let parts = &mut self.parts[..self.count];
        for (index, part) in parts.iter_mut().enumerate() {
            part.start = starts[index];
            part.end = starts.get(index + 1).copied().unwrap_or(bytes.len());
        }
        parts.par_iter_mut().for_each(|part| part.unpack(bytes));
        let mut reached = 0;
        for part in parts {
            if part.start == reached {
                reached = part.reached;
            } else {
                // No start of a member: its bytes only look like one, or are behind one that is not whole.
                part.length = 0;
            }
        }
        reached
    }

    /// Moves the next bytes to `out`; tells how many.
    fn take(&mut self, out: &mut [u8]) -> usize {
        while let Some(part) = self.parts[..self.count].get(self.next.0) {
            let left = &part.unpacked[self.next.1..part.length];
            if left.is_empty() {
                self.next = (self.next.0 + 1, 0);
                continue;
            }
            let count = left.len().min(out.len());
            out[..count].copy_from_slice(&left[..count]);
            self.next.1 += count;
            return count;
        }
        0
    }
}

impl Part {
    /// Unpacks members of `bytes` from its start until one ends at its end or after it, or is not whole.
    fn unpack(&mut self, bytes: &[u8]) {
        self.length = 0;
        self.reached = self.start;
        while self.reached < self.end {
            let mut member = GzDecoder::new(&bytes[self.reached..]);
            let Some(length) = read_whole(&mut member, &mut self.unpacked, self.length) else {
                break;
            };
            self.length = length;
            let rest = member.into_inner();
            self.reached = bytes.len() - rest.len() + count_zeros(rest);
        }
    }
}

/// Reads all of `member` to `out[from..]`, making room as needed; tells where it ends, unless it is damaged or too long.
fn read_whole(member: &mut impl Read, out: &mut Vec<u8>, from: usize) -> Option<usize> {
    let mut length = from;
    loop {
        if length == out.len() {
            if length >= MOST_UNPACKED {
                return None;
            }
            out.resize((2 * length).max(UNPACKED_SIZE), 0);
        }
        match member.read(&mut out[length..]) {
            Ok(0) => return Some(length),
            Ok(count) => length += count,
            Err(_) => return None,
        }
    }
}

/// Where at or after `from` bytes look like the header of a member.
fn find_header(bytes: &[u8], from: usize) -> Option<usize> {
    memmem::find_iter(&bytes[from..], HEADER)
        .map(|at| from + at)
        .find(|at| bytes.get(at + HEADER.len()).is_some_and(|flags| flags & RESERVED_FLAGS == 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn gzip(text: &[u8], level: u32) -> Vec<u8> {
        let mut encoder =
            flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        Members::new(bytes, Arc::default()).read_to_end(&mut text).map(|_| text)
    }

    #[test]
    fn members_are_read_through_and_zeros_after_them_passed() {
        let members = [gzip(b"one, ", 1), gzip(b"", 1), gzip(b"two", 1)].concat();
        assert_eq!(read(&members).unwrap(), b"one, two");
        assert_eq!(read(&[&members[..], &[0; 1000]].concat()).unwrap(), b"one, two");
        assert!(read(&members[..members.len() - 3]).is_err());
    }

    #[test]
    fn what_follows_the_last_member_and_is_none_is_told() {
        let members = [gzip(b"one, ", 1), gzip(b"two", 1)].concat();
        for junk in [&b"junk after it all"[..], b"\0\0j", b"\x1f", b"\x1f\x8c\x08"] {
            let losses: Arc<Losses> = Arc::default();
            let mut text = String::new();
            let bytes = [&members[..], junk].concat();
            let read = Members::new(&bytes[..], Arc::clone(&losses)).read_to_string(&mut text);
            // A byte that may be the first of a header that was cut off is damage.
            if junk != b"\x1f" {
                read.unwrap();
                let place = members.len() + count_zeros(junk);
                let told = format!("what follows from its byte {place} on is none");
                assert_eq!((&*text, losses.told()), ("one, two", Some(told)));
            } else {
                assert!(read.is_err());
            }
        }
    }

    proptest! {
        /// Texts that are headers, stored as they are, are what a search for headers falls for.
        #[test]
        fn parts_are_what_one_decoder_reads(
            texts in proptest::collection::vec((0usize..300, any::<bool>()), 1..12), size in 1usize..200,
            zeros in 0usize..3, cut in 0usize..400,
        ) {
            let mut bytes = Vec::new();
            let mut ends = vec![(0, 0)];
            let mut expected = Vec::new();
            for (length, plain) in texts {
                let text: Vec<u8> = b"\x1f\x8b\x08\x00abc".iter().copied().cycle().take(length).collect();
                bytes.extend(gzip(&text, if plain { 0 } else { 6 }));
                bytes.resize(bytes.len() + zeros, 0);
                expected.extend(text);
                ends.push((bytes.len(), expected.len()));
            }
            let bytes = &bytes[..bytes.len().saturating_sub(cut)];
            let mut ahead = Ahead::default();
            let length = ahead.unpack_parts(bytes, size);
            let mut parts = vec![0; expected.len() + 1];
            let mut taken = 0;
            while let count @ 1.. = ahead.take(&mut parts[taken..]) {
                taken += count;
            }
            parts.truncate(taken);
            prop_assert_eq!(&parts[..], &expected[..taken]);
            let members = ends.iter().filter(|(end, _)| *end - zeros.min(*end) <= length).count() - 1;
            prop_assert_eq!(parts.len(), ends[members].1);
            // At least the first member, where it is whole.
            prop_assert!(members > 0 || bytes.len() < ends[1].0 - zeros);
        }
    }

    #[test]
    fn many_small_members_are_read_as_one_decoder_reads_them() {
        let mut bytes = Vec::new();
        let mut expected = Vec::new();
        let mut state = 1u64;
        for number in 0..3000u32 {
            // Now and then one that does not fit into the window.
            let length = if number == 999 { 2 << 20 } else { number as usize % 700 };
            let text: Vec<u8> = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 56) as u8
                })
                .collect();
            bytes.extend(gzip(&text, 1));
            expected.extend(text);
        }
        let threads = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        assert!(threads.install(|| read(&bytes)).unwrap() == expected);
        // Damage: what stands before it is read, and then it is met.
        let at = bytes.len() / 2;
        bytes[at] ^= 0xff;
        let mut text = Vec::new();
        let failed =
            threads.install(|| Members::new(&bytes[..], Arc::default()).read_to_end(&mut text));
        assert!(failed.is_err());
        assert!(text.len() > 300 << 10 && expected.starts_with(&text[..300 << 10]));
    }

    #[test]
    fn a_damaged_member_is_passed_over_where_that_is_wanted() {
        let texts: Vec<String> =
            (0..2000).map(|one| format!("{one} {}\n", "x".repeat(one % 50))).collect();
        let members: Vec<Vec<u8>> = texts.iter().map(|text| gzip(text.as_bytes(), 6)).collect();
        for (damaged, threads) in [(1, 1), (1, 2), (1000, 1), (1000, 3), (1999, 2)] {
            let mut bytes = members.concat();
            let start: usize = members[..damaged].iter().map(Vec::len).sum();
            // The checksum.
            bytes[start + members[damaged].len() - 8] ^= 1;
            let losses = Arc::new(Losses::default());
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let read = |losses: &Arc<Losses>| {
                let mut text = String::new();
                pool.install(|| {
                    Members::new(&bytes[..], Arc::clone(losses)).read_to_string(&mut text)
                })
                .map(|_| text)
            };
            assert!(read(&losses).is_err());
            assert_eq!(losses.told(), None);
            losses.accept();
            let expected = [&texts[..damaged], &texts[damaged + 1..]].concat().concat();
            assert_eq!(read(&losses).unwrap(), expected, "{damaged} {threads}");
            assert_eq!(
                losses.told(),
                Some(format!("the member at its byte {start} cannot be read"))
            );
        }
    }
}
