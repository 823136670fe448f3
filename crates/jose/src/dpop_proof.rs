//! RFC 9449 §4.2, §4.3: a proof that its maker holds the private half of the key that its header brings.
//!
//! The only place where a key from a header is used, and it earns no trust: a proof says *I hold this key*, and whoever
//! knows the key's thumbprint from elsewhere compares it. It is read as strictly as a token is: one spelling, no member
//! twice, no extension, an algorithm that the caller accepts and the key is for, never a shared secret.
//!
//! Leaves out what a proof is about (method, address, time, token): the claims are the caller's to judge, and until they
//! are, the proof proves nothing. [`htu`](crate::htu) compares addresses.

use serde::de::DeserializeOwned;

use crate::algorithm::Algorithms;
use crate::base64url;
use crate::claims::Judged;
use crate::error::Error;
use crate::expectations::Expectations;
use crate::header::{self, Header};
use crate::jwk::Jwk;
use crate::verify::parts;
use crate::verifying_key::VerifyingKey;

/// The `typ` of its header. Not an argument, so that no access or ID token can be read this way.
const TYP: &str = "dpop+jwt";

/// The longest proof that is read, in bytes: an RSA key and its signature, twice over.
const MAX_BYTES: usize = 4 * 1024;

/// A proof whose signature is good under its own key. Only [`DpopProof::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DpopProof<C> {
    claims: C,
    key: Jwk,
}

impl<C: DeserializeOwned> DpopProof<C> {
    /// Verifies that `proof` was signed by the private half of the public key in its own header, with one of `accept`
    /// (of which those with a shared secret never count), and reads its claims as `C`. Looks at no time.
    pub fn verify(proof: &str, accept: Algorithms) -> Result<Self, Error> {
        // Issuer and audience are not looked at: a proof has none.
        let expect = Expectations::new("", "", TYP)
            .algorithms(accept.and(Algorithms::ASYMMETRIC))
            .max_bytes(MAX_BYTES);
        expect.size(proof)?;
        let [encoded_header, encoded_claims, encoded_signature] = parts(proof)?;
        let signed = &proof[..encoded_header.len() + 1 + encoded_claims.len()];

        let mut buffer: header::Buffer = [0; header::MAX_BYTES];
        let (header, key) = Header::read_with_key(encoded_header, &mut buffer)?;
        expect.typ(header.typ.as_deref())?;
        expect.algorithm(header.algorithm)?;
        // Refuses private parts and shared secrets (RFC 9449 §4.3, check 7).
        let key = Jwk::from_json(key.as_bytes()).map_err(|_| Error::ProofKey)?;
        if !key.algorithms().contains(header.algorithm) {
            return Err(Error::AlgorithmNotAllowed);
        }
        let verifying =
            VerifyingKey::from_jwk(&key, header.algorithm.into()).map_err(|_| Error::ProofKey)?;

        // Nothing of the claims is decoded before this has passed.
        let signature = base64url::decode(encoded_signature)?;
        if !verifying.verifies(header.algorithm, signed.as_bytes(), &signature) {
            return Err(Error::Signature);
        }
        let claims = base64url::decode(encoded_claims)?;
        let claims = std::str::from_utf8(&claims).map_err(|_| Error::NotJson)?;
        // For its strictness: an object, no member twice, registered claims of their types.
        Judged::read(claims)?;
        let claims = serde_json::from_str(claims).map_err(|_| Error::Claims)?;
        Ok(Self { claims, key })
    }

    /// The claims, of which nothing is judged.
    pub fn claims(&self) -> &C {
        &self.claims
    }

    /// The key that was proved: its [thumbprint](Jwk::thumbprint) is what tokens are bound to.
    pub fn key(&self) -> &Jwk {
        &self.key
    }
}
