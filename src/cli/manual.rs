//! Manual pages, of the same words as the help.
//!
//! In: a command. Out: its page in roff. The help's sections become those of the page: its tables and examples lists
//! of entries, which any width can show; its prose is filled, but neither justified nor hyphenated, since names of
//! options and files are not to be broken.

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command};
use dittograph::error::Error;
use roff::{Inline, Roff, bold, italic, roman};

use super::args::program;
use super::slip::{listed, nearest};

/// The manual page of a command, or of the whole.
///
/// # Errors
/// That there is no such command.
pub fn page(command: Option<&str>) -> Result<Roff, Error> {
    let mut whole = program();
    whole.build();
    let names: Vec<&str> = whole.get_subcommands().map(Command::get_name).collect();
    let Some(name) = command else { return Ok(render(&whole, "dittograph", &names)) };
    match whole.find_subcommand(name) {
        Some(found) => Ok(render(found, &format!("dittograph-{name}"), &[])),
        None => {
            let error = Error::options(format!(
                "there is no command `{name}`: it is one of {}",
                listed(&names, "and")
            ));
            Err(match nearest(name, names.iter().copied()) {
                Some(meant) => error.with_hint(format!("is `dittograph man {meant}` meant?")),
                None => error,
            })
        }
    }
}

fn render(command: &Command, title: &str, names: &[&str]) -> Roff {
    let mut page = Roff::new();
    let version = concat!("dittograph ", env!("CARGO_PKG_VERSION"));
    // No date: the same program gives the same page.
    page.control("TH", [title, "1", "\"\"", version]);
    page.control("nh", []).control("ad", ["l"]);
    let about = text_of(command.get_about());
    page.control("SH", ["NAME"]).text([roman(format!("{title} - {}", lower(&about)))]);
    page.control("SH", ["SYNOPSIS"]).text(synopsis(command));
    page.control("SH", ["DESCRIPTION"]).text([roman(format!("{about}."))]);
    for argument in shown(command).filter(|argument| argument.is_positional()) {
        entry(&mut page, argument);
    }
    if !names.is_empty() {
        page.control("SH", ["COMMANDS"]);
        for command in command.get_subcommands() {
            page.control("TP", []).text([bold(command.get_name())]);
            page.text([roman(text_of(command.get_about()))]);
        }
    }
    page.control("SH", ["OPTIONS"]);
    let mut heading = None;
    let mut options: Vec<&Arg> = shown(command).filter(|it| !it.is_positional()).collect();
    // Those without a heading first, as in the help.
    options.sort_by_key(|option| (option.get_help_heading().is_some(), is_ours(option)));
    for option in options {
        if option.get_help_heading() != heading {
            heading = option.get_help_heading();
            page.control("SS", heading);
        }
        entry(&mut page, option);
    }
    let more = command.get_after_long_help().or(command.get_after_help());
    sections(&mut page, &text_of(more));
    page.control("SH", ["SEE ALSO"]);
    let others: Vec<Inline> = match names.is_empty() {
        true => vec![bold("dittograph"), roman("(1)")],
        false => names
            .iter()
            .filter(|name| **name != "help")
            .enumerate()
            .flat_map(|(at, name)| {
                let before = if at == 0 { "" } else { ", " };
                [roman(before), bold(format!("dittograph-{name}")), roman("(1)")]
            })
            .collect(),
    };
    page.text(others);
    page
}

/// Help and version come last.
fn is_ours(option: &Arg) -> bool {
    matches!(option.get_long(), Some("help" | "version"))
}

fn shown(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|argument| !argument.is_hide_set())
}

/// `dittograph scan [OPTIONS] PATH...`, with the values of what must be given.
fn synopsis(command: &Command) -> Vec<Inline> {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim().trim_start_matches("Usage: ");
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let rest = usage.strip_prefix(name).unwrap_or(usage);
    let words = rest.split_whitespace().flat_map(|word| {
        let plain = word.replace(['<', '>'], "");
        [roman(" "), if word.starts_with("--") { bold(plain) } else { italic(plain) }]
    });
    [bold(name)].into_iter().chain(words).collect()
}

/// An option or argument, with its value, its default and all that the long help says.
fn entry(page: &mut Roff, argument: &Arg) {
    let mut names = Vec::new();
    if let Some(short) = argument.get_short() {
        names.push(bold(format!("-{short}")));
    }
    if let Some(long) = argument.get_long() {
        if !names.is_empty() {
            names.push(roman(", "));
        }
        names.push(bold(format!("--{long}")));
    }
    let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    if let Some(values) = argument.get_value_names().filter(|_| takes_value) {
        if !names.is_empty() {
            names.push(roman(" "));
        }
        names.push(italic(values.join(" ")));
        if argument.get_num_args().is_some_and(|count| count.max_values() > values.len()) {
            names.push(roman("..."));
        }
    }
    page.control("TP", []).text(names);
    let help = text_of(argument.get_long_help().or(argument.get_help()));
    let mut paragraphs = help.split("\n\n").map(str::to_owned);
    let mut first = paragraphs.next().unwrap_or_default();
    let defaults: Vec<_> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if !defaults.is_empty() && takes_value && !argument.is_hide_default_value_set() {
        first.push_str(&format!(" [default: {}]", defaults.join(" ")));
    }
    let values = argument.get_possible_values();
    if !values.is_empty() && takes_value && !argument.is_hide_possible_values_set() {
        let names: Vec<&str> = values.iter().map(|value| value.get_name()).collect();
        first.push_str(&format!(" [possible values: {}]", names.join(", ")));
    }
    page.text([roman(one_line(&first))]);
    for paragraph in paragraphs {
        page.control("IP", []).text([roman(one_line(&paragraph))]);
    }
}

/// The sections of the text behind the options: a heading, and below it prose, entries of two columns and what stands
/// by itself.
fn sections(page: &mut Roff, text: &str) {
    let mut is_examples = false;
    let (mut prose, mut described): (Vec<&str>, Option<Vec<&str>>) = (Vec::new(), None);
    let flush = |page: &mut Roff, prose: &mut Vec<&str>, described: &mut Option<Vec<&str>>| {
        if let Some(lines) = described.take().filter(|lines| !lines.is_empty()) {
            page.text([roman(lines.join(" "))]);
        }
        if !prose.is_empty() {
            page.control("PP", []).text([roman(prose.join(" "))]);
            prose.clear();
        }
    };
    for line in text.lines() {
        let body = line.strip_prefix("  ").unwrap_or(line);
        if let Some(heading) = line.strip_suffix(':').filter(|_| !line.starts_with(' ')) {
            flush(page, &mut prose, &mut described);
            page.control("SH", [heading.to_uppercase().as_str()]);
            is_examples = heading == "Examples";
        } else if body.is_empty() {
            flush(page, &mut prose, &mut described);
        } else if let (Some(lines), true) = (&mut described, body.starts_with(' ')) {
            lines.push(body.trim());
        } else if body.starts_with(' ') {
            flush(page, &mut prose, &mut described);
            page.control("PP", []).control("RS", []).text([roman(body.trim())]).control("RE", []);
        } else if let Some((term, rest)) = body.split_once("  ") {
            flush(page, &mut prose, &mut described);
            page.control("TP", []).text([bold(term)]);
            described = Some(vec![rest.trim()]);
        } else if is_examples {
            flush(page, &mut prose, &mut described);
            page.control("PP", []).text([bold(body)]);
        } else {
            if described.is_some() {
                flush(page, &mut prose, &mut described);
            }
            prose.push(body);
        }
    }
    flush(page, &mut prose, &mut described);
}

fn text_of(text: Option<&StyledStr>) -> String {
    text.map(StyledStr::to_string).unwrap_or_default()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As it stands behind the name.
fn lower(about: &str) -> String {
    let mut letters = about.chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}
