//! A service that comes with an access token of its own (RFC 6749 §4.4).

use std::sync::Arc;

use cloakroom_model::client::Client;
use cloakroom_model::grant::Confirmation;
use cloakroom_model::registration::RegisteredBy;
use cloakroom_oauth::access_token::Subject;
use cloakroom_oauth::scope::Scope;

use crate::Engine;
use crate::identity::NotSignedIn;

/// A service.
pub struct Service {
    /// The client that it is.
    pub client: Arc<Client>,
    /// What its token allows.
    pub scope: Scope,
}

/// Why no service is there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoService {
    /// The token is not good, or not any more.
    #[error(transparent)]
    Token(#[from] NotSignedIn),
    /// It is somebody's token, and not a service's own.
    #[error("the token is about a person, and not a service's own")]
    Somebody,
    /// Its client was not registered by who runs this server.
    #[error("the client was not registered by the operator")]
    Stranger,
}

impl Engine {
    /// Says which service's token it is. `proved` is the key that was proved for it.
    pub async fn check_service(
        &self,
        token: &str,
        proved: Option<&Confirmation>,
    ) -> Result<Service, NoService> {
        self.hear().await.map_err(NotSignedIn::Store)?;
        let verified = self.read_token(token, proved, self.time.now()).await?;
        let claims = verified.claims();
        if !matches!(&claims.sub, Subject::Client(id) if *id == claims.client_id) {
            return Err(NoService::Somebody);
        }
        // It ended, and the log says so in a moment.
        let client = self.clients.find(&claims.client_id).ok_or(NotSignedIn::Revoked)?;
        // What is open to strangers is no service of the operator's.
        if client.registration.by != RegisteredBy::Operator {
            return Err(NoService::Stranger);
        }
        Ok(Service { client, scope: claims.scope.clone() })
    }
}
