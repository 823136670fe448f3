//! Whose certificates are believed: the authorities of the operating system, and one of the operator's.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cloakroom_engine::clock::Clock;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};

/// Why a file names no authority.
#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    /// The system does not give it.
    #[error("cannot read {path}: {error}", path = path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It holds something else.
    #[error("{} holds no certificate of an authority in PEM", .0.display())]
    NoAuthority(PathBuf),
}

/// How TLS is spoken to other servers, at the time of this clock.
pub(crate) fn client(
    authority: Option<&Path>,
    clock: Arc<dyn Clock>,
) -> Result<ClientConfig, RootsError> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    // Systems carry some that nobody can read any more; the others count.
    roots.add_parsable_certificates(native.certs);
    if let Some(path) = authority {
        add(&mut roots, path)?;
    }
    if roots.is_empty() {
        tracing::warn!(
            "this system has no authorities for certificates: no other server will be believed"
        );
    }
    let mut config = ClientConfig::builder_with_details(
        Arc::new(aws_lc_rs::default_provider()),
        Arc::new(ByClock(clock)),
    )
    .with_safe_default_protocol_versions()
    .expect("the provider has suites for both versions")
    .with_root_certificates(roots)
    .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), RootsError> {
    let text = std::fs::read(path)
        .map_err(|error| RootsError::Unreadable { path: path.to_owned(), error })?;
    let none = || RootsError::NoAuthority(path.to_owned());
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>().map_err(|_| none())?;
    if certificates.is_empty() {
        return Err(none());
    }
    certificates.into_iter().try_for_each(|root| roots.add(root).map_err(|_| none()))
}

/// The engine's clock, by which certificates begin and end.
struct ByClock(Arc<dyn Clock>);

impl TimeProvider for ByClock {
    fn current_time(&self) -> Option<UnixTime> {
        let since_epoch = u64::try_from(self.0.wall().0).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_millis(since_epoch)))
    }
}

impl fmt::Debug for ByClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByClock")
    }
}
