//! A service's guard, as a service of somebody else's would start it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use cloakroom_guard::{Clock, CookieName, Guard, Settings, SystemClock};
use tokio::time::{sleep, timeout};

use super::service::Task;
use crate::exit::Failure;

/// A server of this machine that is there is heard sooner.
const PATIENCE: Duration = Duration::from_secs(10);

/// A word of the server's, and the time that it takes to be here.
const RECENT: Duration = Duration::from_millis(1500);

/// Between two looks whether it is heard.
const PAUSE: Duration = Duration::from_millis(2);

/// Starts a guard, and waits until it believes what it remembers.
pub(super) async fn start(task: Task, ahead: Arc<AtomicU64>) -> Result<Guard, Failure> {
    let settings = Settings::new(task.issuer, task.audience)
        .service(task.client, task.secret)
        .clock(Ahead { machine: SystemClock, seconds: ahead });
    let settings =
        if task.arrangement.by_cookie() { settings.cookie(CookieName::SameHost) } else { settings };
    let guard = Guard::start(settings)
        .map_err(|error| Failure::Usage(format!("the task does not fit a guard: {error}")))?;
    let ready = || {
        let health = guard.health();
        health.has_keys && health.believes
    };
    let heard = timeout(PATIENCE, async {
        while !ready() {
            sleep(PAUSE).await;
        }
    });
    heard.await.map_err(|_| Failure::Unavailable("the server's feed is not heard".to_owned()))?;
    Ok(guard)
}

/// Whether the server spoke a moment ago, as it does every second.
pub(super) fn hears(guard: &Guard) -> bool {
    guard.health().unheard_for.is_some_and(|age| age <= RECENT)
}

/// The machine's clocks, with a wall clock that can be set ahead.
struct Ahead {
    machine: SystemClock,
    seconds: Arc<AtomicU64>,
}

impl Clock for Ahead {
    fn wall(&self) -> u64 {
        self.machine.wall() + self.seconds.load(Relaxed)
    }

    fn steady(&self) -> Duration {
        self.machine.steady()
    }
}
