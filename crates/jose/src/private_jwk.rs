//! Private keys as JSON (RFC 7518 §6, RFC 8037 §2), to move a key from or to another program.
//!
//! Not a form to keep keys in: [`SigningKey::to_pkcs8`] is. What is written is overwritten when dropped and never printed;
//! what is read is borrowed from the caller, who overwrites it.
//!
//! The provider gives out an RSA key as DER alone, so the numbers are taken from there (RFC 8017 Appendix A.1.2).

use std::fmt::Write as _;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsBigEndian as _, Curve25519SeedBin, EcPrivateKeyBin};
use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, KeyType};
use crate::base64url;
use crate::error::KeyError;
use crate::signing_key::{Material, SigningKey};
use crate::strict_json;

/// A private key as one JSON object. Overwritten when dropped; never printed.
pub struct PrivateJwk(Zeroizing<String>);

impl PrivateJwk {
    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Large enough for RSA with 8192 bits, so that no half-written copy is left behind by growing.
const LONGEST: usize = 8 * 1024;

impl SigningKey {
    /// Reads a private key that is to sign with `algorithm`; an `alg` of its own must be the same. `kid` is the key's, or
    /// else its thumbprint. A shared secret is refused ([`KeyError::Symmetric`]).
    ///
    /// RSA keys must bring all of `p`, `q`, `dp`, `dq` and `qi`, and no further primes.
    pub fn from_private_jwk(algorithm: Algorithm, json: &[u8]) -> Result<Self, KeyError> {
        if json.len() > LONGEST {
            return Err(KeyError::Malformed);
        }
        strict_json::check(json, 4).map_err(|_| KeyError::Malformed)?;
        let members: Members<'_> = serde_json::from_slice(json).map_err(|_| KeyError::Malformed)?;
        if members.kty == "oct" {
            return Err(KeyError::Symmetric);
        }
        if members.alg.is_some_and(|alg| alg != algorithm.name()) {
            return Err(KeyError::Mismatch(algorithm));
        }
        let material = match (members.kty, algorithm.key_type()) {
            ("OKP", KeyType::Ed25519) if members.crv == Some("Ed25519") => members.ed25519()?,
            ("EC", KeyType::Ec(curve)) if members.crv == Some(curve.name()) => {
                members.ecdsa(algorithm, curve.field_bytes())?
            }
            ("RSA", KeyType::Rsa) => members.rsa(algorithm)?,
            _ => return Err(KeyError::Mismatch(algorithm)),
        };
        let key = Self::named_by_thumbprint(algorithm, material);
        Ok(match members.kid {
            Some(kid) => key.with_kid(Arc::from(kid)),
            None => key,
        })
    }

    /// Writes the key with `kid` and `alg`. A shared secret is not written ([`KeyError::Symmetric`]).
    pub fn to_private_jwk(&self) -> Result<PrivateJwk, KeyError> {
        let provider = |_| KeyError::Provider;
        let public = self.public_jwk().ok_or(KeyError::Symmetric)?.to_json();
        let mut json = Zeroizing::new(String::with_capacity(LONGEST));
        json.push_str(public.strip_suffix('}').ok_or(KeyError::Malformed)?);
        match &self.material {
            Material::Ed25519(pair) => {
                let seed = pair.seed().map_err(provider)?;
                let seed: Curve25519SeedBin<'_> = seed.as_be_bytes().map_err(provider)?;
                member(&mut json, "d", seed.as_ref());
            }
            Material::Ecdsa(pair) => {
                let number: EcPrivateKeyBin<'_> =
                    pair.private_key().as_be_bytes().map_err(provider)?;
                member(&mut json, "d", number.as_ref());
            }
            Material::Rsa(..) => {
                let der = self.to_pkcs8()?;
                let numbers = rsa_numbers(der.as_bytes()).ok_or(KeyError::Malformed)?;
                for (name, number) in ["d", "p", "q", "dp", "dq", "qi"].into_iter().zip(numbers) {
                    member(&mut json, name, number);
                }
            }
            Material::Hmac(_) => return Err(KeyError::Symmetric),
        }
        json.push('}');
        Ok(PrivateJwk(json))
    }
}

fn member(json: &mut String, name: &str, bytes: &[u8]) {
    let value = Zeroizing::new(base64url::encode(bytes));
    // Writing to a `String` does not fail.
    let _ = write!(json, r#","{name}":"{}""#, *value);
}

/// What a private key consists of, borrowed. Escapes in a value would need a copy; no base64url has any.
#[derive(Deserialize)]
struct Members<'a> {
    kty: &'a str,
    crv: Option<&'a str>,
    x: Option<&'a str>,
    y: Option<&'a str>,
    n: Option<&'a str>,
    e: Option<&'a str>,
    d: Option<&'a str>,
    p: Option<&'a str>,
    q: Option<&'a str>,
    dp: Option<&'a str>,
    dq: Option<&'a str>,
    qi: Option<&'a str>,
    oth: Option<serde::de::IgnoredAny>,
    alg: Option<&'a str>,
    kid: Option<&'a str>,
}

impl Members<'_> {
    fn ed25519(&self) -> Result<Material, KeyError> {
        // The provider refuses other lengths.
        let (d, x) = (bytes(self.d)?, bytes(self.x)?);
        let pair = Ed25519KeyPair::from_seed_and_public_key(&d, &x);
        Ok(Material::Ed25519(pair.map_err(|_| KeyError::Malformed)?))
    }

    fn ecdsa(&self, algorithm: Algorithm, field_bytes: usize) -> Result<Material, KeyError> {
        let (d, x, y) = (bytes(self.d)?, bytes(self.x)?, bytes(self.y)?);
        if [&d, &x, &y].iter().any(|number| number.len() != field_bytes) {
            return Err(KeyError::Malformed);
        }
        let point = [&[4], x.as_slice(), y.as_slice()].concat();
        let parameters = algorithm.ecdsa().ok_or(KeyError::Mismatch(algorithm))?;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(parameters, &d, &point);
        Ok(Material::Ecdsa(pair.map_err(|_| KeyError::Malformed)?))
    }

    fn rsa(&self, algorithm: Algorithm) -> Result<Material, KeyError> {
        if self.oth.is_some() {
            return Err(KeyError::Unsupported);
        }
        let components = KeyPairComponents {
            public_key: PublicKeyComponents { n: bytes(self.n)?, e: bytes(self.e)? },
            d: bytes(self.d)?,
            p: bytes(self.p)?,
            q: bytes(self.q)?,
            dP: bytes(self.dp)?,
            dQ: bytes(self.dq)?,
            qInv: bytes(self.qi)?,
        };
        let pair = RsaKeyPair::from_components(&components).map_err(|_| KeyError::Malformed)?;
        SigningKey::rsa_material(algorithm, pair)
    }
}

fn bytes(member: Option<&str>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let text = member.ok_or(KeyError::Malformed)?;
    base64url::decode(text).map(Zeroizing::new).map_err(|_| KeyError::Malformed)
}

/// `d`, `p`, `q`, `dp`, `dq`, `qi` from a PKCS#8 document, without the zero that keeps a number positive.
fn rsa_numbers(der: &[u8]) -> Option<[&[u8]; 6]> {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    const OCTETS: u8 = 0x04;

    let mut info = element(SEQUENCE, &mut &*der)?;
    let _version = element(INTEGER, &mut info)?;
    let _algorithm = element(SEQUENCE, &mut info)?;
    let mut key = element(OCTETS, &mut info)?;
    let mut key = element(SEQUENCE, &mut key)?;
    let mut number = || {
        let bytes = element(INTEGER, &mut key)?;
        Some(bytes.strip_prefix(&[0]).unwrap_or(bytes))
    };
    let [_version, _n, _e] = [number()?, number()?, number()?];
    Some([number()?, number()?, number()?, number()?, number()?, number()?])
}

/// Takes one DER element with this tag off the front, and returns its content (X.690 §8.1).
fn element<'a>(tag: u8, der: &mut &'a [u8]) -> Option<&'a [u8]> {
    let rest = der.strip_prefix(&[tag])?;
    let (&first, rest) = rest.split_first()?;
    // Below 128 the length itself, else how many bytes of length follow; DER has no third form.
    let (length, rest) = match first.checked_sub(0x80) {
        None => (usize::from(first), rest),
        Some(count @ 1..=4) => {
            let (length, rest) = rest.split_at_checked(usize::from(count))?;
            (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        Some(_) => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    *der = rest;
    Some(content)
}
