//! Authorization requests that are kept until they are answered. What spends one is [`crate::Codes::insert_code`].

use async_trait::async_trait;
use cloakroom_model::authorization::PushedRequest;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use crate::Error;

/// Pushed authorization requests.
#[async_trait]
pub trait PushedRequests: Send + Sync {
    /// Keeps a new request. Records no event: there are too many.
    async fn insert_pushed_request(&self, request: PushedRequest) -> Result<(), Error>;

    /// Finds a request that nobody has answered and that expires after `now`, without spending it: whoever signs in on
    /// the way comes back to it.
    async fn find_pushed_request(
        &self,
        digest: &Digest,
        now: Timestamp,
    ) -> Result<Option<PushedRequest>, Error>;

    /// Forgets requests that expired before `now`.
    async fn expire_pushed_requests(&self, now: Timestamp) -> Result<(), Error>;
}
