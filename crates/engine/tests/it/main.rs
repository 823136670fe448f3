//! The use cases: the promises on every store, the races that must not break them, many nodes, the clients, the
//! keys and the housekeeping.

mod clients;
mod data_keys;
mod housekeeping;
mod nodes;
mod promises;
mod races;
mod servers;
