//! Grants and their chains of refresh tokens.

use async_trait::async_trait;
use cloakroom_model::event::Reason;
use cloakroom_model::grant::{Grant, Rotated};
use cloakroom_model::id::{ClientId, GrantId, SessionId, UserId};
use cloakroom_model::session::Session;
use cloakroom_model::user::User;

use crate::{Act, Done, Error};

/// Grants.
#[async_trait]
pub trait Grants: Send + Sync {
    /// Keeps a grant that no sign-in makes, if what it hangs from is there: its user is active, its session is live and
    /// that user's. One of a service hangs from nothing.
    ///
    /// A backend that keeps it without looking lets tokens be refreshed for somebody who was thrown out.
    async fn insert_grant(&self, grant: Grant, act: &Act) -> Result<InsertGrant, Error>;

    /// Finds a grant with what it hangs from. A grant whose session or user is gone is gone.
    async fn find_grant(&self, id: GrantId) -> Result<Option<LiveGrant>, Error>;

    /// Moves the chain from `expected` to the next number, or leaves it there where that is the same one, if the grant and its parents are still there. Counts
    /// as a use of the grant and of its session. Appends no row and records no event.
    ///
    /// Of any number of callers that hold the same newest token, exactly one moves the chain. A second winner
    /// would be a forked chain, in which theft cannot be seen.
    async fn rotate(&self, rotate: Rotate, act: &Act) -> Result<RotateOutcome, Error>;

    /// Ends a grant and appends a row for it; `None` where there was none.
    async fn end_grant(
        &self,
        id: GrantId,
        reason: Reason,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error>;

    /// Ends what a user allowed a client, in every session and beside them, with the codes and the devices' requests that
    /// could become a grant again; a row for each grant. Answers how many grants.
    async fn end_grants_of_user_at(
        &self,
        user: UserId,
        client: &ClientId,
        reason: Reason,
        act: &Act,
    ) -> Result<Done<usize>, Error>;

    /// The grants that hang from a session, by name.
    async fn list_grants_of_session(&self, session: SessionId) -> Result<Vec<Grant>, Error>;

    /// All grants of a user, those of sessions too, by name.
    async fn list_grants_of_user(&self, user: UserId) -> Result<Vec<Grant>, Error>;

    /// Those of them that are a client's, by name.
    async fn list_grants_of_user_at(
        &self,
        user: UserId,
        client: &ClientId,
    ) -> Result<Vec<Grant>, Error>;

    /// Ends at most `limit` grants that expired or went unused too long; answers how many.
    async fn expire_grants(&self, limit: usize, act: &Act) -> Result<Done<usize>, Error>;
}

/// How [`Grants::insert_grant`] ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InsertGrant {
    /// The grant is there.
    Done,
    /// What it hangs from is gone.
    Pointless,
}

/// A grant with its parents.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LiveGrant {
    /// The grant. It may have expired: deciding that is the caller's affair.
    pub grant: Grant,
    /// The session it hangs from; a guest's too.
    pub session: Option<Session>,
    /// The user it is for.
    pub user: Option<User>,
}

/// A rotation that was decided on.
#[derive(Clone, Debug)]
pub struct Rotate {
    /// Which chain.
    pub grant: GrantId,
    /// The number the decision saw as the newest.
    pub expected: u64,
    /// The newest number from then on: the one after it, or the same where the chain stays.
    pub next: u64,
    /// What is to be remembered of earlier rotations, this one included.
    pub rotations: Vec<Rotated>,
}

/// How [`Grants::rotate`] ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RotateOutcome {
    /// This caller moved it.
    Done,
    /// It was moved, or ended, meanwhile: look again and decide again.
    Lost,
}
