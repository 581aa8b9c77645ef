//! Compressed bytes to bytes.
//!
//! In: a buffered reader and its [`Compression`]. Out: a reader of what was
//! compressed: all members of a gzip file, all frames of a zstd file.

use std::io::{self, BufReader, Read};
use std::sync::Arc;

use flate2::bufread::DeflateDecoder;

use super::format::Compression;
use super::gzip::{Losses, Members};

/// Bytes asked of a compressed file at once.
const READ_SIZE: usize = 128 << 10;

/// A reader of what `source` holds. Members of gzip that are damaged go to `losses`, where that accepts them.
///
/// # Errors
/// The decompressor's, if it cannot start.
pub fn decompress<'a>(
    source: impl Read + 'a,
    compression: Compression,
    losses: &Arc<Losses>,
) -> io::Result<Box<dyn Read + 'a>> {
    let buffered = |source| BufReader::with_capacity(READ_SIZE, source);
    Ok(match compression {
        Compression::None => Box::new(buffered(source)),
        Compression::Zip => Box::new(DeflateDecoder::new(buffered(source))),
        Compression::Gzip => Box::new(Members::new(source, Arc::clone(losses))),
        Compression::Zstd => Box::new(zstd::Decoder::with_buffer(buffered(source))?),
    })
}
