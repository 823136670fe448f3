//! OpenID Connect Core §5.3: what the issuer tells of a person beside the ID token, asked for when the app wants to know.

use std::fmt;

use http::header::{ACCEPT, AUTHORIZATION};
use http::{Method, StatusCode};
use http_body_util::Full;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::session::Session;
use super::tokens::Trouble;
use crate::guard::Shared;
use crate::provider::{ProviderError, request};

/// What the issuer tells of whoever is there: what the scope asks for and the person has (OpenID Connect Core §5.1, §5.4).
#[derive(Clone)]
pub struct UserInfo {
    sub: Box<str>,
    claims: Map<String, Value>,
}

impl UserInfo {
    /// The user, as [`Identity::user`](crate::Identity::user) names them.
    #[must_use]
    pub fn sub(&self) -> &str {
        &self.sub
    }

    /// The whole name, as it is shown; with the scope `profile`.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.text("name")
    }

    /// What the person wants to be called; with the scope `profile`. It is no key: it may change, and be another one's later.
    #[must_use]
    pub fn preferred_username(&self) -> Option<&str> {
        self.text("preferred_username")
    }

    /// The email address; with the scope `email`. It is no key either.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.text("email")
    }

    /// Whether the issuer knows that the address is the person's. Where it does not say, it is not known.
    #[must_use]
    pub fn email_is_verified(&self) -> bool {
        self.claim("email_verified").unwrap_or(false)
    }

    /// Any claim by its name; `None` where it is not told, or is of another shape.
    #[must_use]
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(self.claims.get(name)?).ok()
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }
}

/// What is told, without what it says: that is somebody's own.
impl fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UserInfo").field(&self.claims.keys().collect::<Vec<_>>()).finish()
    }
}

/// Asks about the person of a session, by its access token.
pub(super) async fn ask(shared: &Shared, session: &Session) -> Result<UserInfo, Trouble> {
    let metadata = shared.provider.metadata().await?;
    let endpoint = metadata.userinfo_endpoint.as_deref();
    let endpoint = endpoint.ok_or(ProviderError::Missing("UserInfo endpoint"))?;
    let asked = request(Method::GET, endpoint)
        .header(ACCEPT, "application/json")
        .header(AUTHORIZATION, format!("Bearer {}", session.tokens.access))
        .body(Full::default())
        .map_err(|_| ProviderError::Address("UserInfo endpoint"))?;
    let answer = shared.provider.http.send(asked).await?;
    match answer.status {
        StatusCode::OK => read(answer.json(), &session.person.sub),
        // RFC 6750 §3.1: the token is void, and so is what it hangs from.
        StatusCode::UNAUTHORIZED => Err(Trouble::NoLonger),
        status => Err(ProviderError::Status { what: "UserInfo", status: status.as_u16() }.into()),
    }
}

fn read(told: Option<Map<String, Value>>, sub: &str) -> Result<UserInfo, Trouble> {
    let claims = told.ok_or(ProviderError::Unreadable("UserInfo"))?;
    // §5.3.2: an answer about somebody else is none.
    if claims.get("sub").and_then(Value::as_str) != Some(sub) {
        return Err(Trouble::unavailable("the issuer's UserInfo is about somebody else"));
    }
    Ok(UserInfo { sub: sub.into(), claims })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_told_is_about_whoever_is_there_or_is_nothing() {
        let read = |told: Value| read(serde_json::from_value(told).ok(), "ada");
        let told = json!({ "sub": "ada", "name": "Ada", "email": "ada@example.com", "address": { "region": "x" } });
        let ada = read(told).unwrap();
        assert_eq!(
            (ada.sub(), ada.name(), ada.email()),
            ("ada", Some("Ada"), Some("ada@example.com"))
        );
        assert!(!ada.email_is_verified() && ada.preferred_username().is_none());
        assert_eq!(ada.claim::<Map<String, Value>>("address").unwrap()["region"], "x");
        assert_eq!(ada.claim::<u64>("name"), None, "of another shape");
        assert!(!format!("{ada:?}").contains("example.com"));
        for other in
            [json!({ "sub": "bea" }), json!({ "sub": 7 }), json!({ "email": "x" }), json!(["ada"])]
        {
            assert!(matches!(read(other.clone()), Err(Trouble::Unavailable(_))), "{other}");
        }
    }
}
