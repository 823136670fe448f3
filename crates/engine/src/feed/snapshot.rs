//! What concerns something at one moment, encoded once for all readers that come without a place.

use std::sync::Arc;

use bytes::Bytes;
use cloakroom_model::log::{Change, Place, Subject};
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::feed::Rows;
use tokio::sync::Mutex;

use crate::Engine;
use crate::memory::Heard;

/// How many rows an event has.
const EVENT_ROWS: usize = 1000;

/// Rows of a snapshot are forgotten at whole minutes, upwards, so that many share a line.
const MINUTE: i64 = 60_000;

/// Everything that concerned something when the ring was at `place`, or later.
pub(super) struct Snapshot {
    /// The ring's history.
    pub(super) history: u64,
    /// Where a reader is who has read all of it.
    pub(super) place: Place,
    /// What it is told.
    pub(super) events: Vec<Bytes>,
}

/// The latest snapshot, while somebody may need it.
#[derive(Default)]
pub(super) struct Snapshots(Mutex<Option<Arc<Snapshot>>>);

impl Engine {
    /// A snapshot from which a reader can go on in the ring, whoever had it made; `None` while there is no history.
    ///
    /// Readers hold it weakly: those that take no more of it hold nothing, and at most one is ever kept.
    pub(super) async fn snapshot(&self) -> Option<Arc<Snapshot>> {
        // Whoever has the lock makes it, and the others wait for that.
        let mut latest = self.feed.snapshots.0.lock().await;
        if let Some(snapshot) = &*latest
            && self.feed.ring().is_recent(snapshot.history, snapshot.place)
        {
            return Some(Arc::clone(snapshot));
        }
        *latest = None;
        // Before memory is read: every row up to there is in it.
        let (history, place) = self.feed.ring().end()?;
        let mut events = Vec::new();
        let mut part = 0;
        while let Some(rows) = self.memory.concerning(part) {
            events.extend(encode(rows));
            part += 1;
            // There may be millions, and others want to be answered.
            tokio::task::yield_now().await;
        }
        events.push(Rows::ending_at(place).finish().into());
        let snapshot = Arc::new(Snapshot { history, place, events });
        *latest = Some(Arc::clone(&snapshot));
        Some(snapshot)
    }

    /// Forgets the latest snapshot where nobody reads it.
    pub(crate) fn forget_snapshot(&self) {
        if let Ok(mut latest) = self.feed.snapshots.0.try_lock()
            && latest.as_ref().is_some_and(|latest| Arc::weak_count(latest) == 0)
        {
            *latest = None;
        }
    }
}

fn encode(rows: Vec<(Subject, Heard)>) -> Vec<Bytes> {
    let mut rows: Vec<_> =
        rows.into_iter().map(|(subject, heard)| (minute(heard.until), heard, subject)).collect();
    rows.sort_unstable_by_key(|(until, ..)| *until);
    let encode = |rows: &[(Timestamp, Heard, Subject)]| {
        let mut event = Rows::of_snapshot();
        for (until, heard, subject) in rows {
            let change = if heard.ended { Change::Ended } else { Change::Changed };
            event.push(*until, change, subject);
        }
        event.finish().into()
    };
    rows.chunks(EVENT_ROWS).map(encode).collect()
}

fn minute(until: Timestamp) -> Timestamp {
    Timestamp(until.0.saturating_add(MINUTE - 1).div_euclid(MINUTE).saturating_mul(MINUTE))
}
