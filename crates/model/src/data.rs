//! Session data: small JSON documents that a client keeps with a user or a session.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{ClientId, SessionId, UserId};

/// Names a document among a client's: 1 to 64 of `a-z 0-9 . _ -`.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Namespace(String);

impl Namespace {
    /// Accepts `text` where it can name a document.
    pub fn parse(text: &str) -> Result<Self, NotANamespace> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        if (1..=64).contains(&text.len()) && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotANamespace)
        }
    }

    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Namespace {
    type Error = NotANamespace;

    fn try_from(text: String) -> Result<Self, NotANamespace> {
        Self::parse(&text)
    }
}

impl From<Namespace> for String {
    fn from(namespace: Namespace) -> Self {
        namespace.0
    }
}

/// The text cannot name a document.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a namespace is 1 to 64 of a-z 0-9 . _ -")]
pub struct NotANamespace;

/// Where a document is kept.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DocumentKey {
    /// Whose it is.
    pub owner: Owner,
    /// The client it belongs to.
    pub client: ClientId,
    /// Its name there.
    pub namespace: Namespace,
}

/// Whose a document is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Owner {
    /// On every device of the user.
    User(UserId),
    /// In one session, and gone with it.
    Session(SessionId),
}

/// Whether a namespace goes with the user or with the session. A guest's always goes with the session.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Belongs {
    /// The cart is on every device.
    #[default]
    User,
    /// What is open on this device stays on this device.
    Session,
}

/// What becomes of a guest's document when the guest signs in.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeRule {
    /// What the user had stays; the guest's is used only where the user had nothing.
    KeepUser,
    /// The guest's replaces what the user had.
    KeepGuest,
    /// The guest's scalars win, arrays take what they lack, objects merge.
    #[default]
    Merge,
}

/// A document as it is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Document {
    /// Its JSON.
    pub value: Value,
    /// This version's name.
    pub etag: Etag,
}

impl Document {
    /// How much of its owner's limit it takes: the bytes of its JSON without white space.
    #[must_use]
    pub fn size(&self) -> usize {
        self.value.to_string().len()
    }
}

/// Names one version of one document. Random, so that none is ever used twice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Etag(pub [u8; 16]);

/// What a writer says it has seen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Seen {
    /// Nothing: the change goes onto whatever is there.
    Unsaid,
    /// That there is no document (`If-None-Match: *`).
    Absent,
    /// That there is some document (`If-Match: *`).
    Any,
    /// One of these versions (`If-Match`).
    Versions([Option<Etag>; 4]),
}

impl Seen {
    /// Whether what the writer saw is still so.
    #[must_use]
    pub fn holds(&self, current: Option<Etag>) -> bool {
        match self {
            Self::Unsaid => true,
            Self::Absent => current.is_none(),
            Self::Any => current.is_some(),
            Self::Versions(versions) => current.is_some_and(|etag| versions.contains(&Some(etag))),
        }
    }
}

/// A writer's wish.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// This is the document now.
    Put(Value),
    /// Merge this onto the latest version (RFC 7396).
    Patch(Value),
    /// There is no document any more.
    Delete,
}
