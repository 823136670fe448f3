//! `cloakroom db …`

use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, Subcommand};

/// What to do with whole databases.
#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Move everything into another, empty database, and give the one it came from up
    #[command(after_help = "\
Stop every server first; start them on the new database afterwards, with the same master key, which is in neither.
Nobody is signed out: sessions, cookies, tokens and links go on as they are. The two databases are compared before the
old one is given up, and from then on no server starts on it. Run the same command again if it is interrupted: it goes
on where it was.

Examples:
  cloakroom db copy --from sqlite:/var/lib/cloakroom/cloakroom.db --to postgres://cloakroom@db.internal/cloakroom
  cloakroom db copy --from postgres://cloakroom@localhost/cloakroom --to sqlite:./cloakroom.db")]
    Copy(CopyDatabase),
    /// Let servers start again on a database that was moved, or whose move is to be given up
    #[command(after_help = "\
It acts on the database of the settings (--database). A move that is not complete is given up without harm; what was
copied until then is of no use any more.

A move that is complete is another matter, and needs --danger-two-places: whatever ended in the new place is live again
here, and from then on an end in one place says nothing to the other. To come back with all that happened since, copy
from the new place into an empty database instead.

Example: cloakroom db reopen --database sqlite:/var/lib/cloakroom/cloakroom.db")]
    Reopen(Reopen),
}

/// From where to where.
#[derive(Args, Debug)]
pub(crate) struct CopyDatabase {
    /// What to copy: `sqlite:PATH` or `postgres://USER@HOST/DATABASE`
    #[arg(long, value_name = "DATABASE")]
    pub(crate) from: String,
    /// Where to: a file that is not there yet, or a PostgreSQL database without tables of this program
    #[arg(long, value_name = "DATABASE")]
    pub(crate) to: String,
    /// A file that holds the password for --from; without it and without one in the URL, `database_password` is taken
    #[arg(long, value_name = "FILE")]
    pub(crate) from_password_file: Option<PathBuf>,
    /// The same for --to
    #[arg(long, value_name = "FILE")]
    pub(crate) to_password_file: Option<PathBuf>,
    /// Write at most this many rows in one transaction
    #[arg(long, value_name = "ROWS", default_value = "10000")]
    pub(crate) batch: NonZeroUsize,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

/// How a database is opened again.
#[derive(Args, Debug)]
pub(crate) struct Reopen {
    /// Also where everything has moved: its sessions are then live in two places
    #[arg(long)]
    pub(crate) danger_two_places: bool,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}
