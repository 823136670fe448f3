//! Access tokens: minted here, verified here as anywhere else, and never stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloakroom_jose::{Algorithm, Error, Expectations, KeyRing, Verified, Verifier};
use cloakroom_model::client::{Client, Lifetimes};
use cloakroom_model::grant::{Details, Grant};
use cloakroom_model::id::{ClientId, GrantId, KeyId, SessionId};
use cloakroom_model::log::Subject;
use cloakroom_model::registration::Subjects;
use cloakroom_model::session::Authentication;
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::User;
use cloakroom_oauth::access_token::{self, Claims, Subject as About};
use cloakroom_oauth::scope::Scope;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Engine;
use crate::keys::{KeysError, NoKey};
use crate::memory::Remembered;

/// How many bytes of verified tokens are remembered: of those for Cloakroom itself, and as many of all.
const REMEMBERED_BYTES: u64 = 8 * 1024 * 1024;

/// How far the nodes' ideas of the store's time may lie apart. A token is shown to another node as soon as it is made, and
/// must not come from the future there.
const SKEW_SECONDS: u32 = 2;

/// The verifiers of tokens: for Cloakroom itself, and for any audience. What one remembers the other does not believe.
pub struct Tokens {
    own: Verifier<TokenClaims>,
    any: Verifier<TokenClaims>,
}

/// What a verifier says of a token.
pub(crate) type Verdict = Result<Arc<Verified<TokenClaims>>, Error>;

impl Tokens {
    /// A verifier of tokens by `issuer` for `issuer`.
    #[must_use]
    pub fn new(issuer: &str, keys: Arc<KeyRing>) -> Self {
        let expect = Expectations::new(issuer, issuer, access_token::TYP);
        let expect = expect.leeway_seconds(SKEW_SECONDS);
        let any = expect.clone().danger_any_audience();
        let own = Verifier::new(Arc::clone(&keys), expect, REMEMBERED_BYTES);
        Self { own, any: Verifier::new(keys, any, REMEMBERED_BYTES) }
    }

    /// Verifies strictly, or remembers that it did.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Verdict {
        self.own.verify(token, seconds(now))
    }

    /// Verifies a token that may be for any audience: for whoever asks about it or gives it back, and for nothing
    /// else.
    pub(crate) fn verify_any_audience(&self, token: &str, now: Timestamp) -> Verdict {
        self.any.verify(token, seconds(now))
    }
}

/// A time as tokens have it: seconds.
pub(crate) fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.seconds()).unwrap_or(0)
}

/// An access token's claims, with what this node found out about them.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct TokenClaims {
    claims: Claims,
    /// The version of memory at which nothing of it was found to have ended.
    #[serde(skip)]
    clean_at: AtomicU64,
}

impl std::ops::Deref for TokenClaims {
    type Target = Claims;

    fn deref(&self) -> &Claims {
        &self.claims
    }
}

impl TokenClaims {
    pub(crate) fn clean_at(&self) -> u64 {
        self.clean_at.load(Ordering::Relaxed)
    }

    pub(crate) fn found_clean_at(&self, version: u64) {
        self.clean_at.store(version, Ordering::Relaxed);
    }

    /// The session it belongs to.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        self.claims.sid
    }

    /// The grant it belongs to.
    #[must_use]
    pub fn grant(&self) -> Option<GrantId> {
        self.claims.grant_id
    }

    /// Everything whose end is this token's end.
    pub(crate) fn subjects(&self, kid: &str) -> impl Iterator<Item = Subject> {
        let claims = &self.claims;
        let session = claims.sid.map(Subject::Session);
        let grant = claims.grant_id.map(Subject::Grant);
        let own = [
            Subject::Client(claims.client_id.clone()),
            Subject::Key(KeyId(kid.to_owned())),
            Subject::Token(claims.jti.clone()),
        ];
        let hangs_from = [session, grant].into_iter().flatten();
        hangs_from.chain(own).chain(claims.came_from.iter().cloned())
    }
}

/// What a token is to say.
pub(crate) struct Mint<'a> {
    pub(crate) holder: Holder<'a>,
    pub(crate) client: &'a Client,
    pub(crate) grant: Option<GrantId>,
    pub(crate) audience: &'a str,
    pub(crate) scope: &'a Scope,
    /// What its grant says beside.
    pub(crate) details: Option<&'a Details>,
    /// The tokens that it is made of, where it is exchanged.
    pub(crate) origin: Option<Origin>,
}

/// What an exchanged token comes from.
pub(crate) struct Origin {
    /// When the first of them is void, in seconds.
    pub(crate) exp: u64,
    /// What it dies with beside its session and its grant.
    pub(crate) came_from: Vec<Subject>,
}

/// Whose right a token carries, and with what it dies.
#[derive(Clone, Copy)]
pub(crate) enum Holder<'a> {
    /// A session's.
    Session(&'a Remembered),
    /// A user's, by a grant that outlives sessions.
    User { user: &'a User, grant: &'a Grant },
    /// A client's own.
    Service(&'a ClientId),
}

impl Holder<'_> {
    pub(crate) fn user(&self) -> Option<&User> {
        match self {
            Self::Session(session) => session.user.as_deref(),
            Self::User { user, .. } => Some(user),
            Self::Service(_) => None,
        }
    }

    /// How the user proved who they are.
    pub(crate) fn authentication(&self) -> Option<&Authentication> {
        match self {
            Self::Session(session) => session.session.authentication.as_ref(),
            Self::User { grant, .. } => grant.details.authentication.as_ref(),
            Self::Service(_) => None,
        }
    }

    pub(crate) fn sid(&self) -> Option<SessionId> {
        match self {
            Self::Session(session) => Some(session.session.id),
            Self::User { .. } | Self::Service(_) => None,
        }
    }

    /// When that which it dies with is over; `None` where it has no end.
    fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::Session(session) => Some(session.session.expires_at),
            Self::User { grant, .. } => Some(grant.expires_at),
            Self::Service(_) => None,
        }
    }
}

/// An access token and how long it lives.
#[derive(Clone)]
pub struct AccessToken {
    /// The token.
    pub token: String,
    /// For so long from now, in seconds.
    pub expires_in: Duration,
}

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// The client asks for an algorithm that there is no key for.
    #[error("there is no key for {0} and {1}: `cloakroom key` makes one")]
    NoKey(Algorithm, String),
    /// The client's algorithm does not exist.
    #[error("the client's algorithm is none of ours: {0}")]
    Algorithm(String),
    /// A key could not be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl Engine {
    /// Refuses where no key could sign a token for this audience. Asked before anything is stored that would need
    /// one: a sign-in, and a rotation too, is done as a whole or not at all.
    pub(crate) fn can_mint(&self, client: &Client, audience: &str) -> Result<(), MintError> {
        let algorithm = self.algorithm_for(client, audience)?;
        if self.ring.has_signer(algorithm, audience) {
            Ok(())
        } else {
            Err(MintError::NoKey(algorithm, audience.to_owned()))
        }
    }

    /// Makes an access token. It dies with its session, its grant, its client and its key, so making one needs
    /// no transaction.
    pub(crate) fn mint(&self, mint: &Mint<'_>) -> Result<AccessToken, MintError> {
        let Mint { holder, client, details, .. } = mint;
        let now = self.time.now();
        let algorithm = self.algorithm_for(client, mint.audience)?;
        // Never longer than what it hangs from, nor than the log remembers.
        let left = holder.expires_at().map_or(Duration::MAX, |end| end.since(now));
        let ttl = self.token_lifetime(client).min(left).min(Lifetimes::ACCESS_TOKEN_CEILING);
        let exp = seconds(now.plus(ttl));
        let exp = mint.origin.as_ref().map_or(exp, |origin| exp.min(origin.exp));
        let how = holder.authentication();
        let claims = Claims {
            iss: self.settings.issuer.clone(),
            sub: self.subject_of(holder, client),
            aud: vec![mint.audience.to_owned()],
            client_id: client.id.clone(),
            exp,
            iat: seconds(now),
            jti: URL_SAFE_NO_PAD.encode(self.random.bytes::<16>()),
            scope: mint.scope.clone(),
            sid: holder.sid(),
            grant_id: mint.grant,
            auth_time: how.map(|how| seconds(how.at)),
            acr: how.map(|how| how.acr),
            amr: how.map(|how| how.amr.clone()).unwrap_or_default(),
            roles: holder.user().map(|user| user.roles.clone()).unwrap_or_default(),
            cnf: details.and_then(|details| details.confirmation.clone()),
            act: json_of(details.and_then(|details| details.actor.as_deref()))?,
            came_from: mint.origin.as_ref().map(|it| it.came_from.clone()).unwrap_or_default(),
            authorization_details: json_of(
                details.and_then(|details| details.authorization_details.as_deref()),
            )?,
            status: details.and_then(|it| it.status).map(|place| self.status_at(place)),
        };
        let signed = self.ring.sign(algorithm, mint.audience, &claims);
        let token = signed.map_err(|error| not_signed(error, algorithm, mint.audience))?;
        let left = exp.saturating_sub(seconds(now)).min(ttl.as_secs());
        Ok(AccessToken { token, expires_in: Duration::from_secs(left) })
    }

    /// Signs what is no access token; `typ` is what it says it is.
    pub(crate) fn sign_as(
        &self,
        typ: &str,
        algorithm: Algorithm,
        claims: &impl Serialize,
    ) -> Result<String, MintError> {
        let signed = self.ring.sign_as(typ, algorithm, claims);
        signed.map_err(|error| not_signed(error, algorithm, "everybody"))
    }

    /// Whom a token of this holder is about, as this client calls them.
    fn subject_of(&self, holder: &Holder<'_>, client: &Client) -> About {
        match (holder, holder.user()) {
            (_, Some(user)) => match client.registration.subjects {
                Subjects::Public => About::User(user.id),
                Subjects::Pairwise { .. } => About::Pairwise(self.subject_for(client, user.id)),
            },
            (Holder::Session(session), None) => About::of(session.session.user, session.session.id),
            (Holder::Service(id), None) => About::Client((*id).clone()),
            (Holder::User { .. }, None) => About::Client(client.id.clone()),
        }
    }

    fn token_lifetime(&self, client: &Client) -> Duration {
        if client.lifetimes.access_token == client.template.lifetimes().access_token {
            self.settings.access_token_ttl
        } else {
            client.lifetimes.access_token
        }
    }

    /// HMAC serves a named audience alone: a token for Cloakroom itself is signed with the issuer's algorithm.
    fn algorithm_for(&self, client: &Client, audience: &str) -> Result<Algorithm, MintError> {
        let Some(name) = &client.algorithm else {
            return Ok(self.settings.algorithm);
        };
        let algorithm: Algorithm = name.parse().map_err(|_| MintError::Algorithm(name.clone()))?;
        if algorithm.is_symmetric() && audience == self.settings.issuer {
            Ok(self.settings.algorithm)
        } else {
            Ok(algorithm)
        }
    }
}

fn not_signed(error: NoKey, algorithm: Algorithm, audience: &str) -> MintError {
    match error {
        NoKey::Missing => MintError::NoKey(algorithm, audience.to_owned()),
        NoKey::Sign(error) => MintError::Keys(KeysError::Corrupt(error.to_string())),
    }
}

/// Reads what a grant keeps as JSON.
fn json_of<T: DeserializeOwned>(text: Option<&str>) -> Result<Option<T>, MintError> {
    let corrupt = |error: serde_json::Error| MintError::Keys(KeysError::Corrupt(error.to_string()));
    text.map(serde_json::from_str).transpose().map_err(corrupt)
}
