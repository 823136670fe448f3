//! The OAuth endpoints: `/oauth/…`, a file for each, and what is well known.
//!
//! Their errors are those of the specifications and not problem details: a client library reads them.

pub mod client;
pub mod device;
pub mod discovery;
pub mod introspect;
pub mod jwks;
pub(crate) mod operations;
pub mod par;
pub mod refusal;
pub mod register;
pub mod revoke;
pub mod status_lists;
pub mod token;
pub mod userinfo;
