//! What this crate promises, over servers of its own.

mod claims;
mod connection;
mod contract;
mod counters;
mod last_seen;
mod losses;
mod marks;
mod scene;
mod server;
mod servers;
mod shared_memory;
