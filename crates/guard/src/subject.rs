//! What a row of the feed is about: the digest of a kind and a name, which only who holds the name recognises.

use std::fmt;

use cloakroom_jose::base64url;

use crate::digest::sha256;

/// What can end or change.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Kind {
    /// A session, by its `sid`.
    Session,
    /// A grant, by its `grant_id`.
    Grant,
    /// A client, by its `client_id`.
    Client,
    /// A signing key, by its `kid`.
    Key,
    /// A user, by the id that is the `sub` of its tokens.
    User,
    /// A single token, by its `jti`.
    Token,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Session, Self::Grant, Self::Client, Self::Key, Self::User, Self::Token];

    /// Its name in the feed and in the claim `came_from`.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Grant => "grant",
            Self::Client => "client",
            Self::Key => "key",
            Self::User => "user",
            Self::Token => "token",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The first 16 bytes of SHA-256 over `cloakroom revocation\n<kind>\n<id>`.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Digest([u8; 16]);

impl Digest {
    /// The digest of a subject.
    #[must_use]
    pub(crate) fn of(kind: Kind, id: &str) -> Self {
        /// Room for the names that the server gives.
        const ROOM: usize = 128;

        // Hashed in one call: one for each part costs more than the hashing.
        let parts = ["cloakroom revocation\n", kind.name(), "\n", id];
        let length = parts.iter().map(|part| part.len()).sum();
        let mut room = [0; ROOM];
        let digest = match room.get_mut(..length) {
            Some(text) => {
                let mut rest = &mut *text;
                for part in parts {
                    let (place, after) = rest.split_at_mut(part.len());
                    place.copy_from_slice(part.as_bytes());
                    rest = after;
                }
                sha256(text)
            }
            None => sha256(parts.concat().as_bytes()),
        };
        let mut first = [0; 16];
        first.copy_from_slice(&digest[..16]);
        Self(first)
    }

    /// Reads the digest of a row: base64url without padding.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        base64url::decode(text).ok()?.try_into().ok().map(Self)
    }

    /// Its first eight bytes, which are as good as any hash of it.
    pub(crate) fn spread(&self) -> u64 {
        let (first, _) = self.0.split_at(8);
        first.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_of_kind_and_name_as_the_feed_has_it() {
        for name in ["ada", &"a".repeat(101), &"a".repeat(102), &"a".repeat(500)] {
            let expected = sha256(format!("cloakroom revocation\nuser\n{name}").as_bytes());
            let digest = Digest::of(Kind::User, name);
            assert_eq!(digest.0, expected[..16]);
            assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
            assert_ne!(digest, Digest::of(Kind::Session, name));
        }
    }

    #[test]
    fn what_is_no_digest_is_not_read() {
        let whole = Digest::of(Kind::Key, "a").to_string();
        assert!(Digest::parse(&whole).is_some());
        for text in ["", "AAAA", &whole[1..], &format!("{whole}="), &format!("{whole}A")] {
            assert_eq!(Digest::parse(text), None, "{text}");
        }
    }
}
