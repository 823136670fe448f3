//! What may be lost, in Redis 7 or Valkey.
//!
//! [`Connection`] is the way there: every wait on it has an end, and it comes back by itself. [`WithRedis`] is a store that
//! keeps guests there, beside an authority that has all the rest. Over the same connection there are the memory that nodes
//! share, their counts of attempts, and the last uses of signed-in sessions.
//!
//! What is asked of the server: Redis 7 or Valkey; scripts that may run `INFO` and `TIME`; `maxmemory-policy noeviction`.
//! Any other policy takes guests away that are still coming, and marks of what was used, which could then be used again; one
//! that evicts any key takes rooms as a whole. An append-only file synced each second, and a replica, make losses rarer;
//! nothing rests on them.

mod alarms;
mod bundle;
mod connection;
mod counters;
mod keys;
mod last_seen;
mod link;
mod look;
mod names;
mod rooms;
mod script;
mod scripts;
mod settings;
mod shared_memory;
mod with_redis;

pub use connection::Connection;
pub use counters::RedisCounters;
pub use last_seen::{CARRIED_EVERY, LastSeen};
pub use look::{Evicts, Look, OLDEST};
pub use script::Script;
pub use settings::{NotSettings, Settings};
pub use shared_memory::RedisMemory;
pub use with_redis::{PATIENCE, Randomness, WithRedis};
