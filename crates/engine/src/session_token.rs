//! A cookie earns a short token, for an audience its client may have. No grant and nothing that lasts: the
//! token dies with the session.

use std::sync::Arc;

use cloakroom_model::client::Client;
use cloakroom_model::registration::Binding;
use cloakroom_model::session::Carrier;
use cloakroom_oauth::scope::Scope;

use crate::Engine;
use crate::identity::{IdentifiesOnly, Identity};
use crate::tokens::{AccessToken, Holder, Mint, MintError};

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionTokenError {
    /// The identifying cookie earns nothing.
    #[error(transparent)]
    IdentifiesOnly(#[from] IdentifiesOnly),
    /// Rights never grow: a token earns no other token.
    #[error("only a session's cookie earns a token")]
    NotACookie,
    /// The client may not have tokens for this audience.
    #[error("this client may not have tokens for this audience")]
    Audience,
    /// The client's tokens are bound to a key, which a cookie does not prove.
    #[error("this client's tokens are bound to a key, and a cookie proves none")]
    Bound,
    /// No token could be made.
    #[error(transparent)]
    Mint(#[from] MintError),
}

impl Engine {
    /// Makes a token for `audience`, to be used by `client`: the one that the request's origin names.
    pub fn earn_token(
        &self,
        identity: &Identity,
        client: &Arc<Client>,
        audience: &str,
    ) -> Result<AccessToken, SessionTokenError> {
        identity.may_act()?;
        if identity.carrier != Carrier::Cookie {
            return Err(SessionTokenError::NotACookie);
        }
        if self.binding_of(client) != Binding::WhereProved {
            return Err(SessionTokenError::Bound);
        }
        if !self.audiences_of(client).iter().any(|allowed| allowed == audience) {
            return Err(SessionTokenError::Audience);
        }
        // For Cloakroom itself it identifies and no more: it must not earn a cookie again elsewhere.
        let scope = if audience == self.settings.issuer {
            Scope::default()
        } else {
            Scope::of(client.scopes.clone())
        };
        Ok(self.mint(&Mint {
            holder: Holder::Session(&identity.session),
            client,
            grant: None,
            audience,
            scope: &scope,
            details: None,
            origin: None,
        })?)
    }
}
