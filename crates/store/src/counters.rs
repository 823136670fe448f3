//! Counts of attempts that all nodes share, so that a network or an account has one rate however many nodes it asks.
//!
//! They may be lost, and be away: a node then goes by what it counted itself.

use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::policy::throttle::Rate;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use crate::Error;

/// Counts that nodes share.
#[async_trait]
pub trait Counters: Send + Sync {
    /// Spends one of what `rate` allows who has this name, or says when to come back and spends nothing. It is what
    /// [`Rate::decide`] says of all that was spent under the name, the look and the change being one.
    ///
    /// A backend that looks and changes apart lets two at once have the last place, and a guesser as many tries as
    /// there are nodes.
    async fn spend(&self, name: &Digest, rate: Rate, now: Timestamp) -> Result<Spend, Error>;
}

/// What a shared count says of one more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Spend {
    /// It is spent.
    Admitted,
    /// Nothing was spent; the same question earns a yes after this long, unless others ask meanwhile.
    Wait(Duration),
}
