//! bcrypt: `$2b$cost$` and 53 characters of salt and hash.
//!
//! It looks at 72 bytes of a password and no further. A longer one is compared by its first 72, because that is
//! all the old system ever knew of it; to refuse it would lock its owner out. The hash that replaces it is of the
//! whole password as it was typed then.
//!
//! A password with a NUL in it matches nothing: implementations disagreed on whether the rest counts, and where it
//! did not, `\0` was everybody's password.
//!
//! `$2x$` is left out: it marks hashes of an implementation that mixed up different passwords.

use std::str::FromStr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use bcrypt::HashParts;

use super::{Unusable, number};

/// 2^14 rounds, about a second; most systems have 10 to 12.
const MOST_COST: u32 = 14;
const LEAST_COST: u32 = 4;

#[derive(Clone)]
pub(in super::super) struct Bcrypt {
    cost: u32,
    salt: [u8; 16],
    /// As it is written: salt and hash in bcrypt's own base64.
    encoded: String,
}

impl Bcrypt {
    pub(super) fn parse(text: &str) -> Result<Self, Unusable> {
        let (cost, encoded) = text[4..].split_once('$').ok_or(Unusable::Malformed)?;
        let cost = number(cost)?;
        if cost > MOST_COST {
            return Err(Unusable::TooCostly);
        }
        let parts = HashParts::from_str(text).map_err(|_| Unusable::Malformed)?;
        if cost < LEAST_COST || parts.get_cost() != cost {
            return Err(Unusable::Malformed);
        }
        Ok(Self { cost, salt: parts.get_salt_raw(), encoded: encoded.to_owned() })
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        if password.contains(&0) {
            return false;
        }
        let made = bcrypt::hash_with_salt_bytes(password, self.cost, self.salt);
        // "$2b$10$" is seven bytes, whatever the version and the cost.
        made.is_ok_and(|made| verify_slices_are_equal(&made[7..], self.encoded.as_bytes()).is_ok())
    }
}
