//! The use cases: the promises on every store, the races that must not break them, the clients, the
//! keys and the housekeeping.

mod clients;
mod data_keys;
mod housekeeping;
mod promises;
mod races;
