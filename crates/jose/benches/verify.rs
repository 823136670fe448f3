//! What strictness costs: signing and verifying tokens beside the bare signature of the provider.
//!
//! Each figure is a ratio. Both sides take turns in short batches, so that whatever else the machine does hits both. A run
//! takes for each side the batch at its first decile: other work on the machine only ever makes a batch slower. Printed is
//! the median of seven runs, with the smallest and the largest. The bare side gets parsed keys and a decoded signature.
//! Run with `cargo bench -p cloakroom-jose`, or for some algorithms with `cargo bench -p cloakroom-jose -- Ed25519 HS256`.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads a clock")]
#![expect(clippy::cast_precision_loss, reason = "nanoseconds of a batch are far below 2^52")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, KeyPair as _};
use aws_lc_rs::{hmac, signature::ParsedPublicKey};
use cloakroom_jose::{
    Algorithm, Algorithms, Expectations, HmacKey, KeyRing, Signer, SigningKey, TrustedKeys,
    Verifier, VerifyingKey, base64url,
};
use serde::{Deserialize, Serialize};

const RUNS: usize = 7;
const BATCHES: usize = 300;
const BATCH_NANOSECONDS: f64 = 200_000.0;

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://api.example.com";
const NOW: u64 = 1_800_000_000;

/// An access token as RFC 9068 has it, with session and grant.
#[derive(Debug, Serialize, Deserialize)]
struct AccessToken {
    iss: String,
    sub: String,
    aud: String,
    client_id: String,
    iat: u64,
    exp: u64,
    jti: String,
    sid: String,
    grant: String,
    scope: String,
    auth_time: u64,
    acr: String,
    amr: Vec<String>,
}

fn claims() -> AccessToken {
    AccessToken {
        iss: ISSUER.into(),
        sub: "019aa1f2-6c1e-7d10-a1f5-0b8f1b2d3c4d".into(),
        aud: AUDIENCE.into(),
        client_id: "shop-mobile".into(),
        iat: NOW,
        exp: NOW + 600,
        jti: "019aa1f2-6c1e-7d10-a1f5-111111111111".into(),
        sid: "019aa1f2-6c1e-7d10-a1f5-222222222222".into(),
        grant: "019aa1f2-6c1e-7d10-a1f5-333333333333".into(),
        scope: "openid profile email orders:read".into(),
        auth_time: NOW - 3_600,
        acr: "urn:cloakroom:aal1".into(),
        amr: vec!["pwd".into()],
    }
}

fn main() {
    // Under `cargo test --benches` there is nothing to measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    println!("median of {RUNS} runs, smallest and largest in brackets");
    let named = |name: &str| std::env::args().any(|argument| argument == name);
    let all = !Algorithm::ALL.iter().any(|algorithm| named(algorithm.name()));
    for algorithm in [
        Algorithm::Ed25519,
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Rs256,
        Algorithm::Ps256,
        Algorithm::Hs256,
    ] {
        if all || named(algorithm.name()) {
            measure(algorithm);
        }
    }
}

fn measure(algorithm: Algorithm) {
    let Subject { key, keys, sign, verify } = subject(algorithm);
    let signer = Signer::new(Arc::new(key), "at+jwt");
    let claims = claims();
    let token = signer.sign(&claims).expect("the claims are signed");
    let (message, mac) = token.rsplit_once('.').expect("a token has dots");
    let mac = base64url::decode(mac).expect("the signature decodes");
    assert!(verify(message.as_bytes(), &mac), "the bare key verifies the token");

    let expect = Expectations::new(ISSUER, AUDIENCE, "at+jwt");
    let ring = Arc::new(KeyRing::new(keys));
    let remembering = Verifier::<AccessToken>::new(Arc::clone(&ring), expect.clone(), 1 << 20);

    let bare = || {
        black_box(verify(black_box(message.as_bytes()), &mac));
    };
    report(algorithm, "cold verification", "bare verification", bare, || {
        let verified = ring.verify::<AccessToken>(black_box(&token), &expect, NOW);
        black_box(verified.expect("the token verifies"));
    });
    report(algorithm, "recalled", "bare verification", bare, || {
        let verified = remembering.verify(black_box(&token), NOW);
        black_box(verified.expect("the token verifies"));
    });
    let bare = || {
        black_box(sign(black_box(message.as_bytes())));
    };
    report(algorithm, "signing", "bare signing", bare, || {
        black_box(signer.sign(black_box(&claims)).expect("the claims are signed"));
    });
}

/// Prints how much longer `ours` takes than `bare`.
fn report(algorithm: Algorithm, ours_is: &str, bare_is: &str, bare: impl Fn(), ours: impl Fn()) {
    let (bare_count, ours_count) = (count(&bare), count(&ours));
    let mut runs: Vec<(f64, f64, f64)> = (0..RUNS)
        .map(|_| {
            let (mut bare_times, mut ours_times) = (Vec::new(), Vec::new());
            for _ in 0..BATCHES {
                bare_times.push(batch(bare_count, &bare));
                ours_times.push(batch(ours_count, &ours));
            }
            let (bare, ours) = (undisturbed(bare_times), undisturbed(ours_times));
            (ours / bare, ours, bare)
        })
        .collect();
    runs.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (ratio, ours, bare) = runs[RUNS / 2];
    let (least, most) = (runs[0].0, runs[RUNS - 1].0);
    println!(
        "{algorithm:8} {ours_is:18} {ratio:6.3} [{least:.3} to {most:.3}]  {ours_us:8.2} µs  {bare_is} {bare_us:8.2} µs",
        algorithm = algorithm.name(),
        ours_us = ours / 1e3,
        bare_us = bare / 1e3,
    );
}

/// How often the work fits into one batch.
fn count(work: &impl Fn()) -> u32 {
    let mut count = 1;
    loop {
        let nanoseconds = batch(count, work) * f64::from(count);
        if nanoseconds >= BATCH_NANOSECONDS {
            return count;
        }
        count *= 2;
    }
}

/// Nanoseconds for one piece of work, from so many in a row.
fn batch(count: u32, work: &impl Fn()) -> f64 {
    let begin = Instant::now();
    for _ in 0..count {
        work();
    }
    begin.elapsed().as_nanos() as f64 / f64::from(count)
}

/// The time at the first decile.
fn undisturbed(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 10]
}

/// A key of ours, and the same key bare.
struct Subject {
    key: SigningKey,
    keys: TrustedKeys,
    sign: Sign,
    verify: Verify,
}

type Sign = Box<dyn Fn(&[u8]) -> usize>;
type Verify = Box<dyn Fn(&[u8], &[u8]) -> bool>;

fn subject(algorithm: Algorithm) -> Subject {
    if algorithm.is_symmetric() {
        return hmac_subject();
    }
    let key = SigningKey::generate(algorithm).expect("the key is made");
    let jwk = key.public_jwk().expect("the key has a public half");
    let verifying = VerifyingKey::from_jwk(&jwk, Algorithms::ASYMMETRIC).expect("the key is read");
    let keys = TrustedKeys::new([verifying]).expect("the key is alone");
    let der = key.to_pkcs8().expect("the key is written");
    let der = der.as_bytes();
    let random = SystemRandom::new();
    let (sign, parsed): (Sign, _) = match algorithm {
        Algorithm::Ed25519 => {
            let pair = signature::Ed25519KeyPair::from_pkcs8(der).expect("the key is read");
            let parsed = ParsedPublicKey::new(&signature::ED25519, pair.public_key());
            (Box::new(move |message| pair.sign(message).as_ref().len()), parsed)
        }
        Algorithm::Es256 | Algorithm::Es384 => {
            let (signing, verification): (_, &'static signature::EcdsaVerificationAlgorithm) =
                if algorithm == Algorithm::Es256 {
                    let signing = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
                    (signing, &signature::ECDSA_P256_SHA256_FIXED)
                } else {
                    let signing = &signature::ECDSA_P384_SHA384_FIXED_SIGNING;
                    (signing, &signature::ECDSA_P384_SHA384_FIXED)
                };
            let pair = signature::EcdsaKeyPair::from_pkcs8(signing, der).expect("the key is read");
            let parsed = ParsedPublicKey::new(verification, pair.public_key());
            let sign =
                move |message: &[u8]| pair.sign(&random, message).expect("it signs").as_ref().len();
            (Box::new(sign), parsed)
        }
        _ => {
            let (encoding, verification): (&'static dyn signature::RsaEncoding, _) =
                if algorithm == Algorithm::Rs256 {
                    (&signature::RSA_PKCS1_SHA256, &signature::RSA_PKCS1_2048_8192_SHA256)
                } else {
                    (&signature::RSA_PSS_SHA256, &signature::RSA_PSS_2048_8192_SHA256)
                };
            let pair = signature::RsaKeyPair::from_pkcs8(der).expect("the key is read");
            let parsed = ParsedPublicKey::new(verification, pair.public_key());
            let sign = move |message: &[u8]| {
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut out).expect("it signs");
                out.len()
            };
            (Box::new(sign), parsed)
        }
    };
    let parsed = parsed.expect("the key is parsed");
    let verify =
        Box::new(move |message: &[u8], mac: &[u8]| parsed.verify_sig(message, mac).is_ok());
    Subject { key, keys, sign, verify }
}

fn hmac_subject() -> Subject {
    let secret = [7; 32];
    let shared = HmacKey::new(Algorithm::Hs256, "shared", AUDIENCE, &secret);
    let shared = shared.expect("the secret is long enough");
    let key = SigningKey::from(&shared);
    let keys = TrustedKeys::default().with_secret(shared).expect("the key is alone");
    let bare = hmac::Key::new(hmac::HMAC_SHA256, &secret);
    let other = bare.clone();
    Subject {
        key,
        keys,
        sign: Box::new(move |message| hmac::sign(&bare, message).as_ref().len()),
        verify: Box::new(move |message, tag| hmac::verify(&other, message, tag).is_ok()),
    }
}
