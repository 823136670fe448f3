//! Issuer, audience and time, and the caller's own claims.

use cloakroom_jose::{Algorithm, Error, Payload, Registered, Signer, Verified};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fixture::{AUDIENCE, Good, ISSUER, NOW, claims, expect, forge, header};

#[test]
fn times_and_key_are_handed_out() {
    let good = Good::ed25519();
    let verified = good.verify(&good.token(), &expect()).unwrap();
    assert_eq!(verified.expires_at(), Some(NOW + 600));
    assert_eq!(verified.issued_at(), Some(NOW));
    assert_eq!(verified.claims()["scope"], "read");
    assert_eq!(verified.kid(), good.key.kid());
    assert_eq!(verified.algorithm(), Algorithm::Ed25519);
}

#[test]
fn registered_claims_are_a_type() {
    let good = Good::ed25519();
    let registered = |claims: &str| {
        let token = forge(&good.key, &good.header, claims);
        good.keys.verify::<Registered>(&token, &expect(), NOW).map(Verified::into_claims)
    };
    let expected = Registered {
        issuer: Some(ISSUER.into()),
        subject: Some("user".into()),
        audience: vec![AUDIENCE.into()],
        expires_at: Some(NOW + 600),
        not_before: Some(NOW),
        issued_at: Some(NOW),
        id: Some("1".into()),
    };
    assert_eq!(registered(&good.claims).unwrap(), expected);
    assert_eq!(registered(&serde_json::to_string(&expected).unwrap()).unwrap(), expected);
    let two = good
        .claims
        .replace(&format!(r#""aud":"{AUDIENCE}""#), &format!(r#""aud":["{AUDIENCE}","other"]"#));
    assert_eq!(registered(&two).unwrap().audience, [AUDIENCE, "other"]);
    let fraction = good.claims.replace(r#""exp":1800000600"#, r#""exp":1800000600.7"#);
    assert_eq!(registered(&fraction).unwrap().expires_at, Some(NOW + 600));
    let least = format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":{}}}"#, NOW + 1);
    let expected = Registered {
        issuer: Some(ISSUER.into()),
        audience: vec![AUDIENCE.into()],
        expires_at: Some(NOW + 1),
        ..Registered::default()
    };
    assert_eq!(registered(&least).unwrap(), expected);
    assert_eq!(serde_json::to_string(&Registered::default()).unwrap(), "{}");
    serde_json::from_str::<Registered>(r#"{"exp":-1}"#).unwrap_err();
    serde_json::from_str::<Registered>(r#"{"exp":"1"}"#).unwrap_err();
}

#[test]
fn an_audience_alone_is_one_text() {
    let good = Good::ed25519();
    let alone = expect().audience_alone();
    let with = |audience: &str| {
        let claims = good.claims.replace(&format!(r#""aud":"{AUDIENCE}""#), audience);
        good.verify(&forge(&good.key, &good.header, claims), &alone)
    };
    with(&format!(r#""aud":"{AUDIENCE}""#)).unwrap();
    for list in [format!(r#""aud":["{AUDIENCE}"]"#), format!(r#""aud":["{AUDIENCE}","other"]"#)] {
        assert_eq!(with(&list).unwrap_err(), Error::Audience, "{list}");
    }
    assert_eq!(with(r#""aud":"other""#).unwrap_err(), Error::Audience);
    assert_eq!(with(r#""aud":[]"#).unwrap_err(), Error::ClaimMissing("aud"));
}

#[test]
fn another_issuer_is_refused() {
    let good = Good::ed25519();
    for issuer in [
        "https://issuer.example/",
        "https://ISSUER.example",
        "https://issuer.example.thief.example",
        "",
    ] {
        assert_eq!(good.with_claim(ISSUER, issuer).unwrap_err(), Error::Issuer, "{issuer}");
    }
    let missing = good.with_claim(&format!(r#""iss":"{ISSUER}","#), "").unwrap_err();
    assert_eq!(missing, Error::ClaimMissing("iss"));
    // The same text in other letters is the same text.
    good.with_claim("https:", r"\u0068ttps:").unwrap();
}

#[test]
fn another_audience_is_refused() {
    let good = Good::ed25519();
    let aud = format!(r#""aud":"{AUDIENCE}""#);
    for other in [
        r#""aud":"https://other.example""#,
        r#""aud":["https://other.example"]"#,
        r#""aud":"https://api.example/""#,
        r#""aud":"""#,
    ] {
        assert_eq!(good.with_claim(&aud, other).unwrap_err(), Error::Audience, "{other}");
    }
    assert_eq!(good.with_claim(&aud, r#""aud":[]"#).unwrap_err(), Error::ClaimMissing("aud"));
    let missing = good.with_claim(&format!("{aud},"), "").unwrap_err();
    assert_eq!(missing, Error::ClaimMissing("aud"));
    good.with_claim(&aud, r#""aud":["https://other.example","https://api.example"]"#).unwrap();

    let token = forge(&good.key, &good.header, good.claims.replace(AUDIENCE, "second"));
    good.verify(&token, &expect().or_audience("second")).unwrap();
    good.verify(&token, &expect().danger_any_audience()).unwrap();
}

#[test]
fn a_claim_of_the_wrong_type_is_refused() {
    let good = Good::ed25519();
    let exp = format!(r#""exp":{}"#, NOW + 600);
    for (before, after, name) in [
        (exp.as_str(), format!(r#""exp":"{}""#, NOW + 600), "exp"),
        (&exp, r#""exp":null"#.into(), "exp"),
        (&exp, r#""exp":true"#.into(), "exp"),
        (&exp, r#""exp":-1"#.into(), "exp"),
        (&exp, r#""exp":1e300"#.into(), "exp"),
        (&exp, format!(r#""exp":[{}]"#, NOW + 600), "exp"),
        (&exp, format!(r#""exp":{{"":{}}}"#, NOW + 600), "exp"),
        (&format!(r#""nbf":{NOW}"#), r#""nbf":"0""#.into(), "nbf"),
        (&format!(r#""iat":{NOW}"#), r#""iat":"0""#.into(), "iat"),
        (r#""sub":"user""#, r#""sub":7"#.into(), "sub"),
        (r#""jti":"1""#, r#""jti":1"#.into(), "jti"),
        (&format!(r#""iss":"{ISSUER}""#), format!(r#""iss":["{ISSUER}"]"#), "iss"),
        (&format!(r#""aud":"{AUDIENCE}""#), format!(r#""aud":{{"a":"{AUDIENCE}"}}"#), "aud"),
        (&format!(r#""aud":"{AUDIENCE}""#), format!(r#""aud":["{AUDIENCE}",7]"#), "aud"),
    ] {
        let refused = good.with_claim(before, &after).unwrap_err();
        assert_eq!(refused, Error::ClaimMalformed(name), "{after}");
    }
    let fraction = good.with_claim(&exp, &format!(r#""exp":{}.9"#, NOW + 600)).unwrap();
    assert_eq!(fraction.expires_at(), Some(NOW + 600));
    let exponent = good.with_claim(&exp, r#""exp":1.9e9"#).unwrap();
    assert_eq!(exponent.expires_at(), Some(1_900_000_000));
}

#[test]
fn an_expired_token_is_refused_from_the_second_on_that_it_names() {
    let good = Good::ed25519();
    let at = |now| good.keys.verify::<Value>(&good.token(), &expect(), now);
    at(NOW + 599).unwrap();
    assert_eq!(at(NOW + 600).unwrap_err(), Error::Expired);
    assert_eq!(at(u64::MAX).unwrap_err(), Error::Expired);

    let lenient = expect().leeway_seconds(5);
    let at = |now| good.keys.verify::<Value>(&good.token(), &lenient, now);
    at(NOW + 604).unwrap();
    assert_eq!(at(NOW + 605).unwrap_err(), Error::Expired);

    let hint = expect().danger_accept_expired();
    good.keys.verify::<Value>(&good.token(), &hint, NOW + 1_000_000).unwrap();
}

#[test]
fn a_token_that_is_not_valid_yet_is_refused() {
    let good = Good::ed25519();
    let nbf = format!(r#""nbf":{NOW}"#);
    let later = format!(r#""nbf":{}"#, NOW + 1);
    assert_eq!(good.with_claim(&nbf, &later).unwrap_err(), Error::NotYetValid);
    let token = forge(&good.key, &good.header, good.claims.replace(&nbf, &later));
    good.verify(&token, &expect().leeway_seconds(1)).unwrap();
    good.keys.verify::<Value>(&token, &expect(), NOW + 1).unwrap();
}

#[test]
fn a_token_issued_in_the_future_is_refused() {
    let good = Good::ed25519();
    let iat = format!(r#""iat":{NOW}"#);
    let later = format!(r#""iat":{}"#, NOW + 1);
    assert_eq!(good.with_claim(&iat, &later).unwrap_err(), Error::IssuedInFuture);
    let token = forge(&good.key, &good.header, good.claims.replace(&iat, &later));
    good.verify(&token, &expect().leeway_seconds(1)).unwrap();
}

#[test]
fn a_token_that_never_expires_is_refused_unless_that_was_asked_for() {
    let good = Good::ed25519();
    let exp = format!(r#""exp":{},"#, NOW + 600);
    assert_eq!(good.with_claim(&exp, "").unwrap_err(), Error::ClaimMissing("exp"));
    let token = forge(&good.key, &good.header, good.claims.replace(&exp, ""));
    good.verify(&token, &expect().expiry_optional()).unwrap();
    // One that is there still counts.
    let verdict = good.keys.verify::<Value>(&good.token(), &expect().expiry_optional(), NOW + 600);
    assert_eq!(verdict.unwrap_err(), Error::Expired);
}

#[test]
fn nothing_is_required_of_nbf_and_iat() {
    let good = Good::ed25519();
    let claims = good.claims.replace(&format!(r#""nbf":{NOW},"iat":{NOW},"#), "");
    good.with_claims(claims).unwrap();
}

#[test]
fn claims_of_another_shape_are_refused() {
    #[derive(Debug, Deserialize)]
    struct Own {
        #[expect(dead_code, reason = "its type is the point")]
        scope: u32,
    }
    let good = Good::ed25519();
    let verdict = good.keys.verify::<Own>(&good.token(), &expect(), NOW);
    assert_eq!(verdict.unwrap_err(), Error::Claims);
    let claims = good.claims.replace(r#""read""#, "7");
    let token = forge(&good.key, &good.header, claims);
    good.keys.verify::<Own>(&token, &expect(), NOW).unwrap();
}

#[test]
fn claims_can_be_borrowed_from_the_payload() {
    #[derive(Deserialize)]
    struct Borrowed<'a> {
        scope: &'a str,
    }
    let good = Good::ed25519();
    let verified: Verified<Payload> =
        good.keys.verify_payload(&good.token(), &expect(), NOW).unwrap();
    let payload = verified.claims();
    let borrowed: Borrowed<'_> = payload.read().unwrap();
    assert_eq!(borrowed.scope, "read");
    assert!(payload.as_str().as_bytes().as_ptr_range().contains(&borrowed.scope.as_ptr()));
    assert_eq!(payload.as_str(), good.claims);
}

#[test]
fn a_signer_writes_type_algorithm_and_key() {
    let good = Good::ed25519();
    let token = Signer::new(good.key.clone(), "at+jwt").sign_payload(claims().as_bytes()).unwrap();
    assert_eq!(token, forge(&good.key, header(&good.key), claims()));
    let claims: Value = serde_json::from_str(&claims()).unwrap();
    let token = Signer::new(good.key.clone(), "at+jwt").sign(&claims).unwrap();
    assert_eq!(good.verify(&token, &expect()).unwrap().into_claims(), claims);

    let untyped = Signer::untyped(good.key.clone()).sign(&claims).unwrap();
    assert_eq!(good.verify(&untyped, &expect()).unwrap_err(), Error::Type);
    good.verify(&untyped, &expect().untyped()).unwrap();
}

#[test]
fn a_signer_escapes_what_it_writes() {
    let good = Good::ed25519();
    let odd = "quo\"te \\ \u{1}";
    let key = cloakroom_jose::SigningKey::from_pkcs8(
        good.key.algorithm(),
        good.key.to_pkcs8().unwrap().as_bytes(),
    )
    .unwrap()
    .with_kid(odd);
    let keys = crate::fixture::trusting(&key);
    let token = Signer::new(key.into(), "at+jwt")
        .sign(&json!({"iss": ISSUER, "aud": AUDIENCE, "exp": NOW + 1}))
        .unwrap();
    assert_eq!(keys.verify::<Value>(&token, &expect(), NOW).unwrap().kid(), odd);
}
