//! What others may rely on, from outside the crate.

mod round_trip;
