//! Marks of what was used.

use async_trait::async_trait;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Error, Marks};

use crate::{Database, Db as _, SqlStore, sql, values};

#[async_trait]
impl<D: Database> Marks for SqlStore<D> {
    async fn mark_once(
        &self,
        mark: Digest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error> {
        self.write((mark, until, now), |db, (mark, until, now)| {
            Box::pin(async move {
                let mark = values![&mark.0, until.0, now.0];
                Ok(db.run(sql::marks::LEAVE, mark).await? > 0)
            })
        })
        .await
    }

    async fn expire_marks(&self, now: Timestamp) -> Result<(), Error> {
        self.forget(sql::marks::DELETE_ENDED, now).await
    }
}
