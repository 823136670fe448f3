//! What the feed told so far, and whether it was heard recently enough to believe what is remembered.
//!
//! Nothing that is remembered is searched for when a row comes: the row is put here, and whoever uses an entry asks
//! whether a row concerns it.
//!
//! Invariants:
//! - What comes is numbered by a version of our own. A row is put in before its version is published: whoever sees an old
//!   version may not have seen the row; whoever sees the new one has. So what was found clean at the present version is clean.
//! - A question to the server notes the epoch, the version and the place in the log that goes with it *before* it is sent,
//!   and names the place. The server says whether it had heard the log up to there before it looked. If so, a row
//!   disproves the answer exactly if it came with a later version. Numbers of places are never compared.
//! - Where the log begins anew, the epoch is raised, and no answer from before is believed.
//! - `heard_at` is a moment before which everything is known here. It only moves on, but for a log that begins anew: then
//!   nothing is believed until all of it is here.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::awaited::Awaited;
use crate::concerns::{Concerns, Heard};
use crate::subject::Digest;

/// So old is the place that a question names, where there is one: another node than the one that feeds us may be behind it.
const BEHIND: Duration = Duration::from_millis(300);

/// So many places are kept to choose from.
const PLACES: usize = 64;

/// What is known by the feed. Read by every request, written by one follower.
pub(crate) struct Beliefs {
    concerns: Concerns,
    /// Told of each end.
    pub(crate) awaited: Awaited,
    version: AtomicU64,
    epoch: AtomicU64,
    /// The steady time in milliseconds, plus one; 0 while nothing is believed.
    heard_at: AtomicU64,
    max_staleness: Duration,
    /// Those of the present epoch, the latest last.
    passed: Mutex<VecDeque<Passed>>,
}

#[derive(Debug)]
struct Passed {
    place: Arc<str>,
    version: u64,
    at: Duration,
}

/// What is noted before the server is asked. It is worth nothing if it is noted afterwards.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    epoch: u64,
    /// Which rows the answer knows of, if the server has heard the log up to `place`.
    known: Option<(Arc<str>, u64)>,
}

/// What an answer may be remembered by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Mark {
    epoch: u64,
    version: u64,
}

impl Beliefs {
    /// Knows nothing yet, and will believe nothing that is older than `max_staleness`.
    #[must_use]
    pub(crate) fn new(max_staleness: Duration) -> Self {
        Self {
            concerns: Concerns::default(),
            awaited: Awaited::default(),
            version: AtomicU64::new(1),
            epoch: AtomicU64::new(0),
            heard_at: AtomicU64::new(0),
            max_staleness,
            passed: Mutex::default(),
        }
    }

    /// Whether what is remembered may be believed at the steady time `now`.
    #[must_use]
    pub(crate) fn are_fresh(&self, now: Duration) -> bool {
        self.unheard_for(now).is_some_and(|age| age <= self.max_staleness)
    }

    /// How long before the steady time `now` everything was known here; `None` while that is unknown.
    #[must_use]
    pub(crate) fn unheard_for(&self, now: Duration) -> Option<Duration> {
        let heard_at = self.heard_at.load(Ordering::Acquire).checked_sub(1)?;
        Some(now.saturating_sub(Duration::from_millis(heard_at)))
    }

    /// The oldest that anything is believed.
    #[must_use]
    pub(crate) fn max_staleness(&self) -> Duration {
        self.max_staleness
    }

    /// What was heard of a subject.
    #[must_use]
    pub(crate) fn heard_of(&self, subject: &Digest) -> Option<Heard> {
        self.concerns.find(subject)
    }

    /// Whether the subject ended.
    #[must_use]
    pub(crate) fn has_ended(&self, subject: &Digest) -> bool {
        self.heard_of(subject).is_some_and(|heard| heard.ended)
    }

    /// Whether an answer of this mark knows everything that was heard of the subject's changes.
    #[must_use]
    pub(crate) fn knows(&self, mark: Mark, subject: &Digest) -> bool {
        mark.epoch == self.epoch()
            && self.heard_of(subject).is_none_or(|heard| heard.changed_at <= mark.version)
    }

    /// Raised with all rows that come: what was found clean at this version is clean while it lasts.
    #[must_use]
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Raised when the log begins anew.
    #[must_use]
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// What is known here now: a change that this does not know was heard later.
    #[must_use]
    pub(crate) fn present(&self) -> Mark {
        Mark { epoch: self.epoch(), version: self.version() }
    }

    /// To be called at the steady time `now`, before the server is asked.
    #[must_use]
    pub(crate) fn note(&self, now: Duration) -> Noted {
        let passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        let settled = |passed: &&Passed| now.saturating_sub(passed.at) >= BEHIND;
        let chosen = passed.iter().rev().find(settled).or(passed.front());
        let known = chosen.map(|passed| (Arc::clone(&passed.place), passed.version));
        // While the lock is held: an epoch begins by emptying what it guards.
        Noted { epoch: self.epoch(), known }
    }

    /// What an answer may be remembered by, whose header `Cloakroom-Place` was `answered`; `None` where it serves its one
    /// request.
    #[must_use]
    pub(crate) fn mark(&self, noted: &Noted, answered: Option<&str>) -> Option<Mark> {
        let (place, version) = noted.known.as_ref()?;
        let heard = answered == Some(&**place) && noted.epoch == self.epoch();
        heard.then_some(Mark { epoch: noted.epoch, version: *version })
    }

    /// The version with which the rows count that are put in next.
    pub(crate) fn next_version(&self) -> u64 {
        self.version.load(Ordering::Relaxed) + 1
    }

    /// Takes in at the steady time `now` that the subject ended, until the second `until`.
    pub(crate) fn end(&self, subject: Digest, until: u64, now: Duration) {
        self.concerns.end(subject, until, now);
        self.awaited.tell(&subject);
    }

    /// Takes in that the subject changed.
    pub(crate) fn change(&self, subject: Digest, until: u64, now: Duration) {
        self.concerns.change(subject, self.next_version(), until, now);
    }

    /// Has the rows that were put in count, at the steady time `now`. `place` is the one up to which all rows are here.
    pub(crate) fn publish(&self, place: Option<&str>, now: Duration) {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        let version = self.version.fetch_add(1, Ordering::AcqRel) + 1;
        if let Some(place) = place {
            if passed.len() == PLACES {
                passed.pop_front();
            }
            passed.push_back(Passed { place: place.into(), version, at: now });
        }
    }

    /// Everything up to the steady time `at` is known here.
    pub(crate) fn heard(&self, at: Duration) {
        let at = u64::try_from(at.as_millis()).unwrap_or(u64::MAX - 1) + 1;
        self.heard_at.fetch_max(at, Ordering::AcqRel);
    }

    /// The log begins anew: believes nothing until it is heard whole.
    pub(crate) fn begin_anew(&self) {
        self.heard_at.store(0, Ordering::Release);
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        passed.clear();
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.concerns.forget_changes();
        self.version.fetch_add(1, Ordering::AcqRel);
    }

    /// Forgets rows that concern nothing any more, at `wall` in seconds since 1970 and at the steady time `now`.
    pub(crate) fn sweep(&self, wall: u64, now: Duration) {
        self.concerns.sweep(wall, now);
    }
}

impl Noted {
    /// What the question names in its header `Cloakroom-Place`.
    #[must_use]
    pub(crate) fn place(&self) -> Option<&str> {
        self.known.as_ref().map(|(place, _)| &**place)
    }
}

impl Mark {
    /// Whether the log has begun anew since.
    pub(crate) fn is_of(self, epoch: u64) -> bool {
        self.epoch == epoch
    }
}
