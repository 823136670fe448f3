//! What users allowed clients.

use async_trait::async_trait;
use cloakroom_model::authorization::Consent;
use cloakroom_model::event::Reason;
use cloakroom_model::id::{ClientId, UserId};

use super::endings::Trace;
use super::{Memory, State};
use crate::{Act, Consents, Done, Error, GiveConsent};

#[async_trait]
impl Consents for Memory {
    async fn give_consent(&self, consent: Consent, act: &Act) -> Result<GiveConsent, Error> {
        Ok(self.state()?.give_consent(consent, act))
    }

    async fn find_consent(
        &self,
        user: UserId,
        client: &ClientId,
    ) -> Result<Option<Consent>, Error> {
        Ok(self.state()?.consents.get(&(user, client.clone())).cloned())
    }

    async fn list_consents(&self, user: UserId) -> Result<Vec<Consent>, Error> {
        let state = self.state()?;
        Ok(state.consents.values().filter(|consent| consent.user == user).cloned().collect())
    }

    async fn withdraw_consent(
        &self,
        user: UserId,
        client: &ClientId,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        Ok(self.state()?.withdraw_consent(user, client, act))
    }
}

impl State {
    fn give_consent(&mut self, more: Consent, act: &Act) -> GiveConsent {
        if self.active_user(more.user).is_none() {
            return GiveConsent::Pointless;
        }
        let key = (more.user, more.client.clone());
        let consent = match self.consents.remove(&key) {
            Some(consent) => consent.widened_by(more),
            None => more,
        };
        self.consents.insert(key, consent.clone());
        self.finish(act, Trace::default());
        GiveConsent::Done(consent)
    }

    fn withdraw_consent(&mut self, user: UserId, client: &ClientId, act: &Act) -> Option<Done<()>> {
        self.consents.remove(&(user, client.clone()))?;
        let mut trace = Trace::default();
        self.end_all_of_user_at(user, client, Reason::ConsentWithdrawn, &mut trace);
        Some(Done { value: (), rows: self.finish(act, trace) })
    }
}
