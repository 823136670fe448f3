//! RFC 9493: how a message names whom it is about, and the formats that SSF 1.0 §3.3 adds.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// Whom a message is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SubjectId {
    /// By an email address (§3.2.2).
    Email(String),
    /// By what an issuer calls them (§3.2.3).
    IssSub {
        /// The issuer.
        iss: String,
        /// What it calls them.
        sub: String,
    },
    /// By a name that means something to those two alone (§3.2.4).
    Opaque(String),
    /// By several of its parts, each with a name (SSF 1.0 §3.3).
    Complex(Vec<(String, SubjectId)>),
    /// In another format that is known, and names nobody here.
    Other,
}

/// Formats in which nobody is known here.
const OTHERS: [&str; 8] = [
    "account",
    "aliases",
    "did",
    "ip-addresses",
    "jwt_id",
    "phone_number",
    "saml_assertion_id",
    "uri",
];

/// The text is no subject identifier.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a subject identifier: a format with the members that belong to it")]
pub struct NotASubject;

impl SubjectId {
    /// Reads one. A complex one has simple ones as its members.
    pub fn read(value: &Value) -> Result<Self, NotASubject> {
        let members = value.as_object().ok_or(NotASubject)?;
        if text(members, "format")? != "complex" {
            return Self::read_simple(members);
        }
        let parts = members.iter().filter(|(name, _)| *name != "format");
        let parts: Vec<_> = parts
            .map(|(name, part)| {
                let part = Self::read_simple(part.as_object().ok_or(NotASubject)?)?;
                Ok((name.clone(), part))
            })
            .collect::<Result<_, NotASubject>>()?;
        if parts.is_empty() { Err(NotASubject) } else { Ok(Self::Complex(parts)) }
    }

    fn read_simple(members: &Map<String, Value>) -> Result<Self, NotASubject> {
        let own = |name| text(members, name).map(str::to_owned);
        Ok(match text(members, "format")? {
            "email" => Self::Email(own("email")?),
            "iss_sub" => Self::IssSub { iss: own("iss")?, sub: own("sub")? },
            "opaque" => Self::Opaque(own("id")?),
            format if OTHERS.contains(&format) => Self::Other,
            _ => return Err(NotASubject),
        })
    }

    /// The part of a complex one that names a user, or a simple one as it is.
    #[must_use]
    pub fn user(&self) -> Option<&Self> {
        match self {
            Self::Complex(parts) => {
                parts.iter().find(|(name, _)| name == "user").map(|(_, part)| part)
            }
            simple => Some(simple),
        }
    }

    fn written(&self) -> Value {
        match self {
            Self::Email(email) => json!({ "format": "email", "email": email }),
            Self::IssSub { iss, sub } => json!({ "format": "iss_sub", "iss": iss, "sub": sub }),
            Self::Opaque(id) => json!({ "format": "opaque", "id": id }),
            Self::Complex(parts) => {
                let parts = parts.iter().map(|(name, part)| (name.clone(), part.written()));
                let format = ("format".to_owned(), json!("complex"));
                Value::Object(std::iter::once(format).chain(parts).collect())
            }
            Self::Other => Value::Null,
        }
    }
}

impl Serialize for SubjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written().serialize(serializer)
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a str, NotASubject> {
    members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or(NotASubject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_the_same() {
        for value in [
            json!({ "format": "email", "email": "ada@example.com" }),
            json!({ "format": "iss_sub", "iss": "https://id.example", "sub": "ada" }),
            json!({ "format": "opaque", "id": "one" }),
            json!({
                "format": "complex",
                "session": { "format": "opaque", "id": "one" },
                "user": { "format": "iss_sub", "iss": "https://id.example", "sub": "ada" },
            }),
        ] {
            let read = SubjectId::read(&value).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), value);
        }
    }

    #[test]
    fn what_is_no_subject_is_refused() {
        for value in [
            json!(null),
            json!("ada@example.com"),
            json!({}),
            json!({ "format": "email" }),
            json!({ "format": "email", "email": 1 }),
            json!({ "format": "iss_sub", "iss": "https://id.example" }),
            json!({ "format": "nothing", "id": "one" }),
            json!({ "format": "complex" }),
            json!({ "format": "complex", "user": "ada" }),
            json!({ "format": "complex", "user": { "format": "complex", "user": {} } }),
        ] {
            assert_eq!(SubjectId::read(&value), Err(NotASubject), "{value}");
        }
    }

    #[test]
    fn a_complex_subject_names_its_user() {
        let value = json!({
            "format": "complex",
            "tenant": { "format": "opaque", "id": "one" },
            "user": { "format": "email", "email": "ada@example.com" },
        });
        let complex = SubjectId::read(&value).unwrap();
        assert_eq!(complex.user(), Some(&SubjectId::Email("ada@example.com".to_owned())));
        let tenant = json!({ "format": "complex", "tenant": { "format": "opaque", "id": "one" } });
        assert_eq!(SubjectId::read(&tenant).unwrap().user(), None);
        let phone = SubjectId::read(&json!({ "format": "phone_number", "phone_number": "+1" }));
        assert_eq!(phone, Ok(SubjectId::Other));
    }
}
