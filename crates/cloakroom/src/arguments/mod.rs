//! The shape of the command line: which commands there are, and a flag for each row of the table of settings.
//!
//! Nothing is done here. A password or a secret is never an argument, because a list of processes shows arguments.

mod client;
mod compare;
mod config;
mod db;
mod initial_token;
mod key;
mod registration;
mod rest;
mod session;
mod settings;
mod user;

use std::{
    ffi::OsString,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use serde_json::json;

pub(crate) use self::{
    client::{AtSignIn, ChangedClient, ClientCommand, DataOwner, NewClient},
    compare::Compare,
    config::ConfigCommand,
    db::{CopyDatabase, DbCommand, Reopen},
    initial_token::{InitialTokenCommand, NewInitialToken},
    key::KeyCommand,
    registration::Registration,
    rest::{BackupTo, EventCommand, RestoreFrom, StreamCommand, TokenCommand},
    session::{SessionCommand, Which},
    user::{NewUser, UserCommand, Who},
};
use crate::{exit, settings::Given};

/// The command line as it was typed, beside what the environment says.
pub(crate) struct Line {
    /// `--json`.
    pub(crate) json: bool,
    /// What may decide about settings.
    pub(crate) given: Given,
    /// What to do.
    pub(crate) command: Command,
}

/// Cloakroom knows who is there: sessions and tokens from one sign-in, taken back everywhere at once.
#[derive(Debug, Parser)]
#[command(
    name = "cloakroom",
    version,
    arg_required_else_help = true,
    after_help = exit::CODES,
    after_long_help = LONG_HELP,
    max_term_width = 100
)]
struct Arguments {
    /// Print JSON, in a shape that stays as it is
    #[arg(long, global = true)]
    json: bool,

    /// Read settings from this file instead of cloakroom.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server
    #[command(after_help = "\
SIGTERM and Ctrl-C let requests in flight finish. Until there is an administrator, each start prints a one-time link
by which to become one.")]
    Serve,
    /// Add, find and change users
    #[command(subcommand)]
    User(UserCommand),
    /// See who is signed in where, and sign them out
    #[command(subcommand)]
    Session(SessionCommand),
    /// Register applications and say what they may do
    #[command(subcommand)]
    Client(ClientCommand),
    /// See, rotate and give up the keys that sign tokens
    #[command(subcommand)]
    Key(KeyCommand),
    /// Look at a token
    #[command(subcommand)]
    Token(TokenCommand),
    /// See what happened
    #[command(subcommand)]
    Event(EventCommand),
    /// See which services are told of what happens to users
    #[command(subcommand)]
    Stream(StreamCommand),
    /// Copy the database into a file, beside a running server
    #[command(after_help = "\
The copy is for its owner's eyes only. The master key is not in it: keep that somewhere else, and as safe.")]
    Backup(BackupTo),
    /// Put a backup in the place of the database, while no server runs
    #[command(after_help = "\
Every session, grant and link ends, because those that ended since the backup would live again. The database that was
there is kept beside the new one.")]
    Restore(RestoreFrom),
    /// Move everything into another database: from SQLite to PostgreSQL, back, or between two of a kind
    #[command(subcommand)]
    Db(DbCommand),
    /// Show, explain and check the settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Measure on this machine what a session and a token cost, and say which is for which application
    #[command(after_help = compare::HELP)]
    Compare(Compare),
    /// Serve a comparison
    #[command(hide = true)]
    CompareService,
    /// Look for the usual mistakes and say what to do about each
    #[command(
        after_help = "Every check is a line: ok, warn or fail. One that fails makes the exit code 1."
    )]
    Doctor,
    /// Ask the server whether it is alive: for probes. Exit code 3 says that it is not
    Healthcheck,
    /// Write the parts of the repository that come from tables
    #[command(subcommand, hide = true)]
    Generate(Generate),
}

/// What can be generated.
#[derive(Debug, Subcommand)]
pub(crate) enum Generate {
    /// docs/config.md
    ConfigDocs,
    /// docs/openapi.json
    Openapi,
}

const LONG_HELP: &str = concat!(
    "Every setting is also a flag of every command, and a variable: public_url is --public-url and\n",
    "CLOAKROOM_PUBLIC_URL. `cloakroom config explain` lists them all.\n\n",
    "Exit codes: 0 done · 1 refused or not found · 2 wrong arguments or settings · 3 unavailable, try again"
);

impl Line {
    /// Reads the command line. Help and version come back as a refusal that is none.
    pub(crate) fn read(
        arguments: impl IntoIterator<Item = OsString>,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Refused> {
        let arguments: Vec<_> = arguments.into_iter().collect();
        let json = arguments.iter().any(|argument| argument == "--json");
        let command = settings::with_flags(Arguments::command());
        let refused = |error| Refused { error: settings::without_guess(error), json };
        let matches = command.try_get_matches_from(arguments).map_err(refused)?;
        let arguments = Arguments::from_arg_matches(&matches).map_err(refused)?;
        let given = Given {
            flags: settings::flags(&matches),
            variables: variables.into_iter().collect(),
            config: arguments.config,
        };
        Ok(Self { json: arguments.json, given, command: arguments.command })
    }
}

/// A command line that is not one, or that asked for help.
pub(crate) struct Refused {
    error: clap::Error,
    json: bool,
}

impl Refused {
    /// Prints it where it belongs and gives the exit code.
    pub(crate) fn print(&self) -> ExitCode {
        if !self.error.use_stderr() {
            // Help for a reader that has gone away is no failure.
            let _ = self.error.print();
            return ExitCode::SUCCESS;
        }
        if self.json {
            let message = self.error.to_string();
            let message = message.trim().trim_start_matches("error: ");
            let object = json!({ "error": { "code": "usage", "message": message } });
            let _ = writeln!(io::stderr(), "{object}");
        } else {
            let _ = self.error.print();
            if let Some(hint) = settings::hint(&self.error) {
                let _ = writeln!(io::stderr(), "\n{hint}");
            }
        }
        ExitCode::from(2)
    }
}

#[cfg(test)]
mod tests;
