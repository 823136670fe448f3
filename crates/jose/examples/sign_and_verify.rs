//! The whole way of a token: a key is made, its public half published, a token signed, and verified by a service.
//!
//! Run with `cargo run -p cloakroom-jose --example sign_and_verify`.

use std::sync::Arc;

use cloakroom_jose::{
    Algorithm, Algorithms, Error, Expectations, Jwks, KeyRing, Signer, SigningKey, TrustedKeys,
    Verifier,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct AccessToken {
    iss: String,
    sub: String,
    aud: String,
    iat: u64,
    exp: u64,
    scope: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = 1_800_000_000;

    // The issuer keeps the key, publishes its public half, and signs.
    let key = Arc::new(SigningKey::generate(Algorithm::Ed25519)?);
    let published = Jwks::new(key.public_jwk())?.to_json();
    let token = Signer::new(key, "at+jwt").sign(&AccessToken {
        iss: "https://issuer.example".into(),
        sub: "ada".into(),
        aud: "https://api.example".into(),
        iat: now,
        exp: now + 600,
        scope: "read".into(),
    })?;

    // The service trusts what was published, and says what it expects.
    let set = Jwks::from_json(published.as_bytes())?;
    let accept = Algorithms::of(&[Algorithm::Ed25519, Algorithm::Es256]);
    let keys = TrustedKeys::new(set.verifying_keys(accept).flatten())?;
    let ring = Arc::new(KeyRing::new(keys));
    let expect = Expectations::new("https://issuer.example", "https://api.example", "at+jwt");
    let verifier = Verifier::<AccessToken>::new(Arc::clone(&ring), expect, 1 << 20);

    let read = verifier.verify(&token, now + 1)?;
    let AccessToken { sub, scope, .. } = read.claims();
    println!("{sub} may {scope}");

    // Ten minutes later the token is void; without its key it is so at once.
    assert_eq!(verifier.verify(&token, now + 600).err(), Some(Error::Expired));
    ring.replace(TrustedKeys::default());
    assert_eq!(verifier.verify(&token, now + 1).err(), Some(Error::KeyUnknown));
    Ok(())
}
