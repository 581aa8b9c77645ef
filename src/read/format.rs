//! What a file is: by its first bytes, then by its name.
//!
//! In: the head of a file and its name. Out: a [`Compression`] and a
//! [`Format`], or the reason why the file is left out. Compression is decided
//! by magic bytes alone, so a misnamed `.gz` is still read; the format is
//! decided by the name under the compression suffix, and by the content only
//! where the name says nothing.

use std::str::FromStr;

use super::archive::Archive;
use crate::error::Error;

/// How the bytes of a file become documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The whole file is one document.
    Text,
    /// Each line is a JSON object and a document.
    Jsonl,
    /// Each record of a table is a document; commas, semicolons, tabs or bars between the fields.
    Csv,
    /// The same with tabs.
    Tsv,
    /// The file is a page, and the text in it the document.
    Html,
    /// Each response, resource or conversion of a crawl is a document.
    Warc,
    /// Each row of the table is a document.
    Parquet,
}

/// The names of the formats on the command line.
pub const FORMAT_NAMES: &[&str] = &["text", "jsonl", "csv", "tsv", "html", "warc", "parquet"];

impl Format {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Jsonl => "jsonl",
            Format::Csv => "csv",
            Format::Tsv => "tsv",
            Format::Html => "html",
            Format::Warc => "warc",
            Format::Parquet => "parquet",
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "text" | "txt" | "md" => Ok(Format::Text),
            "jsonl" | "ndjson" => Ok(Format::Jsonl),
            "csv" => Ok(Format::Csv),
            "tsv" => Ok(Format::Tsv),
            "html" => Ok(Format::Html),
            "warc" | "wet" => Ok(Format::Warc),
            "parquet" => Ok(Format::Parquet),
            _ => Err(Error::options(format!(
                "unknown input format `{name}`: use one of {}",
                FORMAT_NAMES.join(", ")
            ))),
        }
    }
}

/// How the bytes of a file are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, one or more members.
    Gzip,
    /// Zstandard, one or more frames.
    Zstd,
    /// As an entry of a zip file.
    Zip,
}

impl Compression {
    /// The compression that the magic bytes at the start of `head` tell of.
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
            // A zstd file may start with a skippable frame.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            _ => Compression::None,
        }
    }

    /// The name to show in messages.
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "uncompressed",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Zip => "zip",
        }
    }
}

/// What is to be done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Read it as this. `named` tells that its name or the user said so: if it
    /// then turns out not to be text, that is an error and no mere skip.
    Read {
        /// The format to read it as.
        format: Format,
        /// Whether the name or the user chose the format.
        named: bool,
    },
    /// Leave it out, for this reason.
    Skip(&'static str),
}

/// Decides the format of a file from its name and the decompressed head.
pub fn verdict(name: &str, head: &[u8], chosen: Option<Format>) -> Verdict {
    if let Some(format) = chosen {
        return Verdict::Read { format, named: true };
    }
    match extension(name).as_str() {
        "txt" | "text" | "md" | "markdown" => Verdict::Read { format: Format::Text, named: true },
        "jsonl" | "ndjson" => Verdict::Read { format: Format::Jsonl, named: true },
        "html" | "htm" | "xhtml" => Verdict::Read { format: Format::Html, named: true },
        "xml" => Verdict::Skip("XML is not read"),
        "csv" => Verdict::Read { format: Format::Csv, named: true },
        "tsv" | "tab" => Verdict::Read { format: Format::Tsv, named: true },
        "parquet" | "pq" => Verdict::Read { format: Format::Parquet, named: true },
        "arrow" | "feather" => Verdict::Skip("tables of this kind are not read"),
        "warc" | "wet" => Verdict::Read { format: Format::Warc, named: true },
        "zip" | "tar" | "tgz" | "tzst" => Verdict::Skip("an archive in an archive"),
        "7z" | "rar" | "bz2" | "xz" => Verdict::Skip("archives of this kind are not read"),
        "pdf" | "doc" | "docx" | "odt" | "rtf" | "epub" | "xls" | "xlsx" | "ods" | "pptx" => {
            Verdict::Skip("office documents are not read")
        }
        extension => match first_object_ends(head) {
            Some(true) => Verdict::Read { format: Format::Jsonl, named: false },
            _ if head.starts_with(b"WARC/1.") => {
                Verdict::Read { format: Format::Warc, named: false }
            }
            _ if head.starts_with(b"PAR1") => {
                Verdict::Read { format: Format::Parquet, named: false }
            }
            _ if is_archive(head) => {
                Verdict::Skip("an archive without the name of one (.zip, .tar)")
            }
            _ if is_page(head) => Verdict::Read { format: Format::Html, named: false },
            _ if extension == "json" => Verdict::Skip("a JSON file that is not one object a line"),
            _ => Verdict::Read { format: Format::Text, named: false },
        },
    }
}

/// Which kind of archive a file is by its name.
pub fn archive_of(name: &str) -> Option<Archive> {
    match extension(name).as_str() {
        "zip" => Some(Archive::Zip),
        "tar" | "tgz" | "tzst" => Some(Archive::Tar),
        _ => None,
    }
}

/// Whether the name or the user says that it is a table with names in its first line.
pub fn is_table(name: &str, chosen: Option<Format>) -> bool {
    match chosen {
        Some(format) => matches!(format, Format::Csv | Format::Tsv),
        None => matches!(extension(name).as_str(), "csv" | "tsv" | "tab"),
    }
}

/// Whether it starts as an archive does that is read under its own name.
fn is_archive(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.get(257..262) == Some(b"ustar")
}

/// The extension under a compression suffix, in lower case.
fn extension(name: &str) -> String {
    let lower = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let stem = [".gz", ".zst", ".zstd"].iter().find_map(|suffix| lower.strip_suffix(suffix));
    let stem = stem.unwrap_or(&lower);
    // A leading dot makes a hidden file, no extension.
    match stem.rfind('.') {
        Some(dot) if dot > 0 => stem[dot + 1..].to_owned(),
        _ => String::new(),
    }
}

/// Whether it starts as a page of HTML does, which scraped pages do without being called so.
pub fn is_page(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    [&b"<!doctype html"[..], b"<html"]
        .iter()
        .any(|start| head.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start)))
}

/// Whether the first line is a whole JSON object; `None` if it is no object at all.
fn first_object_ends(head: &[u8]) -> Option<bool> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let line_end = memchr::memchr(b'\n', head);
    let line = &head[..line_end.unwrap_or(head.len())];
    if line.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let mut objects =
        serde_json::Deserializer::from_slice(line).into_iter::<serde::de::IgnoredAny>();
    match objects.next() {
        Some(Ok(_)) => Some(true),
        // The head was cut inside a long first line.
        Some(Err(error)) if error.is_eof() && line_end.is_none() => Some(true),
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_under_a_compression_suffix_decides() {
        let text = Verdict::Read { format: Format::Text, named: true };
        let jsonl = Verdict::Read { format: Format::Jsonl, named: true };
        for (name, expected) in [
            ("a.txt", text),
            ("b/a.MD.gz", text),
            ("a.jsonl.zst", jsonl),
            ("a.ndjson", jsonl),
            ("page.html", Verdict::Read { format: Format::Html, named: true }),
            ("feed.xml", Verdict::Skip("XML is not read")),
        ] {
            assert_eq!(verdict(name, b"", None), expected, "{name}");
        }
    }

    #[test]
    fn content_decides_where_the_name_says_nothing() {
        for (name, head, format) in [
            ("-", &b"{\"text\": \"a\"}\n{"[..], Format::Jsonl),
            ("feed.json", b"{\"text\": \"a\"}\n", Format::Jsonl),
            ("README", b"{ this is prose }\n", Format::Text),
            (".txt", b"plain", Format::Text),
            ("page.php", b"\n<!DOCTYPE HTML>", Format::Html),
            ("no-name", b"WARC/1.1\r\n", Format::Warc),
            ("part-0", b"PAR1\x15\x04", Format::Parquet),
        ] {
            assert_eq!(verdict(name, head, None), Verdict::Read { format, named: false }, "{name}");
        }
        let tar = [&[b'a'; 257][..], b"ustar\x0000"].concat();
        for (name, head) in [("-", &tar[..]), ("page.txt.gz.1", b"PK\x03\x04\x14")] {
            assert!(matches!(verdict(name, head, None), Verdict::Skip(_)), "{name}");
        }
        assert!(matches!(verdict("package.json", b"{\n  \"a\": 1\n}", None), Verdict::Skip(_)));
    }
}
