//! `cloakroom doctor`: the usual mistakes, a check each, and what to do about them.
//!
//! A check looks and changes nothing. One that cannot look says so as a warning instead of calling it well.

mod address;
mod certificate;
mod clock;
mod database;
mod folder;
mod machine;
mod profile;
mod reach;
mod servers;

use serde::Serialize;

use crate::{
    exit::Failure,
    output::{Listed, Output},
    settings::{self, Given, Settings},
};

/// What a check finds.
pub(crate) enum Finding {
    /// Well; and how it is.
    Ok(String),
    /// It works, and may surprise later; and what to do.
    Warn(String, &'static str),
    /// It will not work, or is not safe; and what to do.
    Fail(String, &'static str),
}

/// One check.
struct Check {
    name: &'static str,
    check: fn(&Settings) -> Finding,
}

/// Every check, in the order in which they are shown.
const CHECKS: &[Check] = &[
    Check { name: "public URL", check: address::public_url },
    Check { name: "certificate", check: certificate::pair },
    Check { name: "cookies", check: address::cookies },
    Check { name: "proxies", check: address::proxies },
    Check { name: "port", check: address::port },
    Check { name: "mTLS port", check: address::mtls_port },
    Check { name: "mTLS authorities", check: certificate::authorities },
    Check { name: "admin port", check: address::admin_port },
    Check { name: "reach", check: reach::public_url },
    Check { name: "data folder", check: folder::data_folder },
    Check { name: "master key file", check: folder::master_key_file },
    Check { name: "database file", check: folder::database_file },
    Check { name: "database", check: database::schema },
    Check { name: "master key", check: database::master_key },
    Check { name: "write-ahead log", check: database::write_ahead_log },
    Check { name: "PostgreSQL", check: servers::postgres },
    Check { name: "Redis", check: servers::redis },
    Check { name: "profile", check: profile::clients },
    Check { name: "clock", check: clock::clock },
    Check { name: "disk", check: folder::disk },
    Check { name: "open files", check: machine::open_files },
    Check { name: "dangers", check: machine::dangers },
];

/// Runs every check.
pub(super) fn run(given: &Given, output: &Output) -> Result<(), Failure> {
    let settings = settings::load(given)?.settings;
    let results: Vec<_> =
        CHECKS.iter().map(|check| Line::of(check.name, (check.check)(&settings))).collect();
    output.list("checks", &results)?;
    match results.iter().filter(|line| line.result == "fail").count() {
        0 => Ok(()),
        1 => Err(Failure::Refused("one check fails; its line says what to do".to_owned())),
        count => Err(Failure::Refused(format!("{count} checks fail; their lines say what to do"))),
    }
}

/// A check's line.
#[derive(Serialize)]
struct Line {
    check: &'static str,
    result: &'static str,
    found: String,
    /// Nothing where all is well.
    what_to_do: Option<&'static str>,
}

impl Line {
    fn of(check: &'static str, finding: Finding) -> Self {
        let (result, found, what_to_do) = match finding {
            Finding::Ok(found) => ("ok", found, None),
            Finding::Warn(found, what_to_do) => ("warn", found, Some(what_to_do)),
            Finding::Fail(found, what_to_do) => ("fail", found, Some(what_to_do)),
        };
        Self { check, result, found, what_to_do }
    }
}

impl Listed for Line {
    const COLUMNS: &'static [&'static str] = &["", "check", "found", "what to do"];

    fn cells(&self) -> Vec<String> {
        let what_to_do = self.what_to_do.unwrap_or_default().to_owned();
        vec![self.result.to_owned(), self.check.to_owned(), self.found.clone(), what_to_do]
    }
}
