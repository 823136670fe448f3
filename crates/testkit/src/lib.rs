//! What tests share: clocks that stand still, seeded randomness, a store whose callers take turns and one that
//! fails, an engine on any store, a whole server on it, and a browser with cookies.

pub mod browser;
pub mod clock;
pub mod engine;
pub mod faulty;
pub mod fetch;
pub mod in_common;
pub mod interleaved;
pub mod randomness;
pub mod server;
