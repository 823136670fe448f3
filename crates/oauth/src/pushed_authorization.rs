//! RFC 9126 §2.2: a request that was pushed gets a name, by which a browser brings it.
//!
//! The name is a secret of its own: whoever guesses one could begin where somebody else is expected. So it is random, kept
//! as a digest, and good for a minute.

use std::time::Duration;

use cloakroom_jose::base64url;
use cloakroom_model::secret::Secret;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::authorization_request::REQUEST_URI_PREFIX;

/// The name for the request that is kept under `secret`.
#[must_use]
pub fn request_uri(secret: &Secret) -> Zeroizing<String> {
    let text = Zeroizing::new(base64url::encode(&secret.0));
    Zeroizing::new([REQUEST_URI_PREFIX, text.as_str()].concat())
}

/// What a request is kept under, from its name with the prefix taken off
/// ([`Source::Pushed`](crate::authorization_request::Source::Pushed)). A name has one spelling.
pub fn secret(name: &str) -> Result<Secret, NotAName> {
    let bytes = base64url::decode(name).map(Zeroizing::new).map_err(|_| NotAName)?;
    <[u8; 32]>::try_from(bytes.as_slice()).map(Secret).map_err(|_| NotAName)
}

/// The text is not the name of a request that was pushed here.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected the name of a request that was pushed here")]
pub struct NotAName;

/// What a client gets for a request that it pushed; it goes out with status 201. Does not print.
#[derive(Serialize)]
pub struct PushedAuthorization {
    #[serde(serialize_with = "text")]
    request_uri: Zeroizing<String>,
    expires_in: u64,
}

impl PushedAuthorization {
    /// The request is kept under `secret`, for `lifetime` from now.
    #[must_use]
    pub fn new(secret: &Secret, lifetime: Duration) -> Self {
        Self { request_uri: request_uri(secret), expires_in: lifetime.as_secs() }
    }
}

fn text<S: serde::Serializer>(text: &Zeroizing<String>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_str().serialize(serializer)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// What stands behind the prefix.
    fn name(secret: &Secret) -> String {
        request_uri(secret).strip_prefix(REQUEST_URI_PREFIX).unwrap().to_owned()
    }

    #[test]
    fn an_answer_has_the_members_of_the_specification() {
        let answer = PushedAuthorization::new(&Secret([0; 32]), Duration::from_mins(1));
        let name = format!("urn:ietf:params:oauth:request_uri:{}", "A".repeat(43));
        let written = serde_json::to_value(&answer).unwrap();
        assert_eq!(written, json!({"request_uri": name, "expires_in": 60}));
    }

    #[test]
    fn a_name_has_one_spelling() {
        let name = name(&Secret([1; 32]));
        assert!(secret(&name).is_ok());
        for bad in [
            format!("{name}="),
            format!("{name}A"),
            name.to_uppercase() + "=",
            request_uri(&Secret([1; 32])).to_string(),
            String::new(),
        ] {
            assert_eq!(secret(&bad).err(), Some(NotAName), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_given_out_is_read(bytes: [u8; 32]) {
            prop_assert_eq!(secret(&name(&Secret(bytes))).unwrap().0, bytes);
        }

        #[test]
        fn no_text_breaks_the_reader(text in "[A-Za-z0-9_=-]{0,50}|[A-Za-z0-9_-]{43}|\\PC*") {
            if let Ok(found) = secret(&text) {
                prop_assert_eq!(name(&found), text);
            }
        }
    }
}
