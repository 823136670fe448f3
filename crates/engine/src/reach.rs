//! What may be away, and is then left alone: neither its silence nor its failures may cost every request something.
//!
//! A moment in which nothing moves, here or there, is not the same as being away. Whatever was being asked in that moment
//! comes to nothing together, so it counts as one disappointment; and after a few in a row the first pauses are short.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cloakroom_model::time::Timestamp;
use cloakroom_store::Error;

/// How long an answer is waited for. What answers later is of no use: storage would have answered by then.
const PATIENCE: Duration = Duration::from_millis(50);

/// After so many disappointments in a row it is left alone, each of a question that was asked when the one before was known.
const IN_A_ROW: u32 = 3;

/// For how long at first. Each time that one more question comes to nothing it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// For how long at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Whether something is worth asking.
#[derive(Debug, Default)]
pub(crate) struct Reach(Mutex<Lately>);

/// How it went lately.
#[derive(Debug, Default)]
struct Lately {
    /// Disappointments since the last answer.
    in_a_row: u32,
    /// Raised with each of them: a question that was asked before the last one is part of it.
    round: u64,
    /// Where it is left alone.
    alone: Option<Alone>,
}

#[derive(Clone, Copy, Debug)]
struct Alone {
    until: Timestamp,
    /// The pause after this one.
    next: Duration,
}

impl Alone {
    /// A question at `now` comes to nothing, or is about to.
    fn from(now: Timestamp, pause: Duration) -> Self {
        Self { until: now.plus(PATIENCE + pause), next: (pause * 2).min(LONGEST_PAUSE) }
    }
}

impl Reach {
    /// The answer; `None` where it failed or took too long, and at once while it is left alone.
    pub(crate) async fn ask<T>(
        &self,
        now: Timestamp,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Option<T> {
        let round = self.lately(|lately| lately.may_ask(now))?;
        if let Ok(Ok(answer)) = tokio::time::timeout(PATIENCE, answer).await {
            self.lately(Lately::answered);
            return Some(answer);
        }
        self.lately(|lately| lately.disappointed(round, now));
        None
    }

    fn lately<T>(&self, does: impl FnOnce(&mut Lately) -> T) -> T {
        // Nothing panics while it is held.
        does(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Lately {
    /// The round to which a question at `now` belongs; `None` where it is not to be asked.
    fn may_ask(&mut self, now: Timestamp) -> Option<u64> {
        if let Some(Alone { until, next }) = self.alone {
            if now < until {
                return None;
            }
            // One asks whether it is back. The others go on without it until that is known.
            self.alone = Some(Alone::from(now, next));
        }
        Some(self.round)
    }

    fn answered(&mut self) {
        self.in_a_row = 0;
        self.alone = None;
    }

    fn disappointed(&mut self, round: u64, now: Timestamp) {
        if round != self.round {
            return;
        }
        self.round += 1;
        self.in_a_row = self.in_a_row.saturating_add(1);
        if self.in_a_row >= IN_A_ROW && self.alone.is_none() {
            self.alone = Some(Alone::from(now, FIRST_PAUSE));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    async fn fails(reach: &Reach, now: Timestamp) {
        let asked = std::cell::Cell::new(false);
        let answer = async {
            asked.set(true);
            Err::<(), _>(Error::Busy)
        };
        assert_eq!(reach.ask(now, answer).await, None);
        assert!(asked.get(), "it is left alone");
    }

    async fn is_asked(reach: &Reach, now: Timestamp) -> bool {
        reach.ask(now, ready(Ok(()))).await.is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_three_times_in_a_row_is_left_alone() {
        let reach = Reach::default();
        for _ in 0..2 {
            fails(&reach, NOW).await;
        }
        assert!(is_asked(&reach, NOW).await, "two are not three");
        for _ in 0..3 {
            fails(&reach, NOW).await;
        }
        assert!(!is_asked(&reach, NOW).await);
        let back = NOW.plus(PATIENCE + FIRST_PAUSE);
        assert!(!is_asked(&reach, Timestamp(back.0 - 1)).await);
        assert!(is_asked(&reach, back).await);
        for _ in 0..2 {
            fails(&reach, back).await;
        }
        assert!(is_asked(&reach, back).await, "it begins anew");
    }

    #[tokio::test(start_paused = true)]
    async fn the_pauses_grow_to_five_seconds_and_begin_anew_after_an_answer() {
        let reach = Reach::default();
        for _ in 0..3 {
            fails(&reach, NOW).await;
        }
        let mut now = NOW;
        for pause in [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000] {
            let back = now.plus(PATIENCE + Duration::from_millis(pause));
            assert!(!is_asked(&reach, Timestamp(back.0 - 1)).await, "{pause} ms are not over");
            fails(&reach, back).await;
            now = back;
        }
        let back = now.plus(PATIENCE + LONGEST_PAUSE);
        assert!(is_asked(&reach, back).await);
        for _ in 0..3 {
            fails(&reach, back).await;
        }
        assert!(is_asked(&reach, back.plus(PATIENCE + FIRST_PAUSE)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn one_moment_of_silence_is_one_disappointment_however_many_ask() {
        let reach = Reach::default();
        let silent = || reach.ask(NOW, pending::<Result<(), Error>>());
        for _ in 0..2 {
            let answers = tokio::join!(silent(), silent(), silent(), silent());
            assert_eq!(answers, (None, None, None, None));
        }
        fails(&reach, NOW).await;
        assert!(!is_asked(&reach, NOW).await, "three moments are three");
    }

    #[tokio::test(start_paused = true)]
    async fn one_asks_whether_it_is_back_and_nobody_waits_with_them() {
        let reach = Reach::default();
        for _ in 0..3 {
            fails(&reach, NOW).await;
        }
        let back = NOW.plus(PATIENCE + FIRST_PAUSE);
        let asks = std::cell::Cell::new(0);
        let silent = async {
            asks.set(asks.get() + 1);
            pending::<Result<(), Error>>().await
        };
        let (first, others) = tokio::join!(reach.ask(back, silent), async {
            (is_asked(&reach, back).await, is_asked(&reach, back.plus(PATIENCE)).await)
        });
        assert_eq!((first, asks.get(), others), (None, 1, (false, false)));
        // Whoever asks may leave before the end.
        let back = back.plus(PATIENCE + FIRST_PAUSE * 2);
        let left = reach.ask(back, pending::<Result<(), Error>>());
        assert!(tokio::time::timeout(PATIENCE / 2, left).await.is_err());
        assert!(!is_asked(&reach, back).await);
        assert!(is_asked(&reach, back.plus(PATIENCE + FIRST_PAUSE * 4)).await);
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
