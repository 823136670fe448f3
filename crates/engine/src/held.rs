//! What an access token hangs from, at this moment: for what is asked about tokens rather than by them.

use std::sync::Arc;

use cloakroom_model::client::Client;
use cloakroom_model::grant::Details;
use cloakroom_model::user::User;

use crate::Engine;
use crate::identity::NotSignedIn;
use crate::memory::Name;
use crate::tokens::TokenClaims;

/// What a good token hangs from.
pub(crate) struct Held {
    /// The client that got it.
    pub(crate) client: Option<Arc<Client>>,
    /// Whom it is about; `None` for a guest and for a client's own.
    pub(crate) user: Option<User>,
    /// What its grant says; nothing where it has none.
    pub(crate) details: Details,
}

impl Engine {
    /// Finds out what a verified token hangs from, if none of it has ended. Counts as a use of nothing.
    pub(crate) async fn held(&self, claims: &TokenClaims, kid: &str) -> Result<Held, NotSignedIn> {
        if self.is_revoked(claims, kid) {
            return Err(NotSignedIn::Revoked);
        }
        let client = self.clients.find(&claims.client_id);
        let mut user = None;
        if let Some(sid) = claims.session() {
            let now = self.time.now();
            let name = Name::Session(sid);
            let session = match self.remembered(&name, now) {
                Some(session) => session,
                None => self.look_up_session(sid, name).await?,
            };
            user = session.user.as_deref().cloned();
        }
        let mut details = Details::default();
        if let Some(grant) = claims.grant() {
            let live = self.store.find_grant(grant).await?.ok_or(NotSignedIn::Revoked)?;
            details = live.grant.details;
            user = user.or(live.user);
        }
        Ok(Held { client, user, details })
    }
}
