//! The registry of clients.

use async_trait::async_trait;
use cloakroom_model::client::Client;
use cloakroom_model::event::Reason;
use cloakroom_model::id::ClientId;
use cloakroom_model::link::Purpose;
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
        link: Option<Digest>,
        act: &Act,
    ) -> Result<InsertClient, Error> {
        Ok(self.state()?.insert_client(client, link, act))
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
}

impl State {
    fn insert_client(&mut self, client: Client, link: Option<Digest>, act: &Act) -> InsertClient {
        if link.is_some_and(|link| !self.link_works(&link, act.at, Purpose::Register)) {
            return InsertClient::LinkSpent;
        }
        if self.clients.contains_key(&client.id) {
            return InsertClient::Taken;
        }
        if let Some(link) = link {
            self.links.remove(&link);
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
        trace.ended(Subject::Client(id.clone()));
        Some(Done { value: (), rows: self.finish(act, trace) })
    }

    fn keep_client(&mut self, client: Client, act: &Act) -> Done<()> {
        let mut trace = Trace::default();
        trace.changed(Subject::Client(client.id.clone()));
        self.clients.insert(client.id.clone(), client);
        Done { value: (), rows: self.finish(act, trace) }
    }
}
