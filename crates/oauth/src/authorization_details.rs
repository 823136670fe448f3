//! RFC 9396 §2, §3: `authorization_details`, which say in detail what shall be allowed.
//!
//! Each names its type; what a type's other members mean is between the client and the service that reads the token.
//! The members that all types share are held to their shape, because the page of consent shows them.

use cloakroom_jose::strict_json;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The longest text that is read.
pub const MAX_BYTES: usize = 8 * 1024;

/// The most details in one request.
const MOST: usize = 16;

const MAX_DEPTH: usize = 8;

/// The members of RFC 9396 §2.2 that are arrays of texts.
const LISTS: &[&str] = &["locations", "actions", "datatypes", "privileges"];

/// What shall be allowed, one object for each thing.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct AuthorizationDetails(Vec<Map<String, Value>>);

impl AuthorizationDetails {
    /// Reads the parameter. Every object is of one of these `types`.
    pub fn parse(text: &str, types: &[String]) -> Result<Self, NotAuthorizationDetails> {
        if text.len() > MAX_BYTES {
            return Err(NotAuthorizationDetails::TooLong);
        }
        strict_json::check(text.as_bytes(), MAX_DEPTH)
            .map_err(|_| NotAuthorizationDetails::Malformed)?;
        let details: Vec<Map<String, Value>> =
            serde_json::from_str(text).map_err(|_| NotAuthorizationDetails::Malformed)?;
        if details.is_empty() || details.len() > MOST {
            return Err(NotAuthorizationDetails::Malformed);
        }
        for detail in &details {
            let Some(Value::String(name)) = detail.get("type") else {
                return Err(NotAuthorizationDetails::Malformed);
            };
            if !types.contains(name) {
                return Err(NotAuthorizationDetails::Type);
            }
            if !is_well_formed(detail) {
                return Err(NotAuthorizationDetails::Malformed);
            }
        }
        Ok(Self(details))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Map<String, Value>> {
        self.0.iter()
    }

    /// Whether each of them is one that was granted: a token may be for less than its grant, and never for more (§6).
    #[must_use]
    pub fn is_within(&self, granted: &Self) -> bool {
        self.0.iter().all(|detail| granted.0.contains(detail))
    }
}

fn is_well_formed(detail: &Map<String, Value>) -> bool {
    let texts = |value: &Value| {
        value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_string))
    };
    let lists = LISTS.iter().filter_map(|name| detail.get(*name)).all(texts);
    lists && detail.get("identifier").is_none_or(Value::is_string)
}

/// Why a text is not the parameter `authorization_details`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotAuthorizationDetails {
    /// Longer than [`MAX_BYTES`].
    #[error("authorization_details is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// Not an array of objects with a `type`, or a shared member has the wrong shape.
    #[error("authorization_details must be a JSON array of objects, each with its type")]
    Malformed,
    /// A type that the client did not register.
    #[error("authorization_details has a type that this client did not register")]
    Type,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn parse(text: &str) -> Result<AuthorizationDetails, NotAuthorizationDetails> {
        AuthorizationDetails::parse(text, &["payment".to_owned(), "files".to_owned()])
    }

    #[test]
    fn details_are_objects_of_registered_types() {
        let text = r#"[{"type":"payment","actions":["initiate"],"identifier":"a","amount":{"EUR":"10"}},
                       {"type":"files","locations":["https://files.example"]}]"#;
        let details = parse(text).unwrap();
        assert_eq!(details.iter().count(), 2);
        let kept = serde_json::to_string(&details).unwrap();
        assert_eq!(serde_json::from_str::<AuthorizationDetails>(&kept).unwrap(), details);
        assert_eq!(parse(r#"[{"type":"other"}]"#), Err(NotAuthorizationDetails::Type));
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"type":"payment"}"#,
            r#"["payment"]"#,
            "[{}]",
            r#"[{"type":7}]"#,
            r#"[{"type":"payment","type":"files"}]"#,
            r#"[{"type":"payment","actions":"initiate"}]"#,
            r#"[{"type":"payment","actions":[]}]"#,
            r#"[{"type":"payment","locations":[1]}]"#,
            r#"[{"type":"payment","identifier":1}]"#,
            r#"[{"type":"payment","a":[[[[[[[1]]]]]]]}]"#,
        ] {
            assert_eq!(parse(bad), Err(NotAuthorizationDetails::Malformed), "{bad}");
        }
    }

    #[test]
    fn there_is_an_end_to_details() {
        let many = |many: usize| json!(vec![json!({"type": "files"}); many]).to_string();
        assert!(parse(&many(16)).is_ok());
        assert_eq!(parse(&many(17)), Err(NotAuthorizationDetails::Malformed));
        let long = format!(r#"[{{"type":"files","x":"{}"}}]"#, "x".repeat(MAX_BYTES));
        assert_eq!(parse(&long), Err(NotAuthorizationDetails::TooLong));
    }

    #[test]
    fn a_token_is_never_for_more_than_was_granted() {
        let granted = parse(r#"[{"type":"payment","amount":10},{"type":"files"}]"#).unwrap();
        assert!(granted.is_within(&granted));
        assert!(parse(r#"[{"amount":10,"type":"payment"}]"#).unwrap().is_within(&granted));
        assert!(!parse(r#"[{"type":"payment","amount":11}]"#).unwrap().is_within(&granted));
        assert!(!parse(r#"[{"type":"payment"}]"#).unwrap().is_within(&granted));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "\\[?\\{?\\PC*") {
            let _ = parse(&text);
        }
    }
}
