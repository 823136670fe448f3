//! What may happen once only: the use of a proof, an assertion, a signed request.

use async_trait::async_trait;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use crate::Error;

/// Marks of what was used.
#[async_trait]
pub trait Marks: Send + Sync {
    /// Leaves a mark until `until`; `false` where it was left before and lasts beyond `now`.
    ///
    /// Of any number of callers with the same mark, exactly one is told `true`. A second one would be a proof that was
    /// copied.
    async fn mark_once(
        &self,
        mark: Digest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error>;

    /// Forgets marks that last no longer than `now`.
    async fn expire_marks(&self, now: Timestamp) -> Result<(), Error>;
}
