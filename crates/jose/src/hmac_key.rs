//! Secrets shared between one issuer and one audience (HS256, HS384, HS512; RFC 7518 §3.2).
//!
//! Who can verify with such a key can also sign, so it is a type of its own: it never comes out of a key set, never goes
//! into one, and is trusted only where it was put by name, for tokens to the one audience that shares it. A public key
//! can't be turned into one, which is what the oldest forgery against tokens needs.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;

use crate::algorithm::Algorithm;
use crate::error::KeyError;

/// A shared secret with its name, its algorithm and the audience that shares it.
#[derive(Clone)]
pub struct HmacKey {
    kid: Arc<str>,
    algorithm: Algorithm,
    audience: Arc<str>,
    key: Arc<hmac::Key>,
}

impl HmacKey {
    /// Takes a secret of at least as many bytes as the hash has (RFC 7518 §3.2): 32, 48 or 64.
    ///
    /// `kid` is the caller's choice: a digest of the secret would be something to guess against.
    pub fn new(
        algorithm: Algorithm,
        kid: impl Into<Arc<str>>,
        audience: impl Into<Arc<str>>,
        secret: &[u8],
    ) -> Result<Self, KeyError> {
        let mac = algorithm.hmac().ok_or(KeyError::Mismatch(algorithm))?;
        if secret.len() < mac.tag_len() {
            return Err(KeyError::Size);
        }
        let key = Arc::new(hmac::Key::new(mac, secret));
        Ok(Self { kid: kid.into(), algorithm, audience: audience.into(), key })
    }

    /// The name that tokens carry in `kid`.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The one algorithm that this key is for.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The one audience that shares the secret; a token under it must name this audience and no other.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// Whether `tag` is the MAC of `message`, compared in constant time.
    #[must_use]
    pub fn verifies(&self, message: &[u8], tag: &[u8]) -> bool {
        hmac::verify(&self.key, message, tag).is_ok()
    }

    pub(crate) fn kid_arc(&self) -> Arc<str> {
        Arc::clone(&self.kid)
    }

    pub(crate) fn mac(&self) -> &Arc<hmac::Key> {
        &self.key
    }

    /// The same for the same secret and audience, and of no use to who wants to know the secret.
    pub(crate) fn identity(&self) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(b"cloakroom-jose key identity ");
        context.update(self.audience.as_bytes());
        let tag = context.sign();
        let mut identity = [0; 32];
        identity.copy_from_slice(&tag.as_ref()[..32]);
        identity
    }
}

/// Name, algorithm and audience; nothing of the secret.
impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmacKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}
