//! Clients that must be told that a session has ended.

use async_trait::async_trait;
use cloakroom_model::authorization::RelyingParty;
use cloakroom_model::id::{ClientId, SessionId};
use cloakroom_model::time::Timestamp;

use super::{Memory, State};
use crate::{Error, RelyingParties};

#[async_trait]
impl RelyingParties for Memory {
    async fn list_relying_parties(&self, session: SessionId) -> Result<Vec<RelyingParty>, Error> {
        let state = self.state()?;
        let parties = state.relying_parties.values();
        Ok(parties.filter(|party| party.session == session).cloned().collect())
    }

    async fn claim_relying_parties(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<RelyingParty>, Error> {
        Ok(self.state()?.claim_relying_parties(now, lease_until, limit))
    }

    async fn forget_relying_party(
        &self,
        session: SessionId,
        client: &ClientId,
    ) -> Result<(), Error> {
        self.state()?.relying_parties.remove(&(session, client.clone()));
        Ok(())
    }

    async fn put_off_relying_party(
        &self,
        session: SessionId,
        client: &ClientId,
        try_at: Timestamp,
    ) -> Result<(), Error> {
        if let Some(party) = self.state()?.relying_parties.get_mut(&(session, client.clone())) {
            party.failures += 1;
            party.try_at = try_at;
        }
        Ok(())
    }
}

impl State {
    fn claim_relying_parties(
        &mut self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Vec<RelyingParty> {
        let Self { relying_parties, sessions, .. } = self;
        let mut due: Vec<_> = relying_parties
            .values_mut()
            .filter(|party| party.try_at <= now && !sessions.contains_key(&party.session))
            .collect();
        due.sort_by_key(|party| party.try_at);
        due.truncate(limit);
        due.sort_by(|one, other| (one.session, &one.client).cmp(&(other.session, &other.client)));
        let claimed = due.into_iter().map(|party| {
            party.try_at = lease_until;
            party.clone()
        });
        claimed.collect()
    }
}
