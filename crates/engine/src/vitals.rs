//! What an operator watches: how a node is doing, and whether it should be asked at all.

use std::sync::atomic::Ordering;
use std::time::Duration;

use cloakroom_store::Error;

use crate::Engine;
use crate::follow::HEARD_WITHIN;
use crate::patience::within;
use crate::shared_memory::{Shared, SharedVitals};
use crate::streams::SignalVitals;

/// The state of a node at one moment, and what it counted since it started.
#[derive(Clone, Copy, Debug)]
pub struct Vitals {
    /// How many sessions this node remembers.
    pub sessions: usize,
    /// How many passwords wait to be hashed.
    pub passwords_waiting: usize,
    /// How many services follow the log here.
    pub followers: usize,
    /// How the signals of streams fare.
    pub signals: SignalVitals,
    /// How it hears the log.
    pub log: LogVitals,
    /// Of how much use its memory is.
    pub memory: MemoryVitals,
    /// Of how much use the memory is that all nodes share, where there is one.
    pub shared: Option<SharedVitals>,
    /// Whether what keeps it is there, as far as is known.
    pub in_common_is_there: Option<bool>,
}

/// How a node hears the log.
#[derive(Clone, Copy, Debug)]
pub struct LogVitals {
    /// How long ago it last heard everything; `None` while nothing is believed until it hears again.
    pub unheard_for: Option<Duration>,
    /// Whether that is recent enough to answer from memory.
    pub trusted: bool,
    /// The number of the last row it heard.
    pub place: u64,
    /// How many rows it read.
    pub rows: u64,
    /// How often the log was another one, and everything was forgotten.
    pub lost: u64,
    /// How often a request had to read the log because the reader was late.
    pub asked: u64,
}

/// Of how much use memory is.
#[derive(Clone, Copy, Debug)]
pub struct MemoryVitals {
    /// How many checks were answered by what is remembered.
    pub believed: u64,
    /// How often storage was asked for a session.
    pub asked: u64,
    /// How often it had one.
    pub filled: u64,
}

/// A node that should not be asked.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", unheard(*unheard_for))]
pub struct NotReady {
    /// How long ago it last heard the log; `None` where it believes nothing.
    pub unheard_for: Option<Duration>,
    /// Why it cannot hear it now.
    #[source]
    pub error: Error,
}

fn unheard(since: Option<Duration>) -> String {
    match since {
        Some(since) => format!("the revocation log was last heard {} ms ago", since.as_millis()),
        None => "the revocation log is not heard".to_owned(),
    }
}

impl Engine {
    /// How this node is doing.
    #[must_use]
    pub fn vitals(&self) -> Vitals {
        let steady = self.time.steady();
        let counted = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
        let tally = &self.memory.tally;
        Vitals {
            sessions: self.memory.sessions(),
            passwords_waiting: self.passwords.waiting(),
            followers: self.feed.followers(self.time.now()),
            signals: self.signals.vitals(),
            log: LogVitals {
                unheard_for: self.memory.unheard_for(steady),
                trusted: self.memory.is_trusted(steady),
                place: self.memory.place(),
                rows: counted(&self.follower.rows),
                lost: counted(&self.follower.lost),
                asked: counted(&self.follower.asked),
            },
            memory: MemoryVitals {
                believed: tally.checks_believed(),
                asked: tally.asked_from_store(),
                filled: tally.filled_from_store(),
            },
            shared: self.shared.as_ref().map(Shared::vitals),
            in_common_is_there: self.in_common_is_there.as_ref().map(|is_there| is_there()),
        }
    }

    /// Whether this node should be asked: it is where it hears the log now, within [`HEARD_WITHIN`]. That is what every
    /// request does which finds memory too old, so that a node whose reader alone is late is ready all the same; how
    /// late it is [`LogVitals`] says.
    pub async fn readiness(&self) -> Result<(), NotReady> {
        let unheard_for = self.memory.unheard_for(self.time.steady());
        within(HEARD_WITHIN, self.catch_up()).await.map_err(|error| NotReady { unheard_for, error })
    }
}
