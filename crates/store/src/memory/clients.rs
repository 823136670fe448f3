//! The registry of clients.

use async_trait::async_trait;
use cloakroom_model::client::Client;
use cloakroom_model::event::Reason;
use cloakroom_model::id::ClientId;
use cloakroom_model::log::Subject;
use cloakroom_model::secret::Digest;

use super::endings::Trace;
use super::{Memory, State};
use crate::{Act, Clients, Done, Error, InsertClient};

#[async_trait]
impl Clients for Memory {
    async fn find_client(&self, id: &ClientId) -> Result<Option<Client>, Error> {
        Ok(self.state()?.clients.get(id).cloned())
    }

    async fn list_clients(&self) -> Result<Vec<Client>, Error> {
        Ok(self.state()?.clients.values().cloned().collect())
    }

    async fn insert_client(
        &self,
        client: Client,
        token: Option<Digest>,
        act: &Act,
    ) -> Result<InsertClient, Error> {
        Ok(self.state()?.insert_client(client, token, act))
    }

    async fn replace_client(
        &self,
        seen: &Client,
        client: Client,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        Ok(self.state()?.replace_client(seen, client, act))
    }

    async fn remove_client(&self, id: &ClientId, act: &Act) -> Result<Option<Done<()>>, Error> {
        Ok(self.state()?.remove_client(id, act))
    }

    async fn remove_unused_client(
        &self,
        id: &ClientId,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        let mut state = self.state()?;
        if state.is_in_use(id) || state.clients.remove(id).is_none() {
            return Ok(None);
        }
        let mut trace = Trace::default();
        trace.changed(Subject::Client(id.clone()));
        Ok(Some(Done { value: (), rows: state.finish(act, trace) }))
    }
}

impl State {
    fn insert_client(&mut self, client: Client, token: Option<Digest>, act: &Act) -> InsertClient {
        let right = token.map(|token| self.initial_token(&token, act.at));
        if right == Some(None) {
            return InsertClient::TokenSpent;
        }
        if self.clients.contains_key(&client.id) {
            return InsertClient::Taken;
        }
        if let Some(token) = right.flatten() {
            self.spend_initial_token(token);
        }
        InsertClient::Done(self.keep_client(client, act))
    }

    fn replace_client(&mut self, seen: &Client, client: Client, act: &Act) -> Option<Done<()>> {
        let current = self.clients.get(&client.id)?;
        (current == seen).then(|| self.keep_client(client, act))
    }

    fn remove_client(&mut self, id: &ClientId, act: &Act) -> Option<Done<()>> {
        self.clients.remove(id)?;
        let mut trace = Trace::default();
        self.end_grants(|grant| grant.client == *id, Reason::ClientRemoved, &mut trace);
        self.consents.retain(|(_, client), _| client != id);
        self.pushed_requests.retain(|_, request| request.client != *id);
        self.codes.retain(|_, kept| kept.code.client != *id);
        self.device_requests.retain(|_, request| request.client != *id);
        self.relying_parties.retain(|_, party| party.client != *id);
        self.streams.retain(|_, kept| kept.stream.client != *id);
        trace.ended(Subject::Client(id.clone()));
        Some(Done { value: (), rows: self.finish(act, trace) })
    }

    fn is_in_use(&self, id: &ClientId) -> bool {
        self.grants.values().any(|grant| grant.client == *id)
            || self.consents.keys().any(|(_, client)| client == id)
            || self.pushed_requests.values().any(|request| request.client == *id)
            || self.codes.values().any(|kept| kept.code.client == *id)
            || self.device_requests.values().any(|request| request.client == *id)
            || self.relying_parties.keys().any(|(_, client)| client == id)
            || self.streams.values().any(|kept| kept.stream.client == *id)
    }

    fn keep_client(&mut self, client: Client, act: &Act) -> Done<()> {
        let mut trace = Trace::default();
        trace.changed(Subject::Client(client.id.clone()));
        self.clients.insert(client.id.clone(), client);
        Done { value: (), rows: self.finish(act, trace) }
    }
}
