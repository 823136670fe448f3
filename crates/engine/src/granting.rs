//! What a client gets for a grant: an access token, a refresh token where it may have one, and an ID token where
//! somebody was asked who they are.

use cloakroom_model::client::Client;
use cloakroom_model::grant::{Confirmation, Details, Grant};
use cloakroom_model::id::UserId;
use cloakroom_model::registration::{GrantType, RegisteredBy};
use cloakroom_model::session::Session;
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::scope::Scope;
use cloakroom_oauth::scopes;
use cloakroom_store::LiveGrant;
use zeroize::Zeroizing;

use crate::Engine;
use crate::begin::TokenPair;
use crate::id_token::OfQuestion;
use crate::memory::{Noted, Remembered};
use crate::tokens::{AccessToken, Holder, Mint, MintError};

/// What a client gets.
pub struct Granted {
    /// For requests.
    pub access: AccessToken,
    /// For the next of them.
    pub refresh: Option<Zeroizing<String>>,
    /// What the access token allows.
    pub scope: Scope,
    /// What is told beside.
    pub beside: Beside,
}

/// What a client is told beside its tokens.
#[derive(Default)]
pub struct Beside {
    /// Who the user is.
    pub id_token: Option<String>,
    /// The key that the access token's holder must prove.
    pub confirmation: Option<Confirmation>,
    /// What it allows in detail, as JSON.
    pub authorization_details: Option<String>,
}

impl From<TokenPair> for Granted {
    fn from(pair: TokenPair) -> Self {
        let TokenPair { access, refresh, scope, beside } = pair;
        Self { access, refresh: Some(refresh), scope, beside }
    }
}

/// What of a grant is asked for this time.
pub(crate) struct Wanted<'a> {
    /// The audience of the access token.
    pub(crate) audience: &'a str,
    /// What it shall allow.
    pub(crate) scope: Scope,
    /// What the ID token says of the question.
    pub(crate) question: OfQuestion<'a>,
}

/// What a new grant is made for.
pub(crate) struct NewGrant<'a> {
    pub(crate) client: &'a Client,
    pub(crate) user: UserId,
    pub(crate) session: &'a Session,
    /// Whether it outlives the session.
    pub(crate) offline: bool,
    pub(crate) scope: Vec<String>,
    pub(crate) audience: Vec<String>,
    pub(crate) details: Details,
}

impl Engine {
    /// Whether a client is registered for tokens in this way (RFC 6749 §5.2: `unauthorized_client`).
    #[must_use]
    pub fn may_ask_for_tokens(&self, client: &Client, grant_type: GrantType) -> bool {
        may_ask_by(client, grant_type)
    }

    /// A grant that a session's user gives a client.
    pub(crate) fn new_grant(&self, new: NewGrant<'_>, now: Timestamp) -> Grant {
        let NewGrant { client, user, session, offline, mut scope, audience, details } = new;
        scope.sort_unstable();
        let authentication = offline.then(|| session.authentication.clone()).flatten();
        let end = now.plus(client.lifetimes.absolute);
        Grant {
            id: self.random.grant_id(now),
            user: Some(user),
            session: (!offline).then_some(session.id),
            client: client.id.clone(),
            scope,
            audience,
            created_at: now,
            expires_at: if offline { end } else { end.min(session.expires_at) },
            idle: client.lifetimes.idle,
            last_used_at: now,
            data_key: self.data_keys.newest(),
            counter: 0,
            rotations: Vec::new(),
            bound: details.confirmation.is_some(),
            details: Details { authentication, ..details },
        }
    }

    /// Makes the tokens of a grant whose newest refresh token is `counter`.
    pub(crate) fn tokens_of(
        &self,
        live: &LiveGrant,
        counter: u64,
        client: &Client,
        wanted: Wanted<'_>,
        noted: Noted,
    ) -> Result<Granted, TokensError> {
        let LiveGrant { grant, session, user } = live;
        let now = self.time.now();
        let session =
            session.clone().map(|session| Remembered::new(session, user.clone(), noted, now));
        let holder = match (&session, user) {
            (Some(session), _) => Holder::Session(session),
            (None, Some(user)) => Holder::User { user, grant },
            // A service has its own proof, and no grant.
            (None, None) => return Err(TokensError::Nobody),
        };
        let Wanted { audience, scope, question } = wanted;
        let details = &grant.details;
        let access = self.mint(&Mint {
            holder,
            client,
            grant: Some(grant.id),
            audience,
            scope: &scope,
            details: Some(details),
            origin: None,
        })?;
        let refreshes = may_ask_by(client, GrantType::RefreshToken);
        let refresh = refreshes.then(|| self.refresh_token(grant, counter)).transpose()?;
        let id_token = match &holder.user() {
            Some(user) if scope.contains(scopes::OPENID) => {
                Some(self.id_token(client, user, &holder, details, &access.token, &question)?)
            }
            _ => None,
        };
        Ok(Granted {
            access,
            refresh,
            scope,
            beside: Beside {
                id_token,
                confirmation: details.confirmation.clone(),
                authorization_details: details.authorization_details.clone(),
            },
        })
    }
}

/// Whether a client gets tokens in this way. One that registered no way is from before there was more than one, and
/// refreshes.
pub(crate) fn may_ask_by(client: &Client, grant_type: GrantType) -> bool {
    let registered = &client.registration.grant_types;
    match grant_type {
        // RFC 6749 §4.4: for clients that prove who they are.
        GrantType::ClientCredentials => {
            registered.contains(&grant_type) && client.is_confidential()
        }
        // RFC 8693 §5: and these are sent tokens because somebody of this house said that they are a service.
        GrantType::TokenExchange => {
            registered.contains(&grant_type)
                && client.is_confidential()
                && client.registration.by == RegisteredBy::Operator
        }
        GrantType::RefreshToken if registered.is_empty() => true,
        _ => registered.contains(&grant_type),
    }
}

/// Why a grant earned no tokens.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokensError {
    #[error("the grant is nobody's")]
    Nobody,
    #[error(transparent)]
    Mint(#[from] MintError),
}
