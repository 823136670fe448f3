//! From the settings to a Redis beside the database, as a server or a command uses it.
//!
//! A Redis that is away refuses nobody the start, and makes no node unready: what the database keeps goes on, and guests
//! wait for it.

use std::{sync::Arc, time::Duration};

use cloakroom_engine::{
    random::{Random, SystemRandomness},
    start::InCommon,
};
use cloakroom_store::Store;
use cloakroom_store_redis::{
    Connection, Evicts, RedisCounters, RedisMemory, Settings as RedisSettings, WithRedis,
};
use tokio::time::timeout;

use crate::{exit::Failure, settings::Settings};

/// How long a server waits at its start until Redis is there, so that it says at once where it is not.
const AT_START: Duration = Duration::from_secs(2);

/// A database, perhaps with a Redis beside it.
pub(crate) enum Beside<S> {
    /// Without.
    Nothing(Arc<S>),
    /// With one, which keeps the guests.
    Redis(Arc<WithRedis<S>>),
}

impl<S: Store + 'static> Beside<S> {
    /// Puts beside it what the settings name.
    pub(crate) fn put(settings: &Settings, authority: S) -> Result<Self, Failure> {
        let Some(connection) = connect(settings)? else {
            return Ok(Self::Nothing(Arc::new(authority)));
        };
        let random: Arc<dyn Random> = Arc::new(SystemRandomness::default());
        let random = Arc::new(move || random.nonce());
        Ok(Self::Redis(Arc::new(WithRedis::new(authority, connection, random))))
    }

    /// As the engine sees it.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Nothing(authority) => Arc::clone(authority) as _,
            Self::Redis(both) => Arc::clone(both) as _,
        }
    }

    /// The database.
    pub(crate) fn authority(&self) -> &S {
        match self {
            Self::Nothing(authority) => authority,
            Self::Redis(both) => both.authority(),
        }
    }

    /// What nodes have in common in it.
    pub(crate) fn in_common(&self) -> InCommon {
        let Self::Redis(both) = self else { return InCommon::default() };
        let connection = both.connection().clone();
        InCommon {
            memory: Some(Arc::new(RedisMemory::new(connection.clone()))),
            counters: Some(Arc::new(RedisCounters::new(connection.clone()))),
            lost_guests: connection.losses().clone(),
            is_there: Some(Arc::new(move || connection.is_there())),
        }
    }

    /// Says at a server's start where something is the matter with it.
    pub(crate) async fn look_at_start(&self) {
        let Self::Redis(both) = self else { return };
        let connection = both.connection();
        let place = connection.settings().shown();
        if timeout(AT_START, connection.there()).await.is_err() {
            tracing::warn!(
                place,
                "Redis is not there yet: guests wait for it, and the rest goes on"
            );
            return;
        }
        if let Ok(look) = connection.look().await
            && look.evicts() != Evicts::Nothing
        {
            let policy = look.when_full;
            tracing::warn!(
                place,
                policy,
                "Redis evicts guests, and marks of what was used, when its memory is full: set maxmemory-policy noeviction"
            );
        }
    }
}

/// The way to Redis, where the settings name one.
pub(crate) fn connect(settings: &Settings) -> Result<Option<Connection>, Failure> {
    Ok(place(settings)?.map(Connection::open))
}

/// Where Redis is, with all that the settings say of it.
pub(crate) fn place(settings: &Settings) -> Result<Option<RedisSettings>, Failure> {
    let Some(redis) = settings.redis.clone() else { return Ok(None) };
    let mut redis = match &settings.redis_password {
        Some(password) => redis.with_password(&password.0),
        None => redis,
    };
    if let Some(ca_file) = &settings.redis_ca {
        redis = redis
            .with_ca_file(ca_file.clone())
            .map_err(|wrong| Failure::Refused(format!("redis_ca: {wrong}")))?;
    }
    redis.prefix.clone_from(&settings.redis_prefix);
    Ok(Some(redis))
}
