//! SSF 1.0 §7: what the transmitter says of itself.

use serde::Serialize;

use super::{POLL, PUSH};

/// Where it lies, behind the issuer's host and before its path.
pub const NAME: &str = "ssf-configuration";

/// What can be asked, each behind the issuer's URL.
pub mod path {
    /// Streams are made, read, changed and removed.
    pub const STREAM: &str = "/ssf/stream";
    /// Whether a stream is enabled.
    pub const STATUS: &str = "/ssf/status";
    /// Has a stream tell of a user.
    pub const ADD_SUBJECT: &str = "/ssf/subjects/add";
    /// Has a stream tell nothing of a user.
    pub const REMOVE_SUBJECT: &str = "/ssf/subjects/remove";
    /// Has a stream show that it works.
    pub const VERIFICATION: &str = "/ssf/verification";
    /// Where what waits in a stream is asked for; the stream's name follows.
    pub const POLL: &str = "/ssf/poll";
}

/// The document.
#[derive(Clone, Debug, Serialize)]
pub struct Transmitter<'a> {
    spec_version: &'static str,
    issuer: &'a str,
    jwks_uri: String,
    delivery_methods_supported: [&'static str; 2],
    configuration_endpoint: String,
    status_endpoint: String,
    add_subject_endpoint: String,
    remove_subject_endpoint: String,
    verification_endpoint: String,
    authorization_schemes: [Scheme; 1],
    default_subjects: &'static str,
}

#[derive(Clone, Debug, Serialize)]
struct Scheme {
    spec_urn: &'static str,
}

impl<'a> Transmitter<'a> {
    /// Of an issuer, whose keys lie at a path behind its URL.
    #[must_use]
    pub fn new(issuer: &'a str, keys: &str) -> Self {
        let at = |path: &str| format!("{}{path}", issuer.trim_end_matches('/'));
        Self {
            spec_version: "1_0",
            issuer,
            jwks_uri: at(keys),
            delivery_methods_supported: [PUSH, POLL],
            configuration_endpoint: at(path::STREAM),
            status_endpoint: at(path::STATUS),
            add_subject_endpoint: at(path::ADD_SUBJECT),
            remove_subject_endpoint: at(path::REMOVE_SUBJECT),
            verification_endpoint: at(path::VERIFICATION),
            // An access token of a client's own (RFC 6749 §4.4).
            authorization_schemes: [Scheme { spec_urn: "urn:ietf:rfc:6749" }],
            // Everybody is in a stream until they are left out (CAEP Interoperability Profile 1.0 §2.4.2).
            default_subjects: "ALL",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_document_names_what_there_is() {
        let document = Transmitter::new("https://id.example", "/.well-known/jwks.json");
        assert_eq!(
            serde_json::to_value(&document).unwrap(),
            json!({
                "spec_version": "1_0",
                "issuer": "https://id.example",
                "jwks_uri": "https://id.example/.well-known/jwks.json",
                "delivery_methods_supported": ["urn:ietf:rfc:8935", "urn:ietf:rfc:8936"],
                "configuration_endpoint": "https://id.example/ssf/stream",
                "status_endpoint": "https://id.example/ssf/status",
                "add_subject_endpoint": "https://id.example/ssf/subjects/add",
                "remove_subject_endpoint": "https://id.example/ssf/subjects/remove",
                "verification_endpoint": "https://id.example/ssf/verification",
                "authorization_schemes": [{ "spec_urn": "urn:ietf:rfc:6749" }],
                "default_subjects": "ALL",
            })
        );
    }
}
