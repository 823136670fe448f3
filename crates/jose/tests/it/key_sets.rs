//! Public keys and sets of them as JSON.

use cloakroom_jose::{
    Algorithm, Algorithms, Jwk, Jwks, KeyError, KeyType, MAX_JWK_BYTES, MAX_JWKS_BYTES, SigningKey,
    TrustedKeys, VerifyingKey,
};
use serde_json::{Value, json};

use crate::fixture::key;

fn read(jwk: &Value) -> Result<Jwk, KeyError> {
    Jwk::from_json(jwk.to_string().as_bytes())
}

fn published(algorithm: Algorithm) -> Value {
    let (key, _) = key(algorithm);
    serde_json::from_str(&key.public_jwk().unwrap().to_json()).unwrap()
}

/// The key with one member set, or taken away by null.
fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    if value.is_null() {
        jwk.as_object_mut().unwrap().remove(name);
    } else {
        jwk[name] = value;
    }
    jwk
}

#[test]
fn a_key_is_written_and_read_alike() {
    for algorithm in Algorithms::ASYMMETRIC.iter() {
        let (key, _) = key(algorithm);
        let jwk = key.public_jwk().unwrap();
        assert_eq!(Jwk::from_json(jwk.to_json().as_bytes()).unwrap(), jwk);
        assert_eq!(serde_json::from_str::<Jwk>(&jwk.to_json()).unwrap(), jwk);
        assert_eq!(jwk.key_type(), algorithm.key_type());
        assert_eq!(jwk.algorithm(), Some(algorithm));
    }
}

#[test]
fn a_published_key_has_public_members_alone() {
    for algorithm in Algorithms::ASYMMETRIC.iter() {
        let jwk = published(algorithm);
        let names: Vec<&str> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
        let expected: &[&str] = match algorithm.key_type() {
            KeyType::Ed25519 => &["alg", "crv", "kid", "kty", "use", "x"],
            KeyType::Ec(_) => &["alg", "crv", "kid", "kty", "use", "x", "y"],
            _ => &["alg", "e", "kid", "kty", "n", "use"],
        };
        assert_eq!(names, expected);
        assert_eq!(jwk["use"], "sig");
    }
}

#[test]
fn private_parameters_in_a_public_key_are_refused() {
    for (algorithm, names) in [
        (Algorithm::Ed25519, &["d"][..]),
        (Algorithm::Es256, &["d"]),
        (Algorithm::Rs256, &["d", "p", "q", "dp", "dq", "qi", "oth"]),
    ] {
        let jwk = published(algorithm);
        read(&jwk).unwrap();
        for name in names {
            for value in [json!("AQAB"), json!(""), json!(7), json!([])] {
                let refused = read(&with(jwk.clone(), name, value)).unwrap_err();
                assert_eq!(refused, KeyError::Private, "{name}");
            }
        }
        let (key, _) = key(algorithm);
        let private = key.to_private_jwk().unwrap();
        assert_eq!(Jwk::from_json(private.as_str().as_bytes()).unwrap_err(), KeyError::Private);
    }
}

#[test]
fn a_shared_secret_is_no_public_key() {
    let secret =
        json!({"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T", "alg": "HS256"});
    assert_eq!(read(&secret).unwrap_err(), KeyError::Symmetric);
    let dressed = with(published(Algorithm::Ed25519), "k", json!("AAAA"));
    assert_eq!(read(&dressed).unwrap_err(), KeyError::Symmetric);
    let set = json!({"keys": [secret, published(Algorithm::Ed25519)]});
    let set = Jwks::from_json(set.to_string().as_bytes()).unwrap();
    assert_eq!((set.keys().len(), set.skipped()), (1, &[KeyError::Symmetric][..]));
}

#[test]
fn a_key_for_something_else_is_refused() {
    let jwk = published(Algorithm::Es256);
    for (name, value, error) in [
        ("use", json!("enc"), KeyError::Use),
        ("key_ops", json!(["deriveKey"]), KeyError::Use),
        ("key_ops", json!([]), KeyError::Use),
        ("alg", json!("ECDH-ES"), KeyError::AlgorithmUnknown),
        ("alg", json!("none"), KeyError::AlgorithmUnknown),
        ("alg", json!("ES384"), KeyError::Mismatch(Algorithm::Es384)),
        ("alg", json!("HS256"), KeyError::Mismatch(Algorithm::Hs256)),
        ("kty", json!("OKP"), KeyError::Unsupported),
        ("kty", json!("LMS"), KeyError::Unsupported),
        ("crv", json!("secp256k1"), KeyError::Unsupported),
        ("crv", json!("P-384"), KeyError::Malformed),
        ("crv", Value::Null, KeyError::Malformed),
        ("x", Value::Null, KeyError::Malformed),
        ("y", json!("AQAB"), KeyError::Malformed),
        ("y", json!("="), KeyError::Malformed),
        ("kid", json!(7), KeyError::Malformed),
        ("kty", Value::Null, KeyError::Malformed),
    ] {
        let refused = read(&with(jwk.clone(), name, value.clone())).unwrap_err();
        assert_eq!(refused, error, "{name}: {value}");
    }
    for (name, value) in [
        ("use", Value::Null),
        ("alg", Value::Null),
        ("kid", Value::Null),
        ("key_ops", json!(["verify", "sign"])),
        ("x5c", json!(["MIIB"])),
        ("unknown", json!({"a": 1})),
    ] {
        read(&with(jwk.clone(), name, value)).unwrap();
    }
    for curve in ["X25519", "Ed448", "X448"] {
        let other = with(published(Algorithm::Ed25519), "crv", json!(curve));
        assert_eq!(read(&other).unwrap_err(), KeyError::Unsupported);
    }
}

#[test]
fn a_point_that_is_not_on_the_curve_is_refused() {
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512] {
        let jwk = published(algorithm);
        let swapped = with(with(jwk.clone(), "x", jwk["y"].clone()), "y", jwk["x"].clone());
        let point = read(&swapped).unwrap();
        let refused = VerifyingKey::from_jwk(&point, Algorithms::ALL).unwrap_err();
        assert_eq!(refused, KeyError::Malformed);
    }
}

#[test]
fn an_rsa_key_of_a_refused_size_is_refused() {
    let jwk = published(Algorithm::Rs256);
    read(&jwk).unwrap();
    let number = |bytes: &[u8]| json!(cloakroom_jose::base64url::encode(bytes));
    let bits = |bits: usize| {
        let mut bytes = vec![0xFF; bits.div_ceil(8)];
        if !bits.is_multiple_of(8) {
            bytes[0] = (1 << (bits % 8)) - 1;
        }
        number(&bytes)
    };
    for (name, value, error) in [
        ("n", bits(2047), KeyError::Size),
        ("n", bits(1024), KeyError::Size),
        ("n", bits(8193), KeyError::Size),
        ("n", number(&[&[0], &[0xFF; 256][..]].concat()), KeyError::Malformed),
        ("n", json!(""), KeyError::Malformed),
        ("e", number(&[3]), KeyError::Size),
        ("e", number(&[1]), KeyError::Size),
        ("e", number(&[0, 1, 0, 1]), KeyError::Malformed),
        ("e", number(&[0xFF; 9]), KeyError::Size),
        ("crv", json!("P-256"), KeyError::Malformed),
    ] {
        let refused = read(&with(jwk.clone(), name, value.clone())).unwrap_err();
        assert_eq!(refused, error, "{name}: {value}");
    }
    read(&with(jwk, "n", bits(2048))).unwrap();
}

#[test]
fn a_set_keeps_what_it_can_use() {
    let set = json!({"keys": [
        published(Algorithm::Ed25519),
        {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"},
        "not a key",
        published(Algorithm::Rs256),
        with(published(Algorithm::Es256), "use", json!("enc")),
        with(published(Algorithm::Es384), "d", json!("AAAA")),
        {},
    ], "more": "ignored"});
    let set = Jwks::from_json(set.to_string().as_bytes()).unwrap();
    let kept: Vec<_> = set.keys().iter().map(Jwk::algorithm).collect();
    assert_eq!(kept, [Some(Algorithm::Ed25519), Some(Algorithm::Rs256)]);
    assert_eq!(
        set.skipped(),
        [
            KeyError::Unsupported,
            KeyError::Malformed,
            KeyError::Use,
            KeyError::Private,
            KeyError::Malformed
        ]
    );
}

#[test]
fn two_keys_of_one_name_refuse_the_set() {
    let two = [Algorithm::Ed25519, Algorithm::Es256]
        .map(|algorithm| with(published(algorithm), "kid", json!("same")));
    let json = json!({"keys": two}).to_string();
    assert_eq!(Jwks::from_json(json.as_bytes()).unwrap_err(), KeyError::DuplicateKid);
    let keys = two.map(|jwk| read(&jwk).unwrap());
    assert_eq!(Jwks::new(keys.clone()).unwrap_err(), KeyError::DuplicateKid);
    let keys = keys.map(|jwk| VerifyingKey::from_jwk(&jwk, Algorithms::ALL).unwrap());
    assert_eq!(TrustedKeys::new(keys).unwrap_err(), KeyError::DuplicateKid);
}

#[test]
fn keys_without_a_name_are_told_apart_by_thumbprint() {
    let two = [Algorithm::Ed25519, Algorithm::Es256]
        .map(|algorithm| with(published(algorithm), "kid", Value::Null));
    let set = Jwks::from_json(json!({"keys": two}).to_string().as_bytes()).unwrap();
    let keys: Result<Vec<_>, _> = set.verifying_keys(Algorithms::ASYMMETRIC).collect();
    let keys = TrustedKeys::new(keys.unwrap()).unwrap();
    assert_eq!(keys.len(), 2);
    assert!(keys.contains(&set.keys()[0].thumbprint()));
}

#[test]
fn what_is_not_a_set_is_refused() {
    for json in [
        "",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":null}"#,
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[{"kty":"RSA","kty":"EC"}]}"#,
        r#"{"keys":[[[[[[[[[]]]]]]]]]}"#,
        r#"{"keys":[]}x"#,
    ] {
        assert_eq!(Jwks::from_json(json.as_bytes()).unwrap_err(), KeyError::NotAKeySet, "{json}");
    }
    assert!(Jwks::from_json(br#"{"keys":[]}"#).unwrap().keys().is_empty());
    let long = format!(r#"{{"keys":[]{}}}"#, " ".repeat(MAX_JWKS_BYTES));
    assert_eq!(Jwks::from_json(long.as_bytes()).unwrap_err(), KeyError::NotAKeySet);
    let long = format!("{}{}", published(Algorithm::Ed25519), " ".repeat(MAX_JWK_BYTES));
    assert_eq!(Jwk::from_json(long.as_bytes()).unwrap_err(), KeyError::Malformed);
    let jwk = published(Algorithm::Ed25519).to_string();
    for twice in [r#""kty":"OKP","#, r#""own":1,"own":1,"#] {
        let jwk = jwk.replacen('{', &format!("{{{twice}"), 1);
        assert_eq!(Jwk::from_json(jwk.as_bytes()).unwrap_err(), KeyError::Malformed, "{twice}");
    }
}

#[test]
fn a_set_is_written_and_read_alike() {
    let keys = [SigningKey::generate(Algorithm::Ed25519), SigningKey::generate(Algorithm::Es256)];
    let keys = keys.map(|key| key.unwrap().public_jwk().unwrap());
    let set = Jwks::new(keys).unwrap();
    assert_eq!(Jwks::from_json(set.to_json().as_bytes()).unwrap(), set);
    assert_eq!(Jwks::default().to_json(), r#"{"keys":[]}"#);
}
