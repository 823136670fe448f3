//! The use cases: the promises on every store, and the races that must not break them.

mod promises;
mod races;
