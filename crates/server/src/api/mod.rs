//! The JSON API: `/api/v1/…`, a file for each noun.
//!
//! A handler reads the request, calls one use case, and writes the answer. What it may answer stands beside its
//! address in [`routes`](crate::routes).

pub mod account;
pub mod admin;
pub mod conversion;
pub mod data;
pub mod guest;
pub mod problems;
pub mod reauthenticate;
pub mod revocations;
pub mod session;
pub mod sessions;
pub mod sign_in;
pub mod sign_up;
pub mod view;
