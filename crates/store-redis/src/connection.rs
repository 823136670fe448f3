//! The way to Redis. Every wait has an end, nothing queues without one, and it comes back by itself.
//!
//! One task keeps the connection: it makes it, looks after it when somebody doubts it, and makes it again when it is
//! gone. Who asks uses what is there. While a connection is being made for the first time, or again, they wait for it
//! as long as that may take; after a first attempt in vain they are refused at once until one succeeds. So Redis being
//! away costs a request one bound at most, and those after it nothing.
//!
//! Where the connection had to be made again, what lay there may be lost: it leads to another server, or to one that was
//! restarted. Each time is counted ([`Connection::losses`]), and so that it is not found out with the next question only,
//! the task looks after a connection that nobody asks by, every [`LOOK_EVERY`].
//!
//! A question whose connection broke under it is asked once more on the next one: whether the first was heard is not
//! known, so whoever asks must bear that it was (see [`Connection::ask_once`] for those who cannot). A question that
//! took too long is not asked again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cloakroom_store::{Error, Losses};
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, ServerErrorKind, ToRedisArgs};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use crate::link::{Link, NoAnswer, NoLink};
use crate::script::Script;
use crate::settings::Settings;

/// A way to Redis. Clones share it; it is closed with the last of them.
#[derive(Clone)]
pub struct Connection(Arc<Kept>);

struct Kept {
    shared: Arc<Shared>,
    keeper: AbortHandle,
}

struct Shared {
    settings: Settings,
    state: watch::Sender<State>,
    /// Somebody doubts the connection.
    doubt: Notify,
    /// How often what lay there may have been lost.
    losses: Losses,
    /// Places for questions that wait for their answers.
    places: Semaphore,
}

/// What there is to ask by.
#[derive(Clone)]
enum State {
    /// The first connection, or the one after a loss, is being made.
    Making,
    /// It is there. The number is another each time it was made, or doubted and found well.
    There { number: u64, link: Link },
    /// It could not be made; it is tried again.
    Away,
}

/// How long after an attempt in vain the next one is made: doubled each time up to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// How often a connection is looked after that nobody doubts.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Connection {
    /// Begins to make a connection, and returns without waiting for it.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    #[must_use]
    pub fn open(settings: Settings) -> Self {
        let shared = Arc::new(Shared {
            places: Semaphore::new(settings.waiting),
            settings,
            state: watch::Sender::new(State::Making),
            doubt: Notify::new(),
            losses: Losses::default(),
        });
        let keeper = tokio::spawn(keep(Arc::clone(&shared))).abort_handle();
        Self(Arc::new(Kept { shared, keeper }))
    }

    /// What it was opened with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.shared.settings
    }

    /// Whether Redis is there, as far as is known.
    #[must_use]
    pub fn is_there(&self) -> bool {
        matches!(*self.0.shared.state.borrow(), State::There { .. })
    }

    /// How often what lay there may have been lost. A cluster that goes on without one of its servers counts as one that
    /// lost what lay there.
    #[must_use]
    pub fn losses(&self) -> &Losses {
        &self.0.shared.losses
    }

    /// Waits, without an end, until Redis is there.
    pub async fn there(&self) {
        let mut states = self.0.shared.state.subscribe();
        let there = states.wait_for(|state| matches!(state, State::There { .. })).await;
        debug_assert!(there.is_ok(), "whoever would end the states is held by this");
    }

    /// Asks one thing, perhaps twice.
    pub async fn ask<T: FromRedisValue>(&self, cmd: &Cmd) -> Result<T, Error> {
        self.0.shared.ask(cmd, 2).await
    }

    /// Asks one thing once. Where it fails, it may have been heard or not.
    pub async fn ask_once<T: FromRedisValue>(&self, cmd: &Cmd) -> Result<T, Error> {
        self.0.shared.ask(cmd, 1).await
    }

    /// Runs a script, perhaps twice. Its keys lie in one slot.
    pub async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: &[impl ToRedisArgs],
        args: impl ToRedisArgs,
    ) -> Result<T, Error> {
        self.0.shared.run(script, keys, args, 2).await
    }

    /// Runs a script once. Where it fails, it may have been run or not.
    pub async fn run_once<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: &[impl ToRedisArgs],
        args: impl ToRedisArgs,
    ) -> Result<T, Error> {
        self.0.shared.run(script, keys, args, 1).await
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("settings", self.settings()).finish_non_exhaustive()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Shared {
    async fn ask<T: FromRedisValue>(&self, question: &Cmd, attempts: u8) -> Result<T, Error> {
        read(self.question(question, attempts).await?)
    }

    async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: &[impl ToRedisArgs],
        args: impl ToRedisArgs,
        attempts: u8,
    ) -> Result<T, Error> {
        match self.question(&script.by_name(keys, &args), attempts).await {
            Err(Failure::Refused(error)) if is_unknown_script(&error) => {
                self.ask(&script.by_text(keys, &args), attempts).await
            }
            answer => read(answer?),
        }
    }

    async fn question(&self, question: &Cmd, attempts: u8) -> Result<redis::Value, Failure> {
        let _place = self.places.try_acquire().map_err(|_| Failure::Busy)?;
        let mut broken = None;
        for attempt in 1..=attempts {
            let (number, link) = self.link(broken).await?;
            match link.ask(question).await {
                Ok(answer) => return Ok(answer),
                Err(NoAnswer::Refused(error)) if is_broken(&error) => {
                    self.doubt.notify_one();
                    if attempt == attempts {
                        return Err(Failure::Refused(error));
                    }
                    broken = Some(number);
                }
                Err(NoAnswer::Refused(error)) if !error.is_timeout() => {
                    return Err(Failure::Refused(error));
                }
                Err(_) => {
                    self.doubt.notify_one();
                    return Err(Failure::TooLong);
                }
            }
        }
        Err(Failure::Away)
    }

    /// The connection there is, or the one that is being made; another than `broken`.
    async fn link(&self, broken: Option<u64>) -> Result<(u64, Link), Failure> {
        let usable = |state: &State| match state {
            State::There { number, .. } => Some(*number) != broken,
            State::Away => true,
            State::Making => false,
        };
        let mut state = self.state.borrow().clone();
        if !usable(&state) {
            let mut states = self.state.subscribe();
            let waited = timeout(self.making(), states.wait_for(usable)).await;
            state = waited.map_err(|_| Failure::Away)?.map_err(|_| Failure::Away)?.clone();
        }
        match state {
            State::There { number, link } => Ok((number, link)),
            State::Away | State::Making => Err(Failure::Away),
        }
    }

    /// The longest that making a connection may take: sentinels are asked first, and a cluster's nodes besides.
    fn making(&self) -> Duration {
        self.settings.connect * 2
    }
}

/// Makes the connection, and makes it again, for ever.
async fn keep(shared: Arc<Shared>) {
    let mut pause = PAUSES.0;
    let mut number = 0;
    loop {
        let made = timeout(shared.making(), Link::make(&shared.settings)).await;
        match made.unwrap_or(Err(NoLink::TooLong)) {
            Ok(link) => {
                pause = PAUSES.0;
                tracing::debug!("connected to Redis");
                if number > 0 {
                    shared.losses.add();
                }
                let is_cluster = link.is_cluster();
                number = until_broken(&shared, link, number + 1).await;
                // A cluster that lost a node answers for the others: it is used until there is another connection.
                if !is_cluster {
                    shared.state.send_replace(State::Making);
                }
                // A server that lets us in and then does not work is not asked without a pause.
                sleep(PAUSES.0).await;
            }
            Err(error) => {
                let was_away = matches!(shared.state.send_replace(State::Away), State::Away);
                if !was_away {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::warn!(%error, cause, "Redis is away; what lies there is refused until it is back");
                }
                sleep(pause).await;
                pause = (pause * 2).min(PAUSES.1);
            }
        }
    }
}

/// Offers the connection as `number` until it is broken, or somebody doubts it and it does not answer for itself. Answers
/// its last number.
async fn until_broken(shared: &Shared, link: Link, mut number: u64) -> u64 {
    // What only a master answers: one that became a replica is of no use.
    let mut probe = redis::cmd("EVAL");
    let key = format!("{}:probe", shared.settings.prefix);
    probe.arg("return redis.call('DEL', KEYS[1])").arg(1).arg(key);
    shared.state.send_replace(State::There { number, link: link.clone() });
    loop {
        let doubted = timeout(LOOK_EVERY, shared.doubt.notified()).await.is_ok();
        match link.ask(&probe).await {
            Err(NoAnswer::Refused(error)) if is_broken(&error) => return number,
            Ok(_) => {}
            Err(NoAnswer::Refused(error)) if !error.is_timeout() => {}
            // Late, and nobody minded yet.
            Err(_) if !doubted => {}
            Err(_) => return number,
        }
        if doubted {
            number += 1;
            if link.is_cluster() {
                shared.losses.add();
            }
            shared.state.send_replace(State::There { number, link: link.clone() });
        }
    }
}

/// Why a question has no answer.
enum Failure {
    /// There are too many.
    Busy,
    /// There is no connection.
    Away,
    /// The answer did not come.
    TooLong,
    /// The answer was no.
    Refused(RedisError),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Busy => Self::Busy,
            Failure::Away => Self::OutOfReach(Box::new(Away("Redis is away"))),
            Failure::TooLong => Self::OutOfReach(Box::new(Away("Redis did not answer in time"))),
            Failure::Refused(error) => Self::OutOfReach(Box::new(error)),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Away(&'static str);

fn read<T: FromRedisValue>(answer: redis::Value) -> Result<T, Error> {
    let answer = answer.extract_error().map_err(Failure::Refused)?;
    T::from_redis_value(answer)
        .map_err(|_| Error::Corrupt("Redis holds something of another shape".to_owned()))
}

/// Whether the connection is of no more use, or leads to one who can do nothing for us now.
fn is_broken(error: &RedisError) -> bool {
    use ServerErrorKind::{BusyLoading, ClusterDown, MasterDown, ReadOnly};
    error.is_connection_dropped()
        || error.is_unrecoverable_error()
        || matches!(
            error.kind(),
            ErrorKind::Server(ReadOnly | MasterDown | BusyLoading | ClusterDown)
        )
}

fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}
