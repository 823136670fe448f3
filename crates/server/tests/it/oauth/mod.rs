//! `/oauth/…`

mod revoke;
mod token;
