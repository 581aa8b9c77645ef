//! What a corpus is kept in makes no difference: the sample corpus gives the same rows from each format.

use std::fs;
use std::io::Write;
use std::path::Path;

use dittograph::pipeline::ScanOptions;
use dittograph::read::ReadOptions;
use tempfile::TempDir;

use crate::desk::{Desk, STORY, gzip, walk, zstd};
use crate::support::scan_path;

/// The columns of what scan writes.
const HEADER: &str = "kind,jaccard,containment,words_a,words_b,doc_a,start_a,end_a,line_a,doc_b,start_b,\
    end_b,line_b,cluster,passage,occurrences,text_a,text_b";

/// The name below the folder, and the text, of each article of the sample corpus.
pub fn articles() -> Vec<(String, String)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut articles: Vec<_> = walk(&corpus)
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&corpus).unwrap().display().to_string();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    articles.sort();
    articles
}

/// The rows that a file gives, with the names of documents as the folder has them.
pub fn rows(name: &str, bytes: &[u8], read: ReadOptions) -> String {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    let scan = scan_path(folder.path(), &ScanOptions { read, ..ScanOptions::default() });
    scan.csv.replace(&format!("{name}#"), "").replace(&format!("{name}/"), "")
}

/// The rows of the folder.
pub fn expected() -> String {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    scan_path(&corpus, &ScanOptions::default()).csv
}

fn table(delimiter: u8, header: bool, columns: [&str; 3]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    if header {
        writer.write_record(columns).unwrap();
    }
    for (name, text) in articles() {
        let cell = |column: &str| match column {
            "name" => name.clone(),
            "body" => text.clone(),
            _ => "of no interest, \"really\"".to_owned(),
        };
        writer.write_record(columns.map(cell)).unwrap();
    }
    writer.into_inner().unwrap()
}

fn fields(id: &str, text: &str) -> ReadOptions {
    ReadOptions { id_field: id.into(), text_field: text.into(), ..ReadOptions::default() }
}

#[test]
fn tables_give_the_rows_of_the_folder() {
    let expected = expected();
    for (name, bytes, read) in [
        ("a.csv", table(b',', true, ["name", "x", "body"]), fields("name", "body")),
        ("a.csv", table(b';', true, ["body", "x", "name"]), fields("name", "body")),
        ("a.tsv", table(b'\t', true, ["name", "x", "body"]), fields("name", "body")),
        ("a.csv", table(b',', false, ["name", "x", "body"]), fields("1", "3")),
        ("a.csv.gz", gzip(table(b'|', true, ["x", "name", "body"])), fields("name", "body")),
        ("a.tsv.zst", zstd(table(b'\t', true, ["x", "body", "name"])), fields("name", "body")),
    ] {
        assert_eq!(rows(name, &bytes, read), expected, "{name}");
    }
}

/// Records with line breaks inside, over several blocks; packed and not, it is read by other ways.
#[test]
fn large_tables_are_read_in_blocks_and_again() {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["text", "id"]).unwrap();
    for number in 0..700 {
        let padding = format!("line \"{number}\",\n").repeat(700 + number % 7);
        let text = if number % 100 == 50 { STORY.to_owned() } else { padding };
        writer.write_record([&text, &format!("r{number}")]).unwrap();
    }
    let whole = writer.into_inner().unwrap();
    assert!(whole.len() > 6 << 20);
    let packed = gzip(&whole);
    let session = |name: &str, bytes: &[u8]| {
        let session = Desk::new().file(name, bytes).run("scan . --find documents --pairs star");
        assert_eq!(session.code, Some(0), "{session}");
        session.stdout.replace(name, "table")
    };
    let direct = session("a.csv", &whole);
    assert!(direct.contains(",table#r50,") && direct.contains(",table#r650,"), "{direct}");
    assert_eq!(session("a.csv.gz", &packed), direct);
}

#[test]
fn what_is_wrong_with_a_table_is_told_with_its_line() {
    let desk = Desk::with_pair()
        .file("no-column.csv", "key,body\n1,a\n")
        .file("empty.csv", "")
        .file("short.csv", "id,text\n1,\"two\nlines\"\n2\n\n3,last\n")
        .file("open.csv", format!("id,text\n1,\"never closed\n{}", STORY.repeat(40)))
        .file("latin.csv", b"id;text\n1;Caf\xe9 Schloss M\xfcnster und Gr\xfc\xdfe\n")
        .file("old-mac.csv", "id,text\r1,first\r2,second\r");
    insta::assert_snapshot!(desk.run("scan . --find documents --max-document 1K"));
}

/// Messages hold the start of foreign text, not all of it.
#[test]
fn what_users_get_wrong_about_files_is_told() {
    let long = "word ".repeat(5000);
    let many: String = (1..=30).map(|column| format!("c{column},")).collect();
    let unclosed = format!("text\n{STORY}\"{}", STORY.repeat(100_000));
    let desk = Desk::new()
        .file("no-header.csv", format!("7,{long}\n8,{long}\n"))
        .file("many.csv", format!("{many}\n"))
        .file("unclosed.csv", &unclosed)
        .file("unclosed.csv.gz", gzip(&unclosed))
        .file("a.tar.gz.part", gzip(tarball()))
        .file("book.xlsx", "PK\x03\x04");
    let zip = zipped(&[("a.txt".into(), STORY.into())], zip::CompressionMethod::Stored);
    let mut told = desk.runs(&[
        "scan -q no-header.csv",
        "scan -q many.csv",
        "scan -q unclosed.csv",
        "scan -q unclosed.csv.gz",
        "scan -q a.tar.gz.part",
        "scan -q book.xlsx",
    ]);
    told += &desk.feed(&zip, "scan -q -").to_string();
    // The header is always the same.
    insta::assert_snapshot!(told.replace(&format!("{}\n", HEADER), ""));
}

/// An article as a page, with furniture around it.
pub fn page(text: &str) -> String {
    let escape = |line: &str| line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let title = escape(lines.next().unwrap_or_default());
    let paragraphs: String = lines.map(|line| format!("<p>{}</p>\n", escape(line))).collect();
    format!(
        "<!DOCTYPE html><html><head><meta charset=utf-8><title>{title}</title></head><body>\
         <nav><ul><li><a href=\"/\">Home</a></li><li><a href=\"/sport\">Sport</a></li></ul></nav>\
         <main><article><h1>{title}</h1>\n{paragraphs}</article></main>\
         <footer><p><a href=\"/imprint\">Imprint</a></p></footer></body></html>"
    )
}

/// Kind, similarity and names of each row of documents, which white space has no part in.
fn without_places(rows: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(rows.as_bytes());
    let records = reader.records().map(Result::unwrap);
    // Of a notice of four words no extraction can tell that it is an article.
    let told = |row: &csv::StringRecord| row[3].parse::<u32>().unwrap() > 10;
    let kept = records.filter(|row| &row[0] != "passage" && told(row));
    kept.map(|row| [0, 1, 2, 3, 4, 5, 9].map(|column| row[column].to_owned()).join(",")).collect()
}

#[test]
fn pages_give_the_documents_of_the_folder_and_their_text_can_be_saved() {
    let mut desk = Desk::new();
    for (name, text) in articles() {
        desk = desk.file(format!("in/{}", name.replace(".txt", ".html")), page(&text));
    }
    let session = desk.run("scan in --find documents --write-text out");
    assert_eq!(session.code, Some(0), "{session}");
    assert!(!session.stderr.contains("stripped"), "{session}");
    let found = session.stdout.replace(".html", ".txt");
    assert_eq!(without_places(&found), without_places(&expected()));
    // Every span can be followed.
    let mut reader = csv::Reader::from_reader(session.stdout.as_bytes());
    let mut rows = 0;
    for row in reader.records().map(Result::unwrap) {
        let text = desk.read(&format!("out/{}.txt", &row[5]));
        let span = text.get(row[6].parse().unwrap()..row[7].parse().unwrap()).unwrap();
        let words = |text: &str| -> String {
            text.chars().filter(|c| !c.is_whitespace()).take(100).collect()
        };
        assert_eq!(words(span), words(row[16].trim_start_matches('\'')));
        rows += 1;
    }
    assert!(rows > 10);
}

#[test]
fn pages_are_read_as_asked_for() {
    let article = page(&articles()[0].1);
    let desk = Desk::new()
        .file("in/page.html", &article)
        .file("in/no-name", &article)
        .file("in/deep.html", "<div>".repeat(20_000) + STORY);
    let mut told = String::new();
    for html in ["main", "all", "text"] {
        let session =
            desk.run(&format!("scan in --find documents --html {html} --write-text {html}"));
        told += &session.stderr;
    }
    let read = |name: &str| desk.read(&format!("{name}/page.html.txt"));
    assert!(!read("main").contains("Imprint") && read("all").contains("Imprint"));
    assert!(!desk.path("text").exists(), "the source stands in the file itself");
    assert_eq!(desk.read("main/deep.html.txt"), STORY);
    insta::assert_snapshot!(told);
}

/// A record of a WARC file.
pub fn warc_record(kind: &str, uri: &str, media: &str, block: &[u8]) -> Vec<u8> {
    let head = format!(
        "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {uri}\r\n\
         WARC-Date: 2025-06-30T12:00:00Z\r\nContent-Type: {media}\r\nContent-Length: {}\r\n\r\n",
        block.len()
    );
    [head.as_bytes(), block, b"\r\n\r\n"].concat()
}

/// The sample corpus as extracted texts, with records between that are none.
fn wet() -> Vec<Vec<u8>> {
    let info = warc_record("warcinfo", "", "application/warc-fields", b"software: none");
    let texts = articles()
        .into_iter()
        .map(|(name, text)| warc_record("conversion", &name, "text/plain", text.as_bytes()));
    [info].into_iter().chain(texts).collect()
}

#[test]
fn crawl_archives_give_the_rows_of_the_folder() {
    let expected = expected();
    let members: Vec<u8> = wet().into_iter().flat_map(gzip).collect();
    for (name, bytes) in [
        ("a.warc.wet", wet().concat()),
        ("a.warc.wet.gz", members),
        ("a.warc.gz", gzip(wet().concat())),
        ("a.warc.zst", zstd(wet().concat())),
        ("no-name", wet().concat()),
    ] {
        assert_eq!(rows(name, &bytes, ReadOptions::default()), expected, "{name}");
    }
}

#[test]
fn pages_in_crawl_archives_are_those_of_the_folder() {
    let mut desk = Desk::new();
    let mut crawl = Vec::new();
    for (name, text) in articles() {
        let name = name.replace(".txt", ".html");
        let page = page(&text);
        let http = [
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\n\r\n",
            &gzip(&page)[..],
        ];
        let media = "application/http; msgtype=response";
        crawl.extend(warc_record("request", &name, "application/http", b"GET / HTTP/1.1\r\n\r\n"));
        crawl.extend(warc_record("response", &name, media, &http.concat()));
        crawl.extend(warc_record("response", &name, media, b"HTTP/1.1 404 Gone\r\n\r\n<p>no page"));
        desk = desk.file(format!("pages/{name}"), page);
    }
    let desk = desk.file("crawl/a.warc", crawl);
    let pages = desk.run("scan pages --write-text t");
    let crawled = desk.run("scan crawl --write-text u");
    assert_eq!(crawled.stdout.replace("a.warc#", ""), pages.stdout);
    assert!(crawled.stderr.contains("passed by  68 records"), "{crawled}");
    let saved = desk.names().iter().filter(|name| name.starts_with("u/")).count();
    assert_eq!(saved, articles().len());
}

/// A URL is foreign: it neither leads elsewhere, nor steers the terminal that lists it, nor takes another's file.
#[test]
fn what_was_read_of_a_crawl_is_saved_under_names_that_files_can_have() {
    let record = |url: &str| warc_record("conversion", url, "text/plain", STORY.as_bytes());
    let long = format!("http://a/{}", "x".repeat(300));
    let urls = ["http://a/b", "http://a/b", "http_//a/b", "http://a/\u{1b}[2Jc", "../../d", &long];
    let crawl: Vec<u8> = urls.into_iter().flat_map(record).collect();
    let desk = Desk::new().file("in/c.warc", crawl);
    let session = desk.run("scan in --pairs star --write-text out");
    let names: Vec<_> = desk.names().into_iter().filter(|name| name.starts_with("out/")).collect();
    insta::assert_snapshot!(format!("{}\n{}", session.stderr, names.join("\n")));
}

#[test]
fn broken_records_of_a_crawl_are_told_and_the_next_are_read() {
    let story = || warc_record("conversion", "story", "text/plain", STORY.as_bytes());
    let lie = |length: &str| {
        let text = String::from_utf8(story()).unwrap();
        text.replace(&format!("Length: {}", STORY.len()), &format!("Length: {length}")).into_bytes()
    };
    let crawl = [
        story(),
        lie("5"),
        lie("5000"),
        lie("99999999999"),
        lie("x"),
        warc_record("conversion", "long", "text/plain", &[b'x'; 3 << 20]),
        b"garbage\r\n\r\n".to_vec(),
        story(),
        lie("77777"),
    ];
    let desk =
        Desk::with_pair().file("a.warc", crawl.concat()).file("b.warc.gz", gzip(crawl.concat()));
    insta::assert_snapshot!(desk.run("scan . --find documents --pairs star --max-document 2M"));
}

#[test]
fn a_damaged_member_of_a_crawl_costs_its_record() {
    // Letters that hardly compress, so that the larger crawl is read as a stream of blocks.
    let mut state = 1u64;
    let mut noise = |length: usize| -> String {
        let letter = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b"abcdefghijklmnopqrstuvwxyz     \n"[(state >> 59) as usize])
        };
        (0..length).map(letter).collect()
    };
    let mut desk = Desk::new();
    for (name, length) in [("small", 100), ("large", 7_500)] {
        let mut crawl = Vec::new();
        for number in 0..1000 {
            let text = match number {
                10 | 990 => STORY.to_owned(),
                _ => noise(length),
            };
            let record =
                warc_record("conversion", &number.to_string(), "text/plain", text.as_bytes());
            let mut member = gzip(record);
            if number == 500 {
                let at = member.len() - 8;
                member[at] ^= 1;
            }
            crawl.extend(member);
        }
        desk = desk.file(format!("{name}.warc.gz"), crawl);
    }
    let session = desk.run("scan . --find documents --pairs star --threads 2");
    assert_eq!(session.stdout, desk.run("scan . --find documents --pairs star --threads 1").stdout);
    insta::assert_snapshot!(session);
}

fn tarball() -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, text) in articles() {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap()
}

pub fn zipped(entries: &[(String, String)], method: zip::CompressionMethod) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    for (name, text) in entries {
        zip.start_file(&**name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn archives_give_the_rows_of_the_folder() {
    let expected = expected();
    for (name, bytes) in [
        ("a.tar", tarball()),
        ("a.tar.gz", gzip(tarball())),
        ("a.tgz", gzip(tarball())),
        ("a.tar.zst", zstd(tarball())),
        ("a.zip", zipped(&articles(), zip::CompressionMethod::Deflated)),
        ("a.zip", zipped(&articles(), zip::CompressionMethod::Stored)),
    ] {
        assert_eq!(rows(name, &bytes, ReadOptions::default()), expected, "{name}");
    }
}

/// Records in an archive are records: of many blocks, packed twice, and read again.
#[test]
fn entries_may_be_of_any_format() {
    let feed: String = (0..3000)
        .map(|number| {
            let text = if number % 1000 == 500 {
                STORY.to_owned()
            } else {
                format!("{number} ").repeat(300)
            };
            crate::desk::line(&serde_json::json!({"id": number, "text": text}))
        })
        .collect();
    let desk = Desk::new()
        .file(
            "in/a.zip",
            zipped(
                &[("deep/feed.jsonl".to_owned(), feed.clone())],
                zip::CompressionMethod::Deflated,
            ),
        )
        .file(
            "in/b.zip",
            zipped(&[("feed.jsonl".to_owned(), feed)], zip::CompressionMethod::Stored),
        );
    let session = desk.run("scan in --find documents --pairs star");
    assert!(session.stdout.contains(",a.zip/deep/feed.jsonl#500,"), "{session}");
    assert!(session.stdout.contains(",b.zip/feed.jsonl#2500,"), "{session}");
    assert_eq!(session.code, Some(0));
}

#[test]
fn archives_that_are_damaged_or_hostile_are_told() {
    let zip = zipped(&articles(), zip::CompressionMethod::Deflated);
    let zeros = vec![("zeros.txt".to_owned(), "\0".repeat(20 << 20))];
    let mut wrong =
        zipped(&[("wrong.txt".to_owned(), STORY.to_owned())], zip::CompressionMethod::Deflated);
    wrong[50] ^= 1;
    let inner = zipped(&[("in.txt".to_owned(), STORY.to_owned())], zip::CompressionMethod::Stored);
    let mut nested = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(inner.len() as u64);
    nested.append_data(&mut header, "in.zip", &inner[..]).unwrap();
    let desk = Desk::with_pair()
        .file("bomb.zip", zipped(&zeros, zip::CompressionMethod::Deflated))
        .file("bomb.tar.gz", gzip(vec![0; 20 << 20]))
        .file("cut.zip", &zip[..zip.len() / 2])
        .file("cut.tar", &tarball()[..9000])
        .file("cut.tar.gz", &gzip(tarball())[..9000])
        .file("no.zip", "no archive at all")
        .file("no.tar", "no archive at all")
        .file("wrong.zip", wrong)
        .file("nested.tar", nested.into_inner().unwrap());
    let session = desk.run("scan . --find documents --pairs star");
    assert!(session.stdout.contains(",pair/one.txt,"), "{session}");
    insta::assert_snapshot!(session.stderr);
}

/// Unpacking would leave the last of them.
#[test]
fn entries_of_one_name_are_counted() {
    let names = ["a.txt", "b.txt", "c.txt"].map(|name| (name.to_owned(), STORY.to_owned()));
    let mut tar = tar::Builder::new(Vec::new());
    for name in ["a.txt", "a.txt", "c.txt"] {
        let mut header = tar::Header::new_gnu();
        header.set_size(STORY.len() as u64);
        tar.append_data(&mut header, name, STORY.as_bytes()).unwrap();
    }
    // The writer would refuse a second one.
    let mut zip = zipped(&names, zip::CompressionMethod::Stored);
    for at in 0..zip.len() - 5 {
        if zip[at..].starts_with(b"b.txt") {
            zip[at] = b'a';
        }
    }
    for (name, bytes) in [("twice.zip", zip), ("twice.tar", tar.into_inner().unwrap())] {
        let session = Desk::new().file(name, bytes).run(&format!("scan {name}"));
        let told = "skipped    1 file: an entry that a later one of its name replaces";
        assert!(session.stderr.contains(told), "{session}");
        assert!(session.stderr.contains("2 documents in 2 files"), "{session}");
    }
}

/// A frame of `zstd --long=28`: it is not damaged.
#[test]
fn a_window_that_is_too_large_is_told_with_what_to_do() {
    // The frame's mark, no options, the window; a last block of five bytes as they are.
    let frame = b"\x28\xb5\x2f\xfd\x00\x90\x29\x00\x00story";
    insta::assert_snapshot!(Desk::new().file("long.txt.zst", frame).run("scan long.txt.zst"));
    let allowed = b"\x28\xb5\x2f\xfd\x00\x88\x29\x00\x00story";
    let session = Desk::new().file("long.txt.zst", allowed).run("scan long.txt.zst");
    assert_eq!(session.code, Some(0), "{session}");
}

/// An archive is like a folder, also where it is PATH itself.
#[test]
fn globs_leave_out_entries_of_archives() {
    let entries = ["drafts/a.txt", "b.log", "sub/drafts/c.txt", "d.txt"];
    let entries = entries.map(|name| (name.to_owned(), STORY.to_owned()));
    let mut tar = tar::Builder::new(Vec::new());
    for (name, text) in &entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    let desk = Desk::new()
        .file("in/pile/a.tgz", gzip(tar.into_inner().unwrap()))
        .file("in/z.zip", zipped(&entries, zip::CompressionMethod::Stored));
    let clusters = |arguments: &str| {
        let session = desk.run(&format!("scan -q --find documents --clusters c.csv {arguments}"));
        assert_eq!(session.code, Some(0), "{session}");
        let names = desk.read("c.csv");
        names
            .lines()
            .skip(1)
            .map(|row| row.split(',').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let all = ["b.log", "d.txt", "drafts/a.txt", "sub/drafts/c.txt"];
    let within = |archive: &str, kept: &[usize]| -> Vec<String> {
        kept.iter().map(|&entry| format!("{archive}/{}", all[entry])).collect()
    };
    let both =
        |tar: &[usize], zip: &[usize]| [within("pile/a.tgz", tar), within("z.zip", zip)].concat();
    assert_eq!(clusters("in"), both(&[0, 1, 2, 3], &[0, 1, 2, 3]));
    assert_eq!(clusters("in --exclude *.log"), both(&[1, 2, 3], &[1, 2, 3]));
    assert_eq!(clusters("in --exclude drafts/"), both(&[0, 1], &[0, 1]));
    assert_eq!(clusters("in --exclude /z.zip/drafts"), both(&[0, 1, 2, 3], &[0, 1, 3]));
    assert_eq!(clusters("in --exclude pile/a.tgz/*.txt"), both(&[0, 2, 3], &[0, 1, 2, 3]));
    assert_eq!(clusters("in/z.zip --exclude /drafts"), within("z.zip", &[0, 1, 3]));
    assert_eq!(clusters("./in/ --exclude /pile/a.tgz/*/"), both(&[0, 1], &[0, 1, 2, 3]));
}

#[cfg(target_os = "linux")]
#[test]
fn packed_archives_are_unpacked_where_temporary_files_go() {
    let desk = Desk::new().file("a.tgz", gzip(tarball()));
    for arguments in ["scan a.tgz --temp-dir /proc", "clean a.tgz --dry-run --temp-dir /proc"] {
        let session = desk.run(arguments);
        assert_eq!(session.code, Some(2), "{session}");
    }
    let session = desk.feed(STORY, "scan - --temp-dir /proc");
    assert!(session.stderr.starts_with("error: /proc: temporary file: "), "{session}");
    let session = desk.run("scan a.tgz --temp-dir /proc");
    assert!(session.stderr.contains("hint: name a folder with more room"), "{session}");
    assert_eq!(desk.names(), ["a.tgz"]);
}

/// They would be documents of the next run.
#[test]
fn texts_of_pages_are_not_written_into_the_input() {
    let desk = Desk::new().file("in/a.html", page(STORY)).file("other/b.txt", STORY);
    fs::create_dir(desk.path("in/there")).unwrap();
    let refused = [
        "scan in --write-text in",
        "scan in --write-text in/new/texts",
        "scan other --against in --write-text in/there",
        "scan . --write-text texts",
    ];
    insta::assert_snapshot!(desk.runs(&refused));
    assert_eq!(desk.names(), ["in/a.html", "other/b.txt"]);
    for allowed in [
        "scan in/a.html --write-text in/beside",
        "scan . --write-text texts --exclude /texts --exclude beside",
        "scan in --write-text in/.dittograph-texts --exclude beside",
    ] {
        let session = desk.run(allowed);
        assert_eq!(session.code, Some(0), "{session}");
    }
    let written =
        ["in/.dittograph-texts/a.html.txt", "in/beside/a.html.txt", "texts/in/a.html.txt"];
    assert!(written.iter().all(|name| desk.path(name).exists()), "{:?}", desk.names());
}

/// Files that were put together have marks in their midst: of a text they are characters like any
/// other, and a record is read in spite of one.
#[test]
fn byte_order_marks_in_the_midst_are_read_over() {
    let mark = "\u{feff}";
    let record = |id: &str| crate::desk::line(&serde_json::json!({"id": id, "text": STORY}));
    let desk = Desk::new()
        .file("in/a.jsonl", format!("{mark}{}{mark}{}", record("a1"), record("a2")))
        .file("in/b.csv", format!("{mark}id,text\nb1,\"{STORY}\"\n{mark}b2,\"{STORY}\"\n"))
        .file("in/c.txt", format!("{mark}{STORY}{mark}"));
    insta::assert_snapshot!(desk.run("scan in --find documents --pairs star"));
    let again = desk.run("clean in -o out");
    assert_eq!(again.code, Some(0), "{again}");
    assert_eq!(desk.run("restore out -o back").code, Some(0));
    for name in ["a.jsonl", "b.csv", "c.txt"] {
        assert_eq!(desk.read(&format!("back/{name}")), desk.read(&format!("in/{name}")), "{name}");
    }
}

/// The same rows in the same order, with numbers as numbers.
#[test]
fn rows_of_parquet_say_what_rows_of_json_say() {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, UInt32Type};
    use arrow_array::{Array, RecordBatch};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use serde_json::{Value, json};

    let desk = Desk::with_sample();
    let run = |format: &str| {
        let arguments = format!(
            "scan corpus -q --context 3 --format {format} -o rows.{format} --clusters clusters.{format}"
        );
        assert_eq!(desk.run(&arguments).code, Some(0));
    };
    run("parquet");
    run("jsonl");
    let value = |batch: &RecordBatch, column: usize, row: usize| -> Value {
        let array = batch.column(column);
        match (array.is_null(row), array.data_type()) {
            (true, _) => Value::Null,
            (_, arrow_schema::DataType::Utf8) => json!(array.as_string::<i32>().value(row)),
            (_, arrow_schema::DataType::UInt32) => {
                json!(array.as_primitive::<UInt32Type>().value(row))
            }
            _ => json!(array.as_primitive::<Float64Type>().value(row)),
        }
    };
    for name in ["rows", "clusters"] {
        let file = fs::File::open(desk.path(format!("{name}.parquet"))).unwrap();
        let batches = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        let mut found = Vec::new();
        for batch in batches.map(Result::unwrap) {
            let schema = batch.schema();
            for row in 0..batch.num_rows() {
                let fields = schema.fields().iter().enumerate();
                let object: serde_json::Map<String, Value> = fields
                    .map(|(column, field)| (field.name().clone(), value(&batch, column, row)))
                    .collect();
                found.push(Value::Object(object));
            }
        }
        let lines = desk.read(&format!("{name}.jsonl"));
        let expected: Vec<Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(found, expected, "{name}");
        assert!(found.len() > 25, "{name}");
    }
    // The same bytes again, and for any number of threads.
    let before = fs::read(desk.path("rows.parquet")).unwrap();
    let again =
        desk.run("scan corpus -q --context 3 --format parquet --threads 1 -o again.parquet");
    assert_eq!(again.code, Some(0), "{again}");
    assert!(fs::read(desk.path("again.parquet")).unwrap() == before);
}
