//! RFC 9449 §8, §9: nonces that every node can make and check, and that none has to remember.
//!
//! A nonce is a MAC of a stretch of time under a key that all nodes share. That it was given to this client and to no
//! other is not the point: it shows that the proof was made after the stretch began, and not long ago in somebody's hands.

use std::time::Duration;

use aws_lc_rs::hmac;
use cloakroom_jose::base64url;
use cloakroom_model::time::Timestamp;
use subtle::ConstantTimeEq;

/// How long one nonce is given out. It is accepted for as long again.
const SLOT: Duration = Duration::from_mins(2);

/// The nonces of one key. Does not print.
#[derive(Clone)]
pub struct Nonces(hmac::Key);

impl Nonces {
    /// The nonces that are derived from `secret`, which may serve other purposes too.
    #[must_use]
    pub fn derive(secret: &[u8; 32]) -> Self {
        let key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"cloakroom dpop nonces");
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()))
    }

    /// The nonce to give out now (`DPoP-Nonce`).
    #[must_use]
    pub fn current(&self, now: Timestamp) -> String {
        self.of(slot(now))
    }

    /// Whether `nonce` is the current one or the one before.
    #[must_use]
    pub fn accepts(&self, nonce: &str, now: Timestamp) -> bool {
        let slot = slot(now);
        [slot, slot.wrapping_sub(1)]
            .into_iter()
            .any(|slot| self.of(slot).as_bytes().ct_eq(nonce.as_bytes()).into())
    }

    fn of(&self, slot: i64) -> String {
        let tag = hmac::sign(&self.0, &slot.to_be_bytes());
        base64url::encode(&tag.as_ref()[..16])
    }
}

impl std::fmt::Debug for Nonces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Nonces(..)")
    }
}

fn slot(now: Timestamp) -> i64 {
    now.seconds().div_euclid(i64::try_from(SLOT.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_nonce_lives_for_the_rest_of_its_slot_and_the_next(at in 0..4_000_000_000_i64, later in 0..600_i64) {
            let nonces = Nonces::derive(&[1; 32]);
            let nonce = nonces.current(Timestamp::from_seconds(at));
            let slots = (at + later) / 120 - at / 120;
            let now = Timestamp::from_seconds(at + later);
            prop_assert_eq!(nonces.accepts(&nonce, now), slots <= 1);
        }

        #[test]
        fn a_nonce_from_the_future_is_none(at in 0..4_000_000_000_i64) {
            let nonces = Nonces::derive(&[1; 32]);
            let nonce = nonces.current(Timestamp::from_seconds(at + 120));
            prop_assert!(!nonces.accepts(&nonce, Timestamp::from_seconds(at)));
        }

        #[test]
        fn no_text_is_taken_for_a_nonce(text in "\\PC*") {
            prop_assert!(!Nonces::derive(&[1; 32]).accepts(&text, Timestamp(0)));
        }
    }

    #[test]
    fn another_key_has_other_nonces() {
        let (one, other) = (Nonces::derive(&[1; 32]), Nonces::derive(&[2; 32]));
        assert!(one.accepts(&one.current(Timestamp(0)), Timestamp(0)));
        assert!(!other.accepts(&one.current(Timestamp(0)), Timestamp(0)));
    }
}
