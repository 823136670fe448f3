//! `cloakroom session …`

use clap::{ArgGroup, Args, Subcommand};

/// What to do with sessions.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// List signed-in sessions
    #[command(after_help = "Example: cloakroom session list --user ada")]
    List {
        /// Only those of this user: an email, a username or an id
        #[arg(long, value_name = "USER")]
        user: Option<String>,
        /// At most this many
        #[arg(long, default_value_t = 100, value_name = "NUMBER")]
        limit: usize,
        /// Only those after the session of this name, as the list before ended
        #[arg(long, value_name = "SID", conflicts_with = "user")]
        after: Option<String>,
    },
    /// Show one session
    Show {
        /// The session's public name
        #[arg(value_name = "SID")]
        sid: String,
    },
    /// Sign out: one session, all of a user, or everybody
    #[command(after_help = "\
Examples:
  cloakroom session end 01890a5d-…
  cloakroom session end --user ada")]
    End(Which),
}

/// Which sessions end.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("which").required(true))]
pub(crate) struct Which {
    /// The one of this name
    #[arg(value_name = "SID", group = "which")]
    pub(crate) sid: Option<String>,
    /// All of this user: an email, a username or an id
    #[arg(long, value_name = "USER", group = "which")]
    pub(crate) user: Option<String>,
    /// Everybody's, with every grant, guests too
    #[arg(long, group = "which")]
    pub(crate) all: bool,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}
