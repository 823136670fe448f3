//! RFC 8417: security event tokens, which tell another service what happened.
//!
//! Signing is `jose`'s; what is told, and to whom, is the engine's.

use cloakroom_model::id::ClientId;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::subject_id::SubjectId;

/// The `typ` of their header (§2.3), and behind `application/` their media type.
pub const TYP: &str = "secevent+jwt";

/// What one says, of one event alone (CAEP Interoperability Profile 1.0 §2.8.1). It has neither `sub` nor `exp`: so nobody
/// takes it for a token that opens something (§4.5, §4.6).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claims {
    /// Who says so: the issuer's URL.
    pub iss: String,
    /// The client that is told.
    pub aud: ClientId,
    /// When it happened, in seconds since 1970.
    pub iat: u64,
    /// Its own name: the same however often it is sent.
    pub jti: String,
    /// Whom it is about (SSF 1.0 §3.1).
    pub sub_id: SubjectId,
    /// The event: a member that is named for its type, with what there is to say of it.
    pub events: Map<String, Value>,
}

impl Claims {
    /// With its one event.
    #[must_use]
    pub fn with_event(mut self, kind: &str, event: Map<String, Value>) -> Self {
        self.events.insert(kind.to_owned(), Value::Object(event));
        self
    }
}
