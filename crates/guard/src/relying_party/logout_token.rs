//! OpenID Connect Back-Channel Logout 1.0 §2.4, §2.6: the issuer says that a session ended, or all of a user's.

use cloakroom_jose::{Error, Expectations, TrustedKeys};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The header type. Issuers from before it was named leave it out; then `events` keeps the kinds apart.
pub(super) const TYP: &str = "logout+jwt";

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What ended.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Ended {
    /// The session of this `sid`.
    Session(String),
    /// Every session of this `sub` that began at this second or before.
    User(String, u64),
}

#[derive(Deserialize)]
struct Claims {
    iat: f64,
    sub: Option<String>,
    sid: Option<String>,
    #[serde(default)]
    events: Map<String, Value>,
    nonce: Option<Value>,
}

/// Reads a logout token. Presented again it says the same again.
pub(super) fn read(
    token: &str,
    keys: &TrustedKeys,
    expect: &Expectations,
    now: u64,
) -> Result<Ended, Error> {
    let claims: Claims = keys.verify(token, &expect.clone().typ_optional(), now)?.into_claims();
    // An ID token is no logout token, whatever else it has (§2.6, step 7).
    if !claims.events.get(EVENT).is_some_and(Value::is_object) || claims.nonce.is_some() {
        return Err(Error::Claims);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let issued_at = claims.iat as u64;
    match (claims.sid, claims.sub) {
        (Some(sid), _) => Ok(Ended::Session(sid)),
        (None, Some(sub)) => Ok(Ended::User(sub, issued_at)),
        (None, None) => Err(Error::ClaimMissing("sid")),
    }
}

#[cfg(test)]
mod tests;
