//! The only reader of this machine's clocks. Everything else is told the time.

use std::time::{Duration, SystemTime};

/// Where a guard takes the time from.
pub trait Clock: Send + Sync + 'static {
    /// The time in whole seconds since 1970, as tokens have it.
    fn wall(&self) -> u64;

    /// The time since some moment before the first call. Never steps back and never jumps.
    fn steady(&self) -> Duration;
}

/// The machine's own clocks.
///
/// On Linux the steady one goes on while this process is stopped and while the machine sleeps (`CLOCK_BOOTTIME`), so that
/// whoever wakes up finds its memory old.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the guard's one clock")]
    fn wall(&self) -> u64 {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
    }

    #[cfg(target_os = "linux")]
    #[expect(clippy::disallowed_methods, reason = "this is the guard's one clock")]
    fn steady(&self) -> Duration {
        use rustix::time::{ClockId, clock_gettime};
        // Never negative.
        Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default()
    }

    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::disallowed_methods, reason = "this is the guard's one clock")]
    fn steady(&self) -> Duration {
        use std::sync::LazyLock;
        use std::time::Instant;

        static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
        FIRST.elapsed()
    }
}
