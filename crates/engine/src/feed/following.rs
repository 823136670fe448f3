//! One reader of the feed.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use cloakroom_jose::Verified;
use cloakroom_model::log::Place;
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::feed;
use tokio::sync::watch;
use tokio::time::timeout;

use super::ring::Next;
use super::snapshot::Snapshot;
use super::{Admitted, Beat, expires_at};
use crate::Engine;
use crate::tokens::TokenClaims;

/// A service that follows the log. It asks for what is [next](Self::next), and is held for no longer than its token is good.
pub struct Following {
    engine: Engine,
    token: Arc<Verified<TokenClaims>>,
    _admitted: Admitted,
    taken_in: Duration,
    at: At,
    beats: watch::Receiver<Beat>,
    /// Until the first that it is told to have been heard.
    readings: Option<watch::Receiver<Option<Duration>>>,
    /// What was heard, by what it was told last; looked up before the ring was read.
    heard: Option<Duration>,
    /// What it was told last to have been heard.
    told: Duration,
}

/// Where a reader is.
enum At {
    /// It names a place that it was at, here or at another node.
    Named(Place),
    /// It knows nothing.
    Nowhere,
    /// It has read so many events of a snapshot.
    Snapshot(Weak<Snapshot>, usize),
    /// It has read the ring up to the row of this number.
    Ring { history: u64, seq: u64 },
}

impl Following {
    pub(super) fn new(
        engine: &Engine,
        token: Arc<Verified<TokenClaims>>,
        admitted: Admitted,
        from: Option<Place>,
        taken_in: Duration,
    ) -> Self {
        Self {
            engine: engine.clone(),
            token,
            _admitted: admitted,
            taken_in,
            at: from.map_or(At::Nowhere, At::Named),
            beats: engine.feed.beats.subscribe(),
            readings: Some(engine.feed.readings.subscribe()),
            heard: None,
            told: taken_in,
        }
    }

    /// What it is to be told next, once there is something; `None` when it is over.
    pub async fn next(&mut self) -> Option<Bytes> {
        while !self.is_over() {
            let next = match self.at {
                At::Named(place) => self.resume(place),
                At::Nowhere => self.begin().await,
                At::Snapshot(ref snapshot, read) => {
                    let snapshot = snapshot.upgrade();
                    self.read_on(snapshot.as_ref(), read)
                }
                At::Ring { history, seq } => self.follow(history, seq).await,
            };
            if next.is_some() {
                return next;
            }
        }
        None
    }

    fn resume(&mut self, place: Place) -> Option<Bytes> {
        let found = self.engine.feed.ring().find(place);
        let Some(history) = found else {
            self.at = At::Nowhere;
            return None;
        };
        self.at = At::Ring { history, seq: place.seq };
        Some(Bytes::from_static(feed::RESUMED.as_bytes()))
    }

    async fn begin(&mut self) -> Option<Bytes> {
        let Some(snapshot) = self.engine.snapshot().await else {
            self.wait().await;
            return None;
        };
        self.at = At::Snapshot(Arc::downgrade(&snapshot), 0);
        Some(Bytes::from_static(feed::SNAPSHOT.as_bytes()))
    }

    /// Reads on in a snapshot, or begins with another where this one was given up meanwhile.
    fn read_on(&mut self, snapshot: Option<&Arc<Snapshot>>, read: usize) -> Option<Bytes> {
        let Some(snapshot) = snapshot else {
            self.at = At::Nowhere;
            return None;
        };
        let event = snapshot.events.get(read).cloned();
        self.at = match event {
            Some(_) => At::Snapshot(Arc::downgrade(snapshot), read + 1),
            None => At::Ring { history: snapshot.history, seq: snapshot.place.seq },
        };
        event
    }

    async fn follow(&mut self, history: u64, seq: u64) -> Option<Bytes> {
        let next = self.engine.feed.ring().next(history, seq);
        match next {
            Next::Piece(text, seq) => {
                self.at = At::Ring { history, seq };
                Some(text)
            }
            Next::Gone => {
                self.at = At::Nowhere;
                None
            }
            Next::Nothing => {
                let news = self.news();
                if news.is_none() {
                    self.wait().await;
                }
                news
            }
        }
    }

    /// What was heard before the ring was read, if that is news.
    fn news(&mut self) -> Option<Bytes> {
        let heard = self.heard.filter(|heard| *heard >= self.told)?;
        // Once it is told something, it is told when others are.
        let is_first = self.readings.take().is_some();
        if heard == self.told && !is_first {
            return None;
        }
        self.told = heard;
        Some(feed::heard(heard.saturating_sub(self.taken_in)).into())
    }

    /// Waits until something was read, or the token's time is over.
    async fn wait(&mut self) {
        let left = self.expires_at().since(self.engine.time.now());
        let beats = &mut self.beats;
        let told = async {
            match &mut self.readings {
                Some(readings) => tokio::select! {
                    told = beats.changed() => told,
                    told = readings.changed() => told,
                },
                None => beats.changed().await,
            }
        };
        // The feed lives as long as the engine, which is held here; and when time is over, that is looked at.
        let _ = timeout(left, told).await;
        let beat = self.beats.borrow_and_update().heard;
        let reading = self.readings.as_mut().and_then(|readings| *readings.borrow_and_update());
        self.heard = self.heard.max(beat).max(reading);
    }

    fn is_over(&self) -> bool {
        let over = self.beats.borrow().over;
        over || self.expires_at() <= self.engine.time.now()
            || self.engine.is_revoked(self.token.claims(), self.token.kid())
    }

    fn expires_at(&self) -> Timestamp {
        expires_at(self.token.claims())
    }
}
