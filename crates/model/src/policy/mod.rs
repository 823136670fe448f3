//! Decisions: facts and a time go in, one named outcome comes out.

pub mod authorization;
pub mod carry_over;
pub mod entry;
pub mod freshness;
pub mod key_rotation;
pub mod life;
pub mod limit;
pub mod merge;
pub mod password;
pub mod published_keys;
pub mod rotation;
pub mod throttle;
