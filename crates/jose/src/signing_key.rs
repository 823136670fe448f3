//! Keys that sign: made, read and sealed once, used often.
//!
//! Every signature and every new key pair draws its randomness inside the provider, from the provider's own generator;
//! this crate has no other source and takes none as an argument, because the provider ignores what it is given.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair};
use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, KeyType};
use crate::error::{KeyError, SignError};
use crate::hmac_key::HmacKey;
use crate::jwk::{Jwk, Public, rsa_size};

/// A parsed key with its name and the one algorithm it signs with.
pub struct SigningKey {
    kid: Arc<str>,
    algorithm: Algorithm,
    pub(crate) material: Material,
}

pub(crate) enum Material {
    Ed25519(Ed25519KeyPair),
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair, &'static dyn aws_lc_rs::signature::RsaEncoding),
    Hmac(Arc<hmac::Key>),
}

/// The size of a new RSA key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RsaSize {
    /// 2048 bits, about 112 bits of strength: fast, and enough for keys that are replaced within months.
    #[default]
    Bits2048,
    /// 3072 bits, about 128 bits of strength.
    Bits3072,
    /// 4096 bits.
    Bits4096,
}

/// A private key as PKCS#8 DER (RFC 5208), for the caller to seal. Overwritten when dropped; never printed.
pub struct Pkcs8(Zeroizing<Vec<u8>>);

impl Pkcs8 {
    /// The DER bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl SigningKey {
    /// Makes a key pair; RSA of [`RsaSize::Bits2048`]. `kid` is the thumbprint.
    ///
    /// For HMAC there is nothing to make here ([`KeyError::Symmetric`]): whoever shares a secret draws it, and
    /// [`HmacKey::new`] takes it.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let provider = |_| KeyError::Provider;
        let material = match algorithm.key_type() {
            KeyType::Ed25519 => Material::Ed25519(Ed25519KeyPair::generate().map_err(provider)?),
            KeyType::Ec(_) => {
                let parameters = algorithm.ecdsa().ok_or(KeyError::Mismatch(algorithm))?;
                Material::Ecdsa(EcdsaKeyPair::generate(parameters).map_err(provider)?)
            }
            KeyType::Rsa => return Self::generate_rsa(algorithm, RsaSize::default()),
            KeyType::Secret => return Err(KeyError::Symmetric),
        };
        Ok(Self::named_by_thumbprint(algorithm, material))
    }

    /// Makes an RSA key pair of a given size: a tenth of a second to some seconds. `kid` is the thumbprint.
    pub fn generate_rsa(algorithm: Algorithm, size: RsaSize) -> Result<Self, KeyError> {
        let size = match size {
            RsaSize::Bits2048 => KeySize::Rsa2048,
            RsaSize::Bits3072 => KeySize::Rsa3072,
            RsaSize::Bits4096 => KeySize::Rsa4096,
        };
        let parameters = algorithm.rsa().ok_or(KeyError::Mismatch(algorithm))?;
        let pair = RsaKeyPair::generate(size).map_err(|_| KeyError::Provider)?;
        Ok(Self::named_by_thumbprint(algorithm, Material::Rsa(pair, parameters.sign)))
    }

    /// Reads a PKCS#8 private key that is to sign with `algorithm`. `kid` is the thumbprint until
    /// [`SigningKey::with_kid`] names it otherwise.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        let refused = |_| KeyError::Malformed;
        let material = match algorithm.key_type() {
            KeyType::Ed25519 => {
                Material::Ed25519(Ed25519KeyPair::from_pkcs8(der).map_err(refused)?)
            }
            KeyType::Ec(_) => {
                let parameters = algorithm.ecdsa().ok_or(KeyError::Mismatch(algorithm))?;
                Material::Ecdsa(EcdsaKeyPair::from_pkcs8(parameters, der).map_err(refused)?)
            }
            KeyType::Rsa => {
                Self::rsa_material(algorithm, RsaKeyPair::from_pkcs8(der).map_err(refused)?)?
            }
            KeyType::Secret => return Err(KeyError::Symmetric),
        };
        Ok(Self::named_by_thumbprint(algorithm, material))
    }

    /// The key under another name.
    #[must_use]
    pub fn with_kid(self, kid: impl Into<Arc<str>>) -> Self {
        Self { kid: kid.into(), ..self }
    }

    /// The key as PKCS#8, to be sealed. [`KeyError::Symmetric`] for a shared secret, which the caller has anyway.
    pub fn to_pkcs8(&self) -> Result<Pkcs8, KeyError> {
        let der = match &self.material {
            Material::Ed25519(pair) => pair.to_pkcs8(),
            Material::Ecdsa(pair) => pair.to_pkcs8v1(),
            Material::Rsa(pair, _) => {
                use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Provider)?;
                return Ok(Pkcs8(Zeroizing::new(der.as_ref().to_vec())));
            }
            Material::Hmac(_) => return Err(KeyError::Symmetric),
        };
        let der = der.map_err(|_| KeyError::Provider)?;
        Ok(Pkcs8(Zeroizing::new(der.as_ref().to_vec())))
    }

    /// The public half, to be published, with `kid` and `alg`. A shared secret has none.
    #[must_use]
    pub fn public_jwk(&self) -> Option<Jwk> {
        let public = self.material.public(self.algorithm)?;
        Some(Jwk::new(public, Some(self.algorithm), Some(self.kid.to_string())))
    }

    /// The name that tokens carry in `kid`.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The one algorithm that this key signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The signature or MAC over any bytes, as a token has it (ECDSA: r and s side by side, RFC 7518 §3.4).
    pub fn signature(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.sign_with(message, <[u8]>::to_vec)
    }

    /// Signs and lends the signature: the provider's own type is some kilobytes, too much to pass around by value.
    pub(crate) fn sign_with<R>(
        &self,
        message: &[u8],
        lend: impl FnOnce(&[u8]) -> R,
    ) -> Result<R, SignError> {
        let provider = |_| SignError::Provider;
        Ok(match &self.material {
            Material::Ed25519(pair) => lend(pair.try_sign(message).map_err(provider)?.as_ref()),
            Material::Ecdsa(pair) => {
                lend(pair.sign(&SystemRandom::new(), message).map_err(provider)?.as_ref())
            }
            Material::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut signature)
                    .map_err(provider)?;
                lend(&signature)
            }
            Material::Hmac(key) => lend(hmac::sign(key, message).as_ref()),
        })
    }

    /// Bytes of a signature.
    pub(crate) fn signature_len(&self) -> usize {
        match (&self.material, self.algorithm.key_type()) {
            (Material::Rsa(pair, _), _) => pair.public_modulus_len(),
            (Material::Hmac(key), _) => key.algorithm().tag_len(),
            (_, KeyType::Ec(curve)) => 2 * curve.field_bytes(),
            _ => 64,
        }
    }

    pub(crate) fn rsa_material(
        algorithm: Algorithm,
        pair: RsaKeyPair,
    ) -> Result<Material, KeyError> {
        let parameters = algorithm.rsa().ok_or(KeyError::Mismatch(algorithm))?;
        let public = pair.public_key();
        rsa_size(
            public.modulus().big_endian_without_leading_zero(),
            public.exponent().big_endian_without_leading_zero(),
        )?;
        Ok(Material::Rsa(pair, parameters.sign))
    }

    pub(crate) fn named_by_thumbprint(algorithm: Algorithm, material: Material) -> Self {
        let kid = material
            .public(algorithm)
            .map(|public| Jwk::new(public, None, None).thumbprint())
            .unwrap_or_default();
        Self { kid: kid.into(), algorithm, material }
    }
}

impl Material {
    fn public(&self, algorithm: Algorithm) -> Option<Public> {
        Some(match (self, algorithm.key_type()) {
            (Self::Ed25519(pair), _) => {
                Public::Ed25519 { x: pair.public_key().as_ref().try_into().ok()? }
            }
            (Self::Ecdsa(pair), KeyType::Ec(curve)) => {
                Public::Ec { curve, point: pair.public_key().as_ref().to_vec() }
            }
            (Self::Rsa(pair, _), _) => {
                let public = pair.public_key();
                Public::Rsa {
                    n: public.modulus().big_endian_without_leading_zero().to_vec(),
                    e: public.exponent().big_endian_without_leading_zero().to_vec(),
                }
            }
            _ => return None,
        })
    }
}

impl From<&HmacKey> for SigningKey {
    fn from(key: &HmacKey) -> Self {
        Self {
            kid: key.kid_arc(),
            algorithm: key.algorithm(),
            material: Material::Hmac(Arc::clone(key.mac())),
        }
    }
}

/// Name and algorithm; nothing of the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
