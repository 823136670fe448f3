//! Promises about marks: each is left once.

use std::sync::Arc;
use std::time::Duration;

use super::scene::{at, digest};
use super::witness::at_once;
use crate::Store;

pub async fn a_mark_is_left_once_until_it_ends(store: Arc<dyn Store>) {
    let mark = async |n, until, now| store.mark_once(digest(n), until, now).await.unwrap();
    assert!(mark(1, at(60), at(0)).await);
    assert!(mark(2, at(60), at(0)).await, "another one");
    let just_before = at(60).minus(Duration::from_millis(1));
    assert!(!mark(1, at(999), just_before).await);
    assert!(mark(1, at(120), at(60)).await, "it had ended, and nobody moved its end");
    assert!(!mark(1, at(999), at(119)).await);
}

pub async fn of_many_who_leave_one_mark_one_is_first(store: Arc<dyn Store>) {
    for round in 1..4 {
        // In the second round the mark is there, and has ended.
        let firsts = at_once(&store, |store, _| async move {
            store.mark_once(digest(1), at(round * 60), at((round - 1) * 60)).await.unwrap()
        })
        .await;
        assert_eq!(firsts.into_iter().filter(|first| *first).count(), 1, "round {round}");
    }
}

pub async fn marks_are_forgotten_when_they_end(store: Arc<dyn Store>) {
    for (n, end) in [(1, 60), (2, 61)] {
        assert!(store.mark_once(digest(n), at(end), at(0)).await.unwrap());
    }
    store.expire_marks(at(60)).await.unwrap();
    // As of before its end, which shows whether it is there.
    assert!(store.mark_once(digest(1), at(60), at(0)).await.unwrap());
    assert!(!store.mark_once(digest(2), at(61), at(0)).await.unwrap());
}
