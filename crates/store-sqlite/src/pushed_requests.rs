//! Pushed authorization requests.

use async_trait::async_trait;
use cloakroom_model::authorization::PushedRequest;
use cloakroom_model::id::ClientId;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Error, PushedRequests};

use crate::driver::Columns;
use crate::{Sqlite, sql};

#[async_trait]
impl PushedRequests for Sqlite {
    async fn insert_pushed_request(&self, request: PushedRequest) -> Result<(), Error> {
        self.write(move |db| {
            let PushedRequest { digest, client, request, created_at, expires_at } = request;
            let row = (digest.0, client.as_str(), request, created_at.0, expires_at.0);
            db.run(sql::pushed_requests::INSERT, row).map(drop)
        })
        .await
    }

    async fn find_pushed_request(
        &self,
        digest: &Digest,
        now: Timestamp,
    ) -> Result<Option<PushedRequest>, Error> {
        self.readers.short(|db| db.find(sql::pushed_requests::FIND, (digest.0, now.0), request))
    }

    async fn expire_pushed_requests(&self, now: Timestamp) -> Result<(), Error> {
        self.write(move |db| db.run(sql::pushed_requests::DELETE_ENDED, [now.0]).map(drop)).await
    }
}

fn request(columns: &mut Columns<'_, '_>) -> Result<PushedRequest, Error> {
    Ok(PushedRequest {
        digest: Digest(columns.value()?),
        client: columns.parsed(ClientId::parse)?,
        request: columns.value()?,
        created_at: columns.time()?,
        expires_at: columns.time()?,
    })
}
