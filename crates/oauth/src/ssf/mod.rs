//! OpenID Shared Signals Framework 1.0: how a service has itself told of what happens to users, and what it is told.
//!
//! Who may have a stream, what waits in it and when it is delivered are the engine's.

pub mod configuration;
pub mod event;
pub mod metadata;
pub mod poll;
pub mod push;
pub mod requests;

/// What a token must allow for everything about a stream (CAEP Interoperability Profile 1.0 §2.7.2).
pub const MANAGE: &str = "ssf.manage";

/// What it must allow for looking at a stream and receiving what waits in it.
pub const READ: &str = "ssf.read";

/// Delivery by posting to the receiver (RFC 8935).
pub const PUSH: &str = "urn:ietf:rfc:8935";

/// Delivery to a receiver that comes and asks (RFC 8936).
pub const POLL: &str = "urn:ietf:rfc:8936";

/// How deep a request may be.
const MAX_DEPTH: usize = 8;

/// What is wrong with a request: which member, and what was expected of it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{member}: {expected}")]
pub struct Invalid {
    /// The member; the whole body where it is empty.
    pub member: &'static str,
    /// What was expected.
    pub expected: &'static str,
}

impl Invalid {
    /// Something is wrong with a member.
    #[must_use]
    pub const fn new(member: &'static str, expected: &'static str) -> Self {
        Self { member, expected }
    }
}

use cloakroom_jose::strict_json;
use serde_json::{Map, Value};

/// Reads the object that every request is. Members that are not known are passed over.
fn object(body: &[u8]) -> Result<Map<String, Value>, Invalid> {
    const NO_OBJECT: Invalid = Invalid::new("body", "expected a JSON object");
    strict_json::check(body, MAX_DEPTH).map_err(|_| NO_OBJECT)?;
    serde_json::from_slice(body).map_err(|_| NO_OBJECT)
}

/// A text of at most `most` bytes, where there is one; null is none.
fn text(
    members: &Map<String, Value>,
    member: &'static str,
    most: usize,
) -> Result<Option<String>, Invalid> {
    match members.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.len() <= most => Ok(Some(text.clone())),
        Some(Value::String(_)) => Err(Invalid::new(member, "expected a shorter text")),
        Some(_) => Err(Invalid::new(member, "expected a text")),
    }
}

/// The stream that a request must name.
fn stream_id(members: &Map<String, Value>) -> Result<String, Invalid> {
    text(members, "stream_id", 255)?.ok_or(Invalid::new("stream_id", "expected the stream's name"))
}
