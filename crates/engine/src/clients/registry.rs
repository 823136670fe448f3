//! All clients, known by heart and read again when the log says that one changed.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use cloakroom_model::client::{Client, Template};
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::{RegisteredBy, Registration};
use cloakroom_model::session::Carrier;
use cloakroom_model::time::Timestamp;
use cloakroom_store::Error;
use tokio::sync::Mutex;

use super::{ClientError, invalid};
use crate::Engine;
use crate::settings::Settings;

/// All clients, as one map that is replaced whole. Reading it takes no lock.
pub struct Registry {
    clients: ArcSwap<HashMap<ClientId, Arc<Client>>>,
    /// Held while they are read again, so that what was read first is not put in place last.
    reloading: Mutex<()>,
}

impl Registry {
    /// The clients in `stored`, and the built-in one.
    #[must_use]
    pub fn new(stored: Vec<Client>, settings: &Settings) -> Self {
        Self {
            clients: ArcSwap::from_pointee(by_id(stored, settings)),
            reloading: Mutex::default(),
        }
    }

    /// Finds a client.
    #[must_use]
    pub fn find(&self, id: &ClientId) -> Option<Arc<Client>> {
        self.clients.load().get(id).cloned()
    }

    /// The client that runs on a web origin.
    #[must_use]
    pub fn at_origin(&self, origin: &str) -> Option<Arc<Client>> {
        let clients = self.clients.load();
        let there = clients.values().filter(|client| client.origins.iter().any(|of| of == origin));
        // Two are there only where two commands registered them at once: then it is always the same one.
        there.min_by(|a, b| a.id.cmp(&b.id)).cloned()
    }

    /// Every client, by name.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Client>> {
        let mut all: Vec<_> = self.clients.load().values().cloned().collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// Whether people could take this for the name of a client that the operator registered, or of this server.
    pub(super) fn is_name_of_operators(&self, name: &str) -> bool {
        let name = at_a_glance(name);
        let is_it = |client: &Arc<Client>| {
            client.registration.by == RegisteredBy::Operator && at_a_glance(&client.name) == name
        };
        !name.is_empty() && self.clients.load().values().any(is_it)
    }

    /// Refuses a client at an origin where another one runs: an origin names one client.
    pub(super) fn alone_at_its_origins(&self, client: &Client) -> Result<(), ClientError> {
        for origin in &client.origins {
            if let Some(other) = self.at_origin(origin).filter(|other| other.id != client.id) {
                let problem = format!("{origin}: the client {} runs there already", other.id);
                return Err(invalid("origin", problem));
            }
        }
        Ok(())
    }
}

impl Engine {
    pub(crate) async fn reload_clients(&self) -> Result<(), Error> {
        let _alone = self.clients.reloading.lock().await;
        let stored = self.store.list_clients().await?;
        self.clients.clients.store(Arc::new(by_id(stored, &self.settings)));
        Ok(())
    }
}

fn by_id(stored: Vec<Client>, settings: &Settings) -> HashMap<ClientId, Arc<Client>> {
    std::iter::once(built_in(&settings.issuer))
        .chain(stored.into_iter().map(|client| with_what_is_open(client, settings)))
        .map(|client| (client.id.clone(), Arc::new(client)))
        .collect()
}

/// What the tokens of a stranger may be for is a setting, and not kept with the client: where the operator takes a service
/// from the list, it is closed to all of them.
fn with_what_is_open(mut client: Client, settings: &Settings) -> Client {
    if client.registration.by != RegisteredBy::Operator {
        client.audiences = settings.open_audiences();
    }
    client
}

/// A name as somebody takes it who does not look closely.
fn at_a_glance(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The client that is meant where none is named: Cloakroom's own pages, and first-party programs.
fn built_in(issuer: &str) -> Client {
    Client {
        id: ClientId::built_in(),
        name: "Cloakroom".to_owned(),
        template: Template::Web,
        first_party: true,
        carriers: vec![Carrier::Cookie, Carrier::Token],
        token_places: Vec::new(),
        lifetimes: Template::Web.lifetimes(),
        audiences: vec![issuer.to_owned()],
        scopes: vec![crate::session_cookie::SCOPE.to_owned()],
        algorithm: None,
        origins: vec![issuer.to_owned()],
        authentication: Vec::new(),
        data: Vec::new(),
        data_of_others: Vec::new(),
        registration: Registration::default(),
        created_at: Timestamp(0),
    }
}
