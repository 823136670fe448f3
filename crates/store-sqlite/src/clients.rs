//! The registry of clients.

use async_trait::async_trait;
use cloakroom_model::client::Client;
use cloakroom_model::event::Reason;
use cloakroom_model::id::ClientId;
use cloakroom_model::log::{Change, Subject};
use cloakroom_model::secret::Digest;
use cloakroom_store::{Act, Clients, Done, Error, InsertClient};

use crate::driver::{Db, column, json};
use crate::{Sqlite, endings, initial_tokens, sql};

#[async_trait]
impl Clients for Sqlite {
    async fn find_client(&self, id: &ClientId) -> Result<Option<Client>, Error> {
        self.readers.short(|db| find(db, id))
    }

    async fn list_clients(&self) -> Result<Vec<Client>, Error> {
        self.readers.long(|db| db.list(sql::clients::LIST, [], column::json)).await
    }

    async fn insert_client(
        &self,
        client: Client,
        token: Option<Digest>,
        act: &Act,
    ) -> Result<InsertClient, Error> {
        self.act(act, move |mut doing| {
            let db = doing.db;
            if let Some(token) = &token
                && !initial_tokens::works(db, token, doing.now())?
            {
                return Ok(InsertClient::TokenSpent);
            }
            let row = (client.id.as_str(), json(&client)?);
            if db.run(sql::clients::INSERT, row)? == 0 {
                return Ok(InsertClient::Taken);
            }
            if let Some(token) = &token {
                initial_tokens::spend(db, token)?;
            }
            doing.announce(Subject::Client(client.id), Change::Changed);
            doing.done(()).map(InsertClient::Done)
        })
        .await
    }

    async fn replace_client(
        &self,
        seen: &Client,
        client: Client,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        let seen = seen.clone();
        self.act(act, move |mut doing| {
            if client.id != seen.id || find(doing.db, &seen.id)? != Some(seen) {
                return Ok(None);
            }
            doing.db.run(sql::clients::REPLACE, (json(&client)?, client.id.as_str()))?;
            doing.announce(Subject::Client(client.id), Change::Changed);
            doing.done(()).map(Some)
        })
        .await
    }

    async fn remove_client(&self, id: &ClientId, act: &Act) -> Result<Option<Done<()>>, Error> {
        let id = id.clone();
        self.act(act, move |mut doing| {
            if doing.db.run(sql::clients::DELETE, [id.as_str()])? == 0 {
                return Ok(None);
            }
            let of_client = sql::grants::DELETE_OF_CLIENT;
            endings::grants(&mut doing, of_client, [id.as_str()], Reason::ClientRemoved)?;
            doing.db.run(sql::consents::DELETE_OF_CLIENT, [id.as_str()])?;
            doing.db.run(sql::pushed_requests::DELETE_OF_CLIENT, [id.as_str()])?;
            doing.db.run(sql::codes::DELETE_OF_CLIENT, [id.as_str()])?;
            doing.db.run(sql::device_requests::DELETE_OF_CLIENT, [id.as_str()])?;
            doing.db.run(sql::relying_parties::DELETE_OF_CLIENT, [id.as_str()])?;
            doing.announce(Subject::Client(id), Change::Ended);
            doing.done(()).map(Some)
        })
        .await
    }

    async fn remove_unused_client(
        &self,
        id: &ClientId,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        let id = id.clone();
        self.act(act, move |mut doing| {
            if doing.db.exists(sql::clients::IS_IN_USE, [id.as_str()])?
                || doing.db.run(sql::clients::DELETE, [id.as_str()])? == 0
            {
                return Ok(None);
            }
            doing.announce(Subject::Client(id), Change::Changed);
            doing.done(()).map(Some)
        })
        .await
    }
}

fn find(db: &Db, id: &ClientId) -> Result<Option<Client>, Error> {
    db.find(sql::clients::FIND, [id.as_str()], column::json)
}
