//! Places in the token status list. A grant takes the place that its details name when it is kept, and the place says
//! ended once the grant is gone, for as long as a token of it could be presented.

use std::ops::Range;

use async_trait::async_trait;
use cloakroom_model::grant::Grant;
use cloakroom_model::log::CONCERNS_FOR;
use cloakroom_model::time::Timestamp;

use crate::Error;

/// The token status list.
#[async_trait]
pub trait Statuses: Send + Sync {
    /// A place that nobody was given before: the smallest. One that no grant takes is lost, and says nothing.
    ///
    /// A backend that gives one twice ends the tokens of two with the grant of one.
    async fn take_status(&self) -> Result<u32, Error>;

    /// The lists that places were given in until now.
    async fn find_status_lists(&self) -> Result<StatusLists, Error>;

    /// Which of these places belong to a grant that is gone, in their order. Those whose last token is dead at `now` may
    /// be left out.
    async fn list_ended_statuses(
        &self,
        places: Range<u32>,
        now: Timestamp,
    ) -> Result<Vec<u32>, Error>;

    /// Forgets places whose last token is dead at `now`.
    async fn expire_statuses(&self, now: Timestamp) -> Result<(), Error>;
}

/// The lists that places were given in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StatusLists {
    /// Which of a database's lives they belong to. A restore draws another one: the places that were given since the
    /// backup was made are given again, and must not be read in the lists that were there before.
    pub series: u64,
    /// How many places were given.
    pub given: u32,
}

/// When the last token of a grant is dead, whenever the grant ends.
#[must_use]
pub fn status_until(grant: &Grant) -> Timestamp {
    grant.expires_at.plus(CONCERNS_FOR)
}
