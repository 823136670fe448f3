//! Any header and any claims, truly signed: what passes must be what was expected, as another parser reads it.
//!
//! The input is the header, a zero byte and the claims. Signing it here lets the fuzzer see what stands behind the
//! check of the signature.

#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use cloakroom_jose::{Algorithm, Expectations, HmacKey, TrustedKeys, base64url};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const NOW: u64 = 1_800_000_000;
const SECRET: [u8; 32] = [7; 32];

static KEYS: LazyLock<TrustedKeys> = LazyLock::new(|| {
    let key = HmacKey::new(Algorithm::Hs256, "k", "api", &SECRET).unwrap();
    TrustedKeys::default().with_secret(key).unwrap()
});
static EXPECT: LazyLock<Expectations> =
    LazyLock::new(|| Expectations::new("https://id.test", "api", "at+jwt"));

fuzz_target!(|bytes: &[u8]| {
    let Some(end) = bytes.iter().position(|byte| *byte == 0) else { return };
    let (header, claims) = (&bytes[..end], &bytes[end + 1..]);
    if KEYS.verify::<Value>(&signed(header, claims), &EXPECT, NOW).is_ok() {
        must_be_expected(header, claims);
    }
});

fn signed(header: &[u8], claims: &[u8]) -> String {
    let text = format!("{}.{}", base64url::encode(header), base64url::encode(claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &SECRET), text.as_bytes());
    format!("{text}.{}", base64url::encode(tag.as_ref()))
}

fn must_be_expected(header: &[u8], claims: &[u8]) {
    let header: Value = serde_json::from_slice(header).expect("the header is JSON");
    let claims: Value = serde_json::from_slice(claims).expect("the claims are JSON");
    assert_eq!((&header["alg"], &header["kid"]), (&"HS256".into(), &"k".into()));
    assert!(header.get("crit").is_none(), "an extension that nobody knows was accepted");
    let typ = header["typ"].as_str().expect("a type").to_ascii_lowercase();
    assert_eq!(typ.strip_prefix("application/").unwrap_or(&typ), "at+jwt");
    assert_eq!(claims["iss"], "https://id.test");
    let audience = &claims["aud"];
    let named = audience.as_array().is_some_and(|list| list.contains(&"api".into()));
    assert!(named || audience == "api", "it is for {audience}");
    assert!(claims["exp"].as_f64().expect("an end") > 1_800_000_000.0);
    assert!(claims["nbf"].as_f64().is_none_or(|begin| begin <= 1_800_000_000.0));
}
