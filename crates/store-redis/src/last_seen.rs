//! When signed-in sessions were last used: written here often, and into the authority seldom.
//!
//! A busy session is seen every few seconds, and each of its last-seen times would be a write of the authority's. Here it
//! is one number in a sorted set, raised and never lowered. Every [`CARRIED_EVERY`] one node, which a lease chooses,
//! carries what the set holds into the authority, and then ends what is idle there: so nothing ends as idle that any node
//! has seen. A node that meets a session which looks idle asks here first ([`LastSeen::find_last_seen`]).
//!
//! Nothing here is believed to be the end of anything: what is lost makes sessions look unused since the last time that
//! was carried. So whoever loses Redis loses the uses of the last [`CARRIED_EVERY`] and a sweep; it is noticed by those
//! alone who came back in these minutes for the first time in nearly their idle time. While Redis is away, last-seen
//! times are written into the authority at once, and it ends as idle only what it has not heard of for [`AWAY`] longer.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cloakroom_model::id::{SessionId, UserId};
use cloakroom_model::session::Session;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Done, Error, Sessions};

use crate::{Connection, Script};

/// How often last-seen times are carried into the authority, and idle sessions ended there.
pub const CARRIED_EVERY: Duration = Duration::from_mins(5);

/// For how long, at the most, nothing may have been carried while times were written here: Redis came and went.
const AWAY: Duration = Duration::from_hours(1);

/// How many are written or carried at once.
const BATCH: usize = 500;

/// Forgets those that nobody has seen since they were read.
static FORGET: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "for i = 1, #ARGV, 2 do
            local seen = redis.call('ZSCORE', KEYS[1], ARGV[i])
            if seen and tonumber(seen) == tonumber(ARGV[i + 1]) then
                redis.call('ZREM', KEYS[1], ARGV[i])
            end
        end
        return #ARGV / 2",
    )
});

/// Last-seen times of signed-in sessions, on their way to the authority.
#[derive(Debug)]
pub struct LastSeen {
    connection: Connection,
    /// By session, the time in milliseconds.
    times: String,
    /// There while nobody need carry them.
    lease: String,
    every: Duration,
    /// Whether this node ended as many as it might, and goes on.
    unfinished: AtomicBool,
}

impl LastSeen {
    /// Over a connection, which others may use too.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        let prefix = &connection.settings().prefix;
        let (times, lease) =
            (format!("{prefix}:{{seen}}:times"), format!("{prefix}:{{seen}}:lease"));
        let unfinished = AtomicBool::new(false);
        Self { connection, times, lease, every: CARRIED_EVERY, unfinished }
    }

    /// The same, carried every so often; each time where it is zero.
    #[must_use]
    pub fn carried_every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    /// As [`Sessions::touch_sessions`] of the authority, which hears of it later.
    pub async fn touch_sessions(
        &self,
        authority: &(impl Sessions + ?Sized),
        seen: &[(SessionId, Timestamp)],
    ) -> Result<(), Error> {
        for batch in seen.chunks(BATCH) {
            let mut raise = redis::cmd("ZADD");
            raise.arg(&self.times).arg("GT");
            for (id, at) in batch {
                raise.arg(at.0).arg(id.as_bytes());
            }
            if self.connection.ask::<()>(&raise).await.is_err() {
                authority.touch_sessions(batch).await?;
            }
        }
        Ok(())
    }

    /// As [`Sessions::find_last_seen`] of the authority, with what it has not heard of yet.
    pub async fn find_last_seen(
        &self,
        authority: &(impl Sessions + ?Sized),
        id: SessionId,
    ) -> Result<Option<Timestamp>, Error> {
        // Here first: what is carried meanwhile is then found in one of the two.
        let score = redis::cmd("ZSCORE").arg(&self.times).arg(id.as_bytes()).clone();
        let here = self.connection.ask::<Option<f64>>(&score).await.unwrap_or(None);
        let there = authority.find_last_seen(id).await?;
        Ok(there.map(|there| here.map_or(there, |here| there.max(time(here)))))
    }

    /// As [`Sessions::list_sessions`] of the authority, which is told of every use of these sessions: for people who look
    /// at their devices, and for whatever depends on which was used last.
    pub async fn list_sessions(
        &self,
        authority: &(impl Sessions + ?Sized),
        user: UserId,
    ) -> Result<Vec<Session>, Error> {
        let sessions = authority.list_sessions(user).await?;
        let mut scores = redis::cmd("ZMSCORE");
        scores.arg(&self.times);
        for session in &sessions {
            scores.arg(session.id.as_bytes());
        }
        if sessions.is_empty() {
            return Ok(sessions);
        }
        let here = self.connection.ask::<Vec<Option<f64>>>(&scores).await.unwrap_or_default();
        let later = |(session, score): (&Session, Option<f64>)| {
            let seen = score.map(time).filter(|seen| *seen > session.last_seen_at)?;
            Some((session.id, seen))
        };
        let seen: Vec<_> = sessions.iter().zip(here).filter_map(later).collect();
        if seen.is_empty() {
            return Ok(sessions);
        }
        authority.touch_sessions(&seen).await?;
        authority.list_sessions(user).await
    }

    /// As [`Sessions::expire_sessions`] of the authority, which hears of every use first. Where another node saw to that a
    /// while ago, what is idle ends by so much later.
    pub async fn expire_sessions(
        &self,
        authority: &(impl Sessions + ?Sized),
        lag: Duration,
        limit: usize,
        act: &Act,
    ) -> Result<Done<usize>, Error> {
        let carried = match self.is_mine().await {
            Ok(true) => self.carry(authority).await?,
            // It took that node some time too.
            Ok(false) => Carried::Before(self.every * 2),
            Err(_) => Carried::Before(AWAY),
        };
        let lag = match carried {
            Carried::Now => lag,
            Carried::Before(since) => lag.saturating_add(since),
            // Nobody can say now who is idle.
            Carried::NotAll => return Ok(Done { value: 0, rows: Vec::new() }),
        };
        let done = authority.expire_sessions(lag, limit, act).await?;
        self.unfinished.store(done.value >= limit, Ordering::Relaxed);
        Ok(done)
    }

    /// Whether it is this node that carries.
    async fn is_mine(&self) -> Result<bool, Error> {
        if self.unfinished.swap(false, Ordering::Relaxed) || self.every.is_zero() {
            return Ok(true);
        }
        let mut take = redis::cmd("SET");
        take.arg(&self.lease).arg(1).arg("NX").arg("PX");
        take.arg(u64::try_from(self.every.as_millis()).unwrap_or(u64::MAX).max(1));
        // A question that is asked twice finds what it has taken itself: then nobody carries until the lease is over.
        Ok(self.connection.ask::<Option<String>>(&take).await?.is_some())
    }

    /// Writes all that is here into the authority, and forgets it here.
    async fn carry(&self, authority: &(impl Sessions + ?Sized)) -> Result<Carried, Error> {
        let all = redis::cmd("ZCARD").arg(&self.times).clone();
        let Ok(all) = self.connection.ask::<usize>(&all).await else {
            return Ok(Carried::Before(AWAY));
        };
        // Whoever is seen meanwhile is at the end of the set: the oldest are carried until less than a batch is left, and
        // each that was there at the beginning has been met by then.
        for _ in 0..=all.div_ceil(BATCH) * 2 {
            let mut oldest = redis::cmd("ZRANGE");
            oldest.arg(&self.times).arg(0).arg(BATCH - 1).arg("WITHSCORES");
            let Ok(oldest) = self.connection.ask::<Vec<(Vec<u8>, f64)>>(&oldest).await else {
                return Ok(Carried::Before(AWAY));
            };
            let seen: Vec<_> =
                oldest.iter().filter_map(|(id, at)| Some((session(id)?, time(*at)))).collect();
            authority.touch_sessions(&seen).await?;
            let args: Vec<Vec<u8>> = oldest
                .iter()
                .flat_map(|(id, at)| [id.clone(), time(*at).0.to_string().into_bytes()])
                .collect();
            if !args.is_empty()
                && self.connection.run::<i64>(&FORGET, &[&self.times], &args).await.is_err()
            {
                return Ok(Carried::Before(AWAY));
            }
            if oldest.len() < BATCH {
                return Ok(Carried::Now);
            }
        }
        Ok(Carried::NotAll)
    }
}

/// Since when the authority has heard of every use.
enum Carried {
    /// Of all up to now.
    Now,
    /// At the latest since so long ago.
    Before(Duration),
    /// They come faster than they can be carried.
    NotAll,
}

fn session(bytes: &[u8]) -> Option<SessionId> {
    Some(SessionId::from_bytes(bytes.try_into().ok()?))
}

#[expect(clippy::cast_possible_truncation, reason = "a score is a whole number of milliseconds")]
fn time(score: f64) -> Timestamp {
    Timestamp(score as i64)
}
