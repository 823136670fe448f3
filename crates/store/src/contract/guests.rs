//! Promises about guests: they are found, kept alive and ended like everybody, and leave nothing.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::data::{Change, Owner};
use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::session::Session;
use serde_json::json;

use super::scene::{
    act, act_at, at, come_as_guest, come_with_tokens, digest, ending, grant, key, put, session,
    session_id, write,
};
use super::witness::{
    Listener, count, events, grant_ended, grants_there, opens, session_ended, value,
};
use crate::{LiveGuest, Store, Written};

pub async fn a_guest_is_found_by_its_secret_and_by_its_id(store: Arc<dyn Store>) {
    let guests = [come_as_guest(&*store, 1).await, come_with_tokens(&*store, 2).await];
    // Carried as tokens alone.
    let mobile = session(3, None);
    let of_mobile = grant(3, None, Some(session_id(3)));
    let came = act(Kind::GuestCame);
    store.insert_guest(mobile.clone(), None, Some(of_mobile), &came).await.unwrap();

    for (n, guest) in (1..).zip(guests) {
        let found = store.find_guest(&digest(n), at(0)).await.unwrap();
        assert_eq!(found, Some(LiveGuest::Live(Box::new(guest.clone()))));
        assert_eq!(store.find_guest_by_id(session_id(n)).await.unwrap(), Some(guest));
    }
    assert_eq!(store.find_guest_by_id(session_id(3)).await.unwrap(), Some(mobile));
    let grants = store.list_grants_of_session(session_id(2)).await.unwrap();
    assert_eq!(grants, [grant(2, None, Some(session_id(2)))]);

    assert_eq!(store.find_guest(&digest(3), at(0)).await.unwrap(), None);
    assert_eq!(store.find_guest_by_id(session_id(4)).await.unwrap(), None);
    // Of one without tokens it may be told or not.
    assert!((2..=3).contains(&count(&*store, Kind::GuestCame).await));
}

pub async fn insert_never_replaces_a_guest(store: Arc<dyn Store>) {
    // The same kind of guest under the same name, with a secret whose digest begins alike.
    for (n, tokens) in [(1, false), (2, true)] {
        let grant = |of| tokens.then(|| grant(of, None, Some(session_id(n))));
        let came = act(Kind::GuestCame);
        let guest = session(n, None);
        store.insert_guest(guest.clone(), Some(digest(n)), grant(n), &came).await.unwrap();
        let second = Session { remembered: false, ..guest.clone() };
        let mut another = digest(n);
        another.0[31] = 99;
        let answer = store.insert_guest(second, Some(another), grant(n + 10), &came).await;
        assert!(answer.is_err());
        assert_eq!(store.find_guest_by_id(session_id(n)).await.unwrap(), Some(guest));
        assert_eq!(store.find_guest(&another, at(0)).await.unwrap(), None);
        assert!(opens(&*store, n).await);
    }
}

pub async fn an_ended_guest_leaves_nothing(store: Arc<dyn Store>) {
    come_with_tokens(&*store, 1).await;
    come_with_tokens(&*store, 2).await;
    come_as_guest(&*store, 3).await;
    come_as_guest(&*store, 4).await;
    let mut log = Listener::new(&*store).await;

    for n in [1, 3] {
        let cart = key(Owner::Session(session_id(n)), "cart");
        put(&*store, cart.clone(), json!(1), 1).await;
        let end = ending();
        let done = store.end_guest(session_id(n), Reason::SignedOut, &end).await.unwrap().unwrap();
        match n {
            1 => log.hears(&*store, &end, &done.rows, [session_ended(1), grant_ended(1)]).await,
            _ => log.hears(&*store, &end, &done.rows, [session_ended(n)]).await,
        }

        assert!(!opens(&*store, n).await && opens(&*store, n + 1).await);
        assert_eq!(store.find_guest_by_id(session_id(n)).await.unwrap(), None);
        assert_eq!(grants_there(&*store, [1, 2]).await, [2]);
        assert_eq!(value(&*store, cart.clone()).await, None);
        store.touch_guests(&[(session_id(n), at(9))]).await.unwrap();
        let late = write(cart.clone(), Change::Put(json!(2)), 2);
        assert_eq!(store.write_data(late, &ending()).await.unwrap(), Written::Ended);
        assert_eq!(value(&*store, cart).await, None);
        assert_eq!(store.find_guest_by_id(session_id(n)).await.unwrap(), None);
        assert_eq!(store.end_guest(session_id(n), Reason::SignedOut, &end).await.unwrap(), None);
    }
    let told = events(&*store).await;
    let ended = told.iter().filter(|it| it.event.kind == Kind::SessionEnded);
    let ended: Vec<_> = ended.filter_map(|it| it.event.session).collect();
    assert_eq!(ended, [session_id(3), session_id(1)]);
}

pub async fn a_guests_last_seen_is_raised_and_never_lowered(store: Arc<dyn Store>) {
    come_as_guest(&*store, 1).await;
    come_with_tokens(&*store, 2).await;
    for seen in [9, 5] {
        let touched = [7, 1, 2].map(|n| (session_id(n), at(seen)));
        store.touch_guests(&touched).await.unwrap();
        for n in [1, 2] {
            let guest = store.find_guest_by_id(session_id(n)).await.unwrap().unwrap();
            assert_eq!(guest.last_seen_at, at(9));
        }
    }
    assert_eq!(store.find_guest_by_id(session_id(7)).await.unwrap(), None);
}

pub async fn guests_with_tokens_whose_time_is_over_end_with_their_reason(store: Arc<dyn Store>) {
    let mut short = session(1, None);
    short.expires_at = at(600);
    let act_of_coming = act(Kind::GuestCame);
    let of_short = grant(1, None, Some(session_id(1)));
    store.insert_guest(short, Some(digest(1)), Some(of_short), &act_of_coming).await.unwrap();
    come_with_tokens(&*store, 2).await;
    come_with_tokens(&*store, 3).await;
    store.touch_guests(&[(session_id(3), at(3000))]).await.unwrap();
    let mut log = Listener::new(&*store).await;

    for (seconds, limit, expected) in [(599, 9, 0), (3615, 9, 1), (3631, 9, 1), (99_999, 0, 0)] {
        let act = act_at(at(seconds), Kind::SessionEnded);
        let done = store.expire_guests(Duration::from_secs(30), limit, &act).await.unwrap();
        assert_eq!(done.value, expected, "at {seconds}");
        match seconds {
            3615 => {
                let expected = [session_ended(1), grant_ended(1)];
                log.hears(&*store, &act, &done.rows, expected).await;
            }
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
