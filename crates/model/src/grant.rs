//! Grants: what one client may do in a session or for a user, and the chain of refresh tokens it carries.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{ClientId, GrantId, SessionId, UserId};
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

/// That a token gave way to its successor.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Rotated {
    /// The number of the token that was presented.
    pub counter: u64,
    /// When.
    pub at: Timestamp,
}
