//! The rows of the log that still concern something, by subject.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{PoisonError, RwLock};

use cloakroom_model::log::{Change, Row, Subject};
use cloakroom_model::time::Timestamp;

/// The last that was heard of a subject.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Heard {
    /// The highest number among its rows.
    pub seq: u64,
    /// Whether one of them said that it ended. Nothing that ended comes back.
    pub ended: bool,
    /// When all of them may be forgotten.
    pub until: Timestamp,
}

/// A map in shards, so that readers on different cores do not meet.
pub struct Concerns {
    shards: Box<[RwLock<HashMap<Subject, Heard>>]>,
    hasher: RandomState,
}

const SHARDS: usize = 64;

impl Default for Concerns {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl Concerns {
    /// What was heard of `subject`.
    #[must_use]
    pub fn find(&self, subject: &Subject) -> Option<Heard> {
        self.shard(subject).read().unwrap_or_else(PoisonError::into_inner).get(subject).copied()
    }

    /// Adds a row. Rows may come twice and in any order; the result is the same.
    pub fn put(&self, row: &Row) {
        let mut shard = self.shard(&row.subject).write().unwrap_or_else(PoisonError::into_inner);
        let heard = shard.entry(row.subject.clone()).or_insert(Heard {
            seq: 0,
            ended: false,
            until: row.until,
        });
        heard.seq = heard.seq.max(row.place.seq);
        heard.ended |= row.change == Change::Ended;
        heard.until = heard.until.max(row.until);
    }

    /// What is in a part of the map, copied, so that nobody waits long for it; `None` after the last part.
    #[must_use]
    pub fn part(&self, part: usize) -> Option<Vec<(Subject, Heard)>> {
        let shard = self.shards.get(part)?.read().unwrap_or_else(PoisonError::into_inner);
        Some(shard.iter().map(|(subject, heard)| (subject.clone(), *heard)).collect())
    }

    /// Forgets what concerns nothing any more.
    pub fn sweep(&self, now: Timestamp) {
        for shard in &self.shards {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, heard| heard.until > now);
            if shard.capacity() > 64 && shard.len() * 4 < shard.capacity() {
                shard.shrink_to_fit();
            }
        }
    }

    /// Forgets the numbers, which were another history's. What ended has ended all the same.
    pub fn forget_order(&self) {
        for shard in &self.shards {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, heard| {
                heard.seq = 0;
                heard.ended
            });
        }
    }

    fn shard(&self, subject: &Subject) -> &RwLock<HashMap<Subject, Heard>> {
        let hash = self.hasher.hash_one(subject);
        // The top bits: the map inside uses a hasher of its own.
        &self.shards[usize::try_from(hash >> 58).unwrap_or(0) % SHARDS]
    }
}
