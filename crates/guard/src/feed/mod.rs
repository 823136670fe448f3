//! The feed of revocations: what a server takes back, told to whoever follows.
//!
//! [`events`] turns bytes into events, [`follower`] turns events and times into [`Beliefs`](crate::beliefs::Beliefs);
//! neither waits nor reads a clock. [`connection`] holds the stream open and comes back with what was heard last.

pub(crate) mod connection;
pub(crate) mod events;
pub(crate) mod follower;
