//! What this crate promises, over servers of its own.

mod connection;
mod counters;
mod last_seen;
mod server;
mod shared_memory;
