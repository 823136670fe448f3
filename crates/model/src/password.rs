//! A password as somebody typed it.
//!
//! It rests on zeroize. Whether it may become somebody's password is [`crate::policy::password`]'s to say, and how
//! it is hashed is the engine's.

use std::fmt;

use serde::{Deserialize, Deserializer};
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// A password as it was received: whole, and never printed. Its memory is overwritten when it is dropped.
///
/// Copies that were made before it came here (a request's body) are not.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Password(String);

impl Password {
    /// The longest password that is looked at, in bytes of UTF-8. It bounds the work on what a stranger sends;
    /// a longer one is refused and never cut (SP 800-63B-4 §3.1.1.2 asks to allow at least 64 characters).
    pub const MAX_BYTES: usize = 1024;

    /// Takes a password of at most [`Self::MAX_BYTES`].
    pub fn new(received: String) -> Result<Self, TooLong> {
        let password = Self(received);
        if password.0.len() > Self::MAX_BYTES { Err(TooLong) } else { Ok(password) }
    }

    /// As it was received. The hashes of other systems are checked against this, because that is what those
    /// systems hashed.
    #[must_use]
    pub fn received(&self) -> &str {
        &self.0
    }

    /// In Unicode's normalisation form C: what our own hashes are made of (SP 800-63B-4 §3.1.1.2).
    ///
    /// An *é* reaches us as one code point from one keyboard and as two from another, and its owner can see no
    /// difference. The two are canonically equivalent, so nothing that was typed is dropped, cut or folded:
    /// case, spaces and compatibility variants such as *ﬁ* stay as they are (ASVS 6.2.8).
    #[must_use]
    pub fn canonical(&self) -> Zeroizing<String> {
        // Enough for every character to grow as far as form C can make it: a buffer that had to move would
        // leave its contents behind.
        let mut canonical = Zeroizing::new(String::with_capacity(self.0.len() * 3));
        canonical.extend(self.0.nfc());
        canonical
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// The text is longer than [`Password::MAX_BYTES`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a password has at most {} bytes", Password::MAX_BYTES)]
pub struct TooLong;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_cut_but_refused() {
        assert_eq!(password(&"x".repeat(1024)).received().len(), 1024);
        assert_eq!(Password::new("x".repeat(1025)).err(), Some(TooLong));
        let json = serde_json::to_string(&"x".repeat(1025)).unwrap();
        let error = serde_json::from_str::<Password>(&json).unwrap_err();
        assert_eq!(error.to_string(), "a password has at most 1024 bytes");
    }

    #[test]
    fn two_keyboards_spell_the_same_password() {
        let (composed, decomposed) = (password("caf\u{e9}"), password("cafe\u{301}"));
        assert_eq!(composed.canonical(), decomposed.canonical());
        assert_ne!(composed.received(), decomposed.received());
    }

    #[test]
    fn case_space_and_compatibility_variants_are_kept() {
        for typed in [" Tr\u{fb01}  ple ", "A\u{0}b\n", "\u{ff21}", "Stra\u{df}e"] {
            assert_eq!(*password(typed).canonical(), typed);
        }
    }

    #[test]
    fn normalising_never_outgrows_its_buffer() {
        // U+1D160 and U+0390 grow most in form C, in bytes and in code points.
        for widest in ["\u{1d160}", "\u{390}", "\u{fb2c}", "\u{958}"] {
            let password = password(&widest.repeat(100));
            let canonical = password.canonical();
            assert!(canonical.len() <= password.received().len() * 3, "{widest:?}");
        }
    }

    #[test]
    fn a_password_does_not_print() {
        assert_eq!(format!("{:?}", password("hunter2")), "Password(..)");
    }

    fn password(typed: &str) -> Password {
        Password::new(typed.to_owned()).unwrap()
    }
}
