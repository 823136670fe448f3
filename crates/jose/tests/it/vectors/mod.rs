//! The examples that the specifications print.

mod rfc7515;
mod rfc7520;
mod rfc7638;
mod rfc8037;

use cloakroom_jose::{Algorithm, Algorithms, Jwk, VerifyingKey, base64url};

/// What a token's signature is over, and the signature.
fn signature_of(token: &str) -> (&str, Vec<u8>) {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    (signed, base64url::decode(signature).unwrap())
}

fn public(jwk: &str) -> VerifyingKey {
    let jwk = Jwk::from_json(jwk.as_bytes()).unwrap();
    VerifyingKey::from_jwk(&jwk, Algorithms::ASYMMETRIC).unwrap()
}

/// The example verifies as printed, and not with anything changed.
fn verifies(key: &VerifyingKey, algorithm: Algorithm, token: &str) {
    let (signed, mut signature) = signature_of(token);
    assert!(key.verifies(algorithm, signed.as_bytes(), &signature));
    assert!(!key.verifies(algorithm, signed.replacen('e', "f", 1).as_bytes(), &signature));
    *signature.last_mut().unwrap() ^= 1;
    assert!(!key.verifies(algorithm, signed.as_bytes(), &signature));
}
