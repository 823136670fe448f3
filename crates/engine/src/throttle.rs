//! How often things may be tried, by the network they come from or by the account they are at.
//!
//! It rests on `model::policy::throttle::Rate` and on a cache of bounded size, so that an attacker with many
//! addresses takes no memory from us: who has too many of them makes us forget the oldest, and then the count of
//! failures in storage is what stops a guesser. Counts are this node's own, and are gone after a restart; where nodes have
//! counters in common, those of all nodes are looked at first, and this node's own while they are away.
//!
//! It leaves out failures in a row at one account (`failures`, with storage), how many passwords are hashed at once
//! (`password`), and what a proxy in front should do about floods of everything else.

mod common;
mod subject;
mod table;

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::policy::throttle::{Spent, Verdict};
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Counters, Spend};
use quick_cache::sync::{Cache, EntryAction, EntryResult};

use self::common::InCommon;

pub use self::subject::Subject;
pub use self::table::{Row, TABLE, What};

/// So many subjects are remembered over all limits; about 60 bytes each, and none before it is needed.
const REMEMBERED: usize = 65_536;

/// The limits of one node.
pub struct Limits {
    /// What this node has counted; `None` where nothing is limited.
    counts: Option<Cache<Key, Spent>>,
    /// What all nodes have counted.
    in_common: Option<InCommon>,
}

type Key = (What, Subject);

impl Default for Limits {
    fn default() -> Self {
        Self::remembering(REMEMBERED)
    }
}

impl Limits {
    /// No limits at all (`danger_no_throttle`): for load tests. Passwords can be guessed without end.
    #[must_use]
    pub const fn danger_none() -> Self {
        Self { counts: None, in_common: None }
    }

    /// The same, counted for all nodes that have `counters` in common and the same `key`.
    #[must_use]
    pub(crate) fn shared(self, counters: Arc<dyn Counters>, key: &[u8; 32]) -> Self {
        Self { in_common: Some(InCommon::new(counters, key)), ..self }
    }

    /// Counts one more of `what`, by an address or by the digest of what is tried, at `now`; or says when to come
    /// back, and counts nothing.
    pub async fn check(
        &self,
        what: What,
        subject: impl Into<Subject>,
        now: Timestamp,
    ) -> Result<(), Limited> {
        let Some(counts) = &self.counts else { return Ok(()) };
        let key = (what, subject.into());
        let Some(in_common) = self.in_common.as_ref().filter(|_| what.is_counted_in_common())
        else {
            return spend(counts, key, now);
        };
        let limited = |retry_after| Limited { what, retry_after };
        // What this node alone has let pass is enough to refuse, and a flood costs nobody else a question.
        if let Some(spent) = counts.get(&key)
            && let Verdict::Wait(retry_after) = what.row().rate.decide(Some(spent), now)
        {
            return Err(limited(retry_after));
        }
        match in_common.spend(key, now).await {
            Some(Spend::Wait(retry_after)) => Err(limited(retry_after)),
            Some(Spend::Admitted) => {
                // Counted here too, for the time when the others cannot be heard; it is admitted all the same.
                let _own = spend(counts, key, now);
                Ok(())
            }
            None => spend(counts, key, now),
        }
    }

    /// Whether anything is limited; where not, failures in a row are not either.
    #[must_use]
    pub const fn are_on(&self) -> bool {
        self.counts.is_some()
    }

    fn remembering(subjects: usize) -> Self {
        Self { counts: Some(Cache::new(subjects)), in_common: None }
    }
}

/// Counts one more in this node's own table.
fn spend(counts: &Cache<Key, Spent>, key: Key, now: Timestamp) -> Result<(), Limited> {
    let what = key.0;
    let rate = what.row().rate;
    // The look and the change are one: two requests at once can't both take the last place.
    let entry = counts.entry(&key, None, |_, spent| {
        EntryAction::Retain(match rate.decide(Some(*spent), now) {
            Verdict::Admit(after) => {
                *spent = after;
                Ok(())
            }
            Verdict::Wait(retry_after) => Err(Limited { what, retry_after }),
        })
    });
    match entry {
        EntryResult::Retained(answer) => answer,
        EntryResult::Vacant(place) => match rate.decide(None, now) {
            Verdict::Admit(spent) => {
                // Refused only where it was removed meanwhile; then there is nothing to count.
                let _ = place.insert(spent);
                Ok(())
            }
            Verdict::Wait(retry_after) => Err(Limited { what, retry_after }),
        },
        // The closure removes nothing and there is no time limit.
        EntryResult::Removed(..) | EntryResult::Replaced(..) | EntryResult::Timeout => Ok(()),
    }
}

/// There were too many; nothing was done.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("too many attempts ({}): try again in {} s", what.row().name, retry_after.as_millis().div_ceil(1000))]
pub struct Limited {
    /// Of what.
    pub what: What,
    /// When one more is allowed, if no others come first.
    pub retry_after: Duration,
}

#[cfg(test)]
mod tests;
