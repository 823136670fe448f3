//! Keys that clients hold, and what they sign with them: as they should, or otherwise.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloakroom_jose::{Algorithm, SigningKey};
use serde_json::{Value, json};

/// A new key.
pub(crate) fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

/// Its public half.
pub(crate) fn public(key: &SigningKey) -> Value {
    serde_json::to_value(key.public_jwk().unwrap()).unwrap()
}

/// A name that was not given to anything yet.
pub(crate) fn fresh() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("number {}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A token with this header and these claims.
pub(crate) fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
    sealed(header, claims, |text| key.signature(text).unwrap())
}

/// A token whose last part is made in any way.
pub(crate) fn sealed(
    header: &Value,
    claims: &Value,
    seal: impl FnOnce(&[u8]) -> Vec<u8>,
) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let seal = URL_SAFE_NO_PAD.encode(seal(text.as_bytes()));
    format!("{text}.{seal}")
}

/// A token that is sealed with a text that both sides know.
pub(crate) fn sealed_with_secret(header: &Value, claims: &Value, secret: &[u8]) -> String {
    use aws_lc_rs::hmac;

    let mut header = header.clone();
    header["alg"] = json!("HS256");
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    sealed(&header, claims, |text| hmac::sign(&key, text).as_ref().to_vec())
}

/// The digest by which a proof names a token (RFC 9449 §4.2).
pub(crate) fn ath(token: &str) -> String {
    use aws_lc_rs::digest;

    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.as_bytes()))
}
