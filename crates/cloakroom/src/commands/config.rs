//! `cloakroom config`: the table of settings, shown and explained.

use serde::Serialize;
use serde_json::json;

use crate::{
    arguments::ConfigCommand,
    exit::Failure,
    output::{Listed, Output},
    settings::{self, Given, Loaded, Row, TABLE, nearest, reference},
};

/// Runs one of the commands below `config`.
pub(super) fn run(command: &ConfigCommand, given: &Given, output: &Output) -> Result<(), Failure> {
    match command {
        ConfigCommand::Show => output.list("settings", &held(&settings::load(given)?)),
        ConfigCommand::Explain { key: None } => {
            let all: Vec<_> = TABLE.iter().map(Explanation::of).collect();
            output.list("settings", &all)
        }
        ConfigCommand::Explain { key: Some(key) } => explain(key, output),
        ConfigCommand::Sample => Output::text(&reference::sample()),
        ConfigCommand::Check => {
            settings::load(given)?;
            output.say("The settings can be used.", &json!({ "usable": true }))
        }
    }
}

/// A setting as it is now.
#[derive(Serialize)]
struct Held {
    key: &'static str,
    value: String,
    source: String,
}

impl Listed for Held {
    const COLUMNS: &'static [&'static str] = &["setting", "value", "from"];

    fn cells(&self) -> Vec<String> {
        vec![self.key.to_owned(), self.value.clone(), self.source.clone()]
    }
}

fn held(loaded: &Loaded) -> Vec<Held> {
    let held = |row: &'static Row| {
        let entry = loaded.layers.entry(row)?;
        let value = row.shown(&entry.text).into_owned();
        Some(Held { key: row.key, value, source: entry.source.to_string() })
    };
    TABLE.iter().filter_map(held).collect()
}

/// A row of the table, for people and programs.
#[derive(Serialize)]
struct Explanation {
    key: &'static str,
    section: &'static str,
    /// Absent for a secret.
    flag: Option<String>,
    variable: String,
    /// Only for a secret: names a file that holds it.
    variable_file: Option<String>,
    takes: String,
    default: &'static str,
    example: &'static str,
    secret: bool,
    danger: bool,
    sentence: &'static str,
}

impl Explanation {
    fn of(row: &Row) -> Self {
        Self {
            key: row.key,
            section: row.section,
            flag: row.flag().map(|flag| format!("--{flag}")),
            variable: row.variable(),
            variable_file: row.file_variable(),
            takes: (row.expected)(),
            default: row.default,
            example: row.example,
            secret: row.secret,
            danger: row.is_danger(),
            sentence: row.sentence,
        }
    }
}

impl Listed for Explanation {
    const COLUMNS: &'static [&'static str] = &["setting", "default", "what it does"];

    fn cells(&self) -> Vec<String> {
        [self.key, self.default, self.sentence].map(str::to_owned).to_vec()
    }
}

fn explain(key: &str, output: &Output) -> Result<(), Failure> {
    let typed = key.trim_start_matches('-').trim_start_matches("CLOAKROOM_");
    let typed = typed.to_lowercase().replace('-', "_");
    let Some(row) = settings::row(&typed) else {
        let near = nearest(&typed, TABLE.iter().map(|row| row.key));
        return Err(Failure::Usage(settings::unknown(key, near)));
    };
    let explanation = Explanation::of(row);
    let ways = match (&explanation.flag, &explanation.variable_file) {
        (Some(flag), _) => {
            format!("{flag}, {}, or {} in cloakroom.toml", explanation.variable, explanation.key)
        }
        (None, Some(file)) => format!("{}, or the path of a file in {file}", explanation.variable),
        (None, None) => explanation.variable.clone(),
    };
    let text = format!(
        "{}\n\n  {}\n\n  takes    {}\n  default  {}\n  example  {}\n  say it   {ways}",
        explanation.key,
        explanation.sentence,
        explanation.takes,
        explanation.default,
        explanation.example,
    );
    output.say(&text, &explanation)
}
