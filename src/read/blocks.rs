//! A stream to blocks of whole records, which can be worked on side by side.
//!
//! In: a reader that only goes forward, such as a decompressor, and the [`Cutter`] of its format.
//! Out: [`Block`]s of about [`BLOCK_SIZE`] bytes and the [`Frame`]s of the records in them, with
//! their offsets. A record that is longer than the limit is passed over, and a frame tells of it.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::cut::{Cutter, Look};
use crate::error::Result;
use crate::pool::Pool;
use crate::progress::Progress;

/// About how many bytes a block has.
pub const BLOCK_SIZE: usize = 1 << 20;

/// Some records of the stream.
pub struct Block {
    /// Offset of its first byte in the stream.
    pub offset: u64,
    /// Where each record is; at least one.
    pub frames: Vec<Frame>,
    /// The records, one after the other, and what else there is room for.
    room: Vec<u8>,
    length: usize,
}

impl Block {
    /// Its records, one after the other.
    pub fn bytes(&self) -> &[u8] {
        &self.room[..self.length]
    }

    /// What its bytes stood in, for [`BlockReader::reuse`].
    pub fn into_room(self) -> Vec<u8> {
        self.room
    }
}

/// A record in a block.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Its bytes, with what ends it; none if it was too long.
    pub range: Range<usize>,
    /// What it adds to the count of lines, or of records where there are no lines.
    pub lines: u64,
    /// What is wrong with it.
    pub fault: Option<Fault>,
}

/// Why a record cannot be used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// It is longer than the limit.
    TooLong,
    /// Its end is not where it should be.
    Broken(&'static str),
}

/// Splits a stream into blocks.
pub struct BlockReader<R> {
    source: R,
    cutter: Cutter,
    /// Its first bytes, so many as are `filled`, were read and belong to the next block. The others were written
    /// at some time too, so that the system can be given them to read into as they are.
    room: Vec<u8>,
    filled: usize,
    /// For the block after the next.
    spare: Vec<u8>,
    look: Look,
    /// Offset in the stream of what is in the room.
    offset: u64,
    limit: usize,
    size: usize,
    /// The part of the stream in which records are wanted that start there.
    wanted: Range<u64>,
    ended: bool,
    /// What went wrong after the last block.
    failure: Option<io::Error>,
}

impl<R: Read> BlockReader<R> {
    /// Reads `source`, whose first byte is at `offset` of the stream, in records of at most `limit` bytes.
    pub fn new(source: R, offset: u64, cutter: Cutter, limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX - 2 * BLOCK_SIZE);
        BlockReader {
            source,
            cutter,
            room: Vec::new(),
            filled: 0,
            spare: Vec::new(),
            look: Look::default(),
            offset,
            limit,
            size: BLOCK_SIZE,
            wanted: 0..u64::MAX,
            ended: false,
            failure: None,
        }
    }

    /// Reads about `size` bytes at once, for records that start in `wanted`. A record that starts before
    /// and ends behind it ends the reading: it may be most of the file, and every part of it would read on to its end.
    pub fn for_part(self, size: usize, wanted: Range<u64>) -> Self {
        BlockReader { size, wanted, ..self }
    }

    /// Reads into rooms that there are.
    pub fn in_rooms(self, [room, spare]: [Vec<u8>; 2]) -> Self {
        BlockReader { room, spare, ..self }
    }

    /// The rooms, for another reader.
    pub fn into_rooms(self) -> [Vec<u8>; 2] {
        [self.room, self.spare]
    }

    /// Offset in the stream of the next block.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Takes the room of a block that is done for a later one, unless it is one of a long record.
    pub fn reuse(&mut self, room: Vec<u8>) {
        if room.len() <= 2 * self.size {
            self.spare = room;
        }
    }

    /// The next block, or `None` at the end.
    ///
    /// # Errors
    /// The reader's. What it gave before comes out first, as a block; a record that it tore does not.
    pub fn next_block(&mut self) -> io::Result<Option<Block>> {
        loop {
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            let wanted = self.size.saturating_sub(self.filled).max(self.size / 4).max(1);
            self.read_on(wanted);
            let (frames, length) = self.cut();
            if !frames.is_empty() {
                return Ok(Some(self.take(frames, length)));
            }
            let spans_all = self.offset < self.wanted.start
                && self.offset + self.filled as u64 >= self.wanted.end;
            if self.ended || spans_all {
                return Ok(None);
            }
            if self.failure.is_none() && self.filled > self.limit {
                return Ok(Some(self.pass_over()));
            }
        }
    }

    /// Reads so many bytes, if there are as many; tells whether the stream ended before the first of them, and
    /// keeps what went wrong behind them.
    fn read_on(&mut self, wanted: usize) {
        let (start, end) = (self.filled, self.filled + wanted);
        if self.room.len() < end {
            self.room.resize(end, 0);
        }
        while self.filled < end && self.failure.is_none() {
            match self.source.read(&mut self.room[self.filled..end]) {
                Ok(0) => break,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.failure = Some(error),
            }
        }
        self.ended = self.filled == start && self.failure.is_none();
    }

    /// Finds the records that are whole, and how far they reach.
    fn cut(&mut self) -> (Vec<Frame>, usize) {
        let read = &self.room[..self.filled];
        let mut frames = Vec::new();
        let mut start = 0;
        while let Some(end) = self.cutter.end(&read[start..], &mut self.look, self.ended) {
            let range = start..start + end.length;
            self.look = Look::default();
            start = range.end;
            let fault = match end.broken {
                Some(reason) => Some(Fault::Broken(reason)),
                None if range.len() > self.limit.saturating_add(2) => Some(Fault::TooLong),
                None => None,
            };
            let lines = self.cutter.lines(&read[range.clone()]);
            frames.push(Frame { range, lines, fault });
        }
        (frames, start)
    }

    fn take(&mut self, frames: Vec<Frame>, length: usize) -> Block {
        let mut room = std::mem::take(&mut self.spare);
        let rest = self.filled - length;
        if room.len() < rest {
            room.resize(rest.max(self.size + self.size / 4), 0);
        }
        room[..rest].copy_from_slice(&self.room[length..self.filled]);
        let room = std::mem::replace(&mut self.room, room);
        self.filled = rest;
        let offset = self.offset;
        self.offset += length as u64;
        Block { offset, frames, room, length }
    }

    /// Reads on to the end of a record that is too long.
    fn pass_over(&mut self) -> Block {
        let offset = self.offset;
        let mut lines = 0;
        loop {
            let read = &self.room[..self.filled];
            let (passed, found) = self.cutter.pass(read, &mut self.look, self.ended);
            lines += self.cutter.lines_within(&read[..passed]);
            self.room.copy_within(passed..self.filled, 0);
            self.filled -= passed;
            self.offset += passed as u64;
            if found || self.failure.is_some() {
                self.look = Look::default();
                let frame = Frame { range: 0..0, lines: lines.max(1), fault: Some(Fault::TooLong) };
                return Block { offset, frames: vec![frame], room: Vec::new(), length: 0 };
            }
            self.read_on(self.size);
        }
    }
}

/// Does `work` on every block, on as many threads as there are, with few blocks in memory; gives
/// the results in the order of the blocks, and the error that ended the stream if one did.
///
/// # Errors
/// [`ErrorKind::Interrupted`](crate::error::ErrorKind::Interrupted), if that is wanted.
pub fn in_blocks<T: Send>(
    blocks: &mut BlockReader<impl Read>,
    progress: &dyn Progress,
    work: impl Fn(&Block) -> T + Sync,
) -> Result<(Vec<T>, Option<io::Error>)> {
    let results: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::new());
    let rooms: Pool<Vec<u8>> = Pool::default();
    let waiting = AtomicUsize::new(0);
    let most_waiting = 2 * rayon::current_num_threads();
    let mut failure = None;
    rayon::in_place_scope(|scope| {
        let (results, waiting, rooms, work) = (&results, &waiting, &rooms, &work);
        let work = move |index, block: Block| {
            let result = work(&block);
            results.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
            rooms.give_back(block.into_room());
        };
        for index in 0.. {
            if progress.wants_stop() {
                break;
            }
            blocks.reuse(rooms.take(Vec::new));
            let block = match blocks.next_block() {
                Ok(Some(block)) => block,
                Ok(None) => break,
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            };
            if waiting.load(Ordering::Relaxed) < most_waiting {
                waiting.fetch_add(1, Ordering::Relaxed);
                scope.spawn(move |_| {
                    work(index, block);
                    waiting.fetch_sub(1, Ordering::Relaxed);
                });
            } else {
                // The others have enough to do: whoever reads lends a hand.
                work(index, block);
            }
        }
    });
    progress.go_on()?;
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(index, _)| *index);
    Ok((results.into_iter().map(|(_, result)| result).collect(), failure))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn blocks_hold_every_line_that_is_not_too_long(
            lines in proptest::collection::vec(0usize..30, 0..40), size in 1usize..40, ends in any::<bool>(),
            reuse in any::<bool>(),
        ) {
            const LIMIT: usize = 20;
            let text: Vec<Vec<u8>> = lines.iter().map(|&length| vec![b'x'; length]).collect();
            let mut bytes = text.join(&b'\n');
            if ends && !lines.is_empty() {
                bytes.push(b'\n');
            }
            let mut reader = BlockReader { size, ..BlockReader::new(&bytes[..], 0, Cutter::Lines, LIMIT as u64) };
            let mut at = 0;
            let mut expected = bytes.split_inclusive(|&byte| byte == b'\n');
            while let Some(block) = reader.next_block().unwrap() {
                prop_assert_eq!(block.offset as usize, at);
                for frame in &block.frames {
                    let line = expected.next().unwrap();
                    match frame.fault {
                        None => prop_assert_eq!(line, &block.bytes()[frame.range.clone()]),
                        Some(_) => prop_assert!(line.len() > LIMIT),
                    }
                    at += line.len();
                }
                if reuse {
                    reader.reuse(block.into_room());
                }
            }
            prop_assert!(expected.next().is_none());
        }
    }

    #[test]
    fn a_record_around_a_part_is_not_read_to_its_end() {
        struct Counted<'a>(&'a [u8], usize);
        impl Read for Counted<'_> {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                let count = self.0.read(out)?;
                self.1 += count;
                Ok(count)
            }
        }
        for (newline, blocks) in [(999, 1), (1499, 1), (1600, 0), (50_000, 0)] {
            let mut bytes = vec![b'x'; 60_000];
            bytes[newline] = b'\n';
            let source = Counted(&bytes[999..], 0);
            let mut reader =
                BlockReader::new(source, 999, Cutter::Lines, 1 << 20).for_part(100, 1000..1500);
            let found = std::iter::from_fn(|| {
                reader.next_block().unwrap().filter(|block| block.offset < 1000)
            });
            assert_eq!(found.count(), blocks, "{newline}");
            assert!(blocks > 0 || reader.source.1 < 700, "{newline}: {} bytes", reader.source.1);
        }
    }

    #[test]
    fn what_stands_before_an_error_comes_first() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("torn"))
            }
        }
        let source = (&b"one\ntwo\nthr"[..]).chain(Broken);
        let mut reader = BlockReader::new(source, 0, Cutter::Lines, 100);
        let block = reader.next_block().unwrap().unwrap();
        assert_eq!(block.bytes(), b"one\ntwo\n");
        assert!(reader.next_block().is_err());
        assert_eq!(reader.offset(), 8);
    }
}
