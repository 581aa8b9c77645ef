//! Files and records that cannot be read: each is told with its place, costs nothing else, and ends in exit 2.
//!
//! Every corpus here holds `pair/one.txt` and `pair/two.txt`, a duplicate that
//! must be reported whatever lies beside it.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;
use serde_json::json;

use crate::desk::{Desk, STORY, Session, feed, gzip, line, zstd};

/// A binary's first bytes.
const BINARY: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0>\0\x01\0\0\0\xb0\xcf";

/// The pair and one more file.
fn pair_and(name: &str, bytes: impl AsRef<[u8]>) -> Desk {
    Desk::with_pair().file(name, bytes)
}

/// Scans the whole folder; the run must end in `code` with the pair found.
fn scan(desk: &Desk, code: i32) -> Session {
    let session = desk.run("scan . --find documents");
    let span = format!("0,{},1", STORY.len());
    assert!(
        session.stdout.contains(&format!(",pair/one.txt,{span},pair/two.txt,{span},")),
        "{session}"
    );
    assert_eq!(session.code, Some(code), "{session}");
    session
}

/// What is said on stderr by a scan that found the pair but not everything.
fn complaint(desk: &Desk) -> String {
    scan(desk, 2).stderr
}

/// What is told as an error and as the way out of it.
fn errors_and_hints(stderr: &str) -> String {
    let told = |line: &&str| line.starts_with("error: ") || line.starts_with("hint: ");
    stderr.lines().filter(told).collect::<Vec<_>>().join("\n")
}

/// Records with stories of their own, too long to be read as one unit of work when there are many.
fn padded(number: usize) -> String {
    line(&json!({"text": format!("Story number {number}"), "padding": "x".repeat(9_000 + number)}))
}

fn utf16(text: &str, big: bool) -> Vec<u8> {
    let order = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
    text.encode_utf16().flat_map(order).collect()
}

// Files.

#[test]
fn a_missing_path() {
    let session = Desk::with_pair().run("scan pair missing.txt missing/folder");
    assert_snapshot!(session);
}

#[test]
fn a_link_to_nowhere() {
    assert_snapshot!(complaint(&Desk::with_pair().link("gone.txt", "nowhere.txt")));
}

/// Root may read everything: then there is nothing to test.
#[test]
fn no_permission() {
    let desk = pair_and("secret.txt", STORY).file("closed/story.txt", STORY);
    let forbid =
        |name| fs::set_permissions(desk.path(name), fs::Permissions::from_mode(0o000)).unwrap();
    forbid("secret.txt");
    if fs::read(desk.path("secret.txt")).is_ok() {
        return;
    }
    forbid("closed");
    let stderr = complaint(&desk);
    // Or the temporary folder could not be removed.
    fs::set_permissions(desk.path("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    assert_snapshot!(errors_and_hints(&stderr), @r"
    error: closed: Permission denied (os error 13)
    error: secret.txt: Permission denied (os error 13)
    ");
}

/// A file that can be opened but not read, as on a failing disk.
#[cfg(target_os = "linux")]
#[test]
fn a_read_that_fails() {
    assert_snapshot!(complaint(&Desk::with_pair().link("failing.txt", "/proc/self/mem")));
}

/// The pair would be found to stand in the torso, were one made a document.
#[test]
fn a_truncated_text_is_no_document() {
    let story = STORY.repeat(3);
    let told = [("cut.txt.gz", gzip(&story)), ("cut.txt.zst", zstd(&story))]
        .map(|(name, packed)| complaint(&pair_and(name, &packed[..packed.len() - 6])));
    assert_snapshot!(told.join("\n"));
}

/// Few records and many: the damage may be seen when the file is opened, or late.
#[test]
fn records_before_the_damage_are_used() {
    let few = feed();
    let many = feed() + &(1..=40).map(padded).collect::<String>();
    let mut told = String::new();
    for whole in [many, few] {
        for (name, packed) in [("cut.jsonl.gz", gzip(&whole)), ("cut.jsonl.zst", zstd(&whole))] {
            // A whole member or frame, then half of another.
            let session =
                scan(&pair_and(name, [&packed[..], &packed[..packed.len() / 2]].concat()), 2);
            assert!(session.stdout.contains(&format!(",{name}#b,")), "{session}");
            told += &format!("{}\n", errors_and_hints(&session.stderr));
        }
    }
    assert_snapshot!(told);
}

#[test]
fn garbage_after_a_gzip_member() {
    let told = [&b"junk"[..], b"more junk than a header has bytes"]
        .map(|junk| complaint(&pair_and("tail.txt.gz", [&gzip(STORY)[..], junk].concat())));
    assert_snapshot!(told.join("\n"));
    let records = pair_and("tail.jsonl.gz", [&gzip(feed())[..], b"garbage"].concat());
    let session = scan(&records, 2);
    assert!(session.stdout.contains(",tail.jsonl.gz#b,"), "{session}");
}

/// As tapes and some archivers leave it; gzip itself takes no notice.
#[test]
fn zeros_after_a_gzip_member_are_padding() {
    let desk = pair_and("padded.txt.gz", [&gzip(STORY)[..], &[0; 512]].concat());
    let session = scan(&desk, 0);
    assert!(session.stdout.contains(",padded.txt.gz,"), "{session}");
}

#[test]
fn a_binary_that_is_named_text() {
    assert_snapshot!(complaint(&pair_and("program.txt", BINARY)));
}

#[test]
fn a_document_over_the_limit() {
    let desk =
        pair_and("long.txt", STORY.repeat(20)).file("long.txt.gz", gzip(STORY.repeat(20))).file(
            "long.jsonl",
            feed() + &line(&json!({"id": "c", "text": STORY.repeat(20)})) + &feed(),
        );
    let session = desk.run("scan . --find documents --max-document 1K --pairs star");
    assert_snapshot!(session);
}

// Records.

#[test]
fn records_that_are_no_records() {
    let records = [
        r#"{"id": "whole", "text": "the first of many"}"#,
        r#"{"id": "cut", "text": "the second"#,
        "",
        r#"["a list"]"#,
        r#""a string""#,
        "42",
        r#"{"id": "comma", "text": "trailing",}"#,
        r#"{'id': 'python', 'text': 'quotes'}"#,
        r#"{"id": "half a pair", "text": "\ud83d"}"#,
        r#"{"id": "two", "text": "records"} {"id": "three"}"#,
        r#"{"id": "NaN", "text": "x", "score": NaN}"#,
        &format!("{{\"deep\": {}", "[".repeat(100_000)),
        r#"{"id": "last", "text": "the last of many"}"#,
    ];
    assert_snapshot!(complaint(&pair_and("feed.jsonl", records.join("\n"))));
}

#[test]
fn records_without_a_text() {
    let records = [
        json!({"id": 1, "body": STORY}),
        json!({"id": 2}),
        json!({"id": 3, "text": null}),
        json!({"id": 4, "text": 7}),
        json!({"id": 5, "text": true}),
        json!({"id": 6, "text": [STORY]}),
        json!({"id": 7, "text": {"body": STORY}}),
        json!({"id": 8, "text": STORY}),
    ];
    let desk = pair_and("feed.jsonl", records.map(|record| line(&record)).concat());
    assert_snapshot!(complaint(&desk));
}

#[test]
fn a_binary_that_is_named_records() {
    let binary = [BINARY, b"\n", BINARY].concat();
    assert_snapshot!(complaint(&pair_and("feed.jsonl", binary)));
}

/// The file is read in pieces of 2 MiB, by several threads, and counted as one.
#[test]
fn lines_and_bytes_are_counted_from_the_start_of_a_large_file() {
    let mut records: Vec<String> = (1..=500).map(padded).collect();
    for (number, bad) in [(101, "{\n"), (300, "\n"), (437, "[]\n"), (500, "{\"text\": 1}\n")] {
        records[number - 1] = bad.to_owned();
    }
    records[470] = line(&json!({"text": STORY}));
    let whole = records.concat();
    assert!(whole.len() > 4 << 20);
    let session = scan(&pair_and("feed.jsonl", &whole), 2);
    for number in [101, 437, 500] {
        let offset = records[..number - 1].concat().len();
        let place = format!("error: feed.jsonl: line {number} (byte {offset}): ");
        assert!(session.stderr.contains(&place), "no `{place}` in\n{session}");
    }
    assert!(session.stdout.contains(",feed.jsonl#471,"), "{session}");
    assert_snapshot!(session.stderr);
}

/// A wrong `--text-field` must not bury the terminal, and must not hide how much is lost.
#[test]
fn of_many_bad_records_the_first_are_listed_and_all_are_counted() {
    let desk = pair_and("feed.jsonl", "{\"body\": \"\"}\n".repeat(250));
    let stderr = complaint(&desk);
    assert_eq!(stderr.matches("error: ").count(), 3);
    let rest: Vec<_> = stderr.lines().filter(|line| !line.starts_with("error: ")).collect();
    assert_snapshot!(rest.join("\n"));
    let quiet = desk.run("scan . --quiet").stderr;
    assert!(quiet.contains("150 more"), "with --quiet nobody learns of the other 150");
}

/// The same for what differs in no more than its place, and not across files.
#[test]
fn what_is_wrong_in_the_same_way_is_told_three_times_for_each_file() {
    let broken: String = (0..5).map(|at| format!("{{\"text\": {}\n", "x".repeat(at))).collect();
    let missing = "{\"title\": \"\", \"body\": \"\"}\n{\"body\": \"\"}\n".repeat(2);
    let desk = pair_and("a.jsonl", &broken).file("b.jsonl", missing).file("c.jsonl", "{}\n");
    assert_snapshot!(complaint(&desk));
}

// Stopping at once.

#[test]
fn strict_stops_at_the_first() {
    let packed = gzip(STORY);
    let cases: [(&str, &[u8]); 7] = [
        ("cut.txt.gz", &packed[..packed.len() - 6]),
        ("cut.jsonl.gz", &packed[..packed.len() - 6]),
        ("binary.txt", BINARY),
        ("invalid.jsonl", b"{\n{\n"),
        ("no-text.jsonl", b"{}\n"),
        ("number.jsonl", b"{\"text\": 1}\n"),
        ("long.txt", &[b'x'; 2000]),
    ];
    let mut told = String::new();
    for (name, bytes) in cases {
        let session = pair_and(name, bytes).run("scan . --strict --max-document 1K");
        assert_eq!((session.code, session.stdout.as_str()), (Some(2), ""), "{session}");
        told += &session.stderr;
    }
    told += &Desk::with_pair().run("scan pair missing.txt --strict").stderr;
    assert_snapshot!(told);
}

/// The first in reading order, whichever thread is first to meet one.
#[test]
fn strict_stops_at_the_same_place_every_time() {
    let mut records: Vec<String> = (1..=900).map(padded).collect();
    records[400] = "{\n".to_owned();
    records[899] = "{\n".to_owned();
    let desk = pair_and("feed.jsonl", records.concat());
    for _ in 0..5 {
        let session = desk.run("scan . --strict --find documents");
        assert!(session.stderr.starts_with("error: feed.jsonl: line 401 "), "{session}");
    }
}

// Encodings: nothing below is an error.

#[test]
fn utf16_is_decoded_with_and_without_its_mark() {
    let mut desk = Desk::with_pair();
    for (order, big) in [("le", false), ("be", true)] {
        for (name, mark) in [("bare", ""), ("mark", "\u{feff}")] {
            let encode = |text: &str| utf16(&format!("{mark}{text}"), big);
            desk = desk
                .file(format!("{order}-{name}.txt"), encode(STORY))
                .file(format!("{order}-{name}.jsonl"), encode(&feed()));
        }
    }
    assert_snapshot!(desk.run("scan . --pairs star --find documents").rows());
}

/// Where no name says that it is JSON lines, the content must.
#[test]
fn utf16_records_are_sniffed() {
    let desk = Desk::with_pair().file("feed.json", utf16(&format!("\u{feff}{}", feed()), false));
    let session = scan(&desk, 0);
    assert!(session.stdout.contains(",feed.json#b,"), "{session}");
}

#[test]
fn windows_1252_is_guessed_and_counted() {
    let encode = |text: &str| encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
    let desk = Desk::with_pair()
        .file("old.txt", encode(STORY))
        .file("old.jsonl", encode(&line(&json!({"text": STORY}))));
    assert_snapshot!(desk.run("scan . --pairs star --find documents"));
}

#[test]
fn what_cannot_be_decoded_is_replaced_and_counted() {
    let torn = b"\xef\xbb\xbfThe ferry to Quai \xff leaves at nine, caf\xc3 open aboard.\n";
    let mut half = utf16("\u{feff}A lone half of a pair, \u{1f600} and text.", false);
    half.drain(48..50);
    let desk = Desk::with_pair().file("torn.txt", torn).file("half.txt", half);
    assert_snapshot!(scan(&desk, 0).stderr);
}

/// The same damage in records: what is lost must be counted there as well.
#[test]
fn what_cannot_be_decoded_in_records_is_replaced_and_counted() {
    let mut half = utf16("\u{feff}{\"text\": \"A lone half of a pair, \u{1f600} here\"}\n", false);
    half.drain(68..70);
    let session = scan(&Desk::with_pair().file("half.jsonl", half), 0);
    assert!(session.stderr.contains("replaced   1 character"), "{session}");
}

/// One bad byte, such as a file that was cut within a character has, must not
/// turn every other accent of it into something else.
#[test]
fn torn_utf8_is_still_utf8() {
    let cut = format!("{}“", STORY.repeat(20)).into_bytes();
    let desk = Desk::with_pair()
        .file("cut.txt", &cut[..cut.len() - 1])
        .file("whole.txt", STORY.repeat(20));
    let session = scan(&desk, 0);
    assert!(
        session.stdout.contains(",cut.txt,") && session.stdout.contains(",whole.txt,"),
        "{session}"
    );
    assert!(session.stderr.contains("replaced   1 character"), "{session}");
}

// Names.

/// A file name is foreign text: it could clear the screen, or forge a line of ours.
#[test]
fn a_name_does_not_steer_the_terminal() {
    let name = "\u{1b}[2J\u{9b}31m\rerror: forged\nerror: forged\u{7}.txt";
    let desk =
        pair_and(name, BINARY).file(format!("{name}.jsonl"), "{\n".to_owned() + &feed() + &feed());
    let stderr = complaint(&desk);
    assert!(stderr.chars().all(|c| c == '\n' || !c.is_control()), "{stderr:?}");
    assert_snapshot!(errors_and_hints(&stderr));
}

#[test]
fn an_argument_does_not_steer_the_terminal() {
    let desk = Desk::with_pair();
    for arguments in
        ["scan \u{1b}[2J", "scan pair --exclude [\u{1b}[2J", "scan pair -o \u{1b}[2J/x"]
    {
        let stderr = desk.run(arguments).stderr;
        assert!(!stderr.contains("\u{1b}[2J"), "{stderr:?}");
    }
}
