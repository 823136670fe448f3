//! Questions that are under way: whoever asks the same meanwhile waits for the one answer.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::digest::Sha256;

/// Questions under way, by what they are about.
pub(crate) struct Flights<T> {
    under_way: Arc<Mutex<HashMap<Sha256, Flight<T>>>>,
    most: usize,
}

struct Flight<T> {
    began: Duration,
    answer: watch::Receiver<Option<T>>,
}

/// As many questions are under way as may be.
pub(crate) struct Full;

impl<T: Clone + Send + Sync + 'static> Flights<T> {
    /// At most so many questions at once.
    pub(crate) fn new(most: usize) -> Self {
        Self { under_way: Arc::default(), most }
    }

    /// The answer to the question about `name`, with the steady time at which it was asked: by this caller at `now`, or by
    /// another one before. The question goes on if this caller goes away, since others may wait.
    pub(crate) async fn join<F>(
        &self,
        name: Sha256,
        now: Duration,
        ask: impl FnOnce() -> F,
    ) -> Result<(T, Duration), Full>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let (mut answer, began) = {
            let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            let room = under_way.len() < self.most;
            match under_way.entry(name) {
                Entry::Occupied(flight) => (flight.get().answer.clone(), flight.get().began),
                Entry::Vacant(_) if !room => return Err(Full),
                Entry::Vacant(place) => {
                    let (tell, answer) = watch::channel(None);
                    place.insert(Flight { began: now, answer: answer.clone() });
                    let (landing, asked) = (Landing(Arc::clone(&self.under_way), name), ask());
                    tokio::spawn(async move {
                        let said = asked.await;
                        // Before it is told: whoever comes now asks anew.
                        drop(landing);
                        tell.send_replace(Some(said));
                    });
                    (answer, now)
                }
            }
        };
        let said = answer.wait_for(Option::is_some).await.map_err(|_| Full)?;
        said.clone().map(|said| (said, began)).ok_or(Full)
    }
}

/// Takes the question off the list when it is over, however that comes.
struct Landing<T>(Arc<Mutex<HashMap<Sha256, Flight<T>>>>, Sha256);

impl<T> Drop for Landing<T> {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;

    const NOW: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn many_who_ask_the_same_at_once_are_one_question() {
        let (flights, asked, go) =
            (Flights::new(8), Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let question = || {
            let (asked, go) = (Arc::clone(&asked), Arc::clone(&go));
            move || async move {
                asked.fetch_add(1, Ordering::SeqCst);
                go.notified().await;
                7
            }
        };
        let first = flights.join([1; 32], NOW, question());
        let others = (0..50).map(|_| flights.join([1; 32], NOW * 2, question()));
        let mut joined: Vec<_> = std::iter::once(first).map(Box::pin).collect();
        joined[0].as_mut().now_or_never_pending().await;
        let mut waiting: Vec<_> = others.map(Box::pin).collect();
        for one in &mut waiting {
            one.as_mut().now_or_never_pending().await;
        }
        go.notify_one();
        let answers = [joined.pop().unwrap().await.ok(), waiting.pop().unwrap().await.ok()];
        assert_eq!(answers, [Some((7, NOW)), Some((7, NOW))]);
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        go.notify_one();
        assert_eq!(flights.join([1; 32], NOW * 3, question()).await.ok(), Some((7, NOW * 3)));
    }

    #[tokio::test]
    async fn there_is_an_end_to_the_questions() {
        let flights = Flights::new(1);
        let mut first = Box::pin(flights.join([1; 32], NOW, std::future::pending::<u8>));
        first.as_mut().now_or_never_pending().await;
        assert!(flights.join([2; 32], NOW, || std::future::ready(1)).await.is_err());
    }

    #[tokio::test]
    async fn a_question_that_breaks_is_off_the_list() {
        let flights = Flights::<u8>::new(1);
        assert!(flights.join([1; 32], NOW, || async { panic!("as asked") }).await.is_err());
        assert_eq!(flights.join([1; 32], NOW, || std::future::ready(2)).await.ok(), Some((2, NOW)));
    }

    trait PollOnce: Future {
        /// Polls once, and expects that there is nothing yet.
        async fn now_or_never_pending(self: std::pin::Pin<&mut Self>);
    }

    impl<F: Future> PollOnce for F {
        async fn now_or_never_pending(mut self: std::pin::Pin<&mut Self>) {
            std::future::poll_fn(|context| {
                assert!(self.as_mut().poll(context).is_pending());
                std::task::Poll::Ready(())
            })
            .await;
        }
    }
}
