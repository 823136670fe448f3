//! The rows of the feed that still concern something, by subject.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::subject::Digest;

/// The last that was heard of a subject.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Heard {
    /// Whether it ended. What ended stays ended, in whatever order the rows came.
    pub(crate) ended: bool,
    /// The version at which the last row came that said it changed; 0 where none did.
    pub(crate) changed_at: u64,
    /// The second from which on all of it may be forgotten.
    until: u64,
}

/// A map in shards, so that readers on different cores seldom meet.
pub(crate) struct Concerns {
    shards: Box<[RwLock<HashMap<Digest, Heard>>]>,
}

const SHARDS: usize = 64;

impl Default for Concerns {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| RwLock::default()).collect() }
    }
}

impl Concerns {
    /// What was heard of `subject`.
    #[must_use]
    pub(crate) fn find(&self, subject: &Digest) -> Option<Heard> {
        self.shard(subject).read().unwrap_or_else(PoisonError::into_inner).get(subject).copied()
    }

    /// Adds that it ended.
    pub(crate) fn end(&self, subject: Digest, until: u64) {
        self.put(subject, until, |heard| heard.ended = true);
    }

    /// Adds that it changed, which is heard with this version.
    pub(crate) fn change(&self, subject: Digest, version: u64, until: u64) {
        self.put(subject, until, |heard| heard.changed_at = heard.changed_at.max(version));
    }

    fn put(&self, subject: Digest, until: u64, and: impl FnOnce(&mut Heard)) {
        let mut shard = self.shard(&subject).write().unwrap_or_else(PoisonError::into_inner);
        let heard = shard.entry(subject).or_default();
        heard.until = heard.until.max(until);
        and(heard);
    }

    /// Forgets what concerns nothing any more at `now`, in seconds since 1970.
    pub(crate) fn sweep(&self, now: u64) {
        self.retain(|heard| heard.until > now);
    }

    /// Forgets what changed: the log begins anew. What ended has ended all the same.
    pub(crate) fn forget_changes(&self) {
        self.retain(|heard| {
            heard.changed_at = 0;
            heard.ended
        });
    }

    fn retain(&self, mut keep: impl FnMut(&mut Heard) -> bool) {
        for shard in &self.shards {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, heard| keep(heard));
            if shard.capacity() > 64 && shard.len() * 4 < shard.capacity() {
                shard.shrink_to_fit();
            }
        }
    }

    fn shard(&self, subject: &Digest) -> &RwLock<HashMap<Digest, Heard>> {
        // The top bits of a digest; the map inside has a hasher of its own.
        &self.shards[usize::try_from(subject.spread() >> 58).unwrap_or(0) % SHARDS]
    }
}
