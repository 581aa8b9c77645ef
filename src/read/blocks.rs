//! A stream to blocks of whole lines, which can be worked on side by side.
//!
//! In: a reader that only goes forward, such as a decompressor. Out: [`Block`]s of about
//! [`BLOCK_SIZE`] bytes that end where a line ends, with their offsets. A line that is
//! longer than the limit is no part of any block; a block of its own tells of it.

use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// About how many bytes a block has.
pub const BLOCK_SIZE: usize = 1 << 20;

/// Some lines of the stream.
#[derive(Debug, PartialEq)]
pub struct Block {
    /// Offset of its first byte in the stream.
    pub offset: u64,
    /// Its lines; none if this is a line that was longer than the limit.
    pub lines: Option<Vec<u8>>,
}

/// Splits a stream into blocks.
pub struct BlockReader<R> {
    source: R,
    /// What was read and belongs to the next block.
    rest: Vec<u8>,
    /// Offset in the stream of `rest`.
    offset: u64,
    limit: usize,
    size: usize,
    /// What went wrong after the last block.
    failure: Option<io::Error>,
}

impl<R: Read> BlockReader<R> {
    /// Reads `source` in lines of at most `limit` bytes.
    pub fn new(source: R, limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX - BLOCK_SIZE);
        BlockReader { source, rest: Vec::new(), offset: 0, limit, size: BLOCK_SIZE, failure: None }
    }

    /// Offset in the stream of the next block.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next block, or `None` at the end.
    ///
    /// # Errors
    /// The reader's. What it gave before comes out first, as a block.
    pub fn next_block(&mut self) -> io::Result<Option<Block>> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let mut searched = 0;
        loop {
            let before = self.rest.len();
            let wanted = self.size.saturating_sub(before).max(self.size / 4).max(1);
            let read = self.source.by_ref().take(wanted as u64).read_to_end(&mut self.rest);
            if let Some(end) = memchr::memrchr(b'\n', &self.rest[searched..]) {
                self.failure = read.err();
                return Ok(Some(self.cut(searched + end + 1)));
            }
            searched = self.rest.len();
            read?;
            if self.rest.len() == before {
                return Ok((before > 0).then(|| self.cut(before)));
            }
            if self.rest.len() > self.limit {
                return self.pass_over().map(Some);
            }
        }
    }

    fn cut(&mut self, end: usize) -> Block {
        let mut rest = Vec::with_capacity(self.size + self.size / 4);
        rest.extend_from_slice(&self.rest[end..]);
        let mut lines = std::mem::replace(&mut self.rest, rest);
        lines.truncate(end);
        let offset = self.offset;
        self.offset += end as u64;
        Block { offset, lines: Some(lines) }
    }

    /// Reads on to the end of a line that is too long.
    fn pass_over(&mut self) -> io::Result<Block> {
        let offset = self.offset;
        loop {
            self.offset += self.rest.len() as u64;
            self.rest.clear();
            let count = self.source.by_ref().take(self.size as u64).read_to_end(&mut self.rest)?;
            let found = memchr::memchr(b'\n', &self.rest);
            let passed = found.map_or(count, |found| found + 1);
            if found.is_some() || count == 0 {
                self.offset += passed as u64;
                self.rest.drain(..passed);
                return Ok(Block { offset, lines: None });
            }
        }
    }
}

/// Does `work` on every block, on as many threads as there are, with few blocks in memory; gives
/// the results in the order of the blocks, and the error that ended the stream if one did.
pub fn in_blocks<T: Send>(
    blocks: &mut BlockReader<impl Read>,
    work: impl Fn(Block) -> T + Sync,
) -> (Vec<T>, Option<io::Error>) {
    let results: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::new());
    let waiting = AtomicUsize::new(0);
    let most_waiting = 2 * rayon::current_num_threads();
    let mut failure = None;
    rayon::in_place_scope(|scope| {
        let (results, waiting, work) = (&results, &waiting, &work);
        let done = |index, result| {
            results.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
        };
        for index in 0.. {
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
                    done(index, work(block));
                    waiting.fetch_sub(1, Ordering::Relaxed);
                });
            } else {
                // The others have enough to do: whoever reads lends a hand.
                done(index, work(block));
            }
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(index, _)| *index);
    (results.into_iter().map(|(_, result)| result).collect(), failure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn blocks_hold_every_line_that_is_not_too_long(
            lines in proptest::collection::vec(0usize..30, 0..40), size in 1usize..40, ends in any::<bool>()
        ) {
            const LIMIT: usize = 20;
            let text: Vec<Vec<u8>> = lines.iter().map(|&length| vec![b'x'; length]).collect();
            let mut bytes = text.join(&b'\n');
            if ends && !lines.is_empty() {
                bytes.push(b'\n');
            }
            let mut reader = BlockReader { size, ..BlockReader::new(&bytes[..], LIMIT as u64) };
            let mut at = 0;
            while let Some(block) = reader.next_block().unwrap() {
                prop_assert_eq!(block.offset as usize, at);
                match block.lines {
                    Some(lines) => {
                        prop_assert_eq!(&bytes[at..at + lines.len()], &lines[..]);
                        at += lines.len();
                        prop_assert!(lines.ends_with(b"\n") || at == bytes.len());
                    }
                    None => {
                        let length = bytes[at..].iter().take_while(|&&byte| byte == b'x').count();
                        prop_assert!(length > LIMIT);
                        at = (at + length + 1).min(bytes.len());
                    }
                }
            }
            prop_assert_eq!(at, bytes.len());
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
        let mut reader = BlockReader::new((&b"one\ntwo\nthr"[..]).chain(Broken), 100);
        let block = reader.next_block().unwrap().unwrap();
        assert_eq!(block.lines.unwrap(), b"one\ntwo\n");
        assert!(reader.next_block().is_err());
        assert_eq!(reader.offset(), 8);
    }
}
