//! Options from a file, if one is named; none is ever looked for.
//!
//! In: the arguments as typed. Out: the same, with what the file says of the command put before them, so that
//! what is typed wins. Names are checked here, since a mistake in a file must be told as one in a file;
//! values are read as if they were typed.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{Arg, ArgAction, Command};
use dittograph::error::{Error, Result};
use toml::{Table, Value};

use super::slip::nearest;

/// The option that names the file.
const OPTION: &str = "--config";

/// The file that the arguments name, and where the command stands among them.
fn find(arguments: &[OsString], program: &Command) -> Option<(PathBuf, usize)> {
    let command = arguments.iter().position(|argument| {
        argument.to_str().is_some_and(|it| program.find_subcommand(it).is_some())
    })?;
    let typed = arguments.iter().take_while(|argument| *argument != "--");
    let mut file = None;
    for (at, argument) in typed.enumerate() {
        if argument == OPTION {
            file = arguments.get(at + 1).map(PathBuf::from);
        } else if let Some(path) =
            argument.to_str().and_then(|it| it.strip_prefix(OPTION)?.strip_prefix('='))
        {
            file = Some(PathBuf::from(path));
        }
    }
    Some((file?, command))
}

/// The arguments with those of the file that they name, if they do.
///
/// # Errors
/// A file that cannot be read, is no TOML, or names another or an option that there is not.
pub fn with_file(arguments: &[OsString], program: &Command) -> Result<Option<Vec<OsString>>> {
    let Some((path, place)) = find(arguments, program) else { return Ok(None) };
    let wrong = |message: String| Error::options(message).at_path(path.display());
    let text = std::fs::read_to_string(&path).map_err(|error| Error::io(&path, error))?;
    let tables: Table = text.parse().map_err(|error: toml::de::Error| {
        let before = &text[..error.span().map_or(0, |span| span.start.min(text.len()))];
        wrong(format!("line {}: {}", before.matches('\n').count() + 1, error.message()))
    })?;
    let mut added = Vec::new();
    for (name, table) in &tables {
        let Value::Table(table) = table else {
            let typed = arguments[place].display();
            return Err(wrong(format!("`{name}` stands in no table"))
                .with_hint(format!("write it below the command that it is for, `[{typed}]`")));
        };
        let Some(command) = program.find_subcommand(name) else {
            let names = program.get_subcommands().map(Command::get_name);
            let error = wrong(format!("[{name}]: there is no such command"));
            return Err(match nearest(name, names) {
                Some(meant) => error.with_hint(format!("is `[{meant}]` meant?")),
                None => error,
            });
        };
        for (option, value) in table {
            let told = format!("[{name}] {option}");
            if OPTION.strip_prefix("--") == Some(option) {
                return Err(wrong(format!("{told}: a file of options names no other")));
            }
            let options = || command.get_arguments().filter(|it| it.get_long().is_some());
            let Some(argument) = options().find(|it| it.get_long() == Some(option)) else {
                let error = wrong(format!("{told}: there is no such option"));
                return Err(match nearest(option, options().filter_map(Arg::get_long)) {
                    Some(meant) => error.with_hint(format!("is `{meant}` meant?")),
                    None => error.with_hint(format!("`dittograph {name} --help` has all")),
                });
            };
            let typed = as_typed(argument, option, value);
            let typed = typed.map_err(|what| wrong(format!("{told}: {what}")))?;
            if arguments[place] == OsStr::new(name) {
                added.extend(typed);
            }
        }
    }
    let (before, after) = arguments.split_at(place + 1);
    Ok(Some([before, &added, after].concat()))
}

/// A value as it would be typed.
fn as_typed(argument: &Arg, option: &str, value: &Value) -> Result<Vec<OsString>, String> {
    let is_flag = matches!(argument.get_action(), ArgAction::SetTrue);
    let many = matches!(argument.get_action(), ArgAction::Append);
    let one = |value: &Value| match value {
        Value::String(text) => Ok(OsString::from(format!("--{option}={text}"))),
        Value::Integer(number) => Ok(format!("--{option}={number}").into()),
        Value::Float(number) => Ok(format!("--{option}={number}").into()),
        _ => Err("a text or a number is wanted".to_owned()),
    };
    match value {
        Value::Boolean(true) if is_flag => Ok(vec![format!("--{option}").into()]),
        Value::Boolean(false) if is_flag => Ok(Vec::new()),
        _ if is_flag => Err("true or false is wanted".to_owned()),
        Value::Array(values) if many => values.iter().map(one).collect(),
        value => one(value).map(|typed| vec![typed]),
    }
}
