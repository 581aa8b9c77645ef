//! A file to a stream of text: opened, looked at, decompressed.
//!
//! In: a [`SourceFile`]. Out: an [`Opened`] stream with its format, or the
//! reason to leave the file out. Reading is by position, so one open file
//! serves several threads, and memory-mapped input, which a changing file
//! would turn into a crash, is not needed.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::ReadOptions;
use super::archive::{Checked, Place};
use super::columns::{Footer, Section};
use super::compress::decompress;
use super::encoding::{Utf16Reader, utf16_of_head};
use super::format::{Compression, Format, Verdict, is_table, verdict};
use super::gzip::Losses;
use super::html::Html;
use super::in_memory::Rows;
use super::record::{Fields, Records};
use super::table::Table;
use super::walk::SourceFile;
use crate::error::{Error, ErrorKind, Result};
use crate::progress::Progress;
use crate::spill::{read_at, read_exact_at};

/// How much of a file is looked at to tell what it is, and what its columns are, in bytes.
const HEAD_SIZE: usize = 8 << 10;

/// The same for a table, whose first line must be whole.
const TABLE_HEAD_SIZE: usize = 256 << 10;

/// A file ready to be read.
pub struct Opened<'a> {
    /// The decompressed bytes from the start.
    pub reader: Box<dyn Read + 'a>,
    /// The file itself, when offsets in the stream are offsets in it.
    pub direct: Option<Positioned<'a>>,
    /// How to make documents of it.
    pub content: Content,
    /// Whether its name or the user says it is text.
    pub named: bool,
    /// How it is compressed.
    pub compression: Compression,
    /// How many characters of a stream that is decoded as it is read had to be replaced so far.
    pub replaced: Arc<AtomicU64>,
    /// What was passed over so far because it is damaged.
    pub losses: Arc<Losses>,
}

/// How a file becomes documents.
pub enum Content {
    /// It is one, as it is.
    Text,
    /// It is a page, and what is to be read of it is one.
    Page(Html),
    /// Each of its records is one.
    Records(Records),
    /// Each of its rows is one.
    Rows(Box<Rows>),
}

impl Content {
    /// Whether its texts are in no file as they stand.
    pub fn is_extracted(&self) -> bool {
        match self {
            Content::Text | Content::Rows(_) => false,
            Content::Page(html) => *html != Html::Text,
            Content::Records(records) => records.is_extracted(),
        }
    }
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
    /// The system's, damage in the first bytes of compressed data, or a table without a column of text.
    pub fn open<'a>(
        &self,
        options: &ReadOptions,
        progress: &'a dyn Progress,
    ) -> Result<Opening<'a>> {
        let io = |error| Error::io(&self.path, error);
        let (file, range, packed) = match &self.place {
            Place::Memory(table) => {
                return Ok(Opening::Read(Opened {
                    reader: Box::new(io::empty()),
                    direct: None,
                    content: Content::Rows(Box::new(Rows::Memory(table.clone()))),
                    named: true,
                    compression: Compression::None,
                    replaced: Arc::default(),
                    losses: Arc::default(),
                }));
            }
            Place::Path => (File::open(&self.path), 0..u64::MAX, None),
            Place::Unnamed(file) => (file.try_clone(), 0..u64::MAX, None),
            Place::Entry { archive, range, packed } => (archive.open(), range.clone(), *packed),
        };
        let source = Positioned { file: file.map_err(io)?, position: 0, range, progress };
        let table = is_table(&self.name, options.input_format);
        let head_size = if table { TABLE_HEAD_SIZE } else { HEAD_SIZE };
        let losses: Arc<Losses> = Arc::default();
        let damaged =
            |error, compression| read_error(error, compression).at_path(self.path.display());
        let (mut head, mut reader, mut direct, mut compression) = match packed {
            None => {
                let direct = source.again().map_err(io)?;
                let head = source.head(head_size).map_err(io)?;
                (head, Box::new(source) as Box<dyn Read>, Some(direct), Compression::None)
            }
            Some(packed) => {
                let reader = decompress(source, Compression::Zip, &losses)
                    .map_err(|error| damaged(error, Compression::Zip))?;
                let (head, reader) = peek(Checked::new(reader, packed.crc), head_size);
                (head, reader, None, Compression::Zip)
            }
        };
        if Compression::of(&head) != Compression::None {
            compression = Compression::of(&head);
            let unpacked = decompress(reader, compression, &losses)
                .map_err(|error| damaged(error, compression))?;
            (head, reader) = peek(unpacked, head_size);
            direct = None;
        }
        let utf16 = utf16_of_head(&head);
        let readable = utf16.map(|encoding| encoding.decode(&head).0.into_owned().into_bytes());
        let readable = readable.as_deref().unwrap_or(&head);
        let (format, named) = match verdict(&self.name, readable, options.input_format) {
            Verdict::Read { format, named } => (format, named),
            Verdict::Skip(reason) => return Ok(Opening::Skip(reason)),
        };
        let in_place = utf16.is_none() && matches!(self.place, Place::Path);
        let content = match format {
            Format::Text => Content::Text,
            Format::Html => Content::Page(options.html),
            Format::Jsonl => Content::Records(Records::Jsonl { in_place }),
            Format::Warc => {
                losses.accept();
                Content::Records(Records::Warc { html: options.html, limit: options.max_document })
            }
            Format::Csv | Format::Tsv => {
                let delimiter = (format == Format::Tsv).then_some(b'\t');
                match Table::of(readable, delimiter, &Fields::of(options)) {
                    Ok(table) => {
                        Content::Records(Records::Table { table: Box::new(table), in_place })
                    }
                    Err(error) => return self.without_table(error),
                }
            }
            Format::Parquet => {
                let Some(direct) = &direct else {
                    return Ok(Opening::Skip("a Parquet file that is packed as a whole"));
                };
                let section = direct.section().map_err(io)?;
                let footer = match self.footer.get() {
                    Some(footer) => Ok(footer.clone()),
                    None => Footer::load(&section, &Fields::of(options)),
                };
                match footer {
                    Ok(footer) => Content::Rows(Box::new(Rows::Parquet(section, footer))),
                    Err(error) => return self.without_table(error),
                }
            }
        };
        let replaced = Arc::new(AtomicU64::new(0));
        let opened = Opened { reader, direct, content, named, compression, replaced, losses };
        Ok(Opening::Read(match (&opened.content, utf16) {
            (Content::Records(_), Some(encoding)) => Opened {
                reader: Box::new(Utf16Reader::new(
                    opened.reader,
                    encoding,
                    Arc::clone(&opened.replaced),
                )),
                direct: None,
                ..opened
            },
            _ => opened,
        }))
    }
}

impl SourceFile {
    /// What to do about a table that cannot be read. Any folder may hold one of something else;
    /// what was named is meant.
    fn without_table<'a>(&self, error: Error) -> Result<Opening<'a>> {
        if !self.named && error.is_about_columns() {
            return Ok(Opening::Skip("a table without the column of `--text-field`"));
        }
        Err(error.at_path(self.path.display()))
    }
}

/// The first bytes of a stream, and the stream with these. What stands before damage is read
/// before the damage is met.
fn peek<'a>(mut reader: impl Read + 'a, size: usize) -> (Vec<u8>, Box<dyn Read + 'a>) {
    let mut head = Vec::new();
    let failure = reader.by_ref().take(size as u64).read_to_end(&mut head).err();
    let whole = Cursor::new(head.clone()).chain(Failing(failure)).chain(reader);
    (head, Box::new(whole))
}

/// A reader that gives nothing, but the error it has, once.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// What the decoder of Zstandard says of data that was packed with a window of more than 2^27 bytes.
const WINDOW_TOO_LARGE: &str = "requires too much memory";

/// An I/O error of a stream as what it means: damage, where the data is compressed.
pub fn read_error(error: io::Error, compression: Compression) -> Error {
    let damaged = error.raw_os_error().is_none() && compression != Compression::None;
    Error::new(if damaged && error.to_string().contains(WINDOW_TOO_LARGE) {
        ErrorKind::Window
    } else if damaged {
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
    /// The bytes of it that are meant; positions count from their start.
    range: Range<u64>,
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
        if offset.checked_add(buffer.len() as u64).is_none_or(|end| end > self.length()) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        read_exact_at(&self.file, buffer, self.range.start + offset)
    }

    /// The same bytes, for the decoder of Parquet.
    fn section(&self) -> io::Result<Section> {
        Section::new(self.file.try_clone()?, self.range.clone())
    }

    fn length(&self) -> u64 {
        self.range.end - self.range.start
    }

    fn again(&self) -> io::Result<Self> {
        Ok(Positioned { file: self.file.try_clone()?, range: self.range.clone(), ..*self })
    }

    fn head(&self, size: usize) -> io::Result<Vec<u8>> {
        let size = usize::try_from(self.length()).map_or(size, |length| length.min(size));
        let mut head = vec![0; size];
        let mut length = 0;
        while length < head.len() {
            match read_at(&self.file, &mut head[length..], self.range.start + length as u64) {
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
        let left = self.length().saturating_sub(self.position);
        let most = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let from = self.range.start + self.position;
        let count = read_at(&self.file, &mut buffer[..most], from)?;
        self.position += count as u64;
        self.progress.advance(count as u64);
        Ok(count)
    }
}
