//! `/api/v1/admin/…`: what an administrator sees and does. A file for each noun.

pub mod clients;
pub mod events;
pub mod initial_tokens;
pub mod keys;
pub(crate) mod registration;
pub mod sessions;
pub mod streams;
pub mod users;
