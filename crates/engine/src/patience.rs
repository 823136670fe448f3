//! How long an answer is waited for.

use std::time::Duration;

use cloakroom_store::Error;

/// Storage took too long.
#[derive(Debug, thiserror::Error)]
#[error("no answer within {0:?}")]
struct TooLate(Duration);

/// What `answer` says, or that storage is unavailable where it says nothing within `limit`. What was asked for may be
/// done all the same.
pub(crate) async fn within<T, E: From<Error>>(
    limit: Duration,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match tokio::time::timeout(limit, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::Unavailable(Box::new(TooLate(limit))).into()),
    }
}
