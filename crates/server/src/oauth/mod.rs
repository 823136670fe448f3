//! The OAuth endpoints: `/oauth/…`, a file for each, and what is well known.
//!
//! Their errors are those of the specifications and not problem details: a client library reads them.

pub mod client;
pub mod jwks;
pub mod refusal;
pub mod revoke;
pub mod token;
