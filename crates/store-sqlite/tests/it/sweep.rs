//! The sweep looks only at what may be over, and finds it behind whatever was used meanwhile.

use std::time::Duration;

use cloakroom_model::event::Kind;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Guests as _};
use cloakroom_store_sqlite::SqliteStore;

use crate::scene::{Folder, NOW, act, come_as_guest, digest, session_id};

#[tokio::test]
async fn what_is_over_is_found_behind_what_was_used() {
    let folder = Folder::new();
    let store = folder.open();
    for n in 1..=50 {
        come_as_guest(&store, n).await;
    }
    let used: Vec<_> = (1..50).map(|n| (session_id(n), after(30 * 60))).collect();
    store.touch_guests(&used).await.unwrap();

    // An hour after all came, one was not used.
    assert_eq!(expire(&store, 1, after(3600)).await, 1);
    assert!(store.find_guest(&digest(50), NOW).await.unwrap().is_none());
    assert_eq!(expire(&store, 100, after(3600)).await, 0);
}

#[tokio::test]
async fn what_was_used_is_looked_at_again_when_it_may_be_over() {
    let folder = Folder::new();
    let store = folder.open();
    come_as_guest(&store, 1).await;
    store.touch_guests(&[(session_id(1), after(30 * 60))]).await.unwrap();

    assert_eq!(expire(&store, 10, after(3600)).await, 0, "it was used half an hour ago");
    let end = after(90 * 60);
    assert_eq!(expire(&store, 10, end.minus(Duration::from_millis(1))).await, 0);
    assert_eq!(expire(&store, 10, end).await, 1);
}

#[tokio::test]
async fn what_memory_may_know_better_is_left_for_the_lag() {
    let folder = Folder::new();
    let store = folder.open();
    come_as_guest(&store, 1).await;
    let lag = Duration::from_secs(5);
    let expire = async |at| {
        let act = Act { at, ..act(Kind::SessionEnded, 7) };
        store.expire_guests(lag, 10, &act).await.unwrap().value
    };
    assert_eq!(expire(after(3600)).await, 0);
    assert_eq!(expire(after(3604)).await, 0);
    assert_eq!(expire(after(3605)).await, 1);
}

async fn expire(store: &SqliteStore, limit: usize, at: Timestamp) -> usize {
    let act = Act { at, ..act(Kind::SessionEnded, 7) };
    store.expire_guests(Duration::ZERO, limit, &act).await.unwrap().value
}

fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}
