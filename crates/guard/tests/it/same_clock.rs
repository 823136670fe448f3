//! The real server's clock, for the guard beside it.

use std::time::Duration;

use cloakroom_guard::Clock;
use cloakroom_testkit::clock::HandClock;

pub(crate) struct SameClock(pub(crate) HandClock);

impl Clock for SameClock {
    fn wall(&self) -> u64 {
        u64::try_from(self.0.now().0 / 1000).unwrap()
    }

    fn steady(&self) -> Duration {
        cloakroom_engine::clock::Clock::steady(&self.0)
    }
}
