//! Sessions: what one sign-in (or one visit without it) made.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{ClientId, SessionId, UserId};
use crate::time::Timestamp;

/// What everything hangs from that a client can present.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Session {
    /// Its public name. A sign-in makes a new one; stepping up keeps it.
    pub id: SessionId,
    /// Whose it is; `None` for a guest.
    pub user: Option<UserId>,
    /// The client it began at.
    pub client: ClientId,
    /// How it was first carried.
    pub carrier: Carrier,
    /// Where it is used from.
    pub device: Device,
    /// How the user proved who they are; `None` for a guest.
    pub authentication: Option<Authentication>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// How long it may go unused.
    pub idle: Duration,
    /// The last use that storage has heard of; memory may know a later one.
    pub last_seen_at: Timestamp,
    /// Whether its cookie outlives the browser.
    pub remembered: bool,
}

impl Session {
    /// When it ends if it is not used again.
    #[must_use]
    pub fn idle_expires_at(&self) -> Timestamp {
        self.last_seen_at.plus(self.idle).min(self.expires_at)
    }
}

/// How an identity is brought.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// An opaque secret, looked up.
    Cookie,
    /// A signed statement, verified.
    Token,
}

/// Where a session is used from, in words for its owner.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Device {
    /// Such as `Firefox on Linux`; at most 100 characters.
    pub name: String,
    /// The address of the last sign-in or step-up, as the edge saw it.
    pub address: String,
}

/// How and when the user proved who they are.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Authentication {
    /// When.
    pub at: Timestamp,
    /// How surely (OpenID Connect Core §2).
    pub acr: Acr,
    /// By which means (RFC 8176): `pwd`, …
    pub amr: Vec<String>,
}

/// How surely a user is known: NIST SP 800-63B-4's authentication assurance levels.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Acr {
    /// One factor.
    Aal1,
    /// Two factors.
    Aal2,
    /// Two factors, one of them hardware that resists phishing.
    Aal3,
}

impl Acr {
    /// As it stands in a token's `acr`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aal1 => "aal1",
            Self::Aal2 => "aal2",
            Self::Aal3 => "aal3",
        }
    }
}

/// A secret that was replaced and is still recognised for [`Replaced::RECOGNISED`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Replaced {
    /// The session it belonged to.
    pub session: SessionId,
    /// The session that goes on from it: itself after a step-up, another after a sign-in.
    pub successor: SessionId,
    /// When it was replaced.
    pub at: Timestamp,
}

impl Replaced {
    /// How long a replaced secret is told so rather than refused like any other.
    pub const RECOGNISED: Duration = Duration::from_mins(1);
}
