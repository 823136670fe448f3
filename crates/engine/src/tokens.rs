//! Access tokens: minted here, verified here as anywhere else, and never stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloakroom_jose::{Algorithm, Error, Expectations, KeyRing, Verified, Verifier};
use cloakroom_model::client::{Client, Lifetimes};
use cloakroom_model::id::{GrantId, KeyId, SessionId};
use cloakroom_model::log::Subject;
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::access_token::{self, Claims};
use cloakroom_oauth::scope::Scope;
use serde::Deserialize;

use crate::Engine;
use crate::keys::KeysError;
use crate::memory::Remembered;

/// How many bytes of verified tokens are remembered.
const REMEMBERED_BYTES: u64 = 8 * 1024 * 1024;

/// The verifier of tokens for Cloakroom itself.
pub struct Tokens {
    own: Verifier<TokenClaims>,
    any: Expectations,
}

impl Tokens {
    /// A verifier of tokens by `issuer` for `issuer`.
    #[must_use]
    pub fn new(issuer: &str, keys: Arc<KeyRing>) -> Self {
        let expect = Expectations::new(issuer, issuer, access_token::TYP);
        let any = expect.clone().danger_any_audience();
        Self { own: Verifier::new(keys, expect, REMEMBERED_BYTES), any }
    }

    /// Verifies strictly, or remembers that it did.
    pub(crate) fn verify(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Arc<Verified<TokenClaims>>, Error> {
        self.own.verify(token, seconds(now))
    }
}

impl Tokens {
    /// Verifies a token that may be for any audience: for its own client that gives it back, and for nothing
    /// else.
    pub(crate) fn verify_any_audience(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Verified<TokenClaims>, Error> {
        self.own.ring().verify(token, &self.any, seconds(now))
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
        [session, grant].into_iter().flatten().chain([
            Subject::Client(claims.client_id.clone()),
            Subject::Key(KeyId(kid.to_owned())),
            Subject::Token(claims.jti.clone()),
        ])
    }
}

/// What a token is to say.
pub(crate) struct Mint<'a> {
    pub(crate) session: &'a Remembered,
    pub(crate) client: &'a Client,
    pub(crate) grant: Option<GrantId>,
    pub(crate) audience: &'a str,
    pub(crate) scope: &'a Scope,
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
    /// Makes an access token. It dies with its session, its grant, its client and its key, so making one needs
    /// no transaction.
    pub(crate) fn mint(&self, mint: &Mint<'_>) -> Result<AccessToken, MintError> {
        let session = &mint.session.session;
        let now = self.time.now();
        let algorithm = self.algorithm_for(mint.client, mint.audience)?;
        // Never longer than what it hangs from, nor than the log remembers.
        let ttl = self
            .token_lifetime(mint.client)
            .min(session.expires_at.since(now))
            .min(Lifetimes::ACCESS_TOKEN_CEILING);
        let how = session.authentication.as_ref();
        let claims = Claims {
            iss: self.settings.issuer.clone(),
            sub: access_token::Subject::of(session.user, session.id),
            aud: vec![mint.audience.to_owned()],
            client_id: mint.client.id.clone(),
            exp: seconds(now.plus(ttl)),
            iat: seconds(now),
            jti: URL_SAFE_NO_PAD.encode(self.random.bytes::<16>()),
            scope: mint.scope.clone(),
            sid: Some(session.id),
            grant_id: mint.grant,
            auth_time: how.map(|how| seconds(how.at)),
            acr: how.map(|how| how.acr),
            amr: how.map(|how| how.amr.clone()).unwrap_or_default(),
            roles: mint.session.user.as_ref().map(|user| user.roles.clone()).unwrap_or_default(),
            cnf: None,
            act: None,
            authorization_details: None,
            status: None,
        };
        let token =
            self.ring.sign(algorithm, mint.audience, &claims).map_err(|error| match error {
                crate::keys::NoKey::Missing => {
                    MintError::NoKey(algorithm, mint.audience.to_owned())
                }
                crate::keys::NoKey::Sign(error) => {
                    MintError::Keys(KeysError::Corrupt(error.to_string()))
                }
            })?;
        Ok(AccessToken { token, expires_in: Duration::from_secs(ttl.as_secs()) })
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
