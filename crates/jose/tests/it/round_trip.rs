//! Tokens made here are accepted here, by every algorithm.

use std::sync::Arc;

use cloakroom_jose::{
    Algorithm, Algorithms, Expectations, HmacKey, Jwks, KeyRing, Signer, SigningKey, TrustedKeys,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct Claims {
    iss: String,
    aud: String,
    exp: u64,
    scope: String,
}

fn claims() -> Claims {
    Claims {
        iss: "https://issuer.example".into(),
        aud: "api".into(),
        exp: 2_000,
        scope: "read".into(),
    }
}

#[test]
fn every_algorithm_verifies_what_it_signed() {
    for algorithm in Algorithm::ALL {
        let (key, keys) = if algorithm.is_symmetric() {
            let secret = HmacKey::new(algorithm, "shared", "api", &[7; 64]).unwrap();
            (SigningKey::from(&secret), TrustedKeys::default().with_secret(secret).unwrap())
        } else {
            let key = SigningKey::generate(algorithm).unwrap();
            let set = Jwks::new(key.public_jwk()).unwrap().to_json();
            let set = Jwks::from_json(set.as_bytes()).unwrap();
            let keys: Result<Vec<_>, _> = set.verifying_keys(Algorithms::ASYMMETRIC).collect();
            (key, TrustedKeys::new(keys.unwrap()).unwrap())
        };
        let ring = KeyRing::new(keys);
        let token = Signer::new(Arc::new(key), "at+jwt").sign(&claims()).unwrap();
        let expect = Expectations::new("https://issuer.example", "api", "at+jwt");
        let verified = ring.verify::<Claims>(&token, &expect, 1_999).unwrap();
        assert_eq!(verified.claims(), &claims());
        assert_eq!(verified.algorithm(), algorithm);
    }
}
