//! The page of a scan: what it holds, what it says of what it does not, and that nothing foreign gets out of its place.
//!
//! What the page does is tried in a browser, in `tests/browser`. The system's own words are part of some
//! messages, so the tests are for Unix.
#![cfg(unix)]

use std::fmt::Write;
use std::fs;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use dittograph::error::Result;
use dittograph::pipeline::{ReportOptions, ScanOptions, page_of_scan, report, scan};
use dittograph::progress::Silent;
use dittograph::report::html::{
    Data, Listed, Material, Page, RowSource, TextBuilder, TextSource, Texts, page,
};
use dittograph::report::{Finding, Kind, Side};
use dittograph::spill::Workspace;
use insta::assert_snapshot;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::desk::{Desk, STORY, line};

/// Made of characters that end scripts, start elements, turn the direction of writing around or are not seen.
const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=alert(2)><!--<svg/onload=alert(3)>&\"' \u{202e}txt.exe\u{202c} \u{2066}\u{0}\u{7}\u{1b}[31m\u{2028}";

fn page_of(desk: &Desk, name: &str) -> Page {
    let scan = scan(&[desk.path(name)], &ScanOptions::default(), &Silent).unwrap();
    page_of_scan(&scan, &Silent).unwrap()
}

fn written(page: &Page) -> String {
    let mut out = Vec::new();
    page.write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// What stands between the first `start` and the next `end`.
fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let (_, rest) = text.split_once(start).unwrap();
    rest.split_once(end).unwrap().0
}

/// The data of a page that was written, and its texts.
fn data_in(page: &str) -> (Value, Vec<Value>) {
    let start = |id: &str| format!("<script type=\"application/json\" id=\"{id}\">");
    let json = |id: &str| serde_json::from_str(between(page, &start(id), "</script>")).unwrap();
    let blocks = (0..)
        .map(|number| format!("texts-{number}"))
        .take_while(|id| page.contains(&start(id)))
        .map(|id| json(&id))
        .collect();
    (json("data"), blocks)
}

/// The entries as people would tell them.
fn entries(data: &Data) -> String {
    let name = |document: u32| &data.documents[document as usize].0;
    let side = |number: u32| {
        let side = &data.sides[number as usize];
        format!("{}:{}", name(side.0), side.3)
    };
    let mut told = String::new();
    for Listed { subject, number, repeated, count, all_rows, members, rows, .. } in &data.entries {
        writeln!(told, "{subject} {number}, {count} times, {repeated} words, {all_rows} rows")
            .unwrap();
        for (document, kept, similarity) in members {
            let fate = if document == kept { "kept" } else { "goes" };
            writeln!(told, "  {fate} {} {similarity}", name(*document)).unwrap();
        }
        for (row, kind, jaccard, containment, a, b) in rows {
            let (a, b) = (side(*a), side(*b));
            writeln!(told, "  row {row}: {kind} {jaccard} {containment} {a} {b}").unwrap();
        }
    }
    told
}

#[test]
fn help_of_report() {
    let desk = Desk::new();
    assert_snapshot!("help_report_short", desk.run("report -h"));
    assert_snapshot!("help_report_long", desk.run("report --help"));
}

#[test]
fn the_page_of_the_sample_corpus() {
    let page = page_of(&Desk::with_sample(), "corpus");
    assert_snapshot!("sample_entries", entries(page.data()));
    let page = written(&page);
    let head = between(&page, "<header class=\"head\">", "</main>");
    let head =
        head.replace(concat!("dittograph ", env!("CARGO_PKG_VERSION")), "dittograph [VERSION]");
    assert_snapshot!("sample_head", head);
}

/// The rows in memory and the CSV of them make one page, with any number of threads.
#[test]
fn the_page_is_the_same_from_the_scan_and_from_the_csv() {
    let desk = Desk::with_sample();
    let outputs = "-o pairs.csv --clusters clusters.csv --summary scan.json";
    for threads in [1, 4] {
        let arguments =
            format!("scan corpus {outputs} --report {threads}.html --threads {threads}");
        assert_eq!(desk.run(&arguments).code, Some(0));
    }
    let inputs = "pairs.csv corpus --clusters clusters.csv --summary scan.json";
    let session = desk.run(&format!("report {inputs} -o report.html"));
    assert_eq!((session.code, session.stderr.as_str()), (Some(0), ""));
    let page = desk.read("1.html");
    assert!(page == desk.read("4.html") && page == desk.read("report.html"));
    let piped = desk.feed(desk.read("pairs.csv"), "report - -o - --quiet").stdout;
    assert!(piped.starts_with("<!doctype html>") && piped.ends_with("</html>\n"));
}

/// Whatever `scan` writes for programs, `report` reads; with the words around passages or without.
#[test]
fn the_page_is_the_same_from_rows_of_any_format() {
    let desk = Desk::with_sample();
    for context in [0, 3] {
        let page = |format: &str| {
            let files = [format!("{context}.{format}"), format!("{context}.clusters.{format}")];
            let [pairs, clusters] = &files;
            let scanned = desk.run(&format!(
                "scan corpus -q --format {format} --context {context} -o {pairs} --clusters {clusters}"
            ));
            assert_eq!(scanned.code, Some(0), "{scanned}");
            // Called by one name, for the page names it.
            for (from, to) in [(pairs, "pairs"), (clusters, "clusters")] {
                fs::rename(desk.path(from), desk.path(to)).unwrap();
            }
            let session = desk.run("report pairs corpus --clusters clusters -o -");
            assert_eq!(session.code, Some(0), "{session}");
            assert!(session.stdout.contains("harbour-courier"), "{session}");
            session.stdout
        };
        let csv = page("csv");
        assert!(csv == page("jsonl"), "of JSON lines another page is made");
        assert!(csv == page("parquet"), "of Parquet another page is made");
    }
}

/// An apostrophe before a formula is ours in CSV only.
#[test]
fn rows_of_json_are_quoted_as_they_are() {
    let text = format!("'=1+2 {STORY}");
    let desk = Desk::new().file("in/a.txt", &text).file("in/b.txt", &text);
    desk.run("scan in --format jsonl -o rows.jsonl");
    assert!(desk.run("report rows.jsonl -o -").stdout.contains("\"'=1+2 The ferry"));
}

/// Every document has its text in the page, and every span is one of it.
#[test]
fn texts_are_those_of_the_documents() {
    let page = written(&page_of(&Desk::with_sample(), "corpus"));
    let (data, blocks) = data_in(&page);
    let texts: Vec<&str> = blocks
        .iter()
        .flat_map(|block| block.as_array().unwrap().iter().map(|text| text.as_str().unwrap()))
        .collect();
    let documents = data["documents"].as_array().unwrap();
    for document in documents {
        let text = texts[document[2].as_u64().unwrap() as usize];
        let file = fs::read_to_string(format!("corpus/{}", document[0].as_str().unwrap())).unwrap();
        assert_eq!((text, document[3].as_u64()), (&*file, Some(file.len() as u64)));
    }
    for side in data["sides"].as_array().unwrap() {
        let text =
            texts[documents[side[0].as_u64().unwrap() as usize][2].as_u64().unwrap() as usize];
        let span = side[1].as_u64().unwrap() as usize..side[2].as_u64().unwrap() as usize;
        assert!(text.get(span).is_some(), "{side}");
    }
}

#[test]
fn nothing_foreign_becomes_part_of_the_page() {
    let folder = "<img src=x onerror=alert(4)>";
    let records: String = ["a", "b", "c"]
        .map(|id| line(&json!({"id": format!("{HOSTILE}{id}"), "text": format!("{STORY}{HOSTILE}{STORY}")})))
        .concat();
    let desk = Desk::new()
        .file(format!("{folder}/<b>&.jsonl"), &records)
        .file(format!("{folder}/<u>.jsonl"), "{\"text\": <script>}\n");
    let mut scan = scan(&[desk.path(folder)], &ScanOptions::default(), &Silent).unwrap();
    scan.summary.command = ["dittograph", "scan", HOSTILE, folder].map(str::to_owned).to_vec();
    let page = written(&page_of_scan(&scan, &Silent).unwrap());

    let (data, blocks) = data_in(&page);
    assert_eq!(data["command"][2], HOSTILE);
    assert_eq!(data["documents"][0][0], format!("<b>&.jsonl#{HOSTILE}a"));
    assert_eq!(blocks[0][0], format!("{STORY}{HOSTILE}{STORY}"));
    // The scripts are the data, the texts and the one that is ours.
    assert_eq!(page.matches("<script").count(), 3);
    assert_eq!(page.matches("</script").count(), 3);
    assert_eq!(page.matches("<!--").count(), 0);
    let markup = page.split_once("</style>").unwrap().1;
    let (markup, _) = markup.split_once("<script").unwrap();
    for element in ["<img", "<b>", "<u>", "<svg/", "onerror=alert(2)>"] {
        assert!(!markup.contains(element), "{element}");
    }
    let hidden = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert_eq!(markup.find(hidden), None);
    assert!(
        markup.contains("⟨U+202E⟩txt.exe") && markup.contains('␀') && markup.contains("&#60;img")
    );
}

/// The policy allows what is in the page, to the byte, and nothing else.
#[test]
fn the_policy_is_of_this_page() {
    let page = written(&page_of(&Desk::with_pair(), "pair"));
    let policy =
        between(&page, "Content-Security-Policy\" content=\"", "\">").replace("&#39;", "'");
    let hash = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    let script = page.rsplit_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
    let style = between(&page, "<style>", "</style>");
    let expected = format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(script),
        hash(style)
    );
    assert_eq!(policy, expected);
    for attribute in [" style=", " onclick=", " onload=", " src=", "javascript:"] {
        let markup = page.split_once("</style>").unwrap().1.split_once("<script").unwrap().0;
        assert!(!markup.contains(attribute), "{attribute}");
    }
}

/// What is not in the rows is said, and so is what has become of the documents.
#[test]
fn what_is_not_known_is_said() {
    let desk = Desk::with_stories(&["all/a.txt", "all/b.txt", "all/c.txt"]);
    desk.run("scan all -o pairs.csv");
    fs::remove_file(desk.path("all/a.txt")).unwrap();
    fs::write(desk.path("all/b.txt"), "Another story altogether.").unwrap();
    assert_snapshot!(desk.run("report pairs.csv all -o report.html"));
    let (data, _) = data_in(&desk.read("report.html"));
    let numbers: Vec<_> =
        data["documents"].as_array().unwrap().iter().map(|one| one[2].as_i64().unwrap()).collect();
    assert_eq!(numbers, [-1, -1, 0]);
    assert_eq!(data["excerpts"][0], STORY.trim_end());
}

#[test]
fn a_scan_without_rows_has_a_page() {
    let desk = Desk::with_stories(&["one.txt"]);
    let session = desk.run("scan one.txt -o pairs.csv --report report.html --quiet");
    assert_eq!(session.code, Some(0), "{session}");
    let page = desk.read("report.html");
    assert!(
        page.contains("Nothing repeats: the scan has no rows.")
            && !page.contains("id=\"findings\"")
    );
}

#[test]
fn rows_of_json_of_a_scan_without_any_have_a_page() {
    let desk = Desk::with_stories(&["one.txt"]);
    desk.run("scan one.txt -o pairs.jsonl --clusters clusters.jsonl --report report.html --quiet");
    let session = desk.run("report pairs.jsonl one.txt --clusters clusters.jsonl -o again.html");
    assert_eq!(session.code, Some(0), "{session}");
    assert!(desk.read("again.html").contains("Nothing repeats: the scan has no rows."));
}

#[test]
fn a_document_that_has_grown_is_not_what_it_was() {
    let desk = Desk::with_stories(&["all/a.txt", "all/b.txt"]);
    desk.run("scan all -o pairs.csv");
    fs::write(desk.path("all/b.txt"), format!("{STORY}And more of it.\n")).unwrap();
    let session = desk.run("report pairs.csv all -o report.html");
    assert!(session.stderr.contains("1 document is not what it was"), "{session}");
}

#[test]
fn what_could_not_be_read_is_in_the_page() {
    let desk = Desk::with_pair()
        .file("pair/bad.jsonl", "{\"text\": 1}\n")
        .file("pair/x.bin", b"\x7fELF\0\0");
    desk.run("scan pair -o pairs.csv --report report.html");
    let page = desk.read("report.html");
    let head = between(&page, "<header class=\"head\">", "</header>");
    assert!(
        head.contains("1 file or record could not be read") || head.contains("1 could not be read"),
        "{head}"
    );
    assert!(head.contains("field `text` is a number, not a string"), "{head}");
    assert!(head.contains("1 file skipped: "), "{head}");
}

/// A page of half of the rows would say what is not so.
#[test]
fn what_are_no_rows_is_refused_with_the_line() {
    let desk = Desk::with_sample();
    desk.run("scan corpus -o pairs.csv --clusters clusters.csv --summary scan.json");
    let rows = desk.read("pairs.csv");
    let lines: Vec<&str> = rows.split_inclusive('\n').collect();
    let (header, first) = (lines[0], lines[1]);
    let cut = |length: usize| rows.as_bytes()[..length].to_vec();
    let with = |row: &str| format!("{header}{first}{row}").into_bytes();
    let objects = desk.run("scan corpus --format jsonl --quiet").stdout;
    let object = objects.split_inclusive('\n').next().unwrap();
    let files = [
        ("empty.csv", Vec::new()),
        ("other.csv", b"id,text\n1,a\n".to_vec()),
        ("other.jsonl", b"{\"id\": 1}\n".to_vec()),
        ("kind.jsonl", object.replace("contained", "similar").into_bytes()),
        ("field.jsonl", format!("{object}{}", object.replace("jaccard", "jacard")).into_bytes()),
        ("cut.jsonl", format!("{object}{}", &object[..90]).into_bytes()),
        ("no.parquet", b"PAR1 is how it begins".to_vec()),
        ("cut-in-a-field.csv", cut(rows.len() - 3)),
        ("cut-in-a-row.csv", cut(header.len() + first.len() + 30)),
        ("cut-in-the-header.csv", cut(20)),
        (
            "latin-1.csv",
            [&with("")[..], &first.as_bytes()[..20], b"\xe9", &first.as_bytes()[21..]].concat(),
        ),
        ("kind.csv", with(&first.replacen("contained", "similar", 1))),
        ("share.csv", with(&first.replacen("0.3318", "1.5", 1))),
        ("number.csv", with(&first.replacen(",76,", ",many,", 1))),
        ("backwards.csv", with(&first.replacen(",0,", ",9999,", 1))),
    ];
    let mut told = String::new();
    for (name, bytes) in files {
        fs::write(desk.path(name), bytes).unwrap();
        let session = desk.run(&format!("report {name} -o report.html"));
        writeln!(told, "{session}").unwrap();
    }
    fs::write(desk.path("other.json"), "{\"read\": 1}").unwrap();
    fs::write(desk.path("two.csv"), "document,cluster,kept,similarity\na,1,a,1.0\n").unwrap();
    for arguments in [
        "report missing.csv -o report.html",
        "report pairs.csv missing -o report.html --strict",
        "report pairs.csv --summary other.json -o report.html",
        "report pairs.csv --summary pairs.csv -o report.html",
        "report pairs.csv --clusters pairs.csv -o report.html",
        "report pairs.csv --clusters two.csv -o report.html",
        "report pairs.csv -o nowhere/report.html",
        "report pairs.csv",
    ] {
        writeln!(told, "{}", desk.run(arguments)).unwrap();
    }
    assert!(!desk.path("report.html").exists());
    assert_snapshot!(told);
}

/// `report pairs.csv -o pairs.csv` must not cost the rows, nor a document.
#[test]
fn an_input_of_a_page_is_not_written_over() {
    let desk = Desk::with_pair().link("link.csv", "pairs.csv");
    desk.run("scan pair -o pairs.csv --clusters clusters.csv --summary scan.json");
    let inputs = "report pairs.csv pair --clusters clusters.csv --summary scan.json";
    for output in [
        "pairs.csv",
        "./pair/../pairs.csv",
        "link.csv",
        "clusters.csv",
        "scan.json",
        "pair/one.txt",
    ] {
        let before = desk.read(output);
        let session = desk.run(&format!("{inputs} -o {output}"));
        assert_eq!(session.code, Some(2), "{session}");
        assert!(session.stderr.contains("inputs are never written to"), "{session}");
        assert_eq!(desk.read(output), before);
    }
    let session = desk.run("scan pair -o rows.csv --report pair/one.txt");
    assert!(session.code == Some(2) && desk.read("pair/one.txt") == STORY, "{session}");
    let session = desk.run("scan pair -o rows.csv --report rows.csv");
    assert_eq!(session.code, Some(2), "{session}");
}

/// The context that is in the rows is shown where the document is not.
#[test]
fn the_words_around_a_passage_come_from_the_rows() {
    let desk = Desk::with_sample();
    desk.run("scan corpus --context 5 -o pairs.csv");
    let options = ReportOptions { pairs: desk.path("pairs.csv"), ..ReportOptions::default() };
    let page = report(&options, &Silent).unwrap();
    let data = page.data();
    let side = data.sides.iter().find(|side| side.6 >= 0).unwrap();
    let rows = desk.read("pairs.csv");
    for number in [side.5, side.6, side.7] {
        assert!(rows.contains(&*data.excerpts[number as usize]));
    }
}

/// The command in the summary makes the same rows, whatever was typed.
#[test]
fn the_command_makes_the_same_rows_again() {
    let records: String = ["a", "b"].map(|id| line(&json!({"name": id, "body": STORY}))).concat();
    let desk = Desk::new()
        .file("in/it's here.jsonl", records)
        .file("in/-x.txt", STORY)
        .file("other.txt", STORY);
    let typed = "scan in --against other.txt --text-field body --id-field name --min-words 4 --threshold 0.7 \
                 --recall 0.99 --method minhash --pairs star --max-occurrences 5 --seed 3 --exclude *.bak \
                 --inside-duplicates --find all --containment 0.8 --shingle-size 4 --min-similarity 0.8 \
                 --html all --context 2 --max-document 1M";
    desk.run(&format!("{typed} -o one.csv --summary one.json --threads 1"));
    let summary: Value = serde_json::from_str(&desk.read("one.json")).unwrap();
    let command: Vec<&str> =
        summary["command"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert_snapshot!(command.join(" "));
    let again = desk.command("").args(&command[1..]).args(["-o", "two.csv"]).output().unwrap();
    assert!(again.status.success());
    assert_eq!(desk.read("one.csv"), desk.read("two.csv"));
    assert!(desk.read("one.csv").lines().count() > 1);
}

/// A file of rows that is no scan's may name any cluster and document.
#[test]
fn a_page_can_be_made_of_any_rows_with_the_header() {
    let desk = Desk::new();
    let header = dittograph::report::COLUMNS.join(",");
    let rows = "near,0.9,0.9,1,1,a,0,4294967295,1,b,0,4294967295,1,4294967295,,,x,y\n\
                passage,0,0,0,0,,0,0,0,,0,0,0,,4294967295,4294967295,,\n\
                exact,1,1,1,1,a,0,1,1,a,0,1,1,,,,,\n";
    let desk = desk.file("rows.csv", format!("{header}\n{rows}")).file("in/a", STORY);
    let options = ReportOptions {
        pairs: desk.path("rows.csv"),
        paths: vec![desk.path("in"), desk.path("rows.csv")],
        ..ReportOptions::default()
    };
    assert_eq!(report(&options, &Silent).unwrap().data().entries.len(), 3);
}

/// Rows and texts without end, as far as a page is concerned: how many rows, and how often a text repeats.
struct Many(u32, usize);

impl Many {
    fn name(number: u32) -> String {
        format!("a-folder-with-a-name-that-is-long/and-a-document-with-another/{number:08}.txt")
    }

    fn text(number: u32) -> String {
        format!("{number} {}", "<b>words</b> of a story that is told again, ".repeat(30))
    }

    fn row(&self, number: u32) -> Finding {
        let side = |document: u32| Side {
            document: Many::name(document),
            start: 0,
            end: (Many::text(document).len() * self.1) as u32,
            line: 1,
            words: 40,
            text: Many::text(document)[..200].to_owned(),
            before: String::new(),
            after: String::new(),
        };
        Finding {
            kind: Kind::Contained,
            jaccard: 0.5,
            containment: 0.95,
            a: side(2 * number),
            b: side(2 * number + 1),
            cluster: None,
            passage: None,
            occurrences: None,
        }
    }
}

impl RowSource for Many {
    fn each(&self, see: &mut dyn FnMut(u32, &Finding) -> Result<()>) -> Result<()> {
        (0..self.0).try_for_each(|number| see(number, &self.row(number)))
    }

    fn these(
        &self,
        numbers: &[u32],
        see: &mut dyn FnMut(u32, &Finding) -> Result<()>,
    ) -> Result<()> {
        numbers.iter().try_for_each(|&number| see(number, &self.row(number)))
    }
}

impl TextSource for Many {
    fn read(&self, names: &[&str]) -> Result<Texts> {
        let spill = Workspace::default().spill();
        let mut texts = TextBuilder::default();
        for (place, name) in (0..).zip(names) {
            let number = name.rsplit(['/', '.']).nth(1).unwrap().parse().unwrap();
            texts.push(place, &Many::text(number).repeat(self.1));
        }
        let unit = texts.store(&spill)?;
        Ok(Texts::new(spill, names.len(), vec![unit]))
    }
}

#[test]
fn a_page_stays_under_thirty_megabytes_and_says_what_is_left_out() {
    let many = Many(70_000, 1);
    for texts in [None, Some(&many as &dyn TextSource)] {
        let material =
            Material { file: "many.csv", rows: &many, clusters: None, told: None, texts };
        let page = page(material).unwrap();
        let (listed, size) = (page.data().entries.len() as u64, written(&page).len());
        assert!((20_000_000..30_000_000).contains(&size), "{size}");
        let notes = page.notes().join("\n");
        let left_out = 70_000 - listed;
        assert!(left_out > 0 && listed > 30_000);
        let told = format!("{},{:03} rows have no place", left_out / 1000, left_out % 1000);
        assert!(notes.contains(&told), "{notes}");
        assert_eq!(notes.contains("documents have no place here"), texts.is_some(), "{notes}");
        // Plots are of all rows.
        assert!(written(&page).contains("<p>70,000 pairs</p>"));
    }
}

/// Each text has a beginning in the page before one is there whole.
#[test]
fn long_texts_are_shown_whole_where_there_is_room() {
    let shown = |many: &Many| {
        let material = Material {
            file: "long.csv",
            rows: many,
            clusters: None,
            told: None,
            texts: Some(many),
        };
        let page = page(material).unwrap();
        let (_, blocks) = data_in(&written(&page));
        let texts = blocks.iter().flat_map(|block| block.as_array().unwrap());
        let lengths: Vec<usize> = texts.map(|text| text.as_str().unwrap().len()).collect();
        (lengths, page.notes().join("\n"))
    };
    let (lengths, notes) = shown(&Many(5, 300));
    assert_eq!(lengths, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(|_| Many::text(0).len() * 300));
    assert!(!notes.contains("beginning"), "{notes}");
    let (lengths, notes) = shown(&Many(25, 300));
    assert_eq!(lengths.len(), 50);
    let cut = lengths.iter().filter(|length| **length == 100_000).count();
    assert!(cut > 20 && cut < 45, "{cut}");
    assert!(notes.contains(&format!("{cut} documents are long")), "{notes}");
}
