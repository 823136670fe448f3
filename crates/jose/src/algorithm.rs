//! Signature and MAC algorithms: RFC 7518 §3.1 (HS, RS, ES, PS), RFC 8037 §3.1 (`EdDSA`) and RFC 9864 (`Ed25519`).
//!
//! One table says each algorithm's registered name and the key it takes; everything else in the crate reads it. What is
//! not in the table does not exist here, `none` first of all.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::{hmac, signature};

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// `Ed25519`, the fully specified name (RFC 9864 §2.2). The default for new keys.
    Ed25519,
    /// `EdDSA`, the older name; the curve is the key's, and Ed25519 is the only one taken here.
    EdDsa,
    /// `ES256`: ECDSA on P-256 with SHA-256.
    Es256,
    /// `ES384`: ECDSA on P-384 with SHA-384.
    Es384,
    /// `ES512`: ECDSA on P-521 with SHA-512.
    Es512,
    /// `RS256`: RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// `RS384`: RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// `RS512`: RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// `PS256`: RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    Ps256,
    /// `PS384`: RSASSA-PSS with SHA-384 and a salt of 48 bytes.
    Ps384,
    /// `PS512`: RSASSA-PSS with SHA-512 and a salt of 64 bytes.
    Ps512,
    /// `HS256`: HMAC with SHA-256.
    Hs256,
    /// `HS384`: HMAC with SHA-384.
    Hs384,
    /// `HS512`: HMAC with SHA-512.
    Hs512,
}

/// The kind of key that an algorithm takes. No two kinds share key material, so a key can't be used as another kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// An Ed25519 key pair (`kty` `OKP`, `crv` `Ed25519`).
    Ed25519,
    /// A key pair on a NIST curve (`kty` `EC`).
    Ec(Curve),
    /// An RSA key pair of at least 2048 bits (`kty` `RSA`).
    Rsa,
    /// A secret that both sides share (`kty` `oct`).
    Secret,
}

/// The NIST curves of RFC 7518 §6.2.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Curve {
    /// `P-256`
    P256,
    /// `P-384`
    P384,
    /// `P-521`
    P521,
}

impl Algorithm {
    /// Every algorithm, in the order of the table.
    pub const ALL: [Self; 14] = [
        Self::Ed25519,
        Self::EdDsa,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
    ];

    /// The name in `alg`, exactly as registered.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// The kind of key this algorithm takes.
    #[must_use]
    pub const fn key_type(self) -> KeyType {
        self.row().1
    }

    /// Whether whoever can verify can also sign.
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        matches!(self.key_type(), KeyType::Secret)
    }

    const fn row(self) -> (&'static str, KeyType) {
        match self {
            Self::Ed25519 => ("Ed25519", KeyType::Ed25519),
            Self::EdDsa => ("EdDSA", KeyType::Ed25519),
            Self::Es256 => ("ES256", KeyType::Ec(Curve::P256)),
            Self::Es384 => ("ES384", KeyType::Ec(Curve::P384)),
            Self::Es512 => ("ES512", KeyType::Ec(Curve::P521)),
            Self::Rs256 => ("RS256", KeyType::Rsa),
            Self::Rs384 => ("RS384", KeyType::Rsa),
            Self::Rs512 => ("RS512", KeyType::Rsa),
            Self::Ps256 => ("PS256", KeyType::Rsa),
            Self::Ps384 => ("PS384", KeyType::Rsa),
            Self::Ps512 => ("PS512", KeyType::Rsa),
            Self::Hs256 => ("HS256", KeyType::Secret),
            Self::Hs384 => ("HS384", KeyType::Secret),
            Self::Hs512 => ("HS512", KeyType::Secret),
        }
    }

    /// The provider's signing parameters, for ECDSA alone.
    pub(crate) fn ecdsa(self) -> Option<&'static signature::EcdsaSigningAlgorithm> {
        Some(match self {
            Self::Es256 => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            Self::Es384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
            Self::Es512 => &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
            _ => return None,
        })
    }

    /// The provider's signing and verifying parameters, for RSA alone. PSS salts are as long as the hash
    /// (RFC 7518 §3.5), which is the provider's default on both sides.
    pub(crate) fn rsa(self) -> Option<Rsa> {
        let (sign, verify): (&'static dyn signature::RsaEncoding, _) = match self {
            Self::Rs256 => (&signature::RSA_PKCS1_SHA256, &signature::RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => (&signature::RSA_PKCS1_SHA384, &signature::RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => (&signature::RSA_PKCS1_SHA512, &signature::RSA_PKCS1_2048_8192_SHA512),
            Self::Ps256 => (&signature::RSA_PSS_SHA256, &signature::RSA_PSS_2048_8192_SHA256),
            Self::Ps384 => (&signature::RSA_PSS_SHA384, &signature::RSA_PSS_2048_8192_SHA384),
            Self::Ps512 => (&signature::RSA_PSS_SHA512, &signature::RSA_PSS_2048_8192_SHA512),
            _ => return None,
        };
        Some(Rsa { sign, verify })
    }

    /// The provider's MAC, for HMAC alone.
    pub(crate) fn hmac(self) -> Option<hmac::Algorithm> {
        Some(match self {
            Self::Hs256 => hmac::HMAC_SHA256,
            Self::Hs384 => hmac::HMAC_SHA384,
            Self::Hs512 => hmac::HMAC_SHA512,
            _ => return None,
        })
    }
}

/// The two halves of an RSA algorithm in the provider.
pub(crate) struct Rsa {
    pub(crate) sign: &'static dyn signature::RsaEncoding,
    pub(crate) verify: &'static signature::RsaParameters,
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name is not one of ours. Names are compared exactly: `none`, `NONE` and `hs256` are all unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a supported signature algorithm")]
pub struct UnknownAlgorithm;

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name).ok_or(UnknownAlgorithm)
    }
}

impl serde::Serialize for Algorithm {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Algorithm {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

impl Curve {
    /// The name in `crv`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Bytes of one coordinate, and of the private number.
    #[must_use]
    pub const fn field_bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// The one algorithm of RFC 7518 §3.4 that this curve belongs to.
    #[must_use]
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::Es256,
            Self::P384 => Algorithm::Es384,
            Self::P521 => Algorithm::Es512,
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::P256, Self::P384, Self::P521].into_iter().find(|curve| curve.name() == name)
    }
}

/// A set of algorithms.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Algorithms(u16);

impl Algorithms {
    /// No algorithm.
    pub const NONE: Self = Self(0);

    /// Every algorithm whose verifier can't sign: all but HMAC.
    pub const ASYMMETRIC: Self = Self::of(&[
        Algorithm::Ed25519,
        Algorithm::EdDsa,
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Es512,
        Algorithm::Rs256,
        Algorithm::Rs384,
        Algorithm::Rs512,
        Algorithm::Ps256,
        Algorithm::Ps384,
        Algorithm::Ps512,
    ]);

    /// Every algorithm of the table.
    pub const ALL: Self = Self::of(&Algorithm::ALL);

    /// The set of these.
    #[must_use]
    pub const fn of(algorithms: &[Algorithm]) -> Self {
        let mut set = 0;
        let mut index = 0;
        while index < algorithms.len() {
            set |= 1 << algorithms[index] as u16;
            index += 1;
        }
        Self(set)
    }

    /// Whether `algorithm` is in the set.
    #[must_use]
    pub const fn contains(self, algorithm: Algorithm) -> bool {
        self.0 & (1 << algorithm as u16) != 0
    }

    /// What is in both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether nothing is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Algorithm> {
        Algorithm::ALL.into_iter().filter(move |algorithm| self.contains(*algorithm))
    }

    /// What a key of this type can do.
    #[must_use]
    pub fn for_key(key_type: KeyType) -> Self {
        Algorithm::ALL.into_iter().filter(|algorithm| algorithm.key_type() == key_type).collect()
    }
}

impl From<Algorithm> for Algorithms {
    fn from(algorithm: Algorithm) -> Self {
        Self::of(&[algorithm])
    }
}

impl FromIterator<Algorithm> for Algorithms {
    fn from_iter<I: IntoIterator<Item = Algorithm>>(algorithms: I) -> Self {
        algorithms.into_iter().fold(Self::NONE, |set, next| Self(set.0 | Self::of(&[next]).0))
    }
}

impl fmt::Debug for Algorithms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
