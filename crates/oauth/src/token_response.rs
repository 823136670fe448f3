//! RFC 6749 §5.1: what the token endpoint answers when it grants.
//!
//! The answer is never to be kept on its way: whoever sends it adds `Cache-Control: no-store`.

use std::time::Duration;

use serde::Serialize;
use zeroize::Zeroizing;

use crate::scope::Scope;

/// Tokens for a client. Does not print.
#[derive(Serialize)]
pub struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "text")]
    refresh_token: Option<Zeroizing<String>>,
    #[serde(skip_serializing_if = "Scope::is_empty")]
    scope: Scope,
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
        let expires_in = lifetime.as_secs();
        Self { access_token, token_type: "Bearer", expires_in, refresh_token, scope }
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
}
