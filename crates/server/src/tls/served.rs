//! The certificate that is served at the moment, replaced when its files are.
//!
//! A pair that cannot be used changes nothing: the one before is served on, and the log says why. Whoever renews a
//! certificate writes two files, so for a moment they may not fit; they are read again until they do.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::pair::{Pair, PairError};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// A pair of files, and what was last read from them.
pub struct Served {
    certificate: PathBuf,
    key: PathBuf,
    current: ArcSwap<CertifiedKey>,
    /// How the files were before what is served was read from them.
    read_at: Mutex<[Stamp; 2]>,
}

/// What changes when a file is replaced; nothing where there is no file.
type Stamp = Option<(SystemTime, u64, u64)>;

impl Served {
    /// Reads the pair.
    pub fn read(certificate: &Path, key: &Path) -> Result<Arc<Self>, PairError> {
        // Before the reading, so that a change in between is seen at the next look.
        let read_at = [stamp(certificate), stamp(key)];
        let pair = Pair::read(certificate, key)?;
        Ok(Arc::new(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            current: ArcSwap::new(pair.certified),
            read_at: Mutex::new(read_at),
        }))
    }

    /// Serves what the files hold now, where they have changed. Answers whether they had; an error leaves everything as
    /// it was, so that the next look tries again.
    pub fn look(&self) -> Result<bool, PairError> {
        let mut read_at = self.read_at.lock().unwrap_or_else(PoisonError::into_inner);
        let now = [stamp(&self.certificate), stamp(&self.key)];
        if *read_at == now {
            return Ok(false);
        }
        let pair = Pair::read(&self.certificate, &self.key)?;
        self.current.store(pair.certified);
        *read_at = now;
        Ok(true)
    }

    /// Looks again and again until the task is aborted.
    pub async fn watch(self: Arc<Self>) {
        let mut said = None;
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let served = Arc::clone(&self);
            // A file system may be slow, and its slowness is nobody else's.
            let Ok(looked) = tokio::task::spawn_blocking(move || served.look()).await else {
                continue;
            };
            match looked {
                Ok(true) => {
                    tracing::info!(file = %self.certificate.display(), "a new certificate is served");
                }
                Ok(false) => {}
                Err(error) => {
                    let problem = error.to_string();
                    if said.as_ref() != Some(&problem) {
                        tracing::error!(
                            problem,
                            "the certificate is not replaced: the one before is served on"
                        );
                        said = Some(problem);
                    }
                    continue;
                }
            }
            said = None;
        }
    }
}

impl ResolvesServerCert for Served {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.ino(), metadata.len()))
}
