//! The use cases: the promises on every store, the races that must not break them, and the keys.

mod data_keys;
mod promises;
mod races;
