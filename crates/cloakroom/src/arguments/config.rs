//! `cloakroom config …`

use clap::Subcommand;

/// What to do with the settings.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// What holds now, and who said it
    Show,
    /// What a setting does, what it takes, and how to say it
    #[command(after_help = "Example: cloakroom config explain refresh_replay_window")]
    Explain {
        /// One setting; without it, all of them
        #[arg(value_name = "KEY")]
        key: Option<String>,
    },
    /// A cloakroom.toml to start from, on standard output
    #[command(after_help = "Example: cloakroom config sample > cloakroom.toml")]
    Sample,
    /// Whether the server could start with these settings
    Check,
}
