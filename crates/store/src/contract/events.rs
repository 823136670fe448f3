//! Promises about events: each act tells of itself once, when it is done, and of each thing that it ended.

use std::sync::Arc;

use cloakroom_model::event::{Actor, Event, Kind, Reason};
use cloakroom_model::time::Timestamp;

use super::scene::{
    act, at, client_id, disabled, ending, give_own_grant, grant_id, session_id, sign_in, sign_up,
    user_id,
};
use super::witness::{changed, events};
use crate::{Changed, EventFilter, Page, Store};

pub async fn events_are_listed_the_latest_first_page_by_page(store: Arc<dyn Store>) {
    let of = |n| Event { user: Some(user_id(n)), ..event(Kind::SignInFailed, at(u64::from(n))) };
    store.record(vec![of(1), of(2)]).await.unwrap();
    store.record(vec![event(Kind::SignInThrottled, at(0)), of(1)]).await.unwrap();
    store.record(Vec::new()).await.unwrap();
    let list = async |user, before, limit| {
        let filter = EventFilter { user, page: Page { before, limit } };
        store.list_events(&filter).await.unwrap()
    };

    let all = list(None, None, 9).await;
    let expected = [of(1), event(Kind::SignInThrottled, at(0)), of(2), of(1)];
    assert_eq!(all.iter().map(|it| it.event.clone()).collect::<Vec<_>>(), expected);
    assert!(all.is_sorted_by(|a, b| a.seq > b.seq));

    assert_eq!(list(None, None, 2).await, all[..2]);
    assert_eq!(list(None, Some(all[1].seq), 1).await, all[2..3]);
    assert_eq!(list(None, Some(all[3].seq), 9).await, []);
    assert_eq!(list(Some(user_id(1)), None, 9).await, [all[0].clone(), all[3].clone()]);
    assert_eq!(list(Some(user_id(1)), Some(all[0].seq), 9).await, all[3..]);
    assert_eq!(list(Some(user_id(1)), None, 1).await, all[..1]);
}

pub async fn an_event_is_kept_with_all_it_says(store: Arc<dyn Store>) {
    let full = Event {
        user: Some(user_id(1)),
        session: Some(session_id(2)),
        grant: Some(grant_id(3)),
        client: Some(client_id("shop")),
        address: Some("2001:db8::1".to_owned()),
        detail: Some("„ü\" '%".to_owned()),
        ..Event::new(at(5), Kind::RefreshReplayed, Actor::User(user_id(4)))
    };
    let actors = [Actor::Anybody, Actor::Operator, Actor::Server];
    let bare = actors.map(|actor| Event::new(at(6), Kind::KeyMade, actor));
    store.record([vec![full.clone()], bare.to_vec()].concat()).await.unwrap();

    let kept: Vec<_> = events(&*store).await.into_iter().rev().map(|it| it.event).collect();
    assert_eq!(kept, [vec![full], bare.to_vec()].concat());
}

pub async fn each_ending_is_told_once_and_says_why(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    let before = events(&*store).await.len();
    let mut sign_out = ending();
    sign_out.event.actor = Actor::User(user.id);
    let done = store.end_session(session_id(1), Reason::SignedOut, &sign_out).await.unwrap();
    assert!(done.is_some());

    let pattern = &sign_out.event;
    let expected = [
        Event {
            user: Some(user.id),
            session: Some(session_id(1)),
            detail: Some("signed_out".to_owned()),
            ..pattern.clone()
        },
        Event {
            kind: Kind::GrantEnded,
            user: Some(user.id),
            session: Some(session_id(1)),
            grant: Some(grant_id(1)),
            detail: Some("session_ended".to_owned()),
            ..pattern.clone()
        },
    ];
    assert_eq!(pattern.address.as_deref(), Some("192.0.2.1"));
    assert_eq!(in_order(since(&*store, before).await), expected);
}

pub async fn an_act_tells_of_itself_and_of_what_it_ended(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    give_own_grant(&*store, &user, 9).await;
    sign_in(&*store, &user, 1).await;
    let before = events(&*store).await.len();
    let mut disable = act(Kind::UserDisabled);
    disable.event.user = Some(user.id);
    changed(store.set_life(user.id, disabled(), &disable).await.unwrap());

    let told = in_order(since(&*store, before).await);
    let told: Vec<_> =
        told.iter().map(|it| (it.kind, it.session, it.grant, it.detail.as_deref())).collect();
    let (session, grant) = (Some(session_id(1)), Some(grant_id(1)));
    let expected = [
        (Kind::SessionEnded, session, None, Some("user_disabled")),
        (Kind::GrantEnded, session, grant, Some("session_ended")),
        (Kind::GrantEnded, None, Some(grant_id(9)), Some("user_disabled")),
        (Kind::UserDisabled, None, None, None),
    ];
    assert_eq!(told, expected);
}

pub async fn an_act_that_was_not_done_is_not_told(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let before = events(&*store).await;
    let nothing = ending();
    let gone = session_id(7);
    assert_eq!(store.end_session(gone, Reason::Operator, &nothing).await.unwrap(), None);
    assert_eq!(store.end_guest(gone, Reason::Operator, &nothing).await.unwrap(), None);
    assert_eq!(store.end_grant(grant_id(7), Reason::Operator, &nothing).await.unwrap(), None);
    let upgrade = act(Kind::PasswordUpgraded);
    assert!(!store.upgrade_password(user.id, "not it", "new", &upgrade).await.unwrap());
    let delete = act(Kind::UserDeleted);
    let nobody = store.delete_user(user_id(7), None, &delete).await.unwrap();
    assert_eq!(nobody, Changed::NoUser);
    assert_eq!(events(&*store).await, before);

    assert!(store.upgrade_password(user.id, "hash 1", "new", &upgrade).await.unwrap());
    assert_eq!(since(&*store, before.len()).await, [upgrade.event]);
}

pub async fn old_events_are_forgotten_the_oldest_first(store: Arc<dyn Store>) {
    let times = [1, 2, 3, 4].map(|n| event(Kind::SignInFailed, at(n)));
    store.record(times.to_vec()).await.unwrap();
    let left = async || {
        let events = events(&*store).await.into_iter().rev();
        events.map(|it| it.event.at).collect::<Vec<_>>()
    };

    assert_eq!(store.prune_events(at(4), 2).await.unwrap(), 2);
    assert_eq!(left().await, [at(3), at(4)]);
    assert_eq!(store.prune_events(at(4), 2).await.unwrap(), 1);
    assert_eq!(store.prune_events(at(4), 2).await.unwrap(), 0);
    assert_eq!(left().await, [at(4)]);
    // The numbers of those that are gone are not used again.
    let last = events(&*store).await[0].seq;
    store.prune_events(at(9), 9).await.unwrap();
    store.record(vec![event(Kind::SignInFailed, at(5))]).await.unwrap();
    assert!(events(&*store).await[0].seq > last);
}

fn event(kind: Kind, at: Timestamp) -> Event {
    Event::new(at, kind, Actor::Anybody)
}

/// The events recorded since there were so many, the earliest first.
async fn since(store: &dyn Store, before: usize) -> Vec<Event> {
    let mut all: Vec<_> = events(store).await.into_iter().rev().map(|it| it.event).collect();
    all.split_off(before)
}

/// Sessions, then grants by id, then the act itself: the order within one act is the backend's own.
fn in_order(mut events: Vec<Event>) -> Vec<Event> {
    events.sort_by_key(|it| (it.kind != Kind::SessionEnded, it.grant.is_none(), it.grant));
    events
}
