//! Codes that a browser takes to a client. They hang from the session they were given in, and are spent by the grant
//! that comes of them.

use async_trait::async_trait;
use cloakroom_model::authorization::{Code, FoundCode, RelyingParty};
use cloakroom_model::grant::Grant;
use cloakroom_model::id::{ClientId, GrantId, SessionId, UserId};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use crate::{Act, Done, Error, LiveGrant};

/// Codes of clients.
#[async_trait]
pub trait Codes: Send + Sync {
    /// Keeps a new code, if its user is active, its session is live and that user's, and the consent that it rests on is
    /// still there; and spends the pushed request that it answers: one of the same client that nobody has answered and
    /// that expires after `now`. Records no event.
    ///
    /// A backend that keeps it after the session's end lets somebody in who was signed out; one that spends a request
    /// twice gives two answers to one question.
    async fn insert_code(&self, new: NewCode, now: Timestamp) -> Result<InsertCode, Error>;

    /// Finds a code that nobody has used and that expires after `now`; or that it was used not longer than
    /// [`Code::RECOGNISED`] before `now`, and what came of it.
    async fn find_code(&self, digest: &Digest, now: Timestamp) -> Result<Option<FoundCode>, Error>;

    /// Makes the grant that a code is good for, and spends the code by it, if the code is unspent and unexpired at the
    /// act's time, its user active and its session live. Notes the relying party.
    ///
    /// Of any number of callers that hold the same code, exactly one gets a grant, and the others are told which: a
    /// second winner would be a thief whom nobody sees.
    async fn redeem_code(&self, redeem: Redeem, act: &Act) -> Result<Redeemed, Error>;

    /// Forgets codes that expired before `now`, and spent ones that are recognised no more.
    async fn expire_codes(&self, now: Timestamp) -> Result<(), Error>;
}

/// A code that is to be given.
#[derive(Clone, Debug)]
pub struct NewCode {
    /// The code.
    pub code: Code,
    /// The pushed request that it answers.
    pub spends: Option<Digest>,
    /// Whether it is given because its user allowed its client what it asks for. That is seen again with it.
    pub rests_on_consent: bool,
}

/// How [`Codes::insert_code`] ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InsertCode {
    /// The code works.
    Done,
    /// The user, the session or the consent is gone: look again and decide again.
    Pointless,
    /// Somebody has answered the request already, or it is over, or another client's.
    RequestSpent,
}

/// A code that is to become a grant.
#[derive(Clone, Debug)]
pub struct Redeem {
    /// The code, or a device's.
    pub digest: Digest,
    /// The grant: of the code's client and user, in the code's session or the user's own.
    pub grant: Grant,
    /// The client, where it must be told when the session ends.
    pub relying_party: Option<RelyingParty>,
}

impl Redeem {
    /// Whether what is to be made is what was allowed: for this client, by this user, in this session.
    #[must_use]
    pub fn is_of(&self, client: &ClientId, user: UserId, session: SessionId) -> bool {
        let Self { grant, relying_party, .. } = self;
        grant.client == *client
            && grant.user == Some(user)
            && grant.session.is_none_or(|of| of == session)
            && relying_party.as_ref().is_none_or(|of| of.client == *client && of.session == session)
    }
}

/// How [`Codes::redeem_code`] ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Redeemed {
    /// The grant is there.
    Done(Done<Box<LiveGrant>>),
    /// It was used before, and this came of it: somebody else has a copy.
    Spent {
        /// What came of it; it may have ended since.
        grant: GrantId,
    },
    /// There is no such code for this client, user and session, or not any more.
    Gone,
}
