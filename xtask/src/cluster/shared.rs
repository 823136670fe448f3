//! What several nodes share: PostgreSQL, Redis, and the ways to them, one of each for every node, that can fail.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use cloakroom_testservers::postgres::{self, Replication};
use cloakroom_testservers::{Disk, Postgres, Redis, Wire, redis};

/// Room for PostgreSQL to begin with, and for what a run writes.
const DISK: u64 = 768 << 20;
/// How long a replica hears nothing before it takes over without having got everything.
const BEHIND: Duration = Duration::from_secs(1);

pub(crate) struct Shared {
    pub(crate) postgres: Postgres,
    database: String,
    pub(crate) redis: Redis,
    /// From each node to PostgreSQL and to Redis.
    pub(crate) to_postgres: Vec<Wire>,
    pub(crate) to_redis: Vec<Wire>,
    /// Where the data lies, until a replica takes over.
    disk: Option<Disk>,
}

impl Shared {
    /// For so many nodes.
    pub(crate) fn start(nodes: usize) -> Result<Self> {
        let disk = Disk::of_size(DISK)?;
        let settings = postgres::Settings {
            data: Some(disk.path().to_owned()),
            ..postgres::Settings::default()
        };
        let postgres = Postgres::start_with(settings)?;
        let database = postgres.create_database()?;
        let kept = redis::Settings { append_only: true, ..redis::Settings::default() };
        let redis = Redis::start_with(kept)?;
        let wires = |port| (0..nodes).map(|_| Ok(Wire::to(port)?)).collect::<Result<Vec<_>>>();
        let (to_postgres, to_redis) = (wires(postgres.port())?, wires(redis.port())?);
        Ok(Self { postgres, database, redis, to_postgres, to_redis, disk: Some(disk) })
    }

    /// What a node is told of the database.
    pub(crate) fn database_url(&self, node: usize) -> String {
        self.postgres.url_at(self.to_postgres[node].port(), &self.database)
    }

    pub(crate) fn redis_url(&self, node: usize) -> String {
        self.redis.url_at(self.to_redis[node].port())
    }

    /// Whether its disk can still be filled.
    pub(crate) fn has_disk(&self) -> bool {
        self.disk.is_some()
    }

    /// Fills the disk below PostgreSQL for so long, and does what an operator does then: frees it, and starts what ended.
    pub(crate) fn be_full(&self, pause: Duration) -> Result<()> {
        let disk = self.disk.as_ref().context("PostgreSQL lies on no disk that can be filled")?;
        disk.fill()?;
        thread::sleep(pause);
        disk.free()?;
        // The first start may only find that the process is gone.
        self.postgres.start_again().or_else(|_| self.postgres.start_again())?;
        Ok(())
    }

    /// Loses PostgreSQL for good, and lets a replica take its place and its address.
    ///
    /// `replicates` is called when replication is about to stop, where it does before the end.
    pub(crate) fn fail_over(
        &mut self,
        replication: Replication,
        replicates: impl FnOnce(),
    ) -> Result<()> {
        let replica = self.postgres.replica(replication)?;
        if replication == Replication::Asynchronous {
            replicates();
            // What was acknowledged before this moment is there, however busy the machine is.
            replica.catch_up_with(&self.postgres)?;
            replica.pause()?;
            thread::sleep(BEHIND);
        }
        self.postgres.kill()?;
        replica.go_on()?;
        replica.promote()?;
        for wire in &self.to_postgres {
            wire.lead_to(replica.port())?;
        }
        self.postgres = replica;
        self.disk = None;
        Ok(())
    }
}
