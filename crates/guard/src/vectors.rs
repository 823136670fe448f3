//! The vectors that every implementation of a guard passes.

mod follower;
mod tokens;

use std::sync::Mutex;
use std::time::Duration;

use crate::clock::Clock;

/// A clock that goes on only when it is told to.
pub(crate) struct Hands {
    wall: u64,
    steady: Mutex<Duration>,
}

impl Hands {
    pub(crate) fn at(wall: u64) -> Self {
        Self { wall, steady: Mutex::new(Duration::from_secs(1000)) }
    }
}

impl Clock for Hands {
    fn wall(&self) -> u64 {
        self.wall
    }

    fn steady(&self) -> Duration {
        *self.steady.lock().unwrap()
    }
}
