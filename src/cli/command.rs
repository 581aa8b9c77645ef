//! The command that makes the same rows again: what was typed, without what does not change them.
//!
//! In: the arguments as they were parsed. Out: those that differ from the defaults, in one order, so that
//! a page or summary is the same however they were typed, with any number of threads.

use std::fmt::Display;
use std::path::Path;

use dittograph::pipeline::{Pairs, ScanOptions};
use dittograph::read::{ReadOptions, Source};

/// The command for a scan of these paths.
pub fn command(paths: &[std::path::PathBuf], options: &ScanOptions) -> Vec<String> {
    let usual = ScanOptions::default();
    let ReadOptions {
        input_format, id_field, text_field, html, max_document, exclude, strict, ..
    } = &options.read;
    let mut line = Line(vec!["dittograph".to_owned(), "scan".to_owned()]);
    line.0.extend(paths.iter().map(|path| typed(path)));
    for path in options.read.against.iter().filter_map(Source::path) {
        line.option("against", typed(path));
    }
    line.unless("find", options.find.name(), usual.find.name());
    line.unless("threshold", options.threshold, usual.threshold);
    line.unless("containment", options.containment, usual.containment);
    line.unless("method", options.method.name(), usual.method.name());
    line.unless("recall", options.recall, usual.recall);
    line.unless("shingle-size", options.shingle_size, usual.shingle_size);
    // One option sets both.
    let (words, usual_words) = (&options.passages, &usual.passages);
    if words.min_words_across != usual_words.min_words_across
        || words.min_words_within != usual_words.min_words_within
    {
        line.option("min-words", words.min_words_across);
    }
    line.unless("min-similarity", words.min_similarity, usual_words.min_similarity);
    if options.pairs == Pairs::Star {
        line.option("pairs", "star");
    }
    if let Some(most) = options.max_occurrences {
        line.option("max-occurrences", most);
    }
    line.unless("context", options.context, 0);
    line.flag("inside-duplicates", options.inside_duplicates);
    line.unless("seed", options.seed, usual.seed);
    if let Some(format) = input_format {
        line.option("input-format", format.name());
    }
    line.unless("text-field", text_field, &usual.read.text_field);
    line.unless("id-field", id_field, &usual.read.id_field);
    line.unless("html", html.name(), usual.read.html.name());
    exclude.iter().for_each(|glob| line.option("exclude", glob));
    line.unless("max-document", max_document, &usual.read.max_document);
    line.flag("strict", *strict);
    line.0
}

struct Line(Vec<String>);

impl Line {
    fn option(&mut self, name: &str, value: impl Display) {
        self.0.extend([format!("--{name}"), value.to_string()]);
    }

    fn unless<T: PartialEq + Display>(&mut self, name: &str, value: T, usual: T) {
        if value != usual {
            self.option(name, value);
        }
    }

    fn flag(&mut self, name: &str, is_set: bool) {
        if is_set {
            self.0.push(format!("--{name}"));
        }
    }
}

/// A path that is not taken for an option.
fn typed(path: &Path) -> String {
    let path = path.display().to_string();
    if path.starts_with('-') && path != "-" { format!("./{path}") } else { path }
}
