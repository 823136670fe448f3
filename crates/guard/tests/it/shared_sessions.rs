//! One store of sessions for several processes of an app.

use std::sync::Arc;

use async_trait::async_trait;
use cloakroom_guard::relying_party::{Kept, MemorySessions, SessionStore, StoreError};

/// Clones are the same store.
#[derive(Clone)]
pub(crate) struct SharedSessions(pub(crate) Arc<MemorySessions>);

#[async_trait]
impl SessionStore for SharedSessions {
    async fn insert(&self, name: &str, session: Kept) -> Result<bool, StoreError> {
        self.0.insert(name, session).await
    }

    async fn find(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.find(name).await
    }

    async fn replace(
        &self,
        name: &str,
        seen: &[u8],
        sealed: Vec<u8>,
        until: u64,
    ) -> Result<bool, StoreError> {
        self.0.replace(name, seen, sealed, until).await
    }

    async fn remove(&self, name: &str) -> Result<(), StoreError> {
        self.0.remove(name).await
    }

    async fn end(&self, label: &str, at: u64, until: u64) -> Result<(), StoreError> {
        self.0.end(label, at, until).await
    }
}
