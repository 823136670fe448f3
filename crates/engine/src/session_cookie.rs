//! A token earns a cookie, by way of a link that is shown to its owner and works once.
//!
//! Only a first-party client's token for Cloakroom itself, with the scope [`SCOPE`], may ask. The link lives a
//! minute; the page it leads to shows whose account it is, and only a POST from there spends it. The session
//! stays the same one: it gets a secret, and what the browser had before ends.

use std::sync::Arc;

use cloakroom_model::event::Kind;
use cloakroom_model::link::{Link, Purpose};
use cloakroom_model::secret::Secret;
use cloakroom_model::session::Carrier;
use cloakroom_store::{Error, InsertLink, LiveSession, ReplaceSecret, Replacing};
use zeroize::Zeroizing;

use crate::Engine;
use crate::begin::SignedIn;
use crate::identity::Identity;
use crate::memory::{Name, Remembered};
use crate::secret::{CookieSecret, Kind as CookieKind, digest_bytes, digest_of, to_text};
use crate::throttle::{Limited, What};
use crate::visitor::{Browser, Visitor};

/// The scope of a token that may ask for a cookie.
pub const SCOPE: &str = "session:cookie";

/// Why there is no cookie.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionCookieError {
    /// The token is not one that may ask: not first-party, or without the scope.
    #[error(
        "this token may not ask for a cookie: it needs the scope `session:cookie` and a first-party client"
    )]
    NotAllowed,
    /// A guest has nobody whose account the page could show.
    #[error("a guest's session cannot be taken into a browser")]
    Guest,
    /// The session ended meanwhile.
    #[error("the session has ended")]
    Ended,
    /// The link does not work any more.
    #[error("the link does not work any more")]
    LinkSpent,
    /// Too many from here.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Engine {
    /// Makes the link's secret for whoever presents a token.
    pub async fn cookie_link(
        &self,
        identity: &Identity,
    ) -> Result<Zeroizing<String>, SessionCookieError> {
        let first_party =
            self.clients.find(&identity.client).is_some_and(|client| client.first_party);
        let scope = identity.scope.as_ref().is_some_and(|scope| scope.contains(SCOPE));
        if identity.carrier != Carrier::Token || !first_party || !scope {
            return Err(SessionCookieError::NotAllowed);
        }
        if identity.user_id().is_none() {
            return Err(SessionCookieError::Guest);
        }
        let session = digest_bytes(identity.sid().as_bytes());
        self.limits.check(What::CookieLink, session, self.time.now()).await?;
        let secret = self.random.secret();
        let purpose = Purpose::Cookie { session: identity.sid() };
        match self.make_link(purpose, &secret, identity.actor()).await? {
            InsertLink::Done => Ok(to_text(&secret)),
            InsertLink::Pointless => Err(SessionCookieError::Ended),
        }
    }

    /// Whose session the link leads to, for the page that asks.
    pub async fn look_at_cookie_link(
        &self,
        secret: &Secret,
        visitor: &Visitor,
    ) -> Result<LiveSession, SessionCookieError> {
        self.limits.check(What::Link, &visitor.address, self.time.now()).await?;
        let found = self.store.find_link(&digest_of(secret), self.time.now()).await?;
        let Some(Link { purpose: Purpose::Cookie { session }, .. }) = found else {
            return Err(SessionCookieError::LinkSpent);
        };
        let live =
            self.store.find_session_by_id(session).await?.ok_or(SessionCookieError::LinkSpent)?;
        if self.is_live(&live.session).await? {
            Ok(live)
        } else {
            Err(SessionCookieError::LinkSpent)
        }
    }

    /// Spends the link: the session gets a secret for this browser.
    pub async fn spend_cookie_link(
        &self,
        secret: &Secret,
        browser: &Browser,
        visitor: &Visitor,
    ) -> Result<SignedIn, SessionCookieError> {
        let live = self.look_at_cookie_link(secret, visitor).await?;
        let earlier = match &browser.session {
            Some(cookie) => self.session_of(cookie).await?,
            None => None,
        };
        let noted = self.memory.note();
        let cookie = CookieSecret { kind: CookieKind::SignedIn, secret: self.random.secret() };
        let mut act =
            self.act(Kind::SecretReplaced, cloakroom_model::event::Actor::User(live.user.id));
        act.event.user = Some(live.user.id);
        act.event.session = Some(live.session.id);
        act.event.address = Some(visitor.address.to_string());
        let replace = ReplaceSecret {
            session: live.session.id,
            secret: cookie.digest(),
            link: Some(digest_of(secret)),
            earlier: earlier.filter(|id| *id != live.session.id),
            elsewhere: None,
            authentication: None,
            expected_generation: None,
        };
        let done = match self.store.replace_secret(replace, &act).await? {
            Replacing::Done(done) => done,
            Replacing::NoSession | Replacing::Stale => return Err(SessionCookieError::Ended),
            Replacing::LinkSpent => return Err(SessionCookieError::LinkSpent),
        };
        self.heard(&done.rows).await;
        let LiveSession { session, user, secret } = *done.value;
        let session = Arc::new(
            Remembered::new(session, Some(user), noted, self.time.now()).with_secret(secret),
        );
        self.memory.keep(Name::Secret(cookie.digest()), Arc::clone(&session));
        Ok(SignedIn { session, cookie: Some(cookie), tokens: None, device: None })
    }
}
