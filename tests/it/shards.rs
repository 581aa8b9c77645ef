//! A scan by shards: the rows of one process, whatever the number of shards.

use std::fs;

use insta::assert_snapshot;
use serde_json::json;

use crate::desk::{Desk, line, zstd};
use crate::support::{sentence, word};

/// A corpus of every way of reading: small files, a large file of lines, one that only goes forward, a page, an
/// archive of records, ids that repeat, and what cannot be read.
fn desk() -> Desk {
    let text = |number: usize| {
        let words = (0..150).map(|at| (number / 3 * 7919 + at * (1 + number / 3)) % 10_000);
        let own = (0..number % 3).map(|at| number + 31 * at);
        format!("{}. {}.", sentence(words), sentence(own))
    };
    let records = |range: std::ops::Range<usize>| -> String {
        range.map(|number| line(&json!({"id": number % 5000, "text": text(number)}))).collect()
    };
    let page = format!("<!doctype html><p>{}</p><p>{}</p>", text(3), text(7));
    let broken = format!("{}{}not json\n", records(10..12), line(&json!({"id": 1})));
    Desk::with_sample()
        .file("large/lines.jsonl", records(0..4800))
        .file("large/packed.jsonl.zst", zstd(zstd_sized(&records(4000..5000))))
        .file("more/few.jsonl", records(0..60))
        .file("more/page.html", page)
        .file("more/broken.jsonl", broken)
        .file("more/b.txt", text(8))
        .file("reference.txt", text(100))
}

/// More bytes than are read as one piece, when packed.
fn zstd_sized(records: &str) -> String {
    let mut state = 1u64;
    let mut noise = String::new();
    while noise.len() < 9 << 20 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        noise.push_str(&word((state >> 33) as usize % 10_000));
        noise.push(if noise.len().is_multiple_of(997) { '\n' } else { ' ' });
    }
    let noise = noise.lines().map(|text| line(&json!({"text": text}))).collect::<String>();
    format!("{records}{noise}")
}

#[test]
fn shards_give_the_rows_of_one_process() {
    let desk = desk();
    for (options, counts) in [
        ("more large --find documents --method minhash --threshold 0.6", &[2, 7][..]),
        ("corpus more", &[1, 3, 40]),
        ("more --against reference.txt --context 3 --exclude *.html --pairs star", &[4]),
    ] {
        let whole = desk.run(&format!("scan {options} -o rows.csv --clusters clusters.csv"));
        assert!(desk.read("rows.csv").lines().count() > 60 || options.contains("against"));
        for &count in counts {
            for number in (1..=count).rev() {
                let made = desk
                    .run(&format!("sketch {options} --shard {number}/{count} -o shard{number}"));
                // What cannot be read is told here, too.
                let code = if made.stderr.contains("error: ") { 2 } else { 0 };
                assert_eq!(made.code, Some(code), "{made}");
            }
            let shards: Vec<String> = (1..=count).map(|number| format!("shard{number}")).collect();
            let shards = shards.join(" ");
            let merged = desk.run(&format!("merge {shards} -o merged.csv --clusters both.csv"));
            assert_eq!((merged.code, &merged.stderr), (whole.code, &whole.stderr), "{count}");
            assert!(desk.read("merged.csv") == desk.read("rows.csv"), "{options}: {count} shards");
            assert!(
                desk.read("both.csv") == desk.read("clusters.csv"),
                "{options}: {count} shards"
            );
        }
    }
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let desk = Desk::with_pair();
    for (number, options) in [(1, ""), (2, ""), (3, "--threshold 0.7")] {
        let shard = number.min(2);
        desk.run(&format!("sketch pair --shard {shard}/2 {options} -o {number}.shard --quiet"));
    }
    let whole = fs::read(desk.path("1.shard")).unwrap();
    let desk = desk.file("cut.shard", &whole[..whole.len() / 2]).file("no.shard", "kind,jaccard\n");
    assert_snapshot!(desk.runs(&[
        "merge 1.shard 2.shard --quiet",
        "merge 1.shard",
        "merge 1.shard 2.shard 1.shard",
        "merge 1.shard 3.shard",
        "merge 1.shard cut.shard",
        "merge no.shard",
        "merge missing.shard",
        "sketch - --shard 1/2 -o 4.shard",
        "sketch pair --shard 1/2 -o pair/one.txt",
    ]));
    let desk = desk.file("pair/three.txt", "new");
    assert_snapshot!(desk.run("merge 1.shard 2.shard"));
}

#[test]
fn what_cannot_be_read_is_told_when_it_is_sketched() {
    // The second half of a file of lines that is cut: of what is wrong there only the byte is known.
    let lines = |from: usize, to: usize| -> String {
        (from..to).map(|number| line(&json!({"text": sentence(number..number + 200)}))).collect()
    };
    let cut = format!("{}not json\n{}", lines(0, 4500), lines(4500, 4510));
    let desk =
        Desk::with_pair().file("bad.jsonl", "{\"text\": \"a\"}\n{bad\n").file("cut.jsonl", cut);
    assert_snapshot!(desk.runs(&[
        "sketch bad.jsonl missing --shard 1/1 -o a.shard",
        "sketch bad.jsonl --strict --shard 1/1 -o b.shard",
        "sketch cut.jsonl --shard 1/2 -o c.shard -q",
        "sketch pair --shard 1/1 -o pair/d.shard",
        "sketch pair --shard 1/18446744073709551615 -o e.shard",
    ]));
    assert_eq!(desk.names().iter().filter(|name| name.ends_with(".shard")).count(), 2);
}

#[test]
fn what_is_not_as_it_was_sketched_is_refused() {
    let text = |first: usize| sentence(first..first + 100);
    for (before, after, find) in [
        // Copies, near-duplicates and passages, each with another text of the same size.
        (text(0), text(500), "documents"),
        (format!("{} {}", text(0), word(700)), format!("{} {}", text(500), word(700)), "documents"),
        (format!("{} {}", text(0), text(700)), format!("{} {}", text(500), text(700)), "passages"),
    ] {
        assert_eq!(before.len(), after.len());
        let desk = Desk::new().file("in/1.txt", text(0)).file("in/2.txt", before);
        desk.run(&format!("sketch in --find {find} --shard 1/1 -o shard"));
        fs::write(desk.path("in/2.txt"), after).unwrap();
        let session = desk.run("merge shard");
        assert_eq!(session.code, Some(2), "{session}");
        assert!(session.stderr.starts_with("error: in/2.txt: changed while"), "{session}");
    }
    let desk = Desk::with_pair();
    desk.run("sketch pair --shard 1/1 -o shard");
    let more = [&fs::read(desk.path("shard")).unwrap()[..], b"junk"].concat();
    let session = desk.file("shard", more).run("merge shard");
    assert!(session.stderr.contains("it is damaged"), "{session}");
}
