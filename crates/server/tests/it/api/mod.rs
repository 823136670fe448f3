//! `/api/v1/…`

mod account;
mod admin;
mod conversion;
mod data;
mod guest;
mod identifying_cookie;
mod reauthenticate;
mod revocations;
mod session;
mod sessions;
mod sign_in;
mod sign_out;
mod sign_up;
