//! OpenID Connect Core 1.0 §2, §3.1.3.6, Front-Channel Logout 1.0 §3: what an ID token says, and what one that comes back
//! as a hint is believed.
//!
//! Signing and verifying is `jose`'s. A client learns from it who signed in; it opens nothing here.

use aws_lc_rs::digest;
use cloakroom_jose::{Algorithm, Expectations, base64url};
use cloakroom_model::id::{ClientId, SessionId};
use cloakroom_model::session::Acr;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::access_token::one_or_many;
use crate::claims::ClaimsRequest;

/// The `typ` of their header. Whatever else we sign for clients has another, or lacks claims that a [`Hint`] needs.
pub const TYP: &str = "JWT";

/// What they are signed with where the client registered nothing (§15.1).
pub const DEFAULT_ALGORITHM: Algorithm = Algorithm::Rs256;

/// The longest one that is read as a hint.
const MAX_HINT_BYTES: usize = 8 * 1024;

/// Claims whose meaning is the token's own: no request and no application puts anything else there.
const OWN: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "sid",
    "at_hash",
    "c_hash",
    "s_hash",
    "events",
    "cnf",
];

/// What an ID token says. Times are whole seconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claims {
    /// Who made it: the issuer's URL.
    pub iss: String,
    /// Who signed in, as this client calls them.
    pub sub: String,
    /// The client that it is for.
    pub aud: ClientId,
    /// From this second on it is void.
    pub exp: u64,
    /// When it was made.
    pub iat: u64,
    /// When the person last proved who they are. Always there, so that `max_age` can be checked.
    pub auth_time: u64,
    /// What the client sent along, as it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// How surely the person is known.
    pub acr: Acr,
    /// By which means (RFC 8176).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The client that it was given to, where that is not the one it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azp: Option<ClientId>,
    /// The session, by which a logout finds its way back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// Ties it to the access token beside it: [`half_hash`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// Ties it to the code it was redeemed with: [`half_hash`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c_hash: Option<String>,
    /// Claims that were asked for one by one: [`asked_for`].
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// The left half of the hash that belongs to `algorithm`, for `at_hash` and `c_hash` (§3.1.3.6, §3.3.2.11).
#[must_use]
pub fn half_hash(algorithm: Algorithm, text: &str) -> String {
    let hash = match algorithm {
        Algorithm::Es256 | Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Hs256 => {
            &digest::SHA256
        }
        Algorithm::Es384 | Algorithm::Rs384 | Algorithm::Ps384 | Algorithm::Hs384 => {
            &digest::SHA384
        }
        // RFC 8032 §5.1: what Ed25519 hashes with.
        Algorithm::Ed25519
        | Algorithm::EdDsa
        | Algorithm::Es512
        | Algorithm::Rs512
        | Algorithm::Ps512
        | Algorithm::Hs512 => &digest::SHA512,
    };
    let digest = digest::digest(hash, text.as_bytes());
    let bytes = digest.as_ref();
    base64url::encode(&bytes[..bytes.len() / 2])
}

/// Of what is known about a `person`, the claims that the request wants to have in the ID token (§5.5).
#[must_use]
pub fn asked_for(person: &Map<String, Value>, request: &ClaimsRequest) -> Map<String, Value> {
    let asked = request.id_token.iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
    asked
        .filter_map(|(name, wanted)| {
            let value = person.get(name).filter(|value| wanted.admits(value))?;
            Some((name.clone(), value.clone()))
        })
        .collect()
}

/// An ID token of ours that came back (`id_token_hint`): it says whom the client means, and proves nothing about who is
/// there.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct Hint {
    /// Who signed in, as the client calls them.
    pub sub: String,
    /// The client.
    #[serde(with = "one_or_many")]
    pub aud: Vec<String>,
    /// The session.
    #[serde(default)]
    pub sid: Option<SessionId>,
    /// When it was made. Not read for its value: only ID tokens have it beside `exp` and `auth_time`.
    pub iat: u64,
    /// When it expired, or will.
    pub exp: u64,
    /// When the person had proved who they are.
    pub auth_time: u64,
}

impl Hint {
    /// What a hint is measured by: that it is ours, however old. Whose it is stands in [`Hint::aud`].
    #[must_use]
    pub fn expectations(issuer: &str) -> Expectations {
        Expectations::new(issuer, "", TYP)
            .untyped()
            .danger_any_audience()
            .danger_accept_expired()
            .max_bytes(MAX_HINT_BYTES)
    }

    /// Whether it was made for this client.
    #[must_use]
    pub fn is_for(&self, client: &ClientId) -> bool {
        self.aud.iter().any(|audience| audience == client.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cloakroom_jose::{Algorithms, Error, Signer, SigningKey, TrustedKeys, VerifyingKey};
    use cloakroom_model::time::Timestamp;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::scene::ISSUER;

    fn claims() -> Claims {
        Claims {
            iss: ISSUER.into(),
            sub: "ada".into(),
            aud: ClientId::parse("app").unwrap(),
            exp: 2_000,
            iat: 1_000,
            auth_time: 900,
            nonce: Some("n".into()),
            acr: Acr::Aal1,
            amr: vec!["pwd".into()],
            azp: None,
            sid: Some(SessionId::new(Timestamp(1_700_000_000_000), [2; 10])),
            at_hash: Some(half_hash(Algorithm::Rs256, "at")),
            c_hash: None,
            more: Map::new(),
        }
    }

    #[test]
    fn the_claims_are_those_of_the_specification() {
        let mut claims = claims();
        claims.more.insert("email".into(), json!("ada@x.example"));
        assert_eq!(
            serde_json::to_value(&claims).unwrap(),
            json!({
                "iss": ISSUER, "sub": "ada", "aud": "app", "exp": 2000, "iat": 1000,
                "auth_time": 900, "nonce": "n", "acr": "aal1", "amr": ["pwd"],
                "sid": "018bcfe5-6800-7202-8202-020202020202",
                "at_hash": claims.at_hash, "email": "ada@x.example",
            })
        );
    }

    #[test]
    fn a_hash_is_the_left_half_of_the_one_that_belongs_to_the_algorithm() {
        // OpenID Connect Core appendix A.3 and A.4.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(half_hash(Algorithm::Rs256, token), "77QmUPtjPfzWtF2AnpK9RQ");
        let code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";
        assert_eq!(half_hash(Algorithm::Rs256, code), "LDktKdoQak3Pk0cnXxCltA");
        for (algorithm, letters) in
            [(Algorithm::Es256, 22), (Algorithm::Es384, 32), (Algorithm::Ed25519, 43)]
        {
            assert_eq!(half_hash(algorithm, token).len(), letters);
        }
    }

    #[test]
    fn a_request_puts_nothing_where_the_token_speaks_for_itself() {
        let person = json!({"email": "ada@x.example", "name": "Ada", "sub": "ada", "acr": "aal3"});
        let person = person.as_object().unwrap();
        let request = ClaimsRequest::parse(
            r#"{"id_token": {"email": null, "sub": null, "acr": null, "iss": null, "phone_number": null,
                             "name": {"value": "Bob"}},
                "userinfo": {"name": null}}"#,
        )
        .unwrap();
        let asked = asked_for(person, &request);
        assert_eq!(Value::Object(asked), json!({"email": "ada@x.example"}));
    }

    #[test]
    fn an_old_token_is_still_a_hint_and_a_foreign_one_is_not() {
        let key = Arc::new(SigningKey::generate(Algorithm::Ed25519).unwrap());
        let jwk = key.public_jwk().unwrap();
        let verifying = VerifyingKey::from_jwk(&jwk, Algorithms::ASYMMETRIC).unwrap();
        let trusted = TrustedKeys::new([verifying]).unwrap();
        let read = |typ: &str, claims: Value| {
            let token = Signer::new(Arc::clone(&key), typ).sign(&claims).unwrap();
            let verified = trusted.verify::<Hint>(&token, &Hint::expectations(ISSUER), 9_000_000);
            verified.map(cloakroom_jose::Verified::into_claims)
        };
        let claims = serde_json::to_value(claims()).unwrap();
        let hint = read(TYP, claims.clone()).unwrap();
        assert_eq!(hint.sub, "ada");
        assert!(hint.is_for(&ClientId::parse("app").unwrap()));
        assert!(!hint.is_for(&ClientId::parse("other").unwrap()));
        assert_eq!(read("at+jwt", claims.clone()), Err(Error::Type));
        assert_eq!(read("logout+jwt", claims.clone()), Err(Error::Type));
        let without = |name: &str| {
            let mut claims = claims.clone();
            claims.as_object_mut().unwrap().remove(name);
            claims
        };
        // A signed answer of UserInfo or of the authorization endpoint is no ID token.
        for name in ["sub", "iat", "exp", "auth_time"] {
            assert_eq!(read(TYP, without(name)), Err(Error::Claims), "{name}");
        }
        let mut foreign = claims.clone();
        foreign["iss"] = json!("https://other.example");
        assert_eq!(read(TYP, foreign), Err(Error::Issuer));
    }

    proptest! {
        #[test]
        fn no_request_speaks_for_the_token(names in proptest::collection::vec("[a-z_]{1,9}|sub|iss|aud|acr|sid", 0..8)) {
            let person: Map<_, _> = names.iter().map(|name| (name.clone(), json!(1))).collect();
            let members: Map<_, _> = names.iter().map(|name| (name.clone(), Value::Null)).collect();
            let request = ClaimsRequest::parse(&json!({"id_token": members}).to_string()).unwrap();
            prop_assert!(asked_for(&person, &request).keys().all(|name| !OWN.contains(&name.as_str())));
        }
    }
}
