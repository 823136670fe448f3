//! Marks of what was used.

use async_trait::async_trait;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Error, Marks};

use crate::{Sqlite, sql};

#[async_trait]
impl Marks for Sqlite {
    async fn mark_once(
        &self,
        mark: Digest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mark = (mark.0, until.0, now.0);
        self.write(move |db| Ok(db.run(sql::marks::LEAVE, mark)? > 0)).await
    }

    async fn expire_marks(&self, now: Timestamp) -> Result<(), Error> {
        self.write(move |db| db.run(sql::marks::DELETE_ENDED, [now.0]).map(drop)).await
    }
}
