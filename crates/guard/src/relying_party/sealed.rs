//! Sealed bytes: what was not made here, or not for this purpose, does not open. AES-256-GCM (NIST SP 800-38D) under keys
//! that are derived with HKDF (RFC 5869), so that no two purposes share one.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

use super::randomness::Randomness;

/// A key for one purpose.
pub(super) struct Seal(LessSafeKey);

impl Seal {
    /// `secret` has at least 128 bits that nobody can guess.
    pub(super) fn new(secret: &[u8], purpose: &'static str) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        let parts = [b"cloakroom ", purpose.as_bytes()];
        let derived = Salt::new(HKDF_SHA256, &[]).extract(secret);
        let derived = derived.expand(&parts, HKDF_SHA256).and_then(|okm| okm.fill(&mut *key));
        derived.expect("HKDF gives as many bytes as its hash has");
        let key = UnboundKey::new(&AES_256_GCM, &*key).expect("32 bytes are an AES-256 key");
        Self(LessSafeKey::new(key))
    }

    /// `about` must be the same when it is opened; it is not kept.
    pub(super) fn seal(&self, text: &[u8], about: &str, random: &dyn Randomness) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce);
        // Encrypted where it lies: the text is overwritten.
        let mut sealed = text.to_vec();
        let about = Aad::from(about.as_bytes());
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), about, &mut sealed)
            .expect("what is sealed here is shorter than the algorithm's limit");
        [&nonce[..], &sealed].concat()
    }

    pub(super) fn open(&self, bytes: &[u8], about: &str) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = Zeroizing::new(sealed.to_vec());
        let length =
            self.0.open_in_place(nonce, Aad::from(about.as_bytes()), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relying_party::randomness::SystemRandomness;

    #[test]
    fn what_was_changed_or_is_for_something_else_does_not_open() {
        let seal = Seal::new(&[7; 32], "test");
        let sealed = seal.seal(b"hello", "a", &SystemRandomness);
        assert_eq!(seal.open(&sealed, "a").unwrap().as_slice(), b"hello");
        assert!(seal.open(&sealed, "b").is_none());
        assert!(Seal::new(&[7; 32], "another").open(&sealed, "a").is_none());
        assert!(Seal::new(&[8; 32], "test").open(&sealed, "a").is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(seal.open(&changed, "a").is_none(), "byte {at}");
            assert!(seal.open(&sealed[..at], "a").is_none(), "{at} bytes");
        }
    }
}
