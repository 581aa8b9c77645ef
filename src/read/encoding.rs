//! Bytes to text: byte order mark, then a UTF-8 check, then a guess.
//!
//! In: the bytes of a document. Out: [`Decoded`] text with the count of
//! characters that could not be decoded and were replaced by U+FFFD, or the
//! reason why the bytes are no text. The guess is the browsers' own pair,
//! `encoding_rs` and `chardetng`; UTF-16 without a mark, which `chardetng`
//! leaves to others, is told by decoding it strictly.

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Decoded text and how it came about.
#[derive(Debug, PartialEq)]
pub struct Decoded<'a> {
    /// The text, without byte order mark.
    pub text: Cow<'a, str>,
    /// How many characters stand for bytes that could not be decoded.
    pub replaced: u64,
    /// The encoding, when no byte order mark and no UTF-8 check settled it.
    pub guessed: Option<&'static str>,
}

/// Decodes a whole document.
///
/// # Errors
/// The reason, when the bytes are no text in any encoding.
pub fn decode(bytes: &[u8]) -> Result<Decoded<'_>, &'static str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decode_as(&bytes[mark..], encoding, None);
    }
    if let Ok(text) = simdutf8::basic::from_utf8(bytes) {
        if is_binary(bytes) {
            return Err("it holds control bytes as binary data does");
        }
        return Ok(Decoded { text: Cow::Borrowed(text), replaced: 0, guessed: None });
    }
    if is_torn_utf8(bytes) {
        return decode_as(bytes, UTF_8, None);
    }
    if memchr::memchr(0, bytes).is_some() {
        let encoding = utf16_without_mark(bytes).ok_or("it holds NUL bytes as binary data does")?;
        return decode_as(bytes, encoding, Some(encoding.name()));
    }
    if is_binary(bytes) {
        return Err("it holds control bytes as binary data does");
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let encoding = detector.guess(None, Utf8Detection::Allow);
    decode_as(bytes, encoding, Some(encoding.name()))
}

/// How far into a page its own word on its encoding is looked for, in bytes.
const PRESCAN_SIZE: usize = 4 << 10;

/// Decodes a page: by byte order mark, then a UTF-8 check, then what `header`, the charset that came
/// with it, or the page itself says, then a guess. What is whole UTF-8 is so, whatever the
/// page claims; only ISO-2022-JP looks like it and is none.
///
/// # Errors
/// The reason, when the bytes are no text in any encoding.
pub fn decode_page<'a>(bytes: &'a [u8], header: Option<&str>) -> Result<Decoded<'a>, &'static str> {
    let marked = Encoding::for_bom(bytes).is_some();
    let declared = header
        .and_then(|label| Encoding::for_label(label.trim().as_bytes()))
        .or_else(|| declared_charset(&bytes[..bytes.len().min(PRESCAN_SIZE)]));
    match declared {
        // A page that can say so in ASCII is not UTF-16.
        Some(encoding) if !marked && !encoding.name().starts_with("UTF-") => {
            let whole = simdutf8::basic::from_utf8(bytes).is_ok();
            if (whole && encoding.name() != "ISO-2022-JP") || is_binary(bytes) {
                return decode(bytes);
            }
            decode_as(bytes, encoding, None)
        }
        _ => decode(bytes),
    }
}

/// The encoding that stands behind the first `charset=` or XML `encoding=` of a page.
fn declared_charset(head: &[u8]) -> Option<&'static Encoding> {
    let lower = head.to_ascii_lowercase();
    let key = |key: &[u8]| memchr::memmem::find(&lower, key).map(|found| found + key.len());
    let at = match lower.starts_with(b"<?xml") {
        true => key(b"encoding=").or_else(|| key(b"charset=")),
        false => key(b"charset="),
    }?;
    let label = lower[at..].trim_ascii_start();
    let label = label.strip_prefix(b"\"").or_else(|| label.strip_prefix(b"'")).unwrap_or(label);
    let ends = |byte: &u8| matches!(byte, b'"' | b'\'' | b'>' | b'/' | b';' | b' ' | b'?');
    Encoding::for_label(&label[..label.iter().position(ends).unwrap_or(label.len())])
}
/// How a text stands in bytes: in which encoding, and whether a byte order mark goes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    encoding: &'static Encoding,
    marked: bool,
}

impl Form {
    /// UTF-8 without a mark.
    pub fn utf8() -> Self {
        Form { encoding: UTF_8, marked: false }
    }

    /// The form of bytes that were decoded, if they can be made of the text again.
    pub fn of(bytes: &[u8], decoded: &Decoded<'_>) -> Option<Self> {
        let form = match (Encoding::for_bom(bytes), decoded.guessed) {
            (Some((encoding, _)), _) => Form { encoding, marked: true },
            (None, Some(name)) => {
                Form { encoding: Encoding::for_label(name.as_bytes())?, marked: false }
            }
            (None, None) => Form::utf8(),
        };
        let same = match &decoded.text {
            Cow::Borrowed(_) if form.encoding == UTF_8 => true,
            _ => decoded.replaced == 0 && form.bytes(&decoded.text).is_some_and(|it| *it == *bytes),
        };
        // Cutting must not make a text of which little is left look like binary data.
        let clean = foreign_controls(decoded.text.as_bytes()) == 0;
        (same && clean).then_some(form)
    }

    /// The name of the form, for [`from_name`](Self::from_name).
    pub fn name(self) -> String {
        format!("{}{}", self.encoding.name(), if self.marked { MARKED } else { "" })
    }

    /// The form of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let (label, marked) = match name.strip_suffix(MARKED) {
            Some(label) => (label, true),
            None => (name, false),
        };
        Some(Form { encoding: Encoding::for_label(label.as_bytes())?, marked })
    }

    /// The bytes of a text; `None` if it has a character that the encoding has not.
    pub fn bytes(self, text: &str) -> Option<Cow<'_, [u8]>> {
        if self.encoding == UTF_8 && !self.marked {
            return Some(Cow::Borrowed(text.as_bytes()));
        }
        let marked = self.mark();
        let units = || marked.encode_utf16().chain(text.encode_utf16());
        Some(Cow::Owned(if self.encoding == UTF_16LE {
            units().flat_map(u16::to_le_bytes).collect()
        } else if self.encoding == UTF_16BE {
            units().flat_map(u16::to_be_bytes).collect()
        } else if self.encoding == UTF_8 {
            [marked.as_bytes(), text.as_bytes()].concat()
        } else {
            let (bytes, _, unmappable) = self.encoding.encode(text);
            if unmappable {
                return None;
            }
            bytes.into_owned()
        }))
    }

    /// The byte order mark that stands before the text, or nothing.
    pub fn mark(self) -> &'static str {
        if self.marked { "\u{feff}" } else { "" }
    }

    /// The form that a text is written in once it is no longer the original: UTF-8, with the mark
    /// that a text in UTF-8 had.
    pub fn rewritten(self) -> Self {
        Form { encoding: UTF_8, marked: self.marked && self.encoding == UTF_8 }
    }
}

/// What follows the name of an encoding whose texts begin with a byte order mark.
const MARKED: &str = " with mark";

/// Which UTF-16 the text starts with, if its head says so by mark or by shape.
pub fn utf16_of_head(head: &[u8]) -> Option<&'static Encoding> {
    match Encoding::for_bom(head) {
        Some((encoding, _)) if encoding != UTF_8 => Some(encoding),
        Some(_) => None,
        None if memchr::memchr(0, head).is_some() => utf16_without_mark(&head[..head.len() & !1]),
        None => None,
    }
}

fn decode_as<'a>(
    bytes: &'a [u8],
    encoding: &'static Encoding,
    guessed: Option<&'static str>,
) -> Result<Decoded<'a>, &'static str> {
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    let replaced = if had_errors {
        let standing = memchr::memmem::find_iter(bytes, "\u{fffd}").count();
        text.matches('\u{fffd}').count().saturating_sub(standing).max(1) as u64
    } else {
        0
    };
    Ok(Decoded { text, replaced, guessed })
}

/// Whether the bytes are UTF-8 but for a few torn characters: text of another
/// encoding holds hardly anything that is a whole character of UTF-8 by chance.
fn is_torn_utf8(bytes: &[u8]) -> bool {
    let (mut whole, mut torn) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        torn += usize::from(!chunk.invalid().is_empty());
    }
    whole > 2 * torn && !is_binary(bytes)
}

/// Whether control bytes that no text uses are too many for dirt. Of 5,057 scraped texts, in which
/// quotation marks of a lost encoding had become such bytes, all but three heaps of symbols had less
/// than 14 of 1,000, and NUL in less than 4; of 17,000 binaries those without NUL had 50 and more.
fn is_binary(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(64 << 10)];
    let controls = foreign_controls(head);
    let zeros = memchr::memchr_iter(0, head).count();
    controls * 50 > head.len() || zeros * 200 > head.len()
}

/// A control byte other than tab, line feed, vertical tab, form feed,
/// carriage return, backspace and escape.
fn is_foreign_control(byte: u8) -> bool {
    (byte <= 7) | ((14..=31).contains(&byte) & (byte != 27)) | (byte == 127)
}

/// How many of the bytes are such. Every byte of a corpus is looked at here: without branches, and
/// counted in a byte, many are at once.
fn foreign_controls(bytes: &[u8]) -> usize {
    let few = bytes.chunks(240);
    few.map(|few| {
        usize::from(few.iter().map(|&byte| u8::from(is_foreign_control(byte))).sum::<u8>())
    })
    .sum()
}

/// The byte order under which all of `bytes` is clean UTF-16, if there is one.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    if bytes.len() < 2 || !bytes.len().is_multiple_of(2) {
        return None;
    }
    // Line feeds and spaces tell the order apart even where the script uses no ASCII letter.
    let (mut even_zeros, mut odd_zeros) = (0usize, 0usize);
    for pair in bytes.chunks_exact(2) {
        even_zeros += usize::from(pair[0] == 0);
        odd_zeros += usize::from(pair[1] == 0);
    }
    let encoding = if odd_zeros > even_zeros { UTF_16LE } else { UTF_16BE };
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    let clean = text.chars().all(|c| !c.is_control() || c.is_whitespace());
    let wordy = text.chars().filter(|c| c.is_alphanumeric() || c.is_whitespace()).count();
    (!had_errors && clean && wordy * 4 >= text.chars().count() * 3).then_some(encoding)
}

/// A reader that turns a UTF-16 stream into UTF-8, its byte order mark dropped.
pub struct Utf16Reader<R> {
    source: R,
    decoder: Decoder,
    raw: Vec<u8>,
    decoded: String,
    /// How much of `decoded` has been handed out.
    given: usize,
    ended: bool,
    /// Counts what could not be decoded.
    replaced: Arc<AtomicU64>,
}

impl<R: Read> Utf16Reader<R> {
    /// Reads `source`, which is in `encoding`, and counts in `replaced` what cannot be decoded.
    pub fn new(source: R, encoding: &'static Encoding, replaced: Arc<AtomicU64>) -> Self {
        let decoder = encoding.new_decoder_with_bom_removal();
        let raw = vec![0; 64 << 10];
        Utf16Reader {
            source,
            decoder,
            raw,
            decoded: String::new(),
            given: 0,
            ended: false,
            replaced,
        }
    }

    fn decode_more(&mut self) -> io::Result<()> {
        let count = self.source.read(&mut self.raw)?;
        self.ended = count == 0;
        self.decoded.clear();
        self.given = 0;
        let mut raw = &self.raw[..count];
        loop {
            let most = self.decoder.max_utf8_buffer_length_without_replacement(raw.len());
            self.decoded.reserve(most.unwrap_or(4 * raw.len() + 16));
            let (result, used) = self.decoder.decode_to_string_without_replacement(
                raw,
                &mut self.decoded,
                self.ended,
            );
            raw = &raw[used..];
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    self.decoded.push('\u{fffd}');
                    self.replaced.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.decoded.len() && !self.ended {
            self.decode_more()?;
        }
        let count = (&self.decoded.as_bytes()[self.given..]).read(out)?;
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        let order = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn each_encoding_is_told() {
        let prose = "Größe und Maß der Brücke,\r\nzehn Jahre später gemessen.";
        let windows = encoding_rs::WINDOWS_1252.encode(prose).0.into_owned();
        let marked: Vec<u8> = [&b"\xff\xfe"[..], &utf16(prose, false)].concat();
        for (bytes, guessed) in [
            (prose.as_bytes().to_vec(), None),
            ([b"\xef\xbb\xbf", prose.as_bytes()].concat(), None),
            (marked, None),
            (windows, Some("windows-1252")),
            (utf16(prose, false), Some("UTF-16LE")),
            (utf16(prose, true), Some("UTF-16BE")),
        ] {
            let decoded = decode(&bytes).unwrap();
            assert_eq!((&*decoded.text, decoded.guessed), (prose, guessed));
        }
    }

    #[test]
    fn a_page_is_decoded_by_header_then_meta_but_utf8_is_utf8() {
        let cyrillic = "<meta charset='koi8-r'><p>\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}";
        let koi8 = encoding_rs::KOI8_R.encode(cyrillic).0.into_owned();
        let windows = encoding_rs::WINDOWS_1251.encode(cyrillic).0.into_owned();
        for (bytes, header) in [
            (&koi8[..], None),
            (&windows[..], Some("windows-1251")),
            (cyrillic.as_bytes(), None),
            (cyrillic.as_bytes(), Some("windows-1251")),
        ] {
            assert_eq!(decode_page(bytes, header).unwrap().text, cyrillic);
        }
        let japanese = "<meta content=\"text/html; charset=iso-2022-jp\">\u{6e2f}";
        let bytes = encoding_rs::ISO_2022_JP.encode(japanese).0.into_owned();
        assert_eq!(decode_page(&bytes, None).unwrap().text, japanese);
    }

    #[test]
    fn replacements_are_counted_and_binary_is_refused() {
        let decoded = decode(b"\xef\xbb\xbfok \xff ok \xfe").unwrap();
        assert_eq!((&*decoded.text, decoded.replaced), ("ok \u{fffd} ok \u{fffd}", 2));
        assert!(
            decode(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0>\0\x01\0\0\0\xb0\xcf").is_err()
        );
        assert!(decode(&[0; 64]).is_err());
    }

    /// Quotation marks of Windows-1252, cut to their lower bytes on the way.
    #[test]
    fn stray_control_bytes_are_dirt_and_many_are_data() {
        let prose = "The harbour\u{19}s new crane \u{14} the third \u{14} came by sea on Monday morning, and was met by a crowd. "
            .to_owned()
            + &"Nobody had told them that it would be yellow, and some of them went home again. ".repeat(2);
        assert_eq!(decode(prose.as_bytes()).unwrap().text, prose);
        let nul = prose.clone() + "\0";
        assert_eq!(decode(nul.as_bytes()).unwrap().text, nul);
        assert!(decode(prose.replace(' ', "\0").as_bytes()).is_err(), "a list with NUL between");
        assert!(decode(prose.replace("the", "\u{1}\u{2}").as_bytes()).is_err());
        let deflated = b"x\x01\x4b\xca\xc9O\x07R04\x15fp\xf1\x8c\x07\xd2\x11\x03\x83\xb7\xc5\x9a";
        assert!(decode(deflated).is_err());
    }

    #[test]
    fn a_utf16_stream_reads_as_utf8() {
        let prose = "{\"text\": \"Ä 😀\"}\n".repeat(9000);
        let bytes = [&b"\xfe\xff"[..], &utf16(&prose, true)].concat();
        let encoding = utf16_of_head(&bytes[..100]).unwrap();
        let mut text = Vec::new();
        let replaced = Arc::new(AtomicU64::new(0));
        Utf16Reader::new(&bytes[..], encoding, Arc::clone(&replaced))
            .read_to_end(&mut text)
            .unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), prose);
        assert_eq!(replaced.load(Ordering::Relaxed), 0);
    }
}
