//! Plots as SVG, made once, so that they are there without a script.
//!
//! In: the [`Tallies`] and what is known of the parameters. Out: [`Plot`]s: bars, the curve and the matrix, each
//! with its numbers in words. Colours are classes; a plot has no style of its own.

use askama::Template;

use super::head::ToldParameters;
use super::sources::Sources;
use super::tallies::{Bin, Matrix, Tallies};
use super::visible::shortened;
use crate::error::{Error, Result};
use crate::report::{count, grouped};

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 190.0;
/// What is around the drawing: left and right, above, below.
const SIDE: f64 = 12.0;
const ABOVE: f64 = 18.0;
const BELOW: f64 = 34.0;

/// Of more bars than this only some are labelled, at their starts.
const MOST_LABELS: usize = 12;

/// What a character of a label takes, and a line of it.
const LETTER: f64 = 5.8;
const LINE: f64 = 11.0;

/// A drawing with its title.
#[derive(Debug)]
pub struct Plot {
    pub title: &'static str,
    /// What is to be seen, or why there is nothing.
    pub caption: String,
    /// The drawing; escaped.
    pub svg: Option<String>,
    /// What the shades stand for.
    pub parts: &'static [&'static str],
}

/// A bar of parts, one on the other.
struct Bar {
    x: f64,
    width: f64,
    middle: f64,
    label: String,
    /// What is told of it when it is pointed at.
    told: String,
    /// What stands above it, where there is room.
    shown_total: String,
    top: f64,
    parts: Vec<Part>,
}

struct Part {
    number: usize,
    y: f64,
    height: f64,
}

#[derive(Template)]
#[template(path = "bars.svg", escape = "html")]
struct Bars<'a> {
    id: &'a str,
    title: &'a str,
    numbers: &'a str,
    axis: &'a str,
    bars: &'a [Bar],
    /// Where the last bar ends, and what is there, if bars are told by their starts.
    end: Option<(f64, &'a str)>,
    base: f64,
    width: f64,
    height: f64,
}

#[derive(Template)]
#[template(path = "curve.svg", escape = "html")]
struct Curve<'a> {
    title: &'a str,
    numbers: &'a str,
    path: &'a str,
    threshold: f64,
    threshold_x: f64,
    label_x: f64,
    anchor: &'a str,
    ticks: &'a [(f64, String)],
}

/// A cell of the matrix.
struct Cell {
    x: f64,
    y: f64,
    count: u64,
    shown: String,
    shade: usize,
    name: String,
    one: String,
    other: String,
}

/// The name of a source: of a line of the matrix at `y`, and of a column at `x`.
struct Label {
    x: f64,
    y: f64,
    name: String,
    whole: String,
}

#[derive(Template)]
#[template(path = "matrix.svg", escape = "html")]
struct MatrixDrawing<'a> {
    title: &'a str,
    numbers: &'a str,
    width: f64,
    height: f64,
    labels: &'a [Label],
    left: f64,
    foot: f64,
    cell: f64,
    cells: &'a [Cell],
}

/// All plots of a page.
pub fn plots(
    tallies: &Tallies,
    sources: &Sources,
    parameters: Option<&ToldParameters>,
) -> Result<Vec<Plot>> {
    let across: &[&str] = &["within one document", "across documents"];
    let mut plots = vec![
        bars(
            "pairs",
            "Pairs of documents by similarity",
            "Jaccard similarity",
            &tallies.pairs,
            &["exact", "near", "contained"],
            "pair",
        )?,
        bars(
            "clusters",
            "Clusters by size",
            "documents in the cluster",
            &tallies.clusters,
            &[],
            "cluster",
        )?,
        bars("lengths", "Passages by length", "words", &tallies.lengths, across, "passage")?,
        bars("spreads", "Passages by spread", "occurrences", &tallies.spreads, across, "passage")?,
        curve(parameters)?,
    ];
    plots.extend(matrix(&tallies.matrix, sources)?);
    Ok(plots)
}

fn bars(
    id: &str,
    title: &'static str,
    axis: &str,
    bins: &[Bin],
    parts: &'static [&'static str],
    noun: &str,
) -> Result<Plot> {
    let total = |bin: &Bin| bin.counts.iter().sum::<u64>();
    let most = bins.iter().map(total).max().unwrap_or(0);
    if most == 0 {
        let caption = format!("There is no {noun}.");
        return Ok(Plot { title, caption, svg: None, parts: &[] });
    }
    let base = HEIGHT - BELOW;
    let step = ((WIDTH - 2.0 * SIDE) / bins.len() as f64).min(64.0);
    let start = (WIDTH - step * bins.len() as f64) / 2.0;
    let height = |count: u64| (base - ABOVE) * count as f64 / most as f64;
    let is_narrow = bins.len() > MOST_LABELS;
    let mut drawn = Vec::new();
    for (place, bin) in bins.iter().enumerate() {
        let x = start + step * place as f64 + step * 0.09;
        let mut top = base;
        let mut shares = Vec::new();
        for (number, &count) in bin.counts.iter().enumerate().filter(|one| *one.1 > 0) {
            // What is there is seen, however little.
            let height = height(count).max(1.0);
            top -= height;
            shares.push(Part { number, y: round(top), height: round(height) });
        }
        let is_labelled = !is_narrow || place % 4 == 0;
        drawn.push(Bar {
            x: round(x),
            width: round(step * 0.82),
            middle: round(if !is_narrow { x + step * 0.41 } else { x }),
            label: if is_labelled { bin.label.clone() } else { String::new() },
            told: format!("{}: {}", bin.label, grouped(total(bin))),
            shown_total: match total(bin) {
                0 => String::new(),
                total if is_narrow => short(total),
                total if total < 100_000 => grouped(total),
                total => short(total),
            },
            top: round(top - 4.0),
            parts: shares,
        });
    }
    leave_room(&mut drawn);
    let filled = drawn.iter().filter(|bar| !bar.parts.is_empty());
    let numbers = filled.map(|bar| bar.told.as_str()).collect::<Vec<_>>().join("; ");
    let svg = Bars {
        id,
        title,
        numbers: &numbers,
        axis,
        bars: &drawn,
        end: is_narrow.then_some((start + step * bins.len() as f64, "1.00")),
        base,
        width: WIDTH,
        height: HEIGHT,
    };
    let all = bins.iter().map(total).sum();
    Ok(Plot { title, caption: count(all, noun), svg: Some(rendered(&svg)?), parts })
}

/// Takes the numbers away that would run into another, or into a higher bar. Those of high bars stay.
fn leave_room(bars: &mut [Bar]) {
    let mut order: Vec<usize> = (0..bars.len()).collect();
    order.sort_by(|&one, &other| bars[one].top.total_cmp(&bars[other].top));
    let mut taken: Vec<(f64, f64, f64)> = Vec::new();
    for place in order {
        let bar = &bars[place];
        let middle = bar.x + bar.width / 2.0;
        let half = LETTER * bar.shown_total.chars().count() as f64 / 2.0;
        let (left, right) = (middle - half, middle + half);
        let meets = |&(from, to, top): &(f64, f64, f64)| {
            from < right && left < to && (top - bar.top).abs() < LINE
        };
        let hides = |(other, one): (usize, &Bar)| {
            other != place && one.x < right && left < one.x + one.width && one.top + 4.0 < bar.top
        };
        match taken.iter().any(meets) || bars.iter().enumerate().any(hides) {
            true => bars[place].shown_total.clear(),
            false => taken.push((left, right, bar.top)),
        }
    }
}

/// The chance of a pair to be found, by its similarity.
fn curve(parameters: Option<&ToldParameters>) -> Result<Plot> {
    let title = "Chance that a pair is found";
    let Some(parameters) = parameters else {
        let caption = "How pairs were found is told by the summary of the scan.".to_owned();
        return Ok(Plot { title, caption, svg: None, parts: &[] });
    };
    let threshold = parameters.threshold;
    let (base, left, right) = (HEIGHT - BELOW, 34.0, WIDTH - SIDE - 8.0);
    let x = |similarity: f64| round(left + (right - left) * similarity);
    let y = |chance: f64| round(base - (base - ABOVE) * chance);
    let (path, numbers, caption) = match (parameters.bands, parameters.rows) {
        (Some(bands), Some(rows)) => {
            let params = crate::lsh::LshParams { bands, rows };
            let points = (0..=100).map(|step| f64::from(step) / 100.0);
            let points: Vec<String> = points
                .map(|similarity| format!("{} {}", x(similarity), y(params.recall(similarity))))
                .collect();
            let told = [0.5, 0.6, 0.7, threshold, 0.9]
                .map(|similarity| format!("{similarity}: {:.4}", params.recall(similarity)));
            let caption = format!(
                "The S-curve of {bands} bands of {rows} rows. Below the threshold it is the chance to be verified in vain."
            );
            (format!("M{}", points.join("L")), told.join("; "), caption)
        }
        _ => {
            let (at, floor, roof) = (x(threshold), y(0.0), y(1.0));
            let path = format!("M{} {floor}L{at} {floor}L{at} {roof}L{} {roof}", x(0.0), x(1.0));
            let numbers = format!("none below {threshold}, all from there up");
            let caption = "The complete method has no S-curve: a step at the threshold, none missed above it.";
            (path, numbers, caption.to_owned())
        }
    };
    let ticks: Vec<(f64, String)> = (0..=5)
        .map(|fifth| (x(f64::from(fifth) / 5.0), format!("{:.1}", f64::from(fifth) / 5.0)))
        .collect();
    let is_right = threshold > 0.5;
    let svg = Curve {
        title,
        numbers: &numbers,
        path: &path,
        threshold,
        threshold_x: x(threshold),
        label_x: x(threshold) + if is_right { -6.0 } else { 6.0 },
        anchor: if is_right { "end" } else { "start" },
        ticks: &ticks,
    };
    Ok(Plot { title, caption, svg: Some(rendered(&svg)?), parts: &[] })
}

/// How many rows each two sources share; nothing where names tell no folders, files or hosts apart.
fn matrix(matrix: &Matrix, sources: &Sources) -> Result<Option<Plot>> {
    let title = "Which source repeats which";
    if matrix.sources.len() < 2 {
        return Ok(None);
    }
    let name = |source: u32| match sources.names[source as usize].as_str() {
        "" => "(no folder)",
        name => name,
    };
    let (label_width, size) = (112.0, matrix.sources.len());
    let cell = ((WIDTH - label_width - SIDE) / size as f64).min(44.0);
    let most = matrix.rows.iter().flatten().copied().max().unwrap_or(1).max(1);
    let mut cells = Vec::new();
    let mut told = Vec::new();
    for (row, &one) in matrix.sources.iter().enumerate() {
        for (column, &other) in matrix.sources.iter().enumerate().take(row + 1) {
            let found = matrix.rows[row][column];
            let pair = match one == other {
                true => format!("within {}", shortened(name(one), 60)),
                false => format!("{} and {}", shortened(name(other), 60), shortened(name(one), 60)),
            };
            if found > 0 {
                told.push(format!("{pair}: {}", grouped(found)));
            }
            cells.push(Cell {
                x: round(label_width + cell * column as f64),
                y: round(cell * row as f64 + 4.0),
                count: found,
                shown: short(found),
                shade: shade(found, most),
                name: pair,
                one: sources.names[other as usize].clone(),
                other: sources.names[one as usize].clone(),
            });
        }
    }
    let foot = round(cell * size as f64 + 4.0);
    let labels: Vec<Label> = (0..)
        .zip(&matrix.sources)
        .map(|(place, &source)| Label {
            y: round(cell * (f64::from(place) + 0.5) + 8.0),
            x: round(label_width + cell * (f64::from(place) + 0.5) + 2.0),
            name: shortened(name(source), 17),
            whole: shortened(name(source), 200),
        })
        .collect();
    // The names below the columns slant, and end where these begin.
    let longest = labels.iter().map(|label| label.name.chars().count()).max().unwrap_or(0);
    let slant = round(LETTER * longest as f64 * std::f64::consts::FRAC_1_SQRT_2 + LINE);
    let left_out = match matrix.left_out {
        0 => String::new(),
        1 => " 1 source with fewer rows is not shown.".to_owned(),
        more => format!(" {} with fewer rows are not shown.", count(more as u64, "source")),
    };
    let drawing = MatrixDrawing {
        title,
        numbers: &told.join("; "),
        width: WIDTH,
        height: foot + 6.0 + slant,
        foot: foot + 8.0,
        labels: &labels,
        left: label_width,
        cell: round(cell - 2.0),
        cells: &cells,
    };
    let caption = format!(
        "Rows (pairs of documents, and passages) that two sources share; at the end of each line those within one.{left_out}"
    );
    Ok(Some(Plot { title, caption, svg: Some(rendered(&drawing)?), parts: &[] }))
}

/// One of five shades, by the logarithm.
fn shade(count: u64, most: u64) -> usize {
    match count {
        0 => 0,
        _ => 1 + (4.0 * (count as f64).ln_1p() / (most as f64).ln_1p()).floor().min(4.0) as usize,
    }
}

/// A count in up to four characters, with two digits that count from 1,000 on.
fn short(count: u64) -> String {
    match count {
        0 => String::new(),
        1..1_000 => count.to_string(),
        1_000..10_000 => format!("{:.1}k", (count / 100) as f64 / 10.0),
        10_000..1_000_000 => format!("{}k", count / 1_000),
        _ => format!("{}M", count / 1_000_000),
    }
}

/// A place in a drawing, to the tenth.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn rendered(template: &impl Template) -> Result<String> {
    // Only a value of our own that cannot be displayed would be an error.
    template.render().map_err(|error| Error::options(format!("the page: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_run_neither_into_one_another_nor_into_bars() {
        let bar = |place: u32, number: &str, top: f64| Bar {
            x: 17.0 * f64::from(place),
            width: 14.0,
            middle: 0.0,
            label: String::new(),
            told: String::new(),
            shown_total: number.to_owned(),
            top,
            parts: Vec::new(),
        };
        let mut bars = [
            bar(0, "173", 150.0),
            bar(1, "359", 148.0),
            bar(2, "1.2k", 140.0),
            bar(3, "3.1k", 120.0),
            bar(4, "9", 149.0),
        ];
        leave_room(&mut bars);
        let shown = bars.map(|bar| bar.shown_total);
        assert_eq!(shown, ["", "359", "", "3.1k", "9"]);
    }

    #[test]
    fn a_count_has_up_to_four_characters() {
        let counts = [0, 7, 999, 1_000, 3_140, 9_999, 10_000, 999_999, 2_500_000];
        let told = ["", "7", "999", "1.0k", "3.1k", "9.9k", "10k", "999k", "2M"];
        assert_eq!(counts.map(short), told);
    }
}
