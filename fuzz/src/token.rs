//! Any text as a token, against keys that have signed exactly one: no other text may pass, however close.

#![no_main]

use std::sync::LazyLock;

use cloakroom_jose::{Algorithm, Expectations, HmacKey, TrustedKeys};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const NOW: u64 = 1_800_000_000;
/// The only text that was ever signed with the key; the seed of this target.
const SIGNED: &str = include_str!("../seeds/token/signed");

static KEYS: LazyLock<TrustedKeys> = LazyLock::new(|| {
    let key = HmacKey::new(Algorithm::Hs256, "k", "api", &[7; 32]).unwrap();
    let keys = TrustedKeys::default().with_secret(key).unwrap();
    let signed = keys.verify::<Value>(SIGNED, &EXPECT, NOW);
    assert!(signed.is_ok(), "the one that was signed must pass: {signed:?}");
    keys
});
static EXPECT: LazyLock<Expectations> =
    LazyLock::new(|| Expectations::new("https://id.test", "api", "at+jwt"));

fuzz_target!(|text: &str| {
    let verified = KEYS.verify::<Value>(text, &EXPECT, NOW);
    assert!(verified.is_err() || text == SIGNED, "a text passed that was never signed");
});
