//! Marks of what was used, as far as they last for a moment.
//!
//! A proof that comes with every request is marked in Redis alone, since a write that lasts for each would cost more than
//! what it protects. A mark that lasts longer than [`MOMENT`] is left in the authority as well.
//!
//! Redis may forget. Each room keeps since when it remembers, by the server's `run_id`: a server that was started again,
//! restored, replaced or emptied is known by it. From then on:
//!
//! - What could have been marked in Redis alone before that, because it ends within a moment of it, is refused: to its
//!   sender it looks used. A proof that was made after it is never among them.
//! - For as long as anything that was left before may last ([`LONGEST`]), the authority is asked as well.
//!
//! That a room remembers nothing because nothing was ever marked is told by a mark in the authority, which is left for ever
//! the first time.
//!
//! What these marks need of a server is that it forgets nothing before its time: `maxmemory-policy noeviction`.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::room::Room;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Error, Marks, Store};
use tokio::time::sleep;

use super::{ATTEMPTS, WithRedis, corrupt};
use crate::rooms::generation_text;
use crate::scripts;

/// What lasts no longer is marked in Redis alone: a `DPoP` proof and the second that its time is rounded by.
const MOMENT_SECONDS: u32 = 121;
const MOMENT: Duration = Duration::from_secs(MOMENT_SECONDS as u64);

/// The longest that anything that is marked may last, and more.
const LONGEST: Duration = Duration::from_hours(2);

/// How far the clocks of two nodes may differ that mark in one room.
const APART: Duration = Duration::from_secs(1);

/// How long the first one ever may take to say so.
const FIRST_ONES_TURN: Duration = Duration::from_millis(100);

/// Before anything that is remembered, in milliseconds: nothing is in doubt.
const NEVER: i64 = -9_000_000_000_000_000;

/// One use of something.
struct Using {
    room: Room,
    mark: Digest,
    until: Timestamp,
    now: Timestamp,
    /// Tells this caller's mark from others'.
    number: String,
}

impl Using {
    /// Whether the authority has to remember it too.
    fn outlasts(&self) -> bool {
        self.until > self.now.plus(MOMENT)
    }
}

#[async_trait]
impl<S: Store> Marks for WithRedis<S> {
    async fn mark_once(
        &self,
        mark: Digest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let using = Using {
            room: Room::of_digest(&mark),
            mark,
            until,
            now,
            number: generation_text((self.random)()),
        };
        let mut since = String::new();
        let mut has_waited = false;
        for _ in 0..ATTEMPTS {
            let (word, remembers) = self.use_once(&using, &since).await?;
            match word.as_str() {
                "forgot" => {
                    let is_first = self.is_first_in(using.room, now).await?;
                    // Whoever is first says that nothing is in doubt, and may not have said so yet.
                    if !is_first && !has_waited {
                        has_waited = true;
                        sleep(FIRST_ONES_TURN).await;
                        continue;
                    }
                    since = if is_first { "0".to_owned() } else { now.plus(APART).0.to_string() };
                }
                "first" => {
                    let recently = remembers.plus(LONGEST) > now && remembers.0 > 0;
                    return if using.outlasts() || recently {
                        self.authority.mark_once(mark, until, now).await
                    } else {
                        Ok(true)
                    };
                }
                "used" | "doubt" => return Ok(false),
                _ => return Err(corrupt("mark")),
            }
        }
        Err(Error::Busy)
    }

    async fn expire_marks(&self, now: Timestamp) -> Result<(), Error> {
        self.forgotten.fetch_max(now.0, Ordering::Relaxed);
        self.authority.expire_marks(now).await
    }
}

impl<S: Store> WithRedis<S> {
    /// Marks in Redis. Answers a word, and since when the room remembers.
    async fn use_once(&self, using: &Using, since: &str) -> Result<(String, Timestamp), Error> {
        let keys = [self.keys.remembers(using.room), self.keys.used(&using.mark)];
        let doubt = if using.outlasts() { NEVER } else { i64::from(MOMENT_SECONDS) * 1000 };
        let args = [
            using.now.0.to_string(),
            using.until.0.to_string(),
            since.to_owned(),
            doubt.to_string(),
            self.forgotten.load(Ordering::Relaxed).to_string(),
            using.number.clone(),
        ];
        let (word, since): (String, String) =
            self.connection.run(&scripts::USE_ONCE, &keys, args.as_slice()).await?;
        Ok((word, Timestamp(since.parse().map_err(|_| corrupt("mark"))?)))
    }

    /// Whether a room that remembers nothing has nothing to remember: no mark was ever left in it.
    async fn is_first_in(&self, room: Room, now: Timestamp) -> Result<bool, Error> {
        let mut first = [0; 32];
        first[..18].copy_from_slice(b"marks are in Redis");
        first[31] = room.number();
        self.authority.mark_once(Digest(first), FOR_EVER, now).await
    }
}

/// The end of the time that a database can write down as text and read again.
const FOR_EVER: Timestamp = Timestamp(253_402_300_799_000);
