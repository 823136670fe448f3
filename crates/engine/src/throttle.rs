//! How often things may be tried, by the network they come from or by the account they are at.
//!
//! It rests on `model::policy::throttle::Rate` and on a cache of bounded size, so that an attacker with many
//! addresses takes no memory from us: who has too many of them makes us forget the oldest, and then the count of
//! failures in storage is what stops a guesser. Counts are this node's own, and are gone after a restart.
//!
//! It leaves out failures in a row at one account (`sign_in`, with storage), how many passwords are hashed at once
//! (`password`), and what a proxy in front should do about floods of everything else.

mod subject;
mod table;

use std::time::Duration;

use cloakroom_model::policy::throttle::{Spent, Verdict};
use cloakroom_model::time::Timestamp;
use quick_cache::sync::{Cache, EntryAction, EntryResult};

pub use self::subject::Subject;
pub use self::table::{Row, TABLE, What};

/// So many subjects are remembered over all limits; about 60 bytes each, and none before it is needed.
const REMEMBERED: usize = 65_536;

/// The limits of one node.
pub struct Limits(Option<Cache<Key, Spent>>);

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
        Self(None)
    }

    /// Counts one more of `what`, by an address or by the digest of what is tried, at `now`; or says when to come
    /// back, and counts nothing.
    pub fn check(
        &self,
        what: What,
        subject: impl Into<Subject>,
        now: Timestamp,
    ) -> Result<(), Limited> {
        let Some(counts) = &self.0 else { return Ok(()) };
        let rate = what.row().rate;
        // The look and the change are one: two requests at once can't both take the last place.
        let entry = counts.entry(&(what, subject.into()), None, |_, spent| {
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

    /// Whether anything is limited; where not, failures in a row are not either.
    #[must_use]
    pub const fn are_on(&self) -> bool {
        self.0.is_some()
    }

    fn remembering(subjects: usize) -> Self {
        Self(Some(Cache::new(subjects)))
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
