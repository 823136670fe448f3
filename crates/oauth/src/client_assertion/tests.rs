use std::sync::Arc;

use cloakroom_jose::{Algorithm, HmacKey, Signer, SigningKey, VerifyingKey};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const ISSUER: &str = "https://id.example";

#[test]
fn a_client_proves_itself_with_its_key() {
    let client = Client::new();
    let mark = client.verify(&client.claims()).unwrap();
    assert_eq!(mark.until, Timestamp::from_seconds(1_800_000_060).plus(LEEWAY));
    assert_eq!(claimed_client(&client.sign(&client.claims())).unwrap().as_str(), "shop");
}

#[test]
fn the_audience_is_the_issuer_and_nothing_else() {
    let client = Client::new();
    assert!(client.with("aud", json!(ISSUER)).is_ok());
    for audience in [
        json!("https://id.example/oauth/token"),
        json!("https://id.example/oauth/par"),
        json!("https://id.example/"),
        json!([ISSUER]),
        json!([ISSUER, "https://other.example"]),
        json!([]),
        Value::Null,
    ] {
        assert!(client.with("aud", audience.clone()).is_err(), "{audience}");
    }
}

#[test]
fn what_an_assertion_must_say_is_asked_for() {
    let client = Client::new();
    for (claim, value) in [
        ("iss", json!("other")),
        ("sub", json!("other")),
        ("jti", json!("")),
        ("jti", json!("x".repeat(256))),
        ("exp", json!(1_800_000_000 - 30)),
        ("exp", json!(1_800_000_000 + 3_601)),
        ("exp", json!(u64::MAX)),
        ("nbf", json!(1_800_000_031)),
        ("iat", json!(1_800_000_031)),
    ] {
        let refused = client.with(claim, value.clone()).unwrap_err();
        assert_eq!(refused.code, Code::InvalidClient, "{claim}: {value}");
    }
    for claim in ["iss", "sub", "aud", "jti", "exp"] {
        let mut claims = client.claims();
        claims.as_object_mut().unwrap().remove(claim);
        assert_eq!(client.verify(&claims).unwrap_err().code, Code::InvalidClient, "{claim}");
    }
    assert!(client.with("exp", json!(1_800_000_000 + 3_600)).is_ok());
    assert!(client.with("iat", json!(1_800_000_010)).is_ok());
}

#[test]
fn types_from_before_there_was_one_are_accepted_and_other_kinds_are_not() {
    let client = Client::new();
    let verify = |signer: Signer| {
        let assertion = signer.sign(&client.claims()).unwrap();
        client.verify_text(&assertion, Algorithms::ASYMMETRIC)
    };
    for typ in [TYP, "JWT", "application/client-authentication+jwt"] {
        assert!(verify(Signer::new(Arc::clone(&client.key), typ)).is_ok(), "{typ}");
    }
    assert!(verify(Signer::untyped(Arc::clone(&client.key))).is_ok());
    for typ in ["at+jwt", "dpop+jwt", "oauth-authz-req+jwt"] {
        assert!(verify(Signer::new(Arc::clone(&client.key), typ)).is_err(), "{typ}");
    }
}

#[test]
fn the_algorithm_is_one_of_the_clients_and_never_a_shared_secret() {
    let client = Client::new();
    let assertion = client.sign(&client.claims());
    assert!(client.verify_text(&assertion, Algorithm::Es256.into()).is_ok());
    assert!(client.verify_text(&assertion, Algorithm::Ps256.into()).is_err());
    let secret = HmacKey::new(Algorithm::Hs256, "k", ISSUER, &[7; 32]).unwrap();
    let keys = TrustedKeys::default().with_secret(secret.clone()).unwrap();
    let shared = Signer::new(Arc::new(SigningKey::from(&secret)), TYP);
    let assertion = shared.sign(&client.claims()).unwrap();
    let refused = verify(&assertion, &client.id, &keys, Algorithms::ALL, ISSUER, NOW);
    assert_eq!(refused.unwrap_err().code, Code::InvalidClient);
}

#[test]
fn another_key_than_the_clients_proves_nothing() {
    let (client, thief) = (Client::new(), Client::new());
    let assertion = thief.sign(&client.claims());
    assert!(thief.verify_text(&assertion, Algorithms::ASYMMETRIC).is_ok());
    assert!(client.verify_text(&assertion, Algorithms::ASYMMETRIC).is_err());
}

#[test]
fn the_same_name_again_has_the_same_mark() {
    let client = Client::new();
    let mark = |jti: &str| client.with("jti", json!(jti)).unwrap();
    assert_eq!(mark("1"), mark("1"));
    assert_ne!(mark("1").digest, mark("2").digest);
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in "\\PC*|[A-Za-z0-9_-]{0,30}\\.[A-Za-z0-9_-]{0,60}\\.?[A-Za-z0-9_-]*") {
        let _ = claimed_client(&text);
        let id = ClientId::built_in();
        let keys = TrustedKeys::default();
        prop_assert!(verify(&text, &id, &keys, Algorithms::ALL, ISSUER, NOW).is_err());
    }
}

struct Client {
    id: ClientId,
    key: Arc<SigningKey>,
    keys: TrustedKeys,
}

impl Client {
    fn new() -> Self {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let public = key.public_jwk().unwrap();
        let public = VerifyingKey::from_jwk(&public, Algorithms::ASYMMETRIC).unwrap();
        let keys = TrustedKeys::new([public]).unwrap();
        Self { id: ClientId::parse("shop").unwrap(), key: Arc::new(key), keys }
    }

    fn claims(&self) -> Value {
        json!({"iss": self.id, "sub": self.id, "aud": ISSUER, "jti": "1", "exp": 1_800_000_060})
    }

    fn with(&self, claim: &str, value: Value) -> Result<Mark, Error> {
        let mut claims = self.claims();
        claims[claim] = value;
        self.verify(&claims)
    }

    fn sign(&self, claims: &Value) -> String {
        Signer::new(Arc::clone(&self.key), TYP).sign(claims).unwrap()
    }

    fn verify(&self, claims: &Value) -> Result<Mark, Error> {
        self.verify_text(&self.sign(claims), Algorithms::ASYMMETRIC)
    }

    fn verify_text(&self, assertion: &str, accept: Algorithms) -> Result<Mark, Error> {
        verify(assertion, &self.id, &self.keys, accept, ISSUER, NOW)
    }
}
