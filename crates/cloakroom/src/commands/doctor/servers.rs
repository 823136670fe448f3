//! Checks of the servers that a node stands on: what PostgreSQL and Redis are set to, and whether they answer.

use std::time::Duration;

use cloakroom_store_postgres::Look as PostgresLook;
use cloakroom_store_redis::{Evicts, Look as RedisLook, OLDEST};
use tokio::time::timeout;

use super::Finding;
use crate::{
    offline, postgres, redis,
    settings::{Database, Settings},
};

/// How long Redis may take to let a check in.
const LET_IN: Duration = Duration::from_secs(3);

/// What a PostgreSQL is set to.
pub(super) fn postgres(settings: &Settings) -> Finding {
    let Database::Postgres(url) = &settings.database else {
        return Finding::Ok("not used".to_owned());
    };
    let looked = offline::block_on(async { Ok(postgres::look(settings, url).await?) });
    match looked {
        Ok(look) => judge_postgres(&look),
        Err(failure) => Finding::Fail(
            failure.to_string(),
            "see to what it says, and to database and database_direct",
        ),
    }
}

fn judge_postgres(look: &PostgresLook) -> Finding {
    let replica = if look.awaits_replica { ", and a replica is awaited" } else { "" };
    let found = format!(
        "PostgreSQL {}, fsync {}, synchronous_commit {} (ours at least on){replica}, collation {}",
        look.version,
        if look.fsync { "on" } else { "off" },
        look.synchronous_commit,
        look.collation
    );
    if !look.fsync {
        return Finding::Fail(
            format!("{found}: a crash of its machine loses what was acknowledged"),
            "set fsync = on in PostgreSQL, and remove danger_no_sync here",
        );
    }
    if look.collation_changed {
        return Finding::Warn(
            format!("{found}, which sorts otherwise now than when the database was made"),
            "REINDEX DATABASE, then ALTER DATABASE … REFRESH COLLATION VERSION",
        );
    }
    match look.news {
        Some(true) => Finding::Ok(format!("{found}; nodes hear of each other by LISTEN")),
        Some(false) => Finding::Warn(
            format!(
                "{found}; a notice did not come back, so nodes find news by looking, every 200 ms"
            ),
            "let database_direct lead to PostgreSQL itself, past every pooler",
        ),
        None => Finding::Warn(
            format!("{found}; behind a pooler nodes find news by looking, every 200 ms"),
            "set database_direct to the way past the pooler",
        ),
    }
}

/// What a Redis is set to. One that is away stops nobody but guests.
pub(super) fn redis(settings: &Settings) -> Finding {
    let Some(place) = &settings.redis else { return Finding::Ok("not used".to_owned()) };
    let looked = offline::block_on(async {
        let Some(connection) = redis::connect(settings)? else { return Ok(None) };
        Ok(match timeout(LET_IN, connection.there()).await {
            Ok(()) => Some(connection.look().await),
            Err(_) => None,
        })
    });
    match looked {
        Ok(Some(Ok(look))) => judge_redis(&look, place.is_plain()),
        Ok(Some(Err(error))) => {
            Finding::Fail(error.to_string(), "let its user run scripts, and in them INFO and TIME")
        }
        Ok(None) => Finding::Fail(
            format!("{} does not let us in: guests wait until it does", place.shown()),
            "start it, or see to redis, redis_password and redis_ca",
        ),
        Err(failure) => Finding::Fail(failure.to_string(), "see to redis_ca"),
    }
}

fn judge_redis(look: &RedisLook, is_plain: bool) -> Finding {
    let kept = if look.append_only { "on" } else { "off" };
    let way = if is_plain { ", without TLS" } else { "" };
    let found = format!(
        "{}, maxmemory-policy {}, append-only file {kept}{way}",
        look.version, look.when_full
    );
    if look.major < OLDEST {
        return Finding::Fail(found, "use Redis 7 or later, or Valkey");
    }
    let evicted = match look.evicts() {
        Evicts::Nothing => None,
        Evicts::WhatExpires => Some("guests, and marks of proofs, which could then be used again,"),
        Evicts::Anything => Some("guests, by whole rooms, and marks of proofs that were used"),
    };
    if let Some(evicted) = evicted {
        return Finding::Fail(
            format!("{found}: it evicts {evicted} when its memory is full"),
            "set maxmemory-policy noeviction",
        );
    }
    if look.when_full != "noeviction" {
        return Finding::Warn(
            format!("{found}: it would evict guests as soon as it had a bound, maxmemory"),
            "set maxmemory-policy noeviction",
        );
    }
    if !look.append_only {
        return Finding::Warn(
            format!(
                "{found}: a restart of it loses the guests and their carts since its last snapshot"
            ),
            "set appendonly yes, if guests should survive that",
        );
    }
    Finding::Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redis_that_evicts_or_is_too_old_fails_and_one_that_keeps_is_well() {
        let well = RedisLook {
            version: "Redis 7.0.15".to_owned(),
            major: 7,
            when_full: "noeviction".to_owned(),
            bounded: true,
            append_only: true,
        };
        assert!(matches!(judge_redis(&well, false), Finding::Ok(_)));
        let old = RedisLook { major: 6, ..well.clone() };
        assert!(matches!(judge_redis(&old, false), Finding::Fail(..)));
        for policy in
            ["allkeys-lru", "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"]
        {
            let evicts = RedisLook { when_full: policy.to_owned(), ..well.clone() };
            let Finding::Fail(found, advice) = judge_redis(&evicts, false) else {
                panic!("{policy} is well");
            };
            assert!(found.contains(policy) && found.contains("evicts guests"), "{found}");
            assert_eq!(advice, "set maxmemory-policy noeviction");
            let unbounded = RedisLook { bounded: false, ..evicts };
            assert!(matches!(judge_redis(&unbounded, false), Finding::Warn(..)), "{policy}");
        }
        let forgets = RedisLook { append_only: false, ..well };
        assert!(matches!(judge_redis(&forgets, false), Finding::Warn(..)));
    }

    #[test]
    fn a_postgres_that_loses_what_it_acknowledged_fails() {
        let well = PostgresLook {
            version: "15.14".to_owned(),
            fsync: true,
            synchronous_commit: "on".to_owned(),
            awaits_replica: false,
            collation: "C.UTF-8".to_owned(),
            collation_changed: false,
            news: Some(true),
        };
        assert!(matches!(judge_postgres(&well), Finding::Ok(_)));
        let loses = PostgresLook { fsync: false, ..well.clone() };
        assert!(matches!(judge_postgres(&loses), Finding::Fail(..)));
        for news in [None, Some(false)] {
            let deaf = PostgresLook { news, ..well.clone() };
            assert!(matches!(judge_postgres(&deaf), Finding::Warn(..)));
        }
    }
}
