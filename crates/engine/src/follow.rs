//! Following the log: whatever ends or changes anywhere is heard here.
//!
//! A reader asks for the rows after its place, again and again. Where its place is not in the log any more, or another
//! server took over, which may lack acts that wrote no row, it forgets everything and begins from a snapshot. Whoever finds
//! memory too old to be trusted reads the log himself before he answers, so that a slow reader makes answers slower but never
//! wrong; and so does whoever misses something in it, such as the key of a token: it may have been made at another node a
//! moment ago. Where the log cannot be heard within [`HEARD_WITHIN`], a cookie is looked up in storage, and a token is refused
//! as unavailable: only the log says what of a token has ended.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cloakroom_model::log::{Place, Row, Subject, Timeline};
use cloakroom_store::{Error, Reading, Snapshot};
use tokio::sync::{Mutex, Notify};

use crate::Engine;
use crate::patience::within;

/// The reader's place, and what wakes it.
#[derive(Default)]
pub struct Follower {
    /// `None` before the first snapshot. Whoever holds the lock reads.
    position: Mutex<Option<Position>>,
    wake: Notify,
    /// Whoever holds it reads for those who miss something; see [`Engine::hear_to_the_end`].
    to_the_end: Mutex<()>,
    /// Raised each time that clients and keys could not be read when a row asked for it.
    reloads_due: AtomicU64,
    /// As many of those as were made good.
    reloads_done: AtomicU64,
    /// How many rows were read from the log.
    pub(crate) rows: AtomicU64,
    /// How often the log was another one.
    pub(crate) lost: AtomicU64,
    /// How often a request had to read the log because the reader was late.
    pub(crate) asked: AtomicU64,
}

/// How far the log was read, and where.
#[derive(Clone, Copy)]
struct Position {
    place: Place,
    timeline: Timeline,
}

/// How many rows one reading asks for.
const BATCH: usize = 1000;

/// Between a wake and the reading.
const BREATH: Duration = Duration::from_millis(5);

/// Between two readings for those who miss something.
const APART: Duration = Duration::from_millis(20);

/// How long a request waits for the log.
pub const HEARD_WITHIN: Duration = Duration::from_secs(2);

/// How long the reader waits for rows, so that a connection that died in silence does not keep it for ever.
const ROWS_WITHIN: Duration = Duration::from_secs(5);

/// How long the reader waits for a snapshot, which may be of millions of rows.
const SNAPSHOT_WITHIN: Duration = Duration::from_mins(1);

impl Follower {
    fn is_reload_due(&self) -> bool {
        self.reloads_done.load(Ordering::Acquire) < self.reloads_due.load(Ordering::Acquire)
    }
}

impl Engine {
    /// Reads the log up to its present end.
    pub async fn catch_up(&self) -> Result<(), Error> {
        let mut position = self.follower.position.lock().await;
        self.read_from(&mut position).await
    }

    /// Makes sure that memory may be believed: at once where the log was heard lately, after reading it
    /// otherwise.
    pub(crate) async fn hear(&self) -> Result<(), Error> {
        if self.memory.is_trusted(self.time.steady()) {
            return Ok(());
        }
        // Apart, so that the usual check carries nothing of this.
        Box::pin(within(HEARD_WITHIN, async {
            let mut position = self.follower.position.lock().await;
            // Whoever held the lock before may have read it.
            if self.memory.is_trusted(self.time.steady()) {
                return Ok(());
            }
            self.follower.asked.fetch_add(1, Ordering::Relaxed);
            self.read_from(&mut position).await
        }))
        .await
    }

    /// Makes sure that memory knows what was acknowledged anywhere before now: for whoever does not find in it what another
    /// node may have made a moment ago. Strangers bring such questions as often as they like, so readings for them keep a
    /// distance, and one serves all who wait.
    pub(crate) async fn hear_to_the_end(&self) -> Result<(), Error> {
        let arrived = self.time.steady();
        Box::pin(within(HEARD_WITHIN, async {
            let _alone = self.follower.to_the_end.lock().await;
            if self.memory.was_heard_since(arrived) {
                return Ok(());
            }
            if let Some(ago) = self.memory.unheard_for(self.time.steady()) {
                tokio::time::sleep(APART.saturating_sub(ago)).await;
            }
            self.catch_up().await
        }))
        .await
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
                // Wakes come with each act; a breath in between makes one reading serve many.
                () = self.follower.wake.notified() => tokio::time::sleep(BREATH).await,
                () = self.store.wait_for_rows() => tokio::time::sleep(BREATH).await,
            }
        }
    }

    async fn read_from(&self, position: &mut Option<Position>) -> Result<(), Error> {
        loop {
            let asked = self.time.steady();
            let Some(from) = *position else {
                let snapshot = within(SNAPSHOT_WITHIN, self.store.read_snapshot()).await?;
                self.time.measured(snapshot.now, asked, self.time.steady());
                // What was changed meanwhile is read whole, whether or not a row says so.
                self.reload_clients().await?;
                self.reload_keys().await?;
                self.reload_status_lists().await?;
                let Snapshot { place, rows, timeline, .. } = snapshot;
                self.memory.begin(place, timeline, &rows);
                self.memory.caught_up(place.seq, asked);
                self.feed.begin(place, &rows);
                self.feed.caught_up(asked);
                *position = Some(Position { place, timeline });
                return Ok(());
            };
            match within(ROWS_WITHIN, self.store.read_log(from.place, BATCH)).await? {
                Reading::Rows { rows, now, timeline } if timeline == from.timeline => {
                    self.time.measured(now, asked, self.time.steady());
                    self.follower.rows.fetch_add(rows.len() as u64, Ordering::Relaxed);
                    self.take_in(&rows).await;
                    self.memory.pass(&rows);
                    self.feed.pass(&rows);
                    let full = rows.len() >= BATCH;
                    let place = rows.last().map_or(from.place, |row| row.place);
                    *position = Some(Position { place, timeline });
                    if !full {
                        self.reload_what_is_due().await?;
                        self.memory.caught_up(place.seq, asked);
                        self.feed.caught_up(asked);
                        if self.follower.is_reload_due() {
                            // An act failed to load what it changed after this reading had looked.
                            self.memory.distrust();
                        }
                        return Ok(());
                    }
                    self.feed.go_on();
                }
                Reading::Rows { timeline, .. } => {
                    tracing::warn!(
                        before = from.timeline.0,
                        now = timeline.0,
                        "another server took the database's place, and may lack acts: everything is forgotten"
                    );
                    self.lose(position);
                }
                Reading::Lost => {
                    tracing::warn!(
                        seq = from.place.seq,
                        "the revocation log is another one now: everything is forgotten"
                    );
                    self.lose(position);
                }
            }
        }
    }

    /// Nothing that was read so far is worth anything.
    fn lose(&self, position: &mut Option<Position>) {
        self.follower.lost.fetch_add(1, Ordering::Relaxed);
        self.memory.lose();
        self.feed.lose();
        *position = None;
    }

    async fn take_in(&self, rows: &[Row]) {
        self.memory.hear(rows);
        let about = |of: fn(&Subject) -> bool| rows.iter().any(|row| of(&row.subject));
        if about(|subject| matches!(subject, Subject::Client(_))) {
            self.or_distrust(self.reload_clients().await);
        }
        if about(|subject| matches!(subject, Subject::Key(_))) {
            self.or_distrust(self.reload_keys().await);
        }
        // Only now: whoever is woken may need the client that is new.
        self.ends.hear(rows);
        if !rows.is_empty() {
            self.signals.came();
        }
    }

    /// What could not be loaded again is not believed: the next request reads the log, and loads it.
    fn or_distrust(&self, loaded: Result<(), Error>) {
        if let Err(error) = loaded {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "what changed could not be read"
            );
            self.follower.reloads_due.fetch_add(1, Ordering::AcqRel);
            self.memory.distrust();
        }
    }

    async fn reload_what_is_due(&self) -> Result<(), Error> {
        let due = self.follower.reloads_due.load(Ordering::Acquire);
        if self.follower.reloads_done.load(Ordering::Acquire) < due {
            self.reload_clients().await?;
            self.reload_keys().await?;
            // Only now: whoever reads may leave before the end, and what became due meanwhile is still due.
            self.follower.reloads_done.fetch_max(due, Ordering::AcqRel);
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
