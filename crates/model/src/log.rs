//! The revocation log: whatever ends or changes is a row, written with the change itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::client::Lifetimes;
use crate::id::{ClientId, GrantId, KeyId, SessionId, UserId};
use crate::time::Timestamp;

/// One announcement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Row {
    /// Its number: the order of commits.
    pub place: Place,
    /// When it was written.
    pub at: Timestamp,
    /// What it is about.
    pub subject: Subject,
    /// What happened to it.
    pub change: Change,
    /// When nothing can be presented any more that the row concerns, so that it may be forgotten.
    pub until: Timestamp,
}

/// How long after its writing the last token that a row concerns may be presented: the longest that any
/// access token lives, the longest that a reader may trust its memory, and the skew of clocks. A constant,
/// never what is configured at the moment: a token may be older than the configuration.
pub const CONCERNS_FOR: Duration =
    Lifetimes::ACCESS_TOKEN_CEILING.saturating_add(Duration::from_mins(2));

/// Where a reader is: the last row it saw. The nonce tells a log from another one with the same numbers
/// (after a failover, or a restored backup).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Place {
    /// The row's number; 0 before the first.
    pub seq: u64,
    /// The row's random mark; 0 before the first.
    pub nonce: u64,
}

/// Which server's writes are read, told from those of a server whose place it took, as PostgreSQL counts its timelines. What
/// was acknowledged on an earlier one may be lost on this, also where its log lacks no row that a reader has seen. 0 where
/// there is one server alone, or it cannot tell.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Timeline(pub u64);

/// What a row is about.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum Subject {
    /// A session, and all that hangs from it.
    Session(SessionId),
    /// A grant, and every token of it.
    Grant(GrantId),
    /// A client, and every grant of it.
    Client(ClientId),
    /// A signing key, and every token it signed.
    Key(KeyId),
    /// A user. Ended or changed, never a shorthand for its sessions: each of those has a row of its own.
    User(UserId),
    /// A single access token, by its `jti`.
    Token(String),
}

/// What happened to a subject.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is over: refuse what hangs from it.
    Ended,
    /// It is different: forget what you remember of it, and look again.
    Changed,
}
