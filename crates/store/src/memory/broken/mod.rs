//! The memory backend with one fault, so that each promise of the contract can be seen to fail.
//!
//! Three kinds of fault need no knowledge of the verb: a part of the state that a verb leaves as it was, a verb
//! that decides on what it read before others came, and one that finishes only after another has. The slips of
//! single verbs are in [`slip`], and made in [`verbs`].

mod slip;
mod verbs;

use std::sync::{Arc, Mutex, PoisonError};

use cloakroom_model::log::Row;
use tokio::sync::{Barrier, OwnedMutexGuard, watch};

use super::{Memory, State};
use crate::contract::witness::CALLERS;

pub(crate) use slip::Slip;

/// What is wrong with it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// The verb answers as it should, and leaves this part as it was.
    Keeps(&'static str, Part),
    /// The verb decides on what it read before all the other callers came, and writes over what they did.
    Hasty(&'static str),
    /// The first verb reads, waits until the second is done, and writes over what that did.
    Late(&'static str, &'static str),
    /// A mistake of its own.
    Slips(Slip),
}

/// A part of the state.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Users,
    Names,
    Sessions,
    Replaced,
    Documents,
    Grants,
    Consents,
    PushedRequests,
    Codes,
    DeviceRequests,
    RelyingParties,
    Streams,
    Marks,
    Statuses,
    Links,
    InitialTokens,
    Clients,
    SigningKeys,
    Failures,
    FailuresOfNobody,
    Devices,
    Log,
    Events,
    All,
}

/// A backend that breaks a promise.
pub(crate) struct Broken {
    inner: Memory,
    fault: Fault,
    all_came: Barrier,
    read: Mutex<Option<State>>,
    has_read: watch::Sender<bool>,
    is_done: watch::Sender<bool>,
    turn: Arc<tokio::sync::Mutex<()>>,
    held: Mutex<Option<Row>>,
}

/// What a verb holds while it runs.
struct Turn {
    before: Option<State>,
    _alone: Option<OwnedMutexGuard<()>>,
}

impl Broken {
    pub(crate) fn new(inner: Memory, fault: Fault) -> Self {
        Self {
            inner,
            fault,
            all_came: Barrier::new(usize::from(CALLERS)),
            read: Mutex::default(),
            has_read: watch::Sender::new(false),
            is_done: watch::Sender::new(false),
            turn: Arc::default(),
            held: Mutex::default(),
        }
    }

    fn slips(&self, slip: Slip) -> bool {
        matches!(self.fault, Fault::Slips(ours) if ours == slip)
    }

    async fn begin(&self, verb: &str) -> Turn {
        match self.fault {
            Fault::Keeps(ours, _) if ours == verb => {
                let alone = Arc::clone(&self.turn).lock_owned().await;
                Turn { before: Some(self.copy()), _alone: Some(alone) }
            }
            Fault::Hasty(ours) if ours == verb => {
                self.remember();
                self.all_came.wait().await;
                self.go_back().await
            }
            Fault::Late(ours, other) if ours == verb => {
                self.remember();
                self.has_read.send_replace(true);
                wait_for(&self.is_done).await;
                debug_assert_ne!(ours, other);
                self.go_back().await
            }
            Fault::Late(_, other) if other == verb => {
                wait_for(&self.has_read).await;
                Turn { before: None, _alone: None }
            }
            _ => Turn { before: None, _alone: None },
        }
    }

    fn end(&self, verb: &str, turn: Turn) {
        match self.fault {
            Fault::Keeps(_, part) => {
                if let Some(before) = turn.before {
                    self.inner.state().unwrap().restore(part, before);
                }
            }
            Fault::Late(_, other) if other == verb => {
                self.is_done.send_replace(true);
            }
            _ => {}
        }
    }

    /// Reads, where nobody has read before.
    fn remember(&self) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.get_or_insert_with(|| self.copy());
    }

    /// Makes what was read the truth again, and keeps the others out until the verb has acted on it.
    async fn go_back(&self) -> Turn {
        let alone = Arc::clone(&self.turn).lock_owned().await;
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(read) = read {
            *self.inner.state().unwrap() = read;
        }
        Turn { before: None, _alone: Some(alone) }
    }

    fn copy(&self) -> State {
        self.inner.state().unwrap().clone()
    }
}

impl State {
    fn restore(&mut self, part: Part, before: Self) {
        match part {
            Part::Users => self.users = before.users,
            Part::Names => self.names = before.names,
            Part::Sessions => {
                self.sessions = before.sessions;
                self.secrets = before.secrets;
            }
            Part::Replaced => self.replaced = before.replaced,
            Part::Documents => self.documents = before.documents,
            Part::Grants => self.grants = before.grants,
            Part::Consents => self.consents = before.consents,
            Part::PushedRequests => self.pushed_requests = before.pushed_requests,
            Part::Codes => self.codes = before.codes,
            Part::DeviceRequests => self.device_requests = before.device_requests,
            Part::Marks => self.marks = before.marks,
            Part::Statuses => self.statuses = before.statuses,
            Part::RelyingParties => self.relying_parties = before.relying_parties,
            Part::Streams => self.streams = before.streams,
            Part::Links => self.links = before.links,
            Part::InitialTokens => self.initial_tokens = before.initial_tokens,
            Part::Clients => self.clients = before.clients,
            Part::SigningKeys => self.signing_keys = before.signing_keys,
            Part::Failures => self.failures = before.failures,
            Part::FailuresOfNobody => self.failures_of_nobody = before.failures_of_nobody,
            Part::Devices => self.devices = before.devices,
            Part::Log => self.log = before.log,
            Part::Events => self.events = before.events,
            Part::All => *self = before,
        }
    }
}

async fn wait_for(flag: &watch::Sender<bool>) {
    // The sender lives as long as the backend, so that waiting ends with the flag alone.
    let _ = flag.subscribe().wait_for(|raised| *raised).await;
}
