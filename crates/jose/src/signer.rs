//! Making tokens in compact serialization (RFC 7515 §7.1).
//!
//! The header of a key's tokens of one type never changes, so it is encoded once. Making a token costs the claims, one
//! text of the right size, and the signature.

use std::sync::Arc;

use serde::Serialize;

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::error::SignError;
use crate::signing_key::SigningKey;

/// Makes tokens of one type with one key.
#[derive(Debug, Clone)]
pub struct Signer {
    key: Arc<SigningKey>,
    /// The encoded header and its dot.
    prefix: Box<str>,
}

impl Signer {
    /// Tokens with `typ`, `alg` and `kid` in the header. `typ` without `application/`: `at+jwt`, `JWT`, `logout+jwt`.
    #[must_use]
    pub fn new(key: Arc<SigningKey>, typ: &str) -> Self {
        Self::with_header(key, Some(typ))
    }

    /// Tokens without `typ`, for specifications from before it was asked for. New kinds of tokens have one.
    #[must_use]
    pub fn untyped(key: Arc<SigningKey>) -> Self {
        Self::with_header(key, None)
    }

    fn with_header(key: Arc<SigningKey>, typ: Option<&str>) -> Self {
        #[derive(Serialize)]
        struct Header<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            typ: Option<&'a str>,
            alg: Algorithm,
            kid: &'a str,
        }
        let header = Header { typ, alg: key.algorithm(), kid: key.kid() };
        // Three strings always become JSON.
        let json = serde_json::to_vec(&header).unwrap_or_default();
        let prefix = format!("{}.", base64url::encode(&json)).into();
        Self { key, prefix }
    }

    /// The key that signs.
    #[must_use]
    pub fn key(&self) -> &Arc<SigningKey> {
        &self.key
    }

    /// Signs claims. They must become one JSON object, or no verifier will take the token.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, SignError> {
        // Most claims fit, and need no second place.
        let mut payload = Vec::with_capacity(512);
        serde_json::to_writer(&mut payload, claims).map_err(SignError::Claims)?;
        self.sign_payload(&payload)
    }

    /// Signs bytes as they are, usually claims that are JSON already.
    pub fn sign_payload(&self, payload: &[u8]) -> Result<String, SignError> {
        let signature = base64url::encoded_len(self.key.signature_len());
        let room = base64url::encoded_len(payload.len()) + 1 + signature;
        let mut token = String::with_capacity(self.prefix.len() + room);
        token.push_str(&self.prefix);
        base64url::encode_onto(payload, &mut token);
        let signature = self.key.sign_with(token.as_bytes(), base64url::encode)?;
        token.push('.');
        token.push_str(&signature);
        Ok(token)
    }
}
