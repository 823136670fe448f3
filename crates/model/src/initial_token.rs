//! Initial access tokens (RFC 7591 §3): the right to register clients, which an operator hands on.

use crate::id::InitialTokenId;
use crate::secret::Digest;
use crate::time::Timestamp;

/// What storage keeps of an initial access token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InitialToken {
    /// Its name in lists and where it is taken back. It earns nothing.
    pub id: InitialTokenId,
    /// How it is found.
    pub digest: Digest,
    /// Whom it was made for, in its maker's words.
    pub note: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working, used up or not.
    pub expires_at: Timestamp,
    /// How many clients it still registers; as many as there is room for where `None`. Never 0: one that is used up is gone.
    pub uses_left: Option<u32>,
}

impl InitialToken {
    /// Whether it registers a client at `now`.
    #[must_use]
    pub fn works(&self, now: Timestamp) -> bool {
        self.expires_at > now
    }
}
