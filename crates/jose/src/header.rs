//! The protected header of a token (RFC 7515 §4), as little of it as a verifier may believe.
//!
//! `alg`, `kid` and `typ` are read, to be compared with what the verifier expects. Parameters that offer a key or ask for
//! an extension refuse the token; the one exception is a [proof](crate::DpopProof) of the key that it brings. All others
//! are ignored, as RFC 7515 §4 asks.

use std::borrow::Cow;

use crate::algorithm::Algorithm;
use crate::base64url::{self, NotBase64Url};
use crate::error::Error;
use crate::strict_json::{self, Defect};

/// Longest header that is read, decoded. What verifiers need is about a hundred bytes.
pub(crate) const MAX_BYTES: usize = 1024;

const MAX_DEPTH: usize = 4;

/// Room to decode a header into.
pub(crate) type Buffer = [u8; MAX_BYTES];

#[derive(Debug)]
pub(crate) struct Header<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<Cow<'a, str>>,
    pub(crate) typ: Option<Cow<'a, str>>,
}

impl<'a> Header<'a> {
    /// The header of a token, which offers no key.
    pub(crate) fn read(encoded: &str, buffer: &'a mut Buffer) -> Result<Self, Error> {
        match Self::with_key(encoded, buffer)? {
            (header, None) => Ok(header),
            (_, Some(_)) => Err(Error::KeyInHeader("jwk")),
        }
    }

    /// The header of a proof that brings its key, and the JSON text of that key.
    pub(crate) fn read_with_key(
        encoded: &str,
        buffer: &'a mut Buffer,
    ) -> Result<(Self, &'a str), Error> {
        let (header, key) = Self::with_key(encoded, buffer)?;
        Ok((header, key.ok_or(Error::ProofKey)?))
    }

    fn with_key(encoded: &str, buffer: &'a mut Buffer) -> Result<(Self, Option<&'a str>), Error> {
        if encoded.len() > base64url::encoded_len(MAX_BYTES) {
            return Err(Error::TooLong);
        }
        let bytes = base64url::decode_into(encoded, buffer)?;
        let text = std::str::from_utf8(bytes).map_err(|_| Error::NotJson)?;

        let (mut alg, mut kid, mut typ, mut jwk, mut refused) = (None, None, None, None, None);
        strict_json::members(text, MAX_DEPTH, |name, value| match name {
            "alg" => alg = Some(value),
            "kid" => kid = Some(value),
            "typ" => typ = Some(value),
            "jwk" => jwk = Some(value),
            "jku" => refused = Some(Error::KeyInHeader("jku")),
            "x5c" => refused = Some(Error::KeyInHeader("x5c")),
            "x5u" => refused = Some(Error::KeyInHeader("x5u")),
            // RFC 7797 §6: `b64` means nothing without `crit`, and no `crit` is understood.
            "crit" | "b64" => refused = Some(Error::CriticalHeader),
            _ => {}
        })?;
        if let Some(error) = refused {
            return Err(error);
        }
        let alg = text_of("alg", alg)?.ok_or(Error::AlgorithmUnknown)?;
        let header = Self {
            algorithm: alg.parse().map_err(|_| Error::AlgorithmUnknown)?,
            kid: text_of("kid", kid)?,
            typ: text_of("typ", typ)?,
        };
        Ok((header, jwk))
    }
}

fn text_of<'a>(name: &'static str, value: Option<&'a str>) -> Result<Option<Cow<'a, str>>, Error> {
    value.map(|value| strict_json::string(value).ok_or(Error::HeaderMalformed(name))).transpose()
}

impl From<NotBase64Url> for Error {
    fn from(_: NotBase64Url) -> Self {
        Self::Base64
    }
}

impl From<Defect> for Error {
    fn from(defect: Defect) -> Self {
        match defect {
            Defect::Syntax | Defect::NotAnObject => Self::NotJson,
            Defect::TooDeep => Self::TooDeep,
            Defect::DuplicateMember => Self::DuplicateMember,
        }
    }
}
