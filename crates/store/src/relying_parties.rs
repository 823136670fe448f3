//! Clients that must be told that a session has ended. They are noted by what tells them whose session it is
//! ([`crate::Codes::redeem_code`]), and outlive the session until they were told.

use async_trait::async_trait;
use cloakroom_model::authorization::RelyingParty;
use cloakroom_model::id::{ClientId, SessionId};
use cloakroom_model::time::Timestamp;

use crate::Error;

/// Relying parties.
#[async_trait]
pub trait RelyingParties: Send + Sync {
    /// Those of a session, live or ended, by client.
    async fn list_relying_parties(&self, session: SessionId) -> Result<Vec<RelyingParty>, Error>;

    /// Claims at most `limit` whose session is gone and that may be tried at `now`, the longest due first: nobody else
    /// is given them before `lease_until`, unless that is put off. Answers them by session and client.
    ///
    /// A backend that gives one to two nodes has a client told twice; one that gives it to none leaves somebody signed
    /// in there who signed out here.
    async fn claim_relying_parties(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<RelyingParty>, Error>;

    /// Forgets one that was told, or that is given up.
    async fn forget_relying_party(
        &self,
        session: SessionId,
        client: &ClientId,
    ) -> Result<(), Error>;

    /// Counts that one was told in vain; it is due again at `try_at`.
    async fn put_off_relying_party(
        &self,
        session: SessionId,
        client: &ClientId,
        try_at: Timestamp,
    ) -> Result<(), Error>;
}
