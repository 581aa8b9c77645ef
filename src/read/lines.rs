//! Lines of a stream, with their offsets, in a buffer that never outgrows a limit.
//!
//! In: any reader. Out: [`Line`]s, borrowed from the one buffer. A line longer
//! than the limit is passed over and handed out as a marker, so that its place
//! can be reported and the rest of the stream goes on.

use std::io::{self, Read};

/// How much is asked of the reader at once, in bytes.
const READ_SIZE: usize = 256 << 10;

/// A line of the stream.
#[derive(Debug, PartialEq)]
pub struct Line<'a> {
    /// Offset of its first byte in the stream.
    pub offset: u64,
    /// Its bytes without the line feed; `None` if there were more than the limit.
    pub bytes: Option<&'a [u8]>,
}

/// Splits a stream into lines.
pub struct LineReader<R> {
    source: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset in the stream of `buffer[start]`.
    offset: u64,
    limit: usize,
    ended: bool,
}

impl<R: Read> LineReader<R> {
    /// Reads `source`, whose first byte is at `offset` of the stream, in lines of at most `limit` bytes.
    pub fn new(source: R, offset: u64, limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX - READ_SIZE);
        LineReader { source, buffer: Vec::new(), start: 0, end: 0, offset, limit, ended: false }
    }

    /// Offset in the stream of the next line.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next line, or `None` at the end. Cost: linear in the line.
    pub fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut searched = 0;
        loop {
            let window = &self.buffer[self.start..self.end];
            if let Some(found) = memchr::memchr(b'\n', &window[searched..]) {
                return Ok(Some(self.take(searched + found, 1)));
            }
            searched = window.len();
            if self.ended {
                return Ok((searched > 0).then(|| self.take(searched, 0)));
            }
            if searched > self.limit {
                return self.pass_over().map(Some);
            }
            self.fill()?;
        }
    }

    fn take(&mut self, length: usize, terminator: usize) -> Line<'_> {
        let (start, offset) = (self.start, self.offset);
        self.start += length + terminator;
        self.offset += (length + terminator) as u64;
        let bytes = &self.buffer[start..start + length];
        Line { offset, bytes: (length <= self.limit).then_some(bytes) }
    }

    fn pass_over(&mut self) -> io::Result<Line<'_>> {
        let offset = self.offset;
        loop {
            let window = &self.buffer[self.start..self.end];
            let found = memchr::memchr(b'\n', window);
            let passed = found.map_or(window.len(), |found| found + 1);
            self.start += passed;
            self.offset += passed as u64;
            if found.is_some() || self.ended {
                return Ok(Line { offset, bytes: None });
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() < self.end + READ_SIZE {
            let grown = (self.end + READ_SIZE).max(self.buffer.len() * 2);
            self.buffer.resize(grown.min(self.limit.saturating_add(2 * READ_SIZE)), 0);
        }
        loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(count) => {
                    self.end += count;
                    self.ended = count == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(bytes: &[u8], limit: u64) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut reader = LineReader::new(bytes, 0, limit);
        let mut found = Vec::new();
        while let Some(line) = reader.next_line().unwrap() {
            found.push((line.offset, line.bytes.map(<[u8]>::to_vec)));
        }
        found
    }

    #[test]
    fn a_line_over_the_limit_is_marked_and_the_rest_goes_on() {
        let long = vec![b'x'; 3 * READ_SIZE];
        let bytes = [b"ab\n", &long[..], b"\ncd"].concat();
        let after = 3 + long.len() as u64 + 1;
        assert_eq!(
            lines(&bytes, 10),
            [(0, Some(b"ab".to_vec())), (3, None), (after, Some(b"cd".to_vec()))]
        );
    }

    proptest! {
        #[test]
        fn lines_are_what_split_gives(bytes in proptest::collection::vec(b'\t'..=b'\r', 0..200)) {
            let mut expected: Vec<_> = bytes.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
            if expected.last().is_some_and(Vec::is_empty) {
                expected.pop();
            }
            let found: Vec<_> = lines(&bytes, 1000).into_iter().filter_map(|(_, line)| line).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
