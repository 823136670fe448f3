//! `cloakroom client initial-token …`

use std::time::Duration;

use clap::{Args, Subcommand};

use crate::settings::duration;

/// What to do with the right to register clients.
#[derive(Debug, Subcommand)]
pub(crate) enum InitialTokenCommand {
    /// Make a token that registers clients at `/oauth/register`; it is printed once
    #[command(after_help = "\
It works where the setting `client_registration` is `initial-token`.

Examples:
  cloakroom client initial-token add --note 'team blue'
  cloakroom client initial-token add --uses 20 --lives 7d")]
    Add(NewInitialToken),
    /// List those that work
    List,
    /// Take one back; clients that were registered by it stay
    Remove {
        /// Its id
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// A token that is to be made.
#[derive(Args, Debug)]
pub(crate) struct NewInitialToken {
    /// Whom it is for, for the list
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) note: String,
    /// How long it works
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration)]
    pub(crate) lives: Duration,
    /// How many clients it registers
    #[arg(long, value_name = "NUMBER", default_value = "1", conflicts_with = "unlimited")]
    pub(crate) uses: u32,
    /// Let it register as many as there is room for
    #[arg(long)]
    pub(crate) unlimited: bool,
}
