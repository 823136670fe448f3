//! Sessions without a user. They are many, and a backend may keep them where they can be lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::data::{Document, DocumentKey};
use cloakroom_model::event::Reason;
use cloakroom_model::grant::Grant;
use cloakroom_model::id::SessionId;
use cloakroom_model::log::CONCERNS_FOR;
use cloakroom_model::secret::Digest;
use cloakroom_model::session::{Replaced, Session};
use cloakroom_model::time::Timestamp;

use crate::{Act, Done, Error};

/// Sessions without a user.
#[async_trait]
pub trait Guests: Send + Sync {
    /// Keeps a new guest (a session whose user is `None`), with its grant where it is carried as a token. Records the act's
    /// event, but where guests without a grant are kept where they can be lost: one that comes is not worth a write that
    /// lasts.
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

    /// Appends the row and the event for the end of a guest that lies elsewhere, and remembers for
    /// [`Elsewhere::REMEMBERED`] that it ended; `None` where it had ended before, or had been merged.
    ///
    /// A backend that does not remember it merges the cart of somebody who signed out.
    async fn end_guest_elsewhere(
        &self,
        id: SessionId,
        reason: Reason,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error>;

    /// Raises last-seen times, never lowers one.
    async fn touch_guests(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), Error>;

    /// Ends at most `limit` guests that expired or stayed away for longer than their idle time and `lag`;
    /// answers how many. Where guests can be lost, those without a grant may go by themselves instead, without a row:
    /// everything that could be presented of them has ended by then.
    async fn expire_guests(
        &self,
        lag: Duration,
        limit: usize,
        act: &Act,
    ) -> Result<Done<usize>, Error>;
}

/// How often guests may have been lost where they can be, as far as a node knows. Clones count together.
///
/// Nobody announces a loss: what a node remembers of a guest from before one is to be asked for again.
#[derive(Clone, Debug, Default)]
pub struct Losses(Arc<AtomicU64>);

impl Losses {
    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// There may have been one more.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// What a secret is found to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LiveGuest {
    /// A guest's secret. It may have expired: deciding that is the caller's affair.
    Live(Box<Session>),
    /// The secret of a guest who signed in.
    Replaced(Replaced),
}

/// A guest that an act takes over, and that lies in another store than the one that does the act.
///
/// The act cannot lock what lies elsewhere. So whoever asks for it has made sure that the documents do not change until
/// the act is done, by a claim that others respect, and the store that does the act remembers two things in its
/// transaction: that the guest is over, so that nothing merges it again, whatever its own store says later; and that the
/// claim was used. Whoever gives up waiting for a claim leaves its mark first ([`crate::Marks::mark_once`]): of the act
/// and those who cancel it, one is first.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// The digest of its cookie's secret, to be remembered as replaced.
    pub secret: Option<Digest>,
    /// Its documents, where they are handed on.
    pub documents: Vec<(DocumentKey, Document)>,
    /// The mark of the claim under which the documents were read. Where it was left before, the act changes nothing and
    /// answers [`Error::Busy`].
    pub claim: Option<Digest>,
}

impl Elsewhere {
    /// How long is remembered that a guest is over and that a claim was used or cancelled, after the act's time. A guest's
    /// own store follows the log; what it has not heard for longer than the log keeps rows, it forgets. The same again is
    /// what a process may sleep between claiming a guest and its act.
    pub const REMEMBERED: Duration = CONCERNS_FOR.saturating_mul(2);

    /// The mark that a guest is over.
    #[must_use]
    pub fn mark_of_end(guest: SessionId) -> Digest {
        Self::mark(*b"a guest is over ", *guest.as_bytes())
    }

    /// The mark of a claim, by its random number.
    #[must_use]
    pub fn mark_of_claim(claim: u128) -> Digest {
        Self::mark(*b"a guest's claim ", claim.to_be_bytes())
    }

    /// Not a digest of anything, and so none that anything else has.
    fn mark(kind: [u8; 16], of: [u8; 16]) -> Digest {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&kind);
        bytes[16..].copy_from_slice(&of);
        Digest(bytes)
    }
}
