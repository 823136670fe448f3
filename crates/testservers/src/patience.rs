//! Waiting for what another process does, with an end.

use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// A busy machine is slow, not wrong.
const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(10);

/// Tries again until there is an answer, and returns it.
///
/// # Errors
///
/// [`Error::Late`] with `what` after a minute, or at once what an attempt refuses with.
pub fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let since = Moment::now();
    loop {
        if let Some(answer) = attempt()? {
            return Ok(answer);
        }
        if since.elapsed() > PATIENCE {
            let (what, seconds) = (what.to_owned(), PATIENCE.as_secs());
            return Err(Error::Late { what, seconds, log: String::new() });
        }
        thread::sleep(POLL);
    }
}

/// The one clock of this crate: how long something took, and when bytes are due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Moment(Instant);

impl Moment {
    #[expect(
        clippy::disallowed_methods,
        reason = "other processes do not stop for a clock of ours"
    )]
    pub(crate) fn now() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn after(self, delay: Duration) -> Self {
        Self(self.0 + delay)
    }

    /// Nothing when `earlier` is later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }

    pub(crate) fn elapsed(self) -> Duration {
        Self::now().since(self)
    }
}
