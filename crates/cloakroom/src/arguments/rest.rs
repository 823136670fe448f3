//! The commands that have one verb or two: `event`, `stream`, `token`, `backup`, `restore`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What to do with events.
#[derive(Debug, Subcommand)]
pub(crate) enum EventCommand {
    /// List what happened, the latest first
    #[command(after_help = "Example: cloakroom event list --user ada --limit 20")]
    List {
        /// Only what happened to this user: an email, a username or an id
        #[arg(long, value_name = "USER")]
        user: Option<String>,
        /// At most this many
        #[arg(long, default_value_t = 100, value_name = "NUMBER")]
        limit: usize,
        /// Only those before the event with this number, as the list before ended
        #[arg(long, value_name = "NUMBER")]
        before: Option<u64>,
    },
}

/// What to do with streams of signals.
#[derive(Debug, Subcommand)]
pub(crate) enum StreamCommand {
    /// List all streams, the oldest first, with what waits in each
    #[command(after_help = "Example: cloakroom stream list --json")]
    List,
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Show what an access token says, and whether it would be accepted; it is read from standard input
    #[command(after_help = "Example: pbpaste | cloakroom token inspect")]
    Inspect,
}

/// Where a backup goes.
#[derive(Args, Debug)]
pub(crate) struct BackupTo {
    /// The file to make; one that is there is left alone
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// What is restored.
#[derive(Args, Debug)]
pub(crate) struct RestoreFrom {
    /// The backup; none where PostgreSQL's own tools have put it back, and what ended since is to end once more
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Leave sessions, grants and links as they are in the backup: whoever signed out since is signed in again
    #[arg(long)]
    pub(crate) danger_keep_sessions: bool,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}
