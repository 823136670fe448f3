//! Any header and any claims, truly signed: a proof that passes is one for this request, as another parser reads it.
//!
//! The input is the header, a zero byte and the claims. Signing it here lets the fuzzer see what stands behind the check of
//! the signature; the header must bring the key that signs.

#![no_main]

use std::sync::LazyLock;

use cloakroom_jose::{Algorithm, SigningKey, base64url};
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::dpop::{ALGORITHMS, Freshness, Nonces, Proved, Request, verify};
use cloakroom_oauth::error::Error;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const REQUEST: Request<'static> =
    Request { method: "POST", url: "https://id.test/oauth/token", access_token: None };

/// RFC 8037 appendix A.1.
const KEY: &[u8] = br#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

static SIGNER: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::from_private_jwk(Algorithm::Ed25519, KEY).unwrap());
static NONCES: LazyLock<Nonces> = LazyLock::new(|| Nonces::derive(&[7; 32]));

fuzz_target!(|bytes: &[u8]| {
    // As it stands, too: what is no proof must be refused without harm.
    let _ = std::str::from_utf8(bytes).map(read);
    let Some(end) = bytes.iter().position(|byte| *byte == 0) else { return };
    let (header, claims) = (&bytes[..end], &bytes[end + 1..]);
    if let Ok(proved) = read(&signed(header, claims)) {
        assert_eq!(proved.thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        must_be_for_this_request(header, claims);
    }
});

fn read(proof: &str) -> Result<Proved, Error> {
    verify(proof, &REQUEST, Freshness::Stated(&NONCES), ALGORITHMS, NOW)
}

fn signed(header: &[u8], claims: &[u8]) -> String {
    let text = format!("{}.{}", base64url::encode(header), base64url::encode(claims));
    let signature = SIGNER.signature(text.as_bytes()).unwrap();
    format!("{text}.{}", base64url::encode(&signature))
}

fn must_be_for_this_request(header: &[u8], claims: &[u8]) {
    let header: Value = serde_json::from_slice(header).expect("the header is JSON");
    let claims: Value = serde_json::from_slice(claims).expect("the claims are JSON");
    assert!(
        header["alg"] == "Ed25519" || header["alg"] == "EdDSA",
        "signed with {}",
        header["alg"]
    );
    let typ = header["typ"].as_str().expect("a type").to_ascii_lowercase();
    assert_eq!(typ.strip_prefix("application/").unwrap_or(&typ), "dpop+jwt");
    assert_eq!((&header["jwk"]["x"], header["jwk"].get("d")), (&X.into(), None));
    assert!(header.get("crit").is_none(), "an extension that nobody knows was accepted");
    assert_eq!(claims["htm"], "POST");
    let place = claims["htu"].as_str().expect("a place").to_ascii_lowercase();
    assert!(place.starts_with("https:"), "it is for {place}");
    let made = claims["iat"].as_f64().expect("a time");
    assert!((1_799_999_880.0..1_800_000_031.0).contains(&made), "it was made at {made}");
    assert!(claims["jti"].as_str().is_some_and(|name| !name.is_empty()));
    let nonce = claims.get("nonce").and_then(Value::as_str);
    assert!(nonce.is_none_or(|nonce| NONCES.accepts(nonce, NOW)));
}
