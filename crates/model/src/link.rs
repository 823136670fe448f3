//! One-time links: a secret that is good for one act.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{SessionId, UserId};
use crate::secret::Digest;
use crate::time::Timestamp;

/// What storage keeps of a link.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Link {
    /// How it is found.
    pub digest: Digest,
    /// What it is good for.
    pub purpose: Purpose,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working, spent or not.
    pub expires_at: Timestamp,
}

/// What a link is good for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "for")]
pub enum Purpose {
    /// To make the first administrator, while there is none.
    SetUp,
    /// To give a locked-out owner a new password.
    Recover {
        /// Who may use it.
        user: UserId,
    },
    /// To put a session that is carried as a token into a browser's cookie.
    Cookie {
        /// The session it leads to.
        session: SessionId,
    },
}

impl Purpose {
    /// How long such a link works.
    #[must_use]
    pub const fn lives(self) -> Duration {
        match self {
            Self::SetUp => Duration::from_hours(24),
            Self::Recover { .. } => Duration::from_hours(1),
            Self::Cookie { .. } => Duration::from_mins(1),
        }
    }
}
