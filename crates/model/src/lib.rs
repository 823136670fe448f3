//! The nouns of Cloakroom and the decisions about them.
//!
//! Nothing here waits, reads a clock, draws a random number or opens a file: what a decision needs is an
//! argument, so that every decision can be tested with a table in milliseconds.

pub mod authorization;
pub mod client;
pub mod data;
pub mod event;
pub mod grant;
pub mod id;
pub mod initial_token;
pub mod key;
pub mod link;
pub mod log;
pub mod network;
pub mod password;
pub mod policy;
pub mod registration;
pub mod room;
pub mod secret;
pub mod session;
pub mod signal;
pub mod stream;
pub mod time;
pub mod user;
