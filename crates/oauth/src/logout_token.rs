//! OpenID Connect Back-Channel Logout 1.0 §2.4, Front-Channel Logout 1.0 §3: how a client is told that a session has ended.
//!
//! Signing is `jose`'s; when a client is told, and how often, is the engine's.

use cloakroom_model::id::{ClientId, SessionId};
use serde::Serialize;
use url::form_urlencoded;

/// The `typ` of their header, which no ID token has.
pub const TYP: &str = "logout+jwt";

/// How long one holds, in seconds (§2.4 asks for two minutes at most).
pub const HOLDS_SECONDS: u64 = 120;

/// What a logout token says. It has no `nonce`, which is what tells it from an ID token where types are not looked at.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Claims {
    /// Who says so: the issuer's URL.
    pub iss: String,
    /// The client that is told.
    pub aud: ClientId,
    /// When it was made.
    pub iat: u64,
    /// From this second on it is void.
    pub exp: u64,
    /// Its own name.
    pub jti: String,
    /// Whose session it was, as this client calls them.
    pub sub: String,
    /// The session.
    pub sid: SessionId,
    /// That it has ended.
    pub events: Events,
}

/// The one event of a logout token: a member that is named for it, and says nothing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Events {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    ended: Empty,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
struct Empty {}

impl Claims {
    /// A token for `client` about the end of a session, made at `now` in seconds since 1970 and named `jti`.
    #[must_use]
    pub fn new(
        issuer: &str,
        client: ClientId,
        subject: String,
        session: SessionId,
        jti: String,
        now: u64,
    ) -> Self {
        Self {
            iss: issuer.to_owned(),
            aud: client,
            iat: now,
            exp: now + HOLDS_SECONDS,
            jti,
            sub: subject,
            sid: session,
            events: Events::default(),
        }
    }
}

/// What a page loads in a frame so that a client hears of it in the browser: its `frontchannel_logout_uri`, with issuer
/// and session where it asked for them.
#[must_use]
pub fn front_channel(uri: &str, named: Option<(&str, SessionId)>) -> String {
    let Some((issuer, session)) = named else { return uri.to_owned() };
    let joint = if uri.contains('?') { '&' } else { '?' };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("iss", issuer)
        .append_pair("sid", &session.to_string())
        .finish();
    format!("{uri}{joint}{query}")
}

#[cfg(test)]
mod tests {
    use cloakroom_model::time::Timestamp;
    use serde_json::json;

    use super::*;

    fn session() -> SessionId {
        SessionId::new(Timestamp(1_700_000_000_000), [2; 10])
    }

    #[test]
    fn the_claims_are_those_of_the_specification() {
        let client = ClientId::parse("app").unwrap();
        let claims =
            Claims::new("https://id.example", client, "ada".into(), session(), "one".into(), 1_000);
        assert_eq!(
            serde_json::to_value(&claims).unwrap(),
            json!({
                "iss": "https://id.example", "aud": "app", "iat": 1000, "exp": 1120, "jti": "one",
                "sub": "ada", "sid": "018bcfe5-6800-7202-8202-020202020202",
                "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            })
        );
    }

    #[test]
    fn a_frame_names_the_session_where_the_client_asked_for_it() {
        let named = Some(("https://id.example", session()));
        let query = "iss=https%3A%2F%2Fid.example&sid=018bcfe5-6800-7202-8202-020202020202";
        for (uri, named, expected) in [
            ("https://app.example/out", None, "https://app.example/out".to_owned()),
            ("https://app.example/out", named, format!("https://app.example/out?{query}")),
            ("https://app.example/out?x=y", named, format!("https://app.example/out?x=y&{query}")),
        ] {
            assert_eq!(front_channel(uri, named), expected);
        }
    }
}
