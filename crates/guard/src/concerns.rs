//! The rows of the feed that still concern something, by subject.
//!
//! A row says until when, by the clock on the wall. That may be set ahead, and back again: so a row is also kept by the steady
//! clock, for as long as any row concerns something.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use crate::subject::Digest;

/// The last that was heard of a subject.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Heard {
    /// Whether it ended. What ended stays ended, in whatever order the rows came.
    pub(crate) ended: bool,
    /// The version at which the last row came that said it changed; 0 where none did.
    pub(crate) changed_at: u64,
    /// The second of the steady time at which the last of it came.
    came_at: u32,
    /// The second from which on all of it may be forgotten.
    until: u64,
}

/// How long a row concerns something at most, after it was heard: as long as an access token may live, and what clocks may lie
/// apart.
const LONGEST: u32 = 62 * 60;

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

    /// Adds that it ended, heard at the steady time `now`.
    pub(crate) fn end(&self, subject: Digest, until: u64, now: Duration) {
        self.put(subject, until, now, |heard| heard.ended = true);
    }

    /// Adds that it changed, which is heard with this version, at the steady time `now`.
    pub(crate) fn change(&self, subject: Digest, version: u64, until: u64, now: Duration) {
        self.put(subject, until, now, |heard| heard.changed_at = heard.changed_at.max(version));
    }

    fn put(&self, subject: Digest, until: u64, now: Duration, and: impl FnOnce(&mut Heard)) {
        let mut shard = self.shard(&subject).write().unwrap_or_else(PoisonError::into_inner);
        let heard = shard.entry(subject).or_default();
        heard.until = heard.until.max(until);
        heard.came_at = heard.came_at.max(seconds(now));
        and(heard);
    }

    /// Forgets what concerns nothing any more, at `wall` in seconds since 1970 and at the steady time `now`.
    pub(crate) fn sweep(&self, wall: u64, now: Duration) {
        let now = seconds(now);
        self.retain(|heard| heard.until > wall || now < heard.came_at.saturating_add(LONGEST));
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

/// Enough for 136 years.
fn seconds(steady: Duration) -> u32 {
    u32::try_from(steady.as_secs()).unwrap_or(u32::MAX)
}
