//! Keys that verify: parsed once, each with the algorithms it may be used with.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{self, ParsedPublicKey, RsaPublicKeyComponents};

use crate::algorithm::{Algorithm, Algorithms};
use crate::error::KeyError;
use crate::jwk::{Jwk, Public};
use crate::jwks::Jwks;

/// A parsed public key with its name and its fixed set of algorithms.
#[derive(Clone)]
pub struct VerifyingKey {
    kid: Arc<str>,
    algorithms: Algorithms,
    /// One for each algorithm, since the provider's parsed key knows its algorithm.
    parsed: Vec<(Algorithm, ParsedPublicKey)>,
    thumbprint: [u8; 32],
}

impl VerifyingKey {
    /// Parses a public key for those of `accept` that it fits: what its `alg` says if it has one, else all of its type.
    ///
    /// A key without `kid` is named by its thumbprint.
    pub fn from_jwk(jwk: &Jwk, accept: Algorithms) -> Result<Self, KeyError> {
        let algorithms = jwk.algorithms().and(accept);
        if algorithms.is_empty() {
            return Err(KeyError::NoAlgorithm);
        }
        let parsed = algorithms
            .iter()
            .map(|algorithm| Ok((algorithm, parse(jwk.public(), algorithm)?)))
            .collect::<Result<_, KeyError>>()?;
        let kid = jwk.kid().map_or_else(|| jwk.thumbprint().into(), Into::into);
        Ok(Self { kid, algorithms, parsed, thumbprint: jwk.thumbprint_bytes() })
    }

    /// The name by which tokens ask for this key.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The algorithms that this key is trusted for.
    #[must_use]
    pub fn algorithms(&self) -> Algorithms {
        self.algorithms
    }

    /// Whether `signature` is this key's over `message`. False for an algorithm that the key is not for.
    #[must_use]
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.parsed
            .iter()
            .find(|(of, _)| *of == algorithm)
            .is_some_and(|(_, key)| key.verify_sig(message, signature).is_ok())
    }

    pub(crate) fn kid_arc(&self) -> Arc<str> {
        Arc::clone(&self.kid)
    }

    pub(crate) fn thumbprint(&self) -> [u8; 32] {
        self.thumbprint
    }
}

impl Jwks {
    /// Parses the keys of the set for what of `accept` each fits. Some may fail, and the caller decides whether that
    /// matters: `jwks.verifying_keys(accept).flatten()` takes what can be used.
    pub fn verifying_keys(
        &self,
        accept: Algorithms,
    ) -> impl Iterator<Item = Result<VerifyingKey, KeyError>> {
        self.keys().iter().map(move |jwk| VerifyingKey::from_jwk(jwk, accept))
    }
}

fn parse(public: &Public, algorithm: Algorithm) -> Result<ParsedPublicKey, KeyError> {
    let parsed = match public {
        Public::Ed25519 { x } => ParsedPublicKey::new(&signature::ED25519, x),
        Public::Ec { point, .. } => {
            let verification: &'static signature::EcdsaVerificationAlgorithm = match algorithm {
                Algorithm::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
                Algorithm::Es384 => &signature::ECDSA_P384_SHA384_FIXED,
                Algorithm::Es512 => &signature::ECDSA_P521_SHA512_FIXED,
                _ => return Err(KeyError::Mismatch(algorithm)),
            };
            ParsedPublicKey::new(verification, point)
        }
        Public::Rsa { n, e } => {
            let parameters = algorithm.rsa().ok_or(KeyError::Mismatch(algorithm))?;
            RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters.verify)
        }
    };
    parsed.map_err(|_| KeyError::Malformed)
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("kid", &self.kid)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}
