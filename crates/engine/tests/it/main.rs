//! The use cases on the memory store: the promises, and the races that must not break them.

mod races;
