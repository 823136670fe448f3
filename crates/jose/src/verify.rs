//! Strict verification of one token (RFC 7515 §5.2, RFC 7519 §7.2, RFC 8725 §3), all checks on one screen.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::claims::{Judged, Times};
use crate::error::Error;
use crate::expectations::Expectations;
use crate::header::{self, Header};
use crate::trusted_keys::TrustedKeys;

/// Claims that were verified. Only verification makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<C> {
    claims: C,
    times: Times,
    kid: Arc<str>,
    algorithm: Algorithm,
}

/// The claims as they were signed, to be read in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload(String);

/// Room for the longest signature, RSA's with 8192 bits, and after it for most claims.
const ROOM: usize = 1024;

impl TrustedKeys {
    /// Verifies `token` against what is expected of it, at `now` in seconds since 1970, and reads its claims as `C`.
    pub fn verify<C: DeserializeOwned>(
        &self,
        token: &str,
        expect: &Expectations,
        now: u64,
    ) -> Result<Verified<C>, Error> {
        self.verify_then(token, expect, now, |claims| {
            serde_json::from_str(claims).map_err(|_| Error::Claims)
        })
    }

    /// As [`TrustedKeys::verify`], without reading the caller's claims, which may then borrow from the payload.
    pub fn verify_payload(
        &self,
        token: &str,
        expect: &Expectations,
        now: u64,
    ) -> Result<Verified<Payload>, Error> {
        self.verify_then(token, expect, now, |claims| Ok(Payload(claims.to_owned())))
    }

    fn verify_then<C>(
        &self,
        token: &str,
        expect: &Expectations,
        now: u64,
        read: impl FnOnce(&str) -> Result<C, Error>,
    ) -> Result<Verified<C>, Error> {
        expect.size(token)?;
        let [encoded_header, encoded_claims, encoded_signature] = parts(token)?;
        let signed = &token[..encoded_header.len() + 1 + encoded_claims.len()];

        let mut buffer: header::Buffer = [0; header::MAX_BYTES];
        let Header { algorithm, kid, typ } = Header::read(encoded_header, &mut buffer)?;
        expect.typ(typ.as_deref())?;
        expect.algorithm(algorithm)?;
        let key = self.choose(kid.as_deref(), expect.key_id_required())?;
        if !key.algorithms().contains(algorithm) {
            return Err(Error::AlgorithmNotAllowed);
        }

        // Nothing of the claims is decoded before this has passed.
        let mut room = [0; ROOM];
        let signature = base64url::decode_into(encoded_signature, &mut room)?;
        if !key.verifies(algorithm, signed.as_bytes(), signature) {
            return Err(Error::Signature);
        }

        let longer;
        let claims = if encoded_claims.len() <= base64url::encoded_len(ROOM) {
            base64url::decode_into(encoded_claims, &mut room)?
        } else {
            longer = base64url::decode(encoded_claims)?;
            &longer
        };
        let claims = std::str::from_utf8(claims).map_err(|_| Error::NotJson)?;
        let judged = Judged::read(claims)?;
        expect.parties(&judged, key.only_audience())?;
        expect.times(judged.times, now)?;
        Ok(Verified { claims: read(claims)?, times: judged.times, kid: key.kid(), algorithm })
    }
}

/// The three parts of RFC 7515 §7.1.
pub(crate) fn parts(token: &str) -> Result<[&str; 3], Error> {
    let mut parts = token.split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(header), Some(claims), Some(signature), None) => Ok([header, claims, signature]),
        _ => Err(Error::NotCompact),
    }
}

impl<C> Verified<C> {
    /// The caller's claims.
    pub fn claims(&self) -> &C {
        &self.claims
    }

    /// The caller's claims, alone.
    pub fn into_claims(self) -> C {
        self.claims
    }

    /// `exp`, in seconds since 1970: from then on the token is void.
    pub fn expires_at(&self) -> Option<u64> {
        self.times.expires_at
    }

    /// `iat`, in seconds since 1970: when the token was made.
    pub fn issued_at(&self) -> Option<u64> {
        self.times.issued_at
    }

    pub(crate) fn times(&self) -> Times {
        self.times
    }

    /// The name of the key that signed.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// How it was signed.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Payload {
    /// Reads the claims, which may borrow text from here.
    pub fn read<'a, C: Deserialize<'a>>(&'a self) -> Result<C, Error> {
        serde_json::from_str(&self.0).map_err(|_| Error::Claims)
    }

    /// The claims as JSON text: an object without a member twice.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
