//! Promises about the token status list: a place is one grant's, and says ended once that is gone.

use std::sync::Arc;

use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::grant::{Details, Grant};

use super::scene::{act, at, ending, grant, grant_id, session_id, sign_in, sign_up};
use super::witness::at_once;
use crate::{Ends, InsertGrant, StatusLists, Store, status_until};

pub async fn of_many_who_take_a_place_each_gets_another(store: Arc<dyn Store>) {
    let mut places =
        at_once(&store, |store, _| async move { store.take_status().await.unwrap() }).await;
    places.sort_unstable();
    assert_eq!(places, (0..8).collect::<Vec<_>>());
    assert_eq!(store.find_status_lists().await.unwrap().given, 8);
    assert_eq!(store.take_status().await.unwrap(), 8);
    let lists = store.find_status_lists().await.unwrap();
    assert_eq!(lists, StatusLists { given: 9, ..lists });
    assert!(ended(&*store).await.is_empty());
}

pub async fn a_place_says_ended_once_its_grant_is_gone(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    let hanging = [
        grant(10, Some(user.id), Some(session_id(1))),
        grant(11, Some(user.id), None),
        grant(12, None, None),
        grant(13, None, None),
    ];
    for grant in hanging {
        place(&*store, grant).await;
    }
    // One that no grant took says nothing.
    store.take_status().await.unwrap();
    assert!(ended(&*store).await.is_empty());

    store.end_grant(grant_id(12), Reason::Operator, &act(Kind::GrantEnded)).await.unwrap();
    assert_eq!(ended(&*store).await, [2]);
    store.end_session(session_id(1), Reason::SignedOut, &ending()).await.unwrap();
    assert_eq!(ended(&*store).await, [0, 2]);
    let everybodys = store.end_sessions(Ends::Everybodys, Reason::Restored, &ending()).await;
    let _rows = everybodys.unwrap();
    assert_eq!(ended(&*store).await, [0, 1, 2, 3]);
    assert_eq!(store.list_ended_statuses(1..3, at(0)).await.unwrap(), [1, 2]);
}

pub async fn a_place_is_never_taken_twice(store: Arc<dyn Store>) {
    let first = place(&*store, grant(10, None, None)).await;
    let details = Details { status: first.details.status, ..Details::default() };
    let second = Grant { details, ..grant(11, None, None) };
    assert!(store.insert_grant(second, &act(Kind::GrantMade)).await.is_err());
    assert_eq!(store.find_grant(grant_id(11)).await.unwrap(), None);
}

pub async fn places_are_forgotten_when_the_last_token_is_dead(store: Arc<dyn Store>) {
    let short = Grant { expires_at: at(600), ..grant(10, None, None) };
    let until = status_until(&short);
    for grant in [short, grant(11, None, None)] {
        place(&*store, grant).await;
    }
    for n in [10, 11] {
        store.end_grant(grant_id(n), Reason::Operator, &act(Kind::GrantEnded)).await.unwrap();
    }
    let a_moment = std::time::Duration::from_millis(1);
    store.expire_statuses(until.minus(a_moment)).await.unwrap();
    assert_eq!(ended(&*store).await, [0, 1]);
    assert_eq!(store.list_ended_statuses(0..9, until).await.unwrap(), [1]);
    store.expire_statuses(until).await.unwrap();
    assert_eq!(ended(&*store).await, [1]);
    assert_eq!(store.take_status().await.unwrap(), 2, "a place is not given again");
}

/// Keeps a grant in the next place.
async fn place(store: &dyn Store, grant: Grant) -> Grant {
    let status = Some(store.take_status().await.unwrap());
    let grant = Grant { details: Details { status, ..Details::default() }, ..grant };
    let inserted = store.insert_grant(grant.clone(), &act(Kind::GrantMade)).await.unwrap();
    assert_eq!(inserted, InsertGrant::Done);
    grant
}

async fn ended(store: &dyn Store) -> Vec<u32> {
    store.list_ended_statuses(0..u32::MAX, at(0)).await.unwrap()
}
