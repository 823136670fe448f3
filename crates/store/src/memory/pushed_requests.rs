//! Pushed authorization requests.

use async_trait::async_trait;
use cloakroom_model::authorization::PushedRequest;
use cloakroom_model::id::ClientId;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use super::{Memory, State, id_taken};
use crate::{Error, PushedRequests};

#[async_trait]
impl PushedRequests for Memory {
    async fn insert_pushed_request(&self, request: PushedRequest) -> Result<(), Error> {
        let mut state = self.state()?;
        if state.pushed_requests.contains_key(&request.digest) {
            return Err(id_taken("request"));
        }
        state.pushed_requests.insert(request.digest, request);
        Ok(())
    }

    async fn find_pushed_request(
        &self,
        digest: &Digest,
        now: Timestamp,
    ) -> Result<Option<PushedRequest>, Error> {
        let state = self.state()?;
        Ok(state.pushed_requests.get(digest).filter(|request| request.expires_at > now).cloned())
    }

    async fn expire_pushed_requests(&self, now: Timestamp) -> Result<(), Error> {
        self.state()?.pushed_requests.retain(|_, request| request.expires_at > now);
        Ok(())
    }
}

impl State {
    /// Whether a client's request waits for an answer. An answered one is gone.
    pub(super) fn waits(&self, digest: &Digest, client: &ClientId, now: Timestamp) -> bool {
        let request = self.pushed_requests.get(digest);
        request.is_some_and(|request| request.client == *client && request.expires_at > now)
    }
}
