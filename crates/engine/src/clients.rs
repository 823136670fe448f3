//! The registry of clients: known by heart, and changed by operators.

mod check;
mod document;
mod initial_token;
mod itself;
mod registration;
mod registry;
mod room;

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::client::{Client, ClientSecret, Template, TokenPlace};
use cloakroom_model::event::{Actor, Kind};
use cloakroom_model::id::ClientId;
use cloakroom_model::log::{CONCERNS_FOR, Subject};
use cloakroom_model::registration::Registration;
use cloakroom_model::secret::Secret;
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::profile::{Contradiction, takes_part};
use cloakroom_store::{Error, InsertClient};

pub use self::initial_token::{InitialTokenError, NewInitialToken};
pub use self::itself::{RegisterError, Told};
pub use self::registration::{Said, read_registration, registered};
pub use self::registry::Registry;
use crate::Engine;
use crate::keys::KeysError;
use crate::random::Random;
use crate::secret::{digest_bytes, to_text};

/// A client that is to be registered.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// Its name in requests; made up where `None`.
    pub id: Option<ClientId>,
    /// Its name for people.
    pub name: String,
    /// Which kind of application it is.
    pub template: Template,
    /// Whether it belongs to whoever runs this server.
    pub first_party: bool,
    /// Its web origins.
    pub origins: Vec<String>,
    /// The audiences its tokens may name.
    pub audiences: Vec<String>,
    /// The scopes its tokens may have. Where there are none, a client that asks who somebody is gets the usual ones.
    pub scopes: Vec<String>,
    /// What its tokens are signed with.
    pub algorithm: Option<String>,
    /// Where else than the header it may put a token.
    pub token_places: Vec<TokenPlace>,
    /// Whether it gets a secret to prove itself with, where its method of authentication does not say so already.
    pub confidential: bool,
    /// What it registers for OAuth and OpenID Connect.
    pub registration: Registration,
}

/// A client that was registered.
#[derive(Clone, Debug)]
pub struct AddedClient {
    /// The client.
    pub client: Client,
    /// Its secret, shown this once.
    pub secret: Option<zeroize::Zeroizing<String>>,
}

/// Why a client was not registered or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// There is one of this name.
    #[error("there is a client of this name already")]
    Taken,
    /// There was one of this name a moment ago, and its tokens are still being refused.
    #[error(
        "a client of this name was removed less than {} minutes ago, and its tokens are refused for so long: wait, or \
         take another name",
        CONCERNS_FOR.as_secs() / 60
    )]
    Ended,
    /// There is none of this name.
    #[error("there is no client of this name")]
    NoClient,
    /// The built-in client cannot be changed.
    #[error("the built-in client `cloakroom` is always there and cannot be changed")]
    BuiltIn,
    /// A value does not fit.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// What was expected.
        problem: String,
    },
    /// Somebody else changed it at the same time.
    #[error("the client was changed by somebody else at the same time; look again")]
    Lost,
    /// What it registers for OAuth and OpenID Connect does not fit.
    #[error("{}", .0.description)]
    Registration(#[from] cloakroom_oauth::error::Error),
    /// A key for its algorithm could not be made.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Engine {
    /// Finds a client in memory.
    #[must_use]
    pub fn find_client(&self, id: &ClientId) -> Option<Arc<Client>> {
        self.clients.find(id)
    }

    /// The client that runs on a web origin.
    #[must_use]
    pub fn client_at_origin(&self, origin: &str) -> Option<Arc<Client>> {
        self.clients.at_origin(origin)
    }

    /// Every client, the built-in one too, by name.
    #[must_use]
    pub fn list_clients(&self) -> Vec<Arc<Client>> {
        self.clients.all()
    }

    /// The registered clients that cannot work under the profile, and why.
    #[must_use]
    pub fn clients_that_cannot_work(&self) -> Vec<(ClientId, Contradiction)> {
        let clients = self.clients.all();
        let taking_part = clients.iter().filter(|client| takes_part(client));
        taking_part
            .filter_map(|client| {
                let first = self.rules().contradictions(client).into_iter().next()?;
                Some((client.id.clone(), first))
            })
            .collect()
    }

    /// Registers a client by its template. A name is free again when no token of the client that had it before
    /// can be alive: until then the log says of the name that it ended.
    pub async fn add_client(
        &self,
        new: NewClient,
        actor: Actor,
    ) -> Result<AddedClient, ClientError> {
        let now = self.time.now();
        let id = match new.id {
            Some(id) if id == ClientId::built_in() => return Err(ClientError::BuiltIn),
            Some(id) => {
                self.catch_up().await?;
                if self.memory.has_ended(&Subject::Client(id.clone())) {
                    return Err(ClientError::Ended);
                }
                id
            }
            None => fresh_id(&*self.random)?,
        };
        let needs_secret = new.confidential || new.registration.method.needs_secret();
        let secret = needs_secret.then(|| self.random.secret());
        let client = Client {
            id: id.clone(),
            name: new.name,
            template: new.template,
            first_party: new.first_party,
            carriers: new.template.carriers().to_vec(),
            token_places: new.token_places,
            lifetimes: new.template.lifetimes(),
            audiences: new.audiences,
            scopes: registration::scopes(new.scopes, &new.registration),
            algorithm: new.algorithm,
            origins: new.origins,
            authentication: secret.iter().map(|secret| kept(secret, now)).collect(),
            data: Vec::new(),
            data_of_others: Vec::new(),
            registration: new.registration,
            created_at: now,
        };
        check::check(&client, self.rules())?;
        self.clients.alone_at_its_origins(&client)?;
        self.make_keys_for(&client).await?;
        let mut act = self.act(Kind::ClientAdded, actor);
        act.event.client = Some(id);
        match self.store.insert_client(client.clone(), None, &act).await? {
            // No token was named that could have been spent.
            InsertClient::Taken | InsertClient::TokenSpent => return Err(ClientError::Taken),
            InsertClient::Done(done) => self.heard(&done.rows).await,
        }
        Ok(AddedClient { client, secret: secret.as_ref().map(to_text) })
    }

    /// Replaces what `change` changes of a client.
    pub async fn change_client(
        &self,
        id: &ClientId,
        change: impl FnOnce(&mut Client) + Send,
        actor: Actor,
    ) -> Result<Client, ClientError> {
        let change = |client: &mut Client| {
            change(client);
            Ok(())
        };
        self.try_to_change_client(id, change, actor).await
    }

    async fn try_to_change_client(
        &self,
        id: &ClientId,
        change: impl FnOnce(&mut Client) -> Result<(), ClientError> + Send,
        actor: Actor,
    ) -> Result<Client, ClientError> {
        if *id == ClientId::built_in() {
            return Err(ClientError::BuiltIn);
        }
        let seen = self.store.find_client(id).await?.ok_or(ClientError::NoClient)?;
        let mut client = seen.clone();
        change(&mut client)?;
        check::check(&client, self.rules())?;
        self.clients.alone_at_its_origins(&client)?;
        self.make_keys_for(&client).await?;
        let mut act = self.act(Kind::ClientChanged, actor);
        act.event.client = Some(id.clone());
        let done = self
            .store
            .replace_client(&seen, client.clone(), &act)
            .await?
            .ok_or(ClientError::Lost)?;
        self.heard(&done.rows).await;
        Ok(client)
    }

    /// Gives a client a new secret, shown this once. Those it has work for `overlap` more, so that it can be put
    /// in place before the old one stops.
    pub async fn renew_client_secret(
        &self,
        id: &ClientId,
        overlap: Duration,
        actor: Actor,
    ) -> Result<AddedClient, ClientError> {
        let now = self.time.now();
        let secret = self.random.secret();
        let renew = |client: &mut Client| {
            let until = now.plus(overlap);
            for old in &mut client.authentication {
                old.expires_at = Some(old.expires_at.map_or(until, |at| at.min(until)));
            }
            client.authentication.retain(|kept| kept.expires_at.is_none_or(|at| at > now));
            client.authentication.push(kept(&secret, now));
        };
        let client = self.change_client(id, renew, actor).await?;
        Ok(AddedClient { client, secret: Some(to_text(&secret)) })
    }

    /// Removes a client and ends its grants. Sessions that began at it stay: they are the user's.
    pub async fn remove_client(&self, id: &ClientId, actor: Actor) -> Result<(), ClientError> {
        if *id == ClientId::built_in() {
            return Err(ClientError::BuiltIn);
        }
        let mut act = self.act(Kind::ClientRemoved, actor);
        act.event.client = Some(id.clone());
        let done = self.store.remove_client(id, &act).await?.ok_or(ClientError::NoClient)?;
        self.heard(&done.rows).await;
        Ok(())
    }

    /// Whether a client's secret is right (RFC 6749 §2.3.1).
    #[must_use]
    pub fn is_client_secret(&self, client: &Client, secret: &str) -> bool {
        let now = self.time.now();
        let digest = digest_bytes(secret.as_bytes());
        // All are compared, so that the time says nothing about which one fits.
        client.authentication.iter().fold(false, |fits, kept| {
            let in_time = kept.expires_at.is_none_or(|at| at > now);
            fits | (kept.digest.matches(&digest) & in_time)
        })
    }
}

/// A name for a client that has none.
fn fresh_id(random: &dyn Random) -> Result<ClientId, ClientError> {
    let random = u64::from_be_bytes(random.bytes());
    ClientId::parse(&format!("c-{random:016x}"))
        .map_err(|error| invalid("client_id", error.to_string()))
}

/// A client's secret is kept as a digest of the text it presents.
fn kept(secret: &Secret, now: Timestamp) -> ClientSecret {
    ClientSecret {
        digest: digest_bytes(to_text(secret).as_bytes()),
        created_at: now,
        expires_at: None,
    }
}

fn invalid(field: &'static str, problem: String) -> ClientError {
    ClientError::Invalid { field, problem }
}
