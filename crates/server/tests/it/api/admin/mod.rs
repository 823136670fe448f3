//! `/api/v1/admin/…`

mod clients;
mod events;
mod initial_tokens;
mod keys;
mod rights;
mod sessions;
mod users;
