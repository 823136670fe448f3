//! What an access token hangs from, at this moment: for what is asked about tokens rather than by them.

use std::sync::Arc;

use cloakroom_model::client::Client;
use cloakroom_model::grant::Details;
use cloakroom_model::id::GrantId;
use cloakroom_model::user::User;
use cloakroom_store::LiveGrant;

use crate::Engine;
use crate::identity::NotSignedIn;
use crate::memory::{Name, Remembered};
use crate::tokens::TokenClaims;

/// What a good token hangs from.
pub(crate) struct Held {
    /// The client that got it.
    pub(crate) client: Option<Arc<Client>>,
    /// Whom it is about; `None` for a guest and for a client's own.
    pub(crate) user: Option<User>,
    /// Its session, where it has one.
    pub(crate) session: Option<Arc<Remembered>>,
}

impl Engine {
    /// Finds out what a verified token hangs from, if none of it has ended. Counts as a use of nothing.
    pub(crate) async fn held(&self, claims: &TokenClaims, kid: &str) -> Result<Held, NotSignedIn> {
        if self.is_revoked(claims, kid) {
            return Err(NotSignedIn::Revoked);
        }
        let client = self.clients.find(&claims.client_id);
        let mut found = None;
        let user = match (claims.session(), claims.grant()) {
            // It ended with neither, or the log would say so.
            (Some(sid), _) => {
                let name = Name::Session(sid);
                let session = match self.remembered(&name, self.time.now()) {
                    Some(session) => session,
                    None => self.look_up_session(sid, name).await?,
                };
                found.insert(session).user.as_deref().cloned()
            }
            (None, Some(grant)) => self.live_grant(grant).await?.user,
            (None, None) => None,
        };
        Ok(Held { client, user, session: found })
    }

    /// What the grant of a verified token says; nothing where it has none.
    pub(crate) async fn details_of(&self, claims: &TokenClaims) -> Result<Details, NotSignedIn> {
        match claims.grant() {
            Some(grant) => Ok(self.live_grant(grant).await?.grant.details),
            None => Ok(Details::default()),
        }
    }

    pub(crate) async fn live_grant(&self, grant: GrantId) -> Result<LiveGrant, NotSignedIn> {
        self.store.find_grant(grant).await?.ok_or(NotSignedIn::Revoked)
    }
}
