//! Signed-in sessions.

use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::client::DataRule;
use cloakroom_model::event::Reason;
use cloakroom_model::grant::Grant;
use cloakroom_model::id::{ClientId, SessionId, UserId};
use cloakroom_model::policy::limit::Limit;
use cloakroom_model::secret::Digest;
use cloakroom_model::session::{Replaced, Session};
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::User;

use crate::{Act, Done, Elsewhere, Error, NewUser};

/// Signed-in sessions. What a guest has is in [`crate::Guests`].
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Finds a session by its secret's digest, with its user; or that the secret was replaced not longer than
    /// [`Replaced::RECOGNISED`] before `now`. A guest's secret is found by [`crate::Guests::find_guest`], also
    /// after it was replaced.
    async fn find_session(
        &self,
        secret: &Digest,
        now: Timestamp,
    ) -> Result<Option<FoundSession>, Error>;

    /// Finds a session by name, with its user.
    async fn find_session_by_id(&self, id: SessionId) -> Result<Option<LiveSession>, Error>;

    /// The last use of a signed-in session that any node has written; `None` where it is gone. It is asked before one
    /// is called idle: a backend that keeps last-seen times apart for a while, and so may answer an older one from
    /// [`Sessions::find_session`], answers the latest here.
    async fn find_last_seen(&self, id: SessionId) -> Result<Option<Timestamp>, Error> {
        Ok(self.find_session_by_id(id).await?.map(|live| live.session.last_seen_at))
    }

    /// Begins a session: stores it, ends this browser's earlier one, merges the guest's data, makes a grant,
    /// makes room under the limit, spends the link, all or nothing, and only if the user's generation is still
    /// the one that the password check saw and the user is active.
    ///
    /// A backend that stores it against an older generation lets somebody in with a password that was changed,
    /// or to an account that was disabled, after the change was acknowledged.
    async fn begin_session(&self, begin: Begin, act: &Act) -> Result<Begun, Error>;

    /// Gives a session a new secret, if it is still live, and remembers the old one as replaced. Spends the
    /// link where one is named. Appends a `changed` row for the session.
    ///
    /// After this returns the old secret earns nothing on any node.
    async fn replace_secret(&self, replace: ReplaceSecret, act: &Act) -> Result<Replacing, Error>;

    /// Ends a signed-in session with its grants, unspent codes, data, links and replaced secrets, and appends a row for it
    /// and for each grant.
    /// Names nobody: `None` where there was no such session (then there is nothing to announce).
    ///
    /// After this returns, no later call on any node finds the session: a write that was prepared before it is
    /// refused. A backend that cannot promise this must not implement the trait: a signed-out user would stay
    /// signed in.
    async fn end_session(
        &self,
        id: SessionId,
        reason: Reason,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error>;

    /// Ends what `which` says, each as [`Sessions::end_session`] does; answers how many sessions. Grants that do
    /// not hang from one of these sessions end with the same reason as they.
    async fn end_sessions(
        &self,
        which: Ends,
        reason: Reason,
        act: &Act,
    ) -> Result<Done<usize>, Error>;

    /// The sessions of a user, the latest used first, of two that were used at once the one with the higher id.
    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, Error>;

    /// All signed-in sessions after `after`, by name: for operators.
    async fn list_all_sessions(
        &self,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<Vec<Session>, Error>;

    /// Raises last-seen times, never lowers one, and passes over sessions that are gone. May be lost in a crash.
    async fn touch_sessions(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), Error>;

    /// Ends at most `limit` sessions that expired, or went unused for longer than their idle time and `lag`,
    /// before `act.at`, each with its reason; answers how many. Forgets replaced secrets that are told no more.
    async fn expire_sessions(
        &self,
        lag: Duration,
        limit: usize,
        act: &Act,
    ) -> Result<Done<usize>, Error>;
}

/// A session with its user.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LiveSession {
    /// The session. It may have expired: deciding that is the caller's affair.
    pub session: Session,
    /// Whose it is; always active, since disabling ends every session.
    pub user: User,
    /// The digest of its cookie's secret, where it has one: what identifies it elsewhere is bound to it.
    pub secret: Option<Digest>,
}

/// What a secret is found to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FoundSession {
    /// A session's secret.
    Live(Box<LiveSession>),
    /// The secret that a session, or its predecessor, had before.
    Replaced(Replaced),
}

/// A sign-in that is to be stored.
#[derive(Clone, Debug)]
pub struct Begin {
    /// Who signs in.
    pub who: Who,
    /// The session, with its user.
    pub session: Session,
    /// The digest of its cookie's secret; `None` where it is carried as a token alone.
    pub secret: Option<Digest>,
    /// The grant that carries its refresh tokens; hangs from the session, or is the user's own.
    pub grant: Option<Grant>,
    /// This browser's session until now.
    pub earlier: Option<Earlier>,
    /// How many sessions the user may have. Those that expired but were not noticed yet take no room, and neither
    /// does the earlier one, which ends.
    pub limit: Option<Limit>,
    /// A one-time link that is spent with it: set-up (while there is no administrator), or recovery (of this
    /// user). Unspent, and unexpired at the act's time.
    pub link: Option<Digest>,
    /// The digest of a cookie by which this browser is known later, for this user: a new one, or again the one
    /// it has. No more than [`KNOWN_DEVICES`] are, those that were seen last.
    ///
    /// [`KNOWN_DEVICES`]: cloakroom_model::policy::throttle::KNOWN_DEVICES
    pub device: Option<Digest>,
}

/// Who signs in.
#[derive(Clone, Debug)]
pub enum Who {
    /// Somebody who is not there yet: sign-up makes user and session together.
    New(Box<NewUser>),
    /// Somebody whose credentials were checked at this generation.
    Known {
        /// Who.
        user: UserId,
        /// What the check saw.
        generation: u64,
    },
}

/// This browser's session until now, guest or signed in. It ends as [`Reason::Superseded`], and its secret is
/// recognised for a while; so are those that were replaced by it, which name the new session from now on.
///
/// A guest's documents follow [`Merge`], and so do those that belong to a signed-in session of the same user
/// ([`cloakroom_model::policy::carry_over`] decides); another user's session hands on nothing. Where it was a guest,
/// [`Kind::GuestMerged`] is recorded if a document went on, and [`Kind::GuestNotMerged`] if one did not fit, each
/// with the number of documents as its detail. A guest that is out of reach is left as it is, and [`Kind::GuestNotMerged`]
/// has no detail then.
///
/// [`Kind::GuestMerged`]: cloakroom_model::event::Kind::GuestMerged
/// [`Kind::GuestNotMerged`]: cloakroom_model::event::Kind::GuestNotMerged
#[derive(Clone, Debug)]
pub struct Earlier {
    /// Which. Where it is gone already nothing is merged, and nothing fails. Where it was replaced by a
    /// successor that is live and of the same user, not longer than [`Replaced::RECOGNISED`] ago, it is that
    /// successor which ends and whose data go on.
    pub id: SessionId,
    /// How its data go to the new session.
    pub merge: Merge,
    /// It is a guest that lies in another store. Nothing where this store has the session itself.
    pub elsewhere: Option<Elsewhere>,
}

/// How a guest's data go to the user, by the rules of their clients.
#[derive(Clone, Debug)]
pub struct Merge {
    /// The rules that differ from the default, by client.
    pub rules: Vec<(ClientId, DataRule)>,
    /// The most that the documents of one owner may have in all, in bytes of JSON.
    pub limit: usize,
    /// The randomness that the merged documents' etags are derived from.
    pub etag_seed: [u8; 16],
}

/// How [`Sessions::begin_session`] ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Begun {
    /// The session is there; the rows are those of what it ended.
    Done(Done<User>),
    /// The user changed since the check, or is not active, or is gone. Check again.
    Stale,
    /// The user has as many sessions as allowed.
    Full,
    /// The link does not work any more (or somebody else made the first administrator).
    LinkSpent,
    /// Somebody has this email.
    EmailTaken,
    /// Somebody has this username.
    UsernameTaken,
}

/// A change of a session's secret.
#[derive(Clone, Debug)]
pub struct ReplaceSecret {
    /// Whose.
    pub session: SessionId,
    /// The new secret's digest.
    pub secret: Digest,
    /// The link that allows it, unspent, unexpired at the act's time and for this session; spent with it.
    pub link: Option<Digest>,
    /// The session of the browser that takes it over, guest or signed in: it ends as superseded, hands on
    /// nothing, and its secret is remembered as replaced by this session. Where it is this session, or is gone,
    /// nothing ends.
    pub earlier: Option<SessionId>,
    /// The digest of that session's secret, where it is a guest that lies in another store ([`Elsewhere`]): it is over from
    /// then on. Nothing where this store has it itself.
    pub elsewhere: Option<Digest>,
    /// How the session proved itself since, where it stepped up.
    pub authentication: Option<cloakroom_model::session::Authentication>,
    /// The generation of the user that the proof was checked against. Where it is another by now, the proof is worth
    /// nothing: it may have been the password before this one.
    pub expected_generation: Option<u64>,
}

/// How [`Sessions::replace_secret`] ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Replacing {
    /// The session has the new secret.
    Done(Done<Box<LiveSession>>),
    /// There is no such session.
    NoSession,
    /// The user changed since the proof was checked.
    Stale,
    /// The link does not work any more.
    LinkSpent,
}

/// Which sessions of whom end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ends {
    /// All of a user, and the user's own grants.
    AllOf(UserId),
    /// All of a user but this one; the user's own grants stay.
    Others {
        /// Whose.
        user: UserId,
        /// The one that stays.
        except: SessionId,
    },
    /// Everybody's, guests too, with every grant, every one-time link and all that could become a grant: whatever a
    /// restored backup would revive. Guests without a grant may be left out of the count and of the rows where they lie
    /// apart; then a `changed` row for every client makes those who remember one look again.
    Everybodys,
}

/// Something that hangs from a session, or from a user.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Hanging {
    /// From a session, which must be live.
    Session(SessionId),
    /// From a user, who must be active.
    User(UserId),
}
