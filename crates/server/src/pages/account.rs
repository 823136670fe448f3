//! The account's pages, for somebody who is signed in.

pub(super) mod apps;
pub(super) mod delete;
pub(super) mod devices;
pub(super) mod password;
pub(super) mod profile;
