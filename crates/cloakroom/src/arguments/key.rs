//! `cloakroom key …`

use clap::Subcommand;

/// What to do with signing keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// List the signing keys and where each is in its life
    List,
    /// Let the next keys sign from now on; those that signed until now stay published until their tokens are dead
    Rotate {
        /// Only the key of this algorithm
        #[arg(long, value_name = "ALG")]
        algorithm: Option<String>,
    },
    /// Make a secret that is shared with one audience, which verifies its tokens with it; it is printed once
    #[command(after_help = "\
A service that can verify signatures needs no secret: it reads the published keys.

Example: cloakroom key add https://legacy.example.com --algorithm HS256")]
    Add {
        /// Who shares it, as tokens name it
        #[arg(value_name = "AUDIENCE")]
        audience: String,
        /// HS256, HS384 or HS512
        #[arg(long, value_name = "ALG", default_value = "HS256")]
        algorithm: String,
    },
    /// Seal and derive whatever is new with another data key from now on
    #[command(after_help = "\
What earlier data keys sealed stays readable. Where somebody may have seen one, also end every session and give up
every signing key: `cloakroom session end --all`, `cloakroom key compromise`.")]
    RenewDataKey,
    /// Stop trusting a key at once: every token it signed is refused, and another one signs
    Compromise {
        /// The key's id, as a token's header has it
        #[arg(value_name = "KID")]
        kid: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}
