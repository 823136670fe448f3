//! `cloakroom client …`

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::initial_token::InitialTokenCommand;
use super::registration::Registration;
use crate::settings::duration;

/// What to do with clients.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// Register an application; the template chooses what is right for its kind and says why
    #[command(after_help = "\
Examples:
  cloakroom client add shop --redirect-uri https://shop.example.com/callback
  cloakroom client add phone --template mobile --redirect-uri com.example.phone:/callback
  cloakroom client add billing --template service --scope invoices --audience https://api.example.com
  cloakroom client add gateway --template service --scope revocations
  cloakroom client add till --template web --first-party --origin https://till.example.com")]
    Add(Box<NewClient>),
    /// Change what one registered for OAuth and OpenID Connect
    #[command(after_help = "\
What is not said stays as it is; a list that is said replaces the list that was there.

Example: cloakroom client change shop --redirect-uri https://shop.example.com/new")]
    Change(Box<ChangedClient>),
    /// List the registered applications
    List,
    /// Show one, with everything its policy says
    Show {
        /// Its id
        #[arg(value_name = "CLIENT")]
        id: String,
    },
    /// Give one a new secret, which is printed once
    Secret {
        /// Its id
        #[arg(value_name = "CLIENT")]
        id: String,
        /// How long the secret it has still works beside the new one
        #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
        overlap: Duration,
    },
    /// Say whose one of its namespaces of session data is, and what becomes of a guest's at sign-in
    #[command(after_help = "\
What is not said stays as it is.

Example: cloakroom client data shop cart --belongs user --at-sign-in merge")]
    Data {
        /// Its id
        #[arg(value_name = "CLIENT")]
        id: String,
        /// The namespace
        #[arg(value_name = "NAMESPACE")]
        namespace: String,
        /// The user, on every device, or the session alone
        #[arg(long, value_name = "WHOM")]
        belongs: Option<DataOwner>,
        /// What becomes of what a guest brings
        #[arg(long, value_name = "RULE")]
        at_sign_in: Option<AtSignIn>,
    },
    /// Let one use a namespace of another
    #[command(after_help = "Example: cloakroom client share shop cart --with checkout")]
    Share {
        /// Whose the namespace is
        #[arg(value_name = "CLIENT")]
        owner: String,
        /// The namespace
        #[arg(value_name = "NAMESPACE")]
        namespace: String,
        /// Who may use it
        #[arg(long = "with", value_name = "CLIENT")]
        with: String,
        /// Take it back
        #[arg(long)]
        stop: bool,
    },
    /// Hand on the right to register applications
    #[command(subcommand)]
    InitialToken(InitialTokenCommand),
    /// Remove one; all its grants end at once
    Remove {
        /// Its id
        #[arg(value_name = "CLIENT")]
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// Whose a namespace is.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DataOwner {
    /// The user: the same on every device
    User,
    /// The session: gone with it
    Session,
}

/// What becomes of a guest's data.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum AtSignIn {
    /// What the user had stays
    #[value(name = "keep_user")]
    KeepUser,
    /// What the guest has replaces it
    #[value(name = "keep_guest")]
    KeepGuest,
    /// The guest's single values win, lists take what they lack
    #[value(name = "merge")]
    Merge,
}

/// An application that is not registered yet.
#[derive(Args, Debug)]
pub(crate) struct NewClient {
    /// Its id in every request
    #[arg(value_name = "CLIENT")]
    pub(crate) id: String,
    /// Which kind of application it is: web, spa, mobile, legacy or service
    #[arg(long, value_name = "KIND", default_value = "web")]
    pub(crate) template: String,
    /// Its name for people; its id where this is not given
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// It belongs to whoever runs this server: it may take passwords and is not asked for consent
    #[arg(long)]
    pub(crate) first_party: bool,
    /// A web origin it runs on
    #[arg(long = "origin", value_name = "URL")]
    pub(crate) origins: Vec<String>,
    /// An audience its tokens may name; the first is the default
    #[arg(long = "audience", value_name = "AUDIENCE")]
    pub(crate) audiences: Vec<String>,
    /// A scope its tokens may have; where none is given, one that signs people in gets the usual ones
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,
    /// What its access tokens are signed with, if not with the server's default
    #[arg(long, value_name = "ALG")]
    pub(crate) algorithm: Option<String>,
    /// Make a secret by which it proves that it is itself, even where its template would do without; it is printed once
    #[arg(long)]
    pub(crate) with_secret: bool,
    /// Where else than in the header it may put a token: body or query
    #[arg(long = "token-place", value_name = "PLACE")]
    pub(crate) token_places: Vec<String>,
    /// Take its requests without PKCE, because it knows nothing of it; only where it proves that it is itself
    #[arg(long)]
    pub(crate) danger_without_pkce: bool,
    /// What it registers.
    #[command(flatten)]
    pub(crate) registration: Registration,
}

/// A registration that changes.
#[derive(Args, Debug)]
pub(crate) struct ChangedClient {
    /// Its id
    #[arg(value_name = "CLIENT")]
    pub(crate) id: String,
    /// Its name for people
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// What it registers from now on.
    #[command(flatten)]
    pub(crate) registration: Registration,
}
