//! Promises about one-time links, as long as nobody spends them. That they are spent once is promised where they
//! are: with passwords, secrets and sign-ins.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::link::{Link, Purpose};

use super::scene::{
    act, at, digest, ending, insert, insert_link, link, new_admin, session_id, sign_in, sign_up,
    user_id,
};
use super::witness::count;
use crate::{InsertLink, Store};

pub async fn a_link_is_found_until_it_expires(store: Arc<dyn Store>) {
    let set_up = link(60, Purpose::SetUp);
    insert_link(&*store, set_up.clone()).await;
    let just_before = at(60).minus(Duration::from_millis(1));
    for _ in 0..2 {
        // To look is not to spend.
        let found = store.find_link(&digest(60), just_before).await.unwrap();
        assert_eq!(found, Some(set_up.clone()));
    }
    assert_eq!(store.find_link(&digest(60), at(60)).await.unwrap(), None);
    assert_eq!(store.find_link(&digest(61), at(0)).await.unwrap(), None);
    assert_eq!(count(&*store, Kind::LinkMade).await, 1);
}

pub async fn a_new_link_takes_the_place_of_the_earlier_one_for_the_same(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let other = sign_up(&*store, 2).await;
    sign_in(&*store, &user, 1).await;
    let cookie = Purpose::Cookie { session: session_id(1) };
    let purposes = [
        (60, Purpose::SetUp),
        (61, Purpose::Recover { user: user.id }),
        (62, Purpose::Recover { user: other.id }),
        (63, cookie),
    ];
    for (n, purpose) in purposes {
        insert_link(&*store, link(n, purpose)).await;
    }
    insert_link(&*store, link(70, Purpose::SetUp)).await;
    insert_link(&*store, link(71, Purpose::Recover { user: user.id })).await;
    insert_link(&*store, link(73, cookie)).await;

    let mut there = Vec::new();
    for n in (60..64).chain(70..74) {
        if store.find_link(&digest(n), at(0)).await.unwrap().is_some() {
            there.push(n);
        }
    }
    // Two windows may each want the cookie of one session.
    assert_eq!(there, [62, 63, 70, 71, 73]);
}

pub async fn a_link_to_nothing_is_not_kept(store: Arc<dyn Store>) {
    let user = insert(&*store, new_admin(1)).await;
    sign_in(&*store, &user, 1).await;
    store.end_session(session_id(1), Reason::SignedOut, &ending()).await.unwrap();
    let table = [
        Purpose::SetUp,
        Purpose::Recover { user: user_id(7) },
        Purpose::Cookie { session: session_id(1) },
        Purpose::Cookie { session: session_id(7) },
    ];
    for purpose in table {
        let inserted = store.insert_link(link(60, purpose), &act(Kind::LinkMade)).await.unwrap();
        assert_eq!(inserted, InsertLink::Pointless, "{purpose:?}");
        assert_eq!(store.find_link(&digest(60), at(0)).await.unwrap(), None);
    }
    assert_eq!(count(&*store, Kind::LinkMade).await, 0);
    insert_link(&*store, link(60, Purpose::Recover { user: user.id })).await;
}

pub async fn an_ended_session_takes_the_links_to_it_along(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    for n in [1, 2] {
        sign_in(&*store, &user, n).await;
        insert_link(&*store, link(60 + n, Purpose::Cookie { session: session_id(n) })).await;
    }
    store.end_session(session_id(1), Reason::SignedOut, &ending()).await.unwrap();
    assert_eq!(store.find_link(&digest(61), at(0)).await.unwrap(), None);
    assert!(store.find_link(&digest(62), at(0)).await.unwrap().is_some());
}

pub async fn expired_links_are_forgotten(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    insert_link(&*store, link(60, Purpose::SetUp)).await;
    let later = Link { expires_at: at(61), ..link(61, Purpose::Recover { user: user.id }) };
    insert_link(&*store, later).await;
    store.expire_links(at(60)).await.unwrap();
    assert_eq!(store.find_link(&digest(60), at(0)).await.unwrap(), None);
    assert!(store.find_link(&digest(61), at(0)).await.unwrap().is_some());
}
