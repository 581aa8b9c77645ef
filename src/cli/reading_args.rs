//! What can be typed of how files are read, by every command that reads them.

use clap::Args;

use dittograph::read::{FORMAT_NAMES, Format, HTML_NAMES, Html, ReadOptions};

use super::values::{named, size};

/// What and how to read.
#[derive(Args)]
#[command(next_help_heading = "Reading")]
pub struct ReadingArguments {
    /// The format of every file, such as jsonl [default: told by each]
    ///
    /// text, jsonl, csv, tsv, html, warc or parquet.
    #[arg(long, value_name = "FORMAT", hide_possible_values = true, value_parser = named::<Format>(FORMAT_NAMES))]
    input_format: Option<Format>,

    /// The field of a record that holds its text
    ///
    /// Nested fields with dots: body.text. Of a table the name of a column, or its number from 1 if the first
    /// line is a record like the others.
    #[arg(long, value_name = "NAME", default_value = "text")]
    text_field: String,

    /// The field of a record that holds its id
    ///
    /// Nested fields with dots. Records without it are named by their line.
    #[arg(long, value_name = "NAME", default_value = "id")]
    id_field: String,

    /// What to read of pages of HTML: the main text, all text, or the source as it is
    ///
    /// The main text is headline, paragraphs and captions, each on a line of its own. Spans refer
    /// to the text that was read of the page: --write-text saves it. With `text` they refer to the file.
    #[arg(
        long,
        value_name = "WHAT",
        default_value = "main",
        hide_short_help = true,
        value_parser = named::<Html>(HTML_NAMES)
    )]
    html: Html,

    /// Files and folders to leave out; can be given several times
    ///
    /// As in a .gitignore: `*.log` matches at any depth, `/drafts` only directly below PATH.
    /// Files in an archive that is read are left out like those in a folder: `a.zip/*.log`.
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,

    /// Longest document, in bytes or with K, M, G; longer ones are reported and left out
    ///
    /// Of a record it is the whole line that counts. Must be less than 4G.
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = size, hide_short_help = true)]
    max_document: u64,

    /// Stop at the first file or record that cannot be read
    #[arg(long, hide_short_help = true)]
    strict: bool,
}

impl ReadingArguments {
    /// The options that the library understands.
    pub fn options(&self) -> ReadOptions {
        ReadOptions {
            input_format: self.input_format,
            id_field: self.id_field.clone(),
            text_field: self.text_field.clone(),
            html: self.html,
            max_document: self.max_document,
            exclude: self.exclude.clone(),
            strict: self.strict,
            ..ReadOptions::default()
        }
    }
}
