//! The only source of randomness.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use cloakroom_model::data::Etag;
use cloakroom_model::id::{GrantId, SessionId, UserId};
use cloakroom_model::secret::{Digest, Secret};
use cloakroom_model::time::Timestamp;

/// The only source of randomness.
pub trait Random: Send + Sync {
    /// Fills `bytes` with bits that nobody can foretell.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's randomness, by way of the cryptography library.
#[derive(Debug, Default)]
pub struct SystemRandomness(SystemRandom);

impl Random for SystemRandomness {
    /// # Panics
    ///
    /// When the operating system has no randomness: nothing this server makes would be safe.
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes).expect("the operating system gives randomness");
    }
}

/// The shapes that randomness is wanted in.
impl dyn Random + '_ {
    /// An array of random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A new secret.
    #[must_use]
    pub fn secret(&self) -> Secret {
        Secret(self.bytes())
    }

    /// The mark of an act's log rows. Never 0, which stands before the first row.
    #[must_use]
    pub fn nonce(&self) -> u64 {
        // Half of the range, so that it fits a database's signed integer.
        (u64::from_le_bytes(self.bytes()) >> 1).max(1)
    }

    /// A new session's name.
    #[must_use]
    pub fn session_id(&self, now: Timestamp) -> SessionId {
        SessionId::new(now, self.bytes())
    }

    /// The name of a new guest who has this secret.
    #[must_use]
    pub fn guest_id(&self, now: Timestamp, secret: &Digest) -> SessionId {
        SessionId::of_guest(now, self.bytes(), secret)
    }

    /// A new user's name.
    #[must_use]
    pub fn user_id(&self, now: Timestamp) -> UserId {
        UserId::new(now, self.bytes())
    }

    /// A new grant's name.
    #[must_use]
    pub fn grant_id(&self, now: Timestamp) -> GrantId {
        GrantId::new(now, self.bytes())
    }

    /// A new version's name.
    #[must_use]
    pub fn etag(&self) -> Etag {
        Etag(self.bytes())
    }
}
