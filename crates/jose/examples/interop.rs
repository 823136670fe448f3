//! Exchanges tokens with other implementations, as lines of JSON.
//!
//! `interop` prints a line `{"alg","jwk","private_jwk","token"}` for each algorithm, with fresh keys; for HMAC `jwk` is
//! missing, since there is no public half. `interop verify` reads lines `{"alg","jwk","token"}` and checks each token
//! strictly against its key; it prints how many it checked, or what was wrong with the first bad one, and fails. A line
//! with `"refuse": true` must be refused instead.
//!
//! All tokens are of type `at+jwt`, from `https://issuer.example` for `https://api.example`. The private keys printed here
//! are made for the exchange and good for nothing else.

#![expect(
    clippy::disallowed_methods,
    reason = "an example has no engine to ask for time and randomness"
)]

use std::io::{BufRead as _, Write as _};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use cloakroom_jose::{
    Algorithm, Algorithms, Expectations, HmacKey, Jwk, Signer, SigningKey, TrustedKeys,
    VerifyingKey, base64url,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "https://api.example";

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    match std::env::args().nth(1).as_deref() {
        None => print(),
        Some("verify") => verify(),
        Some(other) => Err(format!("{other} is unknown; say nothing or `verify`").into()),
    }
}

fn now() -> Result<u64, Failure> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

#[derive(Serialize)]
struct Ours {
    alg: Algorithm,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwk: Option<Jwk>,
    private_jwk: Value,
    token: String,
}

fn print() -> Result<(), Failure> {
    let now = now()?;
    let mut out = std::io::stdout().lock();
    for alg in Algorithm::ALL {
        let (key, private_jwk) = make(alg)?;
        let jwk = key.public_jwk();
        let claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "user \u{e9}\u{1f9e5}", "iat": now, "exp": now + 600,
        });
        let token = Signer::new(Arc::new(key), "at+jwt").sign(&claims)?;
        writeln!(out, "{}", serde_json::to_string(&Ours { alg, jwk, private_jwk, token })?)?;
    }
    Ok(())
}

fn make(alg: Algorithm) -> Result<(SigningKey, Value), Failure> {
    if alg.is_symmetric() {
        let mut secret = [0; 64];
        aws_lc_rs::rand::fill(&mut secret).map_err(|_| "no randomness")?;
        let key = HmacKey::new(alg, "shared", AUDIENCE, &secret)?;
        let jwk = json!({
            "kty": "oct", "k": base64url::encode(&secret), "alg": alg, "kid": "shared",
        });
        return Ok((SigningKey::from(&key), jwk));
    }
    let key = SigningKey::generate(alg)?;
    let private_jwk = serde_json::from_str(key.to_private_jwk()?.as_str())?;
    Ok((key, private_jwk))
}

#[derive(Deserialize)]
struct Theirs {
    alg: Algorithm,
    jwk: Value,
    token: String,
    #[serde(default)]
    refuse: bool,
}

fn verify() -> Result<(), Failure> {
    let mut checked = 0;
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        let line: Theirs = serde_json::from_str(&line?)?;
        let verdict = check(&line).map_err(|error| error.to_string());
        if verdict.is_err() != line.refuse {
            let should = if line.refuse { "be refused" } else { "verify" };
            return Err(
                format!("line {}: {} should {should}: {verdict:?}", number + 1, line.alg).into()
            );
        }
        checked += 1;
    }
    if checked == 0 {
        return Err("there was nothing to check".into());
    }
    println!("{checked}");
    Ok(())
}

fn check(line: &Theirs) -> Result<(), Failure> {
    let keys = if let Some(secret) = line.jwk["k"].as_str() {
        let kid = line.jwk["kid"].as_str().ok_or("the secret has no kid")?;
        let key = HmacKey::new(line.alg, kid, AUDIENCE, &base64url::decode(secret)?)?;
        TrustedKeys::default().with_secret(key)?
    } else {
        let jwk = Jwk::from_json(line.jwk.to_string().as_bytes())?;
        TrustedKeys::new([VerifyingKey::from_jwk(&jwk, Algorithms::ASYMMETRIC)?])?
    };
    let expect = Expectations::new(ISSUER, AUDIENCE, "at+jwt").algorithms(line.alg.into());
    keys.verify::<Value>(&line.token, &expect, now()?)?;
    Ok(())
}
