//! Streams: how a client that asked for it is told what happens to users (OpenID Shared Signals Framework 1.0).

use serde::{Deserialize, Serialize};

use crate::id::{ClientId, StreamId};
use crate::signal::Wanted;
use crate::time::Timestamp;

/// A stream of signals, as its client wants it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Stream {
    /// Its name.
    pub id: StreamId,
    /// Whose it is. A client has at most one.
    pub client: ClientId,
    /// How its signals reach the client.
    pub delivery: Delivery,
    /// The types of event that the client asked for, in its own words; all that there are where it named none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub events_requested: Option<Vec<String>>,
    /// Those of them that there are.
    pub wants: Wanted,
    /// What the client says of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// Whether signals go out.
    pub status: Status,
    /// Why, in the words of whoever set it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How signals reach the client.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Delivery {
    /// It comes and asks (RFC 8936).
    Poll,
    /// They are posted to it (RFC 8935).
    Push {
        /// Where to.
        endpoint: String,
        /// What stands in `Authorization`, where anything does.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        authorization: Option<SealedHeader>,
    },
}

impl Delivery {
    /// As it is shown.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Push { .. } => "push",
        }
    }

    /// Where signals are posted to; nothing where they are polled.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        match self {
            Self::Poll => None,
            Self::Push { endpoint, .. } => Some(endpoint),
        }
    }
}

/// A header's value, sealed.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct SealedHeader {
    /// The data key it is sealed with.
    pub data_key: u32,
    /// The sealed bytes, base64url.
    pub sealed: String,
}

impl std::fmt::Debug for SealedHeader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedHeader").field("data_key", &self.data_key).finish_non_exhaustive()
    }
}

/// Whether signals go out (SSF 1.0 §8.1.2.1).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// They do.
    Enabled,
    /// They wait.
    Paused,
    /// There are none: what happens meanwhile is not kept for later.
    Disabled,
}

impl Status {
    /// As it is written in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }
}

impl Stream {
    /// What is put into the stream when it happens.
    #[must_use]
    pub fn takes(&self) -> Wanted {
        if self.status == Status::Disabled { Wanted::default() } else { self.wants }
    }

    /// Whether what waits in it is posted. Of one that is disabled that is the word that it was.
    #[must_use]
    pub fn is_pushed(&self) -> bool {
        self.status != Status::Paused && matches!(self.delivery, Delivery::Push { .. })
    }
}
