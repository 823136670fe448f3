//! A certificate with its key, from two files in PEM.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cloakroom_model::time::Timestamp;
use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use x509_parser::parse_x509_certificate;
use zeroize::Zeroizing;

use super::provider;

/// A certificate, those of its issuers, and its key, which fit together.
#[derive(Debug)]
pub struct Pair {
    pub(super) certified: Arc<CertifiedKey>,
    /// When the first of the certificates ends.
    pub valid_until: Timestamp,
}

/// Why two files are no certificate with its key. The key is in none of the texts.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// The system does not give the file.
    #[error("cannot read {path}: {error}", path = path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Whoever has an account on the machine has the key.
    #[error(
        "the key in {path} can be read by every user of this machine (mode {mode:o}): `chmod o-rwx {path}`; if \
         strangers could have read it, have it replaced as well",
        path = path.display()
    )]
    Open {
        /// The file with the key.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// There is no certificate in the file, or one that cannot be read.
    #[error("{} holds no certificate in PEM", .0.display())]
    NoCertificate(PathBuf),
    /// There is no key in the file, or it is locked by a password.
    #[error("{} holds no private key in PEM, or one that a password locks", .0.display())]
    NoKey(PathBuf),
    /// Each is well, and they do not belong together; or the key is of a kind that is not known.
    #[error(
        "{certificate} and {key} cannot be used together: {error}",
        certificate = certificate.display(),
        key = key.display()
    )]
    Unusable {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file with the key.
        key: PathBuf,
        /// Why not.
        error: rustls::Error,
    },
}

impl Pair {
    /// Reads both files. The certificate's may hold those of its issuers after it.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, PairError> {
        let chain = certificates(certificate)?;
        let ends = chain.iter().map(|one| {
            let (_, parsed) = parse_x509_certificate(one).ok()?;
            Some(Timestamp(parsed.validity().not_after.timestamp().saturating_mul(1000)))
        });
        let valid_until = ends
            .collect::<Option<Vec<_>>>()
            .and_then(|ends| ends.into_iter().min())
            .ok_or_else(|| PairError::NoCertificate(certificate.to_owned()))?;
        let certified = CertifiedKey::from_der(chain, private_key(key)?, &provider());
        let certified = certified.map_err(|error| PairError::Unusable {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            error,
        })?;
        Ok(Self { certified: Arc::new(certified), valid_until })
    }

    /// Whether clients that call the server by this host, a name or an address without brackets, will take the
    /// certificate for its own (RFC 9525 §6.3).
    #[must_use]
    pub fn is_for(&self, host: &str) -> bool {
        let Some(leaf) = self.certified.cert.first() else { return false };
        let (Ok(leaf), Ok(host)) = (ParsedCertificate::try_from(leaf), ServerName::try_from(host))
        else {
            return false;
        };
        verify_server_name(&leaf, &host).is_ok()
    }
}

/// The certificates in a file, at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PairError> {
    let text = fs::read(path).map_err(|error| unreadable(path, error))?;
    match CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>() {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(PairError::NoCertificate(path.to_owned())),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, PairError> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
    let mode = metadata.permissions().mode() & 0o777;
    // A group may read it: that is how several services of one machine share a certificate.
    if mode & 0o007 != 0 {
        return Err(PairError::Open { path: path.to_owned(), mode });
    }
    let text = Zeroizing::new(fs::read(path).map_err(|error| unreadable(path, error))?);
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| PairError::NoKey(path.to_owned()))
}

fn unreadable(path: &Path, error: io::Error) -> PairError {
    PairError::Unreadable { path: path.to_owned(), error }
}
