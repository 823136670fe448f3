//! RFC 8705 §2.1: who is believed about which certificate is whose.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::time::Timestamp;
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use super::pair::{PairError, certificates};
use super::provider;

/// The authorities whose certificates clients may show.
#[derive(Clone, Debug)]
pub struct Authorities(Arc<dyn ClientCertVerifier>);

/// Why a file names no authorities.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    /// It holds no certificates.
    #[error(transparent)]
    File(#[from] PairError),
    /// One of them cannot be an authority's.
    #[error("{path} cannot be used: {error}", path = path.display())]
    Unusable {
        /// Which file.
        path: PathBuf,
        /// Why not.
        error: String,
    },
}

impl Authorities {
    /// Reads their certificates from a file in PEM.
    pub fn read(path: &Path) -> Result<Self, AuthoritiesError> {
        let unusable = |error: String| AuthoritiesError::Unusable { path: path.to_owned(), error };
        let mut roots = RootCertStore::empty();
        for root in certificates(path)? {
            roots.add(root).map_err(|error| unusable(error.to_string()))?;
        }
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .map(Self)
            .map_err(|error| unusable(error.to_string()))
    }

    /// Whether one of them vouches for the first certificate of the chain, now and for use by a client.
    #[must_use]
    pub fn vouch_for(&self, chain: &[CertificateDer<'_>], now: Timestamp) -> bool {
        let Some((leaf, issuers)) = chain.split_first() else { return false };
        let since_epoch = Duration::from_secs(u64::try_from(now.seconds()).unwrap_or_default());
        let now = UnixTime::since_unix_epoch(since_epoch);
        self.0.verify_client_cert(leaf, issuers, now).is_ok()
    }
}
