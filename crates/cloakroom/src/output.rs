//! What a command prints: aligned for people, one line a thing for pipes, JSON with `--json`.
//!
//! The JSON of a command is its stable face: a list is an object with one array in it, so that it can grow.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::json;

use crate::exit::Failure;

/// A terminal that says it is narrower than this is one that does not know its width.
const NARROWEST: u16 = 60;

/// Where answers go, and in which shape.
pub(crate) struct Output {
    json: bool,
    terminal: bool,
}

/// A thing that can stand as a line in a list.
pub(crate) trait Listed: Serialize {
    /// The heads of the columns.
    const COLUMNS: &'static [&'static str];

    /// What stands in them.
    fn cells(&self) -> Vec<String>;
}

impl Output {
    /// The process's own output.
    pub(crate) fn new(json: bool) -> Self {
        Self { json, terminal: io::stdout().is_terminal() }
    }

    /// A list: a table on a terminal, tabs between columns in a pipe, `{"<name>": […]}` as JSON.
    pub(crate) fn list<T: Listed>(&self, name: &str, things: &[T]) -> Result<(), Failure> {
        if self.json {
            return self.json(&BTreeMap::from([(name, things)]));
        }
        if !self.terminal {
            let lines = things.iter().map(|thing| row(thing).join("\t") + "\n");
            return write(&lines.collect::<String>());
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        if table.width().is_none_or(|width| width < NARROWEST) {
            table.set_width(NARROWEST);
        }
        table.set_header(T::COLUMNS.iter().map(|name| name.to_uppercase()));
        table.add_rows(things.iter().map(row));
        write(&format!("{}\n", table.trim_fmt()))
    }

    /// One answer: the text for people and pipes, the object as JSON.
    pub(crate) fn say(&self, text: &str, object: &impl Serialize) -> Result<(), Failure> {
        if self.json { self.json(object) } else { write(&format!("{text}\n")) }
    }

    /// A text that is the answer itself, such as a file to be redirected; with `--json` it is still that text.
    pub(crate) fn text(text: &str) -> Result<(), Failure> {
        write(text)
    }

    /// Says on standard error why it did not work, and gives the exit code.
    pub(crate) fn fail(&self, failure: &Failure) -> ExitCode {
        if !matches!(failure, Failure::NobodyReads) {
            let message = failure.to_string();
            let text = if self.json {
                json!({ "error": { "code": failure.code(), "message": message } }).to_string()
            } else {
                format!("cloakroom: {message}")
            };
            // There is nowhere left to complain to.
            let _ = writeln!(io::stderr(), "{text}");
        }
        failure.exit()
    }

    fn json(&self, object: &impl Serialize) -> Result<(), Failure> {
        let text = if self.terminal {
            serde_json::to_string_pretty(object)
        } else {
            serde_json::to_string(object)
        };
        let text = text.map_err(io::Error::from)?;
        write(&format!("{text}\n"))
    }
}

/// One thing for people: a line for each column of its list.
pub(crate) fn fields<T: Listed>(thing: &T) -> String {
    let width = T::COLUMNS.iter().map(|name| name.len()).max().unwrap_or_default();
    let cells = row(thing);
    let lines: Vec<String> = T::COLUMNS
        .iter()
        .zip(&cells)
        .filter(|(name, cell)| !name.is_empty() && !cell.is_empty())
        .map(|(name, cell)| format!("{name:width$}  {cell}"))
        .collect();
    lines.join("\n")
}

fn write(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

fn row(thing: &impl Listed) -> Vec<String> {
    thing.cells().iter().map(|cell| printable(cell)).collect()
}

/// The text without anything that a terminal would obey: names and user agents are strangers' words.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_escape_sequence_does_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\tc"), "a\u{fffd}[2Jb\u{fffd}c");
    }
}
