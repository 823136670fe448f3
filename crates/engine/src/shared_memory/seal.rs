//! Names and seals of what is shared: who reads it learns nothing, and who writes to it makes nothing.
//!
//! A sealed entry is `salt (32) ‖ ciphertext ‖ tag (16)`: AES-256-GCM, with the name as what is authenticated beside it.
//! Entries are many, far more than random nonces of twelve bytes are good for, so each has a key of its own, drawn from
//! the key of all and its salt, and that key seals nothing else.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use cloakroom_model::secret::Digest;
use zeroize::Zeroizing;

use crate::keys::derive;
use crate::memory::Name;
use crate::random::Random;

/// The key of all that is shared.
pub(super) struct SharedKey(hmac::Key);

const SALT: usize = 32;

impl SharedKey {
    /// From a data key.
    pub(super) fn derive(data_key: &[u8; 32]) -> Self {
        let derived = derive(data_key, b"cloakroom shared memory 1");
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_slice()))
    }

    /// What an entry is called there: nobody finds out from it whose it is.
    pub(super) fn name(&self, name: &Name) -> Digest {
        let (kind, bytes): (&[u8], &[u8]) = match name {
            Name::Secret(digest) => (b"name of a secret", &digest.0),
            Name::Session(id) => (b"name of a session", id.as_bytes()),
        };
        Digest(self.draw(&[kind, bytes]))
    }

    /// Seals an entry under its name.
    pub(super) fn seal(&self, name: &Digest, entry: &[u8], random: &dyn Random) -> Vec<u8> {
        let salt: [u8; SALT] = random.bytes();
        let mut text = Zeroizing::new(entry.to_vec());
        let tag = self
            .cipher(&salt)
            .seal_in_place_separate_tag(only_one(), Aad::from(name.0), &mut text)
            .expect("an entry's length is far below the cipher's limit");
        [salt.as_slice(), &text, tag.as_ref()].concat()
    }

    /// What was sealed under this name. It is not overwritten when it is let go: what is in it is remembered here.
    pub(super) fn open(&self, name: &Digest, sealed: Vec<u8>) -> Option<Vec<u8>> {
        let mut opened = sealed;
        let (salt, text) = opened.split_first_chunk_mut::<SALT>()?;
        let cipher = self.cipher(salt);
        let length = cipher.open_in_place(only_one(), Aad::from(name.0), text).ok()?.len();
        opened.truncate(SALT + length);
        opened.drain(..SALT);
        Some(opened)
    }

    fn cipher(&self, salt: &[u8; SALT]) -> LessSafeKey {
        let key = Zeroizing::new(self.draw(&[b"key of an entry", salt]));
        LessSafeKey::new(
            UnboundKey::new(&AES_256_GCM, key.as_slice()).expect("the key has the cipher's length"),
        )
    }

    /// The first part is one of a few texts of which none begins another.
    fn draw(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(part);
        }
        let mut drawn = [0; 32];
        drawn.copy_from_slice(context.sign().as_ref());
        drawn
    }
}

/// The nonce of a key that seals one thing.
fn only_one() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

#[cfg(test)]
mod tests {
    use cloakroom_model::id::SessionId;

    use super::*;
    use crate::random::SystemRandomness;

    #[test]
    fn only_the_same_key_opens_and_only_under_the_same_name() {
        let (key, random) = (SharedKey::derive(&[1; 32]), SystemRandomness::default());
        let name = key.name(&Name::Secret(Digest([3; 32])));
        let sealed = key.seal(&name, b"an entry", &random);
        assert_eq!(key.open(&name, sealed.clone()).unwrap(), b"an entry");
        assert!(SharedKey::derive(&[2; 32]).open(&name, sealed.clone()).is_none());
        let other = key.name(&Name::Secret(Digest([4; 32])));
        assert!(key.open(&other, sealed.clone()).is_none(), "moved to another's name");
        for index in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[index] ^= 1;
            assert!(key.open(&name, altered).is_none(), "byte {index}");
            assert!(key.open(&name, sealed[..index].to_vec()).is_none(), "{index} bytes");
        }
    }

    #[test]
    fn neither_names_nor_entries_show_whose_they_are() {
        let (key, random) = (SharedKey::derive(&[1; 32]), SystemRandomness::default());
        let id = [7; 16];
        let name = key.name(&Name::Session(SessionId::from_bytes(id)));
        assert_ne!(name.0[..16], id);
        assert_ne!(
            name,
            SharedKey::derive(&[2; 32]).name(&Name::Session(SessionId::from_bytes(id)))
        );
        let [one, other] = [(); 2].map(|()| key.seal(&name, b"ada@example.com", &random));
        assert_ne!(one, other, "the same entry is never sealed the same way");
        assert!(!one.windows(3).any(|bytes| bytes == b"ada"));
    }
}
