//! The token status list. That a grant is gone is seen from the row that it leaves: the reference to it is empty then,
//! whoever deleted it.

use std::ops::Range;

use async_trait::async_trait;
use cloakroom_model::grant::Grant;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Error, StatusLists, Statuses, status_until};

use crate::driver::{Columns, Db, column, corrupt};
use crate::{Sqlite, sql};

#[async_trait]
impl Statuses for Sqlite {
    async fn take_status(&self) -> Result<u32, Error> {
        let taken = self.write(|db| db.find(sql::statuses::TAKE, [], column::value)).await?;
        taken.ok_or_else(|| corrupt("the status list has no counter"))
    }

    async fn find_status_lists(&self) -> Result<StatusLists, Error> {
        let found = self.readers.short(|db| db.find(sql::statuses::FIND_LISTS, [], lists))?;
        found.ok_or_else(|| corrupt("the status lists have no counter"))
    }

    async fn list_ended_statuses(
        &self,
        places: Range<u32>,
        now: Timestamp,
    ) -> Result<Vec<u32>, Error> {
        let ended = (places.start, places.end, now.0);
        self.readers.long(move |db| db.list(sql::statuses::LIST_ENDED, ended, column::value)).await
    }

    async fn expire_statuses(&self, now: Timestamp) -> Result<(), Error> {
        self.write(move |db| db.run(sql::statuses::DELETE_ENDED, [now.0]).map(drop)).await
    }
}

fn lists(columns: &mut Columns<'_, '_>) -> Result<StatusLists, Error> {
    let series: i64 = columns.value()?;
    Ok(StatusLists { series: series.cast_unsigned(), given: columns.value()? })
}

/// Gives a grant that was just made the place that its details name.
pub(crate) fn put(db: &Db, grant: &Grant) -> Result<(), Error> {
    if let Some(place) = grant.details.status {
        let row = (place, grant.id.as_bytes(), status_until(grant).0);
        db.run(sql::statuses::PUT, row)?;
    }
    Ok(())
}
