//! RFC 6749 §1.5, §10.4 and RFC 9700 §4.14: refresh tokens that are computed instead of stored.
//!
//! Token *n* of a grant is `grant id ‖ n ‖ HMAC-SHA256(chain key, grant id ‖ n)`. The chain key comes from a data key
//! and the grant's id, so the newest token of a chain can be handed out again at any time, and whoever reads the
//! database without the data key can make none. What a presented token earns is `model::policy::rotation`'s to decide.

use std::fmt;

use aws_lc_rs::hmac;
use cloakroom_jose::base64url;
use cloakroom_model::id::GrantId;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// What every refresh token begins with, so that scanners for leaked secrets find it.
pub const PREFIX: &str = "ckr_";

/// Bytes behind the prefix: the grant's id, the number, the MAC.
const BYTES: usize = 16 + 8 + 32;

/// Tells this use of a data key from every other.
const LABEL: &[u8] = b"cloakroom refresh token chain 1";

/// A refresh token as somebody presented it. Nothing about it is proved yet.
#[derive(Clone, Eq, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct Presented {
    /// The grant it claims to belong to.
    #[zeroize(skip)]
    pub grant: GrantId,
    /// Its number in the chain.
    pub counter: u64,
    mac: [u8; 32],
}

impl Presented {
    /// Reads a token. It has one spelling: base64url that is not canonical is refused.
    pub fn parse(text: &str) -> Result<Self, NotARefreshToken> {
        let text = text.strip_prefix(PREFIX).ok_or(NotARefreshToken)?;
        if text.len() != BYTES.div_ceil(3) * 4 - 1 {
            return Err(NotARefreshToken);
        }
        let bytes = Zeroizing::new(base64url::decode(text).map_err(|_| NotARefreshToken)?);
        let (grant, rest) = bytes.split_first_chunk().ok_or(NotARefreshToken)?;
        let (counter, mac) = rest.split_first_chunk().ok_or(NotARefreshToken)?;
        Ok(Self {
            grant: GrantId::from_bytes(*grant),
            counter: u64::from_be_bytes(*counter),
            mac: mac.try_into().map_err(|_| NotARefreshToken)?,
        })
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented")
            .field("grant", &self.grant)
            .field("counter", &self.counter)
            .finish_non_exhaustive()
    }
}

/// The text is not a refresh token of ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a refresh token")]
pub struct NotARefreshToken;

/// Makes and recognises the tokens of one grant.
pub struct ChainKey {
    grant: GrantId,
    // Cleansed by the library when it is dropped.
    key: hmac::Key,
}

impl ChainKey {
    /// The key of a grant's chain, from the data key that the grant names.
    #[must_use]
    pub fn derive(data_key: &[u8; 32], grant: GrantId) -> Self {
        // HKDF-Expand with one block (RFC 5869 §2.3): the data key is uniform already and needs no extraction.
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, data_key));
        context.update(LABEL);
        context.update(grant.as_bytes());
        context.update(&[1]);
        let mut bytes = Zeroizing::new([0; 32]);
        bytes.copy_from_slice(context.sign().as_ref());
        Self { grant, key: hmac::Key::new(hmac::HMAC_SHA256, &*bytes) }
    }

    /// Token number `counter` of the chain: the same text each time.
    #[must_use]
    pub fn token(&self, counter: u64) -> Zeroizing<String> {
        let input = mac_input(self.grant, counter);
        let mac = hmac::sign(&self.key, &input);
        let mut bytes = Zeroizing::new([0; BYTES]);
        bytes[..24].copy_from_slice(&input);
        bytes[24..].copy_from_slice(mac.as_ref());
        let encoded = Zeroizing::new(base64url::encode(&*bytes));
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + encoded.len()));
        text.push_str(PREFIX);
        text.push_str(&encoded);
        text
    }

    /// Whether the token was made by [`ChainKey::token`], in a time that does not depend on its bytes.
    #[must_use]
    pub fn verify(&self, presented: &Presented) -> bool {
        let input = mac_input(self.grant, presented.counter);
        presented.grant == self.grant && hmac::verify(&self.key, &input, &presented.mac).is_ok()
    }
}

impl fmt::Debug for ChainKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChainKey").field("grant", &self.grant).finish_non_exhaustive()
    }
}

/// What the MAC of a token covers.
fn mac_input(grant: GrantId, counter: u64) -> [u8; 24] {
    let mut input = [0; 24];
    input[..16].copy_from_slice(grant.as_bytes());
    input[16..].copy_from_slice(&counter.to_be_bytes());
    input
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn grant(byte: u8) -> GrantId {
        GrantId::from_bytes([byte; 16])
    }

    #[test]
    fn a_token_is_the_same_each_time_and_is_recognised() {
        let key = ChainKey::derive(&[7; 32], grant(1));
        let token = key.token(41);
        assert_eq!(*token, *ChainKey::derive(&[7; 32], grant(1)).token(41));
        assert_eq!(token.len(), 79);

        let presented = Presented::parse(&token).unwrap();
        assert_eq!((presented.grant, presented.counter), (grant(1), 41));
        assert!(key.verify(&presented));
    }

    #[test]
    fn the_derivation_never_changes() {
        // Tokens that are out there must be recognised by every later version. Computed with Python's hmac.
        assert_eq!(
            *ChainKey::derive(&[7; 32], grant(1)).token(1),
            "ckr_AQEBAQEBAQEBAQEBAQEBAQAAAAAAAAABE1mVn4cGrnHANSV9xLa76TwxYrAN-vJm2j3hSYlEP24"
        );
    }

    #[test]
    fn another_grant_number_or_data_key_makes_another_mac() {
        let key = ChainKey::derive(&[7; 32], grant(1));
        let genuine = Presented::parse(&key.token(3)).unwrap();
        assert!(key.verify(&genuine));
        assert!(!key.verify(&Presented { counter: 4, ..genuine.clone() }));
        assert!(!key.verify(&Presented { grant: grant(2), ..genuine.clone() }));
        assert!(!ChainKey::derive(&[8; 32], grant(1)).verify(&genuine));
        assert!(!ChainKey::derive(&[7; 32], grant(2)).verify(&genuine));
        let mut mac = genuine.mac;
        mac[31] ^= 1;
        assert!(!key.verify(&Presented { mac, ..genuine.clone() }));
    }

    #[test]
    fn a_token_has_one_spelling() {
        let token = ChainKey::derive(&[7; 32], grant(1)).token(3);
        assert!(Presented::parse(&token).is_ok());
        let bare = &token[PREFIX.len()..];
        let shorter = &token[..token.len() - 1];
        for bad in [
            bare.to_owned(),
            shorter.to_owned(),
            format!("{shorter}="),
            format!("{shorter}B"),
            format!("{}A", &*token),
            format!(" {}", &*token),
            token.replacen("ckr_", "CKR_", 1),
            String::new(),
            "ckr_".to_owned(),
        ] {
            assert_eq!(Presented::parse(&bad), Err(NotARefreshToken), "{bad:?}");
        }
    }

    #[test]
    fn a_mac_does_not_print() {
        let presented = Presented { grant: grant(0), counter: 1, mac: [0xAB; 32] };
        let printed = format!("{presented:?} {:?}", ChainKey::derive(&[0xAB; 32], grant(0)));
        assert!(!printed.contains("171") && !printed.to_lowercase().contains("ab,"), "{printed}");
    }

    proptest! {
        #[test]
        fn what_is_made_is_read(data_key: [u8; 32], id: [u8; 16], counter: u64) {
            let grant = GrantId::from_bytes(id);
            let key = ChainKey::derive(&data_key, grant);
            let presented = Presented::parse(&key.token(counter)).unwrap();
            prop_assert!(key.verify(&presented));
            prop_assert_eq!((presented.grant, presented.counter), (grant, counter));
        }

        #[test]
        fn no_text_breaks_the_reader(text in "(ckr_)?[A-Za-z0-9_=-]{0,80}|\\PC*") {
            if let Ok(presented) = Presented::parse(&text) {
                let mut bytes = [0; BYTES];
                bytes[..24].copy_from_slice(&mac_input(presented.grant, presented.counter));
                bytes[24..].copy_from_slice(&presented.mac);
                prop_assert_eq!(format!("{PREFIX}{}", base64url::encode(&bytes)), text);
            }
        }
    }
}
