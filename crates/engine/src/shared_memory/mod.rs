//! The second memory that all nodes share: who looks a session up finds what another node has read, and need not read it
//! again.
//!
//! What is found there is believed as an entry of this node's own would be, and only where it can be: it was sealed by a
//! node of this installation under the same name (`seal`), it was filled less than [`MAX_AGE`] ago at a place that lies in
//! the history which is followed here ([`Memory::noted_at`]), and no row after that place concerns it. Anything else is a
//! miss. So whoever empties that memory, restores it from long ago or writes to it makes nobody come in, and whoever reads
//! it learns nothing but how much there is.
//!
//! Only signed-in sessions are there: guests lie where they can be lost already.

mod entry;
mod seal;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use cloakroom_model::policy::life::{self, Life};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::SharedMemory;
use tokio::sync::Semaphore;

use self::entry::Entry;
use self::seal::SharedKey;
use crate::Engine;
use crate::keys::DataKeys;
use crate::memory::{MAX_AGE, Memory, Name, Noted, Remembered};
use crate::reach::Reach;

/// How many entries may be on their way there at once; one more is not shared.
const UNDER_WAY: usize = 256;

/// By how much the clocks of two nodes may differ: each measures the store's within the time of a question.
const SKEW: Duration = Duration::from_secs(2);

/// The shared memory, as one node meets it.
pub(crate) struct Shared {
    memory: Arc<dyn SharedMemory>,
    key: ArcSwapOption<Drawn>,
    reach: Arc<Reach>,
    under_way: Arc<Semaphore>,
    hits: AtomicU64,
    misses: AtomicU64,
    unanswered: AtomicU64,
    disbelieved: AtomicU64,
}

/// The key of what is shared, and the number of the data key that it was drawn from.
struct Drawn {
    number: u32,
    key: SharedKey,
}

/// How often the shared memory was of use.
#[derive(Clone, Copy, Debug)]
pub struct SharedVitals {
    /// How often it had a session that was believed.
    pub hits: u64,
    /// How often it had none.
    pub misses: u64,
    /// How often it did not answer in time, or was left alone because of that.
    pub unanswered: u64,
    /// How often what it had was not believed.
    pub disbelieved: u64,
}

impl Shared {
    pub(crate) fn new(memory: Arc<dyn SharedMemory>) -> Self {
        Self {
            memory,
            key: ArcSwapOption::empty(),
            reach: Arc::default(),
            under_way: Arc::new(Semaphore::new(UNDER_WAY)),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
            disbelieved: AtomicU64::new(0),
        }
    }

    /// The key of what is shared, from the newest data key: what an older one sealed is not opened any more.
    fn key(&self, data_keys: &DataKeys) -> Option<Arc<Drawn>> {
        let number = data_keys.newest();
        if let Some(drawn) = &*self.key.load()
            && drawn.number == number
        {
            return Some(Arc::clone(drawn));
        }
        let data_key = data_keys.find(number)?;
        let drawn = Arc::new(Drawn { number, key: SharedKey::derive(&data_key) });
        self.key.store(Some(Arc::clone(&drawn)));
        Some(drawn)
    }

    pub(crate) fn vitals(&self) -> SharedVitals {
        SharedVitals {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            unanswered: self.unanswered.load(Ordering::Relaxed),
            disbelieved: self.disbelieved.load(Ordering::Relaxed),
        }
    }
}

impl Engine {
    /// A signed-in session that another node has looked up, if it may be believed.
    pub(crate) async fn recall(&self, name: &Name) -> Option<Arc<Remembered>> {
        let shared = self.shared.as_ref()?;
        // Apart, so that the usual check carries nothing of this.
        Box::pin(self.recall_from(shared, name)).await
    }

    async fn recall_from(&self, shared: &Shared, name: &Name) -> Option<Arc<Remembered>> {
        let drawn = shared.key(&self.data_keys)?;
        let key = &drawn.key;
        // Where the log was not heard lately, nobody's memory is worth anything.
        let (steady, now) = self.time.both();
        if !self.memory.is_trusted(steady) {
            return None;
        }
        let digest = key.name(name);
        let found = shared.reach.ask(now, shared.memory.recall(&digest)).await;
        let Some(found) = found else {
            shared.unanswered.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        let Some(sealed) = found else {
            shared.misses.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        let (steady, now) = self.time.both();
        let is_heard = self.memory.is_trusted(steady);
        let entry = is_heard.then(|| believe(&self.memory, key, &digest, sealed, now)).flatten();
        let Some(entry) = entry else {
            shared.disbelieved.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        shared.hits.fetch_add(1, Ordering::Relaxed);
        Some(Arc::new(entry))
    }

    /// Gives what was just looked up to the others, after the answer has gone on its way.
    pub(crate) fn share(&self, name: &Name, noted: Noted, session: &Remembered) {
        let Some(shared) = &self.shared else { return };
        let Some(entry) = Entry::of(&self.memory, noted, session) else { return };
        let Some(drawn) = shared.key(&self.data_keys) else { return };
        let key = &drawn.key;
        let Ok(place) = Arc::clone(&shared.under_way).try_acquire_owned() else { return };
        let digest = key.name(name);
        let sealed = key.seal(&digest, &entry.to_bytes(), &*self.random);
        let (memory, reach, now) =
            (Arc::clone(&shared.memory), Arc::clone(&shared.reach), self.time.now());
        tokio::spawn(async move {
            // Where it fails, the others look for themselves.
            let _kept = reach.ask(now, memory.keep(&digest, &sealed, MAX_AGE)).await;
            drop(place);
        });
    }
}

/// What was found under a name, if this node's memory has no reason not to believe it at `now`.
fn believe(
    memory: &Memory,
    key: &SharedKey,
    name: &Digest,
    sealed: Vec<u8>,
    now: Timestamp,
) -> Option<Remembered> {
    let entry = Entry::from_bytes(&key.open(name, sealed)?)?;
    let filled_at = entry.filled_at;
    if now.since(filled_at) > MAX_AGE || filled_at.since(now) > SKEW {
        return None;
    }
    let noted = memory.noted_at(entry.place, entry.timeline)?;
    let session = entry.remembered(noted);
    // What looks dead may have been used since: storage decides, as it does about this node's own entries.
    let live = life::of_session(&session.session, session.last_seen(), now) == Life::Live;
    (live && memory.believes(&session)).then_some(session)
}

#[cfg(test)]
mod tests;
