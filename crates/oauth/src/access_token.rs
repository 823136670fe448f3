//! RFC 9068 §2.1, §2.2: access tokens as JSON Web Tokens, with the claims that tie them to a session and a grant.
//!
//! Beside them what other specifications put there: the key they are bound to (RFC 7800 §3.1), who acts (RFC 8693 §4.1),
//! what is allowed in detail (RFC 9396 §9.1), their place in a status list, and what an exchanged one came from.
//! Signing and verifying is `jose`'s; whether the session still lives is the engine's.

use std::fmt;
use std::str::FromStr;

use cloakroom_model::grant::Confirmation;
use cloakroom_model::id::{ClientId, GrantId, SessionId, UserId};
use cloakroom_model::log::Subject as Ended;
use cloakroom_model::session::Acr;
use cloakroom_model::user::Role;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::authorization_details::AuthorizationDetails;
use crate::scope::Scope;
use crate::status_list::Status;
use crate::subject;
use crate::token_exchange::Actor;

/// The `typ` of their header (RFC 9068 §2.1), without `application/`.
pub const TYP: &str = "at+jwt";

/// What an access token says. Times are whole seconds since 1970. Claims that are not here are ignored on reading.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Claims {
    /// Who made it: the issuer's URL.
    pub iss: String,
    /// Whom it is about.
    pub sub: Subject,
    /// Whom it is for; one text where it is one.
    #[serde(with = "one_or_many")]
    pub aud: Vec<String>,
    /// The client that got it.
    pub client_id: ClientId,
    /// From this second on it is void.
    pub exp: u64,
    /// When it was made.
    pub iat: u64,
    /// Its own name.
    pub jti: String,
    /// What it allows.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// The session it hangs from; `None` where a service or a user's own grant has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// The grant it was made under; `None` where a session earned it directly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<GrantId>,
    /// When the user last proved who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<u64>,
    /// How surely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<Acr>,
    /// By which means (RFC 8176).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// What the user is said to be (RFC 9068 §2.2.3.1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// The key that whoever presents it must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Who acts for the one it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
    /// What it dies with beside its session and its grant, where it was exchanged: the tokens it came from, and what those
    /// die with. A claim of ours, in the words of the revocation log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub came_from: Vec<Ended>,
    /// What it allows in detail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<AuthorizationDetails>,
    /// Where its grant's status can be looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
}

/// Whom a token is about. As text, a user is its id alone; guests and clients have a prefix, so that no client can
/// choose a name that is taken for a user (RFC 9068 §5).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Subject {
    /// A user.
    User(UserId),
    /// A session without a user.
    Guest(SessionId),
    /// The client itself.
    Client(ClientId),
    /// A user, by a name that means nothing at other sectors ([`subject`]).
    Pairwise(String),
}

const GUEST: &str = "guest:";
const CLIENT: &str = "client:";

impl Subject {
    /// Whom a token from this session is about: its user, or the guest it is.
    #[must_use]
    pub fn of(user: Option<UserId>, session: SessionId) -> Self {
        user.map_or(Self::Guest(session), Self::User)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "{user}"),
            Self::Guest(session) => write!(f, "{GUEST}{session}"),
            Self::Client(client) => write!(f, "{CLIENT}{client}"),
            Self::Pairwise(name) => f.write_str(name),
        }
    }
}

impl FromStr for Subject {
    type Err = NotASubject;

    fn from_str(text: &str) -> Result<Self, NotASubject> {
        if let Some(session) = text.strip_prefix(GUEST) {
            return session.parse().map(Self::Guest).map_err(|_| NotASubject);
        }
        if let Some(client) = text.strip_prefix(CLIENT) {
            return ClientId::parse(client).map(Self::Client).map_err(|_| NotASubject);
        }
        if subject::is_pairwise(text) {
            return Ok(Self::Pairwise(text.to_owned()));
        }
        text.parse().map(Self::User).map_err(|_| NotASubject)
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The text names neither a user nor a guest nor a client.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a user's id, or guest: and a session's id, or client: and a client's")]
pub struct NotASubject;

pub(crate) mod one_or_many {
    //! RFC 7519 §4.1.3: one text, or an array of texts.

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Aud {
        One(String),
        Many(Vec<String>),
    }

    pub(crate) fn serialize<S: Serializer>(
        audience: &[String],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match audience {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<String>, D::Error> {
        Ok(match Aud::deserialize(deserializer)? {
            Aud::One(one) => vec![one],
            Aud::Many(many) => many,
        })
    }
}

#[cfg(test)]
mod tests {
    use cloakroom_model::time::Timestamp;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn user() -> UserId {
        UserId::new(Timestamp(1_700_000_000_000), [1; 10])
    }

    fn session() -> SessionId {
        SessionId::new(Timestamp(1_700_000_000_000), [2; 10])
    }

    #[test]
    fn the_claims_are_those_of_the_specification() {
        let claims = Claims {
            iss: "https://id.example.com".into(),
            sub: Subject::of(Some(user()), session()),
            aud: vec!["https://api.example.com".into()],
            client_id: ClientId::built_in(),
            exp: 1_700_000_600,
            iat: 1_700_000_000,
            jti: "one".into(),
            scope: Scope::parse("read write").unwrap(),
            sid: Some(session()),
            grant_id: Some(GrantId::new(Timestamp(1_700_000_000_000), [3; 10])),
            auth_time: Some(1_700_000_000),
            acr: Some(Acr::Aal1),
            amr: vec!["pwd".into()],
            roles: vec![Role::admin()],
            cnf: Some(Confirmation::Key("thumb".into())),
            act: Some(Actor::new(&Subject::Client(ClientId::built_in()))),
            came_from: vec![Ended::Token("before".into())],
            authorization_details: serde_json::from_str(r#"[{"type":"payment"}]"#).ok(),
            status: Some(Status::at("https://id.example.com/status/1".into(), 7)),
        };
        let written = serde_json::to_value(&claims).unwrap();
        assert_eq!(
            written,
            json!({
                "iss": "https://id.example.com",
                "sub": "018bcfe5-6800-7101-8101-010101010101",
                "aud": "https://api.example.com",
                "client_id": "cloakroom",
                "exp": 1_700_000_600,
                "iat": 1_700_000_000,
                "jti": "one",
                "scope": "read write",
                "sid": "018bcfe5-6800-7202-8202-020202020202",
                "grant_id": "018bcfe5-6800-7303-8303-030303030303",
                "auth_time": 1_700_000_000,
                "acr": "aal1",
                "amr": ["pwd"],
                "roles": ["admin"],
                "cnf": {"jkt": "thumb"},
                "act": {"sub": "client:cloakroom"},
                "came_from": [{"kind": "token", "id": "before"}],
                "authorization_details": [{"type": "payment"}],
                "status": {"status_list": {"uri": "https://id.example.com/status/1", "idx": 7}},
            })
        );
        assert_eq!(serde_json::from_value::<Claims>(written).unwrap(), claims);
    }

    #[test]
    fn what_is_not_said_is_absent_and_what_is_unknown_is_ignored() {
        let least = json!({
            "iss": "i", "sub": format!("guest:{}", session()), "aud": ["a", "b"],
            "client_id": "c", "exp": 2, "iat": 1, "jti": "j",
        });
        let mut more = least.clone();
        more["favourite_colour"] = json!("green");
        let claims: Claims = serde_json::from_value(more).unwrap();
        assert_eq!(claims.sub, Subject::Guest(session()));
        assert_eq!(claims.aud, ["a", "b"]);
        assert_eq!(serde_json::to_value(&claims).unwrap(), least);
    }

    #[test]
    fn no_client_can_be_named_like_a_user_or_a_guest() {
        for name in [user().to_string(), format!("guest:{}", session())] {
            let client = Subject::Client(ClientId::parse(&name).unwrap());
            let text = client.to_string();
            assert_ne!(text, name);
            assert_eq!(text.parse(), Ok(client));
        }
        for bad in ["", "guest:", "client:", "guest:x", "ada", "client:a b"] {
            assert_eq!(bad.parse::<Subject>(), Err(NotASubject), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_subject_that_is_read_is_written_the_same(text in "(guest:|client:)?[A-Za-z0-9:/._~-]{0,44}") {
            if let Ok(subject) = text.parse::<Subject>() {
                prop_assert_eq!(subject.to_string(), text);
            }
        }
    }
}
