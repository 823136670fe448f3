//! The memory of a verifier: what it may recall, and what it must not.

use std::sync::Arc;

use cloakroom_jose::{
    Algorithm, Algorithms, Error, HmacKey, Jwk, KeyRing, SigningKey, TrustedKeys, Verifier,
    VerifyingKey, base64url,
};
use serde_json::Value;

use crate::fixture::{AUDIENCE, Good, NOW, expect, forge, trusting};

const MEMORY: u64 = 1 << 20;

fn remembering(good: &Good) -> (Arc<KeyRing>, Verifier<Value>) {
    let ring = Arc::new(KeyRing::new(good.keys.clone()));
    let verifier = Verifier::new(Arc::clone(&ring), expect(), MEMORY);
    (ring, verifier)
}

#[test]
fn a_token_seen_again_is_recalled() {
    for algorithm in Algorithm::ALL {
        let good = Good::signed_with(algorithm);
        let (_, verifier) = remembering(&good);
        let token = good.token();
        let first = verifier.verify(&token, NOW).unwrap();
        assert_eq!(first.claims()["scope"], "read");
        let second = verifier.verify(&token, NOW).unwrap();
        assert!(Arc::ptr_eq(&first, &second), "the very same claims");
        assert_eq!(verifier.remembered(), 1);
    }
}

#[test]
fn a_recalled_token_still_expires() {
    let good = Good::ed25519();
    let (_, verifier) = remembering(&good);
    let token = good.token();
    verifier.verify(&token, NOW + 599).unwrap();
    assert_eq!(verifier.verify(&token, NOW + 600).unwrap_err(), Error::Expired);
    assert_eq!(verifier.verify(&token, NOW - 1).unwrap_err(), Error::NotYetValid);
}

#[test]
fn removing_a_key_forgets_what_it_verified() {
    let good = Good::ed25519();
    let (ring, verifier) = remembering(&good);
    let token = good.token();
    verifier.verify(&token, NOW).unwrap();
    ring.replace(TrustedKeys::default());
    assert_eq!(verifier.verify(&token, NOW).unwrap_err(), Error::KeyUnknown);
    assert_eq!(verifier.remembered(), 0);
    ring.replace(good.keys.clone());
    verifier.verify(&token, NOW).unwrap();
}

#[test]
fn another_key_under_the_same_name_forgets_what_the_first_verified() {
    let good = Good::ed25519();
    let (ring, verifier) = remembering(&good);
    let token = good.token();
    verifier.verify(&token, NOW).unwrap();
    let other = SigningKey::generate(Algorithm::Ed25519).unwrap().with_kid(good.key.kid());
    ring.replace(trusting(&other));
    assert_eq!(verifier.verify(&token, NOW).unwrap_err(), Error::Signature);
}

#[test]
fn a_key_restricted_to_another_algorithm_forgets_what_it_verified() {
    let good = Good::signed_with(Algorithm::Ps256);
    let (ring, verifier) = remembering(&good);
    let token = good.token();
    verifier.verify(&token, NOW).unwrap();
    let json = good.key.public_jwk().unwrap().to_json().replace("PS256", "RS256");
    let jwk = Jwk::from_json(json.as_bytes()).unwrap();
    let key = VerifyingKey::from_jwk(&jwk, Algorithms::ASYMMETRIC).unwrap();
    ring.replace(TrustedKeys::new([key]).unwrap());
    assert_eq!(verifier.verify(&token, NOW).unwrap_err(), Error::AlgorithmNotAllowed);
}

#[test]
fn a_secret_given_to_another_audience_forgets_what_it_verified() {
    let good = Good::signed_with(Algorithm::Hs256);
    let (ring, verifier) = remembering(&good);
    let token = good.token();
    verifier.verify(&token, NOW).unwrap();
    let secret = |audience| HmacKey::new(Algorithm::Hs256, "shared", audience, &[7; 64]).unwrap();
    let ring_of = |audience| TrustedKeys::default().with_secret(secret(audience)).unwrap();
    ring.replace(ring_of(AUDIENCE));
    verifier.verify(&token, NOW).unwrap();
    ring.replace(ring_of("https://other.example"));
    assert_eq!(verifier.verify(&token, NOW).unwrap_err(), Error::Audience);
}

#[test]
fn a_new_key_beside_the_old_one_forgets_nothing() {
    let good = Good::ed25519();
    let (ring, verifier) = remembering(&good);
    let token = good.token();
    let first = verifier.verify(&token, NOW).unwrap();
    let next = SigningKey::generate(Algorithm::Es256).unwrap();
    let next = VerifyingKey::from_jwk(&next.public_jwk().unwrap(), Algorithms::ALL).unwrap();
    // The old one parsed anew, as a set that was fetched again would bring it.
    ring.replace(trusting(&good.key).with(next).unwrap());
    assert!(Arc::ptr_eq(&first, &verifier.verify(&token, NOW).unwrap()));
}

#[test]
fn what_was_refused_is_not_remembered() {
    let good = Good::ed25519();
    let (ring, verifier) = remembering(&good);
    ring.replace(TrustedKeys::default());
    let token = good.token();
    assert_eq!(verifier.verify(&token, NOW).unwrap_err(), Error::KeyUnknown);
    assert_eq!(verifier.remembered(), 0);
    ring.replace(good.keys.clone());
    verifier.verify(&token, NOW).unwrap();
}

#[test]
fn a_recalled_token_lends_nothing_to_a_similar_one() {
    let good = Good::signed_with(Algorithm::Es256);
    let (_, verifier) = remembering(&good);
    let token = good.token();
    verifier.verify(&token, NOW).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut other = base64url::decode(signature).unwrap();
    other[63] ^= 1;
    for similar in [
        format!("{signed}."),
        format!("{token}="),
        format!("{token} "),
        format!("{signed}.{}", base64url::encode(&other)),
        good.token().replacen('e', "f", 1),
    ] {
        verifier.verify(&similar, NOW).unwrap_err();
    }
    // The same claims signed a second time are another token, and verified on their own.
    let again = good.token();
    assert_ne!(again, token, "ECDSA draws a number for each signature");
    verifier.verify(&again, NOW).unwrap();
    assert_eq!(verifier.remembered(), 2);
}

#[test]
fn memory_is_bounded_by_bytes() {
    let good = Good::signed_with(Algorithm::Hs256);
    let ring = Arc::new(KeyRing::new(good.keys.clone()));
    let verifier = Verifier::<Value>::new(Arc::clone(&ring), expect(), 64 * 1024);
    let mut tokens = Vec::new();
    for number in 0..500 {
        let claims = good.claims.replace(r#""jti":"1""#, &format!(r#""jti":"{number}""#));
        tokens.push(forge(&good.key, &good.header, claims));
        verifier.verify(&tokens[number], NOW).unwrap();
    }
    let remembered = verifier.remembered();
    assert!((10..150).contains(&remembered), "{remembered} of 500 in 64 KiB");
    // What was dropped is verified anew.
    for token in &tokens {
        verifier.verify(token, NOW).unwrap();
    }

    let forgetful = Verifier::<Value>::new(ring, expect(), 0);
    forgetful.verify(&tokens[0], NOW).unwrap();
    assert_eq!(forgetful.remembered(), 0);
}

#[test]
fn an_oversized_token_is_refused() {
    let good = Good::ed25519();
    let ring = Arc::new(KeyRing::new(good.keys.clone()));
    let token = good.token();
    let verifier = Verifier::<Value>::new(ring, expect().max_bytes(token.len()), MEMORY);
    verifier.verify(&token, NOW).unwrap();
    assert_eq!(verifier.verify(&format!("{token}A"), NOW).unwrap_err(), Error::TooLong);
}

#[test]
fn all_can_be_forgotten() {
    let good = Good::ed25519();
    let (_, verifier) = remembering(&good);
    let token = good.token();
    let first = verifier.verify(&token, NOW).unwrap();
    verifier.forget_all();
    assert_eq!(verifier.remembered(), 0);
    assert!(!Arc::ptr_eq(&first, &verifier.verify(&token, NOW).unwrap()));
}

#[test]
fn rings_change_while_others_verify() {
    let good = Good::ed25519();
    let (ring, verifier) = remembering(&good);
    let token = good.token();
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                for _ in 0..500 {
                    match verifier.verify(&token, NOW) {
                        Ok(token) => assert_eq!(token.claims()["scope"], "read"),
                        Err(error) => assert_eq!(error, Error::KeyUnknown),
                    }
                }
            });
        }
        for _ in 0..200 {
            ring.replace(TrustedKeys::default());
            ring.replace(good.keys.clone());
        }
    });
    ring.replace(TrustedKeys::default());
    assert_eq!(verifier.verify(&token, NOW).unwrap_err(), Error::KeyUnknown);
}
