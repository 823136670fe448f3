//! RFC 8705 §2, §3: the certificate of a connection as the proof of a client, and as what its tokens are bound to.
//!
//! That the other side holds the private key is what the handshake showed, here or at a proxy; that an authority vouches
//! for the name was checked there too, before a certificate counts for [`Certificate::is_for`]. Here it is read, and held
//! against what the client registered. Reads strictly DER, and reaches into nothing that it does not compare.

mod key;
mod name;
mod written;

use std::fmt;

use aws_lc_rs::digest;
use cloakroom_jose::{Jwks, base64url};
use cloakroom_model::grant::Confirmation;
use cloakroom_model::registration::CertificateName;
use cloakroom_model::time::Timestamp;
use x509_cert::der::Decode as _;

/// The longest certificate that is read, in bytes of DER.
pub const MAX_BYTES: usize = 16 * 1024;

/// A certificate that a client showed. Whether it is to be believed is for [`Certificate::is_for`] and
/// [`Certificate::has_key_of`] to tell.
#[derive(Clone)]
pub struct Certificate {
    thumbprint: String,
    content: x509_cert::Certificate,
}

impl Certificate {
    /// Reads one certificate as a handshake brings it.
    pub fn from_der(der: &[u8]) -> Result<Self, NotACertificate> {
        if der.len() > MAX_BYTES {
            return Err(NotACertificate);
        }
        let content = x509_cert::Certificate::from_der(der).map_err(|_| NotACertificate)?;
        let thumbprint = base64url::encode(digest::digest(&digest::SHA256, der).as_ref());
        Ok(Self { thumbprint, content })
    }

    /// Reads the header `Client-Cert` of a proxy (RFC 9440 §2.2). Whoever calls this has made sure that the proxy is one to
    /// be believed, and that it lets nobody else set the header.
    pub fn from_header(value: &str) -> Result<Self, NotACertificate> {
        Self::from_der(&written::binary_item(value).ok_or(NotACertificate)?)
    }

    /// Reads a certificate as PEM with escapes for what a header cannot hold, as nginx writes it
    /// (`$ssl_client_escaped_cert`). The same holds as for [`Certificate::from_header`].
    pub fn from_escaped_pem(value: &str) -> Result<Self, NotACertificate> {
        Self::from_der(&written::escaped_pem(value).ok_or(NotACertificate)?)
    }

    /// Its SHA-256 thumbprint as base64url (`x5t#S256`).
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// What a token that is bound to it says (§3.1).
    #[must_use]
    pub fn confirmation(&self) -> Confirmation {
        Confirmation::Certificate(self.thumbprint.clone())
    }

    /// Whether its time has come and has not gone.
    #[must_use]
    pub fn is_current(&self, now: Timestamp) -> bool {
        let validity = self.content.tbs_certificate().validity();
        let seconds = |time: x509_cert::time::Time| time.to_unix_duration().as_secs();
        u64::try_from(now.seconds()).is_ok_and(|now| {
            seconds(validity.not_before) <= now && now <= seconds(validity.not_after)
        })
    }

    /// Whether it is for this name (`tls_client_auth`, §2.1). Means nothing unless an authority vouches for it.
    #[must_use]
    pub fn is_for(&self, name: &CertificateName) -> bool {
        name::is_for(self.content.tbs_certificate(), name)
    }

    /// Whether its key is among these (`self_signed_tls_client_auth`, §2.2). The key is compared and not the certificate
    /// around it: it is what the handshake proved, and a client may make itself a new certificate for it.
    #[must_use]
    pub fn has_key_of(&self, keys: &Jwks) -> bool {
        let info = self.content.tbs_certificate().subject_public_key_info();
        key::jwk(info).is_some_and(|own| {
            let own = own.thumbprint();
            keys.keys().iter().any(|key| key.thumbprint() == own)
        })
    }
}

/// Whether a text can be registered as this name: one that no certificate could ever have would lock its client out.
#[must_use]
pub fn can_be_registered(name: &CertificateName) -> bool {
    name::can_be_registered(name)
}

/// Its thumbprint, which is in every token bound to it.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificate").field(&self.thumbprint).finish()
    }
}

/// The bytes or the text are not one certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected one X.509 certificate")]
pub struct NotACertificate;

#[cfg(test)]
mod tests;
