//! Tokens that talk the verifier into another algorithm.

use cloakroom_jose::{
    Algorithm, Algorithms, Error, HmacKey, Jwk, KeyError, SigningKey, TrustedKeys, VerifyingKey,
    base64url,
};
use serde_json::Value;

use crate::fixture::{AUDIENCE, Good, NOW, expect, forge};

#[test]
fn a_token_without_a_signature_is_refused() {
    let good = Good::ed25519();
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let header = good.header.replace("Ed25519", none);
        let unsigned = format!(
            "{}.{}.",
            base64url::encode(header.as_bytes()),
            base64url::encode(good.claims.as_bytes())
        );
        assert_eq!(good.verify(&unsigned, &expect()).unwrap_err(), Error::AlgorithmUnknown);
        assert_eq!(good.with_header(&header).unwrap_err(), Error::AlgorithmUnknown);
    }
    let token = good.token();
    let (signed, _) = token.rsplit_once('.').unwrap();
    assert_eq!(good.verify(&format!("{signed}."), &expect()).unwrap_err(), Error::Signature);
}

#[test]
fn an_rsa_key_is_no_hmac_secret() {
    let good = Good::signed_with(Algorithm::Rs256);
    let jwk = good.key.public_jwk().unwrap();
    let header = good.header.replace("RS256", "HS256");
    // The forger takes what everybody can have of the public key as the secret.
    let der = good.key.to_pkcs8().unwrap();
    for secret in
        [jwk.to_json().into_bytes(), jwk.thumbprint().into_bytes(), der.as_bytes().to_vec()]
    {
        let secret = HmacKey::new(Algorithm::Hs256, good.key.kid(), AUDIENCE, &secret).unwrap();
        let forged = forge(&SigningKey::from(&secret), &header, &good.claims);
        assert_eq!(good.verify(&forged, &expect()).unwrap_err(), Error::AlgorithmNotAllowed);
    }
    // Nor can the key be made to accept HMAC by whoever sets up the verifier.
    let hmac = Algorithms::of(&[Algorithm::Hs256]);
    assert_eq!(VerifyingKey::from_jwk(&jwk, hmac).unwrap_err(), KeyError::NoAlgorithm);
}

#[test]
fn an_algorithm_that_is_not_the_keys_is_refused() {
    for algorithm in Algorithm::ALL {
        let good = Good::signed_with(algorithm);
        for other in Algorithm::ALL {
            let header = good.header.replace(algorithm.name(), other.name());
            let verified = good.with_header(&header);
            if other == algorithm {
                verified.unwrap();
            } else {
                assert_eq!(
                    verified.unwrap_err(),
                    Error::AlgorithmNotAllowed,
                    "{algorithm}, {other}"
                );
            }
        }
    }
}

#[test]
fn an_algorithm_that_the_verifier_does_not_expect_is_refused() {
    let good = Good::ed25519();
    let only = |algorithm| expect().algorithms(Algorithms::of(&[algorithm]));
    good.verify(&good.token(), &only(Algorithm::Ed25519)).unwrap();
    let refused = good.verify(&good.token(), &only(Algorithm::Es256)).unwrap_err();
    assert_eq!(refused, Error::AlgorithmNotAllowed);
}

#[test]
fn an_unknown_algorithm_is_refused() {
    let good = Good::ed25519();
    for alg in [r#""ed25519""#, r#""ES256K""#, r#""HS1""#, r#""RSA-OAEP""#] {
        let header = good.header.replace(r#""Ed25519""#, alg);
        assert_eq!(good.with_header(&header).unwrap_err(), Error::AlgorithmUnknown, "{alg}");
    }
    for alg in ["null", "7", r#"["Ed25519"]"#] {
        let header = good.header.replace(r#""Ed25519""#, alg);
        assert_eq!(good.with_header(&header).unwrap_err(), Error::HeaderMalformed("alg"), "{alg}");
    }
    let header = good.header.replace(r#""alg":"Ed25519","#, "");
    assert_eq!(good.with_header(&header).unwrap_err(), Error::AlgorithmUnknown);
}

#[test]
fn a_key_that_says_nothing_of_its_algorithm_gets_only_what_the_verifier_accepts() {
    let good = Good::signed_with(Algorithm::Ps256);
    let jwk = good.key.public_jwk().unwrap().to_json().replace(r#""alg":"PS256","#, "");
    let jwk = Jwk::from_json(jwk.as_bytes()).unwrap();
    let keys = |accept| TrustedKeys::new([VerifyingKey::from_jwk(&jwk, accept).unwrap()]).unwrap();
    let ps = keys(Algorithms::of(&[Algorithm::Ps256]));
    ps.verify::<Value>(&good.token(), &expect(), NOW).unwrap();
    let rs = keys(Algorithms::of(&[Algorithm::Rs256]));
    let refused = rs.verify::<Value>(&good.token(), &expect(), NOW).unwrap_err();
    assert_eq!(refused, Error::AlgorithmNotAllowed);
}
