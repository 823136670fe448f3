//! What a token is worth at this moment, for whoever it concerns (RFC 7662).

use std::sync::Arc;

use cloakroom_model::client::Client;
use cloakroom_model::registration::RegisteredBy;
use cloakroom_model::user::Username;
use cloakroom_oauth::access_token::Subject;
use cloakroom_oauth::introspection::{Introspection, Signed, TYP};
use cloakroom_oauth::scope::Scope;
use cloakroom_oauth::token_in_question::TokenInQuestion;
use cloakroom_store::Error;

use crate::Engine;
use crate::identity::NotSignedIn;
use crate::throttle::{Limited, What};
use crate::tokens::{MintError, Tokens};
use crate::visitor::Visitor;

/// Why nothing is said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IntrospectError {
    /// Too many from here.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Engine {
    /// Says what a token is worth to `asker`: something only where it is its own token, or one for an audience of its.
    /// Everything else is not active, whatever the reason (RFC 7662 §2.2).
    pub async fn introspect(
        &self,
        request: &TokenInQuestion,
        asker: &Arc<Client>,
        visitor: &Visitor,
    ) -> Result<Introspection, IntrospectError> {
        self.limits.check(What::Introspect, &visitor.address, self.time.now()).await?;
        self.hear().await?;
        match request {
            TokenInQuestion::Access(token) => Ok(self.introspect_access(token, asker).await?),
            TokenInQuestion::Refresh(presented) => {
                let Some(live) = self.store.find_grant(presented.grant).await? else {
                    return Ok(Introspection::inactive());
                };
                let grant = &live.grant;
                let newest = presented.counter == grant.counter;
                let expires_at = grant.idle_expires_at();
                let session_lives = match &live.session {
                    Some(session) => self.is_live(session).await?,
                    None => true,
                };
                let lives = expires_at > self.time.now() && session_lives;
                let subject = match (grant.user, grant.session) {
                    (Some(user), _) => Subject::User(user),
                    (None, Some(session)) => Subject::Guest(session),
                    (None, None) => Subject::Client(grant.client.clone()),
                };
                let proved = grant.client == asker.id && self.proves(presented, grant).await?;
                if !(newest && lives && proved) {
                    return Ok(Introspection::inactive());
                }
                let scope = Scope::of(grant.scope.clone());
                let client = grant.client.clone();
                Ok(Introspection::refresh(client, subject, scope, grant.created_at, expires_at))
            }
            TokenInQuestion::Nothing => Ok(Introspection::inactive()),
        }
    }

    /// An answer as a token of its own (RFC 9701), for a client that asks for one.
    pub fn sign_introspection(
        &self,
        introspection: &Introspection,
        asker: &Client,
    ) -> Result<String, MintError> {
        let algorithm = self.algorithm_of(asker.registration.signing.introspection.as_deref())?;
        let now = self.time.now();
        let signed = Signed::new(&self.settings.issuer, &asker.id, now, introspection);
        self.sign_as(TYP, algorithm, &signed)
    }

    async fn introspect_access(&self, token: &str, asker: &Client) -> Result<Introspection, Error> {
        let now = self.time.now();
        let Ok(verified) = self.verify(Tokens::verify_any_audience, token, now).await? else {
            return Ok(Introspection::inactive());
        };
        let claims = verified.claims();
        // A service is one that the operator registered: what is open to strangers is not theirs.
        let is_service = asker.registration.by == RegisteredBy::Operator;
        let concerns = claims.client_id == asker.id
            || is_service && claims.aud.iter().any(|aud| asker.audiences.contains(aud));
        if !concerns {
            return Ok(Introspection::inactive());
        }
        let held = match self.held(claims, verified.kid()).await {
            Ok(held) => held,
            Err(NotSignedIn::Store(error)) => return Err(error),
            Err(_) => return Ok(Introspection::inactive()),
        };
        let username = held.user.as_ref().and_then(|user| user.username.as_ref());
        let username = username.map(|name| Username::as_str(name).to_owned());
        let mut told = (**claims).clone();
        // The token says what they were when it was made; who asks wants to know what they are.
        if let Some(user) = held.user {
            told.roles = user.roles;
        }
        Ok(Introspection::access(told, username))
    }
}
