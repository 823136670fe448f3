//! A client's own token (RFC 6749 §4.4): for itself, and for nobody else. Nothing is stored; it dies with the client, the
//! key, or by its own name.

use std::sync::Arc;

use cloakroom_model::client::Client;
use cloakroom_model::grant::{Confirmation, Details};
use cloakroom_oauth::scope::Scope;
use cloakroom_oauth::scopes;
use cloakroom_oauth::token_request::ClientCredentialsRequest;

use crate::Engine;
use crate::granting::{Beside, Granted};
use crate::redeem_code::RedeemError;
use crate::tokens::{Holder, Mint};

impl Engine {
    /// Makes a token for a client that has proved itself. `proved` is the key that it proved beside.
    pub fn client_credentials(
        &self,
        request: &ClientCredentialsRequest,
        client: &Arc<Client>,
        proved: Option<Confirmation>,
    ) -> Result<Granted, RedeemError> {
        self.bound_as_it_must(client, proved.as_ref())?;
        let scope = match &request.scope {
            Some(asked) if !may_have(client, asked) => return Err(RedeemError::Scope),
            Some(asked) => asked.clone(),
            None => own_scopes(client),
        };
        let audiences = self.audiences_of(client);
        let audience = match &request.resource {
            Some(asked) if !audiences.contains(asked) => return Err(RedeemError::Audience),
            Some(asked) => asked.as_str(),
            None => self.first_audience(&audiences),
        };
        let details = Details { confirmation: proved, ..Details::default() };
        let access = self.mint(&Mint {
            holder: Holder::Service(&client.id),
            client,
            grant: None,
            audience,
            scope: &scope,
            details: Some(&details),
            origin: None,
        })?;
        Ok(Granted {
            access,
            refresh: None,
            scope,
            beside: Beside { confirmation: details.confirmation, ..Beside::default() },
        })
    }
}

/// Scopes that are about a person mean nothing where there is none.
fn is_about_a_person(scope: &str) -> bool {
    scopes::STANDARD.iter().any(|standard| standard.name == scope)
        || scope == crate::session_cookie::SCOPE
}

fn own_scopes(client: &Client) -> Scope {
    Scope::of(client.scopes.iter().filter(|scope| !is_about_a_person(scope)).cloned().collect())
}

fn may_have(client: &Client, asked: &Scope) -> bool {
    let own = own_scopes(client);
    asked.words().iter().all(|word| own.contains(word))
}
