//! What is cut and what stays, on texts of a few lines.

use std::path::Path;

use dittograph::pipeline::{CleanOptions, Keep, SourceRule};
use insta::assert_snapshot;

use crate::clean_support::{Cleaning, clean_files};
use crate::desk::Desk;
use crate::support::jsonl;

/// A page as it is scraped: a caption that repeats a sentence of the body with small edits, one
/// whose words all stand elsewhere, one with words of its own, and a line of the site.
const PAGE: &str = "\
Harbour board blames pilots for the grounding of the ferry

The board of Gannet Sound and the pilots' union have agreed to share their records of the night \
and to name a surveyor together, the first step towards peace in a summer of letters.

The union said the board was ready to talk of tides, but it criticised the harbour master for \
failing to light the northern buoy.

The board of Gannet Sound and the pilots of the union have agreed to share their records

\"The only question we must have is where the buoy was,\" said Ines Holm.

A grey ferry lay near the northern buoy on the sands of Gannet Sound until the summer tides

Children waved at the stranded ferry from a borrowed rowing boat with red oars and a dog

The ferry lay on the sands until noon, and its grey passengers sang near the rail.

Popular with our readers
";

fn options() -> CleanOptions {
    CleanOptions::default()
}

/// Five pages of one site, of which the first is [`PAGE`].
fn site() -> Vec<(String, String)> {
    let others = (1..5).map(|number| {
        let words = crate::support::sentence(100 * number..100 * number + 40);
        (
            format!("site/{number}.txt"),
            format!("Headline {number}\n\n{words}.\n\nPopular with our readers\n"),
        )
    });
    [("site/0.txt".to_owned(), PAGE.to_owned())].into_iter().chain(others).collect()
}

#[test]
fn the_caption_goes_and_the_body_stays() {
    let cleaned = clean_files(&site(), &options());
    assert_snapshot!(cleaned.rows(), @"
    site/0.txt:7 repeated-passage 0.88 site/0.txt
    site/0.txt:17 furniture
    site/1.txt:5 furniture
    site/2.txt:5 furniture
    site/3.txt:5 furniture
    site/4.txt:5 furniture
    ");
    let left = cleaned.text("site/0.txt");
    let gone = "\nThe board of Gannet Sound and the pilots of the union have agreed to share their records\n";
    assert_eq!(left, PAGE.replace(gone, "").replace("\nPopular with our readers\n", ""));
}

#[test]
fn a_sentence_told_twice_in_other_words_goes_only_if_a_credit_makes_it_a_caption() {
    let told = "The mayor on Monday told the council that the old ferry would sail again before the summer";
    let page = |caption: &str, after: &str| {
        let own = |number: usize| {
            format!("{}.", crate::support::sentence(100 * number..100 * number + 30))
        };
        format!(
            "Headline\n\n{}\n\n{caption}\n\n{after}{}\n\nNobody believed it. {told}, as he had a year ago.\n",
            own(1),
            own(2)
        )
    };
    let retold =
        "The mayor told the council the old ferry would sail again before the next summer.";
    for (caption, after, expected) in [
        (retold.to_owned(), "", 0),
        (format!("{retold} (Photo: A. Holm)"), "", 1),
        (retold.to_owned(), "A. Holm/Sound Pictures\n\n", 1),
    ] {
        let cleaned = clean_files(&[("a.txt", page(&caption, after))], &options());
        assert_eq!(cleaned.removed.len(), expected, "{caption} {after} {}", cleaned.rows());
    }
}

#[test]
fn a_field_that_stands_nowhere_is_told() {
    let desk = Desk::new().file("a.jsonl", jsonl(&["One story.", "Another story."]));
    for (arguments, expected) in [
        ("--source-field site", "note: no record has a field `site`: "),
        ("--source-regex ^x", "note: no name matches `^x`: "),
        ("--keep newest --date-field day", "note: no record has a date in a field `day`: "),
        ("--keep newest", "note: no document tells its date: "),
        ("--date-field day", "note: `--date-field day` changes nothing without `--keep newest`"),
    ] {
        let session = desk.run(&format!("clean a.jsonl --dry-run {arguments}"));
        assert!(session.stderr.contains(expected), "{session}");
    }
}

#[test]
fn captions_without_a_word_of_their_own_go_on_demand() {
    let cleaned = clean_files(&site(), &CleanOptions { captions: true, ..options() });
    let rows = cleaned.rows();
    let captions: Vec<&str> = rows.lines().filter(|row| row.contains("caption")).collect();
    assert_eq!(captions, ["site/0.txt:11 caption 1.00"]);
    assert!(cleaned.text("site/0.txt").contains("red oars and a dog"));
}

#[test]
fn what_heads_a_text_is_never_cut() {
    let page = |number: usize| {
        let words = crate::support::sentence(100 * number..100 * number + 40);
        (format!("a/{number}.txt"), format!("Letters to the editor\n\n{words}.\n"))
    };
    let pages: Vec<_> = (0..6).map(page).collect();
    assert_eq!(clean_files(&pages, &options()).rows(), "");
    // The headline has no word that the first sentence has not.
    let text = "The old crane came down at noon with nobody under it\n\n\
                The old crane came down at noon with nobody under it, and nobody cheered.\n";
    assert_eq!(clean_files(&[("a.txt", text)], &options()).rows(), "");
}

#[test]
fn versions_of_one_text_make_no_furniture() {
    let story = |number: usize| {
        let paragraphs: Vec<String> = (0..6)
            .map(|place| {
                let mut words: Vec<usize> = (40 * place..40 * place + 30).collect();
                if place == number {
                    words[7] = 9_000 + number;
                }
                format!("{}.", crate::support::sentence(words))
            })
            .collect();
        (format!("a/{number}.txt"), format!("Headline\n\n{}\n", paragraphs.join("\n\n")))
    };
    let stories: Vec<_> = (0..6).map(story).collect();
    let cleaned = clean_files(&stories, &options());
    assert!(
        cleaned.removed.iter().all(|row| row.reason == "duplicate-document"),
        "{}",
        cleaned.rows()
    );
    assert_eq!(cleaned.text("a/0.txt"), stories[0].1);
}

#[test]
fn a_source_is_a_folder_a_field_or_a_part_of_the_name() {
    let record = |number: usize, site: &str| {
        let words = crate::support::sentence(100 * number..100 * number + 40);
        let text = format!("Headline {number}\n\n{words}.\n\nRead more of this\n");
        serde_json::json!({"id": format!("{site}-{number}"), "site": site, "text": text})
            .to_string()
    };
    let records: Vec<String> = (0..5)
        .map(|number| record(number, "x"))
        .chain((5..8).map(|number| record(number, "y")))
        .collect();
    let files = [("feed.jsonl", records.join("\n"))];
    let cut = |source: SourceRule| {
        let cleaned = clean_files(&files, &CleanOptions { source, ..options() });
        cleaned.removed.len()
    };
    assert_eq!(cut(SourceRule::Folder), 8);
    assert_eq!(cut(SourceRule::Field("site".to_owned())), 5);
    assert_eq!(cut("#(x|y)-".parse().unwrap()), 5);
}

#[test]
fn lines_that_are_to_be_kept_are() {
    let keep_text = vec!["popular WITH our readers!".to_owned()];
    let cleaned = clean_files(&site(), &CleanOptions { keep_text, ..options() });
    assert_snapshot!(cleaned.rows(), @"site/0.txt:7 repeated-passage 0.88 site/0.txt");
}

/// Three versions of a story, each near the others; the second is the longest, the third the newest.
fn versions() -> Vec<(&'static str, String)> {
    let story = |words: usize, date: &str| {
        let text = crate::support::sentence(0..words);
        serde_json::json!({"id": date, "text": text, "date": date}).to_string() + "\n"
    };
    vec![
        ("b/1.jsonl", story(100, "2024-05-02")),
        ("c/2.jsonl", story(104, "2023-01-01")),
        ("d/3.jsonl", story(102, "2024-05-03")),
    ]
}

#[test]
fn the_copy_to_keep_can_be_chosen() {
    let kept = |keep: Keep| {
        let options = CleanOptions {
            keep,
            date_field: Some("date".to_owned()),
            scan: dittograph::pipeline::ScanOptions { containment: 1.0, ..options().scan },
            ..options()
        };
        let cleaned = clean_files(&versions(), &options);
        let kept: Vec<String> = cleaned.kept("kept");
        assert!(cleaned.removed.iter().all(|row| row.kept.as_ref() == Some(&kept[0])));
        assert_eq!((kept.len(), cleaned.removed.len()), (1, 2));
        kept[0].clone()
    };
    assert_eq!(kept(Keep::First), "b/1.jsonl#2024-05-02");
    assert_eq!(kept(Keep::Longest), "c/2.jsonl#2023-01-01");
    assert_eq!(kept(Keep::Newest), "d/3.jsonl#2024-05-03");
    let order = ["d", "b"].map(str::to_owned).to_vec();
    assert_eq!(kept(Keep::Priority(order)), "d/3.jsonl#2024-05-03");
}

#[test]
fn of_a_document_and_one_that_it_stands_in_the_larger_stays() {
    let words = |from: usize, to: usize| crate::support::sentence(from..to);
    let texts = [words(0, 40), words(0, 100), words(500, 600)];
    let cleaned = clean_files(&[("a.jsonl", jsonl(&texts))], &options());
    assert_snapshot!(cleaned.rows(), @"a.jsonl#0000:1 duplicate-document 1.00 a.jsonl#0001");
}

#[test]
fn passages_across_documents_go_on_demand_from_the_later() {
    let shared = format!("Then {}.", crate::support::sentence(0..30));
    let text = |number: usize| {
        let words = crate::support::sentence(1000 + 100 * number..1060 + 100 * number);
        format!("Headline {number}\n\n{words}. {shared} And so on, {number} times.\n")
    };
    let files: Vec<_> = (0..3).map(|number| (format!("{number}.txt"), text(number))).collect();
    assert_eq!(clean_files(&files, &options()).rows(), "");
    let cleaned = clean_files(&files, &CleanOptions { across: true, ..options() });
    assert_snapshot!(cleaned.rows(), @"
    1.txt:3 repeated-passage 1.00 0.txt
    2.txt:3 repeated-passage 1.00 0.txt
    ");
    assert_eq!(cleaned.text("1.txt"), text(1).replace(&format!("{shared} "), ""));
}

#[test]
fn a_sentence_whose_words_stand_here_and_there_stays() {
    let before =
        "The council met on the bridge at noon and heard from three engineers who know it.";
    let after = "One said the old crossing is sound, another that no bridge is ever entirely safe.";
    let own = "The bridge is safe.";
    let text =
        format!("Headline\n\n{before} {after}\n\nA line between.\n\n{before} {own} {after}\n");
    let cleaned = clean_files(&[("a.txt", text.as_str())], &options());
    assert!(cleaned.text("a.txt").contains(own), "{}", cleaned.rows());
    assert_eq!(cleaned.text("a.txt").matches(before).count(), 1);
}

#[test]
fn a_paragraph_that_begins_a_text_is_no_headline() {
    let shared = format!("Then {}.", crate::support::sentence(0..30));
    let text = |number: usize| {
        let words = crate::support::sentence(1000 + 100 * number..1060 + 100 * number);
        format!("{words}. {shared} And so on, {number} times.")
    };
    let files = [("a.jsonl", jsonl(&[text(0), text(1), text(2)]))];
    let cleaned = clean_files(&files, &CleanOptions { across: true, ..options() });
    assert_snapshot!(cleaned.rows(), @"
    a.jsonl#0001:1 repeated-passage 1.00 a.jsonl#0000
    a.jsonl#0002:1 repeated-passage 1.00 a.jsonl#0000
    ");
    let [start, end] = [cleaned.removed[0].kept_start, cleaned.removed[0].kept_end]
        .map(|place| place.unwrap() as usize);
    assert_eq!(text(0)[start..end], shared[..shared.len() - 1]);
}

#[test]
fn the_longest_is_the_longest_as_it_stands() {
    // The first is longer only by what it says twice; then the second, which is another text, has more.
    let shared = format!("Then {}.", crate::support::sentence(0..30));
    let own = |number: usize, count: usize| {
        format!("{}.", crate::support::sentence(1000 * number..1000 * number + count))
    };
    let first = format!("Headline\n\n{} {shared}\n\nA line.\n\n{}\n", own(1, 60), own(1, 60));
    let second = format!("Another\n\n{} {shared}\n", own(2, 80));
    let options = CleanOptions { across: true, keep: Keep::Longest, ..options() };
    let cleaned = clean_files(&[("a.txt", first), ("b.txt", second)], &options);
    assert_snapshot!(cleaned.rows(), @"
    a.txt:3 repeated-passage 1.00 b.txt
    a.txt:7 repeated-passage 1.00 a.txt
    ");
}

#[test]
fn a_refrain_and_a_table_are_left_alone() {
    let song = "Bring the boats home\n\nThe wind is up and the lamps are low.\nBring the boats home, Mary!\n\n\
                The tide is out and the night is long.\nBring the boats home, Mary!\n";
    let table = "Tides of the week\n\nMonday high water at the old quay was at 5.40 and 18.05 local time\n\
                 Monday low water at the old quay was at 11.20 and 23.50 local time\n";
    assert_eq!(clean_files(&[("song.txt", song), ("table.txt", table)], &options()).rows(), "");
}

#[test]
fn records_keep_all_else_to_the_byte() {
    let caption = "Ferrymaster Ines Holm counts the new life rings at Gannet Quay";
    let body = "Ferrymaster Ines Holm counted the new life rings at Gannet Quay on Monday.";
    let line = |text: &str| {
        format!(
            r#"{{"n" : 1.50, "text":"Caf\u00e9 \/ news\n\n{text}{body}", "more": ["\u0041", null] }}"#
        )
    };
    let records = [
        line(&format!(r"{caption}\n\n\u201cOf note.\u201d\n\n")),
        "not json".to_owned(),
        String::new(),
        line("Something else entirely was said of it then. "),
    ];
    let Cleaning { output, .. } = clean_files(&[("a.jsonl", records.join("\r\n"))], &options());
    let left = std::fs::read_to_string(output.path().join("a.jsonl")).unwrap();
    let expected =
        [line(r"\u201cOf note.\u201d\n\n"), records[1].clone(), String::new(), records[3].clone()];
    assert_eq!(left, expected.join("\r\n"));
}

#[test]
fn the_same_for_any_number_of_threads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let clean = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Cleaning::of(&root, &options())).tree()
    };
    let one = clean(1);
    assert!(one.len() > 40 && clean(4) == one);
}
