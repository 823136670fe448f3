//! Public names of things. None of them is a secret, and none of them earns anything.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use crate::secret::Digest;
use crate::time::Timestamp;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A UUIDv7 of a time and ten random bytes.
            #[must_use]
            pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
                let milliseconds = u64::try_from(now.0).unwrap_or(0);
                Self(Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid())
            }

            /// The sixteen bytes that storage keeps.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// From the sixteen bytes that storage kept.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            /// Reads the hyphenated form alone, so that one thing has one spelling.
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let id = Uuid::try_parse(text).map_err(|_| NotAnId)?;
                let mut buffer = Uuid::encode_buffer();
                if id.as_hyphenated().encode_lower(&mut buffer) == text {
                    Ok(Self(id))
                } else {
                    Err(NotAnId)
                }
            }
        }
    };
}

uuid_id! {
    /// Names a user, for ever; a token's `sub`.
    UserId
}
uuid_id! {
    /// Names a session in public: a token's `sid`, the log's subject, what a person sees in a list.
    SessionId
}
impl SessionId {
    /// The name of a guest who is carried by a cookie: its last byte is the first of the secret's digest, so that both lead
    /// to one [`crate::room::Room`].
    #[must_use]
    pub fn of_guest(now: Timestamp, random: [u8; 10], secret: &Digest) -> Self {
        let mut random = random;
        random[9] = secret.0[0];
        Self::new(now, random)
    }
}

uuid_id! {
    /// Names what one client may do in a session or for a user.
    GrantId
}
uuid_id! {
    /// Names an initial access token, where it is listed and taken back.
    InitialTokenId
}

uuid_id! {
    /// Names a stream of signals.
    StreamId
}

/// The text is not a lower-case hyphenated UUID.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected an id such as 0198c2a4-7a5e-7c3d-9f10-2b6c8d4e1f00")]
pub struct NotAnId;

/// Names a client, as its owner chose it: 1 to 255 of `A-Z a-z 0-9 . _ - ~ : /`. Clones share the text.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(Arc<str>);

impl ClientId {
    /// The first-party client that is always there, and is meant where none is named.
    #[must_use]
    pub fn built_in() -> Self {
        Self("cloakroom".into())
    }

    /// Accepts `text` where it can name a client.
    pub fn parse(text: &str) -> Result<Self, NotAClientId> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-~:/".contains(c);
        if (1..=255).contains(&text.len()) && text.chars().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(NotAClientId)
        }
    }

    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ClientId {
    type Error = NotAClientId;

    fn try_from(text: String) -> Result<Self, NotAClientId> {
        Self::parse(&text)
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.0.as_ref().to_owned()
    }
}

/// The text cannot name a client.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a client id is 1 to 255 letters, digits or . _ - ~ : /")]
pub struct NotAClientId;

/// Names a signing key: a token's `kid`.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct KeyId(pub String);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = SessionId::new(Timestamp(1_700_000_000_000), [7; 10]);
        let text = id.to_string();
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(text.to_uppercase().parse::<SessionId>(), Err(NotAnId));
        assert_eq!(text.replace('-', "").parse::<SessionId>(), Err(NotAnId));
    }

    #[test]
    fn ids_sort_by_the_time_they_were_made() {
        let early = UserId::new(Timestamp(1_000), [255; 10]);
        let late = UserId::new(Timestamp(1_001), [0; 10]);
        assert!(early < late);
    }

    #[test]
    fn a_client_id_is_plain_text_of_bounded_length() {
        assert!(ClientId::parse("shop.example~2").is_ok());
        for bad in ["", "a b", "ü", "a\n", &"x".repeat(256)] {
            assert_eq!(ClientId::parse(bad), Err(NotAClientId), "{bad:?}");
        }
    }
}
