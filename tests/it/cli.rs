//! The command line as a user meets it: what is typed, what is printed, the exit code, the files left.
//!
//! The system's own words are part of many messages, so the tests are for Unix.
#![cfg(unix)]

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use serde_json::json;

use crate::desk::{Desk, STORY, Session, feed, gzip, line, until, zstd};

// What can be typed.

#[test]
fn help() {
    let desk = Desk::new();
    assert_snapshot!("help_short", desk.run("-h"));
    assert_snapshot!("help_long", desk.run("--help"));
    assert_snapshot!("help_scan_short", desk.run("scan -h"));
    assert_snapshot!("help_scan_long", desk.run("scan --help"));
    assert_snapshot!("help_clean_short", desk.run("clean -h"));
    assert_snapshot!("help_clean_long", desk.run("clean --help"));
    assert_snapshot!("help_restore", desk.run("restore --help"));
}

#[test]
fn shells_are_served() {
    let desk = Desk::new();
    for (shell, sign) in [("bash", "_dittograph() {"), ("zsh", "#compdef dittograph")] {
        let session = desk.run(&format!("completions {shell}"));
        assert!(session.stdout.contains(sign), "{session}");
    }
}

/// As a reader of manuals has it; `man` fills the lines.
#[test]
fn manual_pages() {
    let desk = Desk::new();
    let page = |name: &str| desk.run(&format!("man {name}")).stdout;
    let of_this_version = |page: String| page.replace(env!("CARGO_PKG_VERSION"), "[VERSION]");
    assert_snapshot!("man", of_this_version(page("")));
    assert_snapshot!("man_scan", of_this_version(page("scan")));
    for name in ["clean", "restore", "report", "sketch", "merge", "tune", "completions", "man"] {
        let page = page(name);
        for section in ["NAME", "SYNOPSIS", "OPTIONS", "EXAMPLES", "\"SEE ALSO\""] {
            assert!(page.contains(&format!("\n.SH {section}\n")), "{name} has no {section}");
        }
    }
    let values = r"\fB\-\-output\fR \fIFILE\fR \fIPATH...\fR";
    assert!(page("sketch").contains(values), "{}", page("sketch"));
    assert_snapshot!(desk.run("man scna"));
}

/// It is the last option wherever there is one, and nowhere else.
#[test]
fn config_has_one_place() {
    let desk = Desk::new();
    for command in ["scan", "clean", "restore", "report", "sketch", "merge", "tune"] {
        let help = desk.run(&format!("{command} --help")).stdout;
        let (before, after) = help.split_once("\n      --config <FILE>\n").expect(command);
        let options = before.rsplit("\n\nOptions:\n").next().unwrap();
        assert!(!options.contains("\n\nFinding:"), "{command}");
        let next = after.split("\n\n").find(|lines| lines.trim_start().starts_with('-'));
        assert!(next.is_some_and(|it| it.contains("-h, --help")), "{command}: {next:?}");
    }
    for command in ["completions bash", "man"] {
        assert_eq!(desk.run(&format!("{command} --config x.toml")).code, Some(2));
    }
}

#[test]
fn the_short_help_fits_a_screen() {
    let desk = Desk::new();
    for command in ["scan", "clean", "report", "sketch", "merge", "tune"] {
        let help = desk.run(&format!("{command} -h")).stdout;
        assert!(help.lines().count() <= 45, "{command} has {} lines", help.lines().count());
    }
}

#[test]
fn a_recall_without_minhash_is_told_to_change_nothing() {
    let desk = Desk::with_pair();
    let told = |arguments: &str| desk.run(arguments).stderr.matches("changes nothing").count();
    assert_eq!(told("scan pair --recall 0.9"), 1);
    assert_eq!(told("sketch pair --recall 0.9 --shard 1/1 -o shard"), 1);
    assert_eq!(told("merge shard"), 0);
    assert_eq!(told("scan pair --recall 0.9 --method minhash"), 0);
    assert_eq!(told("scan pair"), 0);
    assert_eq!(told("scan pair --recall 0.9 --quiet"), 0);
    assert_eq!(told("tune --recall 0.9"), 0);
}

/// Also of what other tools call it, and of what stands elsewhere.
#[test]
fn an_option_that_there_is_not_is_told_with_the_one_there_is() {
    let desk = Desk::with_pair().file("-x.txt", STORY);
    assert_snapshot!(desk.runs(&[
        "scan --output-format jsonl pair",
        "scan --jaccard 0.5 pair",
        "scan --csv pair",
        "scan --json pair",
        "scan -f csv pair",
        "scan --similarity=0.5 pair",
        "scan --num-perm 128 pair",
        "scan --ngram 5 pair",
        "scan -s pair",
        "scan -x.txt pair",
        "scan --zzzz pair",
        "clean --format csv pair",
        "report --csv pairs.csv",
        "--threshold 0.5 scan pair",
        "-q scan pair",
        "restore -f in -o out",
        "--zzzz",
    ]));
}

#[test]
fn what_is_missing_or_too_much_is_told() {
    let desk = Desk::with_pair();
    assert_snapshot!(desk.runs(&[
        "sketch",
        "clean pair",
        "clean pair --dry-run -o x",
        "scan --format",
        "scan pair -o",
        "scan --quiet=1 pair",
        "completions bash zsh",
        "tune --sample 5",
    ]));
}

#[test]
fn a_slip_of_the_keys_is_told_with_what_was_meant() {
    assert_snapshot!(Desk::with_pair().runs(&[
        "",
        "scna pair",
        "pair",
        "help scna",
        "scan",
        "scan --thresold 0.7 pair",
        "scan --find document pair",
        "scan --format cvs pair",
        "scan --input-format json pair",
        "scan --threads 0 pair",
        "scan --threads many pair",
        "scan --shingle-size many pair",
        "scan --max-document many pair",
        "clean --keep newst --dry-run pair",
        "clean --keep unlike --dry-run pair",
        "clean --source-regex ( --dry-run pair",
        "sketch --shard 9/3 -o x pair",
        "completions bsh",
    ]));
}

#[test]
fn a_value_out_of_range_is_told_with_the_range() {
    assert_snapshot!(Desk::with_pair().runs(&[
        "scan --threshold 2 pair",
        "scan --threshold 80% pair",
        "scan --containment 0.1 pair",
        "scan --recall 1 pair",
        "scan --shingle-size 0 pair",
        "scan --min-words 1 pair",
        "scan --min-similarity 0 pair",
        "scan --max-document 9G pair",
        "scan --threshold -0.5 pair",
        "scan --temp-dir nowhere pair",
        "clean pair -o -",
        "scan --exclude [ pair",
    ]));
}

/// A glob that cannot be read must not depend on what PATH happens to be.
#[test]
fn a_bad_glob_is_told_for_a_file_too() {
    let session = Desk::with_pair().run("scan --exclude [ pair/one.txt");
    assert_eq!(session.code, Some(2), "{session}");
}

// What is found in the sample corpus.

#[test]
fn the_sample_corpus() {
    let session = Desk::with_sample().run("scan corpus");
    assert_snapshot!("sample_rows", session.stdout);
    assert_snapshot!("sample_summary", session.stderr);
    assert_eq!(session.code, Some(0));
}

#[test]
fn rows_as_json_lines() {
    let session = Desk::with_sample().run("scan --format jsonl corpus --quiet");
    assert_eq!(session.stdout.lines().count(), 60);
    let first: Vec<_> = session.stdout.lines().take(3).collect();
    assert_snapshot!(first.join("\n"));
}

#[test]
fn only_documents_or_only_passages() {
    let desk = Desk::with_sample();
    let documents = desk.run("scan --find documents corpus").rows();
    let passages = desk.run("scan --find passages corpus").rows();
    assert_snapshot!(format!("{documents}\n{passages}"));
}

#[test]
fn a_star_has_a_row_for_each_document_but_the_kept() {
    let desk = Desk::with_stories(&["a.txt", "b.txt", "c.txt"]);
    let all = desk.run("scan .").rows();
    let star = desk.run("scan --pairs star .").rows();
    assert_snapshot!(format!("all\n{all}\nstar\n{star}"), @r"
    all
    exact a.txt:1 b.txt:1
    exact a.txt:1 c.txt:1
    exact b.txt:1 c.txt:1

    star
    exact a.txt:1 b.txt:1
    exact a.txt:1 c.txt:1
    ");
}

#[test]
fn passages_inside_duplicates_are_listed_on_demand() {
    let desk = Desk::with_pair();
    assert_snapshot!(desk.runs(&["scan --quiet pair", "scan --quiet --inside-duplicates pair"]));
}

#[test]
fn clusters_name_the_document_to_keep() {
    let desk = Desk::with_sample();
    assert_eq!(desk.run("scan corpus -o rows.csv --clusters clusters.csv").code, Some(0));
    assert_snapshot!(desk.read("clusters.csv"));
}

#[test]
fn the_summary_for_programs() {
    let desk = Desk::with_sample();
    let session = desk.run("scan corpus -o rows.csv --summary summary.json --seed 7");
    assert_eq!(session.code, Some(0), "{session}");
    insta::with_settings!({filters => vec![
        (r#""seconds": [0-9.e-]+"#, r#""seconds": [TIME]"#),
        // The stages are a name and a time each.
        (r"(?m)^      [0-9.e-]+$", "      [TIME]"),
        (r#""peak_memory": (\d+|null)"#, r#""peak_memory": [MEMORY]"#),
        (r#""version": "[0-9.]+""#, r#""version": [VERSION]"#),
    ]}, {
        assert_snapshot!(desk.read("summary.json"));
    });
}

#[test]
fn quiet_leaves_only_rows_and_problems() {
    let desk = Desk::with_pair();
    assert_snapshot!(desk.runs(&["scan --quiet pair", "scan --quiet pair missing.txt"]));
}

#[test]
fn exit_codes() {
    let desk = Desk::with_pair().file("alone/one.txt", STORY);
    for (arguments, code) in [
        ("scan pair", 0),
        ("scan --fail-on-duplicates alone", 0),
        ("scan --fail-on-duplicates pair", 1),
        ("scan --fail-on-duplicates pair missing.txt", 2),
        ("scan pair --no-such-flag", 2),
    ] {
        assert_eq!(desk.run(arguments).code, Some(code), "{arguments}");
    }
}

// Where the rows go.

#[test]
fn an_output_file_holds_what_stdout_would() {
    let desk = Desk::with_pair();
    let printed = desk.run("scan pair").stdout;
    let session = desk.run("scan pair -o rows.csv");
    assert_eq!((session.stdout.as_str(), desk.read("rows.csv")), ("", printed));
    assert_eq!(desk.names(), ["pair/one.txt", "pair/two.txt", "rows.csv"]);
}

#[test]
fn an_existing_file_keeps_its_permissions_and_a_new_one_gets_the_usual() {
    let desk = Desk::with_pair().file("usual", "").file("group.csv", "old").file("mine.csv", "old");
    let mode = |name: &str| fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777;
    // More than the usual mask leaves, and less.
    for (name, bits) in [("group.csv", 0o666), ("mine.csv", 0o600)] {
        fs::set_permissions(desk.path(name), fs::Permissions::from_mode(bits)).unwrap();
        desk.run(&format!("scan pair -o {name}"));
        assert_ne!(desk.read(name), "old");
        assert_eq!(mode(name), bits, "{name} has mode {:o}", mode(name));
    }
    desk.run("scan pair -o new.csv");
    assert_eq!(mode("new.csv"), mode("usual"));
}

#[test]
fn a_link_is_written_through() {
    let desk = Desk::with_pair()
        .file("real.csv", "old")
        .link("link.csv", "real.csv")
        .link("ahead.csv", "not-yet.csv");
    let rows = desk.run("scan pair").stdout;
    for (link, target) in [("link.csv", "real.csv"), ("ahead.csv", "not-yet.csv")] {
        desk.run(&format!("scan pair -o {link}"));
        assert!(fs::symlink_metadata(desk.path(link)).unwrap().is_symlink(), "{link} is replaced");
        assert_eq!(desk.read(target), rows);
    }
}

/// The rows of `scan .` must not depend on where they are written.
#[test]
fn the_output_is_no_part_of_the_corpus() {
    let desk = Desk::with_pair();
    let read = |session: Session| session.stderr.lines().next().unwrap().to_owned();
    let printed = read(desk.run("scan ."));
    assert_eq!(read(desk.run("scan . -o rows.csv --summary summary.json")), printed);
}

/// `dittograph scan feed.jsonl -o feed.jsonl` must not cost the feed.
#[test]
fn an_input_is_not_written_over() {
    for output in ["pair/one.txt", "./pair/../pair/one.txt", "link.txt"] {
        let desk = Desk::with_pair().link("link.txt", "pair/one.txt");
        for flag in ["-o", "--clusters", "--summary"] {
            let session = desk.run(&format!("scan pair {flag} {output}"));
            let kept = desk.read("pair/one.txt") == STORY;
            assert!(kept && session.code == Some(2), "{session}");
        }
    }
}

#[test]
fn two_outputs_are_not_one_file() {
    for place in ["rows.csv", "./rows.csv", "pair/../rows.csv"] {
        let desk = Desk::with_pair();
        let session = desk.run(&format!("scan pair -o rows.csv --clusters {place}"));
        assert!(session.code == Some(2) && session.stderr.contains("share"), "{session}");
        assert_eq!(desk.names(), ["pair/one.txt", "pair/two.txt"]);
    }
}

/// A missing PATH as well, of which nothing must be said: the work has not begun.
#[test]
fn a_place_that_cannot_be_written_is_told_before_the_work() {
    let desk = Desk::with_pair();
    assert_snapshot!(desk.runs(&[
        "scan missing.txt -o pair",
        "scan missing.txt -o nowhere/rows.csv",
        "scan missing.txt -o rows.csv --clusters nowhere/clusters.csv",
        "scan missing.txt -o rows.csv --summary pair/one.txt/summary.json",
    ]));
    assert_eq!(desk.names(), ["pair/one.txt", "pair/two.txt"]);
}

#[test]
fn a_device_is_written_directly() {
    let session = Desk::with_pair().run("scan pair -o /dev/null --quiet");
    assert_snapshot!(session, @r"
    $ dittograph scan pair -o /dev/null --quiet
    --- exit 0
    ");
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_with_its_place() {
    let desk = Desk::with_pair();
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let printed = |arguments: &str| {
        let output = desk.command(arguments).stdout(full()).output().unwrap();
        Session::new(&format!("{arguments} > /dev/full"), &output)
    };
    assert_snapshot!(format!(
        "{}\n{}\n{}\n{}",
        desk.run("scan pair -o /dev/full"),
        desk.run("scan pair -o rows.csv --summary /dev/full"),
        printed("scan pair"),
        printed("man"),
    ));
}

/// A limit on the size of files stands in for a disk that fills up halfway.
#[test]
fn a_file_that_cannot_be_finished_leaves_the_old_one() {
    let desk = Desk::with_sample().file("rows.csv", "old");
    let before = desk.names();
    let script = r#"trap "" XFSZ; ulimit -f 8; exec "$0" scan corpus -o rows.csv"#;
    let output = Command::new("sh")
        .current_dir(&desk.folder)
        .args(["-c", script, env!("CARGO_BIN_EXE_dittograph")])
        .output()
        .unwrap();
    assert_snapshot!(Session::new("scan corpus -o rows.csv", &output));
    assert_eq!((desk.read("rows.csv").as_str(), desk.names()), ("old", before));
}

#[test]
fn a_run_that_read_nothing_leaves_the_old_file() {
    let desk = Desk::with_sample().file("rows.csv", "old").file("clusters.csv", "old");
    let session = desk.run("scan nowhere -o rows.csv --clusters clusters.csv --summary s.json");
    assert_snapshot!(session);
    assert_eq!(["rows.csv", "clusters.csv"].map(|name| desk.read(name)), ["old", "old"]);
    assert!(desk.read("s.json").contains("\"problems\": 1"));
    fs::remove_file(desk.path("rows.csv")).unwrap();
    desk.run("scan nowhere -o rows.csv");
    assert_eq!(desk.read("rows.csv").lines().count(), 1);
}

#[test]
fn the_name_of_the_output_tells_its_format() {
    let desk = Desk::with_pair();
    for (name, first) in
        [("a.JSONL", "{\"kind\""), ("a.ndjson", "{\"kind\""), ("a.pq", "PAR1"), ("a.txt", "kind,")]
    {
        desk.run(&format!("scan pair -q -o {name}"));
        assert!(fs::read(desk.path(name)).unwrap().starts_with(first.as_bytes()), "{name}");
    }
    desk.run("scan pair -q -o a.parquet --format csv");
    assert!(desk.read("a.parquet").starts_with("kind,"));
}

#[test]
fn an_error_leaves_no_file_behind() {
    let desk = Desk::with_pair();
    let before = desk.names();
    for arguments in [
        "scan pair -o rows.csv --threshold 2",
        "scan pair missing.txt -o rows.csv --clusters clusters.csv --strict",
    ] {
        assert_eq!(desk.run(arguments).code, Some(2), "{arguments}");
        assert_eq!(desk.names(), before, "{arguments}");
    }
}

/// As `dittograph scan corpus | head -1` has it, when `head` has gone.
#[test]
fn a_closed_pipe_is_no_error() {
    let desk = Desk::with_sample();
    for arguments in ["scan corpus --quiet", "scan corpus --format jsonl --quiet", "man"] {
        let mut command = desk.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let session = Session::new(arguments, &child.wait_with_output().unwrap());
        assert_eq!((session.code, session.stderr.as_str()), (Some(0), ""), "{session}");
    }
}

#[test]
fn an_interrupt_leaves_no_file_behind() {
    let desk = Desk::new().file("rows.csv", "old");
    let mut child = desk
        .command("scan - -o rows.csv --clusters clusters.csv --summary summary.json")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until("all outputs are open", || (desk.names().len() == 4).then_some(()));
    // Held open, or the program would end by itself.
    let stdin = child.stdin.take();
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let status = until("the program has ended", || child.try_wait().unwrap());
    drop(stdin);
    assert_eq!(status.code(), Some(130));
    assert_eq!(desk.names(), ["rows.csv"]);
    assert_eq!(desk.read("rows.csv"), "old");
}

// What is read.

#[test]
fn standard_input() {
    let desk = Desk::new();
    let prose = format!("{STORY}\nA second paragraph stands between.\n\n{STORY}");
    let sessions = [
        desk.feed(&prose, "scan - --quiet"),
        desk.feed(feed(), "scan - --quiet"),
        desk.feed(feed(), "scan - --quiet --input-format jsonl"),
        desk.feed(gzip(feed()), "scan - --quiet"),
        desk.feed(zstd(feed()), "scan - --quiet"),
    ];
    assert_snapshot!(sessions.map(|session| session.rows()).join("\n"), @r"
    passage -:1 -:5

    exact -#a:1 -#b:1

    exact -#a:1 -#b:1

    exact -#a:1 -#b:1

    exact -#a:1 -#b:1
    ");
}

/// JSON that is to be read as text is text.
#[test]
fn the_format_can_be_chosen() {
    let session = Desk::new().feed(feed(), "scan - --input-format text --min-words 12");
    assert_snapshot!(session.rows());
}

/// Two members or frames each: `cat a.gz b.gz` is a common way to make a file.
#[test]
fn every_format_plain_and_compressed() {
    let (head, tail) = STORY.split_at(30);
    let (a, b) = (line(&json!({"id": "a", "text": STORY})), line(&json!({"text": STORY})));
    let mut desk = Desk::new();
    for (extension, parts) in [
        ("txt", [head, tail]),
        ("md", [head, tail]),
        ("jsonl", [a.as_str(), b.as_str()]),
        ("ndjson", [a.as_str(), b.as_str()]),
    ] {
        desk = desk
            .file(format!("plain.{extension}"), parts.concat())
            .file(format!("gz.{extension}.gz"), parts.map(gzip).concat())
            .file(format!("zst.{extension}.zst"), parts.map(zstd).concat());
    }
    assert_snapshot!(desk.run("scan . --pairs star").rows());
}

#[test]
fn compression_is_told_by_the_bytes_and_not_the_name() {
    let desk = Desk::new().file("packed.txt", gzip(STORY)).file("plain.txt.gz", STORY);
    assert_snapshot!(desk.run("scan .").rows(), @"exact packed.txt:1 plain.txt.gz:1");
}

#[test]
fn fields_can_be_named_and_nested() {
    let record = |key| line(&json!({"meta": {"key": key}, "body": {"content": STORY}, "text": 1}));
    let desk = Desk::new().file("feed.jsonl", record("x/1") + &record("x/2"));
    let rows = desk.run("scan . --id-field meta.key --text-field body.content").rows();
    assert_snapshot!(rows, @"exact feed.jsonl#x/1:1 feed.jsonl#x/2:1");
}

#[test]
fn records_are_named_by_id_or_line() {
    let records = [
        json!({"text": STORY}),
        json!({"id": "story", "text": STORY}),
        json!({"id": 12, "text": STORY}),
        json!({"id": "story", "text": STORY}),
        json!({"id": null, "text": STORY}),
    ];
    let session = Desk::new()
        .file("feed.jsonl", records.map(|record| line(&record)).concat())
        .run("scan feed.jsonl --find documents --pairs star");
    assert_snapshot!(format!("{}\n{}", session.rows(), session.stderr));
}

/// Or a row could not be told from a document beside itself.
#[test]
fn an_id_that_looks_like_a_line_is_told_from_one() {
    let records = line(&json!({"text": STORY})) + &line(&json!({"id": 1, "text": STORY}));
    let session = Desk::new().file("feed.jsonl", records).run("scan feed.jsonl");
    let rows = session.rows();
    let names: Vec<_> = rows.split_whitespace().skip(1).collect();
    assert_ne!(names[0], names[1]);
}

/// One PATH: names below it. Several: names as they were typed. The star is
/// around the document that was read first, so the first PATH is the one to keep.
#[test]
fn documents_are_named_by_their_path() {
    let desk = Desk::with_pair().file("more/three.txt", STORY);
    let rows = ["pair", "./pair/", "pair/one.txt ./pair/two.txt", "pair/ more/three.txt"]
        .map(|paths| desk.run(&format!("scan --pairs star {paths}")).rows());
    assert_snapshot!(rows.join("\n"), @r"
    exact one.txt:1 two.txt:1

    exact one.txt:1 two.txt:1

    exact ./pair/two.txt:1 pair/one.txt:1

    exact more/three.txt:1 pair/one.txt:1
    exact pair/one.txt:1 pair/two.txt:1
    ");
}

#[test]
fn a_file_is_read_once_however_often_it_is_named() {
    let desk = Desk::with_pair().link("pair/again.txt", "one.txt").link("pair/up", "../pair");
    assert_snapshot!(
        desk.runs(&["scan pair/one.txt ./pair/one.txt pair/../pair/one.txt", "scan pair"])
    );
}

#[test]
fn questions_that_stand_in_the_training_text_are_told() {
    let question = "A ferry leaves the quay at noon and sails at nine knots; another follows \
                    an hour later at twelve knots. When does it catch up?";
    let page = format!("Puzzles of the week, with answers on page nine. {question} Good luck!");
    let own = "What is the longest river that flows into the northern harbour of the old town?";
    let record = |id: &str, text: &str| line(&json!({"id": id, "text": text}));
    let training = [record("p1", &page), record("p2", STORY)];
    let test = [record("q1", own), record("q2", question)];
    let desk = Desk::new().file("train.jsonl", training.concat()).file("test.jsonl", test.concat());
    assert_snapshot!(desk.run("scan train.jsonl --against test.jsonl"));
}

/// Three pages with a footer, and one that has it before something else.
fn footers() -> Desk {
    let footer =
        "Copy and pass on as you like, but whole, and name the harbour archive as the source.";
    let page = |number: usize, own: &str| (format!("{number}.txt"), format!("{own}\n\n{footer}\n"));
    let pages = [
        page(1, "The crane came down at noon."),
        page(2, "=Nobody saw the gulls leave, said the harbour master,\nwho was asleep."),
        page(3, "Market days are moved to Friday."),
    ];
    let last = format!("{footer} 第一章は海の見える町から始まる。");
    pages
        .into_iter()
        .fold(Desk::new().file("4.txt", last), |desk, (name, text)| desk.file(name, text))
}

#[test]
fn of_a_passage_so_many_occurrences_are_written_and_all_are_counted() {
    let desk = footers();
    assert_snapshot!(desk.runs(&[
        "scan .",
        "scan . --max-occurrences 2",
        "scan . --max-occurrences 1"
    ]));
}

#[test]
fn the_words_around_a_passage_are_written_on_demand() {
    let desk = footers();
    assert_snapshot!(desk.runs(&[
        "scan . --quiet --context 3",
        "scan . --quiet --context 5 --format jsonl --max-occurrences 2",
        "scan . --quiet --context 2000",
    ]));
}

#[test]
fn a_file_on_both_sides_is_no_reference() {
    let desk = Desk::with_pair().file("pair/three.txt", STORY);
    assert_snapshot!(desk.runs(&[
        "scan pair/three.txt --against pair",
        "scan pair --against pair",
        "scan pair --against nowhere",
    ]));
}

/// Elsewhere the file system would refuse it.
#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_utf8_is_escaped() {
    let foreign: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"100%-caf\xe9.txt");
    let desk = Desk::new().file(foreign, STORY).file("100%-café.txt", STORY);
    assert_snapshot!(desk.run("scan .").rows(), @"exact 100%-café.txt:1 100%25-caf%E9.txt:1");
}

#[test]
fn a_name_with_separators_is_quoted() {
    let desk = Desk::new().file("a, \"b\".txt", STORY).file("two\nlines.txt", STORY);
    assert_snapshot!(desk.run("scan . --quiet").stdout);
}

#[test]
fn hidden_files_are_read_and_our_own_are_not() {
    let ours = [".git/a.txt", ".dittograph/b.txt", "deep/.git/c.txt"];
    let theirs = [".hidden.txt", ".cache/d.txt", "node_modules/e.txt"];
    let desk = Desk::with_stories(&[ours, theirs].concat()).file(".gitignore", "node_modules\n");
    assert_snapshot!(desk.run("scan . --pairs star").rows(), @r"
    exact .cache/d.txt:1 .hidden.txt:1
    exact .cache/d.txt:1 node_modules/e.txt:1
    ");
}

#[test]
fn globs_leave_out_files_and_folders() {
    let desk = Desk::with_pair().file("drafts/three.txt", STORY).file("drafts/four.md", STORY);
    let rows = ["--exclude drafts", "--exclude *.md --exclude pair/one.txt", "--exclude **/t*"]
        .map(|globs| desk.run(&format!("scan . --pairs star {globs}")).rows());
    assert_snapshot!(rows.join("\n"), @r"
    exact pair/one.txt:1 pair/two.txt:1

    exact drafts/three.txt:1 pair/two.txt:1

    exact drafts/four.md:1 pair/one.txt:1
    ");
}

/// The bytes of skipped files are no bytes read.
#[test]
fn what_is_no_text_is_skipped_and_counted() {
    let picture =
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";
    let desk = Desk::with_pair()
        .file("pair/photo.png", picture)
        .file("pair/photo", picture)
        .file("pair/page.html", "<p>markup")
        .file("pair/table.csv", "a,b\n")
        .file("pair/package.json", "{\n  \"name\": \"x\"\n}\n");
    assert_snapshot!(desk.run("scan pair"));
}

#[test]
fn nothing_to_read_is_said() {
    let desk = Desk::new().file("empty.txt", "");
    fs::create_dir(desk.path("folder")).unwrap();
    assert_snapshot!(desk.runs(&["scan folder", "scan empty.txt"]));
}

/// What people read: clusters with the document to keep, passages with their places, word diffs.
#[test]
fn findings_are_shown_as_people_read_them() {
    let desk = Desk::with_sample();
    let session = desk.run("scan corpus --format text");
    assert_eq!(session.code, Some(0), "{session}");
    insta::assert_snapshot!(session);
    let colored = desk.run("scan corpus --format text --color always -q").stdout;
    assert!(colored.contains("\x1b[1mCluster 1\x1b[0m"), "{colored}");
    assert_eq!(desk.run("scan corpus --format text --color never").stdout, session.stdout);
}

/// What repeats most comes first, and what is not shown is told below it.
#[test]
fn the_groups_that_repeat_most_are_shown() {
    let words = |from: usize, count: usize| -> String {
        (from..from + count).map(|number| format!("w{number} ")).collect()
    };
    let desk = (0..33).fold(Desk::new(), |desk, number| {
        let text = words(1000 * number, 20 + number);
        desk.file(format!("{number:02}/a.txt"), &text).file(format!("{number:02}/b.txt"), &text)
    });
    let session = desk.run("scan . --format text");
    let shown: Vec<&str> =
        session.stdout.lines().filter_map(|line| line.strip_prefix("  keep  ")).collect();
    let expected: Vec<String> = (3..33).rev().map(|number| format!("{number:02}/a.txt")).collect();
    assert_eq!(shown, expected, "{session}");
    let end = "Those that repeat most words are shown. There are 3 more clusters: write all 33 rows to a file with\n`-o`\n";
    assert!(session.stdout.ends_with(end), "{session}");
    assert!(!session.stderr.contains("more"), "{session}");
}

/// Names and texts may hold what would steer a terminal.
#[test]
fn foreign_text_does_not_steer_the_terminal() {
    let story = format!("\u{1b}[2J\u{202e}{STORY}");
    let desk = Desk::new().file("a\u{1b}[31m.txt", &story).file("b\u{7}.txt", story + "x");
    let session = desk.run("scan . --format text --threshold 0.5");
    assert!(session.stdout.contains("a\u{fffd}[31m.txt"), "{session}");
    assert!(!session.stdout.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{session}");
}

/// On a terminal rows are shown for people, unless a format is asked for; NO_COLOR is honoured.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_is_shown_text() {
    let desk = Desk::with_pair();
    let on_terminal = |arguments: &str, no_color: &str| {
        let program = env!("CARGO_BIN_EXE_dittograph");
        let output = std::process::Command::new("script")
            .args(["-qec", &format!("{program} scan pair -q {arguments}"), "/dev/null"])
            .current_dir(desk.folder.path())
            .env("NO_COLOR", no_color)
            .env("TERM", "xterm")
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(on_terminal("", "").contains("\u{1b}[1mCluster 1\u{1b}[0m"));
    let plain = on_terminal("", "1");
    assert!(plain.contains("Cluster 1  2 documents, 1 could go"), "{plain}");
    assert!(!plain.contains('\u{1b}'), "{plain}");
    assert!(on_terminal("--format csv", "").starts_with("kind,"));
    assert!(on_terminal("-o rows.csv", "").is_empty());
    assert!(on_terminal("--format parquet", "").contains("a terminal cannot show Parquet"));
}

#[test]
fn a_file_of_options_is_read_when_it_is_named() {
    let story = STORY.repeat(3);
    let desk = Desk::new()
        .file("in/a.txt", &story)
        .file("in/b.txt", story.replace("market", "fair"))
        .file("in/c.bak", &story)
        .file(
            "options.toml",
            "[scan]\nthreshold = 0.3\nfind = \"documents\"\nquiet = true\nexclude = [\"*.bak\"]\n\
             strict = false\n[clean]\nacross = true\n",
        )
        .file("bare.toml", "threshold = 0.7\n")
        .file("slip.toml", "[scan]\ntreshold = 0.3\n")
        .file("another.toml", "[scan]\nconfig = \"options.toml\"\n")
        .file("command.toml", "[scam]\nthreshold = 0.3\n")
        .file("kind.toml", "[scan]\nquiet = 1\n")
        .file("list.toml", "[scan]\nthreshold = [0.3]\n")
        .file("value.toml", "[scan]\nthreshold = 3\n")
        .file("broken.toml", "[scan]\nfind = documents\n");
    let rows = |arguments: &str| {
        let session = desk.run(&format!("scan in {arguments}"));
        assert_eq!((session.code, &*session.stderr), (Some(0), ""), "{session}");
        session.stdout.lines().count() - 1
    };
    assert_eq!(rows("--config options.toml"), 1);
    // What is typed wins, on either side of the file.
    assert_eq!(rows("--config=options.toml --threshold 0.9"), 0);
    assert_eq!(rows("--threshold 0.9 --config options.toml"), 0);
    let mut told = desk.runs(&[
        "scan in --config bare.toml",
        "scan in --config slip.toml",
        "scan in --config another.toml",
        "scan in --config command.toml",
        "scan in --config kind.toml",
        "scan in --config list.toml",
        "scan in --config value.toml",
        "scan in --config broken.toml",
        "scan in --config missing.toml",
    ]);
    told += &desk.runs(&["clean in --dry-run -q --exclude *.bak --config options.toml"]);
    insta::assert_snapshot!(told);
}
