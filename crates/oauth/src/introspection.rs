//! RFC 7662 §2 and RFC 9701 §5: somebody asks what a token is worth now.
//!
//! A token that is over, unknown, or none of the asker's business is answered in one way: it is not active. Which of these
//! it is, nobody is told.

use cloakroom_model::id::ClientId;
use cloakroom_model::time::Timestamp;
use serde::Serialize;

use crate::access_token::{Claims, Subject};
use crate::scope::Scope;

/// The `typ` of a signed answer's header (RFC 9701 §5), and behind `application/` its media type.
pub const TYP: &str = "token-introspection+jwt";

/// What is answered.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Introspection {
    /// The token is worth nothing to whoever asks.
    Inactive(Inactive),
    /// An access token, and what it says.
    Access(Box<Access>),
    /// A refresh token.
    Refresh(Refresh),
}

/// That a token is worth nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Inactive {
    active: bool,
}

/// That an access token is good.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Access {
    active: bool,
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(flatten)]
    claims: Claims,
}

/// That a refresh token is good, and what it would earn.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Refresh {
    active: bool,
    /// Whose it is.
    pub client_id: ClientId,
    /// Whom it is for.
    pub sub: Subject,
    /// What it allows.
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// When its grant was made, in seconds.
    pub iat: u64,
    /// When its grant ends if it is not used again, in seconds.
    pub exp: u64,
}

impl Introspection {
    /// The token is worth nothing (RFC 7662 §2.2): no more is said.
    #[must_use]
    pub const fn inactive() -> Self {
        Self::Inactive(Inactive { active: false })
    }

    /// An access token with these claims is good. `username` is for people.
    #[must_use]
    pub fn access(claims: Claims, username: Option<String>) -> Self {
        use cloakroom_model::grant::Confirmation;

        // RFC 9449 §6.2: the scheme in which it must be presented.
        let token_type = match claims.cnf {
            Some(Confirmation::Key(_)) => "DPoP",
            Some(Confirmation::Certificate(_)) | None => "Bearer",
        };
        Self::Access(Box::new(Access { active: true, token_type, username, claims }))
    }

    /// A refresh token is good.
    #[must_use]
    pub fn refresh(
        client_id: ClientId,
        sub: Subject,
        scope: Scope,
        created_at: Timestamp,
        expires_at: Timestamp,
    ) -> Self {
        let seconds = |at: Timestamp| u64::try_from(at.seconds()).unwrap_or(0);
        let (iat, exp) = (seconds(created_at), seconds(expires_at));
        Self::Refresh(Refresh { active: true, client_id, sub, scope, iat, exp })
    }
}

/// The claims of a signed answer (RFC 9701 §5). They hold no `sub` and no `exp` of their own, so that nobody takes the
/// answer for the token.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Signed<'a> {
    /// Who answers.
    pub iss: &'a str,
    /// Who asked.
    pub aud: &'a ClientId,
    /// When, in seconds.
    pub iat: u64,
    /// What is answered.
    pub token_introspection: &'a Introspection,
}

impl<'a> Signed<'a> {
    /// `issuer` answers `asker` at `now`.
    #[must_use]
    pub fn new(
        issuer: &'a str,
        asker: &'a ClientId,
        now: Timestamp,
        answer: &'a Introspection,
    ) -> Self {
        let iat = u64::try_from(now.seconds()).unwrap_or(0);
        Self { iss: issuer, aud: asker, iat, token_introspection: answer }
    }
}

/// Whether whoever asks wants the answer signed, by the media types of the request's `Accept` (RFC 9701 §4). Other types
/// beside it do not matter: it is asked for by name, or not at all.
#[must_use]
pub fn wants_signed(accept: &str) -> bool {
    accept.split(',').any(|range| {
        let media_type = range.split(';').next().unwrap_or_default().trim();
        media_type.split_once('/').is_some_and(|(kind, subtype)| {
            kind.eq_ignore_ascii_case("application") && subtype.eq_ignore_ascii_case(TYP)
        })
    })
}

#[cfg(test)]
mod tests {
    use cloakroom_model::grant::Confirmation;
    use cloakroom_model::id::UserId;
    use serde_json::{Value, json};

    use super::*;

    fn claims() -> (Value, Claims) {
        let claims = json!({
            "iss": "https://id.example", "sub": UserId::from_bytes([1; 16]).to_string(), "aud": "a",
            "client_id": "shop", "exp": 2, "iat": 1, "jti": "j", "scope": "read",
        });
        (claims.clone(), serde_json::from_value(claims).unwrap())
    }

    #[test]
    fn what_is_not_active_is_told_in_one_way() {
        let written = serde_json::to_string(&Introspection::inactive()).unwrap();
        assert_eq!(written, r#"{"active":false}"#);
    }

    #[test]
    fn an_access_token_is_told_as_it_is() {
        let (mut written, mut claims) = claims();
        written["active"] = json!(true);
        written["token_type"] = json!("Bearer");
        let answer = Introspection::access(claims.clone(), None);
        assert_eq!(serde_json::to_value(&answer).unwrap(), written);
        written["token_type"] = json!("DPoP");
        written["cnf"] = json!({"jkt": "thumb"});
        written["username"] = json!("ada");
        claims.cnf = Some(Confirmation::Key("thumb".into()));
        let answer = Introspection::access(claims, Some("ada".into()));
        assert_eq!(serde_json::to_value(&answer).unwrap(), written);
    }

    #[test]
    fn a_refresh_token_says_what_it_would_earn() {
        let user = Subject::User(UserId::from_bytes([1; 16]));
        let answer = Introspection::refresh(
            ClientId::built_in(),
            user.clone(),
            Scope::parse("read").unwrap(),
            Timestamp::from_seconds(1),
            Timestamp::from_seconds(9),
        );
        assert_eq!(
            serde_json::to_value(&answer).unwrap(),
            json!({"active": true, "client_id": "cloakroom", "sub": user.to_string(),
                   "scope": "read", "iat": 1, "exp": 9})
        );
    }

    #[test]
    fn a_signed_answer_is_for_whoever_asked_and_is_not_the_token() {
        let asker = ClientId::parse("api").unwrap();
        let answer = Introspection::inactive();
        let now = Timestamp::from_seconds(7);
        let signed = Signed::new("https://id.example", &asker, now, &answer);
        assert_eq!(
            serde_json::to_value(&signed).unwrap(),
            json!({"iss": "https://id.example", "aud": "api", "iat": 7,
                   "token_introspection": {"active": false}})
        );
    }

    #[test]
    fn a_signed_answer_is_asked_for_by_name() {
        for accept in [
            "application/token-introspection+jwt",
            "application/json;q=0.5, Application/Token-Introspection+JWT;q=1",
        ] {
            assert!(wants_signed(accept), "{accept}");
        }
        for accept in ["", "*/*", "application/json", "application/jwt", "token-introspection+jwt"]
        {
            assert!(!wants_signed(accept), "{accept}");
        }
    }
}
