//! Following the log: whatever ends or changes anywhere is heard here.
//!
//! A reader asks for the rows after its place, again and again. Where its place is not in the log any more it
//! forgets everything and begins from a snapshot. Whoever finds memory too old to be trusted reads the log
//! himself before he answers, so that a slow reader makes answers slower but never wrong.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cloakroom_model::log::{Place, Row, Subject};
use cloakroom_store::{Error, Reading};
use tokio::sync::{Mutex, Notify};

use crate::Engine;

/// The reader's place, and what wakes it.
#[derive(Default)]
pub struct Follower {
    /// `None` before the first snapshot. Whoever holds the lock reads.
    place: Mutex<Option<Place>>,
    wake: Notify,
    /// Whether clients and keys could not be read when a row asked for it.
    reload_due: AtomicBool,
}

/// How many rows one reading asks for.
const BATCH: usize = 1000;

impl Engine {
    /// Reads the log up to its present end.
    pub async fn catch_up(&self) -> Result<(), Error> {
        let mut place = self.follower.place.lock().await;
        self.read_from(&mut place).await
    }

    /// Makes sure that memory may be believed: at once where the log was heard lately, after reading it
    /// otherwise.
    pub(crate) async fn hear(&self) -> Result<(), Error> {
        if self.memory.is_trusted(self.time.steady()) {
            return Ok(());
        }
        let mut place = self.follower.place.lock().await;
        // Whoever held the lock before may have read it.
        if self.memory.is_trusted(self.time.steady()) {
            return Ok(());
        }
        self.read_from(&mut place).await
    }

    /// Takes in the rows of an act that was just committed here, before it is acknowledged.
    pub(crate) async fn heard(&self, rows: &[Row]) {
        self.take_in(rows).await;
        if !rows.is_empty() {
            self.follower.wake.notify_one();
        }
    }

    /// Wakes the reader before its time.
    pub fn wake_follower(&self) {
        self.follower.wake.notify_one();
    }

    /// Follows the log until the engine is dropped by everybody else or the task is aborted.
    pub async fn follow(&self) {
        let mut failing = false;
        loop {
            match self.catch_up().await {
                Ok(()) if failing => {
                    failing = false;
                    tracing::info!("the revocation log is heard again");
                }
                Ok(()) => (),
                Err(error) => {
                    if !failing {
                        tracing::warn!(
                            error = &error as &dyn std::error::Error,
                            "the revocation log is not heard"
                        );
                    }
                    failing = true;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(self.settings.log_interval) => (),
                () = self.follower.wake.notified() => {
                    // Wakes come with each act; a breath in between makes one reading serve many.
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
    }

    async fn read_from(&self, place: &mut Option<Place>) -> Result<(), Error> {
        loop {
            let asked = self.time.steady();
            let Some(from) = *place else {
                let snapshot = self.store.read_snapshot().await?;
                self.time.measured(snapshot.now, asked, self.time.steady());
                // What was changed meanwhile is read whole, whether or not a row says so.
                self.reload_clients().await?;
                self.reload_keys().await?;
                self.memory.hear(&snapshot.rows);
                self.memory.caught_up(snapshot.place.seq, asked);
                *place = Some(snapshot.place);
                return Ok(());
            };
            match self.store.read_log(from, BATCH).await? {
                Reading::Rows { rows, now } => {
                    self.time.measured(now, asked, self.time.steady());
                    self.take_in(&rows).await;
                    let full = rows.len() >= BATCH;
                    if let Some(last) = rows.last() {
                        *place = Some(last.place);
                    }
                    if !full {
                        self.reload_what_is_due().await?;
                        self.memory.caught_up(place.map_or(0, |place| place.seq), asked);
                        if self.follower.reload_due.load(Ordering::Acquire) {
                            // An act failed to load what it changed after this reading had looked.
                            self.memory.distrust();
                        }
                        return Ok(());
                    }
                }
                Reading::Lost => {
                    tracing::warn!(
                        seq = from.seq,
                        "the revocation log is another one now: everything is forgotten"
                    );
                    self.memory.lose();
                    *place = None;
                }
            }
        }
    }

    async fn take_in(&self, rows: &[Row]) {
        self.memory.hear(rows);
        self.ends.hear(rows);
        let about = |of: fn(&Subject) -> bool| rows.iter().any(|row| of(&row.subject));
        if about(|subject| matches!(subject, Subject::Client(_))) {
            self.or_distrust(self.reload_clients().await);
        }
        if about(|subject| matches!(subject, Subject::Key(_))) {
            self.or_distrust(self.reload_keys().await);
        }
    }

    /// What could not be loaded again is not believed: the next request reads the log, and loads it.
    fn or_distrust(&self, loaded: Result<(), Error>) {
        if let Err(error) = loaded {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "what changed could not be read"
            );
            self.follower.reload_due.store(true, Ordering::Release);
            self.memory.distrust();
        }
    }

    async fn reload_what_is_due(&self) -> Result<(), Error> {
        if self.follower.reload_due.swap(false, Ordering::AcqRel) {
            let loaded = async {
                self.reload_clients().await?;
                self.reload_keys().await
            };
            if let Err(error) = loaded.await {
                self.follower.reload_due.store(true, Ordering::Release);
                return Err(error);
            }
        }
        Ok(())
    }

    pub(crate) async fn reload_keys(&self) -> Result<(), Error> {
        match self.ring.reload(&*self.store, &self.data_keys).await {
            Ok(()) => Ok(()),
            Err(crate::keys::KeysError::Store(error)) => Err(error),
            Err(error) => Err(Error::Corrupt(error.to_string())),
        }
    }
}
