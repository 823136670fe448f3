//! OpenID Connect Core §3.1.3.7: who signed in, as the issuer tells this client.

use cloakroom_jose::{Error, Expectations, TrustedKeys};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::settings;

/// Who signed in, and how.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Person {
    pub(super) sub: String,
    pub(super) sid: Option<String>,
    pub(super) roles: Vec<Box<str>>,
    pub(super) acr: Option<Box<str>>,
    pub(super) amr: Vec<Box<str>>,
    pub(super) authenticated_at: Option<u64>,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    aud: Value,
    #[expect(dead_code, reason = "it must be there; the verifier looks at it")]
    iat: f64,
    azp: Option<String>,
    nonce: Option<String>,
    sid: Option<String>,
    auth_time: Option<u64>,
    acr: Option<Box<str>>,
    #[serde(default)]
    amr: Vec<Box<str>>,
    #[serde(default)]
    roles: Vec<Box<str>>,
}

/// What this client expects of every token about its users.
pub(super) fn expectations(
    settings: &settings::Settings,
    client_id: &str,
    typ: &str,
) -> Expectations {
    Expectations::new(settings.issuer.as_str(), client_id, typ)
        .algorithms(settings.algorithms)
        .leeway_seconds(settings.leeway_seconds)
        .key_id_optional()
}

/// Reads an ID token. `nonce` is what was sent along; `None` for one that came with a refresh, which need not repeat it.
pub(super) fn read(
    token: &str,
    keys: &TrustedKeys,
    expect: &Expectations,
    (client_id, nonce): (&str, Option<&str>),
    now: u64,
) -> Result<Person, Error> {
    let claims: Claims = keys.verify(token, &expect.clone().untyped(), now)?.into_claims();
    let for_others = claims.aud.as_array().is_some_and(|all| all.len() > 1);
    match &claims.azp {
        // Made for somebody else, and lent to us.
        Some(azp) if azp != client_id => return Err(Error::Audience),
        None if for_others => return Err(Error::Audience),
        _ => {}
    }
    if nonce.is_some() && claims.nonce.as_deref() != nonce {
        return Err(Error::Claims);
    }
    if claims.sub.is_empty() {
        return Err(Error::ClaimMissing("sub"));
    }
    let Claims { sub, sid, roles, acr, amr, auth_time, .. } = claims;
    Ok(Person { sub, sid, roles, acr, amr, authenticated_at: auth_time })
}

#[cfg(test)]
mod tests;
