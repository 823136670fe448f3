//! The feed of revocations: services follow the log, and this node reads it once for all of them.
//!
//! What a reading finds is encoded once and kept in a ring (`ring.rs`); a reader has its place there and nothing else. One
//! that is at no place of the ring begins with a snapshot (`snapshot.rs`) of what memory knows to concern something, which is
//! made once for all that come at the time, so that storage is never asked for a reader. The format is
//! [`cloakroom_oauth::feed`]'s.
//!
//! Invariants:
//! - What a reading found is in memory before it is in the ring, so a snapshot that is begun after the ring's end was
//!   looked up holds every row up to there.
//! - It is in the ring before it is said to be heard. A reader looks what was heard *before* it reads the ring to its end, and
//!   then says it.
//! - A reader asks for the next piece when its connection has taken the one before. It holds no more than that piece; one that
//!   is too slow for the ring begins again.
//! - A place among those who follow is free when the token is over, also where the connection has not asked since.

mod followers;
mod following;
mod ring;
mod snapshot;

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use cloakroom_model::grant::Confirmation;
use cloakroom_model::log::{Place, Row};
use cloakroom_model::registration::RegisteredBy;
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::access_token::Subject as About;
use cloakroom_oauth::feed;
use tokio::sync::watch;

use self::followers::{Admitted, Followers};
pub use self::following::Following;
use self::ring::Ring;
use self::snapshot::Snapshots;
use crate::Engine;
use crate::identity::NotSignedIn;
use crate::tokens::TokenClaims;

/// How long at most, but for the time between two readings, until readers are told again that nothing happened.
const BEAT: Duration = Duration::from_millis(900);

/// How many may follow at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// In all.
    pub all: usize,
    /// With the tokens of one client.
    pub of_client: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { all: 4096, of_client: 1024 }
    }
}

/// What this node has for those who follow.
pub(crate) struct Feed {
    ring: RwLock<Ring>,
    snapshots: Snapshots,
    /// Told to all when there are rows, and now and then when there are none.
    beats: watch::Sender<Beat>,
    /// Told to those who have just come: every reading.
    readings: watch::Sender<Option<Duration>>,
    followers: Mutex<Followers>,
}

/// What readers are told.
#[derive(Clone, Copy, Debug, Default)]
struct Beat {
    /// When the last reading began that heard everything, as a steady time.
    heard: Option<Duration>,
    /// Whether there are rows that were not told yet.
    rows: bool,
    /// Whether this node stops.
    over: bool,
}

/// Why nobody follows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// The token is not good, or not any more.
    #[error(transparent)]
    Token(#[from] NotSignedIn),
    /// It does not allow this.
    #[error("the token has no scope `{}`", feed::SCOPE)]
    Scope,
    /// It is about a person, or its client was not registered by who runs this server.
    #[error("only a service that the operator registered follows, with a token of its own")]
    NotAService,
    /// As many as may follow with tokens of this client do.
    #[error("the client follows too often already")]
    TooMany,
    /// As many follow as may, or the server stops.
    #[error("too many follow already, or the server stops")]
    Full,
}

impl Engine {
    /// Lets a service follow the log from the place that it was at, or from the beginning. `proved` is the key that was
    /// proved for its token.
    pub async fn follow_revocations(
        &self,
        token: &str,
        proved: Option<&Confirmation>,
        from: Option<Place>,
    ) -> Result<Following, FollowError> {
        let taken_in = self.time.steady();
        self.hear().await.map_err(NotSignedIn::Store)?;
        let verified = self.read_token(token, proved, self.time.now()).await?;
        let claims = verified.claims();
        if !claims.scope.contains(feed::SCOPE) {
            return Err(FollowError::Scope);
        }
        let own = matches!(claims.sub, About::Client(_));
        let client = self.clients.find(&claims.client_id).filter(|client| {
            // What is open to strangers is no service of the operator's.
            client.registration.by == RegisteredBy::Operator
        });
        let Some(client) =
            client.filter(|_| own && claims.session().is_none() && claims.grant().is_none())
        else {
            return Err(FollowError::NotAService);
        };
        let expires_at = expires_at(claims);
        let place = Admitted::new(self, &client.id, expires_at)?;
        let following = Following::new(self, verified, place, from, taken_in);
        // The first that it is told is what was heard after it came.
        self.wake_follower();
        Ok(following)
    }

    /// Whether this node has heard the log up to a place, in the history that it follows.
    #[must_use]
    pub fn has_passed(&self, place: Place) -> bool {
        self.memory.has_passed(place)
    }

    /// Ends what everybody follows, because this node stops.
    pub fn end_following(&self) {
        self.feed.beats.send_modify(|beat| beat.over = true);
    }
}

impl Feed {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            ring: RwLock::default(),
            snapshots: Snapshots::default(),
            beats: watch::Sender::default(),
            readings: watch::Sender::default(),
            followers: Mutex::new(Followers::new(limits)),
        }
    }

    /// Goes on from a snapshot, which memory has taken in.
    pub(crate) fn begin(&self, place: Place, rows: &[Row]) {
        self.change().begin(place, rows);
        self.beats.send_if_modified(there_are_rows);
    }

    /// Takes rows that the reader passed, and memory has taken in.
    pub(crate) fn pass(&self, rows: &[Row]) {
        if !rows.is_empty() {
            self.change().push(rows);
            self.beats.send_if_modified(there_are_rows);
        }
    }

    /// Takes note that more rows are there than one reading takes: readers need not wait for the others.
    pub(crate) fn go_on(&self) {
        self.beats.send_modify(|_| ());
    }

    /// Takes note that everything was heard by a reading that began at the steady time `asked`.
    pub(crate) fn caught_up(&self, asked: Duration) {
        self.beats.send_if_modified(|beat| {
            let due = beat.heard.is_none_or(|heard| asked >= heard + BEAT);
            if beat.rows || due {
                *beat = Beat { heard: Some(asked), rows: false, ..*beat };
                return true;
            }
            false
        });
        self.readings.send_replace(Some(asked));
    }

    /// Forgets everything: the log is another one.
    pub(crate) fn lose(&self) {
        self.change().forget();
        self.beats.send_if_modified(there_are_rows);
    }

    /// How many follow.
    pub(crate) fn followers(&self, now: Timestamp) -> usize {
        self.who_follows().count(now)
    }

    fn who_follows(&self) -> MutexGuard<'_, Followers> {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) -> RwLockReadGuard<'_, Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Ring> {
        self.ring.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a token is over, and with it what it follows.
fn expires_at(claims: &TokenClaims) -> Timestamp {
    Timestamp::from_seconds(i64::try_from(claims.exp).unwrap_or(i64::MAX))
}

/// Told with what was heard, and so once for each reading.
fn there_are_rows(beat: &mut Beat) -> bool {
    beat.rows = true;
    false
}
