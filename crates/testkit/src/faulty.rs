//! A store that does not answer, or not at all, when it is told to: the log and everything else apart.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use async_trait::async_trait;
use cloakroom_store::{
    Clients, Codes, Consents, DeviceRequests, Error, Events, Grants, Guests, InitialTokens, Keys,
    Links, Marks, PushedRequests, RelyingParties, Revocations, SessionData, Sessions, Statuses,
    Streams, Throttles, Users, every_verb,
};
use tokio::sync::Notify;

/// What becomes of a question.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Fault {
    /// It is answered.
    None,
    /// The answer is that storage is unavailable.
    Refuses,
    /// There is no answer, ever.
    Hangs,
}

/// The fault there is now.
#[derive(Debug, Default)]
pub(crate) struct Faults(AtomicU8);

impl Faults {
    pub(crate) fn set(&self, fault: Fault) {
        self.0.store(fault as u8, Ordering::SeqCst);
    }

    pub(crate) async fn pass(&self) -> Result<(), Error> {
        match self.0.load(Ordering::SeqCst) {
            0 => Ok(()),
            1 => Err(Error::Unavailable("it was told to refuse".into())),
            _ => std::future::pending().await,
        }
    }
}

/// A store with faults, which others can be told to.
#[derive(Debug)]
pub struct Faulty<S> {
    store: Arc<S>,
    log: Faults,
    rest: Faults,
    woken: Notify,
}

impl<S> Faulty<S> {
    /// Without faults yet.
    #[must_use]
    pub fn new(store: Arc<S>) -> Self {
        Self { store, log: Faults::default(), rest: Faults::default(), woken: Notify::new() }
    }

    /// What becomes of questions to the log from now on.
    pub fn log(&self, fault: Fault) {
        self.log.set(fault);
    }

    /// What becomes of all other questions from now on.
    pub fn rest(&self, fault: Fault) {
        self.rest.set(fault);
    }

    /// Says that rows were appended.
    pub fn wake(&self) {
        self.woken.notify_one();
    }

    async fn pass(&self, set: &str) -> Result<(), Error> {
        let faults = if set == "Revocations" { &self.log } else { &self.rest };
        faults.pass().await
    }
}

macro_rules! failing {
    ($trait:ident {
        $($verb:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*
        $(=> $hint:ident;)?
    }) => {
        #[async_trait]
        impl<S: $trait> $trait for Faulty<S> {
            $(
                async fn $verb(&self $(, $argument: $type)*) -> $answer {
                    self.pass(stringify!($trait)).await?;
                    self.store.$verb($($argument),*).await
                }
            )*
            $(
                async fn $hint(&self) {
                    self.woken.notified().await;
                }
            )?
        }
    };
}

every_verb!(failing);
