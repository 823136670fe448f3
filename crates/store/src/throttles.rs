//! Counts of failures that must outlive a restart, and the devices that are known.
//!
//! Failures at names that nobody has are counted like those of unknown devices at an account, so that no number of nodes
//! and no restart tells the two apart. Such names come without end: what bounds them is the time for which they are kept
//! and the rate at which a network may try.

use async_trait::async_trait;
use cloakroom_model::id::UserId;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use crate::{Act, Error};

/// Failures in a row, by user and device, and by name where there is no such user.
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
    /// answers the new state. The unknown ones' begin anew where the last was
    /// [`STRANGERS_REMEMBERED`](cloakroom_model::policy::throttle::STRANGERS_REMEMBERED) before `at`.
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

    /// What is known of failures at a name that nobody has; no device is known there. What stands here for the name is a
    /// digest of it under a key, so that nobody reads in storage what people typed into the wrong field.
    async fn find_failures_of_nobody(&self, name: &Digest) -> Result<AccountFailures, Error>;

    /// Counts one failure at a name that nobody has; answers the new state. It begins anew where the last was
    /// [`STRANGERS_REMEMBERED`](cloakroom_model::policy::throttle::STRANGERS_REMEMBERED) before `at`.
    ///
    /// Of any number of callers none is left out. A backend that counts less here than at an account, or forgets it
    /// sooner, tells who has an account.
    async fn count_failure_of_nobody(
        &self,
        name: &Digest,
        at: Timestamp,
    ) -> Result<AccountFailures, Error>;

    /// Forgets names that nobody has at which the last failure was at `until` or before.
    async fn expire_failures_of_nobody(&self, until: Timestamp) -> Result<(), Error>;
}

/// What is known of a user's failures.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct AccountFailures {
    /// Whether the device has signed this user in before.
    pub known_device: bool,
    /// Failures in a row: the known device's, or those of all unknown ones together. How long those of unknown ones
    /// count is for who reads them to say (`Failures::of_strangers`).
    pub in_a_row: u32,
    /// The last of them.
    pub last_at: Option<Timestamp>,
}
