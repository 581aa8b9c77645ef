//! What is written: every format and encoding, refused places, runs that are stopped, full disks.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Instant;

use insta::assert_snapshot;
use serde_json::json;

use crate::clean_support::{Cleaning, clean_files, tree};
use crate::desk::{Desk, Session, gzip, line, zstd};
use crate::support::{Random, sentence, write_files};

/// A headline, a paragraph, and the first sentence of it once more.
fn page(number: usize) -> String {
    let first = sentence(100 * number..100 * number + 12);
    let rest = sentence(100 * number + 20..100 * number + 50);
    format!("Caf\u{e9} {number}\n\nThen {first}. And {rest}.\n\nThen {first}\n")
}

fn utf16(text: &str, mark: bool) -> Vec<u8> {
    let mark = if mark { "\u{feff}" } else { "" };
    mark.encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn every_encoding_comes_back_to_the_byte() {
    let latin: Vec<u8> = page(3).chars().map(|c| c as u8).collect();
    let mut torn = page(7).replace("Then", "Th\u{e9}n").into_bytes();
    torn.extend(b"broken \xff here\n");
    let files = [
        ("marked.txt", format!("\u{feff}{}", page(1)).into_bytes()),
        ("utf16.txt", utf16(&page(2), true)),
        ("utf16-bare.txt", utf16(&page(8), false)),
        ("latin.txt", latin),
        ("windows.md", page(4).replace('\n', "\r\n").into_bytes()),
        ("control.txt", format!("{}\u{1}{}", page(5), sentence(5000..5400)).into_bytes()),
        ("torn.txt", torn.clone()),
        ("picture.png", vec![0, 1, 2, 3, 255, 254]),
        ("plain", page(6).into_bytes()),
        ("empty.txt", Vec::new()),
    ];
    let cleaned = clean_files(&files, &Default::default());
    assert_eq!(cleaned.kept("copied"), ["control.txt", "torn.txt", "picture.png"]);
    assert_eq!(cleaned.kept("kept"), ["empty.txt"]);
    assert_eq!((cleaned.summary.copied, cleaned.summary.copied_files), (2, 1));
    let cut = |name: &str, start: &str| {
        let left = cleaned.text(name);
        assert!(left.starts_with(start) && left.trim_end().ends_with('.'), "{name}: {left:?}");
    };
    cut("marked.txt", "\u{feff}Caf\u{e9} 1\n");
    cut("utf16.txt", "Caf\u{e9} 2\n");
    cut("latin.txt", "Caf\u{e9} 3\n");
    cut("windows.md", "Caf\u{e9} 4\r\n");
    assert_eq!(fs::read(cleaned.output.path().join("torn.txt")).unwrap(), torn);
}

#[test]
fn compressed_files_come_back_with_what_is_in_them() {
    let lines: String =
        (0..3).map(|number| line(&json!({"id": number, "text": page(number)}))).collect();
    let desk = Desk::new()
        .file("in/a.txt.gz", gzip(page(7)))
        .file("in/b.jsonl.zst", zstd(&lines))
        .file("in/copy.txt.zst", zstd(page(7)))
        .file("in/same.txt.gz", gzip("Nothing to see here."));
    assert_eq!(desk.run("clean in -o out --quiet").code, Some(0));
    assert_eq!(desk.run("restore out -o back --quiet").code, Some(0));
    let same = |name: &str| {
        let read = |folder: &str| fs::read(desk.path(folder).join(name)).unwrap();
        (unpacked(&read("in")) == unpacked(&read("back"))).then_some(())
    };
    assert!(!desk.path("out/copy.txt.zst").exists());
    for name in ["a.txt.gz", "b.jsonl.zst", "copy.txt.zst", "same.txt.gz"] {
        same(name).expect(name);
    }
    let a = fs::read(desk.path("out/a.txt.gz")).unwrap();
    assert!(a.starts_with(b"\x1f\x8b") && unpacked(&a).len() < page(7).len());
    // What nothing is cut from is not even packed anew.
    assert!(fs::read(desk.path("out/same.txt.gz")).unwrap() == gzip("Nothing to see here."));
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut all = Vec::new();
    match bytes {
        [0x1f, 0x8b, ..] => {
            flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut all).unwrap();
        }
        _ => all = zstd::decode_all(bytes).unwrap(),
    }
    all
}

#[test]
fn a_file_that_cannot_be_read_to_its_end_is_copied() {
    let lines: String =
        (0..300).map(|number| line(&json!({"id": number, "text": page(number % 90)}))).collect();
    let packed = gzip(lines);
    let damaged = &packed[..packed.len() - 100];
    let desk = Desk::new().file("in/a.jsonl.gz", damaged).file("in/b.txt", page(1));
    let session = desk.run("clean in -o out");
    assert_eq!(session.code, Some(2), "{session}");
    assert!(fs::read(desk.path("out/a.jsonl.gz")).unwrap() == damaged);
}

#[test]
fn bad_records_stay_where_they_are() {
    let records = [
        "not json\n".to_owned(),
        line(&json!({"id": "a", "text": page(1)})),
        "\n".to_owned(),
        "{\"text\": 7}\n".to_owned(),
        line(&json!({"id": "b", "text": page(1)})),
        line(&json!({"id": "a", "text": page(2)})).trim_end().to_owned(),
    ];
    let desk = Desk::new().file("in/a.jsonl", records.concat());
    let session = desk.run("clean in -o out --quiet");
    assert_eq!(session.code, Some(2), "{session}");
    assert_eq!(desk.run("restore out -o back --quiet").code, Some(0));
    assert_eq!(desk.read("back/a.jsonl"), records.concat());
    let left = desk.read("out/a.jsonl");
    assert_eq!(left.lines().count(), 5);
    assert!(left.starts_with("not json\n{\"id\":\"a\"") && !left.contains("\"b\""));
    assert_snapshot!(desk.read("out/.dittograph/kept.csv"));
}

#[test]
fn places_that_cannot_be_written_into_are_refused() {
    let desk = Desk::with_stories(&["in/a.txt", "in/sub/b.txt", "other/in/a.txt", "full/x.txt"]);
    fs::create_dir(desk.path("empty")).unwrap();
    assert_snapshot!(desk.runs(&[
        "clean in -o in -q",
        "clean in -o in/new -q",
        "clean in/sub -o in -q --force",
        "clean in -o full -q",
        "clean ../nowhere -o out -q",
        "clean - -o out -q",
        "clean in --dry-run -o out",
        "clean in",
        "restore in -o out",
        "restore missing -o out",
    ]));
    assert_eq!(desk.run("clean in -o empty -q").code, Some(0));
    assert_eq!(desk.run("clean in -o empty -q").code, Some(2));
    assert_eq!(desk.run("clean in -o empty -q --force").code, Some(0));
    assert_eq!(desk.run("restore empty -o empty/back -q").code, Some(2));
    assert!(!desk.path("out").exists());
}

#[test]
fn names_that_lead_outside_or_clash_are_refused() {
    let desk = Desk::with_stories(&["in/a.txt", "in/A.TXT", "dev/con.txt", "up/a.txt"]);
    fs::create_dir(desk.path("sub")).unwrap();
    let absolute = desk.path("up").display().to_string();
    let mut shown = desk.runs(&["clean in -o out -q", "clean dev -o out -q"]);
    let mut command = desk.command("clean ../up ../dev -o out -q --exclude con.txt");
    command.current_dir(desk.path("sub"));
    shown +=
        &Session::new("clean ../up ../dev -o out -q --exclude con.txt", &command.output().unwrap())
            .to_string();
    let session = desk.run(&format!("clean {absolute} in -o out -q"));
    shown += &session.to_string().replace(&absolute, "[ABSOLUTE]");
    assert_snapshot!(shown);
    assert!(!desk.path("out").exists());
}

#[test]
fn a_link_in_the_output_folder_is_not_followed() {
    let desk = Desk::with_stories(&["in/sub/a.txt", "out/x.txt", "elsewhere/y.txt"])
        .link("out/sub", "../elsewhere");
    let session = desk.run("clean in -o out -q --force");
    assert_eq!(session.code, Some(2), "{session}");
    assert!(session.stderr.contains("out/sub: it is a link"), "{session}");
    assert_eq!(desk.names().iter().filter(|name| name.starts_with("elsewhere")).count(), 1);
    symlink("nowhere", desk.path("dangling")).unwrap();
    assert_eq!(desk.run("clean in -o dangling -q").code, Some(2));
}

#[test]
fn a_second_run_removes_what_only_the_first_wrote() {
    let desk = Desk::new().file("in/a/one.txt", page(1)).file("in/b/two.txt", page(2));
    assert_eq!(desk.run("clean in -o out -q").code, Some(0));
    fs::write(desk.path("out/mine.txt"), "mine").unwrap();
    fs::remove_dir_all(desk.path("in/a")).unwrap();
    assert_eq!(desk.run("clean in -o out -q --force").code, Some(0));
    let names: Vec<String> =
        desk.names().into_iter().filter(|name| name.starts_with("out")).collect();
    assert_eq!(
        names,
        [
            "out/.dittograph/kept.csv",
            "out/.dittograph/removed.csv",
            "out/b/two.txt",
            "out/mine.txt"
        ]
    );
}

#[test]
fn a_cleaned_corpus_that_was_changed_is_not_restored() {
    let desk = Desk::new().file("in/a.txt", page(1));
    assert_eq!(desk.run("clean in -o out -q").code, Some(0));
    fs::write(desk.path("out/a.txt"), desk.read("out/a.txt").replace("And", "Or")).unwrap();
    let session = desk.run("restore out -o back");
    assert_eq!(session.code, Some(2));
    assert_snapshot!(session.stderr);
    assert!(!desk.path("back/a.txt").exists());
    assert!(desk.run("restore back -o again").stderr.contains("stopped before the end"));
}

#[test]
fn the_sample_corpus_comes_back_to_the_byte() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for captions in [false, true] {
        let options =
            dittograph::pipeline::CleanOptions { captions, across: captions, ..Default::default() };
        let cleaned = Cleaning::of(&root, &options);
        assert!(cleaned.restored() == tree(&root));
        let again = Cleaning::of(cleaned.output.path(), &options);
        assert_eq!(again.rows(), "");
    }
}

#[test]
fn the_sample_corpus_cleaned_and_shown() {
    let desk = Desk::with_sample();
    let session = desk.run("clean corpus -o out");
    assert_eq!(session.code, Some(0), "{session}");
    assert_snapshot!("clean_sample_summary", session.stderr);
    let removed = desk.read("out/.dittograph/removed.csv");
    let rows = csv::Reader::from_reader(removed.as_bytes())
        .into_records()
        .map(|row| {
            let row = row.unwrap();
            [0, 1, 2, 3, 4, 5, 8, 9].map(|column| row[column].to_owned()).join(",") + "\n"
        })
        .collect::<String>();
    assert_snapshot!("clean_sample_removed", rows);
    let shown = desk.run(
        "clean corpus/harbour-courier corpus/northfield-post --dry-run --furniture-documents 4",
    );
    assert_snapshot!("clean_dry_run", shown);
    let session = desk.run("restore out -o back");
    assert_snapshot!(session);
}

#[test]
fn the_diff_is_coloured_on_demand() {
    let desk = Desk::new().file("a.txt", page(1).replace(".\n\nThen baca", ".\n\nThen BOLD baca"));
    let session = desk.run("clean a.txt --dry-run --color always -q");
    assert_snapshot!(session.stdout.replace('\x1b', "ESC"));
    assert_eq!(desk.run("clean a.txt --dry-run -q").stdout.matches('\x1b').count(), 0);
}

/// A corpus that takes long enough to be stopped in.
fn many_files(folder: &Path) {
    let mut random = Random(7);
    let files = (0..30).map(|number| {
        let body: Vec<String> =
            (0..6).map(|_| page(random.below(80)).replace("Caf\u{e9}", "The")).collect();
        let text = format!("Headline {number}\n\n{}\nRead on here\n", body.join("\n"));
        match number % 10 {
            0 => (format!("f{number}.jsonl"), line(&json!({"id": number, "text": text}))),
            _ => (format!("d{}/{number}.txt", number % 3), text),
        }
    });
    write_files(folder, files);
}

#[test]
fn a_run_that_was_killed_is_made_good_by_the_next() {
    const KILLS: usize = 100;
    let desk = Desk::new();
    many_files(&desk.path("in"));
    let arguments = "clean in -o out --quiet --threads 2";
    let started = Instant::now();
    assert_eq!(desk.run("clean in -o whole --quiet --threads 2").code, Some(0));
    // Follows how long a run takes while others want the machine as well.
    let mut takes = started.elapsed();
    let whole = tree(&desk.path("whole"));
    assert!(whole.len() > 25);
    let mut random = Random(11);
    let mut killed = 0;
    for _ in 0..KILLS {
        let mut child =
            desk.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Writing is the end of a run, and what can be torn.
        let share = 0.3 + 0.7 * (random.below(1000) as f64 / 1000.0);
        sleep(takes.mul_f64(share));
        child.kill().unwrap();
        let was_killed = !child.wait().unwrap().success();
        killed += usize::from(was_killed);
        takes = takes.mul_f64(if was_killed { 1.02 } else { 0.92 });
        let unfinished = desk.path("out/.dittograph/unfinished").exists();
        if !unfinished && desk.path("out/.dittograph/kept.csv").exists() {
            // It had come to its end.
        } else {
            assert_ne!(desk.run("restore out -o back --quiet").code, Some(0));
            let session = desk.run(arguments);
            assert_eq!(session.code, Some(0), "{session}");
        }
        assert!(tree(&desk.path("out")) == whole);
        fs::remove_dir_all(desk.path("out")).unwrap();
    }
    assert!(killed > KILLS / 4, "only {killed} runs were killed before their end");
}

#[test]
fn a_full_disk_is_told_with_its_place_and_leaves_no_torn_file() {
    let desk = Desk::new();
    let mut random = Random(3);
    let long: String = (0..400).map(|_| format!("{}.\n\n", sentence(random.words(40)))).collect();
    write_files(&desk.path("in"), [("a.txt", page(1)), ("b.txt", format!("{}\n{long}", page(2)))]);
    // A limit on the size of files fails as a full disk does; the signal it sends is ignored.
    let script = format!(
        "trap '' XFSZ; ulimit -f 64; exec {} clean in -o out -q --threads 1",
        env!("CARGO_BIN_EXE_dittograph")
    );
    let output =
        Command::new("sh").arg("-c").arg(script).current_dir(&desk.folder).output().unwrap();
    let session = Session::new("clean in -o out -q", &output);
    assert_eq!(session.code, Some(2), "{session}");
    assert!(session.stderr.starts_with("error: out/b.txt: "), "{session}");
    assert!(!desk.path("out/b.txt").exists());
    let torn = desk.names().into_iter().filter(|name| name.contains("unfinished"));
    assert_eq!(torn.collect::<Vec<_>>(), ["out/.dittograph/unfinished/list"]);
    assert_eq!(desk.run("clean in -o out -q").code, Some(0));
}
