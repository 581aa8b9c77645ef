//! What can be typed after `sketch` and `merge`, and the help that explains it.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, CommandFactory, Parser};

use dittograph::error::{Error, Result};
use dittograph::pipeline::{ScanOptions, Shard};

use super::args::{FindingArguments, OutputArguments, RunningArguments, scan_options};
use super::reading_args::ReadingArguments;
use super::slip::explain;

/// What both the short and the long help end with.
macro_rules! shard_examples {
    () => {
        "\
Examples:
  dittograph sketch corpus/ --shard 1/3 -o shards/1     in three jobs of a batch queue,
  dittograph sketch corpus/ --shard 2/3 -o shards/2     on machines that share a disk
  dittograph sketch corpus/ --shard 3/3 -o shards/3
  dittograph merge shards/* -o pairs.csv                and when all are done: the rows of
                                                        dittograph scan corpus/ -o pairs.csv"
    };
}

pub const SHARD_EXAMPLES: &str = shard_examples!();

pub const SKETCH_HELP: &str = concat!(
    "\
What is shared out:
  The first reading of the corpus, which unpacks, decodes, splits into words and sketches every
  document. Each job does it for every Nth piece of about a megabyte; a large compressed file is
  one piece.
  What it writes is about three times as large as the text, and with --find documents about as
  large. To join, and to read the candidates again, is left to `dittograph merge`. It needs the files
  at the same paths, so if these are relative, it must be started in the same folder.

",
    shard_examples!()
);

/// The arguments of `sketch`.
#[derive(Args)]
pub struct SketchArguments {
    /// Which share of the work to do, of how many, such as 1/8
    #[arg(long, value_name = "I/N")]
    pub shard: Shard,

    /// The file to write; not below PATH
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,

    /// Print no progress and no summary; problems are still told
    #[arg(short, long)]
    pub quiet: bool,

    /// How, not what
    #[command(flatten)]
    pub running: RunningArguments,

    /// The corpus and what to find in it
    #[command(flatten)]
    pub corpus: CorpusArguments,
}

/// Of a command line that has these among its arguments, those that are not about the corpus.
const NOT_OF_CORPUS: [&str; 7] =
    ["shard", "output", "quiet", "threads", "memory", "temp_dir", "config"];

/// The corpus and what to find in it: what all shards must agree on.
#[derive(Args)]
pub struct CorpusArguments {
    /// Files and folders of the corpus, the same for each shard
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Files and folders of reference documents, as for scan
    #[arg(long, value_name = "PATH")]
    against: Vec<PathBuf>,

    #[command(flatten)]
    finding: FindingArguments,

    #[command(flatten)]
    reading: ReadingArguments,
}

impl CorpusArguments {
    /// The options that the library understands.
    pub fn options(&self, running: &RunningArguments) -> ScanOptions {
        scan_options(&self.finding, &self.reading, &self.against, running)
    }

    /// What of it changes nothing, and might be thought to.
    pub fn note(&self) -> Option<String> {
        self.finding.note()
    }

    /// How many words to give around a passage.
    pub fn context(&self) -> u32 {
        self.finding.context
    }
}

/// The arguments of `merge`.
#[derive(Args)]
pub struct MergeArguments {
    /// The files that `dittograph sketch` has written, all of them
    #[arg(required = true, value_name = "SHARD")]
    pub shards: Vec<PathBuf>,

    /// Where and how to write
    #[command(flatten)]
    pub writing: OutputArguments,

    /// How, not what
    #[command(flatten)]
    pub running: RunningArguments,
}

/// What was typed about the corpus, in a form that [`read_again`] takes.
///
/// # Errors
/// A path that is no UTF-8.
pub fn typed(command: &clap::Command, matches: &ArgMatches) -> Result<Vec<String>> {
    let (mut options, mut paths) = (Vec::new(), vec!["--".to_owned()]);
    for argument in command.get_arguments() {
        let id = argument.get_id().as_str();
        let is_typed = matches.value_source(id) == Some(ValueSource::CommandLine);
        if NOT_OF_CORPUS.contains(&id) || !is_typed {
            continue;
        }
        let name = argument.get_long().map(|long| format!("--{long}"));
        if matches!(argument.get_action(), ArgAction::SetTrue) {
            options.extend(name);
            continue;
        }
        for value in matches.get_raw(id).into_iter().flatten() {
            let value = value.to_str().ok_or_else(|| {
                Error::options(format!("`{}`: a shard keeps names in UTF-8 only", value.display()))
            })?;
            match &name {
                Some(name) => options.push(format!("{name}={value}")),
                None => paths.push(value.to_owned()),
            }
        }
    }
    Ok([options, paths].concat())
}

/// The corpus that was [`typed`].
///
/// # Errors
/// Arguments that this version does not know.
pub fn read_again(arguments: &[String]) -> Result<CorpusArguments> {
    #[derive(Parser)]
    #[command(no_binary_name = true)]
    struct Again {
        #[command(flatten)]
        corpus: CorpusArguments,
    }
    Again::try_parse_from(arguments).map(|again| again.corpus).map_err(|error| {
        explain(&error, &Again::command(), &[])
            .at_path("the arguments of the shard")
            .with_hint("sketch and merge with the same version of dittograph")
    })
}
