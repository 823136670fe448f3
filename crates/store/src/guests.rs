//! Sessions without a user. They are many, and a backend may keep them where they can be lost.

use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::event::Reason;
use cloakroom_model::grant::Grant;
use cloakroom_model::id::SessionId;
use cloakroom_model::secret::Digest;
use cloakroom_model::session::{Replaced, Session};
use cloakroom_model::time::Timestamp;

use crate::{Act, Done, Error};

/// Sessions without a user.
#[async_trait]
pub trait Guests: Send + Sync {
    /// Keeps a new guest (a session whose user is `None`), with its grant where it is carried as a token.
    async fn insert_guest(
        &self,
        guest: Session,
        secret: Option<Digest>,
        grant: Option<Grant>,
        act: &Act,
    ) -> Result<(), Error>;

    /// Finds a guest by its secret's digest; or that the guest signed in not longer than
    /// [`Replaced::RECOGNISED`] before `now`, and which session goes on.
    async fn find_guest(&self, secret: &Digest, now: Timestamp)
    -> Result<Option<LiveGuest>, Error>;

    /// Finds a guest by name.
    async fn find_guest_by_id(&self, id: SessionId) -> Result<Option<Session>, Error>;

    /// Ends a guest with its data and grants, and appends a row for it; `None` where there was none.
    async fn end_guest(
        &self,
        id: SessionId,
        reason: Reason,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error>;

    /// Raises last-seen times, never lowers one.
    async fn touch_guests(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), Error>;

    /// Ends at most `limit` guests that expired or stayed away for longer than their idle time and `lag`;
    /// answers how many.
    async fn expire_guests(
        &self,
        lag: Duration,
        limit: usize,
        act: &Act,
    ) -> Result<Done<usize>, Error>;
}

/// What a secret is found to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LiveGuest {
    /// A guest's secret. It may have expired: deciding that is the caller's affair.
    Live(Box<Session>),
    /// The secret of a guest who signed in.
    Replaced(Replaced),
}
