//! How signals fare: what this node delivered and what it did not, and what was waiting when it last looked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cloakroom_model::stream::Status;
use cloakroom_model::time::Timestamp;
use cloakroom_store::StreamBacklog;

/// What a node counted since it started, and what waited in all streams when it looked last.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignalVitals {
    /// Signals that receivers took when they were posted.
    pub pushed: u64,
    /// Names of signals that receivers said they have.
    pub acknowledged: u64,
    /// Posts that were in vain; what was posted waits on.
    pub failed: u64,
    /// Signals that will not be told: their receivers refused them.
    pub given_up: u64,
    /// Streams that were disabled because their receivers stayed away, with what waited in them.
    pub abandoned: u64,
    /// What waited, once it was looked.
    pub backlog: Option<Backlog>,
}

/// What waits in the streams of all receivers, which every node sees alike.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Backlog {
    /// How many streams there are out of which signals go.
    pub enabled: usize,
    /// How many in which they wait.
    pub paused: usize,
    /// How many in which nothing is kept.
    pub disabled: usize,
    /// How many of the pushed ones were not taken when they were tried last.
    pub failing: usize,
    /// How many signals wait in those that are not disabled.
    pub waiting: usize,
    /// How long the oldest of them had waited; nothing where none waits.
    pub oldest: Duration,
}

/// Counts.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) pushed: AtomicU64,
    pub(super) acknowledged: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) given_up: AtomicU64,
    pub(super) abandoned: AtomicU64,
    seen: Mutex<Option<Backlog>>,
}

impl Tally {
    pub(super) fn count(counter: &AtomicU64, more: usize) {
        counter.fetch_add(more as u64, Ordering::Relaxed);
    }

    /// Takes note of what waits at `now`.
    pub(super) fn saw(&self, streams: &[StreamBacklog], now: Timestamp) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Backlog::of(streams, now));
    }

    pub(super) fn vitals(&self) -> SignalVitals {
        let counted = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        SignalVitals {
            pushed: counted(&self.pushed),
            acknowledged: counted(&self.acknowledged),
            failed: counted(&self.failed),
            given_up: counted(&self.given_up),
            abandoned: counted(&self.abandoned),
            backlog: *self.seen.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

impl Backlog {
    fn of(streams: &[StreamBacklog], now: Timestamp) -> Self {
        let mut all = Self::default();
        for StreamBacklog { stream, waiting, since, failures } in streams {
            match stream.status {
                Status::Enabled => all.enabled += 1,
                Status::Paused => all.paused += 1,
                // What waits there is the word that it was disabled, for whoever may come.
                Status::Disabled => {
                    all.disabled += 1;
                    continue;
                }
            }
            all.failing += usize::from(*failures > 0);
            all.waiting += waiting;
            all.oldest = all.oldest.max(since.map_or(Duration::ZERO, |since| now.since(since)));
        }
        all
    }
}
