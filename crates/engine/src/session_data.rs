//! Session data: a client's small documents with a user or a session.

use std::sync::Arc;

use cloakroom_model::client::Client;
use cloakroom_model::data::{Belongs, Change, Document, DocumentKey, Etag, Namespace, Owner, Seen};
use cloakroom_model::event::Kind;
use cloakroom_model::id::ClientId;
use cloakroom_store::{Error, Write, Written};

use crate::Engine;
use crate::identity::{IdentifiesOnly, Identity};

/// Why nothing was read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The identifying cookie earns nothing.
    #[error(transparent)]
    IdentifiesOnly(#[from] IdentifiesOnly),
    /// The namespace is another client's, and was not granted.
    #[error("this client may not use this namespace")]
    NotYours,
    /// There is no such client.
    #[error("there is no client of this name")]
    NoClient,
    /// What the writer saw is no longer so.
    #[error("the document is not as it was seen")]
    NotAsSeen(Option<Etag>),
    /// There would be more than the limit allows.
    #[error("the documents would be larger than {0} bytes in all")]
    TooLarge(usize),
    /// The session ended meanwhile.
    #[error("the session has ended")]
    Ended,
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Engine {
    /// Reads a document. `client` is the one that asks: the token's, or the one that the request's origin names.
    pub async fn read_data(
        &self,
        identity: &Identity,
        client: &Client,
        of: Option<&ClientId>,
        namespace: &Namespace,
    ) -> Result<Option<Document>, DataError> {
        let key = self.document(identity, client, of, namespace)?;
        Ok(self.store.read_data(&key).await?)
    }

    /// Changes a document, and answers what it is now.
    pub async fn write_data(
        &self,
        identity: &Identity,
        client: &Client,
        of: Option<&ClientId>,
        namespace: &Namespace,
        seen: Seen,
        change: Change,
    ) -> Result<Option<Document>, DataError> {
        let key = self.document(identity, client, of, namespace)?;
        let limit = self.settings.session_data_limit;
        let by = identity.hanging();
        let write = Write { key, by, seen, change, etag: self.random.etag(), limit };
        // Data are their owner's affair: changing them is no event, and needs no row.
        let act = self.act(Kind::ProfileChanged, identity.actor());
        match self.store.write_data(write, &act).await? {
            Written::Done(document) => Ok(document),
            Written::NotAsSeen(current) => Err(DataError::NotAsSeen(current)),
            Written::TooLarge => Err(DataError::TooLarge(limit)),
            Written::Ended => Err(DataError::Ended),
        }
    }

    fn document(
        &self,
        identity: &Identity,
        client: &Client,
        of: Option<&ClientId>,
        namespace: &Namespace,
    ) -> Result<DocumentKey, DataError> {
        identity.may_act()?;
        let of = of.unwrap_or(&client.id);
        if !client.may_use(of, namespace) {
            return Err(DataError::NotYours);
        }
        let rule = self.clients.find(of).ok_or(DataError::NoClient)?.data_rule(namespace);
        let owner = match (identity.user_id(), rule.belongs) {
            (Some(user), Belongs::User) => Owner::User(user),
            (None, _) | (Some(_), Belongs::Session) => Owner::Session(identity.sid()),
        };
        Ok(DocumentKey { owner, client: of.clone(), namespace: namespace.clone() })
    }

    /// The client that a request acts for: a token says it, and beside a cookie the browser's origin does.
    #[must_use]
    pub fn acting_client(&self, identity: &Identity, origin: Option<&str>) -> Option<Arc<Client>> {
        match identity.scope {
            Some(_) => self.clients.find(&identity.client),
            None => match origin {
                Some(origin) => self.clients.at_origin(origin),
                None => self.clients.find(&ClientId::built_in()),
            },
        }
    }
}
