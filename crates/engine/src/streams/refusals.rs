//! How often in a row a receiver refused the token that is first in its stream.
//!
//! It is counted apart from failures, which an outage raises as well. A node counts for itself and from its start, so a
//! token is sent again sooner once too often than given up too early.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use cloakroom_model::id::StreamId;
use cloakroom_model::signal::SignalNumber;
use cloakroom_store::StreamBacklog;

/// The counts of this node, at most one for each stream.
#[derive(Default)]
pub(super) struct Refusals(Mutex<HashMap<StreamId, Refused>>);

struct Refused {
    signal: SignalNumber,
    times: u32,
}

impl Refusals {
    /// Counts one; answers how many that makes in a row. Of the failures in a row before it, which a change of the stream
    /// ends, at most all were refusals.
    pub(super) fn count(&self, id: StreamId, signal: SignalNumber, failures: u32) -> u32 {
        let mut counts = self.counts();
        let before = counts.get(&id).filter(|refused| refused.signal == signal);
        let times = before.map_or(0, |refused| refused.times.min(failures)).saturating_add(1);
        counts.insert(id, Refused { signal, times });
        times
    }

    /// Something else came of a signal of this stream.
    pub(super) fn forget(&self, id: StreamId) {
        self.counts().remove(&id);
    }

    /// Forgets those of streams that are not there any more.
    pub(super) fn keep(&self, streams: &[StreamBacklog]) {
        let there: HashSet<_> = streams.iter().map(|it| it.stream.id).collect();
        self.counts().retain(|id, _| there.contains(id));
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<StreamId, Refused>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
