//! Public keys as JSON (RFC 7517, RFC 7518 §6, RFC 8037 §2) and their thumbprints (RFC 7638).
//!
//! A [`Jwk`] is public by construction: there is nowhere to put a secret, so what is written can't leak one.
//! On the way in, a key with private parameters is refused rather than trimmed: it was published, and whoever holds it
//! must hear of that. A shared secret (`kty` `oct`) is refused for the same reason, and because a secret that arrives
//! among public keys is how a public key ends up being used as one.

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use crate::algorithm::{Algorithm, Algorithms, Curve, KeyType};
use crate::base64url;
use crate::error::KeyError;
use crate::strict_json;

/// The longest key that is read, in bytes: room for RSA with 8192 bits and a chain of certificates.
pub const MAX_JWK_BYTES: usize = 32 * 1024;

pub(crate) const MAX_DEPTH: usize = 8;

/// A public key with what was said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwk {
    kid: Option<String>,
    algorithm: Option<Algorithm>,
    public: Public,
}

/// The key itself: numbers as big-endian bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Public {
    Ed25519 {
        x: [u8; 32],
    },
    /// `point` is uncompressed: 4, x, y (SEC 1 §2.3.3).
    Ec {
        curve: Curve,
        point: Vec<u8>,
    },
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

impl Jwk {
    /// Reads one public key, strictly: no member twice, at most [`MAX_JWK_BYTES`].
    pub fn from_json(json: &[u8]) -> Result<Self, KeyError> {
        if json.len() > MAX_JWK_BYTES {
            return Err(KeyError::Malformed);
        }
        strict_json::check(json, MAX_DEPTH).map_err(|_| KeyError::Malformed)?;
        let members: Members = serde_json::from_slice(json).map_err(|_| KeyError::Malformed)?;
        members.try_into()
    }

    /// Writes the key as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings and options of strings always become JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// `kid`, if the key has one.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// `alg`, if the key says for which one algorithm it is.
    #[must_use]
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// What kind of key it is.
    #[must_use]
    pub fn key_type(&self) -> KeyType {
        match &self.public {
            Public::Ed25519 { .. } => KeyType::Ed25519,
            Public::Ec { curve, .. } => KeyType::Ec(*curve),
            Public::Rsa { .. } => KeyType::Rsa,
        }
    }

    /// The algorithms that the key can be used with: `alg` alone, or else all of its type.
    #[must_use]
    pub fn algorithms(&self) -> Algorithms {
        self.algorithm.map_or_else(|| Algorithms::for_key(self.key_type()), Into::into)
    }

    /// The SHA-256 thumbprint of RFC 7638 as base64url. The usual `kid` here, and the value of `cnf.jkt` (RFC 9449 §6).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        base64url::encode(&self.thumbprint_bytes())
    }

    pub(crate) fn thumbprint_bytes(&self) -> [u8; 32] {
        // RFC 7638 §3.2 and RFC 8037 §2: the required members alone, in the order of their names, without white space.
        let canonical = match &self.public {
            Public::Ed25519 { x } => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, base64url::encode(x))
            }
            Public::Ec { curve, .. } => {
                let (x, y) = self.coordinates();
                format!(r#"{{"crv":"{}","kty":"EC","x":"{x}","y":"{y}"}}"#, curve.name())
            }
            Public::Rsa { n, e } => format!(
                r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
                base64url::encode(e),
                base64url::encode(n)
            ),
        };
        let digest = digest::digest(&digest::SHA256, canonical.as_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        bytes
    }

    /// Reads a key out of a set that was checked as a whole.
    pub(crate) fn from_value(value: serde_json::Value) -> Result<Self, KeyError> {
        Members::deserialize(value).map_err(|_| KeyError::Malformed)?.try_into()
    }

    pub(crate) fn new(public: Public, algorithm: Option<Algorithm>, kid: Option<String>) -> Self {
        Self { kid, algorithm, public }
    }

    pub(crate) fn public(&self) -> &Public {
        &self.public
    }

    fn coordinates(&self) -> (String, String) {
        let Public::Ec { curve, point } = &self.public else {
            return Default::default();
        };
        let (x, y) = point[1..].split_at(curve.field_bytes());
        (base64url::encode(x), base64url::encode(y))
    }
}

impl Serialize for Jwk {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (x, y) = self.coordinates();
        let mut members = Written {
            kty: "EC",
            crv: None,
            x: None,
            y: None,
            n: None,
            e: None,
            usage: "sig",
            alg: self.algorithm,
            kid: self.kid.as_deref(),
        };
        match &self.public {
            Public::Ed25519 { x } => {
                members.kty = "OKP";
                members.crv = Some("Ed25519");
                members.x = Some(base64url::encode(x));
            }
            Public::Ec { curve, .. } => {
                members.crv = Some(curve.name());
                members.x = Some(x);
                members.y = Some(y);
            }
            Public::Rsa { n, e } => {
                members.kty = "RSA";
                members.n = Some(base64url::encode(n));
                members.e = Some(base64url::encode(e));
            }
        }
        members.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Jwk {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Members::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

/// The members as we write them.
#[derive(Serialize)]
struct Written<'a> {
    kty: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    #[serde(rename = "use")]
    usage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<Algorithm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

/// The members as others write them. Unknown ones are ignored (RFC 7517 §4), private ones are noticed.
#[derive(Deserialize)]
struct Members {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    #[serde(default)]
    k: Present,
    #[serde(default)]
    d: Present,
    #[serde(default)]
    p: Present,
    #[serde(default)]
    q: Present,
    #[serde(default)]
    dp: Present,
    #[serde(default)]
    dq: Present,
    #[serde(default)]
    qi: Present,
    #[serde(default)]
    oth: Present,
}

/// Whether a member was there, whatever its value; the value itself is not kept.
#[derive(Default)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer)?;
        Ok(Self(true))
    }
}

impl TryFrom<Members> for Jwk {
    type Error = KeyError;

    fn try_from(members: Members) -> Result<Self, KeyError> {
        if members.kty == "oct" || members.k.0 {
            return Err(KeyError::Symmetric);
        }
        let Members { d, p, q, dp, dq, qi, oth, .. } = &members;
        if [d, p, q, dp, dq, qi, oth].into_iter().any(|private| private.0) {
            return Err(KeyError::Private);
        }
        let public = Public::from_members(&members)?;
        // RFC 7517 §4.2 and §4.3: both may be absent; if present, they must allow what we do.
        if members.usage.is_some_and(|usage| usage != "sig")
            || members.key_ops.is_some_and(|ops| !ops.iter().any(|op| op == "verify"))
        {
            return Err(KeyError::Use);
        }
        let algorithm: Option<Algorithm> = members
            .alg
            .map(|name| name.parse().map_err(|_| KeyError::AlgorithmUnknown))
            .transpose()?;
        let jwk = Self { kid: members.kid, algorithm, public };
        match algorithm {
            Some(algorithm) if algorithm.key_type() != jwk.key_type() => {
                Err(KeyError::Mismatch(algorithm))
            }
            _ => Ok(jwk),
        }
    }
}

impl Public {
    fn from_members(members: &Members) -> Result<Self, KeyError> {
        match (members.kty.as_str(), members.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => {
                let x = bytes(members.x.as_ref())?.try_into().map_err(|_| KeyError::Malformed)?;
                Ok(Self::Ed25519 { x })
            }
            ("EC", Some(name)) => {
                let curve = Curve::named(name).ok_or(KeyError::Unsupported)?;
                let (x, y) = (bytes(members.x.as_ref())?, bytes(members.y.as_ref())?);
                // RFC 7518 §6.2.1.2: full length, leading zeros included.
                if x.len() != curve.field_bytes() || y.len() != curve.field_bytes() {
                    return Err(KeyError::Malformed);
                }
                Ok(Self::Ec { curve, point: [&[4], &x[..], &y[..]].concat() })
            }
            ("RSA", None) => {
                let (n, e) = (bytes(members.n.as_ref())?, bytes(members.e.as_ref())?);
                rsa_size(&n, &e)?;
                Ok(Self::Rsa { n, e })
            }
            ("EC", None) | ("RSA", Some(_)) => Err(KeyError::Malformed),
            _ => Err(KeyError::Unsupported),
        }
    }
}

fn bytes(member: Option<&String>) -> Result<Vec<u8>, KeyError> {
    base64url::decode(member.ok_or(KeyError::Malformed)?).map_err(|_| KeyError::Malformed)
}

/// RFC 7518 §3.3 asks for 2048 bits; the provider stops at 8192. Exponents as NIST SP 800-56B §6.2 has them from below,
/// and as the provider has them from above.
pub(crate) fn rsa_size(n: &[u8], e: &[u8]) -> Result<(), KeyError> {
    // RFC 7518 §6.3.1.1: no leading zeros.
    let (Some(&n_first @ 1..), Some(&(1..))) = (n.first(), e.first()) else {
        return Err(KeyError::Malformed);
    };
    let bits = n.len() * 8 - n_first.leading_zeros() as usize;
    let exponent = e
        .iter()
        .try_fold(0_u64, |sum, byte| sum.checked_mul(256).map(|sum| sum + u64::from(*byte)));
    match exponent {
        Some(65_537..=0x1_FFFF_FFFF) if (2048..=8192).contains(&bits) => Ok(()),
        _ => Err(KeyError::Size),
    }
}
