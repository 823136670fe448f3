//! What a node remembers, and when it believes it.
//!
//! Two things are kept: sessions that were looked up ([`Remembered`]), and the rows of the log that still
//! concern something ([`concerns::Concerns`]). A remembered session is believed only while no row since the
//! moment it was looked up concerns it, and while the log was heard less than `staleness` ago. So a
//! row never has to find the entries it concerns: it is enough that it is there when they are used.
//!
//! Invariants:
//! - A fill notes its place in the log *before* it reads the store. Whatever was committed after that place is
//!   either in what it read or a row with a higher number; rows with a higher number disprove the entry.
//! - A row is put in before `version` is raised, so whoever sees an old version may not have seen the row, and
//!   whoever sees the new one has.
//! - An entry is never older than [`MAX_AGE`], which is far less than a row is kept ([`CONCERNS_FOR`]), so that
//!   no row is forgotten while it could still disprove an entry.
//! - When the log is lost, the epoch is raised, and nothing from before is believed.
//! - A fill notes how often guests were lost, too, before it reads: a guest who was remembered before the last loss is
//!   looked up again. No row says that they are gone.
//! - The places of the log that were passed are remembered, so that what another node filled can be believed as far as
//!   its place is one of them.

mod concerns;
mod history;
mod remembered;
mod tally;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cloakroom_model::id::SessionId;
use cloakroom_model::log::{CONCERNS_FOR, Place, Row, Subject, Timeline};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::Losses;
use quick_cache::sync::Cache;

use self::history::History;
pub use concerns::{Concerns, Heard};
pub use remembered::{Remembered, Seen, Uses};
pub use tally::Tally;

/// How long a remembered session is believed at most before it is looked up again.
pub const MAX_AGE: Duration = Duration::from_mins(5);

const _: () = assert!(MAX_AGE.as_secs() * 2 < CONCERNS_FOR.as_secs());

/// How a remembered session is found.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Name {
    /// By its secret's digest.
    Secret(Digest),
    /// By its public name.
    Session(SessionId),
}

/// What a node remembers.
pub struct Memory {
    sessions: Cache<Name, Arc<Remembered>>,
    concerns: Concerns,
    history: History,
    /// The reader's place: every row up to it is in `concerns`.
    place: AtomicU64,
    /// Raised after each row that was put into `concerns`, in whatever order rows came.
    version: AtomicU64,
    /// Raised when the log was lost.
    epoch: AtomicU64,
    /// The steady time, in milliseconds, at which a reading that found everything began.
    heard_at: AtomicU64,
    staleness: Duration,
    lost_guests: Losses,
    /// How often it was of use.
    pub(crate) tally: Tally,
}

/// Where a fill began. It is worth nothing if it is noted after the store was read.
#[derive(Clone, Copy, Debug)]
pub struct Noted {
    place: u64,
    epoch: u64,
    lost_guests: u64,
}

impl Memory {
    /// Remembers at most `capacity` sessions, and believes nothing that is older than `staleness`.
    #[must_use]
    pub fn new(capacity: usize, staleness: Duration) -> Self {
        Self {
            sessions: Cache::new(capacity),
            concerns: Concerns::default(),
            history: History::default(),
            place: AtomicU64::new(0),
            version: AtomicU64::new(1),
            epoch: AtomicU64::new(0),
            heard_at: AtomicU64::new(u64::MAX),
            staleness,
            lost_guests: Losses::default(),
            tally: Tally::default(),
        }
    }

    /// The same, for guests who can be lost.
    #[must_use]
    pub fn with_lost_guests(self, lost_guests: Losses) -> Self {
        Self { lost_guests, ..self }
    }

    /// How long ago, at the steady time `now`, the last reading began that heard everything; `None` before the first
    /// and while memory is distrusted.
    #[must_use]
    pub fn unheard_for(&self, now: Duration) -> Option<Duration> {
        let heard_at = self.heard_at.load(Ordering::Acquire);
        (heard_at != u64::MAX).then(|| now.saturating_sub(Duration::from_millis(heard_at)))
    }

    /// The number of the last row that was heard.
    #[must_use]
    pub fn place(&self) -> u64 {
        self.place.load(Ordering::Acquire)
    }

    /// Whether the log was heard recently enough to believe anything, at the steady time `now`.
    #[must_use]
    pub fn is_trusted(&self, now: Duration) -> bool {
        let heard_at = self.heard_at.load(Ordering::Acquire);
        heard_at != u64::MAX
            && now.saturating_sub(Duration::from_millis(heard_at)) <= self.staleness
    }

    /// Whether the log was read to its end by a reading that began after the steady time `moment`.
    #[must_use]
    pub fn was_heard_since(&self, moment: Duration) -> bool {
        let heard_at = self.heard_at.load(Ordering::Acquire);
        // Kept in whole milliseconds, rounded down.
        heard_at != u64::MAX && Duration::from_millis(heard_at) > moment
    }

    /// To be called before the store is read for a fill.
    #[must_use]
    pub fn note(&self) -> Noted {
        // The epoch first: if the log is lost between the two, the entry is not believed.
        let epoch = self.epoch.load(Ordering::Acquire);
        self.noted(self.place.load(Ordering::Acquire), epoch)
    }

    /// The place in the log that a fill noted and the timeline it lies on, for other nodes; `None` where nothing can be said
    /// of it any more.
    #[must_use]
    pub fn place_of(&self, noted: Noted) -> Option<(Place, Timeline)> {
        // Another history raises the epoch before it takes the place of this one.
        let (found, epoch) = self.history.find(noted.place, || self.epoch.load(Ordering::Acquire));
        // Before the first row every history is the same.
        found.filter(|(place, _)| epoch == noted.epoch && place.seq > 0)
    }

    /// What a fill at another node noted, where its place lies in the history that is followed here: then every row
    /// after it is known here, as after a fill of this node's own.
    #[must_use]
    pub fn noted_at(&self, place: Place, timeline: Timeline) -> Option<Noted> {
        let (found, epoch) = self.history.find(place.seq, || self.epoch.load(Ordering::Acquire));
        let is_here = place.seq > 0 && found == Some((place, timeline));
        is_here.then(|| self.noted(place.seq, epoch))
    }

    /// Whether this place lies in the history that is followed here.
    #[must_use]
    pub fn has_passed(&self, place: Place) -> bool {
        let (found, ()) = self.history.find(place.seq, || ());
        place.seq > 0 && found.is_some_and(|(found, _)| found == place)
    }

    fn noted(&self, place: u64, epoch: u64) -> Noted {
        Noted { place, epoch, lost_guests: self.lost_guests.count() }
    }

    /// A session that may be believed at `now`, if one is remembered under this name.
    #[must_use]
    pub fn find(&self, name: &Name, now: Timestamp) -> Option<Arc<Remembered>> {
        let entry = self.sessions.get(name)?;
        if now.since(entry.filled_at) <= MAX_AGE && self.believes(&entry) {
            Some(entry)
        } else {
            self.sessions.remove_if(name, |kept| Arc::ptr_eq(kept, &entry));
            None
        }
    }

    /// Remembers what a fill found. It is believed only as far as no row since `noted` concerns it.
    pub fn keep(&self, name: Name, entry: Arc<Remembered>) {
        self.sessions.insert(name, entry);
    }

    /// Whether no row since the fill concerns the entry, and it was not lost since.
    #[must_use]
    pub fn believes(&self, entry: &Remembered) -> bool {
        if entry.noted.epoch != self.epoch.load(Ordering::Acquire) {
            return false;
        }
        if entry.user.is_none() && entry.noted.lost_guests != self.lost_guests.count() {
            return false;
        }
        let version = self.version.load(Ordering::Acquire);
        if entry.clean_at.load(Ordering::Relaxed) == version {
            return true;
        }
        let since = |subject: &Subject| {
            self.concerns.find(subject).is_some_and(|heard| heard.seq > entry.noted.place)
        };
        let session = since(&Subject::Session(entry.session.id));
        if session || entry.user.as_ref().is_some_and(|user| since(&Subject::User(user.id))) {
            return false;
        }
        entry.clean_at.store(version, Ordering::Relaxed);
        true
    }

    /// Whether a row that is still remembered says that the subject ended.
    #[must_use]
    pub fn has_ended(&self, subject: &Subject) -> bool {
        self.concerns.find(subject).is_some_and(|heard| heard.ended)
    }

    /// Raised with every row: what was found clean at this version is clean while it lasts.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Takes rows in, whether from the log or from an act that was just committed here.
    pub fn hear(&self, rows: &[Row]) {
        for row in rows {
            self.concerns.put(row);
            self.version.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Goes on from a snapshot.
    pub fn begin(&self, place: Place, timeline: Timeline, rows: &[Row]) {
        self.hear(rows);
        self.history.begin(timeline, rows.iter().map(|row| row.place).chain([place]));
    }

    /// Takes note that the reader passed rows, which were heard.
    pub fn pass(&self, rows: &[Row]) {
        self.history.pass(rows.iter().map(|row| row.place));
    }

    /// Takes note that everything up to `place` was heard by a reading that began at the steady time `asked`.
    pub fn caught_up(&self, place: u64, asked: Duration) {
        self.place.store(place, Ordering::Release);
        let asked = u64::try_from(asked.as_millis()).unwrap_or(u64::MAX - 1);
        self.heard_at.store(asked, Ordering::Release);
    }

    /// Believes nothing until the log is heard again.
    pub fn distrust(&self) {
        self.heard_at.store(u64::MAX, Ordering::Release);
    }

    /// Forgets everything: the log that it was believed by is not there any more.
    pub fn lose(&self) {
        // The place first: a fill that notes the new epoch must not note a number of the old history.
        self.place.store(0, Ordering::Release);
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.history.forget();
        self.distrust();
        self.sessions.clear();
        self.concerns.forget_order();
        self.version.fetch_add(1, Ordering::AcqRel);
    }

    /// A part of what is heard to concern something; `None` after the last part.
    #[must_use]
    pub fn concerning(&self, part: usize) -> Option<Vec<(Subject, Heard)>> {
        self.concerns.part(part)
    }

    /// Forgets rows that concern nothing any more.
    pub fn sweep(&self, now: Timestamp) {
        self.concerns.sweep(now);
    }

    /// How many sessions are remembered.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }
}

#[cfg(test)]
mod tests;
