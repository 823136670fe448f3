//! Rounds of deliveries: what is due goes out, each on its own, and then it is looked for more.

use std::time::Duration;

use cloakroom_store::Error;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// How often it is looked.
pub(crate) struct Pace {
    /// Between two rounds that nobody asked for.
    pub(crate) round: Duration,
    /// Between being woken and the look, so that one look serves many.
    pub(crate) breath: Duration,
}

/// Does one round after the other, until the task is aborted. `due` answers whether there may be more; `in_vain` is told
/// where it fails.
pub(crate) async fn keep<F>(
    pace: Pace,
    wake: &Notify,
    in_vain: &'static str,
    due: impl Fn() -> F + Send,
) where
    F: Future<Output = Result<bool, Error>> + Send,
{
    loop {
        match due().await {
            Ok(true) => continue,
            Ok(false) => (),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "{in_vain}");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pace.round) => (),
            () = wake.notified() => tokio::time::sleep(pace.breath).await,
        }
    }
}

/// Waits for all of a round.
///
/// # Errors
///
/// When one of them failed, the last such.
pub(crate) async fn finished(mut deliveries: JoinSet<Result<(), Error>>) -> Result<(), Error> {
    let mut all = Ok(());
    while let Some(one) = deliveries.join_next().await {
        // One that panicked has said so, and is due again.
        if let Ok(Err(error)) = one {
            all = Err(error);
        }
    }
    all
}
