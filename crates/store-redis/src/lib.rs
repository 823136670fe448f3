//! What may be lost, in Redis 7 or Valkey.
//!
//! [`Connection`] is the way there: every wait on it has an end, and it comes back by itself. Over it there are the memory
//! that nodes share, their counts of attempts, and the last uses of signed-in sessions.

mod connection;
mod counters;
mod last_seen;
mod link;
mod names;
mod script;
mod settings;
mod shared_memory;

pub use connection::Connection;
pub use counters::RedisCounters;
pub use last_seen::{CARRIED_EVERY, LastSeen};
pub use script::Script;
pub use settings::{NotSettings, Settings};
pub use shared_memory::RedisMemory;
