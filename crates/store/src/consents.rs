//! What users allowed clients.

use async_trait::async_trait;
use cloakroom_model::authorization::Consent;
use cloakroom_model::id::{ClientId, UserId};

use crate::{Act, Done, Error};

/// Consents. Each is for one user and one client.
#[async_trait]
pub trait Consents: Send + Sync {
    /// Allows a client more than before, if the user is active. What was allowed already stays so.
    async fn give_consent(&self, consent: Consent, act: &Act) -> Result<GiveConsent, Error>;

    /// Finds what a user allowed a client.
    async fn find_consent(&self, user: UserId, client: &ClientId)
    -> Result<Option<Consent>, Error>;

    /// All that a user allowed, by client.
    async fn list_consents(&self, user: UserId) -> Result<Vec<Consent>, Error>;

    /// Takes all of it back from one client: ends its grants of this user, as [`crate::Grants::end_grants_of_user_at`]
    /// does; `None` where nothing was allowed.
    ///
    /// After this returns nothing lasts that rested on the consent, and nothing comes of it any more. A backend that
    /// leaves a code behind gives the client everything back.
    async fn withdraw_consent(
        &self,
        user: UserId,
        client: &ClientId,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error>;
}

/// How [`Consents::give_consent`] ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum GiveConsent {
    /// This is allowed now.
    Done(Consent),
    /// The user is gone.
    Pointless,
}
