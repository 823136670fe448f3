//! One remembered session.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cloakroom_model::id::SessionId;
use cloakroom_model::secret::Digest;
use cloakroom_model::session::{Device, Session};
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::User;

use super::Noted;

/// A session as it was looked up, with what has happened to it here since.
pub struct Remembered {
    /// The session as storage had it, without its device: that is shown in lists, which are read from storage.
    pub session: Session,
    /// Whose it is; `None` for a guest. Apart, because most of what is remembered may be guests.
    pub user: Option<Box<User>>,
    /// The digest of its cookie's secret, where it has one.
    pub secret: Option<Digest>,
    /// When it was looked up.
    pub filled_at: Timestamp,
    /// Where the log was before it was looked up.
    pub(super) noted: Noted,
    /// The version of memory at which no row was found to concern it.
    pub(super) clean_at: AtomicU64,
    last_seen: AtomicI64,
    /// Whether it waits in [`Seen`] to be written.
    waiting: AtomicBool,
}

impl Remembered {
    /// What was looked up at `filled_at`, after the place was noted.
    #[must_use]
    pub fn new(session: Session, user: Option<User>, noted: Noted, filled_at: Timestamp) -> Self {
        let last_seen = AtomicI64::new(session.last_seen_at.0);
        Self {
            session: Session { device: Device::default(), ..session },
            user: user.map(Box::new),
            secret: None,
            filled_at,
            noted,
            clean_at: AtomicU64::new(0),
            last_seen,
            waiting: AtomicBool::new(false),
        }
    }

    /// The same with the digest of its cookie's secret.
    #[must_use]
    pub fn with_secret(self, secret: Option<Digest>) -> Self {
        Self { secret, ..self }
    }

    /// The last use that this node knows of.
    #[must_use]
    pub fn last_seen(&self) -> Timestamp {
        Timestamp(self.last_seen.load(Ordering::Relaxed))
    }
}

/// Uses that storage has not heard of yet. They are written in batches, and a crash loses those of the last
/// few seconds.
#[derive(Default)]
pub struct Seen {
    waiting: Mutex<Vec<Arc<Remembered>>>,
}

impl Seen {
    /// Takes note of a use. The lock is taken once for each session and batch, not for each use.
    pub fn note(&self, entry: &Arc<Remembered>, now: Timestamp) {
        if now.0 <= entry.last_seen.load(Ordering::Relaxed) {
            return;
        }
        entry.last_seen.fetch_max(now.0, Ordering::Relaxed);
        if !entry.waiting.load(Ordering::Relaxed) && !entry.waiting.swap(true, Ordering::AcqRel) {
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(entry));
        }
    }

    /// Takes the uses that wait: those of guests, and those of users.
    #[must_use]
    pub fn take(&self) -> Uses {
        let entries =
            std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let mut uses = Uses::default();
        for entry in entries {
            // Before the time is read: a use that comes in between waits for the next batch.
            entry.waiting.store(false, Ordering::Release);
            let seen = (entry.session.id, entry.last_seen());
            if entry.user.is_some() {
                uses.of_users.push(seen);
            } else {
                uses.of_guests.push(seen);
            }
        }
        uses
    }
}

/// The latest use of each session that waits to be written.
#[derive(Default)]
pub struct Uses {
    /// Of guests.
    pub of_guests: Vec<(SessionId, Timestamp)>,
    /// Of signed-in sessions.
    pub of_users: Vec<(SessionId, Timestamp)>,
}
