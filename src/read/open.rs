//! A file to a stream of text: opened, looked at, decompressed.
//!
//! In: a [`SourceFile`]. Out: an [`Opened`] stream with its format, or the
//! reason to leave the file out. Reading is by position, so one open file
//! serves several threads, and memory-mapped input, which a changing file
//! would turn into a crash, is not needed.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::compress::decompress;
use super::encoding::{Utf16Reader, utf16_of_head};
use super::format::{Compression, Format, Verdict, verdict};
use super::walk::SourceFile;
use crate::error::{Error, ErrorKind, Result};
use crate::progress::Progress;
use crate::spill::{read_at, read_exact_at};

/// How much of a file is looked at to tell what it is, in bytes.
const HEAD_SIZE: usize = 8 << 10;

/// A file ready to be read.
pub struct Opened<'a> {
    /// The decompressed bytes from the start.
    pub reader: Box<dyn Read + 'a>,
    /// The file itself, when offsets in the stream are offsets in it.
    pub direct: Option<Positioned<'a>>,
    /// How to make documents of it.
    pub format: Format,
    /// Whether its name or the user says it is text.
    pub named: bool,
    /// How it is compressed.
    pub compression: Compression,
    /// Whether the stream is decoded as it is read, so that its bytes are not those of the file.
    pub recoded: bool,
    /// How many characters of such a stream had to be replaced so far.
    pub replaced: Arc<AtomicU64>,
}

/// Either a stream or the reason why there is none.
pub enum Opening<'a> {
    /// To be read.
    Read(Opened<'a>),
    /// To be left out.
    Skip(&'static str),
}

impl SourceFile {
    /// Opens the file and finds out what it is.
    ///
    /// # Errors
    /// The system's, or damage in the first bytes of compressed data.
    pub fn open<'a>(
        &self,
        chosen: Option<Format>,
        progress: &'a dyn Progress,
    ) -> Result<Opening<'a>> {
        let file = match &self.spooled {
            Some(file) => file.try_clone(),
            None => File::open(&self.path),
        };
        let file = file.map_err(|error| Error::io(&self.path, error))?;
        let source = Positioned { file, position: 0, progress };
        let head = source.head().map_err(|error| Error::io(&self.path, error))?;
        let compression = Compression::of(&head);
        let (head, reader, direct) = match compression {
            Compression::None => {
                let direct = source.again().map_err(|error| Error::io(&self.path, error))?;
                (head, Box::new(source) as Box<dyn Read>, Some(direct))
            }
            Compression::Gzip | Compression::Zstd => {
                let mut reader = decompress(source, compression)
                    .map_err(|error| read_error(error, compression).at_path(self.path.display()))?;
                let (head, failure) = head_of(&mut reader);
                // What stands before damage is read before the damage is met.
                let rest = Cursor::new(head.clone()).chain(Failing(failure)).chain(reader);
                (head, Box::new(rest) as Box<dyn Read>, None)
            }
        };
        let utf16 = utf16_of_head(&head);
        let readable = utf16.map(|encoding| encoding.decode(&head).0.into_owned().into_bytes());
        let (format, named) =
            match verdict(&self.name, readable.as_deref().unwrap_or(&head), chosen) {
                Verdict::Read { format, named } => (format, named),
                Verdict::Skip(reason) => return Ok(Opening::Skip(reason)),
            };
        let replaced = Arc::new(AtomicU64::new(0));
        let recoded = false;
        let opened = Opened { reader, direct, format, named, compression, recoded, replaced };
        Ok(Opening::Read(match (format, utf16) {
            (Format::Jsonl, Some(encoding)) => Opened {
                reader: Box::new(Utf16Reader::new(
                    opened.reader,
                    encoding,
                    Arc::clone(&opened.replaced),
                )),
                direct: None,
                recoded: true,
                ..opened
            },
            _ => opened,
        }))
    }
}

/// The first bytes of a stream, and the error that ended them if one did.
fn head_of(reader: &mut dyn Read) -> (Vec<u8>, Option<io::Error>) {
    let mut head = Vec::new();
    let failure = reader.take(HEAD_SIZE as u64).read_to_end(&mut head).err();
    (head, failure)
}

/// A reader that gives nothing, but the error it has, once.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// An I/O error of a stream as what it means: damage, where the data is compressed.
pub fn read_error(error: io::Error, compression: Compression) -> Error {
    let damaged = error.raw_os_error().is_none() && compression != Compression::None;
    Error::new(if damaged {
        let detail = match error.kind() {
            io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
            _ => error.to_string(),
        };
        ErrorKind::Damaged { format: compression.name(), detail }
    } else {
        ErrorKind::Io(error)
    })
}

/// A file with a position of its own; reading counts as progress.
pub struct Positioned<'a> {
    file: File,
    position: u64,
    progress: &'a dyn Progress,
}

impl Positioned<'_> {
    /// The same file, read from `offset`.
    pub fn from(mut self, offset: u64) -> Self {
        self.position = offset;
        self
    }

    /// Fills `buffer` from `offset`.
    pub fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        read_exact_at(&self.file, buffer, offset)
    }

    fn again(&self) -> io::Result<Self> {
        Ok(Positioned { file: self.file.try_clone()?, ..*self })
    }

    fn head(&self) -> io::Result<Vec<u8>> {
        let mut head = vec![0; HEAD_SIZE];
        let mut length = 0;
        while length < head.len() {
            match read_at(&self.file, &mut head[length..], length as u64) {
                Ok(0) => break,
                Ok(count) => length += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        head.truncate(length);
        Ok(head)
    }
}

impl Read for Positioned<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = read_at(&self.file, buffer, self.position)?;
        self.position += count as u64;
        self.progress.advance(count as u64);
        Ok(count)
    }
}
