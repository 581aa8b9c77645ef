//! A record of a WARC file to the document in it.
//!
//! In: the bytes of a record: its headers, and what was fetched or extracted. Out: the text, called
//! by the address it came from. Responses are unpacked (chunks, then gzip, deflate or brotli); pages
//! are read as pages are anywhere. Headers are read leniently, and where a record does not end
//! as it says it does, the next one is looked for.

use std::io::{self, Read};

use super::cut::End;
use super::encoding;
use super::html::Html;
use super::record::{Found, Record};
use crate::error::{Error, ErrorKind, Result};

/// What a record starts with.
const START: &[u8] = b"WARC/";

/// What stands before a record, as it is looked for where no length leads there.
const BEFORE_START: &[u8] = b"\n\r\nWARC/1.";

/// The longest headers of a record, in bytes.
const LONGEST_HEADERS: usize = 256 << 10;

/// The end of the record that `bytes` start with, or `None` if it is not among them.
pub fn record_end(bytes: &[u8], ended: bool) -> Option<End> {
    let start = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let rest = &bytes[start..];
    if rest.len() < START.len() && !ended {
        return None;
    }
    if rest.is_empty() {
        return (start > 0 && ended).then_some(End { length: start, broken: None });
    }
    let broken = |reason, from: usize| next_start(bytes, from, ended, reason);
    if !rest.starts_with(START) {
        return broken("it does not start with WARC/", start);
    }
    let Some((headers, body)) = Headers::split(rest) else {
        if rest.len() < LONGEST_HEADERS && !ended {
            return None;
        }
        return broken("its headers have no end", start + START.len());
    };
    let from = start + body - 2;
    let Some(length) = headers.get("content-length").and_then(|length| length.parse().ok()) else {
        return broken("it has no Content-Length", from);
    };
    let end = body.saturating_add(length).saturating_add(start);
    // A little more is looked at, to see whether it ends where it says.
    let tail = bytes.get(end..).unwrap_or_default();
    let blank = tail.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    if end > bytes.len() || tail.len() < blank + START.len() {
        return match (ended, end <= bytes.len() && blank == tail.len()) {
            (false, _) => None,
            (true, true) => Some(End { length: bytes.len(), broken: None }),
            (true, false) => broken("it ends before its Content-Length", from),
        };
    }
    if !tail[blank..].starts_with(START) {
        return broken("it does not end where its Content-Length says", from);
    }
    Some(End { length: end + blank, broken: None })
}

/// The end of a broken record: where the next one starts.
fn next_start(bytes: &[u8], from: usize, ended: bool, reason: &'static str) -> Option<End> {
    let found = memchr::memmem::find(&bytes[from..], BEFORE_START).map(|found| from + found + 3);
    let length = found.or_else(|| ended.then_some(bytes.len()))?;
    Some(End { length, broken: Some(reason) })
}

/// Passes over what is too long to be held: tells how many bytes, and whether a record starts behind them.
pub fn pass_over(bytes: &[u8], ended: bool) -> (usize, bool) {
    match memchr::memmem::find(bytes, BEFORE_START) {
        Some(found) => (found + 3, true),
        None if ended => (bytes.len(), true),
        // The start may be cut.
        None => (bytes.len().saturating_sub(BEFORE_START.len()), false),
    }
}

/// Lines of `name: value` behind a first line.
struct Headers<'a> {
    first: &'a [u8],
    lines: &'a [u8],
}

impl<'a> Headers<'a> {
    /// Splits headers from what follows them; gives the offset of that, too.
    fn split(bytes: &'a [u8]) -> Option<(Self, usize)> {
        let mut at = 0;
        let mut first = None;
        loop {
            let end = at + memchr::memchr(b'\n', &bytes[at..])?;
            let line = bytes[at..end].trim_ascii_end();
            if line.is_empty() {
                let first: &[u8] = first?;
                let lines = &bytes[..at];
                return Some((Headers { first, lines }, end + 1));
            }
            first.get_or_insert(line);
            at = end + 1;
        }
    }

    /// The value of a header, whatever the case of its name.
    fn get(&self, name: &str) -> Option<String> {
        self.lines.split(|&byte| byte == b'\n').skip(1).find_map(|line| {
            let colon = memchr::memchr(b':', line)?;
            line[..colon]
                .trim_ascii()
                .eq_ignore_ascii_case(name.as_bytes())
                .then(|| String::from_utf8_lossy(line[colon + 1..].trim_ascii()).into_owned())
        })
    }
}

/// Reads the record into `record`.
///
/// # Errors
/// [`ErrorKind::BrokenRecord`]; [`ErrorKind::TooLarge`], if it unpacks to more than `limit`;
/// [`ErrorKind::NotText`].
pub fn parse(bytes: &[u8], html: Html, limit: u64, record: &mut Record) -> Result<Found> {
    record.clear();
    let start = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let Some((headers, at)) = Headers::split(&bytes[start..]) else {
        return match bytes.len() == start {
            true => Ok(Found::Nothing),
            false => Err(broken("its headers have no end")),
        };
    };
    let length = headers.get("content-length").and_then(|length| length.parse().ok());
    let block = &bytes[start + at..];
    let block = &block[..length.unwrap_or(block.len()).min(block.len())];
    let mut media = headers.get("content-type").unwrap_or_default();
    let kind = headers.get("warc-type").unwrap_or_default().to_ascii_lowercase();
    let unpacked;
    let body = match &*kind {
        "conversion" | "resource" => block,
        "response" if media.to_ascii_lowercase().starts_with("application/http") => {
            let (http, at) =
                Headers::split(block).ok_or_else(|| broken("its HTTP headers have no end"))?;
            let status = http.first.split(|&byte| byte == b' ').nth(1).unwrap_or_default();
            if !status.starts_with(b"2") {
                return Ok(Found::PassedBy("a response that is none of success"));
            }
            media = http.get("content-type").unwrap_or_default();
            if !is_text(&media) {
                return Ok(Found::PassedBy("a response that is no text"));
            }
            unpacked = unpack(&block[at..], &http, limit)?;
            &unpacked
        }
        "response" => block,
        _ => return Ok(Found::Nothing),
    };
    if !is_text(&media) {
        return Ok(Found::PassedBy("a response that is no text"));
    }
    let is_page = media.to_ascii_lowercase().contains("html")
        || (media.is_empty() && super::format::is_page(&body[..body.len().min(1024)]));
    let charset = media.to_ascii_lowercase().find("charset=").map(|found| {
        let label = media[found + 8..].trim_start_matches(['"', '\'']);
        label.split(['"', '\'', ';', ',', ' ']).next().unwrap_or_default().to_owned()
    });
    let not_text = |reason| Error::new(ErrorKind::NotText(reason));
    let decoded = encoding::decode_page(body, charset.as_deref()).map_err(not_text)?;
    (record.replaced, record.guessed) = (decoded.replaced, decoded.guessed);
    match is_page && html != Html::Text {
        true => record.take_page(&decoded.text, html),
        false => record.text.push_str(&decoded.text),
    }
    let id = headers.get("warc-target-uri").or_else(|| headers.get("warc-record-id"));
    if let Some(id) = id {
        record.id.push_str(id.trim_start_matches('<').trim_end_matches('>'));
        record.has_id = true;
    }
    record.date = record.date.take().or_else(|| headers.get("warc-date"));
    Ok(Found::Document)
}

fn broken(reason: &'static str) -> Error {
    Error::new(ErrorKind::BrokenRecord(reason))
}

/// Whether a media type is one of text; none is told by what it holds.
fn is_text(media: &str) -> bool {
    let media = media.to_ascii_lowercase();
    media.is_empty() || media.starts_with("text/") || media.contains("xhtml")
}

/// Undoes what the transfer did to a body.
fn unpack(body: &[u8], http: &Headers<'_>, limit: u64) -> Result<Vec<u8>> {
    let chunked =
        http.get("transfer-encoding").is_some_and(|how| how.eq_ignore_ascii_case("chunked"));
    // Many crawlers keep the header and store the body without chunks.
    let mut body = chunked.then(|| without_chunks(body)).flatten().unwrap_or_else(|| body.to_vec());
    let codings = http.get("content-encoding").unwrap_or_default().to_ascii_lowercase();
    for coding in codings.split(',').rev().map(str::trim) {
        let packed = body;
        let mut out = Vec::new();
        let result = match coding {
            "gzip" | "x-gzip" if packed.starts_with(b"\x1f\x8b") => {
                take(flate2::read::MultiGzDecoder::new(&packed[..]), limit, &mut out)
            }
            "deflate" => match take(flate2::read::ZlibDecoder::new(&packed[..]), limit, &mut out) {
                // Some servers leave the wrapping out.
                Err(_) => {
                    out.clear();
                    take(flate2::read::DeflateDecoder::new(&packed[..]), limit, &mut out)
                }
                done => done,
            },
            "br" => {
                take(brotli_decompressor::Decompressor::new(&packed[..], 4096), limit, &mut out)
            }
            // It was unpacked already, or it is not packed.
            _ => {
                out = packed;
                Ok(())
            }
        };
        if out.len() as u64 > limit {
            return Err(Error::new(ErrorKind::TooLarge { limit }));
        }
        // What was fetched in part is still worth reading.
        if result.is_err() && out.is_empty() {
            return Err(broken("its body cannot be unpacked"));
        }
        body = out;
    }
    Ok(body)
}

/// Reads on to one byte beyond the limit.
fn take(source: impl Read, limit: u64, out: &mut Vec<u8>) -> io::Result<()> {
    source.take(limit + 1).read_to_end(out).map(drop)
}

/// The body without marks of chunks, or `None` if it has none.
fn without_chunks(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::with_capacity(body.len());
    loop {
        let end = memchr::memchr(b'\n', &body[..body.len().min(1024)]);
        let size = end.and_then(|end| {
            let line = std::str::from_utf8(&body[..end]).ok()?;
            usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()
        });
        let (Some(end), Some(size)) = (end, size) else {
            return (!whole.is_empty()).then_some(whole);
        };
        body = &body[end + 1..];
        if size == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(&body[..size.min(body.len())]);
        body = body.get(size..).unwrap_or_default();
        body = body.strip_prefix(b"\r").unwrap_or(body);
        body = body.strip_prefix(b"\n").unwrap_or(body);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: &str, headers: &str, block: &str) -> String {
        let length = block.len();
        format!(
            "WARC/1.0\r\nWARC-Type: {kind}\r\n{headers}Content-Length: {length}\r\n\r\n{block}\r\n\r\n"
        )
    }

    fn cut(whole: &str) -> Vec<(usize, Option<&'static str>)> {
        let (mut at, mut ends) = (0, Vec::new());
        while let Some(end) = record_end(&whole.as_bytes()[at..], true) {
            at += end.length;
            ends.push((at, end.broken));
        }
        assert_eq!(at, whole.len());
        ends
    }

    #[test]
    fn a_length_that_lies_costs_one_record() {
        let good = record("conversion", "", "some text");
        for (length, reason) in [
            ("3", "it does not end where its Content-Length says"),
            ("30", "it does not end where its Content-Length says"),
            ("99999999999999999999", "it has no Content-Length"),
            ("18446744073709551615", "it ends before its Content-Length"),
            ("9000", "it ends before its Content-Length"),
            ("-1", "it has no Content-Length"),
        ] {
            let bad = good.replace(": 9\r", &format!(": {length}\r"));
            let whole = [&good[..], &bad, &good].concat();
            let (one, two) = (good.len(), good.len() + bad.len());
            assert_eq!(
                cut(&whole),
                [(one, None), (two, Some(reason)), (whole.len(), None)],
                "{length}"
            );
        }
    }

    #[test]
    fn responses_are_unpacked() {
        let deflate = |text: &str| {
            let mut out = Vec::new();
            flate2::read::DeflateEncoder::new(text.as_bytes(), flate2::Compression::fast())
                .read_to_end(&mut out)
                .unwrap();
            out
        };
        let http = |head: &str, body: &[u8]| {
            let mut block = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n").into_bytes();
            block.extend_from_slice(body);
            let head = "WARC/1.1\nwarc-type: response\ncontent-type: application/http; msgtype=response\n\
                WARC-Target-URI: <https://a.example/>\n";
            let mut whole = format!("{head}Content-Length: {}\n\n", block.len()).into_bytes();
            whole.extend_from_slice(&block);
            whole
        };
        let chunks = b"5;x=1\r\nsome \r\n4\r\ntext\r\n0\r\n\r\n";
        for (head, body) in [
            ("Content-Type: text/plain", &b"some text"[..]),
            ("content-type: TEXT/plain\r\ntransfer-encoding: chunked", chunks),
            ("Content-Type: text/plain\r\nTransfer-Encoding: chunked", b"some text"),
            ("Content-Type: text/plain\r\nContent-Encoding: deflate", &deflate("some text")),
            ("Content-Type: text/plain\r\nContent-Encoding: gzip", b"some text"),
            ("Content-Type: text/plain\r\nContent-Encoding: br", b"\x0b\x04\x80some text\x03"),
        ] {
            let mut record = Record::default();
            let found = parse(&http(head, body), Html::Main, 1000, &mut record);
            assert!(matches!(found, Ok(Found::Document)), "{head}: {found:?}");
            assert_eq!((&*record.text, &*record.id), ("some text", "https://a.example/"), "{head}");
        }
        let bomb = http(
            "Content-Type: text/plain\r\nContent-Encoding: deflate",
            &deflate(&"x".repeat(5000)),
        );
        let told = parse(&bomb, Html::Main, 1000, &mut Record::default()).unwrap_err();
        assert!(matches!(told.kind(), ErrorKind::TooLarge { limit: 1000 }));
        let image = http("Content-Type: image/png", b"\x89PNG");
        let found = parse(&image, Html::Main, 1000, &mut Record::default()).unwrap();
        assert!(matches!(found, Found::PassedBy(_)));
    }
}
