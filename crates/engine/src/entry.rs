//! Entering at a service behind a proxy: who it is by cookie or by a token for that service, whether its rule lets them
//! in, and the short token that the service is handed.
//!
//! The rule's own decision is [`cloakroom_model::policy::entry`]. Left out: what a request looks like, and to where
//! somebody is sent whose request does not go on.

use std::sync::Arc;

use cloakroom_jose::{Error as TokenError, Verified};
use cloakroom_model::grant::Confirmation;
use cloakroom_model::id::{ClientId, SessionId};
use cloakroom_model::policy::entry::{Entrant as Facts, Outcome, Proof, Rule, Service};
use cloakroom_model::session::Carrier;
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::User;
use cloakroom_oauth::scope::Scope;
use quick_cache::sync::Cache;

use crate::Engine;
use crate::identity::{Identity, NotSignedIn};
use crate::memory::Remembered;
use crate::tokens::{AccessToken, Holder, Mint, MintError, TokenClaims, Tokens};

/// How many tokens that services were handed are remembered.
const REMEMBERED_TOKENS: usize = 10_000;

/// Somebody at the door of a service. Cheap to clone.
#[derive(Clone)]
pub struct Entrant {
    whose: Whose,
    proof: Option<Proof>,
    carrier: Carrier,
}

#[derive(Clone)]
enum Whose {
    /// A session's, which may be a guest's.
    Session(Arc<Remembered>),
    /// A user's, by a grant that outlives sessions; nobody's where it is a client's own.
    Grant(Option<Arc<User>>),
}

/// Why a token does not let anybody in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceTokenError {
    /// It is no good token for this service.
    #[error(transparent)]
    NotSignedIn(#[from] NotSignedIn),
    /// It allows less than the service asks for.
    #[error("the token lacks the scope that the service asks for")]
    Scope,
}

impl From<Identity> for Entrant {
    fn from(identity: Identity) -> Self {
        let proof = identity.session.session.authentication.as_ref().map(Proof::from);
        Self { whose: Whose::Session(identity.session), proof, carrier: identity.carrier }
    }
}

impl Entrant {
    /// Who it is; `None` for a guest and for a client of its own.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        match &self.whose {
            Whose::Session(session) => session.user.as_deref(),
            Whose::Grant(user) => user.as_deref(),
        }
    }

    /// The session, where there is one.
    #[must_use]
    pub fn sid(&self) -> Option<SessionId> {
        match &self.whose {
            Whose::Session(session) => Some(session.session.id),
            Whose::Grant(_) => None,
        }
    }

    /// How and when they proved who they are.
    #[must_use]
    pub fn proof(&self) -> Option<Proof> {
        self.proof
    }

    /// How they were brought.
    #[must_use]
    pub fn carrier(&self) -> Carrier {
        self.carrier
    }
}

impl Engine {
    /// Says whose access token it is, if it is one for this service. Counts as a use of the session.
    ///
    /// A token without a session is looked up at its grant, in storage: it is the only one that memory cannot answer.
    pub async fn check_service_token(
        &self,
        token: &str,
        service: &Service,
        proved: Option<&Confirmation>,
    ) -> Result<Entrant, ServiceTokenError> {
        self.hear().await.map_err(NotSignedIn::from)?;
        let now = self.time.now();
        let verdict = self.verify(Tokens::verify_any_audience, token, now).await;
        let verified = verdict.map_err(NotSignedIn::Store)?.map_err(NotSignedIn::Token)?;
        let claims = verified.claims();
        if !claims.aud.contains(&service.audience) {
            return Err(NotSignedIn::Token(TokenError::Audience).into());
        }
        self.counts(&verified, proved)?;
        if !service.scope.iter().all(|word| claims.scope.contains(word)) {
            return Err(ServiceTokenError::Scope);
        }
        let whose = match (claims.session(), claims.grant()) {
            (Some(sid), _) => {
                let session = self.session_named(sid, now).await?;
                self.seen.note(&session, now);
                Whose::Session(session)
            }
            (None, Some(grant)) => Whose::Grant(self.live_grant(grant).await?.user.map(Arc::new)),
            (None, None) => Whose::Grant(None),
        };
        Ok(Entrant { whose, proof: proof_in(claims), carrier: Carrier::Token })
    }

    /// Decides whether somebody may enter, or nobody.
    #[must_use]
    pub fn decide_entry(&self, rule: &Rule, entrant: Option<&Entrant>) -> Outcome {
        let facts = entrant.and_then(|entrant| {
            let user = entrant.user()?;
            Some(Facts { user: user.id, roles: &user.roles, proof: entrant.proof })
        });
        rule.decide(facts.as_ref(), self.time.now())
    }

    /// The token that a service is handed about somebody who enters by cookie: a short one that allows the rule's scope
    /// and dies with the session. `None` for who brought a token, since a token earns no other.
    ///
    /// One that was made is handed out again while a quarter of its life has not passed, as long as it would be
    /// believed here if somebody brought it, and as long as the session is remembered as it was.
    pub fn pass_token(
        &self,
        entrant: &Entrant,
        rule: &Rule,
    ) -> Result<Option<Arc<str>>, MintError> {
        let (Whose::Session(session), Carrier::Cookie) = (&entrant.whose, entrant.carrier) else {
            return Ok(None);
        };
        let Some(service) = &rule.service else { return Ok(None) };
        let now = self.time.now();
        let key = Key(session.session.id, &rule.host);
        if let Some(passed) = self.passed.get(&key)
            && passed.until > now
            && Arc::ptr_eq(&passed.session, session)
            && !self.is_revoked(passed.verified.claims(), passed.verified.kid())
        {
            return Ok(Some(passed.token));
        }
        let Some(client) = self.clients.find(&ClientId::built_in()) else { return Ok(None) };
        let AccessToken { token, expires_in } = self.mint(&Mint {
            holder: Holder::Session(session),
            client: &client,
            grant: None,
            audience: &service.audience,
            scope: &Scope::of(service.scope.clone()),
            details: None,
            origin: None,
        })?;
        let token: Arc<str> = token.into();
        // A key may have been given up this very moment; then the token is handed out this once.
        if let Ok(verified) = self.tokens.verify_any_audience(&token, now) {
            let passed = Passed {
                token: Arc::clone(&token),
                session: Arc::clone(session),
                verified,
                until: now.plus(expires_in / 4),
            };
            self.passed.insert((session.session.id, rule.host.as_str().into()), passed);
        }
        Ok(Some(token))
    }
}

/// The tokens that services were handed, by session and host; a bounded number of them.
pub(crate) type PassedTokens = Cache<(SessionId, Box<str>), Passed>;

/// None yet.
pub(crate) fn no_tokens() -> PassedTokens {
    Cache::new(REMEMBERED_TOKENS)
}

/// A token that a service was handed.
#[derive(Clone)]
pub(crate) struct Passed {
    token: Arc<str>,
    /// What it says of the session's user was true of this.
    session: Arc<Remembered>,
    verified: Arc<Verified<TokenClaims>>,
    until: Timestamp,
}

/// The name of a token, without an allocation.
#[derive(Hash)]
struct Key<'a>(SessionId, &'a str);

impl quick_cache::Equivalent<(SessionId, Box<str>)> for Key<'_> {
    fn equivalent(&self, key: &(SessionId, Box<str>)) -> bool {
        self.0 == key.0 && *self.1 == *key.1
    }
}

/// What a token says of how its user proved who they are: it counts, and not what the session knows meanwhile.
fn proof_in(claims: &TokenClaims) -> Option<Proof> {
    let seconds = i64::try_from(claims.auth_time?).ok()?;
    Some(Proof { at: Timestamp(seconds.checked_mul(1000)?), acr: claims.acr? })
}
