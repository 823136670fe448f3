//! Private servers of the kinds that Cloakroom works with: real ones, on free loopback ports, for as long as a value
//! lives.
//!
//! Used by tests, each of whose binaries starts its own, and by `xtask`. Every server lies in a temporary folder that
//! goes away with it; nothing of the machine's own servers is read or touched; and nothing outlives the process,
//! whether its values are dropped, stay in statics, or it is killed. A program that is missing is an error that names it
//! and Debian's package: nothing is skipped.
//!
//! | type | is | can |
//! | --- | --- | --- |
//! | [`Postgres`] | PostgreSQL with `fsync`, TLS and passwords | be killed, stopped, paused, started again; have [replicas](Postgres::replica) and be [promoted](Postgres::promote); show a [wrong certificate](Postgres::show_certificate_for) |
//! | [`PgBouncer`] | a pooler in transaction mode | be killed, paused, started again |
//! | [`Redis`] | Redis or Valkey, with a file, a password, TLS on wish | the same, and start [empty](Redis::start_empty) or from an [old snapshot](Redis::restore) |
//! | [`RedisCluster`], [`Sentinel`] | three primaries; a primary, a replica and three sentinels | lose a node; [fail over](Sentinel::kill_primary) |
//! | [`Nginx`], [`HaProxy`] | round robin over HTTP nodes, without stickiness | be killed, started again |
//! | [`Wire`] | a way between two ends | be [cut](Wire::cut), [silent](Wire::silence), [slow](Wire::delay), [lose answers](Wire::hold_answers), [lead elsewhere](Wire::lead_to) |
//! | [`Disk`] | a small file system | be [full](Disk::fill) |
//!
//! Everything here blocks and takes `&self`, so it may lie in a static and be used from every thread; a test that runs
//! on a runtime calls it from where it may wait. What waits for another process gives up after a minute with an
//! [`Error`] that holds the end of that process's log. Rests on few crates, because `xtask` imports it, and leaves out
//! every client library: what speaks to a server here is its own command line client.
//!
//! ```no_run
//! use std::sync::LazyLock;
//! use std::time::Duration;
//!
//! use cloakroom_testservers::postgres::Replication;
//! use cloakroom_testservers::{HaProxy, Postgres, Redis, Result, Wire};
//!
//! /// Started by the first test of this binary that asks for it.
//! static POSTGRES: LazyLock<Postgres> = LazyLock::new(|| Postgres::start().unwrap());
//!
//! # fn main() -> Result<()> {
//! // A database of one's own, without starting a server for it.
//! let url = POSTGRES.url(&POSTGRES.create_database()?);
//!
//! // What a crash leaves, and what a replica has when it takes over.
//! let primary = Postgres::start()?;
//! let database = primary.create_database()?;
//! let replica = primary.replica(Replication::Synchronous)?;
//! primary.kill()?;
//! replica.promote()?;
//! let url = replica.url(&database);
//! primary.start_again()?;
//!
//! // A way to it that fails.
//! let wire = Wire::to(replica.port())?;
//! let url = replica.url_at(wire.port(), &database);
//! wire.delay(Duration::from_millis(50))?;
//! wire.silence()?;
//! wire.cut()?;
//! wire.heal()?;
//!
//! // A Redis that comes back with what it held long ago.
//! let redis = Redis::start()?;
//! let old = redis.snapshot()?;
//! redis.command(&["SET", "coat", "7"])?;
//! redis.restore(&old)?;
//!
//! // Two nodes behind a load balancer.
//! let balancer = HaProxy::in_front_of(&[8001, 8002], Some("/healthz"))?;
//! let url = balancer.url();
//! # let _ = url;
//! # Ok(())
//! # }
//! ```

mod authority;
pub mod balancer;
mod disk;
mod error;
mod folder;
mod patience;
mod pgbouncer;
mod port;
pub mod postgres;
mod process;
pub mod program;
pub mod redis;
mod user;
mod wire;

pub use self::balancer::{HaProxy, Nginx};
pub use self::disk::Disk;
pub use self::error::{Error, Result};
pub use self::patience::eventually;
pub use self::pgbouncer::PgBouncer;
pub use self::postgres::Postgres;
pub use self::redis::Redis;
pub use self::redis::cluster::RedisCluster;
pub use self::redis::sentinel::Sentinel;
pub use self::wire::Wire;
