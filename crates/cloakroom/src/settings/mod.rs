//! The settings: one table, four layers, one typed answer.
//!
//! A row of [`table`] says everything about a setting: its key, default, example and sentence, and what it takes. The
//! flag and the variable follow from the key. [`layers`] asks flag, variable, file and default in turn; [`combine`]
//! refuses what does not go together; [`mod@reference`] writes the same rows for people. Left out: what each setting does,
//! which is the business of whoever reads the field.

mod combine;
mod combine_forward_auth;
mod combine_tls;
mod edge;
mod file;
mod forward_auth;
mod layers;
mod master_key;
mod nearest;
mod network;
mod places;
pub(crate) mod reference;
mod row;
mod table;
mod takes;
#[cfg(test)]
mod tests;

use std::{fmt, time::Duration};

use takes::{Lasting, Takes as _};

pub(crate) use layers::{Given, Layers, Problem, unknown};
pub(crate) use nearest::nearest;
pub(crate) use network::{Endpoint, Listen, is_loopback};
pub(crate) use places::Database;
pub(crate) use row::Row;
pub(crate) use table::{LogFormat, Settings, SignUp, TABLE, row};
pub(crate) use takes::duration_text;

/// A duration as settings write it, for arguments that are one.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    const TAKES: Lasting = Lasting { from: Duration::ZERO, to: Duration::from_hours(24 * 3650) };
    TAKES.read(text).map_err(|_| format!("expected {}", TAKES.expected()))
}

/// A database as settings name it, for arguments that are one. What is wrong is said without the text, which may hold a
/// password.
pub(crate) fn database(text: &str) -> Result<Database, String> {
    const TAKES: places::DatabaseUrl = places::DatabaseUrl;
    TAKES.read(text).map_err(|wrong| match wrong {
        takes::Wrong::Shape => format!("expected {}", TAKES.expected()),
        takes::Wrong::Because(why) => why.to_owned(),
        takes::Wrong::Says(why) => why,
    })
}

/// The settings and who said what.
pub(crate) struct Loaded {
    /// Every value.
    pub(crate) settings: Settings,
    /// The text behind every value.
    pub(crate) layers: Layers,
}

/// Reads the settings from all layers, or says everything that is wrong with them at once.
pub(crate) fn load(given: &Given) -> Result<Loaded, Problems> {
    let mut problems = Vec::new();
    let layers = Layers::gather(given, &mut problems);
    let settings = Settings::read(&layers, &mut problems);
    if let Some(settings) = &settings {
        problems.extend(combine::problems(settings));
    }
    match settings {
        Some(settings) if problems.is_empty() => Ok(Loaded { settings, layers }),
        _ => Err(Problems(problems)),
    }
}

impl Settings {
    /// The dangers that are on, by their keys.
    pub(crate) fn dangers(&self) -> Vec<&'static str> {
        let all = [
            ("danger_plain_http", self.danger_plain_http),
            ("danger_fetch_private_networks", !self.danger_fetch_private_networks.is_empty()),
            ("danger_open_without_pkce", self.danger_open_without_pkce),
            ("danger_no_throttle", self.danger_no_throttle),
            ("danger_no_sync", self.danger_no_sync),
        ];
        all.into_iter().filter(|(_, on)| *on).map(|(key, _)| key).collect()
    }
}

/// Why the settings cannot be used; at least one problem.
#[derive(Debug)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings cannot be used:")?;
        for problem in &self.0 {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
