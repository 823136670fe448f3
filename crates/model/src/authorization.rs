//! What lies between a client's question and its tokens: pushed requests, codes, codes of devices, and what people
//! consented to.
//!
//! What a request says is for `oauth` to read. Here it is JSON that storage keeps and gives back.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{ClientId, GrantId, SessionId, UserId};
use crate::secret::Digest;
use crate::time::Timestamp;

/// An authorization request that this server keeps, and that a browser brings by its name alone (RFC 9126).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PushedRequest {
    /// How it is found.
    pub digest: Digest,
    /// Whose it is.
    pub client: ClientId,
    /// What it says, as JSON.
    pub request: String,
    /// When it came.
    pub created_at: Timestamp,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

impl PushedRequest {
    /// How long a client has to send a browser here after it pushed a request.
    pub const PUSHED_LIVES: Duration = Duration::from_mins(1);
    /// How long a person has to sign in and to consent.
    pub const BROUGHT_LIVES: Duration = Duration::from_mins(30);
}

/// A code that a browser takes to a client, good once (RFC 6749 §4.1.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Code {
    /// How it is found.
    pub digest: Digest,
    /// Whose it is.
    pub client: ClientId,
    /// Who gave it.
    pub user: UserId,
    /// In which session; it ends with it.
    pub session: SessionId,
    /// What was asked for and allowed, as JSON.
    pub request: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
}

impl Code {
    /// How long a code works.
    pub const LIVES: Duration = Duration::from_mins(1);
    /// How long a spent code is recognised, so that a second use is seen.
    pub const RECOGNISED: Duration = Duration::from_hours(1);
}

/// What a code is found to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FoundCode {
    /// Nobody has used it.
    Fresh(Box<Code>),
    /// It was used, and this grant came of it.
    Spent {
        /// Whose it was.
        client: ClientId,
        /// What came of it; it may have ended since.
        grant: GrantId,
    },
}

/// What a user allowed a client, until it is withdrawn.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Consent {
    /// Who.
    pub user: UserId,
    /// Whom.
    pub client: ClientId,
    /// Every scope that was allowed, sorted.
    pub scope: Vec<String>,
    /// Every claim that was allowed one by one, sorted.
    pub claims: Vec<String>,
    /// When it was given, or widened last.
    pub at: Timestamp,
}

impl Consent {
    /// Whether nothing more needs to be asked.
    #[must_use]
    pub fn covers(&self, scope: &[String], claims: &[String]) -> bool {
        scope.iter().all(|one| self.scope.binary_search(one).is_ok())
            && claims.iter().all(|one| self.claims.binary_search(one).is_ok())
    }

    /// Both of them together.
    #[must_use]
    pub fn widened_by(self, more: Self) -> Self {
        let union = |mut one: Vec<String>, other: Vec<String>| {
            one.extend(other);
            one.sort_unstable();
            one.dedup();
            one
        };
        Self {
            scope: union(self.scope, more.scope),
            claims: union(self.claims, more.claims),
            at: self.at.max(more.at),
            ..more
        }
    }
}

/// A device that waits for a person to let it in (RFC 8628).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeviceRequest {
    /// How the device finds it: SHA-256 of the device code.
    pub digest: Digest,
    /// How a person finds it: an HMAC of the code they type.
    pub user_code: Digest,
    /// Which client's device.
    pub client: ClientId,
    /// What was asked for, as JSON.
    pub request: String,
    /// The address it asked from.
    pub address: String,
    /// When it began to wait.
    pub created_at: Timestamp,
    /// When it stops.
    pub expires_at: Timestamp,
    /// What a person said.
    pub answer: DeviceAnswer,
    /// How long it must wait between two questions.
    pub interval: Duration,
    /// When it asked last.
    pub polled_at: Option<Timestamp>,
}

impl DeviceRequest {
    /// How long a device waits.
    pub const LIVES: Duration = Duration::from_mins(15);
    /// How long it waits between two questions, at first, and how much longer after each that came too early.
    pub const INTERVAL: Duration = Duration::from_secs(5);
    /// How long after that it is told that it waited too long.
    pub const RECOGNISED: Duration = Duration::from_mins(15);
}

/// What a person said to a device.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DeviceAnswer {
    /// Nothing yet.
    Pending,
    /// That it is theirs.
    Allowed {
        /// Who.
        user: UserId,
        /// In which session they said so.
        session: SessionId,
    },
    /// That it is not.
    Denied,
}

/// A client that has told somebody who a session's user is, and must be told when it ends (OpenID Connect Back-Channel
/// Logout 1.0). It outlives the session until it was told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RelyingParty {
    /// The session.
    pub session: SessionId,
    /// The client.
    pub client: ClientId,
    /// What the client calls the user.
    pub subject: String,
    /// How often it was told in vain.
    pub failures: u32,
    /// When it may be tried (again).
    pub try_at: Timestamp,
}
