//! The only reader of this machine's clock, and the store's time that is carried on from it.
//!
//! All nodes go by one clock, the store's. A node measures it whenever it reads the log and carries it on by a
//! steady clock in between, so that a wall clock which jumps changes nothing; the result never steps back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use cloakroom_model::time::Timestamp;

/// The only source of time.
pub trait Clock: Send + Sync {
    /// What this machine takes the time to be. Used once, before the store was first asked.
    fn wall(&self) -> Timestamp;

    /// The time since some moment before the first call. Never steps back and never jumps.
    fn steady(&self) -> Duration;
}

/// The machine's own clocks.
///
/// The steady one goes on while this process is stopped, and on Linux while the machine is suspended as well
/// (`CLOCK_BOOTTIME`; what the standard library reads stands still then): whoever wakes up finds its memory old. A
/// virtual machine that its host pauses is told by no clock of its own; it believes its memory for as long after it
/// goes on as it would have without the pause.
#[derive(Debug)]
pub struct SystemClock {
    start: Duration,
}

impl SystemClock {
    /// The clocks as they are now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: since_boot() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one Clock")]
    fn wall(&self) -> Timestamp {
        let since_epoch =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp(0).plus(since_epoch)
    }

    fn steady(&self) -> Duration {
        since_boot().saturating_sub(self.start)
    }
}

/// The time since the machine started, or since some other moment that stays.
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "this is the one Clock")]
fn since_boot() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    // Never negative.
    Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default()
}

/// The time since it was first asked for.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::disallowed_methods, reason = "this is the one Clock")]
fn since_boot() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;

    static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
    FIRST.elapsed()
}

/// The store's time, carried on by a steady clock.
pub struct StoreTime {
    clock: Arc<dyn Clock>,
    /// The store's time less the steady one, in milliseconds.
    offset: AtomicI64,
    /// The latest time that was told.
    told: AtomicI64,
    /// Whether the store was asked. Until then the time is a guess, and a guess may be stepped back from.
    is_known: AtomicBool,
}

impl StoreTime {
    /// Begins with this machine's wall clock, until the store has been asked.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let offset = clock.wall().0 - milliseconds(clock.steady());
        let (offset, told) = (AtomicI64::new(offset), AtomicI64::new(i64::MIN));
        Self { clock, offset, told, is_known: AtomicBool::new(false) }
    }

    /// The present, never before an earlier answer that rested on the store's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.both().1
    }

    /// The steady time and the present, of one moment.
    #[must_use]
    pub fn both(&self) -> (Duration, Timestamp) {
        let steady = self.clock.steady();
        let present = milliseconds(steady) + self.offset.load(Ordering::Relaxed);
        let told = self.told.load(Ordering::Relaxed);
        if present > told {
            self.told.fetch_max(present, Ordering::Relaxed);
        }
        (steady, Timestamp(present.max(told)))
    }

    /// The steady clock, for spans that no other node takes part in.
    #[must_use]
    pub fn steady(&self) -> Duration {
        self.clock.steady()
    }

    /// Takes note that the store said `now` between the steady times `asked` and `answered`.
    ///
    /// When in between, nobody knows. What was known before and can still be true is kept: an answer that took long, as
    /// after an outage, tells less than those before it.
    pub fn measured(&self, now: Timestamp, asked: Duration, answered: Duration) {
        let latest = now.0 - milliseconds(asked);
        let earliest = now.0 - milliseconds(answered);
        let was_known = self.is_known.swap(true, Ordering::Relaxed);
        if !was_known || !(earliest..=latest).contains(&self.offset.load(Ordering::Relaxed)) {
            let middle = milliseconds(asked + answered.saturating_sub(asked) / 2);
            self.offset.store(now.0 - middle, Ordering::Relaxed);
        }
        if !was_known {
            self.told.store(i64::MIN, Ordering::Relaxed);
        }
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn time_follows_the_store_and_never_steps_back() {
        let clock = Arc::new(Hands::default());
        let time = StoreTime::new(clock.clone());
        time.measured(Timestamp(1_000_000), clock.steady(), clock.steady());
        clock.go(Duration::from_secs(10));
        assert_eq!(time.now(), Timestamp(1_010_000));

        time.measured(Timestamp(1_005_000), clock.steady(), clock.steady());
        assert_eq!(time.now(), Timestamp(1_010_000), "the store is behind: wait for it");
        clock.go(Duration::from_secs(6));
        assert_eq!(time.now(), Timestamp(1_011_000));

        time.measured(Timestamp(2_000_000), clock.steady(), clock.steady());
        assert_eq!(time.now(), Timestamp(2_000_000));
    }

    #[test]
    fn a_wall_clock_that_is_ahead_is_forgotten_when_the_store_was_asked() {
        let clock = Arc::new(Hands::default());
        let time = StoreTime::new(clock.clone());
        assert_eq!(time.now(), Timestamp(1_000_000));
        time.measured(Timestamp(700_000), clock.steady(), clock.steady());
        assert_eq!(time.now(), Timestamp(700_000));
    }

    #[test]
    fn an_answer_that_took_long_does_not_move_what_is_known_better() {
        let clock = Arc::new(Hands::default());
        let time = StoreTime::new(clock.clone());
        time.measured(Timestamp(5_000_000), clock.steady(), clock.steady());
        let asked = clock.steady();
        clock.go(Duration::from_secs(2));
        time.measured(Timestamp(5_001_900), asked, clock.steady());
        assert_eq!(time.now(), Timestamp(5_002_000));

        let asked = clock.steady();
        clock.go(Duration::from_secs(2));
        time.measured(Timestamp(5_006_000), asked, clock.steady());
        assert_eq!(time.now(), Timestamp(5_007_000), "the store's clock was set: between 6 and 8");
    }

    #[derive(Default)]
    struct Hands(Mutex<Duration>);

    impl Hands {
        fn go(&self, on: Duration) {
            *self.0.lock().unwrap() += on;
        }
    }

    impl Clock for Hands {
        fn wall(&self) -> Timestamp {
            Timestamp(1_000_000)
        }

        fn steady(&self) -> Duration {
            *self.0.lock().unwrap()
        }
    }
}
