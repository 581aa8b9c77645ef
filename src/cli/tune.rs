//! `dittograph tune`.
//!
//! In: what the library chose and measured. Out: a page of plain text on
//! standard output: it is what was asked for, so it is data.

use std::io::{self, Write};

use dittograph::error::Result;
use dittograph::lsh::MAX_HASHES;
use dittograph::pipeline::{Measurement, Tuning, measure};
use indicatif::HumanCount;

use super::messages::Messages;
use super::output::Output;
use super::progress::Bars;
use super::tune_args::TuneArguments;
use super::{Outcome, interrupt};

/// Characters across the plot: three to a step of 0.05.
const WIDTH: usize = 60;

/// Lines of the plot.
const HEIGHT: usize = 12;

/// The bits of the dots in a braille character, two across and four down.
const DOTS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Similarities at which the cost of unlike pairs is shown.
const UNLIKE: [f64; 2] = [0.3, 0.5];

/// Shows what would be found, and measures it if there is something to measure on.
///
/// # Errors
/// Whatever keeps the run from being done; a file or record that cannot be read is told and passed over.
pub fn run(arguments: &TuneArguments, messages: &Messages) -> Result<Outcome> {
    interrupt::watch();
    let tuning = Tuning::choose(arguments.threshold, arguments.recall)?;
    let output = Output::open(None)?;
    let measuring = &arguments.measuring;
    let measurement = if measuring.paths.is_empty() {
        None
    } else {
        let options = arguments.options();
        Some(measure(&measuring.paths, &options, measuring.sample, &Bars::new(false))?)
    };
    if let Some(measurement) = &measurement {
        messages.problems(&measurement.problems, measurement.read.problems);
        measurement.notices.iter().for_each(|notice| messages.note(notice));
    }
    output.finish(|out| {
        write_choice(&tuning, out)?;
        write_curve(&tuning, out)?;
        write_plot(&tuning, out)?;
        write_alternatives(&tuning, out)?;
        measurement.as_ref().map_or(Ok(()), |measured| write_measurement(&tuning, measured, out))
    })?;
    let incomplete = measurement.is_some_and(|measurement| measurement.read.problems > 0);
    Ok(if incomplete { Outcome::Incomplete } else { Outcome::Done })
}

fn write_choice(tuning: &Tuning, out: &mut dyn Write) -> io::Result<()> {
    let Tuning { threshold, recall, chosen, .. } = tuning;
    writeln!(out, "asked for   recall {recall} at threshold {threshold}")?;
    let (bands, rows, hashes) = (chosen.bands, chosen.rows, chosen.num_hashes());
    writeln!(out, "chosen      {bands} bands x {rows} rows, {hashes} hashes")?;
    let missed = tuning.miss_probability();
    if missed > 0.0 {
        let (percent, one_in) = (100.0 * missed, one_in(missed));
        writeln!(
            out,
            "missed      {percent:.4} % of the pairs at the threshold, one in {one_in}; fewer above"
        )?;
    } else {
        writeln!(out, "missed      none at the threshold")?;
    }
    writeln!(out, "used by     scan --method minhash; the default, complete, misses nothing")
}

/// `2.3`, `1,269`: of how many it is one.
fn one_in(share: f64) -> String {
    let of = 1.0 / share;
    if of < 10.0 { format!("{of:.1}") } else { HumanCount(of.round() as u64).to_string() }
}

fn write_curve(tuning: &Tuning, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nsimilarity  chance to become a candidate")?;
    for point in &tuning.curve {
        let at_threshold = point.similarity == tuning.threshold;
        let rounded = format!("{:.2}", point.similarity);
        // A threshold between the steps is printed as it was typed.
        let exact = format!("{}", point.similarity);
        let similarity = if exact.len() > rounded.len() { exact } else { rounded };
        let mark = if at_threshold { "  <- threshold" } else { "" };
        writeln!(out, "{similarity:<10}  {:.4}{mark}", point.chance)?;
    }
    Ok(())
}

/// The S-curve in braille dots, with the threshold as a dotted line.
fn write_plot(tuning: &Tuning, out: &mut dyn Write) -> io::Result<()> {
    const DOTS_ACROSS: usize = 2 * WIDTH;
    const DOTS_DOWN: usize = 4 * HEIGHT;
    let mut cells = [[0; WIDTH]; HEIGHT];
    let mut before = DOTS_DOWN - 1;
    for x in 0..DOTS_ACROSS {
        let chance = tuning.chosen.recall((x as f64 + 0.5) / DOTS_ACROSS as f64);
        let level = (((1.0 - chance) * DOTS_DOWN as f64) as usize).min(DOTS_DOWN - 1);
        // Up from the dot before, so that a steep stretch has no gaps.
        for y in level..before.max(level + 1) {
            cells[y / 4][x / 2] |= DOTS[y % 4][x % 2];
        }
        before = level;
    }
    // The cell that ends at the threshold, as those above the ticks end at theirs.
    let threshold_cell = (tuning.threshold * WIDTH as f64).round() as usize - 1;
    writeln!(out, "\nchance")?;
    for (line, cells) in cells.iter().enumerate() {
        let axis = match line {
            0 => "1.0 ┤",
            line if line == HEIGHT / 2 => "0.5 ┤",
            _ => "    │",
        };
        let drawn: String = cells
            .iter()
            .enumerate()
            .map(|(column, &dots)| match dots {
                0 if column == threshold_cell => '┊',
                0 => ' ',
                // Every set of dots has a character: U+2800 and the bits.
                dots => char::from_u32(0x2800 + dots).unwrap_or(' '),
            })
            .collect();
        writeln!(out, "{axis}{}", drawn.trim_end())?;
    }
    let tick = |column| if column % (WIDTH / 5) == 0 { '┴' } else { '─' };
    writeln!(out, "0.0 └{}", (1..=WIDTH).map(tick).collect::<String>())?;
    let fifths: String =
        (0..5).map(|fifth| format!("{:<12}", format!("{:.1}", f64::from(fifth) / 5.0))).collect();
    writeln!(out, "   {fifths}1.0  similarity")?;
    let label = format!("threshold {} ▲", tuning.threshold);
    writeln!(out, "{label:>width$}", width = "0.0 └".chars().count() + threshold_cell + 1)
}

fn write_alternatives(tuning: &Tuning, out: &mut dyn Write) -> io::Result<()> {
    let Tuning { threshold, recall, chosen, alternatives, .. } = tuning;
    let [low, high] = UNLIKE;
    writeln!(
        out,
        "\nother ways to recall {recall} at {threshold}, and the chance of pairs at {low} and {high} to"
    )?;
    writeln!(out, "become candidates; below the threshold these are verified in vain:\n")?;
    writeln!(out, "rows  bands  hashes  at {low}  at {high}")?;
    for params in alternatives {
        let [low, high] = UNLIKE.map(|similarity| params.recall(similarity));
        let mark = if params == chosen {
            "  <- chosen"
        } else if params.num_hashes() > MAX_HASHES {
            "  over the limit of hashes"
        } else {
            ""
        };
        let (rows, bands, hashes) = (params.rows, params.bands, params.num_hashes());
        writeln!(out, "{rows:>4}  {bands:>5}  {hashes:>6}  {low:.4}  {high:.4}{mark}")?;
    }
    Ok(())
}

fn write_measurement(
    tuning: &Tuning,
    measured: &Measurement,
    out: &mut dyn Write,
) -> io::Result<()> {
    let documents = measured.read.documents;
    let (sampled, all) = (HumanCount(measured.sampled), HumanCount(documents));
    writeln!(out, "\nmeasured against the complete join:\n")?;
    write!(out, "sample      {sampled} of {all} documents")?;
    if measured.sampled > 0 && measured.sampled < documents {
        let share = measured.sampled as f64 / documents as f64;
        let (of_documents, of_pairs) = (one_in(share), one_in(share * share));
        write!(out, ": one document in {of_documents}, and so about one pair in {of_pairs};")?;
        write!(out, "\n            `--sample 0` takes all")?;
    }
    writeln!(out)?;
    for (count, what) in [
        (measured.copies, "with the shingles of an earlier one, found by any method"),
        (measured.empty, "without a word"),
    ] {
        if count > 0 {
            writeln!(out, "set aside   {}, {what}", HumanCount(count))?;
        }
    }
    writeln!(
        out,
        "pairs       {} of similarity {} and above",
        HumanCount(measured.pairs),
        tuning.threshold
    )?;
    let short = measured.pairs - measured.banded_pairs;
    if short > 0 {
        writeln!(
            out,
            "short       {} of them, a side of which has fewer than {} shingles: scan joins these completely",
            HumanCount(short),
            tuning.chosen.num_hashes()
        )?;
    }
    let (left, found) = (measured.banded_pairs, measured.found);
    if let (Some(recall), Some((low, high)), Some(expected)) =
        (measured.recall(), measured.interval(), measured.expected_recall())
    {
        writeln!(
            out,
            "found       {} of the {} that are left to the bands: {} missed, {:.2} expected",
            HumanCount(found),
            HumanCount(left),
            HumanCount(left - found),
            left as f64 - measured.expected
        )?;
        writeln!(
            out,
            "recall      {recall:.4} as measured, {low:.4} to {high:.4} with 95 % confidence"
        )?;
        writeln!(
            out,
            "            {expected:.4} as the formula has it at the pairs' own similarities"
        )?;
    } else {
        writeln!(out, "recall      unknown: no pair in the sample is left to the bands")?;
    }
    let of = measured.banded * measured.banded.saturating_sub(1) / 2;
    write!(
        out,
        "candidates  {} of {} pairs of documents",
        HumanCount(measured.candidates),
        HumanCount(of)
    )?;
    if measured.crowded > 0 {
        write!(out, ", crowds aside")?;
    } else if found > 0 {
        write!(out, ", {:.2} for each pair found", measured.candidates as f64 / found as f64)?;
    }
    writeln!(out)?;
    if measured.crowded > 0 {
        writeln!(
            out,
            "crowded     {} documents that share a band or a rare shingle with more than 1,000 others:\n            \
             they are not all compared with each other, so that some pairs are in none of the counts",
            HumanCount(measured.crowded)
        )?;
    }
    Ok(())
}
