//! The memory that nodes share: a text of hexadecimal for each name, and what was kept under it until its time is over.
//!
//! What is kept is sealed by whoever keeps it, and no name says whose it is. It may be evicted at any moment.

use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::secret::Digest;
use cloakroom_store::{Error, SharedMemory};

use crate::Connection;
use crate::names::Names;

/// A shared memory in Redis.
#[derive(Debug)]
pub struct RedisMemory {
    connection: Connection,
    names: Names,
}

impl RedisMemory {
    /// Over a connection, which others may use too.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        let names = Names::new(&connection, "shared");
        Self { connection, names }
    }
}

#[async_trait]
impl SharedMemory for RedisMemory {
    async fn recall(&self, name: &Digest) -> Result<Option<Vec<u8>>, Error> {
        self.connection.ask(redis::cmd("GET").arg(self.names.of(name))).await
    }

    async fn keep(&self, name: &Digest, entry: &[u8], ttl: Duration) -> Result<(), Error> {
        let mut set = redis::cmd("SET");
        set.arg(self.names.of(name)).arg(entry).arg("PX").arg(milliseconds(ttl));
        self.connection.ask(&set).await
    }
}

/// At least one: Redis takes no less.
fn milliseconds(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).clamp(1, i64::MAX as u64)
}
