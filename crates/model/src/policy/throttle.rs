//! How often something may be tried: by rate, and by failures in a row.
//!
//! Both are pure. What counts by rate lives in memory and may be lost; what counts failures in a row is kept by
//! storage, because a hundred guesses in a row are a hundred guesses whether or not the server restarted.

mod account;
mod rate;

pub use account::{Account, Failures, KNOWN_DEVICES, Outcome, STRANGERS_REMEMBERED};
pub use rate::{Rate, Spent, Verdict};
