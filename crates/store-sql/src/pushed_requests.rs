//! Pushed authorization requests.

use async_trait::async_trait;
use cloakroom_model::authorization::PushedRequest;
use cloakroom_model::id::ClientId;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Error, PushedRequests};

use crate::{Columns, Database, Db as _, SqlStore, clients, sql, values};

#[async_trait]
impl<D: Database> PushedRequests for SqlStore<D> {
    async fn insert_pushed_request(&self, request: PushedRequest) -> Result<(), Error> {
        self.write(request, |db, request| {
            Box::pin(async move {
                let PushedRequest { digest, client, request, created_at, expires_at } = request;
                clients::stays(db, client).await?;
                let row = values![&digest.0, client.as_str(), request, created_at.0, expires_at.0];
                db.run(sql::pushed_requests::INSERT, row).await.map(drop)
            })
        })
        .await
    }

    async fn find_pushed_request(
        &self,
        digest: &Digest,
        now: Timestamp,
    ) -> Result<Option<PushedRequest>, Error> {
        self.read((*digest, now), |db, (digest, now)| {
            Box::pin(async move {
                db.find(sql::pushed_requests::FIND, values![&digest.0, now.0], request).await
            })
        })
        .await
    }

    async fn expire_pushed_requests(&self, now: Timestamp) -> Result<(), Error> {
        self.forget(sql::pushed_requests::DELETE_ENDED, now).await
    }
}

fn request(columns: &mut Columns<'_>) -> Result<PushedRequest, Error> {
    Ok(PushedRequest {
        digest: Digest(columns.value()?),
        client: columns.parsed(ClientId::parse)?,
        request: columns.value()?,
        created_at: columns.time()?,
        expires_at: columns.time()?,
    })
}
