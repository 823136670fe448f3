//! `/api/v1/admin/…`

mod clients;
mod events;
mod keys;
mod rights;
mod sessions;
mod users;
