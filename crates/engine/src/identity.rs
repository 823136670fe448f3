//! Who a request comes from: the check that every request passes, whichever way it carries its identity.
//!
//! Both ways end at the same [`Remembered`] session. A cookie's secret finds it by its digest; a token names
//! it, and is believed only while neither its session, its grant, its client, its key nor itself has ended.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_jose::Verified;
use cloakroom_model::event::{Actor, Kind, Reason};
use cloakroom_model::grant::Confirmation;
use cloakroom_model::id::{ClientId, GrantId, SessionId, UserId};
use cloakroom_model::log::Subject;
use cloakroom_model::policy::life::{self, Life};
use cloakroom_model::session::{Carrier, Replaced, Session};
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::scope::Scope;
use cloakroom_store::{Error, FoundSession, Hanging, LiveGuest};

use crate::Engine;
use crate::identifying_cookie::Presented;
use crate::memory::{Name, Remembered};
use crate::patience::within;
use crate::secret::{CookieSecret, Kind as CookieKind};
use crate::tokens::{TokenClaims, Tokens, Verdict};

/// How long a request waits for storage to say who it comes from.
const ASKED_WITHIN: Duration = Duration::from_secs(3);

/// Who a request comes from.
#[derive(Clone)]
pub struct Identity {
    /// The session it belongs to.
    pub session: Arc<Remembered>,
    /// How it was brought.
    pub carrier: Carrier,
    /// The client that brings it: the token's, or the one the session began at.
    pub client: ClientId,
    /// The token's grant.
    pub grant: Option<GrantId>,
    /// What the token allows; `None` for a cookie, which is not limited.
    pub scope: Option<Scope>,
    /// Whether it came by the identifying cookie, and earns no more than to be shown who it is.
    pub identifies_only: bool,
}

impl Identity {
    /// The session's name.
    #[must_use]
    pub fn sid(&self) -> SessionId {
        self.session.session.id
    }

    /// The user's name; `None` for a guest.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        self.session.session.user
    }

    /// Whose act it is when this identity acts.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.user_id().map_or(Actor::Anybody, Actor::User)
    }

    /// When the session ends unless it is used, by what this node knows.
    #[must_use]
    pub fn idle_expires_at(&self) -> Timestamp {
        let session = &self.session.session;
        self.session.last_seen().plus(session.idle).min(session.expires_at)
    }

    /// The same caller, after its session has stepped up.
    #[must_use]
    pub fn in_session(&self, session: Arc<Remembered>) -> Self {
        Self { session, ..self.clone() }
    }

    /// Refuses an identity that may only be shown.
    pub fn may_act(&self) -> Result<(), IdentifiesOnly> {
        if self.identifies_only { Err(IdentifiesOnly) } else { Ok(()) }
    }

    /// What a thing hangs from that lasts and is made by this identity's right.
    #[must_use]
    pub fn hanging(&self) -> Hanging {
        Hanging::Session(self.sid())
    }
}

/// The identifying cookie was presented for more than it earns.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the identifying cookie shows who is there and earns nothing else")]
pub struct IdentifiesOnly;

/// Why nobody is there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotSignedIn {
    /// The cookie or token names no session: it never did, or the session has ended.
    #[error("there is no such session")]
    NoSession,
    /// The secret was replaced by another a moment ago: the caller should try again with its new cookie.
    #[error("the session's secret was replaced")]
    Replaced(Replaced),
    /// The session was not used for too long, or its time is over.
    #[error("the session has expired")]
    Expired,
    /// The token is not one of ours, or not for this, or not any more.
    #[error("the token is not valid: {0}")]
    Token(#[source] cloakroom_jose::Error),
    /// The token is bound to a key that was not proved beside it, or to none where one was.
    #[error("the token is not bound to the key that was proved")]
    Unbound,
    /// The token, its grant, its client or its key has ended.
    #[error("the token was revoked")]
    Revoked,
    /// Who it is could not be found out.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Engine {
    /// Says whose cookie it is. Counts as a use of the session.
    pub async fn check_cookie(&self, cookie: &CookieSecret) -> Result<Identity, NotSignedIn> {
        // Where the log is not heard, storage is asked: it is the authority, and knows what has ended.
        let heard = self.hear().await;
        let now = self.time.now();
        let name = Name::Secret(cookie.digest());
        let remembered = if heard.is_ok() { self.remembered(&name, now) } else { None };
        let session = match remembered {
            Some(session) => session,
            None => self.look_up_secret(cookie, name).await?,
        };
        self.seen.note(&session, now);
        let client = session.session.client.clone();
        Ok(Identity {
            session,
            carrier: Carrier::Cookie,
            client,
            grant: None,
            scope: None,
            identifies_only: false,
        })
    }

    /// Says whose token it is, if it is an access token for Cloakroom itself. Counts as a use of the session.
    pub async fn check_token(&self, token: &str) -> Result<Identity, NotSignedIn> {
        self.check_bound_token(token, None).await
    }

    /// The same for a token that may be bound to a key: `proved` is the key that was proved for it.
    pub async fn check_bound_token(
        &self,
        token: &str,
        proved: Option<&Confirmation>,
    ) -> Result<Identity, NotSignedIn> {
        self.hear().await?;
        let now = self.time.now();
        let verified = self.read_token(token, proved, now).await?;
        let claims = verified.claims();
        let sid = claims.session().ok_or(NotSignedIn::NoSession)?;
        let session = self.session_named(sid, now).await?;
        self.seen.note(&session, now);
        Ok(Identity {
            session,
            carrier: Carrier::Token,
            client: claims.client_id.clone(),
            grant: claims.grant(),
            scope: Some(claims.scope.clone()),
            identifies_only: false,
        })
    }

    /// Says whose identifying cookie it is: the second one, that sibling hosts see. What it finds may be shown
    /// and nothing else; see [`crate::identifying_cookie`].
    pub async fn check_identifying_cookie(&self, cookie: &str) -> Result<Identity, NotSignedIn> {
        let presented = Presented::parse(cookie).ok_or(NotSignedIn::NoSession)?;
        self.hear().await?;
        let now = self.time.now();
        let mut session = self.session_named(presented.session, now).await?;
        if !self.proves_session(&presented, &session) {
            // It may have got another secret at another node a moment ago, or there a data key was made.
            self.hear_to_the_end().await?;
            session = self.session_named(presented.session, now).await?;
            if !self.proves_session(&presented, &session) {
                return Err(NotSignedIn::NoSession);
            }
        }
        self.seen.note(&session, now);
        let client = session.session.client.clone();
        Ok(Identity {
            session,
            carrier: Carrier::Cookie,
            client,
            grant: None,
            scope: None,
            identifies_only: true,
        })
    }

    /// Reads an access token for Cloakroom itself, which counts as it is presented. The log was heard.
    pub(crate) async fn read_token(
        &self,
        token: &str,
        proved: Option<&Confirmation>,
        now: Timestamp,
    ) -> Result<Arc<Verified<TokenClaims>>, NotSignedIn> {
        let verified =
            self.verify(Tokens::verify, token, now).await?.map_err(NotSignedIn::Token)?;
        self.counts(&verified, proved)?;
        Ok(verified)
    }

    /// Verifies a token, also one that another node signed a moment ago with a key that this node has not heard of yet.
    pub(crate) async fn verify(
        &self,
        verify: impl Fn(&Tokens, &str, Timestamp) -> Verdict,
        token: &str,
        now: Timestamp,
    ) -> Result<Verdict, Error> {
        let mut verdict = verify(&self.tokens, token, now);
        if let Err(cloakroom_jose::Error::KeyUnknown) = verdict {
            self.hear_to_the_end().await?;
            verdict = verify(&self.tokens, token, now);
        }
        Ok(verdict)
    }

    /// Whether a token is presented by whom it is bound to, and was not taken back.
    pub(crate) fn counts(
        &self,
        verified: &Verified<TokenClaims>,
        proved: Option<&Confirmation>,
    ) -> Result<(), NotSignedIn> {
        let claims = verified.claims();
        if !self.holds(claims.cnf.as_ref(), proved) {
            return Err(NotSignedIn::Unbound);
        }
        if self.is_revoked(claims, verified.kid()) {
            return Err(NotSignedIn::Revoked);
        }
        Ok(())
    }

    /// The session of a public name, from memory where that may be believed.
    pub(crate) async fn session_named(
        &self,
        sid: SessionId,
        now: Timestamp,
    ) -> Result<Arc<Remembered>, NotSignedIn> {
        let name = Name::Session(sid);
        match self.remembered(&name, now) {
            Some(session) => Ok(session),
            None => self.look_up_session(sid, name).await,
        }
    }

    /// Whether the log says that a token has ended before its time.
    pub(crate) fn is_revoked(&self, claims: &TokenClaims, kid: &str) -> bool {
        let version = self.memory.version();
        if claims.clean_at() == version {
            return false;
        }
        if claims.subjects(kid).any(|subject| self.memory.has_ended(&subject)) {
            return true;
        }
        claims.found_clean_at(version);
        false
    }

    /// A session in memory that may be believed and is alive by what this node knows.
    pub(crate) fn remembered(&self, name: &Name, now: Timestamp) -> Option<Arc<Remembered>> {
        let entry = self.memory.find(name, now)?;
        // What looks dead here may have been used at another node: the store decides.
        if life::of_session(&entry.session, entry.last_seen(), now) != Life::Live {
            return None;
        }
        self.memory.tally.believed(&entry);
        Some(entry)
    }

    /// Looks a cookie's session up: where the nodes share it, or else in storage.
    async fn look_up_secret(
        &self,
        cookie: &CookieSecret,
        name: Name,
    ) -> Result<Arc<Remembered>, NotSignedIn> {
        if cookie.kind == CookieKind::SignedIn
            && let Some(entry) = self.recall(&name).await
        {
            self.memory.keep(name, Arc::clone(&entry));
            return Ok(entry);
        }
        Box::pin(within(ASKED_WITHIN, self.read_secret(cookie, name))).await
    }

    async fn read_secret(
        &self,
        cookie: &CookieSecret,
        name: Name,
    ) -> Result<Arc<Remembered>, NotSignedIn> {
        let noted = self.memory.note();
        self.memory.tally.asked();
        let now = self.time.now();
        let digest = cookie.digest();
        let (session, user) = match cookie.kind {
            CookieKind::SignedIn => match self.store.find_session(&digest, now).await? {
                Some(FoundSession::Live(live)) => (live.session, Some(live.user)),
                Some(FoundSession::Replaced(replaced)) => {
                    return Err(NotSignedIn::Replaced(replaced));
                }
                None => return Err(NotSignedIn::NoSession),
            },
            CookieKind::Guest => match self.store.find_guest(&digest, now).await? {
                // Where guests lie apart they may be there for a moment after their end.
                Some(LiveGuest::Live(session)) if self.has_ended(session.id) => {
                    return Err(NotSignedIn::NoSession);
                }
                Some(LiveGuest::Live(session)) => (*session, None),
                Some(LiveGuest::Replaced(replaced)) => return Err(NotSignedIn::Replaced(replaced)),
                None => return Err(NotSignedIn::NoSession),
            },
        };
        self.alive_or_ended(&session).await?;
        let entry = Remembered::new(self.sharing_client(session), user, noted, now);
        let entry = Arc::new(entry.with_secret(Some(digest)));
        self.memory.keep(name, Arc::clone(&entry));
        self.memory.tally.filled();
        self.share(&name, noted, &entry);
        Ok(entry)
    }

    /// Looks a session up: where the nodes share it, or else in storage, for which a request does not wait for ever.
    pub(crate) async fn look_up_session(
        &self,
        sid: SessionId,
        name: Name,
    ) -> Result<Arc<Remembered>, NotSignedIn> {
        if let Some(entry) = self.recall(&name).await {
            self.memory.keep(name, Arc::clone(&entry));
            return Ok(entry);
        }
        Box::pin(within(ASKED_WITHIN, self.read_session(sid, name))).await
    }

    async fn read_session(
        &self,
        sid: SessionId,
        name: Name,
    ) -> Result<Arc<Remembered>, NotSignedIn> {
        let noted = self.memory.note();
        self.memory.tally.asked();
        let now = self.time.now();
        let live = self.store.find_session_by_id(sid).await?;
        let (session, user, secret) = if let Some(live) = live {
            (live.session, Some(live.user), live.secret)
        } else {
            let guest = self.store.find_guest_by_id(sid).await?;
            let guest = guest.filter(|guest| !self.has_ended(guest.id));
            (guest.ok_or(NotSignedIn::NoSession)?, None, None)
        };
        self.alive_or_ended(&session).await?;
        let entry = Remembered::new(self.sharing_client(session), user, noted, now);
        let entry = Arc::new(entry.with_secret(secret));
        self.memory.keep(name, Arc::clone(&entry));
        self.memory.tally.filled();
        self.share(&name, noted, &entry);
        Ok(entry)
    }

    /// Whether this node has heard that a session has ended.
    fn has_ended(&self, sid: SessionId) -> bool {
        self.memory.has_ended(&Subject::Session(sid))
    }

    /// The same session, with the one text of its client's name that all of them share.
    fn sharing_client(&self, session: Session) -> Session {
        match self.clients.find(&session.client) {
            Some(client) => Session { client: client.id.clone(), ..session },
            None => session,
        }
    }

    /// Whether a session that storage has found is alive.
    pub(crate) async fn is_live(&self, session: &Session) -> Result<bool, Error> {
        Ok(self.life_of(session).await? == Life::Live)
    }

    /// Where a session that storage has found is in its life. Storage may lag behind a use at another node by the flush;
    /// before one is called idle, the last word of all nodes is asked for.
    async fn life_of(&self, session: &Session) -> Result<Life, Error> {
        let now = self.time.now();
        let life_if = |last_seen: Timestamp| {
            life::of_session(session, last_seen.plus(self.settings.last_seen_flush), now)
        };
        let life = life_if(session.last_seen_at);
        if life != Life::Idle || session.user.is_none() {
            return Ok(life);
        }
        let last_seen = self.store.find_last_seen(session.id).await?;
        Ok(life_if(last_seen.unwrap_or(session.last_seen_at)))
    }

    /// An end by expiry, once noticed, is recorded like any other.
    async fn alive_or_ended(&self, session: &Session) -> Result<(), NotSignedIn> {
        let reason = match self.life_of(session).await? {
            Life::Live => return Ok(()),
            Life::Idle => Reason::Idle,
            Life::Expired => Reason::Expired,
        };
        let mut act = self.act(Kind::SessionEnded, Actor::Server);
        act.event.session = Some(session.id);
        let done = if session.user.is_some() {
            self.store.end_session(session.id, reason, &act).await?
        } else {
            self.store.end_guest(session.id, reason, &act).await?
        };
        if let Some(done) = done {
            self.heard(&done.rows).await;
        }
        Err(NotSignedIn::Expired)
    }
}
