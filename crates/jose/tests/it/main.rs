//! What others may rely on, from outside the crate.

mod attacks;
mod claims;
mod fixture;
mod jsonwebtoken;
mod key_sets;
mod keys;
mod plausible;
mod properties;
mod strict_json;
mod vectors;
mod verifier;
