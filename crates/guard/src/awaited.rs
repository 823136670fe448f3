//! Whoever waits for the end of something, and is told in the moment in which it is heard.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::subject::Digest;

/// So many wait at once for the end of one subject that they name first, such as a user whose pages they are.
const OF_ONE: usize = 64;

/// Those who wait.
#[derive(Default)]
pub(crate) struct Awaited(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// By what each waits for, and by its number.
    by: HashMap<Digest, BTreeMap<u64, Arc<Notify>>>,
    count: usize,
    came: u64,
}

/// One that waits, until it is dropped.
pub(crate) struct Waiter<'a> {
    awaited: &'a Awaited,
    number: u64,
    subjects: Vec<Digest>,
    told: Arc<Notify>,
}

impl Awaited {
    /// Waits for the end of any of these, beside fewer than `most` others; `None` where as many wait already, or 64 for the first
    /// of the subjects. What ended before is not told: look that up afterwards.
    pub(crate) fn wait_for(&self, subjects: Vec<Digest>, most: usize) -> Option<Waiter<'_>> {
        let mut waiting = self.waiting();
        let of_one =
            subjects.first().and_then(|first| waiting.by.get(first)).map_or(0, BTreeMap::len);
        if waiting.count >= most || of_one >= OF_ONE {
            return None;
        }
        waiting.came += 1;
        waiting.count += 1;
        let (number, told) = (waiting.came, Arc::new(Notify::new()));
        for subject in &subjects {
            waiting.by.entry(*subject).or_default().insert(number, Arc::clone(&told));
        }
        Some(Waiter { awaited: self, number, subjects, told })
    }

    /// Tells those who wait for the end of this subject.
    pub(crate) fn tell(&self, subject: &Digest) {
        for told in self.waiting().by.get(subject).into_iter().flat_map(BTreeMap::values) {
            told.notify_one();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter<'_> {
    /// Waits until it is told, and answers whether that was within the limit.
    pub(crate) async fn is_told_within(&self, limit: Duration) -> bool {
        timeout(limit, self.told.notified()).await.is_ok()
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut waiting = self.awaited.waiting();
        waiting.count -= 1;
        for subject in &self.subjects {
            if let Some(all) = waiting.by.get_mut(subject) {
                all.remove(&self.number);
                if all.is_empty() {
                    waiting.by.remove(subject);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::Kind;

    const LONG: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn whoever_waits_is_told_of_the_end_of_any_and_of_no_others() {
        let awaited = Awaited::default();
        let [ada, bea, session] = ["ada", "bea", "session"].map(|id| Digest::of(Kind::User, id));
        let waiter = awaited.wait_for(vec![ada, session], 10).unwrap();
        let other = awaited.wait_for(vec![bea], 10).unwrap();
        awaited.tell(&session);
        // Told before it asked, and so at once.
        assert!(waiter.is_told_within(LONG).await);
        assert!(!other.is_told_within(Duration::from_millis(5)).await);
        drop((waiter, other));
        let left = awaited.waiting();
        assert!(left.by.is_empty() && left.count == 0, "nothing is kept for those who left");
    }

    #[test]
    fn there_are_never_more_than_may_be() {
        let awaited = Awaited::default();
        let user = |id: usize| Digest::of(Kind::User, &id.to_string());
        let mut all: Vec<_> = (0..3).map(|id| awaited.wait_for(vec![user(id)], 3)).collect();
        assert!(all.iter().all(Option::is_some) && awaited.wait_for(vec![user(3)], 3).is_none());
        all.pop();
        assert!(awaited.wait_for(vec![user(3)], 3).is_some());
        let of_one: Vec<_> = (0..=OF_ONE).map(|_| awaited.wait_for(vec![user(7)], 1000)).collect();
        assert_eq!(of_one.iter().flatten().count(), OF_ONE);
    }
}
