//! RFC 6749 §5.1, RFC 8693 §2.2.1, RFC 9396 §7, RFC 9449 §5: what the token endpoint answers when it grants.
//!
//! The answer is never to be kept on its way: whoever sends it adds `Cache-Control: no-store`.

use std::time::Duration;

use serde::Serialize;
use zeroize::Zeroizing;

use crate::authorization_details::AuthorizationDetails;
use crate::scope::Scope;
use crate::token_request::TokenType;

/// Tokens for a client. Does not print.
#[derive(Serialize)]
pub struct TokenResponse {
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "text")]
    refresh_token: Option<Zeroizing<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Scope::is_empty")]
    scope: Scope,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_details: Option<AuthorizationDetails>,
}

impl TokenResponse {
    /// An access token that lives `lifetime` from now and allows `scope`, and what earns the next one.
    #[must_use]
    pub fn new(
        access_token: String,
        lifetime: Duration,
        refresh_token: Option<Zeroizing<String>>,
        scope: Scope,
    ) -> Self {
        Self {
            access_token,
            issued_token_type: None,
            token_type: "Bearer",
            expires_in: lifetime.as_secs(),
            refresh_token,
            id_token: None,
            scope,
            authorization_details: None,
        }
    }

    /// The access token is bound to a key that is proved by `DPoP`: it must be presented in that scheme (RFC 9449 §5). One
    /// that is bound to a certificate is presented as every other is (RFC 8705 §3).
    #[must_use]
    pub fn bound_by_dpop(self) -> Self {
        Self { token_type: "DPoP", ..self }
    }

    /// With an ID token (OpenID Connect Core §3.1.3.3).
    #[must_use]
    pub fn id_token(self, id_token: String) -> Self {
        Self { id_token: Some(id_token), ..self }
    }

    /// With what was allowed in detail (RFC 9396 §7).
    #[must_use]
    pub fn authorization_details(self, details: AuthorizationDetails) -> Self {
        Self { authorization_details: Some(details), ..self }
    }

    /// As the answer to an exchange, which says what kind of token it is (RFC 8693 §2.2.1).
    #[must_use]
    pub fn exchanged(self) -> Self {
        Self { issued_token_type: Some(TokenType::AccessToken.as_str()), ..self }
    }
}

#[expect(clippy::ref_option, reason = "serde hands the field over as it is")]
fn text<S: serde::Serializer>(
    token: &Option<Zeroizing<String>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    token.as_ref().map(|token| token.as_str()).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_has_the_members_of_the_specification() {
        let scope = Scope::parse("read").unwrap();
        let refresh = Some(Zeroizing::new("ckr_x".to_owned()));
        let answer = TokenResponse::new("at".into(), Duration::from_mins(10), refresh, scope);
        assert_eq!(
            serde_json::to_value(&answer).unwrap(),
            json!({"access_token": "at", "token_type": "Bearer", "expires_in": 600,
                   "refresh_token": "ckr_x", "scope": "read"})
        );
        let least = TokenResponse::new("at".into(), Duration::from_mins(1), None, Scope::default());
        assert_eq!(
            serde_json::to_value(&least).unwrap(),
            json!({"access_token": "at", "token_type": "Bearer", "expires_in": 60})
        );
    }
    #[test]
    fn what_was_asked_for_beside_is_there() {
        let answer =
            TokenResponse::new("at".into(), Duration::from_mins(1), None, Scope::default())
                .bound_by_dpop()
                .id_token("id".into())
                .authorization_details(serde_json::from_str(r#"[{"type":"payment"}]"#).unwrap())
                .exchanged();
        assert_eq!(
            serde_json::to_value(&answer).unwrap(),
            json!({"access_token": "at", "token_type": "DPoP", "expires_in": 60, "id_token": "id",
                   "authorization_details": [{"type": "payment"}],
                   "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"})
        );
    }
}
