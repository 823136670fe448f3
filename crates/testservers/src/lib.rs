//! Private servers of the kinds that Cloakroom works with: real ones, on free loopback ports, for as long as a value
//! lives.
//!
//! Used by tests, each of whose binaries starts its own, and by `xtask`. Every server lies in a temporary folder that
//! goes away with it; nothing of the machine's own servers is read or touched; and nothing outlives the process,
//! whether its values are dropped, stay in statics, or it is killed. A program that is missing is an error that names it
//! and Debian's package: nothing is skipped.
//!
//! Everything here blocks; a test that runs on a runtime calls it before, or from a thread that may wait. Rests on few
//! crates, because `xtask` imports it, and leaves out every client library: what speaks to a server here is its own
//! command line client. Who tests with another one brings that along.
//!
//! ```no_run
//! use std::sync::LazyLock;
//!
//! use cloakroom_testservers::{Postgres, Redis, Result};
//!
//! /// Started by the first test of this binary that asks for it.
//! static POSTGRES: LazyLock<Postgres> = LazyLock::new(|| Postgres::start().unwrap());
//!
//! # fn main() -> Result<()> {
//! let url = POSTGRES.url(&POSTGRES.create_database()?);
//! // … connect to `url`, and then see what a crash does:
//! let mine = Postgres::start()?;
//! mine.kill()?;
//! mine.start_again()?;
//!
//! let redis = Redis::start()?;
//! redis.command(&["SET", "coat", "7"])?;
//! redis.start_empty()?;
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

pub use self::authority::{Authority, Certificate};
pub use self::balancer::{HaProxy, Nginx};
pub use self::disk::Disk;
pub use self::error::{Error, Result};
pub use self::patience::eventually;
pub use self::pgbouncer::PgBouncer;
pub use self::port::Port;
pub use self::postgres::Postgres;
pub use self::redis::Redis;
pub use self::redis::cluster::RedisCluster;
pub use self::redis::sentinel::Sentinel;
pub use self::wire::Wire;
