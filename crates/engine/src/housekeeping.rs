//! What is done again and again beside the requests: writing last-seen times, ending what expired, forgetting
//! what concerns nothing any more, rotating keys.

use std::time::Duration;

use cloakroom_model::authorization::DeviceRequest;
use cloakroom_model::event::{Actor, Kind};
use cloakroom_model::policy::throttle::STRANGERS_REMEMBERED;
use cloakroom_store::Error;

use crate::Engine;
use crate::keys::KeysError;

/// How much one round of the sweep ends at most, so that it never keeps others from writing for long.
const BATCH: usize = 500;

/// How long others may write between two rounds where one was not enough: whoever expires may be many, and must not
/// grow in number while they are ended.
const BREATH: Duration = Duration::from_secs(1);

/// How often the sweep comes round.
const SWEEP: Duration = Duration::from_mins(1);

/// How long a device that is not seen stays known.
const DEVICES_KNOWN_FOR: Duration = Duration::from_hours(365 * 24);

impl Engine {
    /// Writes the last-seen times that storage has not heard of yet.
    pub async fn flush_last_seen(&self) -> Result<(), Error> {
        let uses = self.seen.take();
        if !uses.of_users.is_empty() {
            self.store.touch_sessions(&uses.of_users).await?;
        }
        if !uses.of_guests.is_empty() {
            self.store.touch_guests(&uses.of_guests).await?;
        }
        Ok(())
    }

    /// Ends what expired and forgets what concerns nothing any more, one batch of each. Answers whether there
    /// is more to do.
    pub async fn sweep(&self) -> Result<bool, Error> {
        self.flush_last_seen().await?;
        let lag = self.settings.last_seen_flush;
        let act = || self.act(Kind::SessionEnded, Actor::Server);
        let sessions = self.store.expire_sessions(lag, BATCH, &act()).await?;
        self.heard(&sessions.rows).await;
        let guests = self.store.expire_guests(lag, BATCH, &act()).await?;
        self.heard(&guests.rows).await;
        let grants =
            self.store.expire_grants(BATCH, &self.act(Kind::GrantEnded, Actor::Server)).await?;
        self.heard(&grants.rows).await;
        let now = self.time.now();
        self.store.expire_links(now).await?;
        self.store.expire_initial_tokens(now).await?;
        self.store.expire_pushed_requests(now).await?;
        self.store.expire_codes(now).await?;
        self.store.expire_device_requests(now.minus(DeviceRequest::RECOGNISED)).await?;
        self.store.expire_marks(now).await?;
        self.store.expire_statuses(now).await?;
        // After what could still become a grant of theirs.
        self.forget_unused_clients().await?;
        self.store.expire_devices(now.minus(DEVICES_KNOWN_FOR)).await?;
        self.store.expire_failures_of_nobody(now.minus(STRANGERS_REMEMBERED)).await?;
        self.disable_abandoned_streams().await?;
        let events =
            self.store.prune_events(now.minus(self.settings.events_retention), BATCH).await?;
        self.store.prune_log(now).await?;
        self.memory.sweep(now);
        self.forget_snapshot();
        Ok([sessions.value, guests.value, grants.value, events].iter().any(|count| *count >= BATCH))
    }

    /// Flushes, sweeps and rotates until the task is aborted. Every node does; what two do at once is done once, by
    /// what each verb of storage promises.
    pub async fn keep_house(&self) {
        // Apart: however long a sweep takes, other nodes must not take for idle what is in use here.
        tokio::join!(self.keep_flushing(), self.keep_sweeping());
    }

    async fn keep_flushing(&self) {
        loop {
            tokio::time::sleep(self.settings.last_seen_flush).await;
            warn("last-seen times were not written", self.flush_last_seen().await);
        }
    }

    async fn keep_sweeping(&self) {
        // A server that is started again and again sweeps all the same.
        let mut rest = self.settings.last_seen_flush;
        loop {
            tokio::time::sleep(rest).await;
            match self.sweep().await {
                Ok(true) => {
                    rest = BREATH;
                    continue;
                }
                swept => warn("the sweep did not end", swept),
            }
            let rotated: Result<bool, KeysError> = self.rotate_keys_on_schedule().await;
            warn("signing keys were not rotated", rotated);
            rest = SWEEP;
        }
    }
}

fn warn<T, E: std::error::Error + 'static>(what: &str, result: Result<T, E>) {
    if let Err(error) = result {
        tracing::warn!(error = &error as &dyn std::error::Error, "{what}");
    }
}
