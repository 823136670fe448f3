//! Tokens that bring, point to or name another key.

use cloakroom_jose::{Algorithm, Algorithms, Error, SigningKey, TrustedKeys, VerifyingKey};
use serde_json::Value;

use crate::fixture::{AUDIENCE, Good, NOW, expect, forge, trusting};

#[test]
fn a_key_in_the_header_is_not_used() {
    let good = Good::ed25519();
    let thief = SigningKey::generate(Algorithm::Ed25519).unwrap();
    let jwk = thief.public_jwk().unwrap().to_json();
    let header = good.header.replacen('{', &format!(r#"{{"jwk":{jwk},"#), 1);
    let forged = forge(&thief, &header, &good.claims);
    assert_eq!(good.verify(&forged, &expect()).unwrap_err(), Error::KeyInHeader("jwk"));
    // Even where the true key signed it: nobody who expects such a header should get used to it.
    assert_eq!(good.with_header(&header).unwrap_err(), Error::KeyInHeader("jwk"));
}

#[test]
fn an_address_of_keys_in_the_header_is_not_followed() {
    let good = Good::ed25519();
    for (member, name) in [
        (r#""jku":"https://thief.example/jwks.json""#, "jku"),
        (r#""x5u":"https://thief.example/cert.pem""#, "x5u"),
        (r#""x5c":["MIIB"]"#, "x5c"),
        (r#""jku":null"#, "jku"),
        // The name in other letters.
        (r#""\u006aku":"https://thief.example/jwks.json""#, "jku"),
    ] {
        assert_eq!(good.with_header_member(member).unwrap_err(), Error::KeyInHeader(name));
    }
}

#[test]
fn a_strange_kid_is_just_not_found() {
    let good = Good::ed25519();
    let long = "k".repeat(600);
    for kid in [
        "../../../dev/null",
        "/proc/self/environ",
        "' OR '1'='1",
        "x' UNION SELECT 'secret",
        "https://thief.example/key",
        r"\u0000",
        "",
        long.as_str(),
    ] {
        let header = good.header.replace(good.key.kid(), kid);
        assert_eq!(good.with_header(&header).unwrap_err(), Error::KeyUnknown, "{kid}");
    }
    let header = good.header.replace(good.key.kid(), &"k".repeat(5_000));
    assert_eq!(good.with_header(&header).unwrap_err(), Error::TooLong);
    for kid in ["null", "7", "[]", "{}", "true"] {
        let header = good.header.replace(&format!("\"{}\"", good.key.kid()), kid);
        assert_eq!(good.with_header(&header).unwrap_err(), Error::HeaderMalformed("kid"), "{kid}");
    }
}

#[test]
fn a_kid_is_a_name_and_not_a_proof() {
    let good = Good::ed25519();
    let thief = SigningKey::generate(Algorithm::Ed25519).unwrap();
    let forged = forge(&thief, &good.header, &good.claims);
    assert_eq!(good.verify(&forged, &expect()).unwrap_err(), Error::Signature);
}

#[test]
fn a_missing_kid_is_refused_unless_one_key_is_all_there_is() {
    let good = Good::ed25519();
    let token = forge(&good.key, r#"{"typ":"at+jwt","alg":"Ed25519"}"#, &good.claims);
    assert_eq!(good.verify(&token, &expect()).unwrap_err(), Error::KeyIdMissing);
    let relaxed = expect().key_id_optional();
    good.verify(&token, &relaxed).unwrap();
    let other = SigningKey::generate(Algorithm::Ed25519).unwrap().public_jwk().unwrap();
    let other = VerifyingKey::from_jwk(&other, Algorithms::ALL).unwrap();
    let two = good.keys.clone().with(other).unwrap();
    assert_eq!(two.verify::<Value>(&token, &relaxed, NOW).unwrap_err(), Error::KeyIdMissing);
    let none = TrustedKeys::default();
    assert_eq!(none.verify::<Value>(&token, &relaxed, NOW).unwrap_err(), Error::KeyIdMissing);
}

#[test]
fn a_shared_secret_serves_its_one_audience_alone() {
    let good = Good::signed_with(Algorithm::Hs256);
    let both = r#""aud":["https://api.example","https://other.example"]"#;
    let refused = good.with_claim(r#""aud":"https://api.example""#, both).unwrap_err();
    assert_eq!(refused, Error::Audience);
    let other =
        forge(&good.key, &good.header, good.claims.replace(AUDIENCE, "https://other.example"));
    let expect_both = expect().or_audience("https://other.example");
    assert_eq!(good.verify(&other, &expect_both).unwrap_err(), Error::Audience);
    let any = expect().danger_any_audience();
    assert_eq!(good.verify(&other, &any).unwrap_err(), Error::Audience);
    // A key pair may sign for both: its verifiers can't sign for each other.
    Good::ed25519().with_claim(r#""aud":"https://api.example""#, both).unwrap();
}

#[test]
fn a_key_of_another_issuers_set_is_unknown() {
    let good = Good::ed25519();
    let other = trusting(&SigningKey::generate(Algorithm::Ed25519).unwrap());
    assert_eq!(
        other.verify::<Value>(&good.token(), &expect(), NOW).unwrap_err(),
        Error::KeyUnknown
    );
}
