//! What the engine asks of storage, the memory backend, and the contract that every backend must pass.
//!
//! Each verb makes one thing true, or says why it refused, and is atomic: a crash at any moment leaves all of
//! it or nothing. What lasts is made in a transaction that locks and checks its parents first, always in the
//! order user, session, grant, log. A verb that ends or changes something returns the [`Row`]s it appended to
//! the revocation log, so that the caller's memory knows them before anything is acknowledged.
//!
//! There is no `save`: `insert` never replaces, a change names what it expects to find.

#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod memory;

mod clients;
mod data;
mod events;
mod grants;
mod guests;
mod keys;
mod links;
mod revocations;
mod sessions;
mod throttles;
mod users;

pub use clients::{Clients, InsertClient};
pub use data::{SessionData, Write, Written};
pub use events::{EventFilter, Events, Page};
pub use grants::{Grants, InsertGrant, LiveGrant, Rotate, RotateOutcome};
pub use guests::{Guests, LiveGuest};
pub use keys::{AdvanceKey, Keys};
pub use links::{InsertLink, Links};
pub use revocations::{Reading, Revocations, Snapshot};
pub use sessions::{
    Begin, Begun, Earlier, Ends, FoundSession, Hanging, LiveSession, Merge, ReplaceSecret,
    Replacing, Sessions, Who,
};
pub use throttles::{AccountFailures, Throttles};
pub use users::{
    ChangePassword, Changed, CredentialLink, InsertUser, Login, NewUser, UserFilter, Users,
};

use cloakroom_model::event::Event;
use cloakroom_model::log::Row;
use cloakroom_model::time::Timestamp;

/// Everything the engine asks of storage.
pub trait Store:
    Users
    + Sessions
    + Guests
    + SessionData
    + Grants
    + Links
    + Clients
    + Keys
    + Revocations
    + Throttles
    + Events
{
}

impl<T> Store for T where
    T: Users
        + Sessions
        + Guests
        + SessionData
        + Grants
        + Links
        + Clients
        + Keys
        + Revocations
        + Throttles
        + Events
{
}

/// When an act happens, and what is to be written down beside it.
#[derive(Clone, Debug)]
pub struct Act {
    /// The time, by the store's clock.
    pub at: Timestamp,
    /// The random mark of the log rows that the act appends.
    pub nonce: u64,
    /// The event that is recorded when the act is done, and only then. For each session and grant that the act
    /// ends the backend records an event of its own, with this one's actor, address and client.
    pub event: Event,
}

/// A failure of storage. The caller's mistakes are not among them: those are outcomes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// More is waiting to be written than storage will queue. Nothing was done; try again shortly.
    #[error("storage is busy")]
    Busy,
    /// The backend did not answer, or the disk refused. Whether the act was done is unknown.
    #[error("storage is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored record does not make sense. Trying again will not help.
    #[error("a stored record is corrupt: {0}")]
    Corrupt(String),
}

/// An act that was done, with the rows it appended to the log.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "memory must hear the rows before the act is acknowledged"]
pub struct Done<T> {
    /// What the act answers.
    pub value: T,
    /// The rows it appended, in order. Empty where nothing ended or changed.
    pub rows: Vec<Row>,
}
