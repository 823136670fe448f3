//! The bounded pool that hashes passwords (promise 10).
//!
//! As many threads as there are cores, at low priority, each with memory that it uses again for the next hash and
//! gives back when nobody comes for a while; and as many of a priority that is lower still, which take over when more
//! come than can be served ([`Weather`]). In front of them a queue that has an end: whoever finds it full is
//! told so at once, with a time to come back. Those who wait take turns by the network they come from, and none
//! may have more than a share of the places, so that a flood from one network delays the others by one hash at
//! most. A caller that goes away before its turn leaves no work behind.
//!
//! It rests on the standard library's threads: Tokio's blocking pool would run five hundred hashes at once, each
//! with its own memory. It knows nothing of users; who may try at all is decided before.

mod queue;
mod worker;

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use cloakroom_model::network::Network;
use cloakroom_model::password::Password;
use tokio::sync::{oneshot, watch};

use self::queue::{FairQueue, Limits, Pushed, Ticket};
use super::{Cost, Memory, NoMemory, PasswordHash, Verdict};

/// How far threads give way to others in calm weather, on the scale of `nice`.
const NICE: i32 = 10;

/// How a pool is built.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Settings {
    /// What new hashes cost.
    pub cost: Cost,
    /// How many are computed at once.
    pub threads: NonZeroUsize,
    /// How many may wait.
    pub waiting: usize,
    /// How many of one network may wait.
    pub waiting_per_network: usize,
    /// For how long a thread that has nothing to do keeps its memory.
    pub keep_memory: Duration,
}

impl Settings {
    /// A thread for each core; otherwise as [`Settings::with_threads`] has it.
    #[must_use]
    pub fn new(cost: Cost) -> Self {
        Self::with_threads(cost, thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }

    /// For each thread 32 may wait, which is less than a second at the default cost, and 8 from one network. Memory
    /// is kept for 30 s.
    #[must_use]
    pub const fn with_threads(cost: Cost, threads: NonZeroUsize) -> Self {
        Self {
            cost,
            threads,
            waiting: threads.get() * 32,
            waiting_per_network: threads.get() * 8,
            keep_memory: Duration::from_secs(30),
        }
    }

    /// With more than this many waiting it is a storm: four turns of each thread.
    const fn storm_begins(&self) -> usize {
        self.threads.get() * 4
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unavailable {
    /// Too many wait already: try again.
    #[error("too many passwords are being checked; try again in {} s", retry_after.as_secs())]
    Busy {
        /// When it is likely to work: whole seconds, at least one.
        retry_after: Duration,
    },
    /// The server is going down.
    #[error("the server is stopping")]
    Stopped,
    /// A hash could not be computed: there was no memory, or our own fault.
    #[error("a password hash could not be computed")]
    Failed,
}

/// The pool. Dropping it stops it.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Pool {
    /// Starts the threads.
    pub fn start(settings: Settings) -> std::io::Result<Self> {
        let limits = Limits { all: settings.waiting, of_one_network: settings.waiting_per_network };
        let shared = Arc::new(Shared {
            settings,
            state: Mutex::new(State {
                queue: FairQueue::new(limits),
                weather: Weather::Calm,
                stopped: false,
            }),
            calm: Condvar::new(),
            storm: Condvar::new(),
            pace: Pace::guess(settings.cost),
            holding: watch::Sender::new(0),
        });
        let pool = Self { shared, threads: Mutex::default() };
        for (weather, name) in [(Weather::Calm, "password"), (Weather::Storm, "password-storm")] {
            for n in 0..settings.threads.get() {
                let shared = Arc::clone(&pool.shared);
                let thread = thread::Builder::new().name(format!("{name}-{n}"));
                let handle = thread.spawn(move || worker::run(&shared, weather))?;
                pool.threads().push(handle);
            }
        }
        Ok(pool)
    }

    /// Hashes a password with 16 random bytes, on behalf of somebody in a network.
    pub async fn hash(
        &self,
        from: Network,
        password: Password,
        salt: [u8; 16],
    ) -> Result<PasswordHash, Unavailable> {
        let cost = self.shared.settings.cost;
        self.submit(from, move |memory| PasswordHash::make(&password, salt, cost, memory)).await
    }

    /// Checks a password against a hash.
    pub async fn verify(
        &self,
        from: Network,
        password: Password,
        hash: PasswordHash,
    ) -> Result<Verdict, Unavailable> {
        let cost = self.shared.settings.cost;
        self.submit(from, move |memory| hash.verify(&password, cost, memory)).await
    }

    /// Checks a password of somebody who is not there, or who has none: a mismatch that takes as long as another
    /// one, so that the time does not tell who has an account.
    ///
    /// A user whose hash comes from another system takes that system's time until the first sign-in.
    pub async fn verify_nobody(
        &self,
        from: Network,
        password: Password,
    ) -> Result<Verdict, Unavailable> {
        self.verify(from, password, PasswordHash::of_nobody(self.shared.settings.cost)).await
    }

    /// What new hashes cost here.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.shared.settings.cost
    }

    /// How many wait at this moment.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.state().queue.len()
    }

    /// How many threads hold memory, now and whenever it changes.
    #[must_use]
    pub fn holding(&self) -> watch::Receiver<usize> {
        self.shared.holding.subscribe()
    }

    /// Refuses all who wait and all who come, and returns when the hashes that had begun are done and the threads
    /// have ended.
    pub fn stop(&self) {
        for task in self.shared.stop() {
            task.refuse(Unavailable::Stopped);
        }
        for thread in self.threads().drain(..) {
            // A worker catches what its tasks panic with; there is nobody to tell of anything else.
            let _ = thread.join();
        }
    }

    /// Waits for a turn, and for the work to be done on a thread of the pool.
    async fn submit<T: Send + 'static>(
        &self,
        from: Network,
        work: impl FnOnce(&mut Memory) -> Result<T, NoMemory> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (reply, answer) = oneshot::channel();
        let _place = self.shared.enter(from, Box::new(Work { work, reply }))?;
        answer.await.unwrap_or(Err(Unavailable::Failed))
    }

    fn threads(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.stop();
    }
}

/// One thing to do on a thread of the pool.
trait Task: Send {
    fn run(self: Box<Self>, memory: &mut Memory);
    fn refuse(self: Box<Self>, why: Unavailable);
}

struct Work<F, T> {
    work: F,
    reply: oneshot::Sender<Result<T, Unavailable>>,
}

impl<T, F> Task for Work<F, T>
where
    T: Send,
    F: FnOnce(&mut Memory) -> Result<T, NoMemory> + Send,
{
    fn run(self: Box<Self>, memory: &mut Memory) {
        let Self { work, reply } = *self;
        if reply.is_closed() {
            return;
        }
        // Memory holds nothing that a half-done hash could leave wrong: each one begins by overwriting it.
        let result = catch_unwind(AssertUnwindSafe(|| work(memory)));
        let _ = reply.send(match result {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(NoMemory)) | Err(_) => Err(Unavailable::Failed),
        });
    }

    fn refuse(self: Box<Self>, why: Unavailable) {
        let _ = self.reply.send(Err(why));
    }
}

struct Shared {
    settings: Settings,
    state: Mutex<State>,
    /// Wakes the threads for calm weather, and those for storms.
    calm: Condvar,
    storm: Condvar,
    pace: Pace,
    holding: watch::Sender<usize>,
}

struct State {
    queue: FairQueue<Box<dyn Task>>,
    weather: Weather,
    stopped: bool,
}

/// Which threads take turns. One set of them has a small share of the processor whatever else goes on; the other has only
/// what nobody else wants, and no session check ever waits for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Weather {
    /// Few wait: a person who signs in on a busy machine gets in.
    Calm,
    /// More wait than will be served soon, until nobody does: hashing gives way to everything.
    Storm,
}

impl Shared {
    fn enter(&self, from: Network, task: Box<dyn Task>) -> Result<Place<'_>, Unavailable> {
        let mut state = self.state();
        if state.stopped {
            return Err(Unavailable::Stopped);
        }
        let busy = Unavailable::Busy { retry_after: self.retry_after(state.queue.len()) };
        let (ticket, displaced) = match state.queue.push(from, task) {
            Pushed::Waiting(ticket) => (ticket, None),
            Pushed::InPlaceOf(displaced, ticket) => (ticket, Some(displaced)),
            Pushed::Full(_) => return Err(busy),
        };
        let breaks_out =
            state.weather == Weather::Calm && state.queue.len() > self.settings.storm_begins();
        if breaks_out {
            state.weather = Weather::Storm;
        }
        let weather = state.weather;
        drop(state);
        if breaks_out {
            self.storm.notify_all();
        } else {
            self.ready(weather).notify_one();
        }
        if let Some(task) = displaced {
            task.refuse(busy);
        }
        Ok(Place { shared: self, from, ticket })
    }

    fn stop(&self) -> Vec<Box<dyn Task>> {
        let mut state = self.state();
        state.stopped = true;
        let waiting = std::iter::from_fn(|| state.queue.pop()).collect();
        drop(state);
        self.calm.notify_all();
        self.storm.notify_all();
        waiting
    }

    /// What wakes the threads for this weather.
    fn ready(&self, weather: Weather) -> &Condvar {
        match weather {
            Weather::Calm => &self.calm,
            Weather::Storm => &self.storm,
        }
    }

    fn retry_after(&self, waiting: usize) -> Duration {
        let turns = waiting / self.settings.threads.get() + 1;
        let wait = self.pace.mean().saturating_mul(u32::try_from(turns).unwrap_or(u32::MAX));
        Duration::from_secs(wait.as_millis().div_ceil(1000).max(1).try_into().unwrap_or(u64::MAX))
    }

    /// A panic while it was locked would have left nothing half done: every change is one call.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the queue, left when it is dropped.
struct Place<'a> {
    shared: &'a Shared,
    from: Network,
    ticket: Ticket,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let task = self.shared.state().queue.remove(self.from, self.ticket);
        // What it holds (a password to overwrite) is dropped after the lock.
        drop(task);
    }
}

/// How long a hash takes on this machine these days: a moving average, in microseconds.
struct Pace(AtomicU64);

impl Pace {
    /// Before the first hash: what a core of 2025 needs.
    fn guess(cost: Cost) -> Self {
        Self(AtomicU64::new(cost.work() * 2 / 3))
    }

    fn record(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let mean = self.0.load(Ordering::Relaxed);
        // Two threads that write at once lose one sample, which an estimate can bear.
        self.0.store((mean / 8 * 7).saturating_add(took / 8), Ordering::Relaxed);
    }

    fn mean(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests;
