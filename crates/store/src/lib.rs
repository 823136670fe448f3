//! What the engine asks of storage, the memory backend, and the contract that every backend must pass.
//!
//! Each verb makes one thing true, or says why it refused, and is atomic: a crash at any moment leaves all of
//! it or nothing. What lasts is made in a transaction that locks and checks its parents first, always in the
//! order user, session, grant, log. A verb that ends or changes something returns the rows it appended to
//! the revocation log, so that the caller's memory knows them before anything is acknowledged.
//!
//! There is no `save`: `insert` never replaces, a change names what it expects to find.

#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod memory;

mod act;
mod clients;
mod codes;
mod consents;
mod counters;
mod data;
mod device_requests;
mod events;
mod grants;
mod guests;
mod initial_tokens;
mod keys;
mod links;
mod marks;
mod pushed_requests;
mod relying_parties;
mod revocations;
mod sessions;
mod shared_memory;
mod statuses;
mod streams;
mod throttles;
mod users;
mod verbs;

pub use act::{Act, Done, Ended};
pub use clients::{Clients, InsertClient};
pub use codes::{Codes, InsertCode, NewCode, Redeem, Redeemed};
pub use consents::{Consents, GiveConsent};
pub use counters::{Counters, Spend};
pub use data::{SessionData, Write, Written};
pub use device_requests::{
    AnswerDeviceRequest, DeviceRequests, InsertDeviceRequest, PollDeviceRequest,
};
pub use events::{EventFilter, Events, Page};
pub use grants::{Grants, InsertGrant, LiveGrant, Rotate, RotateOutcome};
pub use guests::{Elsewhere, Guests, LiveGuest, Losses};
pub use initial_tokens::InitialTokens;
pub use keys::{AdvanceKey, Keys};
pub use links::{InsertLink, Links};
pub use marks::Marks;
pub use pushed_requests::PushedRequests;
pub use relying_parties::RelyingParties;
pub use revocations::{Reading, Revocations, Snapshot};
pub use sessions::{
    Begin, Begun, Earlier, Ends, FoundSession, Hanging, LiveSession, Merge, ReplaceSecret,
    Replacing, Sessions, Who,
};
pub use shared_memory::SharedMemory;
pub use statuses::{StatusLists, Statuses, status_until};
pub use streams::{ClaimedStream, InsertStream, Queue, StreamBacklog, Streams};
pub use throttles::{AccountFailures, Throttles};
pub use users::{
    ChangePassword, Changed, CredentialLink, InsertUser, Login, NewUser, Shown, UserFilter, Users,
};

/// Everything the engine asks of storage.
pub trait Store:
    Users
    + Sessions
    + Guests
    + SessionData
    + Grants
    + Consents
    + PushedRequests
    + Codes
    + DeviceRequests
    + RelyingParties
    + Streams
    + Marks
    + Statuses
    + Links
    + InitialTokens
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
        + Consents
        + PushedRequests
        + Codes
        + DeviceRequests
        + RelyingParties
        + Streams
        + Marks
        + Statuses
        + Links
        + InitialTokens
        + Clients
        + Keys
        + Revocations
        + Throttles
        + Events
{
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
    /// What lies beside, where it can be lost, did not answer: guests, or what is kept for a while. Whether the act was done
    /// there is unknown. All that must not be lost is in reach, as far as this says.
    #[error("what lies beside storage is out of reach")]
    OutOfReach(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored record does not make sense. Trying again will not help.
    #[error("a stored record is corrupt: {0}")]
    Corrupt(String),
}
