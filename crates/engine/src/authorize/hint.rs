//! Whom a client says the person must be: an ID token from before, or a `sub` that it asks for by value.

use cloakroom_model::client::Client;
use cloakroom_model::id::UserId;
use cloakroom_oauth::authorization_request::AuthorizationRequest;
use cloakroom_oauth::error::{Code, Error};

use crate::Engine;

/// Nobody: it is nobody's id, since every id has a time.
const NOBODY: UserId = UserId::from_bytes([0; 16]);

impl Engine {
    /// Whom the client of a request names, if it names anybody. A client that has other names for people than we
    /// can only be asked whether it means the one who is there: `present`.
    pub(super) fn hinted(
        &self,
        request: &AuthorizationRequest,
        client: &Client,
        present: Option<UserId>,
    ) -> Result<Option<UserId>, Error> {
        let by_token = match &request.id_token_hint {
            Some(token) => {
                let hint = self.read_id_token_hint(token);
                let hint = hint.ok_or_else(|| {
                    Error::new(Code::InvalidRequest, "id_token_hint is no ID token of this server")
                })?;
                Some(hint.sub)
            }
            None => None,
        };
        let named = by_token.as_deref().or_else(|| request.claims.subject());
        Ok(named.map(|name| match present {
            Some(user) if self.subject_for(client, user) == name => user,
            _ => name.parse().unwrap_or(NOBODY),
        }))
    }
}
