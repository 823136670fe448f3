//! A session of this app: who signed in, and the tokens by which the issuer can be asked about it. The browser has neither.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_jose::base64url;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use super::id_token::Person;
use super::randomness::Randomness;
use super::sealed::Seal;
use super::store::{Kept, SessionStore, StoreError};
use crate::digest::{Sha256, sha256};
use crate::identity::{Carrier, Identity, Told};
use crate::subject::{Digest, Kind};

const PURPOSE: &str = "relying party session";
const SECRET_BYTES: usize = 32;

/// How long the feed's word is believed after the issuer last gave tokens, in seconds. A row is remembered for longer, and so is
/// every end since then.
const VOUCHED_FOR: u64 = 60 * 60;

/// How far the clocks of processes that share a store may lie apart, in seconds.
const APART: u64 = 60;

/// Has no `Debug`: most of it could be presented.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Session {
    pub(super) person: Person,
    /// For the issuer's sign-out, which asks whose session it is.
    pub(super) id_token: String,
    pub(super) tokens: Tokens,
    /// When the issuer last gave tokens; 0 where a version kept the session that did not note it.
    #[serde(default)]
    pub(super) given_at: u64,
    /// The grant that they hang from, where the issuer says so.
    pub(super) grant_id: Option<String>,
    /// When its sign-in was asked for.
    pub(super) begun_at: u64,
    /// The last use that was noted.
    pub(super) used_at: u64,
    /// The second at which it is over whatever happens.
    pub(super) ends_at: u64,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Tokens {
    pub(super) access: String,
    /// The second from which on the access token is void.
    pub(super) access_until: u64,
    pub(super) refresh: Option<String>,
}

/// A session with the secret that opens it and what it was found as.
pub(super) struct Opened {
    pub(super) secret: Zeroizing<[u8; SECRET_BYTES]>,
    pub(super) digest: Sha256,
    pub(super) name: String,
    sealed: Vec<u8>,
    pub(super) session: Session,
}

/// Sessions, of which each is sealed under the secret that its cookie has.
pub(super) struct SealedSessions {
    store: Arc<dyn SessionStore>,
    random: Arc<dyn Randomness>,
    idle: Duration,
}

impl SealedSessions {
    pub(super) fn new(
        store: Arc<dyn SessionStore>,
        random: Arc<dyn Randomness>,
        idle: Duration,
    ) -> Self {
        Self { store, random, idle }
    }

    /// Keeps a new session. Returns its cookie's value; none where its parent ended meanwhile.
    pub(super) async fn insert(&self, session: Session) -> Result<Option<String>, StoreError> {
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        self.random.fill(&mut *secret);
        let name = base64url::encode(&sha256(&*secret));
        let kept = Kept {
            sealed: self.seal(&*secret, &name, &session),
            labels: session.labels().map(|label| label.to_string()).collect(),
            begun_at: session.begun_at,
            until: self.until(&session),
        };
        let inserted = self.store.insert(&name, kept).await?;
        Ok(inserted.then(|| base64url::encode(&*secret)))
    }

    /// The session that a cookie stands for at `now`.
    pub(super) async fn find(&self, cookie: &str, now: u64) -> Result<Option<Opened>, StoreError> {
        let secret = base64url::decode(cookie).ok().and_then(|bytes| bytes.try_into().ok());
        match secret {
            Some(secret) => self.open(Zeroizing::new(secret), now).await,
            None => Ok(None),
        }
    }

    /// As it is there now.
    pub(super) async fn find_again(
        &self,
        opened: &Opened,
        now: u64,
    ) -> Result<Option<Opened>, StoreError> {
        self.open(opened.secret.clone(), now).await
    }

    async fn open(
        &self,
        secret: Zeroizing<[u8; SECRET_BYTES]>,
        now: u64,
    ) -> Result<Option<Opened>, StoreError> {
        let digest = sha256(&*secret);
        let name = base64url::encode(&digest);
        let Some(sealed) = self.store.find(&name).await? else { return Ok(None) };
        let text = Seal::new(&*secret, PURPOSE).open(&sealed, &name);
        let session = text.and_then(|text| serde_json::from_slice::<Session>(&text).ok());
        let session = session.filter(|session| now < self.until(session));
        Ok(session.map(|session| Opened { secret, digest, name, sealed, session }))
    }

    /// None where another request was faster, or the session is gone.
    pub(super) async fn replace(
        &self,
        opened: &Opened,
        session: Session,
    ) -> Result<Option<Opened>, StoreError> {
        let sealed = self.seal(&*opened.secret, &opened.name, &session);
        let until = self.until(&session);
        let done = self.store.replace(&opened.name, &opened.sealed, sealed.clone(), until).await?;
        let (secret, digest) = (opened.secret.clone(), opened.digest);
        let name = opened.name.clone();
        Ok(done.then(|| Opened { secret, digest, name, sealed, session }))
    }

    pub(super) async fn remove(&self, opened: &Opened) -> Result<(), StoreError> {
        self.store.remove(&opened.name).await
    }

    /// Ends all of a subject that began at `at` or before.
    pub(super) async fn end(&self, subject: Digest, at: u64, until: u64) -> Result<(), StoreError> {
        self.store.end(&subject.to_string(), at, until).await
    }

    fn seal(&self, secret: &[u8], name: &str, session: &Session) -> Vec<u8> {
        // Texts and numbers always become JSON.
        let text = Zeroizing::new(serde_json::to_vec(session).unwrap_or_default());
        Seal::new(secret, PURPOSE).seal(&text, name, &*self.random)
    }

    fn until(&self, session: &Session) -> u64 {
        session.ends_at.min(session.used_at + self.idle.as_secs())
    }
}

impl Session {
    /// What the issuer can say to have ended without the feed; the narrowest last.
    pub(super) fn labels(&self) -> impl Iterator<Item = Digest> {
        let sid = self.person.sid.iter().map(|sid| Digest::of(Kind::Session, sid));
        std::iter::once(self.user()).chain(sid)
    }

    /// Whether the issuer gave tokens so short a time ago that no end since then is forgotten by whoever follows the feed.
    pub(super) fn is_vouched_for(&self, now: u64) -> bool {
        now < self.given_at() + VOUCHED_FOR && !self.is_ahead(now)
    }

    /// Whether newer tokens are wanted, and can be asked for.
    pub(super) fn wants_refresh(&self, now: u64) -> bool {
        let over = self.tokens.access_until <= now || self.is_ahead(now);
        over && self.tokens.refresh.is_some()
    }

    /// Whether its times were noted by a clock that was set back since: they say nothing of what is now.
    fn is_ahead(&self, now: u64) -> bool {
        now + APART < self.given_at()
    }

    fn given_at(&self) -> u64 {
        // Each session begins with tokens.
        self.given_at.max(self.begun_at)
    }

    pub(super) fn user(&self) -> Digest {
        Digest::of(Kind::User, &self.person.sub)
    }

    /// Whose end is the session's end.
    pub(super) fn hangs_from(&self, client_id: &str) -> impl Iterator<Item = Digest> {
        let grant = self.grant_id.iter().map(|grant| Digest::of(Kind::Grant, grant));
        self.labels().chain(grant).chain(std::iter::once(Digest::of(Kind::Client, client_id)))
    }

    /// Who a request of it comes from, with what the user is said to be.
    pub(super) fn identity(&self, client_id: &str, roles: &[Box<str>]) -> Identity {
        let Person { sub, sid, acr, amr, authenticated_at, .. } = &self.person;
        Identity::new(Told {
            user: Some(sub.as_str().into()),
            session: sid.as_deref().map(Into::into),
            client: Some(client_id.into()),
            scope: Box::default(),
            roles: roles.into(),
            acr: acr.clone(),
            amr: amr.as_slice().into(),
            authenticated_at: *authenticated_at,
            carrier: Carrier::Cookie,
            expires_at: self.ends_at,
        })
    }
}

/// What an access token says of its grant and of its user, where it is a token that can be looked into. It came from the issuer
/// over a connection of our own.
pub(super) fn loosely_read(access_token: &str) -> (Option<String>, Vec<Box<str>>) {
    #[derive(Default, Deserialize)]
    struct Said {
        #[serde(default)]
        grant_id: Value,
        #[serde(default)]
        roles: Value,
    }
    let claims = access_token.split('.').nth(1).and_then(|part| base64url::decode(part).ok());
    let said = claims.and_then(|claims| serde_json::from_slice::<Said>(&claims).ok());
    let Said { grant_id, roles } = said.unwrap_or_default();
    let roles = serde_json::from_value(roles).unwrap_or_default();
    (grant_id.as_str().map(str::to_owned), roles)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kept(change: impl FnOnce(&mut Value)) -> Session {
        let mut kept = json!({
            "person": {
                "sub": "ada", "sid": "s1", "acr": null, "amr": [], "authenticated_at": 1000, "roles": [],
            },
            "id_token": "",
            "tokens": { "access": "a", "access_until": 10_600, "refresh": "r" },
            "given_at": 10_000,
            "grant_id": null,
            "begun_at": 1000,
            "used_at": 10_000,
            "ends_at": 90_000,
        });
        change(&mut kept);
        serde_json::from_value(kept).unwrap()
    }

    #[test]
    fn the_issuer_vouches_for_a_session_for_an_hour() {
        let session = kept(|_| {});
        assert!(session.is_vouched_for(10_000) && session.is_vouched_for(13_599));
        assert!(!session.is_vouched_for(13_600));
        assert!(!session.wants_refresh(10_599) && session.wants_refresh(10_600));
    }

    #[test]
    fn what_was_kept_before_that_was_noted_was_vouched_for_at_the_sign_in() {
        let session = kept(|kept| drop(kept.as_object_mut().unwrap().remove("given_at")));
        assert!(session.is_vouched_for(4599) && !session.is_vouched_for(4600));
    }

    #[test]
    fn what_a_clock_noted_that_was_set_back_since_vouches_for_nothing() {
        let session = kept(|_| {});
        // As far as the clocks of two processes may lie apart.
        assert!(session.is_vouched_for(9940) && !session.wants_refresh(9940));
        assert!(!session.is_vouched_for(9939) && session.wants_refresh(9939));
        let bare = kept(|kept| kept["tokens"]["refresh"] = Value::Null);
        assert!(!bare.wants_refresh(9939), "there is none to present");
    }
}
