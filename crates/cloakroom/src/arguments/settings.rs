//! A flag for each row of the table of settings, on every command.

use clap::{
    Arg, ArgAction, ArgMatches, Command,
    error::{ContextKind, ContextValue},
    parser::ValueSource,
};

use crate::settings::{Row, TABLE};

/// The settings that everybody needs: `-h` of every command shows them.
const EVERYWHERE: [&str; 2] = ["data_dir", "database"];

/// The command with a flag for each setting. All of them work on every command; `serve --help` shows them all.
pub(super) fn with_flags(command: Command) -> Command {
    let everywhere = |row: &Row| EVERYWHERE.contains(&row.key);
    let command = command.args(rows().map(|(row, name)| flag(row, name).hide(!everywhere(row))));
    if command.find_subcommand("serve").is_none() {
        return command;
    }
    command.mut_subcommand("serve", |serve| {
        serve.args(rows().map(|(row, name)| flag(row, name).hide_short_help(!everywhere(row))))
    })
}

/// The settings that stood on the command line.
pub(super) fn flags(matches: &ArgMatches) -> Vec<(&'static str, String)> {
    TABLE
        .iter()
        .filter(|row| row.flag().is_some())
        .filter(|row| matches.value_source(&id(row)) == Some(ValueSource::CommandLine))
        .filter_map(|row| Some((row.key, matches.get_one::<String>(&id(row))?.clone())))
        .collect()
}

/// The error without a guess of which flag was meant, where a secret was: there is none for it.
pub(super) fn without_guess(mut error: clap::Error) -> clap::Error {
    if secret(&error).is_some() {
        error.remove(ContextKind::SuggestedArg);
        error.remove(ContextKind::Usage);
    }
    error
}

/// What to say to somebody who tried to give a secret as an argument.
pub(super) fn hint(error: &clap::Error) -> Option<String> {
    let row = secret(error)?;
    let variable = row.variable();
    Some(format!(
        "A list of processes shows arguments, so a secret is not one: set {variable}, or {variable}_FILE to the \
         path of a file that holds it."
    ))
}

/// The row of a secret that stood on the command line.
fn secret(error: &clap::Error) -> Option<&'static Row> {
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let typed = argument.trim_start_matches('-').split('=').next()?.replace('-', "_");
    TABLE.iter().find(|row| row.secret && row.key == typed)
}

fn rows() -> impl Iterator<Item = (&'static Row, String)> {
    TABLE.iter().filter_map(|row| Some((row, row.flag()?)))
}

/// Kept apart from the ids that commands give to their own arguments.
fn id(row: &Row) -> String {
    format!("setting {}", row.key)
}

fn flag(row: &'static Row, name: String) -> Arg {
    let flag = Arg::new(id(row))
        .long(name)
        .global(true)
        .action(ArgAction::Set)
        .help(row.sentence)
        .long_help(format!(
            "{}\n\nTakes {}. Default: {}",
            row.sentence,
            (row.expected)(),
            row.default
        ))
        .help_heading("Settings");
    if row.is_switch() {
        flag.value_name("true|false")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
    } else {
        flag.value_name("VALUE")
    }
}
