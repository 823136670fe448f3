//! Token exchange (RFC 8693): a service was sent a token, and gets one that it can pass on.
//!
//! Nothing is stored. What comes of it hangs from the session and the grant of the token that it came from, and dies with
//! that token too, with its client and its key, and with all of that of whoever acts. It is void no later than either.
//!
//! A token that is bound to a key is exchanged for who holds that key and for nobody else: who was only sent it holds none,
//! and could otherwise shake the binding off.

use std::sync::Arc;

use cloakroom_jose::Verified;
use cloakroom_model::client::Client;
use cloakroom_model::grant::{Confirmation, Details};
use cloakroom_oauth::access_token::Subject;
use cloakroom_oauth::error::{Code, Error as Refused};
use cloakroom_oauth::scope::Scope;
use cloakroom_oauth::token_exchange;
use cloakroom_oauth::token_request::{ExchangeRequest, Presented};
use cloakroom_store::{Error, LiveGrant};

use crate::Engine;
use crate::granting::{Beside, Granted};
use crate::identity::NotSignedIn;
use crate::memory::Remembered;
use crate::redeem_code::RedeemError;
use crate::session_cookie;
use crate::throttle::{Limited, What};
use crate::tokens::{Holder, Mint, MintError, Origin, TokenClaims, Tokens};
use crate::visitor::Visitor;

/// Why nothing was exchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// A token is not good, or not for this client, or more was asked for than it allows (RFC 8693 §2.2.2).
    #[error(transparent)]
    Refused(#[from] Refused),
    /// No token could be made, as of a code.
    #[error(transparent)]
    Redeem(#[from] RedeemError),
}

/// What such a token carries on.
struct Right {
    session: Option<Arc<Remembered>>,
    grant: Option<LiveGrant>,
}

/// A token that a client brought.
struct Brought {
    /// The parameter that it stood in.
    name: &'static str,
    token: Arc<Verified<TokenClaims>>,
}

impl Engine {
    /// Exchanges a token for a client that has proved itself. `proved` is the key that it proved beside.
    pub async fn exchange(
        &self,
        request: &ExchangeRequest,
        client: &Arc<Client>,
        proved: Option<Confirmation>,
        visitor: &Visitor,
    ) -> Result<Granted, ExchangeError> {
        self.limits.check(What::Exchange, &visitor.address, self.time.now()).await?;
        self.hear().await?;
        self.bound_as_it_must(client, proved.as_ref())?;
        let subject = self.brought("subject_token", &request.subject).await?;
        let actor = match &request.actor {
            Some(actor) => Some(self.brought("actor_token", actor).await?),
            None => None,
        };
        let exchanged = token_exchange::decide(
            client,
            &scopes_of(client),
            subject.token.claims(),
            actor.as_ref().map(|actor| &**actor.token.claims()),
            request.audience.as_deref(),
            request.scope.as_ref(),
        )?;
        let right = self.still_held(&subject, proved.as_ref()).await?;
        if let Some(actor) = &actor {
            self.still_held(actor, proved.as_ref()).await?;
        }
        let claims = subject.token.claims();
        let holder = holder(&right, &claims.sub).ok_or_else(|| not_good(subject.name))?;
        let act = serde_json::to_string(&exchanged.act)
            .map_err(|error| RedeemError::Store(Error::Corrupt(error.to_string())))?;
        let details = Details {
            confirmation: proved,
            actor: Some(act),
            // The grant is the same, so its place is.
            status: right.grant.as_ref().and_then(|live| live.grant.details.status),
            ..Details::default()
        };
        let access = self.mint(&Mint {
            holder,
            client,
            grant: claims.grant(),
            audience: &exchanged.audience,
            scope: &exchanged.scope,
            details: Some(&details),
            origin: Some(origin(&subject, actor.as_ref())),
        })?;
        Ok(Granted {
            access,
            refresh: None,
            scope: exchanged.scope,
            beside: Beside { confirmation: details.confirmation, ..Beside::default() },
        })
    }

    /// Verifies a token as one of ours, for whomever it is.
    async fn brought(
        &self,
        name: &'static str,
        token: &Presented,
    ) -> Result<Brought, ExchangeError> {
        let now = self.time.now();
        let verdict = self.verify(Tokens::verify_any_audience, token.as_str(), now).await?;
        Ok(verdict.map(|token| Brought { name, token }).map_err(|_| not_good(name))?)
    }

    /// What a token carries on, if none of it has ended and whoever brings it holds its key.
    async fn still_held(
        &self,
        brought: &Brought,
        proved: Option<&Confirmation>,
    ) -> Result<Right, ExchangeError> {
        let claims = brought.token.claims();
        if claims.cnf.as_ref().is_some_and(|key| Some(key) != proved) {
            let why = format!("{} is bound to a key, and that key was not proved", brought.name);
            return Err(Refused::new(Code::InvalidRequest, why).into());
        }
        let not_good = |error| match error {
            NotSignedIn::Store(error) => error.into(),
            _ => ExchangeError::from(not_good(brought.name)),
        };
        let session = self.held(claims, brought.token.kid()).await.map_err(not_good)?.session;
        let grant = match claims.grant() {
            Some(grant) => Some(self.live_grant(grant).await.map_err(not_good)?),
            None => None,
        };
        let now = self.time.now();
        if grant.as_ref().is_some_and(|live| live.grant.idle_expires_at() <= now) {
            return Err(not_good(NotSignedIn::Expired));
        }
        Ok(Right { session, grant })
    }
}

/// Whose right the token carries on.
fn holder<'a>(right: &'a Right, sub: &'a Subject) -> Option<Holder<'a>> {
    match (&right.session, &right.grant, sub) {
        (Some(session), ..) => Some(Holder::Session(session)),
        (None, Some(LiveGrant { grant, user: Some(user), .. }), _) => {
            Some(Holder::User { user, grant })
        }
        (None, None, Subject::Client(client)) => Some(Holder::Service(client)),
        _ => None,
    }
}

/// What of two tokens is not said by the new one anyway. What is named twice is named once.
fn origin(subject: &Brought, actor: Option<&Brought>) -> Origin {
    let of = |brought: &Brought| brought.token.claims().subjects(brought.token.kid()).collect();
    let mut came_from: Vec<_> = of(subject);
    came_from.extend(actor.map(of).into_iter().flatten());
    came_from.sort_unstable();
    came_from.dedup();
    let claims = subject.token.claims();
    let own = [
        claims.session().map(cloakroom_model::log::Subject::Session),
        claims.grant().map(cloakroom_model::log::Subject::Grant),
    ];
    came_from.retain(|subject| !own.iter().flatten().any(|own| own == subject));
    let exp = actor.map_or(claims.exp, |actor| actor.token.claims().exp.min(claims.exp));
    Origin { exp, came_from }
}

/// What a client's tokens may allow at other services.
fn scopes_of(client: &Client) -> Scope {
    let elsewhere = client.scopes.iter().filter(|scope| *scope != session_cookie::SCOPE);
    Scope::of(elsewhere.cloned().collect())
}

/// One text for every reason, so that nobody learns which it is.
fn not_good(name: &str) -> Refused {
    Refused::new(
        Code::InvalidRequest,
        format!("{name} is not an access token of ours that is good now"),
    )
}

impl From<Limited> for ExchangeError {
    fn from(limited: Limited) -> Self {
        Self::Redeem(limited.into())
    }
}

impl From<MintError> for ExchangeError {
    fn from(error: MintError) -> Self {
        Self::Redeem(error.into())
    }
}

impl From<Error> for ExchangeError {
    fn from(error: Error) -> Self {
        Self::Redeem(error.into())
    }
}
