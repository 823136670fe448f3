//! Counts of attempts, for all nodes.
//!
//! What is kept for each name is when all that was spent will have come back, in microseconds by the authority's clock,
//! which is told; Redis's own clock only forgets what has come back. All numbers are far below 2^53, up to which scripts
//! reckon without loss.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::policy::throttle::Rate;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Counters, Error, Spend};

use crate::names::Names;
use crate::{Connection, Script};

/// [`Rate::decide`], on the server. Answers -1 where one more is spent, and how long to wait otherwise.
static SPEND: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local now, one = tonumber(ARGV[1]), tonumber(ARGV[2])
        local full = now + one * tonumber(ARGV[3])
        local back = tonumber(redis.call('GET', KEYS[1]) or ARGV[1])
        if not back or back < now then back = now elseif back > full then back = full end
        local after = back + one
        if after > full then return after - full end
        local last = math.ceil((after - now) / 1000)
        redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', last)
        return -1",
    )
});

/// Counters in Redis.
#[derive(Debug)]
pub struct RedisCounters {
    connection: Connection,
    names: Names,
}

impl RedisCounters {
    /// Over a connection, which others may use too.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        let names = Names::new(&connection, "count");
        Self { connection, names }
    }
}

#[async_trait]
impl Counters for RedisCounters {
    /// Where the connection breaks on the way, one may be spent twice.
    async fn spend(&self, name: &Digest, rate: Rate, now: Timestamp) -> Result<Spend, Error> {
        let one = u64::try_from(rate.one().as_micros()).unwrap_or(u64::MAX);
        let args = (now.0.saturating_mul(1000), one, rate.burst());
        let answer: i64 = self.connection.run(&SPEND, &[self.names.of(name)], args).await?;
        Ok(match u64::try_from(answer) {
            // Whoever waits that long must not be early.
            Ok(microseconds) => Spend::Wait(Duration::from_millis(microseconds.div_ceil(1000))),
            Err(_) => Spend::Admitted,
        })
    }
}
