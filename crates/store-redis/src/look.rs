//! What a Redis says of itself, for an operator who asks whether it will do.

use std::sync::LazyLock;

use cloakroom_store::Error;

use crate::{Connection, Script};

/// The oldest Redis that is supported. Every Valkey calls itself 7 or later.
pub const OLDEST: u32 = 7;

/// By a script, which a cluster runs on one of its nodes.
static INFO: LazyLock<Script> = LazyLock::new(|| Script::new("return redis.call('INFO')"));

/// What a server says of itself; of a cluster, what one of its nodes does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Look {
    /// `Redis 7.0.15`, `Valkey 8.1.1`.
    pub version: String,
    /// The first number of the version of Redis that it works like.
    pub major: u32,
    /// What it does when its memory is full: `maxmemory-policy`.
    pub when_full: String,
    /// Whether it has a bound of memory at all.
    pub bounded: bool,
    /// Whether it keeps an append-only file.
    pub append_only: bool,
}

/// What a server takes away before its time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Evicts {
    /// Nothing: it refuses what is new, or its memory has no bound.
    Nothing,
    /// Keys with a time to live: guests, and marks of what was used, which could then be used again.
    WhatExpires,
    /// Any key: rooms of guests as a whole too, with their marks.
    Anything,
}

impl Look {
    /// What is lost when its memory is full.
    #[must_use]
    pub fn evicts(&self) -> Evicts {
        if !self.bounded || self.when_full == "noeviction" {
            Evicts::Nothing
        } else if self.when_full.starts_with("volatile-") {
            Evicts::WhatExpires
        } else {
            Evicts::Anything
        }
    }

    fn read(info: &str) -> Result<Self, Error> {
        let find = |name: &str| {
            info.lines().find_map(|line| line.trim_end().strip_prefix(name)?.strip_prefix(':'))
        };
        let said = |name: &str| {
            find(name).ok_or_else(|| Error::Corrupt(format!("Redis does not tell its {name}")))
        };
        let like = said("redis_version")?;
        let version = match find("valkey_version") {
            Some(version) => format!("Valkey {version}"),
            None => format!("Redis {like}"),
        };
        Ok(Self {
            version,
            major: like.split('.').next().and_then(|text| text.parse().ok()).unwrap_or(0),
            when_full: said("maxmemory_policy")?.to_owned(),
            bounded: said("maxmemory")? != "0",
            append_only: said("aof_enabled")? == "1",
        })
    }
}

impl Connection {
    /// Asks the server what it is.
    pub async fn look(&self) -> Result<Look, Error> {
        let key = format!("{}:probe", self.settings().prefix);
        let info: String = self.run(&INFO, &[key], &[] as &[&str]).await?;
        Look::read(&info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_read() {
        let info = "# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.1\r\n# Memory\r\n\
                    maxmemory:1048576\r\nmaxmemory_policy:allkeys-lru\r\naof_enabled:1\r\n";
        let look = Look::read(info).unwrap();
        assert_eq!((look.version.as_str(), look.major), ("Valkey 8.1.1", 7));
        assert!(look.bounded && look.append_only);
        assert_eq!(look.when_full, "allkeys-lru");
        assert!(Look::read("redis_version:7.0.1").is_err());
    }

    #[test]
    fn every_policy_but_noeviction_takes_guests_away() {
        let evicts = |policy: &str, bounded| {
            let look = Look {
                version: "Redis 7.0.15".to_owned(),
                major: 7,
                when_full: policy.to_owned(),
                bounded,
                append_only: true,
            };
            look.evicts()
        };
        assert_eq!(evicts("noeviction", true), Evicts::Nothing);
        for policy in ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"] {
            assert_eq!(evicts(policy, true), Evicts::WhatExpires);
            assert_eq!(evicts(policy, false), Evicts::Nothing, "it is never full");
        }
        for policy in ["allkeys-lru", "allkeys-lfu", "allkeys-random"] {
            assert_eq!(evicts(policy, true), Evicts::Anything);
            assert_eq!(evicts(policy, false), Evicts::Nothing, "it is never full");
        }
    }
}
