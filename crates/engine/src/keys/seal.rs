//! Sealing: AES-256-GCM with a random nonce, bound to what the sealed bytes are.
//!
//! A sealed value is `nonce (12) ‖ ciphertext ‖ tag (16)`. A key seals a handful of values in its life, far from
//! where random nonces would meet.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::random::Random;

/// What was sealed with another key, or for something else, or was altered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("sealed with another key")]
pub struct WrongKey;

const NONCE: usize = 12;

/// Seals `plain` as the thing that `what` names.
pub(super) fn seal(key: &[u8; 32], what: &str, plain: &[u8], random: &dyn Random) -> Vec<u8> {
    let nonce: [u8; NONCE] = random.bytes();
    let mut text = plain.to_vec();
    cipher(key)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(what), &mut text)
        .expect("a key's length is far below the cipher's limit");
    [nonce.as_slice(), &text].concat()
}

/// Opens what [`seal`] made with the same key for the same thing.
pub(super) fn open(
    key: &[u8; 32],
    what: &str,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, WrongKey> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE>().ok_or(WrongKey)?;
    let mut text = Zeroizing::new(text.to_vec());
    let plain = cipher(key)
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(what), &mut text)
        .map_err(|_| WrongKey)?
        .len();
    text.truncate(plain);
    Ok(text)
}

fn cipher(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("the key has the cipher's length"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandomness;

    #[test]
    fn only_the_same_key_for_the_same_thing_opens() {
        let sealed = seal(&[1; 32], "data key 1", b"secret", &SystemRandomness::default());
        assert_eq!(open(&[1; 32], "data key 1", &sealed).unwrap().as_slice(), b"secret");
        assert_eq!(open(&[2; 32], "data key 1", &sealed), Err(WrongKey));
        assert_eq!(open(&[1; 32], "data key 2", &sealed), Err(WrongKey));
        for index in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[index] ^= 1;
            assert_eq!(open(&[1; 32], "data key 1", &altered), Err(WrongKey), "byte {index}");
        }
        assert_eq!(open(&[1; 32], "data key 1", &[]), Err(WrongKey));
    }
}
