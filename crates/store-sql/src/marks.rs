//! Marks of what was used.

use async_trait::async_trait;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Error, Marks};

use crate::{Database, Db, SqlStore, sql, values};

#[async_trait]
impl<D: Database> Marks for SqlStore<D> {
    async fn mark_once(
        &self,
        mark: Digest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error> {
        self.write((mark, until, now), |db, (mark, until, now)| {
            Box::pin(async move { leave(db, mark, *until, *now).await })
        })
        .await
    }

    async fn expire_marks(&self, now: Timestamp) -> Result<(), Error> {
        self.forget(sql::marks::DELETE_ENDED, now).await
    }
}

/// Leaves a mark; `false` where it was left before. Waits for whoever is about to leave it.
pub(crate) async fn leave(
    db: &impl Db,
    mark: &Digest,
    until: Timestamp,
    now: Timestamp,
) -> Result<bool, Error> {
    Ok(db.run(sql::marks::LEAVE, values![&mark.0, until.0, now.0]).await? > 0)
}

/// Whether a mark was left.
pub(crate) async fn is_left(db: &impl Db, mark: &Digest, now: Timestamp) -> Result<bool, Error> {
    db.exists(sql::marks::IS_LEFT, values![&mark.0, now.0]).await
}
