//! SSF 1.0 §8.1.2, §8.1.3 and §8.1.4: what a receiver asks of a stream that is there.

use cloakroom_model::stream::{Status, Stream};
use serde::Serialize;
use serde_json::Value;

use super::{Invalid, object, stream_id, text};
use crate::subject_id::SubjectId;

/// The longest text that a receiver has sent back to it, in bytes.
const STATE: usize = 1000;

/// The longest reason that is kept, in bytes.
const REASON: usize = 500;

/// A wish for another status (§8.1.2.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StatusChange {
    /// Of which stream.
    pub stream_id: String,
    /// What it is to be.
    pub status: Status,
    /// Why.
    pub reason: Option<String>,
}

impl StatusChange {
    /// Reads one.
    pub fn read(body: &[u8]) -> Result<Self, Invalid> {
        let members = object(body)?;
        let status = match members.get("status").and_then(Value::as_str) {
            Some("enabled") => Status::Enabled,
            Some("paused") => Status::Paused,
            Some("disabled") => Status::Disabled,
            _ => return Err(Invalid::new("status", "expected enabled, paused or disabled")),
        };
        let reason = text(&members, "reason", REASON)?;
        Ok(Self { stream_id: stream_id(&members)?, status, reason })
    }
}

/// A stream's status, as it is answered (§8.1.2.1).
#[derive(Clone, Debug, Serialize)]
pub struct StatusTold<'a> {
    stream_id: String,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> StatusTold<'a> {
    /// That of a stream.
    #[must_use]
    pub fn of(stream: &'a Stream) -> Self {
        Self {
            stream_id: stream.id.to_string(),
            status: stream.status,
            reason: stream.reason.as_deref(),
        }
    }
}

/// A wish to be told of somebody, or not to be (§8.1.3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SubjectChange {
    /// By which stream.
    pub stream_id: String,
    /// Of whom.
    pub subject: SubjectId,
}

impl SubjectChange {
    /// Reads one.
    pub fn read(body: &[u8]) -> Result<Self, Invalid> {
        let members = object(body)?;
        if members.get("verified").is_some_and(|verified| !verified.is_boolean()) {
            return Err(Invalid::new("verified", "expected true or false"));
        }
        let subject = members.get("subject").and_then(|subject| SubjectId::read(subject).ok());
        let subject = subject.ok_or(Invalid::new("subject", "expected a subject identifier"))?;
        Ok(Self { stream_id: stream_id(&members)?, subject })
    }
}

/// A wish to be shown that a stream works (§8.1.4.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verification {
    /// Which stream.
    pub stream_id: String,
    /// What is to come back.
    pub state: Option<String>,
}

impl Verification {
    /// Reads one.
    pub fn read(body: &[u8]) -> Result<Self, Invalid> {
        let members = object(body)?;
        Ok(Self { stream_id: stream_id(&members)?, state: text(&members, "state", STATE)? })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bytes(value: &Value) -> Vec<u8> {
        value.to_string().into_bytes()
    }

    #[test]
    fn a_status_is_one_of_three() {
        let read = |value: &Value| StatusChange::read(&bytes(value));
        let paused = read(&json!({ "stream_id": "one", "status": "paused", "reason": "night" }));
        assert_eq!(
            paused,
            Ok(StatusChange {
                stream_id: "one".into(),
                status: Status::Paused,
                reason: Some("night".into()),
            })
        );
        for (value, member) in [
            (json!({ "stream_id": "one" }), "status"),
            (json!({ "stream_id": "one", "status": "off" }), "status"),
            (json!({ "status": "paused" }), "stream_id"),
            (json!({ "stream_id": 1, "status": "paused" }), "stream_id"),
            (json!({ "stream_id": "one", "status": "paused", "reason": 1 }), "reason"),
        ] {
            assert_eq!(read(&value).unwrap_err().member, member, "{value}");
        }
    }

    #[test]
    fn a_subject_is_read_with_its_stream() {
        let read = |value: &Value| SubjectChange::read(&bytes(value));
        let subject = json!({ "format": "email", "email": "ada@example.com" });
        let wish = json!({ "stream_id": "one", "subject": subject, "verified": true });
        assert_eq!(read(&wish).unwrap().subject, SubjectId::Email("ada@example.com".into()));
        for (value, member) in [
            (json!({ "stream_id": "one" }), "subject"),
            (json!({ "stream_id": "one", "subject": {} }), "subject"),
            (json!({ "subject": subject }), "stream_id"),
            (json!({ "stream_id": "one", "subject": subject, "verified": 1 }), "verified"),
        ] {
            assert_eq!(read(&value).unwrap_err().member, member, "{value}");
        }
    }

    #[test]
    fn what_a_receiver_sends_along_has_an_end() {
        let read = |state: &str| {
            Verification::read(&bytes(&json!({ "stream_id": "one", "state": state })))
        };
        assert_eq!(read("abc").unwrap().state.as_deref(), Some("abc"));
        assert_eq!(read(&"a".repeat(1001)).unwrap_err().member, "state");
    }
}
