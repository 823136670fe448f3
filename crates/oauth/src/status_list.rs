//! Token Status List (draft-ietf-oauth-status-list, §4, §5, §6): one bit for each token, by which anybody can see that it
//! was taken back, without this server hearing who looks.
//!
//! Signing the list is `jose`'s, and which places are taken is the store's to know.

mod spread;

use std::io::Write as _;

use cloakroom_jose::base64url;
use cloakroom_model::time::Timestamp;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};

pub use self::spread::{PLACES, Spread};

/// The `typ` of a list's header (§5.1), and behind `application/` its media type.
pub const TYP: &str = "statuslist+jwt";

/// All lists (§9.3).
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Aggregation {
    /// Where each list lies.
    pub status_lists: Vec<String>,
}

/// Where a token's status is found: the claim `status` (§6.1).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Status {
    /// Its place in a list.
    pub status_list: Place,
}

/// A place in a list.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Place {
    /// Where the list lies.
    pub uri: String,
    /// The number of the bit.
    pub idx: u32,
}

impl Status {
    /// The place `idx` in the list at `uri`.
    #[must_use]
    pub fn at(uri: String, idx: u32) -> Self {
        Self { status_list: Place { uri, idx } }
    }
}

/// A bit for each token: 0 is valid, 1 is invalid (§7.1), and nothing makes it 0 again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StatusList(Vec<u8>);

impl StatusList {
    /// A list of at least `places`, all valid. Its length tells nothing of how many tokens there are only if it is chosen
    /// larger (§13.2).
    #[must_use]
    pub fn new(places: u32) -> Self {
        Self(vec![0; places.div_ceil(8) as usize])
    }

    /// Makes the token at `idx` invalid. A place behind the end is refused.
    pub fn invalidate(&mut self, idx: u32) -> Result<(), NoSuchPlace> {
        let byte = self.0.get_mut(idx as usize / 8).ok_or(NoSuchPlace)?;
        // §4.1: from the lowest bit of each byte to the highest.
        *byte |= 1 << (idx % 8);
        Ok(())
    }

    /// Whether the token at `idx` is valid; `None` behind the end.
    #[must_use]
    pub fn is_valid(&self, idx: u32) -> Option<bool> {
        self.0.get(idx as usize / 8).map(|byte| byte >> (idx % 8) & 1 == 0)
    }

    /// What is signed: the list as it is at `now`, to be read again after `ttl_seconds` and believed for twice as long.
    ///
    /// `uri` is where it is fetched, which the tokens name.
    #[must_use]
    pub fn claims(&self, uri: &str, now: Timestamp, ttl_seconds: u64) -> Claims {
        let iat = u64::try_from(now.seconds()).unwrap_or(0);
        Claims {
            sub: uri.to_owned(),
            iat,
            exp: iat.saturating_add(ttl_seconds.saturating_mul(2)),
            ttl: ttl_seconds,
            status_list: Written { bits: 1, lst: self.compressed() },
        }
    }

    /// §4.1: DEFLATE in the ZLIB format at the highest level, as base64url.
    fn compressed(&self) -> String {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        // Writing into memory does not fail.
        let written = encoder.write_all(&self.0).and_then(|()| encoder.finish());
        base64url::encode(&written.unwrap_or_default())
    }
}

/// The claims of a list (§5.1).
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Claims {
    sub: String,
    iat: u64,
    exp: u64,
    ttl: u64,
    status_list: Written,
}

#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
struct Written {
    bits: u8,
    lst: String,
}

/// The list does not reach as far.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the status list has no such place")]
pub struct NoSuchPlace;

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::ZlibDecoder;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// What a reader finds in a written list.
    fn read(lst: &str) -> StatusList {
        let mut bytes = Vec::new();
        ZlibDecoder::new(&base64url::decode(lst).unwrap()[..]).read_to_end(&mut bytes).unwrap();
        StatusList(bytes)
    }

    #[test]
    fn the_example_of_the_specification_is_the_same_list() {
        // §4.1: sixteen tokens, bits as given there.
        let mut list = StatusList::new(16);
        for idx in [0, 3, 4, 5, 7, 8, 9, 13, 15] {
            list.invalidate(idx).unwrap();
        }
        assert_eq!(list.0, [0xB9, 0xA3]);
        assert_eq!(read("eNrbuRgAAhcBXQ"), list);
        assert_eq!(read(&list.compressed()), list);
    }

    #[test]
    fn the_claims_are_those_of_the_specification() {
        let list = StatusList::new(8);
        let claims = list.claims("https://id.example/status/1", Timestamp::from_seconds(100), 60);
        assert_eq!(
            serde_json::to_value(&claims).unwrap(),
            json!({"sub": "https://id.example/status/1", "iat": 100, "exp": 220, "ttl": 60,
                   "status_list": {"bits": 1, "lst": list.compressed()}})
        );
    }

    #[test]
    fn a_large_list_of_living_tokens_is_small_on_its_way() {
        let list = StatusList::new(1 << 20);
        assert!(list.compressed().len() < 1024, "{}", list.compressed().len());
    }

    proptest! {
        #[test]
        fn what_was_invalidated_is_invalid_and_nothing_else(
            places in 1..2_000_u32,
            ended in proptest::collection::btree_set(0..2_000_u32, 0..50),
        ) {
            let mut list = StatusList::new(places);
            for &idx in &ended {
                prop_assert_eq!(list.invalidate(idx).is_ok(), list.is_valid(idx).is_some());
            }
            let list = read(&list.compressed());
            for idx in 0..places {
                prop_assert_eq!(list.is_valid(idx), Some(!ended.contains(&idx)));
            }
            prop_assert_eq!(list.is_valid(places.next_multiple_of(8)), None);
        }
    }
}
