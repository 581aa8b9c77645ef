//! Compressed bytes to bytes.
//!
//! In: a buffered reader and its [`Compression`]. Out: a reader of what was
//! compressed: all members of a gzip file, all frames of a zstd file. Zeros
//! after the last gzip member, which tapes and downloads leave, are passed over as gzip does.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::{DeflateDecoder, GzDecoder};

use super::format::Compression;

/// Bytes asked of a compressed file at once.
const READ_SIZE: usize = 128 << 10;

/// A reader of what `source` holds.
///
/// # Errors
/// The decompressor's, if it cannot start.
pub fn decompress<'a>(
    source: impl Read + 'a,
    compression: Compression,
) -> io::Result<Box<dyn Read + 'a>> {
    let source = BufReader::with_capacity(READ_SIZE, source);
    Ok(match compression {
        Compression::None => Box::new(source),
        Compression::Zip => Box::new(DeflateDecoder::new(source)),
        Compression::Gzip => Box::new(Members::At(Box::new(GzDecoder::new(source)))),
        Compression::Zstd => Box::new(zstd::Decoder::with_buffer(source)?),
    })
}

/// The members of a gzip file, one after the other.
enum Members<R> {
    At(Box<GzDecoder<R>>),
    Ended,
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while let Members::At(member) = self {
            let count = member.read(out)?;
            if count > 0 || out.is_empty() {
                return Ok(count);
            }
            let Members::At(member) = std::mem::replace(self, Members::Ended) else { break };
            let mut source = member.into_inner();
            if pass_zeros(&mut source)? {
                *self = Members::At(Box::new(GzDecoder::new(source)));
            }
        }
        Ok(0)
    }
}

/// Passes over zeros; tells whether anything follows.
fn pass_zeros(source: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let buffer = source.fill_buf()?;
        if buffer.is_empty() {
            return Ok(false);
        }
        let zeros = buffer.iter().take_while(|&&byte| byte == 0).count();
        let passed_all = zeros == buffer.len();
        source.consume(zeros);
        if !passed_all {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        decompress(bytes, Compression::Gzip)?.read_to_string(&mut text).map(|_| text)
    }

    #[test]
    fn members_are_read_through_and_zeros_after_them_passed() {
        let members = [gzip("one, "), gzip(""), gzip("two")].concat();
        assert_eq!(read(&members).unwrap(), "one, two");
        assert_eq!(read(&[&members[..], &[0; 1000]].concat()).unwrap(), "one, two");
        assert!(read(&[&members[..], b"junk after it all"].concat()).is_err());
        assert!(read(&members[..members.len() - 3]).is_err());
    }
}
