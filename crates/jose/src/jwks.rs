//! Sets of public keys (RFC 7517 §5).
//!
//! Of a set that is read, what can't be used is left out and counted, as the specification asks; two keys with one `kid`
//! refuse the set, since a token would mean one of them.

use serde::{Deserialize, Serialize};

use crate::error::KeyError;
use crate::jwk::{Jwk, MAX_DEPTH};
use crate::strict_json;

/// The longest key set that is read, in bytes.
pub const MAX_JWKS_BYTES: usize = 256 * 1024;

/// A set of public keys, as published at `/.well-known/jwks.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Jwks {
    keys: Vec<Jwk>,
    skipped: Vec<KeyError>,
}

impl Jwks {
    /// A set to publish. Two keys with one `kid` are refused.
    pub fn new(keys: impl IntoIterator<Item = Jwk>) -> Result<Self, KeyError> {
        let keys: Vec<Jwk> = keys.into_iter().collect();
        let mut kids: Vec<&str> = keys.iter().filter_map(Jwk::kid).collect();
        kids.sort_unstable();
        if kids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(KeyError::DuplicateKid);
        }
        Ok(Self { keys, skipped: Vec::new() })
    }

    /// Reads a published set, strictly as JSON (at most [`MAX_JWKS_BYTES`]), and leniently as RFC 7517 §5 asks: keys that
    /// can't be used here are left out, and [`Jwks::skipped`] says why.
    pub fn from_json(json: &[u8]) -> Result<Self, KeyError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }

        if json.len() > MAX_JWKS_BYTES {
            return Err(KeyError::NotAKeySet);
        }
        strict_json::check(json, MAX_DEPTH).map_err(|_| KeyError::NotAKeySet)?;
        let set: Set = serde_json::from_slice(json).map_err(|_| KeyError::NotAKeySet)?;
        let (mut keys, mut skipped) = (Vec::new(), Vec::new());
        for key in set.keys {
            match Jwk::from_value(key) {
                Ok(key) => keys.push(key),
                Err(why) => skipped.push(why),
            }
        }
        Ok(Self { skipped, ..Self::new(keys)? })
    }

    /// Writes the set.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The keys, in the order of the set.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// Why keys of the set that was read were left out.
    #[must_use]
    pub fn skipped(&self) -> &[KeyError] {
        &self.skipped
    }
}

impl Serialize for Jwks {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Set<'a> {
            keys: &'a [Jwk],
        }
        Set { keys: &self.keys }.serialize(serializer)
    }
}
