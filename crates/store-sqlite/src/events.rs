//! Events: writing them down, listing and forgetting them.

use async_trait::async_trait;
use cloakroom_model::event::{Event, Recorded};
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Error, EventFilter, Events};

use crate::driver::{Columns, Db, json, number};
use crate::{Sqlite, sql};

#[async_trait]
impl Events for Sqlite {
    async fn record(&self, events: Vec<Event>) -> Result<(), Error> {
        self.write(move |db| events.iter().try_for_each(|event| record(db, event))).await
    }

    async fn list_events(&self, filter: &EventFilter) -> Result<Vec<Recorded>, Error> {
        let (user, page) = (filter.user, filter.page);
        self.readers
            .long(move |db| {
                let before = page.before.map_or(i64::MAX, number);
                let limit = number(page.limit);
                match user {
                    None => db.list(sql::events::LIST, (before, limit), recorded),
                    Some(user) => {
                        let of_user = (user.as_bytes(), before, limit);
                        db.list(sql::events::LIST_OF_USER, of_user, recorded)
                    }
                }
            })
            .await
    }

    async fn prune_events(&self, before: Timestamp, limit: usize) -> Result<usize, Error> {
        self.write(move |db| db.run(sql::events::PRUNE, (before.0, number(limit)))).await
    }
}

/// Writes an event down.
pub(crate) fn record(db: &Db, event: &Event) -> Result<(), Error> {
    let user = event.user.map(|user| *user.as_bytes());
    db.run(sql::events::RECORD, (event.at.0, user, json(event)?))?;
    Ok(())
}

fn recorded(columns: &mut Columns<'_, '_>) -> Result<Recorded, Error> {
    Ok(Recorded { seq: columns.count()?, event: columns.json()? })
}
