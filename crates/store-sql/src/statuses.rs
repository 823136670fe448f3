//! The token status list. That a grant is gone is seen from the row that it leaves: the reference to it is empty then,
//! whoever deleted it.

use std::ops::Range;

use async_trait::async_trait;
use cloakroom_model::grant::Grant;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Error, StatusLists, Statuses, status_until};

use crate::{Columns, Database, Db, SqlStore, column, corrupt, sql, values};

#[async_trait]
impl<D: Database> Statuses for SqlStore<D> {
    async fn take_status(&self) -> Result<u32, Error> {
        self.write((), |db, ()| {
            Box::pin(async move {
                let taken = db.find(sql::statuses::TAKE, &[], column::value).await?;
                taken.ok_or_else(|| corrupt("the status list has no counter"))
            })
        })
        .await
    }

    async fn find_status_lists(&self) -> Result<StatusLists, Error> {
        self.read((), |db, ()| {
            Box::pin(async move {
                let found = db.find(sql::statuses::FIND_LISTS, &[], lists).await?;
                found.ok_or_else(|| corrupt("the status lists have no counter"))
            })
        })
        .await
    }

    async fn list_ended_statuses(
        &self,
        places: Range<u32>,
        now: Timestamp,
    ) -> Result<Vec<u32>, Error> {
        self.read_long((places, now), |db, (places, now)| {
            Box::pin(async move {
                let ended = values![places.start, places.end, now.0];
                db.list(sql::statuses::LIST_ENDED, ended, column::value).await
            })
        })
        .await
    }

    async fn expire_statuses(&self, now: Timestamp) -> Result<(), Error> {
        self.forget(sql::statuses::DELETE_ENDED, now).await
    }
}

fn lists(columns: &mut Columns<'_>) -> Result<StatusLists, Error> {
    let series: i64 = columns.value()?;
    Ok(StatusLists { series: series.cast_unsigned(), given: columns.value()? })
}

/// Gives a grant that was just made the place that its details name.
pub(crate) async fn put(db: &impl Db, grant: &Grant) -> Result<(), Error> {
    if let Some(place) = grant.details.status {
        let row = values![place, grant.id.as_bytes(), status_until(grant).0];
        db.run(sql::statuses::PUT, row).await?;
    }
    Ok(())
}
