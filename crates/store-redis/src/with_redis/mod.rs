//! A store whose guests lie in Redis, beside an authority that has all the rest.
//!
//! A guest that is carried by a cookie lies in Redis with its data. One that is carried as tokens has a row in the authority
//! anyway, its grant's, and lies there whole: grants never hang from what can be lost. Last uses of
//! signed-in sessions lie here for some minutes ([`LastSeen`]). Every other verb is the authority's.
//!
//! # What must not happen
//!
//! *Nobody who ended is revived.* An end is a row in the authority's log before it is acknowledged, and the guest is deleted
//! here. Where that could not be done, no room is believed that has not heard of the row ([`crate::rooms`]).
//!
//! *No cart is merged twice, and nothing acknowledged is left out of a merge.* A sign-in goes through both stores:
//!
//! 1. The guest is **claimed** here under a random number. From then on nothing is written to it, and it is still found.
//! 2. The authority begins the session. In that one transaction it merges the documents, appends the guest's end, and
//!    remembers that the guest is over and that the claim was used ([`cloakroom_store::Elsewhere`]).
//! 3. The guest is deleted here.
//!
//! Whoever waits for a claim longer than [`PATIENCE`] gives it up: first its mark is left in the authority, then the room is
//! verified to the end of the log, and only then the guest is freed if it is still there. What can go wrong between:
//!
//! - *The process dies after 1.* The claim is given up by whoever comes next; nothing was merged.
//! - *It dies after 2.* Whoever reads the log deletes the guest. Who comes before that finds the claim, gives it up in vain
//!   (its mark is there), verifies the room, and the guest is gone: it had been merged.
//! - *It sleeps after 1 and wakes after its claim was given up.* Its transaction finds the claim's mark, changes nothing and
//!   is told that storage is busy; so is its user.
//! - *It sleeps for longer than marks are remembered.* Two hours; a transaction does not survive that.
//! - *The authority does not say whether it has committed.* The claim stays, and is given up like a dead one's.
//! - *Two sign-ins with one guest.* The second waits for the first, and finds the guest gone; to the authority it is a
//!   second click.
//! - *Redis is restored from a copy that had the guest, claimed or not.* A node that has heard of the merge verifies the room,
//!   and the guest is gone. One that has not yet may find it for that moment; a second merge is refused by the authority's
//!   memory of the guest, and a claim in the copy is used or given up like any other.
//! - *Redis fails over and loses the claim.* Writes that it then acknowledges before the merge commits are lost with the
//!   guest: a replica that lags loses what was acknowledged, here as everywhere.
//! - *A sign-out meets the sign-in.* Both leave the guest's mark in the authority: one is first.
//! - *A write meets a claim.* It waits, and goes on when the claim is gone; or the guest is, and the write is refused.
//!
//! # When Redis is away
//!
//! What is the authority's goes on. Where only Redis could say whether a guest is there, the answer is [`Error::OutOfReach`].
//! Somebody who was a guest signs in without: the authority begins the session as if there had been none, without a claim, so
//! that nothing can be merged. The guest stays whole, if Redis does, and a later sign-in with its cookie merges all of it, once.
//! Where the claim was made and its answer was lost, it is given up like a dead one's. A guest can sign out: the end lasts, and is applied here later. Reading the log never fails for Redis, and
//! waits for it no longer than two answers may take.

mod data;
mod guests;
mod marks;
mod passed_on;
mod revocations;
mod sessions;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use cloakroom_model::id::SessionId;
use cloakroom_model::log::Row;
use cloakroom_model::room::Room;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Elsewhere, Error, Store};
use redis::{FromRedisValue, ToRedisArgs};

use crate::connection::Connection;
use crate::keys::Keys;
use crate::last_seen::LastSeen;
use crate::rooms::{Rooms, Way, generation_text};
use crate::script::Script;
use crate::scripts;

/// Where random numbers come from.
pub type Randomness = Arc<dyn Fn() -> u64 + Send + Sync>;

/// How long a claim is waited for. Longer than any transaction takes in calm weather, and no longer than a request may.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// How often it is looked whether a claim is gone.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How often something may move under a caller before it is told that storage is busy.
const ATTEMPTS: usize = 256;

/// A store whose guests lie in Redis.
pub struct WithRedis<S> {
    authority: S,
    connection: Connection,
    last_seen: LastSeen,
    keys: Keys,
    rooms: Rooms,
    random: Randomness,
    patience: Duration,
    /// What was used and ended by then is forgotten.
    forgotten: AtomicI64,
}

impl<S: Store> WithRedis<S> {
    /// Puts Redis beside an authority. Every node of one authority has the same Redis and prefix.
    #[must_use]
    pub fn new(authority: S, connection: Connection, random: Randomness) -> Self {
        let keys = Keys::new(&connection.settings().prefix);
        Self {
            authority,
            last_seen: LastSeen::new(connection.clone()),
            connection,
            keys,
            rooms: Rooms::new(),
            random,
            patience: PATIENCE,
            forgotten: AtomicI64::new(i64::MIN),
        }
    }

    /// The same, with another patience than [`PATIENCE`].
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The same, with last uses of signed-in sessions carried into the authority every so often, rather than every
    /// [`CARRIED_EVERY`]; each time where it is zero.
    ///
    /// [`CARRIED_EVERY`]: crate::CARRIED_EVERY
    #[must_use]
    pub fn carried_every(self, every: Duration) -> Self {
        Self { last_seen: self.last_seen.carried_every(every), ..self }
    }

    /// The store that has all that must not be lost.
    #[must_use]
    pub const fn authority(&self) -> &S {
        &self.authority
    }

    /// The way to Redis.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Runs a script that answers nil where a room's mark is not the one that is believed; verifies the room then, and runs
    /// it again.
    async fn in_room<T: FromRedisValue>(
        &self,
        room: Room,
        script: &Script,
        keys: &[String],
        args: &[impl ToRedisArgs],
    ) -> Result<T, Error> {
        let mark = self.keys.mark(room);
        let keys: Vec<&str> =
            std::iter::once(mark.as_str()).chain(keys.iter().map(String::as_str)).collect();
        for _ in 0..ATTEMPTS {
            if let Some(belief) = self.rooms.belief(room) {
                let args = (generation_text(belief.generation), belief.heard, args);
                if let Some(answer) = self.connection.run(script, &keys, args).await? {
                    return Ok(answer);
                }
            }
            self.rooms.verify(room, &self.way(), false).await?;
        }
        Err(Error::Busy)
    }

    fn way(&self) -> Way<'_> {
        Way {
            authority: &self.authority,
            connection: &self.connection,
            keys: &self.keys,
            random: &*self.random,
        }
    }

    /// Whether the authority has a session or a guest of this name.
    async fn is_the_authoritys(&self, id: SessionId) -> Result<bool, Error> {
        Ok(self.authority.find_session_by_id(id).await?.is_some()
            || self.authority.find_guest_by_id(id).await?.is_some())
    }

    /// Gives up a claim that was waited for long enough.
    async fn give_up(&self, guest: SessionId, claim: u128, now: Timestamp) -> Result<(), Error> {
        tracing::info!(%guest, "a claim on a guest is given up");
        let until = now.plus(Elsewhere::REMEMBERED);
        // Whether it was there before does not matter: what came of it is in the log by now.
        self.authority.mark_once(Elsewhere::mark_of_claim(claim), until, now).await?;
        self.rooms.verify(Room::of_guest(guest), &self.way(), true).await?;
        self.free(guest, claim).await
    }

    /// Takes a claim back. Nothing can come of it any more.
    async fn free(&self, guest: SessionId, claim: u128) -> Result<(), Error> {
        let keys = [self.keys.guest(guest)];
        self.connection.run::<i64>(&scripts::FREE, &keys, claim_text(claim)).await.map(drop)
    }

    /// Deletes a guest whose end the authority has committed with these rows. Where Redis is away it is done by whoever
    /// reads the log, and until then no room is believed that has not heard of it.
    async fn delete(&self, guest: SessionId, rows: &[Row]) {
        let room = Room::of_guest(guest);
        let (guests, secrets) = (self.keys.guests(room), self.keys.secrets(room));
        let args = [guests, secrets, String::new(), "1".to_owned(), guest.to_string()];
        let deleted: Result<Option<String>, Error> =
            self.connection.run(&scripts::APPLY, &[self.keys.mark(room)], args.as_slice()).await;
        if let Err(error) = deleted {
            tracing::debug!(%error, "a guest that ended is not deleted yet");
            if let Some(last) = rows.last() {
                self.rooms.heard(last.place);
            }
        }
    }
}

impl<S> fmt::Debug for WithRedis<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithRedis").field("connection", &self.connection).finish_non_exhaustive()
    }
}

fn claim_text(claim: u128) -> String {
    format!("{claim:032x}")
}

fn claim_of(text: &str) -> Result<u128, Error> {
    u128::from_str_radix(text, 16).map_err(|_| corrupt("claim"))
}

fn corrupt(what: &str) -> Error {
    Error::Corrupt(format!("a {what} in Redis cannot be read"))
}
