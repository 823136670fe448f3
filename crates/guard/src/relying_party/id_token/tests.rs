use std::sync::Arc;

use cloakroom_jose::{Algorithm, Algorithms, HmacKey, Jwk, Signer, SigningKey, VerifyingKey};
use serde_json::json;

use super::*;

const ISSUER: &str = "https://id.example";
const NOW: u64 = 1_800_000_000;

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "ada", "aud": "shop", "exp": NOW + 60, "iat": NOW, "nonce": "n",
        "sid": "s", "auth_time": NOW - 5, "acr": "aal1", "amr": ["pwd"],
    })
}

fn key() -> (Arc<SigningKey>, TrustedKeys) {
    let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
    let jwk = Jwk::from_json(key.public_jwk().unwrap().to_json().as_bytes()).unwrap();
    let public = VerifyingKey::from_jwk(&jwk, Algorithms::ASYMMETRIC).unwrap();
    (Arc::new(key), TrustedKeys::new([public]).unwrap())
}

fn sign(key: &Arc<SigningKey>, typ: &str, claims: &Value) -> String {
    Signer::new(Arc::clone(key), typ).sign(claims).unwrap()
}

fn check(keys: &TrustedKeys, token: &str) -> Result<Person, Error> {
    let expect = expectations(&settings::Settings::new(ISSUER, "api"), "shop", "JWT");
    read(token, keys, &expect, ("shop", Some("n")), NOW)
}

#[test]
fn an_id_token_of_the_issuer_for_this_client_says_who_signed_in() {
    let (key, keys) = key();
    let person = check(&keys, &sign(&key, "JWT", &claims())).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!((person.sub.as_str(), person.sid.as_deref()), ("ada", Some("s")));
    assert_eq!(person.authenticated_at, Some(NOW - 5));
    let mut shared = claims();
    shared["aud"] = json!(["shop", "api"]);
    shared["azp"] = json!("shop");
    assert!(check(&keys, &sign(&key, "JWT", &shared)).is_ok());
}

#[test]
fn what_is_not_said_to_this_client_about_this_sign_in_is_refused() {
    let (key, keys) = key();
    assert!(check(&keys, &sign(&key, "JWT", &claims())).is_ok());
    let gone = Value::Null;
    for (attack, name, value) in [
        ("another sign-in's", "nonce", json!("m")),
        ("without a nonce", "nonce", gone.clone()),
        ("another issuer's", "iss", json!("https://evil.example")),
        ("for another client", "aud", json!("other")),
        ("for others too, and not said for whom it was made", "aud", json!(["shop", "other"])),
        ("made for somebody else", "azp", json!("other")),
        ("expired", "exp", json!(NOW - 6)),
        ("for ever", "exp", gone.clone()),
        ("from the future", "iat", json!(NOW + 60)),
        ("from no time", "iat", gone.clone()),
        ("about nobody", "sub", json!("")),
        ("about no one", "sub", gone),
    ] {
        let mut claims = claims();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        assert!(check(&keys, &sign(&key, "JWT", &claims)).is_err(), "{attack}");
    }
}

#[test]
fn other_keys_other_kinds_and_shared_secrets_do_not_count() {
    let ((own, keys), (other, _)) = (key(), key());
    assert!(check(&keys, &sign(&own, "JWT", &claims())).is_ok());
    for typ in ["at+jwt", "logout+jwt", "dpop+jwt"] {
        assert_eq!(check(&keys, &sign(&own, typ, &claims())).err(), Some(Error::Type), "{typ}");
    }
    assert_eq!(check(&keys, &sign(&other, "JWT", &claims())).err(), Some(Error::KeyUnknown));
    let secret = HmacKey::new(Algorithm::Hs256, own.kid(), "shop", &[7; 32]).unwrap();
    let forged = sign(&Arc::new(SigningKey::from(&secret)), "JWT", &claims());
    assert_eq!(check(&keys, &forged).err(), Some(Error::AlgorithmNotAllowed));
}
