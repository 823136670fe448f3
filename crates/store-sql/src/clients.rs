//! The registry of clients.

use async_trait::async_trait;
use cloakroom_model::client::Client;
use cloakroom_model::event::Reason;
use cloakroom_model::id::ClientId;
use cloakroom_model::log::{Change, Subject};
use cloakroom_model::secret::Digest;
use cloakroom_store::{Act, Clients, Done, Error, InsertClient};

use crate::doing::Doing;
use crate::{Database, Db, SqlStore, column, endings, initial_tokens, json, sql, streams, values};

#[async_trait]
impl<D: Database> Clients for SqlStore<D> {
    async fn find_client(&self, id: &ClientId) -> Result<Option<Client>, Error> {
        self.read(id.clone(), |db, id| {
            Box::pin(async move {
                db.find(sql::clients::FIND, values![id.as_str()], column::json).await
            })
        })
        .await
    }

    async fn list_clients(&self) -> Result<Vec<Client>, Error> {
        self.read_long((), |db, ()| Box::pin(db.list(sql::clients::LIST, &[], column::json))).await
    }

    async fn insert_client(
        &self,
        client: Client,
        token: Option<Digest>,
        act: &Act,
    ) -> Result<InsertClient, Error> {
        self.act(act, (client, token), |doing, (client, token)| {
            Box::pin(insert(doing, client, token.as_ref()))
        })
        .await
    }

    async fn replace_client(
        &self,
        seen: &Client,
        client: Client,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        self.act(act, (seen.clone(), client), |mut doing, (seen, client)| {
            Box::pin(async move {
                let id = values![seen.id.as_str()];
                let found = doing.db.find(sql::clients::FIND_TO_CHANGE, id, column::json).await?;
                if client.id != seen.id || found.as_ref() != Some(seen) {
                    return Ok(None);
                }
                let text = json(client)?;
                let replacement = values![&text, client.id.as_str()];
                doing.db.run(sql::clients::REPLACE, replacement).await?;
                doing.announce(Subject::Client(client.id.clone()), Change::Changed);
                doing.done(()).await.map(Some)
            })
        })
        .await
    }

    async fn remove_client(&self, id: &ClientId, act: &Act) -> Result<Option<Done<()>>, Error> {
        self.act(act, id.clone(), |doing, id| Box::pin(remove(doing, id))).await
    }

    async fn remove_unused_client(
        &self,
        id: &ClientId,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        self.act(act, id.clone(), |mut doing, id| {
            Box::pin(async move {
                let (db, key) = (doing.db, values![id.as_str()]);
                if !db.exists(sql::clients::IS_THERE_TO_END, key).await?
                    || db.exists(sql::clients::IS_IN_USE, key).await?
                {
                    return Ok(None);
                }
                db.run(sql::clients::DELETE, key).await?;
                doing.announce(Subject::Client(id.clone()), Change::Changed);
                doing.done(()).await.map(Some)
            })
        })
        .await
    }
}

/// Keeps a client from being removed until what is about to come of it is there. One that is gone already, or was never
/// in the registry, is the caller's affair.
pub(crate) async fn stays(db: &impl Db, id: &ClientId) -> Result<(), Error> {
    db.run(sql::clients::IS_THERE_AS_PARENT, values![id.as_str()]).await.map(drop)
}

async fn insert(
    mut doing: Doing<'_, impl Db>,
    client: &Client,
    token: Option<&Digest>,
) -> Result<InsertClient, Error> {
    let db = doing.db;
    if let Some(token) = token
        && !initial_tokens::works(db, token, doing.now()).await?
    {
        return Ok(InsertClient::TokenSpent);
    }
    let text = json(client)?;
    let row = values![client.id.as_str(), &text];
    if db.run(sql::clients::INSERT, row).await? == 0 {
        return Ok(InsertClient::Taken);
    }
    if let Some(token) = token {
        initial_tokens::spend(db, token).await?;
    }
    doing.announce(Subject::Client(client.id.clone()), Change::Changed);
    doing.done(()).await.map(InsertClient::Done)
}

async fn remove(mut doing: Doing<'_, impl Db>, id: &ClientId) -> Result<Option<Done<()>>, Error> {
    let (db, key) = (doing.db, values![id.as_str()]);
    // Waits for whatever is coming of it, which the statements after this one find.
    if db.run(sql::clients::DELETE, key).await? == 0 {
        return Ok(None);
    }
    // In the order in which a session, or a consent, takes the same rows with it.
    db.run(sql::relying_parties::DELETE_OF_CLIENT, key).await?;
    db.run(sql::consents::DELETE_OF_CLIENT, key).await?;
    db.run(sql::pushed_requests::DELETE_OF_CLIENT, key).await?;
    db.run(sql::codes::DELETE_OF_CLIENT, key).await?;
    db.run(sql::device_requests::DELETE_OF_CLIENT, key).await?;
    let of_client = sql::grants::DELETE_OF_CLIENT;
    endings::grants(&mut doing, of_client, key, Reason::ClientRemoved).await?;
    let stream = streams::remove_of(db, id).await?;
    doing.announce(Subject::Client(id.clone()), Change::Ended);
    let done = doing.done(()).await?;
    if let Some(stream) = stream {
        streams::forget(db, stream).await?;
    }
    Ok(Some(done))
}
