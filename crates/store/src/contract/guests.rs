//! Promises about guests: they are found, kept alive and ended like everybody, and leave nothing.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::data::{Change, Owner};
use cloakroom_model::event::{Kind, Reason};
use serde_json::json;

use super::scene::{
    act, act_at, at, come_as_guest, digest, ending, grant, key, put, session, session_id, write,
};
use super::witness::{
    Listener, count, events, grant_ended, grants_there, opens, session_ended, value,
};
use crate::{LiveGuest, Store, Written};

pub async fn a_guest_is_found_by_its_secret_and_by_its_id(store: Arc<dyn Store>) {
    let guest = come_as_guest(&*store, 1).await;
    // Carried as a token alone.
    let mobile = session(2, None);
    let inserted = store.insert_guest(mobile.clone(), None, None, &act(Kind::GuestCame)).await;
    inserted.unwrap();

    let found = store.find_guest(&digest(1), at(0)).await.unwrap();
    assert_eq!(found, Some(LiveGuest::Live(Box::new(guest.clone()))));
    assert_eq!(store.find_guest_by_id(session_id(1)).await.unwrap(), Some(guest));
    assert_eq!(store.find_guest_by_id(session_id(2)).await.unwrap(), Some(mobile));
    let grants = store.list_grants_of_session(session_id(1)).await.unwrap();
    assert_eq!(grants, [grant(1, None, Some(session_id(1)))]);

    assert_eq!(store.find_guest(&digest(2), at(0)).await.unwrap(), None);
    assert_eq!(store.find_guest_by_id(session_id(3)).await.unwrap(), None);
    assert_eq!(count(&*store, Kind::GuestCame).await, 2);
}

pub async fn insert_never_replaces_a_guest(store: Arc<dyn Store>) {
    let guest = come_as_guest(&*store, 1).await;
    let mut second = session(1, None);
    second.remembered = false;
    let answer = store.insert_guest(second, Some(digest(2)), None, &act(Kind::GuestCame)).await;
    assert!(answer.is_err());
    assert_eq!(store.find_guest_by_id(session_id(1)).await.unwrap(), Some(guest));
    assert!(opens(&*store, 1).await && !opens(&*store, 2).await);
}

pub async fn an_ended_guest_leaves_nothing(store: Arc<dyn Store>) {
    come_as_guest(&*store, 1).await;
    come_as_guest(&*store, 2).await;
    let cart = key(Owner::Session(session_id(1)), "cart");
    put(&*store, cart.clone(), json!(1), 1).await;
    let mut log = Listener::new(&*store).await;

    let end = ending();
    let done = store.end_guest(session_id(1), Reason::SignedOut, &end).await.unwrap().unwrap();
    log.hears(&*store, &end, &done.rows, [session_ended(1), grant_ended(1)]).await;

    assert!(!opens(&*store, 1).await && opens(&*store, 2).await);
    assert_eq!(store.find_guest_by_id(session_id(1)).await.unwrap(), None);
    assert_eq!(grants_there(&*store, [1, 2]).await, [2]);
    assert_eq!(value(&*store, cart.clone()).await, None);
    store.touch_guests(&[(session_id(1), at(9))]).await.unwrap();
    let late = store.write_data(write(cart.clone(), Change::Put(json!(2)), 2), &ending()).await;
    assert_eq!(late.unwrap(), Written::Ended);
    assert_eq!(value(&*store, cart).await, None);
    assert_eq!(store.find_guest_by_id(session_id(1)).await.unwrap(), None);
    assert_eq!(store.end_guest(session_id(1), Reason::SignedOut, &end).await.unwrap(), None);
}

pub async fn a_guests_last_seen_is_raised_and_never_lowered(store: Arc<dyn Store>) {
    come_as_guest(&*store, 1).await;
    for seen in [9, 5] {
        let touched = [(session_id(7), at(seen)), (session_id(1), at(seen))];
        store.touch_guests(&touched).await.unwrap();
        let guest = store.find_guest_by_id(session_id(1)).await.unwrap().unwrap();
        assert_eq!(guest.last_seen_at, at(9));
    }
    assert_eq!(store.find_guest_by_id(session_id(7)).await.unwrap(), None);
}

pub async fn guests_whose_time_is_over_end_with_their_reason(store: Arc<dyn Store>) {
    let mut short = session(1, None);
    short.expires_at = at(600);
    let act_of_coming = act(Kind::GuestCame);
    store.insert_guest(short, Some(digest(1)), None, &act_of_coming).await.unwrap();
    come_as_guest(&*store, 2).await;
    come_as_guest(&*store, 3).await;
    store.touch_guests(&[(session_id(3), at(3000))]).await.unwrap();
    let mut log = Listener::new(&*store).await;

    for (seconds, limit, expected) in [(599, 9, 0), (3615, 9, 1), (3631, 9, 1), (99_999, 0, 0)] {
        let act = act_at(at(seconds), Kind::SessionEnded);
        let done = store.expire_guests(Duration::from_secs(30), limit, &act).await.unwrap();
        assert_eq!(done.value, expected, "at {seconds}");
        match seconds {
            3615 => log.hears(&*store, &act, &done.rows, [session_ended(1)]).await,
            3631 => {
                let expected = [session_ended(2), grant_ended(2)];
                log.hears(&*store, &act, &done.rows, expected).await;
            }
            _ => log.hears(&*store, &act, &done.rows, []).await,
        }
    }
    assert!(!opens(&*store, 1).await && !opens(&*store, 2).await && opens(&*store, 3).await);
    let reasons: Vec<_> = events(&*store)
        .await
        .into_iter()
        .filter(|it| it.event.kind == Kind::SessionEnded)
        .filter_map(|it| it.event.detail)
        .collect();
    assert_eq!(reasons, ["idle", "expired"]);
}
