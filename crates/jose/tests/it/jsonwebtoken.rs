//! The crate `jsonwebtoken` reads our tokens and we read its, for every algorithm that it has.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloakroom_jose::{Algorithm, KeyType, SigningKey};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde_json::Value;

use crate::fixture::{AUDIENCE, Good, ISSUER, expect};

/// What both have. Ed25519 goes by its older name there; ES512 is missing.
const SHARED: [Algorithm; 12] = [
    Algorithm::EdDsa,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
    Algorithm::Hs256,
    Algorithm::Hs384,
    Algorithm::Hs512,
];

#[test]
fn it_verifies_our_tokens() {
    for algorithm in SHARED {
        let good = Good::signed_with(algorithm);
        let key = match good.key.public_jwk() {
            Some(jwk) => DecodingKey::from_jwk(&serde_json::from_str(&jwk.to_json()).unwrap()),
            None => Ok(DecodingKey::from_secret(&[7; 64])),
        };
        let key = key.unwrap();
        let mut validation = Validation::new(theirs(algorithm));
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[ISSUER]);
        // It asks the wall clock, and the token is from another year.
        validation.validate_exp = false;
        let token = good.token();
        let read = jsonwebtoken::decode::<Value>(&token, &key, &validation).unwrap();
        assert_eq!(read.claims, *good.verify(&token, &expect()).unwrap().claims());
        assert_eq!(read.header.kid.as_deref(), Some(good.key.kid()));

        let damaged = token.replacen(".ey", ".ez", 1);
        assert_ne!(damaged, token);
        jsonwebtoken::decode::<Value>(&damaged, &key, &validation).unwrap_err();
    }
}

#[test]
fn we_verify_its_tokens() {
    for algorithm in SHARED {
        let good = Good::signed_with(algorithm);
        let mut header = Header::new(theirs(algorithm));
        header.typ = Some("at+jwt".into());
        header.kid = Some(good.key.kid().into());
        let claims: Value = serde_json::from_str(&good.claims).unwrap();
        let token = jsonwebtoken::encode(&header, &claims, &encoding_key(&good.key)).unwrap();
        assert_eq!(good.verify(&token, &expect()).unwrap().claims(), &claims);
        good.verify(&token.replacen(".ey", ".ez", 1), &expect()).unwrap_err();
    }
}

fn theirs(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    algorithm.name().parse().unwrap()
}

fn encoding_key(key: &SigningKey) -> EncodingKey {
    let pem = || {
        let der = STANDARD.encode(key.to_pkcs8().unwrap().as_bytes());
        format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n").into_bytes()
    };
    match key.algorithm().key_type() {
        KeyType::Ed25519 => EncodingKey::from_ed_pem(&pem()).unwrap(),
        KeyType::Ec(_) => EncodingKey::from_ec_pem(&pem()).unwrap(),
        KeyType::Rsa => EncodingKey::from_rsa_pem(&pem()).unwrap(),
        KeyType::Secret => EncodingKey::from_secret(&[7; 64]),
    }
}
