//! What nodes have in common beside the store, in this process, with the faults of what may be lost.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cloakroom_engine::start::InCommon;
use cloakroom_model::policy::throttle::{Rate, Spent, Verdict};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Counters, Error, SharedMemory, Spend};

use crate::faulty::{Fault, Faults};

/// A memory and counters that nodes share.
#[derive(Debug, Default)]
pub struct Common {
    entries: Mutex<HashMap<Digest, Vec<u8>>>,
    spent: Mutex<HashMap<Digest, Spent>>,
    faults: Faults,
    asked: AtomicU64,
}

impl Common {
    /// Both of it, for a node.
    #[must_use]
    pub fn for_node(self: &Arc<Self>) -> InCommon {
        InCommon {
            memory: Some(Arc::clone(self) as _),
            counters: Some(Arc::clone(self) as _),
            ..InCommon::default()
        }
    }

    /// What becomes of questions from now on.
    pub fn set(&self, fault: Fault) {
        self.faults.set(fault);
    }

    /// How often anything was asked.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// All that the memory holds: names and what is under them.
    ///
    /// # Panics
    ///
    /// When another thread panicked in here.
    #[must_use]
    pub fn entries(&self) -> HashMap<Digest, Vec<u8>> {
        self.entries.lock().unwrap().clone()
    }

    /// Holds these instead, as after a restart from a snapshot.
    ///
    /// # Panics
    ///
    /// When another thread panicked in here.
    pub fn put_back(&self, entries: HashMap<Digest, Vec<u8>>) {
        *self.entries.lock().unwrap() = entries;
    }

    async fn pass(&self) -> Result<(), Error> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.faults.pass().await
    }
}

#[async_trait]
impl SharedMemory for Common {
    async fn recall(&self, name: &Digest) -> Result<Option<Vec<u8>>, Error> {
        self.pass().await?;
        Ok(self.entries.lock().unwrap().get(name).cloned())
    }

    async fn keep(&self, name: &Digest, entry: &[u8], _ttl: Duration) -> Result<(), Error> {
        self.pass().await?;
        self.entries.lock().unwrap().insert(*name, entry.to_vec());
        Ok(())
    }
}

#[async_trait]
impl Counters for Common {
    async fn spend(&self, name: &Digest, rate: Rate, now: Timestamp) -> Result<Spend, Error> {
        self.pass().await?;
        let mut spent = self.spent.lock().unwrap();
        Ok(match rate.decide(spent.get(name).copied(), now) {
            Verdict::Admit(after) => {
                spent.insert(*name, after);
                Spend::Admitted
            }
            Verdict::Wait(wait) => Spend::Wait(wait),
        })
    }
}
