//! Grants: what one client may do in a session or for a user, and the chain of refresh tokens it carries.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{ClientId, GrantId, SessionId, UserId};
use crate::session::Authentication;
use crate::time::Timestamp;

/// One row for the whole chain of refresh tokens.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Grant {
    /// Its public name, also in each access token.
    pub id: GrantId,
    /// For whom; `None` for a guest or a service.
    pub user: Option<UserId>,
    /// The session it hangs from and ends with; `None` for one of the user's or a service's own.
    pub session: Option<SessionId>,
    /// Whose it is.
    pub client: ClientId,
    /// What it allows, sorted.
    pub scope: Vec<String>,
    /// The audiences its access tokens may name.
    pub audience: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// How long it may go unused.
    pub idle: Duration,
    /// The last refresh, or the beginning.
    pub last_used_at: Timestamp,
    /// The data key its refresh tokens are derived from.
    pub data_key: u32,
    /// The number of the newest token; the first is 0.
    pub counter: u64,
    /// The rotations that may still be replayed, oldest first; at most [`Grant::MAX_ROTATIONS`].
    pub rotations: Vec<Rotated>,
    /// Whether its tokens are bound to a key of the client's (`DPoP`, mTLS).
    pub bound: bool,
    /// What else its tokens say.
    pub details: Details,
}

impl Grant {
    /// How many rotations one replay window may hold.
    pub const MAX_ROTATIONS: usize = 16;

    /// When it ends if it is not used again.
    #[must_use]
    pub fn idle_expires_at(&self) -> Timestamp {
        self.last_used_at.plus(self.idle).min(self.expires_at)
    }
}

/// What a grant's tokens say beside scope and audience.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Details {
    /// The key that whoever presents its tokens must hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Confirmation>,
    /// How its user had proved who they are when it was made. For a grant that hangs from no session; the others say
    /// what their session says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
    /// The claims that were asked for one by one (OpenID Connect Core §5.5), as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<String>,
    /// What was allowed in detail (RFC 9396), as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<String>,
    /// Who acts for whom (RFC 8693 §4.1), as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Its place in the token status list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u32>,
}

/// The key that whoever presents a token must hold (RFC 7800 §3.1).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Confirmation {
    /// The thumbprint of a key that is proved by `DPoP` (RFC 9449 §6.1).
    #[serde(rename = "jkt")]
    Key(String),
    /// The thumbprint of a client certificate (RFC 8705 §3.1).
    #[serde(rename = "x5t#S256")]
    Certificate(String),
}

/// That a token gave way to its successor.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Rotated {
    /// The number of the token that was presented.
    pub counter: u64,
    /// When.
    pub at: Timestamp,
}
