//! Rooms, and how far what lies in them is believed.
//!
//! Each room of [`cloakroom_model::room`] has a **mark**: a place in the authority's revocation log, and the room's
//! *generation*, a random number. It says that every end which the log had up to that place has been applied here. It lies
//! in the same slot as what it speaks of, and every script reads both at once, so nothing is answered that was not covered
//! by the mark of that moment.
//!
//! A node believes a mark whose generation it has verified and that is no older than what the node itself has heard of the
//! log. Otherwise it **verifies**: it asks the authority what follows the mark. Rows: the ends among them are applied and
//! the mark moves. None: the mark is at the end of the log. Lost: the log does not know this place, or the mark is gone
//! with all that lay here: the room begins a new generation, and what carries an older one is worth nothing.
//!
//! So a Redis that was emptied begins anew, and one that was restored from an old copy hears what it missed or is forgotten;
//! nothing compares times. What a mark cannot show is a copy that is younger than the last row this node has heard: then
//! nothing that this node knows of is missing here, and what it does not know of yet it hears within the same bound as
//! always. What must be right even then, that nothing is merged twice, is asked of the authority
//! ([`cloakroom_store::Elsewhere`]).
//!
//! A mark moves only from the exact place that was verified, so that all places of one generation are of one history.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cloakroom_model::log::{Change, Place, Row, Subject, Timeline};
use cloakroom_model::room::Room;
use cloakroom_store::{Error, Reading, Revocations};
use futures_util::future::join_all;

use crate::alarms::{Alarms, Why};
use crate::connection::Connection;
use crate::keys::Keys;
use crate::scripts;

/// How many rows are asked for at once.
const BATCH: usize = 1000;

/// How often somebody else may have moved the same mark before storage is called busy; also how many batches a room may
/// lack.
const ATTEMPTS: usize = 256;

/// What this node knows of the rooms.
pub(crate) struct Rooms {
    known: Mutex<Known>,
    /// One verifies, and the others wait for it.
    verifying: Vec<tokio::sync::Mutex<()>>,
    alarms: Alarms,
}

#[derive(Clone, Default)]
struct Known {
    /// Raised when the log was lost. What was verified before is not believed.
    era: u64,
    /// Where the log was read last; nothing before the first time.
    timeline: Option<Timeline>,
    /// How far this node has heard the log.
    heard: Place,
    /// The generation that was verified, by room.
    generations: [Option<u64>; Room::COUNT as usize],
}

impl Known {
    /// Believes nothing that was verified before.
    fn begin_era(&mut self) {
        *self = Self { era: self.era + 1, timeline: self.timeline, ..Self::default() };
    }
}

/// What must be so for a room's answer to be believed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Belief {
    pub(crate) generation: u64,
    pub(crate) heard: u64,
}

/// What a room's mark says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Mark {
    generation: u64,
    place: Place,
}

impl Mark {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let generation = u64::from_str_radix(parts.next()?, 16).ok()?;
        let (seq, nonce) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        parts.next().is_none().then_some(Self { generation, place: Place { seq, nonce } })
    }

    fn text(self) -> String {
        format!("{} {}", generation_text(self.generation), place_text(self.place))
    }
}

/// As a record carries it.
pub(crate) fn generation_text(generation: u64) -> String {
    format!("{generation:016x}")
}

fn place_text(Place { seq, nonce }: Place) -> String {
    format!("{seq} {nonce}")
}

impl Rooms {
    pub(crate) fn new() -> Self {
        let verifying = Room::all().map(|_| tokio::sync::Mutex::default()).collect();
        Self { known: Mutex::default(), verifying, alarms: Alarms::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing panics while it is held.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What an answer of this room needs to be believed; `None` where it must be verified first.
    pub(crate) fn belief(&self, room: Room) -> Option<Belief> {
        let known = self.known();
        let generation = known.generations[index(room)]?;
        Some(Belief { generation, heard: known.heard.seq })
    }

    /// This node has heard the log up to here.
    pub(crate) fn heard(&self, place: Place) {
        let mut known = self.known();
        if place.seq > known.heard.seq {
            known.heard = place;
        }
    }

    /// The log was lost: there may be another history.
    pub(crate) fn lost(&self) {
        self.known().begin_era();
    }

    /// The log is read on this timeline. On another one than before, acts may be lost that a mark speaks of.
    pub(crate) fn read_on(&self, timeline: Timeline) {
        let mut known = self.known();
        if known.timeline.replace(timeline).is_some_and(|before| before != timeline) {
            known.begin_era();
        }
    }

    /// Makes a room's mark one that is believed, whatever that takes. With `to_the_end`, its place is the log's end as of
    /// some moment after the call.
    pub(crate) async fn verify(
        &self,
        room: Room,
        way: &Way<'_>,
        to_the_end: bool,
    ) -> Result<(), Error> {
        let _alone = self.verifying[index(room)].lock().await;
        for _ in 0..ATTEMPTS {
            let era = self.known().era;
            let text = way.mark(room).await?;
            let mark = text.as_deref().and_then(Mark::parse);
            if let Some(mark) = mark {
                if !to_the_end && self.believes(room, mark) {
                    self.alarms.is_there(room);
                    return Ok(());
                }
                match way.authority.read_log(mark.place, BATCH).await? {
                    Reading::Rows { rows, .. } if rows.is_empty() => {
                        if self.verified(room, mark.generation, era) {
                            way.connection.losses().add();
                        }
                        self.alarms.is_there(room);
                        return Ok(());
                    }
                    Reading::Rows { rows, .. } => {
                        way.apply(room, &places(mark.place, &rows), &rows).await?;
                        continue;
                    }
                    Reading::Lost => {}
                }
            }
            let why = match (&text, mark) {
                (None, _) if self.belief(room).is_some() => Why::Gone,
                (None, _) => Why::Empty,
                (Some(_), Some(_)) => Why::OtherLog,
                (Some(_), None) => Why::Unreadable,
            };
            self.alarms.begins_anew(room, why);
            way.begin_anew(room, text).await?;
        }
        Err(Error::Busy)
    }

    /// Takes note of the generation that was verified in this era. Answers whether it is another one than before.
    fn verified(&self, room: Room, generation: u64, era: u64) -> bool {
        let mut known = self.known();
        if known.era != era {
            return false;
        }
        let before = known.generations[index(room)].replace(generation);
        before.is_some_and(|before| before != generation)
    }

    fn believes(&self, room: Room, mark: Mark) -> bool {
        self.belief(room).is_some_and(|belief| {
            belief.generation == mark.generation && mark.place.seq >= belief.heard
        })
    }

    /// Applies what the authority's readers just heard to every room, and moves the marks. What cannot be done now is done
    /// when a room is asked.
    pub(crate) async fn follow(&self, from: Place, rows: &[Row], way: &Way<'_>) {
        let Some(last) = rows.last() else { return };
        let places = places(from, rows);
        let applied = join_all(Room::all().map(|room| way.apply(room, &places, rows))).await;
        for (room, applied) in Room::all().zip(applied) {
            let Ok(Some(text)) = applied else { continue };
            let Some(mark) = Mark::parse(&text) else { continue };
            if self.belief(room).is_some_and(|belief| belief.generation == mark.generation) {
                self.alarms.is_there(room);
            }
            if mark.place.seq < last.place.seq && self.belief(room).is_some() {
                // It lags behind what was read here: somebody could not move it.
                let _lags_until_it_is_asked = self.verify(room, way, true).await;
            }
        }
    }
}

fn index(room: Room) -> usize {
    usize::from(room.number())
}

/// What rooms are verified by.
pub(crate) struct Way<'a> {
    pub(crate) authority: &'a dyn Revocations,
    pub(crate) connection: &'a Connection,
    pub(crate) keys: &'a Keys,
    pub(crate) random: &'a (dyn Fn() -> u64 + Send + Sync),
}

impl Way<'_> {
    /// Gives a room a new generation, unless its mark is no longer `seen`: nothing that lies there is believed from then on.
    pub(crate) async fn begin_anew(&self, room: Room, seen: Option<String>) -> Result<(), Error> {
        let place = self.authority.read_snapshot().await?.place;
        let new = Mark { generation: (self.random)(), place };
        let keys = [self.keys.mark(room)];
        let args = (seen.unwrap_or_default(), new.text());
        let _now: String = self.connection.run(&scripts::RENEW, &keys, args).await?;
        Ok(())
    }

    /// Deletes the guests of this room that ended, and moves its mark where that is still at one of these places. Answers
    /// the mark as it is then.
    async fn apply(
        &self,
        room: Room,
        places: &[String],
        rows: &[Row],
    ) -> Result<Option<String>, Error> {
        let Some(last) = rows.last() else { return Ok(None) };
        let ended = rows.iter().filter_map(|row| match row.subject {
            Subject::Session(id) if row.change == Change::Ended && Room::of_guest(id) == room => {
                Some(id.to_string())
            }
            _ => None,
        });
        let ended: Vec<String> = ended.collect();
        let (guests, secrets) = (self.keys.guests(room), self.keys.secrets(room));
        let args = (guests, secrets, place_text(last.place), ended.len(), ended, places);
        self.connection.run(&scripts::APPLY, &[self.keys.mark(room)], args).await
    }

    /// The mark as it is.
    pub(crate) async fn mark(&self, room: Room) -> Result<Option<String>, Error> {
        self.connection.ask(redis::cmd("GET").arg(self.keys.mark(room))).await
    }
}

/// The places from which a mark may move to the last of these rows.
fn places(from: Place, rows: &[Row]) -> Vec<String> {
    let before_the_last = &rows[..rows.len().saturating_sub(1)];
    std::iter::once(from)
        .chain(before_the_last.iter().map(|row| row.place))
        .map(place_text)
        .collect()
}
