//! Keys: made, read, written, refused.

use cloakroom_jose::{
    Algorithm, Algorithms, Curve, HmacKey, Jwk, KeyError, KeyType, RsaSize, SigningKey,
    VerifyingKey, base64url,
};
use serde_json::Value;

use crate::fixture::{key, trusting};

fn asymmetric() -> impl Iterator<Item = Algorithm> {
    Algorithms::ASYMMETRIC.iter()
}

#[test]
fn the_table_of_algorithms_is_consistent() {
    for algorithm in Algorithm::ALL {
        assert_eq!(algorithm.name().parse(), Ok(algorithm));
        assert_eq!(algorithm.is_symmetric(), algorithm.name().starts_with("HS"));
        assert_eq!(Algorithms::ASYMMETRIC.contains(algorithm), !algorithm.is_symmetric());
        assert!(Algorithms::for_key(algorithm.key_type()).contains(algorithm));
        let json = serde_json::to_string(&algorithm).unwrap();
        assert_eq!(json, format!("\"{algorithm}\""));
        assert_eq!(serde_json::from_str::<Algorithm>(&json).unwrap(), algorithm);
    }
    for name in ["none", "", "ed25519", "EDDSA", "hs256", "ES256K", "HS256 "] {
        name.parse::<Algorithm>().unwrap_err();
    }
    assert_eq!(Algorithms::ALL.iter().count(), 14);
    assert!(Algorithms::ASYMMETRIC.and(Algorithms::for_key(KeyType::Secret)).is_empty());
    for curve in [Curve::P256, Curve::P384, Curve::P521] {
        assert_eq!(Algorithms::for_key(KeyType::Ec(curve)), curve.algorithm().into());
    }
}

#[test]
fn a_key_survives_pkcs8() {
    for algorithm in asymmetric() {
        let (key, _) = key(algorithm);
        let der = key.to_pkcs8().unwrap();
        let again = SigningKey::from_pkcs8(algorithm, der.as_bytes()).unwrap();
        assert_eq!(again.public_jwk(), key.public_jwk());
        assert_eq!(again.kid(), key.kid());
        verified_by(&again, &key);
    }
}

#[test]
fn a_key_survives_a_private_jwk() {
    for algorithm in asymmetric() {
        let (key, _) = key(algorithm);
        let json = key.to_private_jwk().unwrap();
        let again = SigningKey::from_private_jwk(algorithm, json.as_str().as_bytes()).unwrap();
        assert_eq!(again.public_jwk(), key.public_jwk());
        assert_eq!(again.to_pkcs8().unwrap().as_bytes(), key.to_pkcs8().unwrap().as_bytes());
        verified_by(&again, &key);

        let value: Value = serde_json::from_str(json.as_str()).unwrap();
        assert_eq!(value["alg"], algorithm.name());
        assert_eq!(value["kid"], key.kid());
    }
}

fn verified_by(signer: &SigningKey, key: &SigningKey) {
    let jwk = key.public_jwk().unwrap();
    let verifying = VerifyingKey::from_jwk(&jwk, Algorithms::ASYMMETRIC).unwrap();
    let signature = signer.signature(b"message").unwrap();
    assert!(verifying.verifies(key.algorithm(), b"message", &signature));
    assert!(!verifying.verifies(key.algorithm(), b"messagf", &signature));
}

#[test]
fn rsa_keys_come_in_three_sizes() {
    for (size, bits) in
        [(RsaSize::Bits2048, 2048), (RsaSize::Bits3072, 3072), (RsaSize::Bits4096, 4096)]
    {
        let key = SigningKey::generate_rsa(Algorithm::Ps256, size).unwrap();
        let jwk: Value = serde_json::from_str(&key.public_jwk().unwrap().to_json()).unwrap();
        let modulus = base64url::decode(jwk["n"].as_str().unwrap()).unwrap();
        assert_eq!(modulus.len() * 8, bits);
        assert!(modulus[0] >= 0x80);
        assert_eq!(key.signature(b"").unwrap().len() * 8, bits);
    }
    let refused = SigningKey::generate_rsa(Algorithm::Es256, RsaSize::Bits2048).unwrap_err();
    assert_eq!(refused, KeyError::Mismatch(Algorithm::Es256));
}

#[test]
fn a_key_of_another_type_is_refused() {
    for algorithm in asymmetric() {
        let (key, _) = key(algorithm);
        let der = key.to_pkcs8().unwrap();
        let jwk = key.to_private_jwk().unwrap();
        let unnamed = jwk.as_str().replace(&format!(r#""alg":"{algorithm}","#), "");
        for other in Algorithm::ALL {
            let fits = other.key_type() == algorithm.key_type();
            assert_eq!(SigningKey::from_pkcs8(other, der.as_bytes()).is_ok(), fits);
            let unnamed = SigningKey::from_private_jwk(other, unnamed.as_bytes());
            assert_eq!(unnamed.is_ok(), fits, "{algorithm} as {other}");
            let named = SigningKey::from_private_jwk(other, jwk.as_str().as_bytes());
            assert_eq!(named.is_ok(), other == algorithm, "{algorithm} as {other}");
        }
    }
}

#[test]
fn a_damaged_private_key_is_refused() {
    for algorithm in asymmetric() {
        let (key, _) = key(algorithm);
        let der = key.to_pkcs8().unwrap();
        let half = &der.as_bytes()[..der.as_bytes().len() / 2];
        assert_eq!(SigningKey::from_pkcs8(algorithm, half).unwrap_err(), KeyError::Malformed);
        assert_eq!(SigningKey::from_pkcs8(algorithm, b"").unwrap_err(), KeyError::Malformed);

        let json = key.to_private_jwk().unwrap();
        let members: Value = serde_json::from_str(json.as_str()).unwrap();
        for name in ["d", "x", "y", "n", "p", "q", "dp", "dq", "qi"] {
            let Some(member) = members[name].as_str() else { continue };
            let mut other = members.clone();
            other.as_object_mut().unwrap().remove(name);
            let without = SigningKey::from_private_jwk(algorithm, other.to_string().as_bytes());
            assert_eq!(without.unwrap_err(), KeyError::Malformed, "{algorithm} without {name}");
            // Another number that does not belong to the rest.
            let mut bytes = base64url::decode(member).unwrap();
            *bytes.last_mut().unwrap() ^= 2;
            other[name] = base64url::encode(&bytes).into();
            let damaged = SigningKey::from_private_jwk(algorithm, other.to_string().as_bytes());
            assert_eq!(damaged.unwrap_err(), KeyError::Malformed, "{algorithm}, other {name}");
        }
    }
}

#[test]
fn a_private_jwk_is_read_strictly() {
    let (key, _) = key(Algorithm::Ed25519);
    let json = key.to_private_jwk().unwrap();
    let json = json.as_str();
    let read = |json: &str| SigningKey::from_private_jwk(Algorithm::Ed25519, json.as_bytes());
    read(json).unwrap();
    assert_eq!(read("{}").unwrap_err(), KeyError::Malformed);
    for twice in [r#""d":"AA","#, r#""own":1,"own":1,"#, r#""own":[{"a":1,"a":1}],"#] {
        let json = json.replacen('{', &format!("{{{twice}"), 1);
        assert_eq!(read(&json).unwrap_err(), KeyError::Malformed, "{twice}");
    }
    read(&json.replacen('{', r#"{"own":1,"#, 1)).unwrap();
    assert_eq!(read(&format!("{json}{}", " ".repeat(9_000))).unwrap_err(), KeyError::Malformed);
    assert_eq!(read(r#"{"kty":"oct","k":"AAAA"}"#).unwrap_err(), KeyError::Symmetric);
    let longer = json.replace("\"d\":\"", "\"d\":\"AAAA");
    assert_eq!(read(&longer).unwrap_err(), KeyError::Malformed);
}

#[test]
fn the_numbers_of_a_private_jwk_have_their_full_length() {
    for (algorithm, names) in [
        (Algorithm::Ed25519, &["d", "x"][..]),
        (Algorithm::Es256, &["d", "x", "y"]),
        (Algorithm::Es384, &["d", "x", "y"]),
        (Algorithm::Es512, &["d", "x", "y"]),
    ] {
        let (key, _) = key(algorithm);
        let json = key.to_private_jwk().unwrap();
        let members: Value = serde_json::from_str(json.as_str()).unwrap();
        let numbers = |name: &str| base64url::decode(members[name].as_str().unwrap()).unwrap();
        let read = |changes: &[(&str, &[u8])]| {
            let mut other = members.clone();
            for (name, bytes) in changes {
                other[*name] = base64url::encode(bytes).into();
            }
            SigningKey::from_private_jwk(algorithm, other.to_string().as_bytes())
        };
        for name in names {
            let number = numbers(name);
            read(&[(*name, &number)]).unwrap();
            // The same number with a zero in front, which says no more.
            let longer = [&[0], &number[..]].concat();
            assert_eq!(read(&[(*name, &longer)]).unwrap_err(), KeyError::Malformed, "{name}");
            let shorter = &number[..number.len() - 1];
            assert_eq!(read(&[(*name, shorter)]).unwrap_err(), KeyError::Malformed, "{name}");
        }
        if names.len() == 3 {
            // The same point with its middle elsewhere.
            let point = [numbers("x"), numbers("y")].concat();
            let (x, y) = point.split_at(point.len() / 2 + 1);
            assert_eq!(read(&[("x", x), ("y", y)]).unwrap_err(), KeyError::Malformed);
        }
    }
}

#[test]
fn an_rsa_key_with_more_than_two_primes_is_refused() {
    let (key, _) = key(Algorithm::Rs256);
    let json = key.to_private_jwk().unwrap();
    let more = json.as_str().replacen('{', r#"{"oth":[{"r":"AA","d":"AA","t":"AA"}],"#, 1);
    let refused = SigningKey::from_private_jwk(Algorithm::Rs256, more.as_bytes()).unwrap_err();
    assert_eq!(refused, KeyError::Unsupported);
}

#[test]
fn an_rsa_key_with_a_small_exponent_is_refused() {
    let der = base64url::decode(include_str!("rsa_exponent_3.txt").trim_end()).unwrap();
    let refused = SigningKey::from_pkcs8(Algorithm::Rs256, &der).unwrap_err();
    assert_eq!(refused, KeyError::Size);
}

#[test]
fn a_shared_secret_is_at_least_as_long_as_the_hash() {
    for (algorithm, length) in
        [(Algorithm::Hs256, 32), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)]
    {
        let secret = vec![7; length];
        HmacKey::new(algorithm, "kid", "audience", &secret).unwrap();
        let short = HmacKey::new(algorithm, "kid", "audience", &secret[1..]).unwrap_err();
        assert_eq!(short, KeyError::Size);
    }
    let refused = HmacKey::new(Algorithm::Rs256, "kid", "audience", &[7; 64]).unwrap_err();
    assert_eq!(refused, KeyError::Mismatch(Algorithm::Rs256));
}

#[test]
fn a_shared_secret_has_no_public_half_and_is_never_written() {
    for algorithm in Algorithms::for_key(KeyType::Secret).iter() {
        let (key, _) = key(algorithm);
        assert!(key.public_jwk().is_none());
        assert_eq!(key.to_pkcs8().err(), Some(KeyError::Symmetric));
        assert_eq!(key.to_private_jwk().err(), Some(KeyError::Symmetric));
        assert_eq!(SigningKey::generate(algorithm).unwrap_err(), KeyError::Symmetric);
        assert_eq!(SigningKey::from_pkcs8(algorithm, b"").unwrap_err(), KeyError::Symmetric);
    }
}

#[test]
fn a_key_is_named_by_its_thumbprint_until_it_is_named() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let thumbprint = key.public_jwk().unwrap().thumbprint();
    assert_eq!(key.kid(), thumbprint);
    let key = key.with_kid("2026-11");
    assert_eq!(key.kid(), "2026-11");
    assert_eq!(key.public_jwk().unwrap().kid(), Some("2026-11"));
    // The thumbprint is of the numbers alone.
    assert_eq!(key.public_jwk().unwrap().thumbprint(), thumbprint);
    assert!(trusting(&key).contains("2026-11"));
}

#[test]
fn no_secret_is_printed() {
    let secret = "correct horse battery staple secret";
    let hmac = HmacKey::new(Algorithm::Hs256, "name", "audience", secret.as_bytes()).unwrap();
    let printed = format!("{hmac:?}");
    assert!(printed.contains("name") && printed.contains("audience"), "{printed}");
    for printed in [printed, format!("{:?}", SigningKey::from(&hmac))] {
        assert!(!printed.contains("horse") && !printed.contains("99, 111"), "{printed}");
    }
    for algorithm in asymmetric() {
        let (key, _) = key(algorithm);
        let printed = format!("{key:?}");
        let names = format!("SigningKey {{ kid: {:?}, algorithm: {algorithm:?}, .. }}", key.kid());
        assert_eq!(printed, names);
    }
}

#[test]
fn a_verifying_key_knows_its_algorithms() {
    let (key, _) = key(Algorithm::Ed25519);
    let jwk = key.public_jwk().unwrap();
    let named = VerifyingKey::from_jwk(&jwk, Algorithms::ASYMMETRIC).unwrap();
    assert_eq!(named.algorithms(), Algorithm::Ed25519.into());
    let json = jwk.to_json().replace(r#""alg":"Ed25519","#, "");
    let unnamed = Jwk::from_json(json.as_bytes()).unwrap();
    let unnamed = VerifyingKey::from_jwk(&unnamed, Algorithms::ASYMMETRIC).unwrap();
    assert_eq!(unnamed.algorithms(), Algorithms::for_key(KeyType::Ed25519));
    let signature = key.signature(b"message").unwrap();
    assert!(!named.verifies(Algorithm::EdDsa, b"message", &signature));
    assert!(unnamed.verifies(Algorithm::EdDsa, b"message", &signature));
    let refused = VerifyingKey::from_jwk(&jwk, Algorithm::Es256.into()).unwrap_err();
    assert_eq!(refused, KeyError::NoAlgorithm);
}
