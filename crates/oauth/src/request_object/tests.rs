use std::sync::{Arc, LazyLock};

use cloakroom_jose::{Signer, SigningKey, base64url};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::authorization_request::{Arrival, AuthorizationRequest};
use crate::scene::{self, CHALLENGE, ISSUER, REDIRECT, RULES};

const NOW: u64 = 1_800_000_000;

static KEY: LazyLock<Arc<SigningKey>> =
    LazyLock::new(|| Arc::new(SigningKey::generate(Algorithm::Ed25519).unwrap()));
static OTHER: LazyLock<Arc<SigningKey>> =
    LazyLock::new(|| Arc::new(SigningKey::generate(Algorithm::Es256).unwrap()));

fn keys(keys: &[&Arc<SigningKey>]) -> Jwks {
    Jwks::new(keys.iter().map(|key| key.public_jwk().unwrap())).unwrap()
}

fn claims() -> Value {
    json!({
        "iss": "app", "aud": ISSUER, "exp": NOW + 60, "nbf": NOW - 1, "jti": "one",
        "client_id": "app", "response_type": "code", "redirect_uri": REDIRECT, "scope": "openid",
        "state": "inside", "max_age": 60, "resource": ["https://api.example", ISSUER],
        "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        "claims": {"userinfo": {"name": null}},
        "authorization_details": [{"type": "payment"}],
        "extra": {"ignored": true},
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn signed(claims: &Value) -> String {
    Signer::new(Arc::clone(&KEY), TYP).sign(claims).unwrap()
}

fn verify(object: &str, times: Times) -> Result<RequestObject, Code> {
    let client = scene::client();
    RequestObject::verify(object, &client, &keys(&[&KEY, &OTHER]), ALGORITHMS, ISSUER, times, NOW)
        .map_err(|error| error.code)
}

#[test]
fn what_was_signed_is_a_request_like_any_other() {
    let object = verify(&signed(&claims()), Times::Required).unwrap();
    let until = Timestamp::from_seconds(i64::try_from(NOW + 70).unwrap());
    assert_eq!(object.mark, Some(Mark::of("request object", "app", "one", until)));
    let arrival = Arrival { signed: true, ..Arrival::default() };
    let request =
        AuthorizationRequest::read(&object.form, &scene::client(), arrival, &RULES).unwrap();
    assert_eq!(request.state.as_deref(), Some("inside"));
    assert_eq!(request.max_age_seconds, Some(60));
    assert_eq!(request.resources, ["https://api.example", ISSUER]);
    assert_eq!(request.claims.names(), ["name"]);
    assert_eq!(request.authorization_details.iter().count(), 1);
}

#[test]
fn the_types_from_before_there_was_one_are_read_and_others_are_not() {
    let object = |typ: &str| Signer::new(Arc::clone(&KEY), typ).sign(&claims()).unwrap();
    for typ in [TYP, "JWT", "OAuth-Authz-Req+JWT"] {
        assert!(verify(&object(typ), Times::Required).is_ok(), "{typ}");
    }
    let untyped = Signer::untyped(Arc::clone(&KEY)).sign(&claims()).unwrap();
    assert!(verify(&untyped, Times::Required).is_ok());
    for typ in ["at+jwt", "dpop+jwt", "logout+jwt", ""] {
        assert_eq!(verify(&object(typ), Times::Required).unwrap_err(), Code::InvalidRequestObject);
    }
}

#[test]
fn an_object_that_is_not_signed_is_not_supported() {
    let part = |value: &Value| base64url::encode(value.to_string().as_bytes());
    for alg in ["none", "None", "dir"] {
        let object = format!("{}.{}.", part(&json!({"alg": alg, "typ": TYP})), part(&claims()));
        assert_eq!(
            verify(&object, Times::WhereSaid).unwrap_err(),
            Code::RequestNotSupported,
            "{alg}"
        );
    }
}

#[test]
fn each_fault_is_an_invalid_object() {
    assert!(verify(&signed(&claims()), Times::WhereSaid).is_ok());
    for claims in [
        with("iss", json!("other")),
        with("aud", json!("https://other.example")),
        with("client_id", json!("other")),
        with("client_id", json!(7)),
        with("request", json!("a.b.c")),
        with("request_uri", json!("urn:x")),
        with("exp", json!(NOW - 11)),
        with("exp", json!(NOW + 3_611)),
        with("exp", json!("soon")),
        with("nbf", json!(NOW + 11)),
        with("nbf", json!(NOW - 3_611)),
        with("iat", json!(NOW + 11)),
        with("resource", json!([1])),
    ] {
        let refused = verify(&signed(&claims), Times::WhereSaid).unwrap_err();
        assert_eq!(refused, Code::InvalidRequestObject, "{claims}");
    }
    let valid = signed(&claims());
    let (_, signature) = valid.rsplit_once('.').unwrap();
    let other = signed(&with("state", json!("changed")));
    let (changed, _) = other.rsplit_once('.').unwrap();
    let changed = format!("{changed}.{signature}");
    for object in ["", "a", "a.b.c", changed.as_str()] {
        assert_eq!(verify(object, Times::WhereSaid).unwrap_err(), Code::InvalidRequestObject);
    }
}

#[test]
fn times_are_required_where_the_profile_asks_for_them() {
    let mut claims = claims();
    let members = claims.as_object_mut().unwrap();
    members.remove("exp");
    members.remove("jti");
    let object = verify(&signed(&claims), Times::WhereSaid).unwrap();
    assert_eq!(object.mark, None);
    assert!(verify(&signed(&claims), Times::Required).is_err());
}

#[test]
fn only_the_clients_own_keys_and_algorithm_count() {
    let mut client = scene::client();
    let verify = |client: &Client, object: &str, keys: &Jwks| {
        RequestObject::verify(object, client, keys, ALGORITHMS, ISSUER, Times::Required, NOW)
            .map(|_| ())
            .map_err(|error| error.code)
    };
    let object = signed(&claims());
    assert_eq!(verify(&client, &object, &keys(&[&KEY])), Ok(()));
    assert_eq!(verify(&client, &object, &keys(&[&OTHER])), Err(Code::InvalidRequestObject));
    assert_eq!(verify(&client, &object, &Jwks::default()), Err(Code::InvalidRequestObject));
    client.registration.requests.algorithm = Some("Ed25519".to_owned());
    assert_eq!(verify(&client, &object, &keys(&[&KEY, &OTHER])), Ok(()));
    client.registration.requests.algorithm = Some("ES256".to_owned());
    assert_eq!(verify(&client, &object, &keys(&[&KEY, &OTHER])), Err(Code::InvalidRequestObject));
    for never in ["none", "HS256"] {
        client.registration.requests.algorithm = Some(never.to_owned());
        assert_eq!(verify(&client, &object, &keys(&[&KEY])), Err(Code::RequestNotSupported));
    }
}

proptest! {
    #[test]
    fn nothing_but_what_was_signed_is_read(name in "[a-z_]{1,12}", text in "\\PC{0,20}") {
        let object = verify(&signed(&with(&name, json!(text))), Times::WhereSaid);
        if let Ok(object) = object {
            for read in object.form.names() {
                prop_assert!(claims().get(read).is_some() || read == name);
                prop_assert!(!OWN.contains(&read));
            }
        }
    }

    #[test]
    fn no_text_breaks_the_reader(object in "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,3}|\\PC*") {
        prop_assert!(verify(&object, Times::WhereSaid).is_err());
    }
}
