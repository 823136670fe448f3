//! What an operator can set of the engine. Where each value comes from is the binary's affair.

use std::time::Duration;

use cloakroom_jose::Algorithm;
use cloakroom_model::policy::key_rotation::KeyRotation;
use cloakroom_model::policy::limit::Limit;
use cloakroom_model::policy::password::Rules;
/// Whose rules clients are held to, as those see it who need not know the specifications.
pub use cloakroom_oauth::profile::{Contradiction, Profile};

use crate::feed::Limits;

/// How an engine is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The public URL without a slash at its end: the `iss` of tokens, and their audience where they are for
    /// Cloakroom itself.
    pub issuer: String,
    /// Whether anybody may make an account.
    pub sign_up_open: bool,
    /// Which rules clients are held to.
    pub profile: Profile,
    /// How long a rotated refresh token still earns the newest one.
    pub replay_window: Duration,
    /// How signing keys rotate.
    pub key_rotation: KeyRotation,
    /// What access tokens are signed with where a client does not say otherwise.
    pub algorithm: Algorithm,
    /// How long access tokens live where a client does not say otherwise.
    pub access_token_ttl: Duration,
    /// How long a token status list is read before it is fetched again: how late it says that a grant ended.
    pub status_list_ttl: Duration,
    /// How long memory is trusted without hearing the log.
    pub staleness: Duration,
    /// How often the log is read when nothing wakes the reader.
    pub log_interval: Duration,
    /// How often last-seen times are written: what a crash may lose of them, and by how much later than its
    /// idle time a session ends.
    pub last_seen_flush: Duration,
    /// How many sessions are remembered.
    pub remembered_sessions: usize,
    /// How many sessions a user may have at once.
    pub session_limit: Option<Limit>,
    /// The most that the documents of one user or session may have in all, in bytes of JSON.
    pub session_data_limit: usize,
    /// What a new password must be.
    pub password: Rules,
    /// An answer that says whether credentials are right leaves this long after its question, or as soon
    /// after that as it is ready.
    pub answer_delay: Duration,
    /// How long after somebody proved who they are their other sessions may be ended without another proof.
    pub fresh_sign_in: Duration,
    /// How long events are kept.
    pub events_retention: Duration,
    /// How many services may follow the log.
    pub followers: Limits,
    /// What is open to clients that nobody who runs this server registered.
    pub own_accord: OwnAccord,
}

impl Settings {
    /// What the tokens may be for of clients that come of their own accord: this server first, because they name the others.
    #[must_use]
    pub fn open_audiences(&self) -> Vec<String> {
        std::iter::once(&self.issuer).chain(&self.own_accord.resources).cloned().collect()
    }
}

/// What is open to clients that come of their own accord.
#[derive(Clone, Debug)]
pub struct OwnAccord {
    /// Who may register.
    pub registering: Registering,
    /// Whether a client's name may be the address of a document about it.
    pub documents: bool,
    /// How many of either kind there may be.
    pub limit: usize,
    /// The scopes that are on offer to them.
    pub scopes: Vec<String>,
    /// The services that their tokens may be for, beside this server.
    pub resources: Vec<String>,
    /// Whether those that prove themselves by a secret may leave PKCE out.
    pub danger_without_pkce: bool,
}

/// Who may register a client at the endpoint for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Registering {
    /// Nobody.
    Off,
    /// Who has an initial access token.
    WithToken,
    /// Anybody.
    Open,
}

impl Default for OwnAccord {
    /// Nothing is.
    fn default() -> Self {
        Self {
            registering: Registering::Off,
            documents: false,
            limit: 1000,
            scopes: ["openid", "profile", "email", "offline_access"].map(str::to_owned).to_vec(),
            resources: Vec::new(),
            danger_without_pkce: false,
        }
    }
}

impl OwnAccord {
    /// Whether anybody can come.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.documents || self.registering != Registering::Off
    }
}
