//! A clock that goes on only when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cloakroom_engine::clock::Clock;
use cloakroom_model::time::Timestamp;

/// A clock that goes on only when it is told to. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct HandClock {
    milliseconds: Arc<AtomicI64>,
}

/// Where the clock begins: 2026-01-01T00:00:00Z.
pub const BEGINNING: Timestamp = Timestamp::from_seconds(1_767_225_600);

impl Default for HandClock {
    fn default() -> Self {
        Self { milliseconds: Arc::new(AtomicI64::new(BEGINNING.0)) }
    }
}

impl HandClock {
    /// The time it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp(self.milliseconds.load(Ordering::SeqCst))
    }

    /// Goes on.
    pub fn go(&self, on: Duration) {
        let on = i64::try_from(on.as_millis()).unwrap_or(i64::MAX);
        self.milliseconds.fetch_add(on, Ordering::SeqCst);
    }

    /// The same clock for a store that must be told the time.
    #[must_use]
    pub fn for_store(&self) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

impl Clock for HandClock {
    fn wall(&self) -> Timestamp {
        self.now()
    }

    fn steady(&self) -> Duration {
        self.now().since(BEGINNING)
    }
}
