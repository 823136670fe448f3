//! Who follows here: so many at once, and nobody for longer than their token is good.

use std::collections::{BTreeMap, HashMap};

use cloakroom_model::id::ClientId;
use cloakroom_model::time::Timestamp;

use super::{FollowError, Limits};
use crate::Engine;

/// Those who have a place.
pub(super) struct Followers {
    limits: Limits,
    /// Whose token each came with, in the order in which those are over.
    all: BTreeMap<Key, ClientId>,
    /// How many came with the tokens of each client.
    of: HashMap<ClientId, usize>,
    /// How many there ever were.
    came: u64,
}

/// When the token of one is over, and a number of its own.
type Key = (Timestamp, u64);

impl Followers {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, all: BTreeMap::new(), of: HashMap::new(), came: 0 }
    }

    /// How many follow.
    pub(super) fn count(&mut self, now: Timestamp) -> usize {
        self.let_go_until(now);
        self.all.len()
    }

    fn admit(
        &mut self,
        client: &ClientId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Key, FollowError> {
        self.let_go_until(now);
        if self.of.get(client).is_some_and(|count| *count >= self.limits.of_client) {
            return Err(FollowError::TooMany);
        }
        if self.all.len() >= self.limits.all {
            return Err(FollowError::Full);
        }
        self.came += 1;
        let key = (until, self.came);
        self.all.insert(key, client.clone());
        *self.of.entry(client.clone()).or_default() += 1;
        Ok(key)
    }

    /// Lets go of those whose tokens are over. Their connections may not have noticed: one that takes nothing asks for nothing.
    fn let_go_until(&mut self, now: Timestamp) {
        while let Some((key, _)) = self.all.first_key_value()
            && key.0 <= now
        {
            self.let_go(*key);
        }
    }

    fn let_go(&mut self, key: Key) {
        let Some(client) = self.all.remove(&key) else { return };
        if let Some(count) = self.of.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                self.of.remove(&client);
            }
        }
    }
}

/// A place among those who follow, given back when it is dropped or its token is over.
pub(super) struct Admitted {
    engine: Engine,
    key: Key,
}

impl Admitted {
    /// A place until the second at which the token is over.
    pub(super) fn new(
        engine: &Engine,
        client: &ClientId,
        until: Timestamp,
    ) -> Result<Self, FollowError> {
        let feed = &engine.feed;
        if feed.beats.borrow().over {
            return Err(FollowError::Full);
        }
        let key = feed.who_follows().admit(client, until, engine.time.now())?;
        Ok(Self { engine: engine.clone(), key })
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.engine.feed.who_follows().let_go(self.key);
    }
}
