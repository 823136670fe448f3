//! How a secret is written, read and digested.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloakroom_model::secret::{Digest, Secret};
use zeroize::Zeroizing;

/// What storage keeps of a secret of 256 random bits: its SHA-256. No salt and no stretching is needed where
/// there is nothing to guess.
#[must_use]
pub fn digest_of(secret: &Secret) -> Digest {
    digest_bytes(&secret.0)
}

/// The SHA-256 of any bytes.
#[must_use]
pub fn digest_bytes(bytes: &[u8]) -> Digest {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    Digest(out)
}

/// A secret as text: 43 characters of base64url.
#[must_use]
pub fn to_text(secret: &Secret) -> Zeroizing<String> {
    Zeroizing::new(URL_SAFE_NO_PAD.encode(secret.0))
}

/// Reads what [`to_text`] wrote, and nothing else.
#[must_use]
pub fn from_text(text: &str) -> Option<Secret> {
    let mut secret = Secret([0; 32]);
    let written = URL_SAFE_NO_PAD.decode_slice(text.as_bytes(), &mut secret.0).ok()?;
    (written == 32 && text.len() == 43).then_some(secret)
}

/// A session's secret as its cookie carries it.
#[derive(Clone)]
pub struct CookieSecret {
    /// Which store to ask. A hint that earns nothing: the digest decides.
    pub kind: Kind,
    /// The secret.
    pub secret: Secret,
}

/// Whether a secret was given to a user or to a guest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A signed-in session's.
    SignedIn,
    /// A guest's.
    Guest,
}

impl CookieSecret {
    /// The cookie's value: a letter for the kind, and the secret.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let letter = match self.kind {
            Kind::SignedIn => 's',
            Kind::Guest => 'g',
        };
        let mut text = Zeroizing::new(String::with_capacity(44));
        text.push(letter);
        URL_SAFE_NO_PAD.encode_string(self.secret.0, &mut text);
        text
    }

    /// Reads a cookie's value.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let kind = match value.as_bytes().first()? {
            b's' => Kind::SignedIn,
            b'g' => Kind::Guest,
            _ => return None,
        };
        Some(Self { kind, secret: from_text(&value[1..])? })
    }

    /// The digest that finds the session.
    #[must_use]
    pub fn digest(&self) -> Digest {
        digest_of(&self.secret)
    }
}

impl fmt::Debug for CookieSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CookieSecret").field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_value_has_one_spelling() {
        let cookie = CookieSecret { kind: Kind::Guest, secret: Secret([0xA5; 32]) };
        let text = cookie.to_text();
        assert_eq!(text.len(), 44);
        let read = CookieSecret::parse(&text).unwrap();
        assert_eq!((read.kind, read.secret.0), (Kind::Guest, [0xA5; 32]));

        let last = text.char_indices().last().unwrap().0;
        for bad in [
            "",
            "g",
            &text[1..],
            &text[..last],
            &format!("{}=", &*text),
            &format!("x{}", &text[1..]),
            &format!("{}B", &text[..last]),
            &format!("ü{}", &text[1..]),
            &format!("g {}", &text[2..]),
        ] {
            assert!(CookieSecret::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_secret_does_not_print() {
        let cookie = CookieSecret { kind: Kind::SignedIn, secret: Secret([7; 32]) };
        assert_eq!(format!("{cookie:?}"), "CookieSecret { kind: SignedIn, .. }");
    }
}
