//! What may be away, and is then left alone: neither its silence nor its failures may cost every request something.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use cloakroom_model::time::Timestamp;
use cloakroom_store::Error;

/// How long an answer is waited for. What answers later is of no use: storage would have answered by then.
const PATIENCE: Duration = Duration::from_millis(50);

/// After so many questions in a row that came to nothing it is left alone. One may be bad luck.
const IN_A_ROW: u32 = 3;

/// For how long. Then one more question that comes to nothing is enough.
const ALONE: Duration = Duration::from_secs(5);

/// Whether something is worth asking.
#[derive(Debug)]
pub(crate) struct Reach {
    failures: AtomicU32,
    alone_until: AtomicI64,
}

impl Default for Reach {
    fn default() -> Self {
        Self { failures: AtomicU32::new(0), alone_until: AtomicI64::new(i64::MIN) }
    }
}

impl Reach {
    /// The answer; `None` where it failed or took too long, and at once while it is left alone.
    pub(crate) async fn ask<T>(
        &self,
        now: Timestamp,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Option<T> {
        if now.0 < self.alone_until.load(Ordering::Relaxed) {
            return None;
        }
        if let Ok(Ok(answer)) = tokio::time::timeout(PATIENCE, answer).await {
            self.failures.store(0, Ordering::Relaxed);
            return Some(answer);
        }
        let before = self.failures.fetch_add(1, Ordering::Relaxed);
        if before.saturating_add(1) >= IN_A_ROW {
            self.alone_until.store(now.plus(ALONE).0, Ordering::Relaxed);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    #[tokio::test(start_paused = true)]
    async fn what_fails_three_times_in_a_row_is_left_alone_for_a_while() {
        let reach = Reach::default();
        let fails = || ready(Err::<(), _>(Error::Busy));
        for _ in 0..2 {
            assert_eq!(reach.ask(NOW, fails()).await, None);
        }
        assert_eq!(reach.ask(NOW, ready(Ok(1))).await, Some(1), "two are not three");
        for _ in 0..3 {
            assert_eq!(reach.ask(NOW, fails()).await, None);
        }
        assert_eq!(reach.ask(NOW, ready(Ok(2))).await, None, "it is left alone");
        assert_eq!(reach.ask(NOW.plus(ALONE), fails()).await, None);
        assert_eq!(reach.ask(NOW.plus(ALONE), ready(Ok(3))).await, None, "once more was enough");
        assert_eq!(reach.ask(NOW.plus(ALONE * 2), ready(Ok(4))).await, Some(4));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_what_is_silent() {
        let reach = Reach::default();
        for _ in 0..3 {
            let asked = reach.ask(NOW, pending::<Result<(), Error>>());
            let answer = tokio::time::timeout(PATIENCE * 2, asked).await;
            assert_eq!(answer.expect("it waited"), None);
        }
        let asked = reach.ask(NOW, async { unreachable!("it is asked") as Result<(), Error> });
        assert_eq!(asked.await, None);
    }
}
