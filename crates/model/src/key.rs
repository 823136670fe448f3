//! Keys as storage knows them: sealed, numbered, and somewhere in their life.

use serde::{Deserialize, Serialize};

use crate::id::KeyId;
use crate::time::Timestamp;

/// A key that seals signing keys and derives refresh tokens; itself sealed by the master key.
#[derive(Clone, Eq, PartialEq)]
pub struct DataKey {
    /// Its number; the highest is used for what is new.
    pub number: u32,
    /// The key, sealed.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl DataKey {
    /// Its name in the log. No token's header has it: signing keys are named otherwise.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId(format!("data-key-{}", self.number))
    }
}

/// A key that signs tokens.
#[derive(Clone, Eq, PartialEq)]
pub struct SigningKey {
    /// Its name in a token's header.
    pub id: KeyId,
    /// Its `alg` (RFC 7518 §3.1, RFC 9864).
    pub algorithm: String,
    /// The one audience it signs for, where the secret is shared (HMAC); `None` for a published key.
    pub audience: Option<String>,
    /// The public half as a JWK; `None` where the secret is shared.
    pub public: Option<String>,
    /// The private half or the shared secret, sealed.
    pub sealed: Vec<u8>,
    /// The data key it is sealed with.
    pub data_key: u32,
    /// Where it is in its life.
    pub stage: Stage,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Where a signing key is in its life.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Stage {
    /// Published ahead of its use.
    Next {
        /// Since when.
        since: Timestamp,
    },
    /// Signs.
    Current {
        /// Since when.
        since: Timestamp,
    },
    /// Published until the last token it signed is dead.
    Retired {
        /// Since when.
        since: Timestamp,
    },
    /// Neither signs nor verifies, at once and for ever.
    Compromised {
        /// Since when.
        since: Timestamp,
    },
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataKey").field("number", &self.number).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}
