//! The log is the authority's. Whoever reads it takes what ended along to Redis.

use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::log::{Change, Place, Subject};
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Done, Error, Reading, Revocations, Snapshot, Store};
use tokio::time::timeout;

use super::WithRedis;

/// How long news wait for Redis, which is told of them. A room that was not told in time is verified when it is asked.
const TELLS_WITHIN: Duration = Duration::from_millis(50);

#[async_trait]
impl<S: Store> Revocations for WithRedis<S> {
    async fn read_log(&self, place: Place, limit: usize) -> Result<Reading, Error> {
        let reading = self.authority.read_log(place, limit).await?;
        match &reading {
            Reading::Rows { rows, timeline, .. } => {
                self.rooms.read_on(*timeline);
                if let Some(last) = rows.last() {
                    if self.connection.is_there() {
                        let way = self.way();
                        let following = self.rooms.follow(place, rows, &way);
                        let _in_time = timeout(TELLS_WITHIN, following).await;
                    }
                    self.rooms.heard(last.place);
                }
            }
            Reading::Lost => self.rooms.lost(),
        }
        Ok(reading)
    }

    async fn read_snapshot(&self) -> Result<Snapshot, Error> {
        let snapshot = self.authority.read_snapshot().await?;
        self.rooms.read_on(snapshot.timeline);
        self.rooms.heard(snapshot.place);
        Ok(snapshot)
    }

    async fn wait_for_rows(&self) {
        self.authority.wait_for_rows().await;
    }

    async fn announce(
        &self,
        subject: Subject,
        change: Change,
        act: &Act,
    ) -> Result<Done<()>, Error> {
        self.authority.announce(subject, change, act).await
    }

    async fn prune_log(&self, now: Timestamp) -> Result<(), Error> {
        self.authority.prune_log(now).await
    }
}
