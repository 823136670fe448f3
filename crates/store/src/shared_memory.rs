//! A second memory that all nodes share, beside storage and never in its place: what is read from storage by one node
//! need not be read by the others.
//!
//! It is no authority. It may be emptied, be restored from long ago, be written to by others, or be away: whoever reads
//! from it believes only what can be proved (`engine::shared_memory`), and does without it otherwise.

use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::secret::Digest;

use crate::Error;

/// A memory that nodes share.
#[async_trait]
pub trait SharedMemory: Send + Sync {
    /// What was kept under this name, where it is still there.
    async fn recall(&self, name: &Digest) -> Result<Option<Vec<u8>>, Error>;

    /// Keeps an entry under this name for at most `ttl`, in the place of what was there.
    async fn keep(&self, name: &Digest, entry: &[u8], ttl: Duration) -> Result<(), Error>;
}
