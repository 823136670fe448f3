use std::sync::Arc;

use cloakroom_jose::{Algorithm, Algorithms, Jwk, Signer, SigningKey, VerifyingKey};
use serde_json::json;

use super::*;
use crate::relying_party::id_token::expectations;
use crate::settings::Settings;

const ISSUER: &str = "https://id.example";
const NOW: u64 = 1_800_000_000;

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "shop", "iat": NOW, "exp": NOW + 120, "jti": "1", "sub": "ada", "sid": "s",
        "events": { EVENT: {} },
    })
}

fn check(typ: &str, claims: &Value) -> Result<Ended, Error> {
    let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
    let jwk = Jwk::from_json(key.public_jwk().unwrap().to_json().as_bytes()).unwrap();
    let public = VerifyingKey::from_jwk(&jwk, Algorithms::ASYMMETRIC).unwrap();
    let keys = TrustedKeys::new([public]).unwrap();
    let token = Signer::new(Arc::new(key), typ).sign(claims).unwrap();
    read(&token, &keys, &expectations(&Settings::new(ISSUER, "api"), "shop", TYP), NOW)
}

#[test]
fn a_logout_token_ends_a_session_or_all_of_a_user() {
    for typ in [TYP, "JWT"] {
        assert_eq!(check(typ, &claims()), Ok(Ended::Session("s".to_owned())));
    }
    let mut user = claims();
    user.as_object_mut().unwrap().remove("sid");
    assert_eq!(check(TYP, &user), Ok(Ended::User("ada".to_owned(), NOW)));
}

#[test]
fn what_is_no_logout_token_for_this_client_ends_nothing() {
    assert!(check(TYP, &claims()).is_ok());
    assert_eq!(check("at+jwt", &claims()), Err(Error::Type));
    for (attack, name, value) in [
        ("an ID token", "nonce", json!("n")),
        ("another event", "events", json!({ "https://evil.example": {} })),
        ("an event that is none", "events", json!({ EVENT: true })),
        ("no event", "events", Value::Null),
        ("another issuer's", "iss", json!("https://evil.example")),
        ("for another client", "aud", json!("other")),
        ("expired", "exp", json!(NOW - 6)),
        ("from no time", "iat", Value::Null),
    ] {
        let mut claims = claims();
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
        assert!(check(TYP, &claims).is_err(), "{attack}");
    }
    let mut nobody = claims();
    nobody.as_object_mut().unwrap().retain(|name, _| name != "sid" && name != "sub");
    assert!(check(TYP, &nobody).is_err());
}
