//! What tests share: clocks that stand still, seeded randomness, a store whose callers take turns, an engine on
//! any store.

pub mod clock;
pub mod engine;
pub mod interleaved;
pub mod randomness;
