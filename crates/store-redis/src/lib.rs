//! What may be lost, in Redis 7 or Valkey.
//!
//! [`Connection`] is the way there: every wait on it has an end, and it comes back by itself.

mod connection;
mod link;
mod script;
mod settings;

pub use connection::Connection;
pub use script::Script;
pub use settings::{NotSettings, Settings};
