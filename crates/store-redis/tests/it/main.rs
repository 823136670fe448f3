//! What this crate promises, over servers of its own.

mod connection;
mod server;
