//! Exchanging a code (RFC 6749 §4.1.3, RFC 7636 §4.6).
//!
//! Everything that a thief may lack is checked before the code is spent, so that a stolen code alone cannot be used to
//! spoil the owner's. A second use of a spent one ends what the first one got.

use std::sync::Arc;

use cloakroom_model::authorization::{Code, FoundCode, RelyingParty};
use cloakroom_model::client::Client;
use cloakroom_model::event::{Actor, Kind, Reason};
use cloakroom_model::grant::{Confirmation, Details};
use cloakroom_model::id::{GrantId, SessionId, UserId};
use cloakroom_model::registration::Binding;
use cloakroom_model::secret::Digest;
use cloakroom_oauth::authorization_request::AuthorizationRequest;
use cloakroom_oauth::scope::Scope;
use cloakroom_oauth::token_request::{CodeRequest, Presented};
use cloakroom_oauth::{pkce, scopes};
use cloakroom_store::{Act, Error, Redeem, Redeemed};

use crate::Engine;
use crate::granting::{Granted, NewGrant, TokensError, Wanted};
use crate::id_token::OfQuestion;
use crate::secret::{digest_of, from_text};
use crate::throttle::{Limited, What};
use crate::tokens::MintError;
use crate::visitor::Visitor;

/// What somebody allowed a client, before there is a grant of it.
pub(crate) struct Allowed<'a> {
    /// Of the code, or of a device's.
    pub(crate) digest: Digest,
    /// Who allowed it.
    pub(crate) user: UserId,
    /// In which session.
    pub(crate) session: SessionId,
    pub(crate) scope: &'a Scope,
    /// Whom its tokens may name, the default first.
    pub(crate) audience: Vec<String>,
    pub(crate) details: Details,
}

/// Why a code earned nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedeemError {
    /// It is unknown, over, spent, another client's, or not proved: `invalid_grant`.
    #[error("the code is not valid")]
    Refused,
    /// The client did not register for this way: `unauthorized_client`.
    #[error("the client is not registered for this grant type")]
    Unauthorized,
    /// More scope was asked for than the client may have: `invalid_scope`.
    #[error("more scope was asked for than is allowed")]
    Scope,
    /// The token was asked for somebody whom the request did not name: `invalid_target`.
    #[error("the request was for none of these audiences")]
    Audience,
    /// The client's tokens are bound to a key, and none was proved.
    #[error("no key was proved, and this client's tokens are bound to one")]
    Unbound(Binding),
    /// Too many from here.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// No token could be made.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<TokensError> for RedeemError {
    fn from(error: TokensError) -> Self {
        match error {
            TokensError::Nobody => Self::Refused,
            TokensError::Mint(error) => Self::Mint(error),
        }
    }
}

impl Engine {
    /// Exchanges a code for tokens, for a client that has proved itself as far as it must. `proved` is the key that it
    /// proved beside.
    pub async fn redeem_code(
        &self,
        request: &CodeRequest,
        client: &Arc<Client>,
        proved: Option<Confirmation>,
        visitor: &Visitor,
    ) -> Result<Granted, RedeemError> {
        self.limits.check(What::Code, &visitor.address, self.time.now()).await?;
        self.hear().await?;
        self.bound_as_it_must(client, proved.as_ref())?;
        let digest = from_text(request.code.as_str()).as_ref().map(digest_of);
        let digest = digest.ok_or(RedeemError::Refused)?;
        let noted = self.memory.note();
        let code = match self.store.find_code(&digest, self.time.now()).await? {
            Some(FoundCode::Fresh(code)) if code.client == client.id => code,
            Some(FoundCode::Spent { client: of, grant }) if of == client.id => {
                return self.replayed(grant, client, visitor).await;
            }
            _ => return Err(RedeemError::Refused),
        };
        let asked = asked_by(&code)?;
        proves(&asked, request, proved.as_ref())?;
        let audience = self.audiences_granted(&asked, client);
        let wanted_audience = match &request.resource {
            Some(asked) if !audience.contains(asked) => return Err(RedeemError::Audience),
            Some(asked) => asked.clone(),
            None => self.first_audience(&audience).to_owned(),
        };
        let allowed = Allowed {
            digest,
            user: code.user,
            session: code.session,
            scope: &asked.scope,
            audience,
            details: details_of(&asked, proved)?,
        };
        let (redeem, act) = self.redeeming(allowed, client, visitor).await?;
        let live = match self.store.redeem_code(redeem, &act).await? {
            Redeemed::Done(done) => {
                self.heard(&done.rows).await;
                done.value
            }
            Redeemed::Spent { grant } => return self.replayed(grant, client, visitor).await,
            Redeemed::Gone => return Err(RedeemError::Refused),
        };
        let wanted = Wanted {
            audience: &wanted_audience,
            scope: asked.scope.clone(),
            question: OfQuestion { nonce: asked.nonce.as_deref(), session: Some(code.session) },
        };
        Ok(self.tokens_of(&live, 0, client, wanted, noted)?)
    }

    /// What is to be stored where somebody who is still signed in allowed something. Storage sees to it once more.
    pub(crate) async fn redeeming(
        &self,
        allowed: Allowed<'_>,
        client: &Client,
        visitor: &Visitor,
    ) -> Result<(Redeem, Act), RedeemError> {
        let Allowed { digest, user, session, scope, audience, details } = allowed;
        let details = Details { status: self.place_for(client).await?, ..details };
        let live = self.store.find_session_by_id(session).await?;
        let session = live.ok_or(RedeemError::Refused)?.session;
        if !self.is_live(&session).await? {
            return Err(RedeemError::Refused);
        }
        let mut act = self.act(Kind::GrantMade, Actor::User(user));
        let new = NewGrant {
            client,
            user,
            session: &session,
            offline: scope.contains(scopes::OFFLINE_ACCESS),
            scope: scope.words().to_vec(),
            audience,
            details,
        };
        let grant = self.new_grant(new, act.at);
        act.event.user = grant.user;
        act.event.session = Some(session.id);
        act.event.grant = Some(grant.id);
        act.event.client = Some(client.id.clone());
        act.event.address = Some(visitor.address.to_string());
        let relying_party = scope.contains(scopes::OPENID).then(|| RelyingParty {
            session: session.id,
            client: client.id.clone(),
            subject: self.subject_for(client, user),
            failures: 0,
            try_at: act.at,
        });
        Ok((Redeem { digest, grant, relying_party }, act))
    }

    /// A spent code came again: somebody else has a copy, and nobody knows which of the two is the owner.
    async fn replayed(
        &self,
        grant: GrantId,
        client: &Client,
        visitor: &Visitor,
    ) -> Result<Granted, RedeemError> {
        let mut act = self.act(Kind::CodeReplayed, Actor::Anybody);
        act.event.grant = Some(grant);
        act.event.client = Some(client.id.clone());
        act.event.address = Some(visitor.address.to_string());
        if let Some(done) = self.store.end_grant(grant, Reason::CodeReplayed, &act).await? {
            self.heard(&done.rows).await;
        }
        Err(RedeemError::Refused)
    }

    /// A client whose tokens are bound proves its key each time.
    pub(crate) fn bound_as_it_must(
        &self,
        client: &Client,
        proved: Option<&Confirmation>,
    ) -> Result<(), RedeemError> {
        let binding = self.binding_of(client);
        if is_by(binding, proved) { Ok(()) } else { Err(RedeemError::Unbound(binding)) }
    }

    /// The audiences that a request's tokens may name, the default first.
    fn audiences_granted(&self, asked: &AuthorizationRequest, client: &Client) -> Vec<String> {
        if asked.resources.is_empty() { self.audiences_of(client) } else { asked.resources.clone() }
    }
}

/// Whether something is bound in this way.
pub(crate) fn is_by(binding: Binding, bound_to: Option<&Confirmation>) -> bool {
    matches!(
        (binding, bound_to),
        (Binding::WhereProved, _)
            | (Binding::Dpop, Some(Confirmation::Key(_)))
            | (Binding::Certificate, Some(Confirmation::Certificate(_)))
    )
}

/// What who redeems the code must know or hold.
fn proves(
    asked: &AuthorizationRequest,
    request: &CodeRequest,
    proved: Option<&Confirmation>,
) -> Result<(), RedeemError> {
    // RFC 6749 §4.1.3.
    let redirect = match &request.redirect_uri {
        Some(named) => *named == asked.redirect_uri,
        None => !asked.redirect_uri_sent,
    };
    let verifier = request.code_verifier.as_ref().map(Presented::as_str);
    let verifier = pkce::prove(asked.code_challenge.as_ref(), verifier).is_ok();
    // RFC 9449 §10.
    let key = match (&asked.dpop_jkt, proved) {
        (Some(named), Some(Confirmation::Key(held))) => named == held,
        (Some(_), _) => false,
        (None, _) => true,
    };
    if redirect && verifier && key { Ok(()) } else { Err(RedeemError::Refused) }
}

fn asked_by(code: &Code) -> Result<AuthorizationRequest, Error> {
    serde_json::from_str(&code.request).map_err(|error| Error::Corrupt(error.to_string()))
}

fn details_of(
    asked: &AuthorizationRequest,
    confirmation: Option<Confirmation>,
) -> Result<Details, Error> {
    let corrupt = |error: serde_json::Error| Error::Corrupt(error.to_string());
    let claims = (!asked.claims.is_empty()).then(|| serde_json::to_string(&asked.claims));
    let detailed = &asked.authorization_details;
    let detailed = (!detailed.is_empty()).then(|| serde_json::to_string(detailed));
    Ok(Details {
        confirmation,
        claims: claims.transpose().map_err(corrupt)?,
        authorization_details: detailed.transpose().map_err(corrupt)?,
        ..Details::default()
    })
}
