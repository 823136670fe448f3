//! Rounds of deliveries: it is looked for what is due, and that goes out, each on its own.
//!
//! One that takes long holds up nothing but itself: while it is under way, others are claimed in the places that are left.

use std::pin::Pin;
use std::time::Duration;

use cloakroom_store::Error;
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};

/// How often it is looked.
pub(crate) struct Pace {
    /// Between two looks that nobody asked for.
    pub(crate) round: Duration,
    /// Between being woken and the look, so that one look serves many.
    pub(crate) breath: Duration,
}

/// What was claimed, and goes out when it is awaited.
pub(crate) type Delivery = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// Has at most `most` deliveries under way, until the task is aborted. `claim` is told how many may come; `in_vain` is told where
/// it, or one of them, fails.
pub(crate) async fn keep<F>(
    pace: Pace,
    most: usize,
    wake: &Notify,
    in_vain: &'static str,
    claim: impl Fn(usize) -> F + Send,
) where
    F: Future<Output = Result<Vec<Delivery>, Error>> + Send,
{
    let mut under_way = JoinSet::new();
    loop {
        let room = most.saturating_sub(under_way.len());
        // Whether there may be more than this look finds: what is under way is not due, and is not all told when something
        // came to it meanwhile.
        let mut more = !under_way.is_empty();
        if room > 0 {
            match claim(room).await {
                Ok(due) => {
                    more |= due.len() >= room;
                    for one in due {
                        under_way.spawn(one);
                    }
                }
                Err(error) => warn(in_vain, &error),
            }
        }
        let mut next = std::pin::pin!(tokio::time::sleep(pace.round));
        loop {
            tokio::select! {
                () = &mut next => break,
                () = wake.notified() => {
                    tokio::time::sleep(pace.breath).await;
                    break;
                }
                Some(one) = under_way.join_next() => {
                    if let Err(error) = outcome(one) {
                        warn(in_vain, &error);
                    }
                    if more {
                        break;
                    }
                }
            }
        }
    }
}

/// Has all of them out.
///
/// # Errors
///
/// When one of them failed, the last such.
pub(crate) async fn finished(deliveries: Vec<Delivery>) -> Result<(), Error> {
    let mut under_way: JoinSet<_> = deliveries.into_iter().collect();
    let mut all = Ok(());
    while let Some(one) = under_way.join_next().await {
        if let Err(error) = outcome(one) {
            all = Err(error);
        }
    }
    all
}

/// One that panicked has said so, and is due again.
fn outcome(one: Result<Result<(), Error>, JoinError>) -> Result<(), Error> {
    one.unwrap_or(Ok(()))
}

fn warn(in_vain: &str, error: &Error) {
    tracing::warn!(error = error as &dyn std::error::Error, "{in_vain}");
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::sync::{Semaphore, mpsc};
    use tokio::task::JoinHandle;

    use super::*;

    #[tokio::test]
    async fn one_that_takes_long_holds_up_no_other() {
        let mut kept = Kept::new(3);
        kept.due(&["slow"]);
        assert_eq!(kept.begun().await, "slow");
        kept.due(&["quick"]);
        assert_eq!(kept.begun().await, "quick");
        kept.due(&["another"]);
        assert_eq!(kept.begun().await, "another");
    }

    #[tokio::test]
    async fn there_are_never_more_under_way_than_may_be_and_the_next_comes_when_one_is_done() {
        let mut kept = Kept::new(2);
        kept.due(&["a", "b", "c", "d"]);
        assert_eq!([kept.begun().await, kept.begun().await], ["a", "b"]);
        kept.due(&["e"]);
        for expected in ["c", "d", "e"] {
            assert_eq!(kept.under_way(), 2);
            kept.done.add_permits(1);
            assert_eq!(kept.begun().await, expected);
        }
    }

    #[tokio::test]
    async fn what_became_due_while_others_were_under_way_is_found_when_one_is_done() {
        let mut kept = Kept::new(3);
        kept.due(&["a"]);
        assert_eq!(kept.begun().await, "a");
        kept.due(&["b"]);
        assert_eq!(kept.begun().await, "b");
        // Nobody is woken for this one.
        kept.queue.lock().unwrap().push("c");
        kept.done.add_permits(1);
        assert_eq!(kept.begun().await, "c");
    }

    /// Deliveries that say that they have begun, and then wait for a permit.
    struct Kept {
        queue: Arc<Mutex<Vec<&'static str>>>,
        wake: Arc<Notify>,
        done: Arc<Semaphore>,
        under_way: Arc<Mutex<usize>>,
        begun: mpsc::UnboundedReceiver<&'static str>,
        keeping: JoinHandle<()>,
    }

    impl Kept {
        fn new(most: usize) -> Self {
            let queue = Arc::<Mutex<Vec<&'static str>>>::default();
            let (wake, done) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
            let under_way = Arc::<Mutex<usize>>::default();
            let (says, begun) = mpsc::unbounded_channel();
            let (due, woken) = (Arc::clone(&queue), Arc::clone(&wake));
            let (permits, count) = (Arc::clone(&done), Arc::clone(&under_way));
            let deliver = move |name| -> Delivery {
                let (says, done) = (says.clone(), Arc::clone(&permits));
                let under_way = Arc::clone(&count);
                Box::pin(async move {
                    *under_way.lock().unwrap() += 1;
                    says.send(name).unwrap();
                    done.acquire().await.unwrap().forget();
                    *under_way.lock().unwrap() -= 1;
                    Ok(())
                })
            };
            let keeping = tokio::spawn(async move {
                let pace = Pace { round: Duration::from_hours(1), breath: Duration::ZERO };
                let claim = |room| {
                    let mut queue = due.lock().unwrap();
                    let room = queue.len().min(room);
                    let claimed = queue.drain(..room).map(&deliver).collect();
                    std::future::ready(Ok(claimed))
                };
                keep(pace, most, &woken, "nothing went out", claim).await;
            });
            Self { queue, wake, done, under_way, begun, keeping }
        }

        fn due(&self, names: &[&'static str]) {
            self.queue.lock().unwrap().extend(names);
            self.wake.notify_one();
        }

        async fn begun(&mut self) -> &'static str {
            let begun = tokio::time::timeout(Duration::from_mins(1), self.begun.recv());
            begun.await.expect("nothing begins").unwrap()
        }

        fn under_way(&self) -> usize {
            *self.under_way.lock().unwrap()
        }
    }

    impl Drop for Kept {
        fn drop(&mut self) {
            self.keeping.abort();
        }
    }
}
