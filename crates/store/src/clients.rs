//! The registry of clients.

use async_trait::async_trait;
use cloakroom_model::client::Client;
use cloakroom_model::id::ClientId;
use cloakroom_model::secret::Digest;

use crate::{Act, Done, Error};

/// The registry of clients. The built-in client is not in it.
#[async_trait]
pub trait Clients: Send + Sync {
    /// Finds a client.
    async fn find_client(&self, id: &ClientId) -> Result<Option<Client>, Error>;

    /// All clients, by id.
    async fn list_clients(&self) -> Result<Vec<Client>, Error>;

    /// Keeps a new client, and appends a `changed` row for it. Spends one use of the initial access token by whose right it
    /// is registered, where there is one: it must have a use left and not be expired at the act's time. A token that two
    /// could spend at once would register more clients than its maker allowed.
    async fn insert_client(
        &self,
        client: Client,
        token: Option<Digest>,
        act: &Act,
    ) -> Result<InsertClient, Error>;

    /// Replaces a client by one of the same id that was made from `seen`; `None` where it is no longer `seen`.
    /// Appends a `changed` row.
    async fn replace_client(
        &self,
        seen: &Client,
        client: Client,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error>;

    /// Removes a client with all its grants, all that could become one and what users allowed it, and appends an `ended`
    /// row for it and for each grant; `None` where there was none. Sessions that began at it stay: they are the user's.
    async fn remove_client(&self, id: &ClientId, act: &Act) -> Result<Option<Done<()>>, Error>;

    /// Removes a client from which nothing hangs, and appends a `changed` row: nothing of it can be presented, so its name
    /// is free at once. `None` where there was none, or where it has a grant, a consent, anything that could become a
    /// grant, or a sign-out to be told of. A client that was removed while somebody uses it would sign them out of it.
    async fn remove_unused_client(
        &self,
        id: &ClientId,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error>;
}

/// How [`Clients::insert_client`] ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum InsertClient {
    /// The client is there.
    Done(Done<()>),
    /// There is one of this id.
    Taken,
    /// The initial access token does not work, or not any more.
    TokenSpent,
}
