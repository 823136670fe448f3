//! Counts of failures that must outlive a restart, and the devices that are known.

use async_trait::async_trait;
use cloakroom_model::id::UserId;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use crate::{Act, Error};

/// Failures in a row, by user and device.
#[async_trait]
pub trait Throttles: Send + Sync {
    /// What is known of a user's failures: those of unknown devices together, and those of `device` where it
    /// has signed this user in before.
    async fn find_failures(
        &self,
        user: UserId,
        device: Option<&Digest>,
    ) -> Result<AccountFailures, Error>;

    /// Counts one failure, of the device where it is known for this user and of the unknown ones otherwise;
    /// answers the new state.
    async fn count_failure(
        &self,
        user: UserId,
        device: Option<&Digest>,
        at: Timestamp,
    ) -> Result<AccountFailures, Error>;

    /// Forgets failures after a success: the device's own where it is known, those of the unknown ones
    /// otherwise.
    async fn forget_failures(&self, user: UserId, device: Option<&Digest>) -> Result<(), Error>;

    /// Forgets every failure of a user: an operator's act. `false` where there is no such user.
    async fn clear_failures(&self, user: UserId, act: &Act) -> Result<bool, Error>;

    /// Forgets devices that were not seen since `before`.
    async fn expire_devices(&self, before: Timestamp) -> Result<(), Error>;
}

/// What is known of a user's failures.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct AccountFailures {
    /// Whether the device has signed this user in before.
    pub known_device: bool,
    /// Failures in a row: the known device's, or those of all unknown ones together.
    pub in_a_row: u32,
    /// The last of them.
    pub last_at: Option<Timestamp>,
}
