//! Events: writing them down, listing and forgetting them.

use async_trait::async_trait;
use cloakroom_model::event::{Event, Recorded};
use cloakroom_model::id::UserId;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Error, EventFilter, Events};

use crate::{Columns, Database, Db, SqlStore, json, number, sql, values};

#[async_trait]
impl<D: Database> Events for SqlStore<D> {
    async fn record(&self, events: Vec<Event>) -> Result<(), Error> {
        self.write(events, |db, events| {
            Box::pin(async move {
                for event in events {
                    record(db, event).await?;
                }
                Ok(())
            })
        })
        .await
    }

    async fn list_events(&self, filter: &EventFilter) -> Result<Vec<Recorded>, Error> {
        self.read_long((filter.user, filter.page), |db, (user, page)| {
            Box::pin(async move {
                let before = page.before.map_or(i64::MAX, number);
                let limit = number(page.limit);
                match user {
                    None => db.list(sql::events::LIST, values![before, limit], recorded).await,
                    Some(user) => {
                        let of_user = values![user.as_bytes(), before, limit];
                        db.list(sql::events::LIST_OF_USER, of_user, recorded).await
                    }
                }
            })
        })
        .await
    }

    async fn prune_events(&self, before: Timestamp, limit: usize) -> Result<usize, Error> {
        self.write((before, limit), |db, (before, limit)| {
            Box::pin(
                async move { db.run(sql::events::PRUNE, values![before.0, number(*limit)]).await },
            )
        })
        .await
    }
}

/// Writes an event down.
pub(crate) async fn record(db: &impl Db, event: &Event) -> Result<(), Error> {
    let user = event.user.as_ref().map(UserId::as_bytes);
    db.run(sql::events::RECORD, values![event.at.0, user, &json(event)?]).await?;
    Ok(())
}

fn recorded(columns: &mut Columns<'_>) -> Result<Recorded, Error> {
    Ok(Recorded { seq: columns.count()?, event: columns.json()? })
}
