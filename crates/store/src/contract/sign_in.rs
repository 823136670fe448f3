//! Promises about the beginning of a session: all of it or nothing, and never against what is no longer so.

use std::sync::Arc;

use cloakroom_model::data::Owner;
use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::link::Purpose;
use cloakroom_model::policy::limit::{Limit, WhenFull};
use cloakroom_model::user::{Life, User};
use serde_json::json;

use super::scene::{
    act, act_at, at, begin, begin_new, begun, come_as_guest, come_with_tokens, digest, disabled,
    earlier, email, ending, grant, insert, insert_link, key, link, new_admin, new_user, put,
    session, session_id, sign_in, sign_up, user_id, username,
};
use super::witness::{
    CALLERS, Listener, at_once, changed, count, events, grant_ended, look_at, opens, session_ended,
    value,
};
use crate::{Begin, Begun, ChangePassword, Done, FoundSession, LiveGuest, Store};

pub async fn a_session_begins_with_all_that_belongs_to_it(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    insert_link(&*store, link(60, Purpose::Recover { user: user.id })).await;
    let whole = Begin { device: Some(digest(50)), link: Some(digest(60)), ..begin(&user, 1) };

    let answer = store.begin_session(whole, &act(Kind::SignedIn)).await.unwrap();

    assert_eq!(answer, Begun::Done(Done { value: user.clone(), rows: Vec::new() }));
    let live = store.find_session_by_id(session_id(1)).await.unwrap().unwrap();
    assert_eq!((live.session, live.user), (session(1, Some(user.id)), user.clone()));
    assert!(opens(&*store, 1).await);
    let grants = store.list_grants_of_session(session_id(1)).await.unwrap();
    assert_eq!(grants, [grant(1, Some(user.id), Some(session_id(1)))]);
    let failures = store.find_failures(user.id, Some(&digest(50))).await.unwrap();
    assert!(failures.known_device);
    assert_eq!(store.find_link(&digest(60), at(1)).await.unwrap(), None);
    assert_eq!(count(&*store, Kind::SignedIn).await, 1);
    assert!(store.begin_session(begin(&user, 1), &act(Kind::SignedIn)).await.is_err());
}

pub async fn a_sign_up_makes_user_and_session_together(store: Arc<dyn Store>) {
    let answer = store.begin_session(begin_new(new_user(1), 1), &act(Kind::SignedUp)).await;
    assert!(matches!(answer.unwrap(), Begun::Done(done) if done.value == new_user(1).user));
    let login = store.find_login_of(user_id(1)).await.unwrap().unwrap();
    assert_eq!((login.user, login.password), (new_user(1).user, new_user(1).password));
    assert!(opens(&*store, 1).await);

    let mut same_email = new_user(2);
    same_email.user.email = email(1);
    let mut same_username = new_user(2);
    same_username.user.username = Some(username(1));
    let table = [(same_email, Begun::EmailTaken), (same_username, Begun::UsernameTaken)];
    for (new, refused) in table {
        let answer = store.begin_session(begin_new(new, 2), &act(Kind::SignedUp)).await.unwrap();
        assert_eq!(answer, refused);
        assert_eq!(store.find_user(user_id(2)).await.unwrap(), None);
        assert!(!opens(&*store, 2).await);
    }
    assert_eq!(count(&*store, Kind::SignedUp).await, 1);
}

pub async fn a_sign_in_against_an_older_generation_is_not_stored(store: Arc<dyn Store>) {
    let checked = sign_up(&*store, 1).await;
    let refused = async |begin: Begin| {
        let answer = store.begin_session(begin, &act(Kind::SignedIn)).await.unwrap();
        assert_eq!(answer, Begun::Stale);
        assert_eq!(store.list_all_sessions(None, 9).await.unwrap(), []);
    };

    let change = ChangePassword {
        user: checked.id,
        expected_generation: 0,
        password: "new".to_owned(),
        keep: None,
        end_others: true,
        link: None,
        reason: Reason::PasswordChanged,
    };
    changed(store.change_password(change, &act(Kind::PasswordChanged)).await.unwrap());
    refused(begin(&checked, 1)).await;

    changed(store.set_life(checked.id, disabled(), &act(Kind::UserDisabled)).await.unwrap());
    let out = look_at(&*store, checked.id).await;
    refused(begin(&out, 1)).await;

    changed(store.set_life(checked.id, Life::Active, &act(Kind::UserEnabled)).await.unwrap());
    refused(begin(&out, 1)).await;
    let back = look_at(&*store, checked.id).await;
    sign_in(&*store, &back, 1).await;

    changed(store.delete_user(checked.id, None, &act(Kind::UserDeleted)).await.unwrap());
    refused(begin(&back, 2)).await;
    assert_eq!(count(&*store, Kind::SignedIn).await, 1);
}

pub async fn no_sign_in_survives_what_it_raced(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    at_once(&store, |store, caller| {
        let user = user.clone();
        async move {
            if caller == CALLERS / 2 {
                let disable = act(Kind::UserDisabled);
                changed(store.set_life(user.id, disabled(), &disable).await.unwrap());
            } else {
                let begin = begin(&user, caller);
                store.begin_session(begin, &act(Kind::SignedIn)).await.unwrap();
            }
        }
    })
    .await;

    assert_eq!(store.list_sessions(user.id).await.unwrap(), []);
    assert_eq!(store.list_grants_of_user(user.id).await.unwrap(), []);
    for n in 1..=CALLERS {
        assert!(!opens(&*store, n).await, "secret {n}");
    }
}

pub async fn a_sign_in_takes_the_place_of_the_browsers_earlier_session(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let other = sign_up(&*store, 2).await;
    let mut log = Listener::new(&*store).await;
    come_with_tokens(&*store, 1).await;
    sign_in(&*store, &user, 2).await;
    sign_in(&*store, &other, 3).await;
    come_as_guest(&*store, 4).await;

    for (n, new) in [(1, 11), (2, 12), (3, 13), (4, 14)] {
        let sign_in = act(Kind::SignedIn);
        let begin = Begin { earlier: Some(earlier(session_id(n))), ..begin(&user, new) };
        let Begun::Done(done) = store.begin_session(begin, &sign_in).await.unwrap() else {
            panic!("session {new} did not begin");
        };
        if n == 4 {
            log.hears(&*store, &sign_in, &done.rows, [session_ended(n)]).await;
        } else {
            let expected = [session_ended(n), grant_ended(n)];
            log.hears(&*store, &sign_in, &done.rows, expected).await;
        }
        assert!(!opens(&*store, n).await && opens(&*store, new).await);
        assert_eq!(store.find_session_by_id(session_id(n)).await.unwrap(), None);
        assert_eq!(store.find_guest_by_id(session_id(n)).await.unwrap(), None);
    }
    // Which secret belonged to whom is told apart; who goes on is told to each.
    for (n, successor) in [(1, 11), (4, 14)] {
        let guest = store.find_guest(&digest(n), at(60)).await.unwrap();
        let expected = session_id(successor);
        assert!(matches!(guest, Some(LiveGuest::Replaced(it)) if it.successor == expected));
        assert_eq!(store.find_guest(&digest(n), at(61)).await.unwrap(), None);
    }
    for (n, successor) in [(2, 12), (3, 13)] {
        let session = store.find_session(&digest(n), at(60)).await.unwrap();
        let expected = session_id(successor);
        assert!(matches!(session, Some(FoundSession::Replaced(it)) if it.successor == expected));
    }
    let superseded = events(&*store)
        .await
        .into_iter()
        .filter(|it| it.event.detail.as_deref() == Some(Reason::Superseded.as_str()));
    assert_eq!(superseded.count(), 4);
}

pub async fn one_more_than_the_limit_evicts_the_one_unused_for_longest(store: Arc<dyn Store>) {
    let user = full_house(&*store).await;
    let mut log = Listener::new(&*store).await;
    let limit = Some(Limit { sessions: 3, when_full: WhenFull::EvictOldest });
    let sign_in = act_at(at(700), Kind::SignedIn);
    let more = Begin { limit, ..begin(&user, 5) };
    let Begun::Done(done) = store.begin_session(more, &sign_in).await.unwrap() else {
        panic!("the limit makes room");
    };
    // Session 1 was used last; session 4 has expired and takes no room.
    log.hears(&*store, &sign_in, &done.rows, [session_ended(2), grant_ended(2)]).await;
    assert!(opens(&*store, 1).await && opens(&*store, 3).await && opens(&*store, 5).await);
    assert!(opens(&*store, 6).await, "somebody else's session is not counted");
    let evicted = events(&*store).await.into_iter().find(|it| it.event.kind == Kind::SessionEnded);
    assert_eq!(evicted.unwrap().event.detail.as_deref(), Some("evicted"));
}

pub async fn a_full_house_can_refuse_one_more(store: Arc<dyn Store>) {
    let user = full_house(&*store).await;
    let mut log = Listener::new(&*store).await;
    let sign_in = act_at(at(700), Kind::SignedIn);
    let with = |sessions| {
        let limit = Some(Limit { sessions, when_full: WhenFull::Refuse });
        Begin { limit, ..begin(&user, 5) }
    };
    assert_eq!(store.begin_session(with(3), &sign_in).await.unwrap(), Begun::Full);
    log.hears(&*store, &sign_in, &[], []).await;
    assert!(!opens(&*store, 5).await && opens(&*store, 2).await);

    // The browser's own session ends, and so makes room.
    let instead = Begin { earlier: Some(earlier(session_id(3))), ..with(3) };
    let answer = store.begin_session(instead, &sign_in).await.unwrap();
    assert!(matches!(answer, Begun::Done(_)), "{answer:?}");
    assert!(opens(&*store, 5).await && !opens(&*store, 3).await);
}

pub async fn of_many_who_want_the_last_place_one_gets_it(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let answers = at_once(&store, |store, caller| {
        let limit = Some(Limit { sessions: 1, when_full: WhenFull::Refuse });
        let begin = Begin { limit, ..begin(&user, caller) };
        async move { store.begin_session(begin, &act(Kind::SignedIn)).await.unwrap() }
    })
    .await;
    let full = answers.iter().filter(|answer| **answer == Begun::Full).count();
    assert_eq!(full, answers.len() - 1);
    assert_eq!(store.list_sessions(user.id).await.unwrap().len(), 1);
}

pub async fn a_set_up_link_makes_one_administrator(store: Arc<dyn Store>) {
    insert_link(&*store, link(60, Purpose::SetUp)).await;
    sign_up(&*store, 1).await;
    insert_link(&*store, link(61, Purpose::Recover { user: user_id(1) })).await;
    let set_up = async |n, link, seconds| {
        let begin = Begin { link: Some(digest(link)), ..begin_new(new_admin(n), n) };
        store.begin_session(begin, &act_at(at(seconds), Kind::SignedUp)).await.unwrap()
    };
    // Expired; for something else; unknown.
    for (link, seconds) in [(60, 60), (61, 1), (62, 1)] {
        assert_eq!(set_up(2, link, seconds).await, Begun::LinkSpent, "link {link}");
        assert_eq!(store.find_user(user_id(2)).await.unwrap(), None);
    }
    assert!(matches!(set_up(2, 60, 59).await, Begun::Done(_)));
    assert!(store.has_admin().await.unwrap());
    assert_eq!(set_up(3, 60, 59).await, Begun::LinkSpent);
    assert_eq!(store.find_user(user_id(3)).await.unwrap(), None);
}

pub async fn a_set_up_link_is_void_once_there_is_an_administrator(store: Arc<dyn Store>) {
    insert_link(&*store, link(60, Purpose::SetUp)).await;
    insert(&*store, new_admin(1)).await;
    let begin = Begin { link: Some(digest(60)), ..begin_new(new_admin(2), 2) };
    let answer = store.begin_session(begin, &act(Kind::SignedUp)).await.unwrap();
    assert_eq!(answer, Begun::LinkSpent);
    assert_eq!(store.find_user(user_id(2)).await.unwrap(), None);
}

pub async fn of_many_who_follow_the_set_up_link_one_becomes_administrator(store: Arc<dyn Store>) {
    insert_link(&*store, link(60, Purpose::SetUp)).await;
    let answers = at_once(&store, |store, caller| async move {
        let begin = Begin { link: Some(digest(60)), ..begin_new(new_admin(caller), caller) };
        store.begin_session(begin, &act(Kind::SignedUp)).await.unwrap()
    })
    .await;
    let spent = answers.iter().filter(|answer| **answer == Begun::LinkSpent).count();
    assert_eq!(spent, answers.len() - 1);
    assert_eq!(store.list_all_sessions(None, 100).await.unwrap().len(), 1);
}

pub async fn a_recovery_link_lets_its_user_in_once(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let other = sign_up(&*store, 2).await;
    insert_link(&*store, link(60, Purpose::Recover { user: user.id })).await;
    let recover = async |user: &User, n| {
        let begin = Begin { link: Some(digest(60)), ..begin(user, n) };
        store.begin_session(begin, &act(Kind::SignedIn)).await.unwrap()
    };
    assert_eq!(recover(&other, 2).await, Begun::LinkSpent);
    assert!(matches!(recover(&user, 1).await, Begun::Done(_)));
    assert_eq!(recover(&user, 3).await, Begun::LinkSpent);
    assert!(opens(&*store, 1).await && !opens(&*store, 2).await && !opens(&*store, 3).await);
}

pub async fn a_refused_sign_in_changes_nothing(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    come_as_guest(&*store, 2).await;
    let cart = key(Owner::Session(session_id(2)), "cart");
    put(&*store, cart.clone(), json!(["hat"]), 1).await;
    insert_link(&*store, link(60, Purpose::Recover { user: user.id })).await;
    let before = events(&*store).await;
    let mut log = Listener::new(&*store).await;

    let whole = || Begin {
        earlier: Some(earlier(session_id(2))),
        device: Some(digest(50)),
        link: Some(digest(60)),
        ..begin(&user, 3)
    };
    let stale = User { generation: 7, ..user.clone() };
    let full = Some(Limit { sessions: 1, when_full: WhenFull::Refuse });
    let mut same_email = new_user(2);
    same_email.user.email = email(1);
    let new = begin_new(same_email, 3);
    let table = [
        (Begin { who: begin(&stale, 3).who, ..whole() }, Begun::Stale),
        (Begin { limit: full, ..whole() }, Begun::Full),
        (Begin { link: Some(digest(61)), ..whole() }, Begun::LinkSpent),
        (Begin { who: new.who, session: new.session, grant: None, ..whole() }, Begun::EmailTaken),
    ];
    for (begin, refused) in table {
        let answer = store.begin_session(begin, &act(Kind::SignedIn)).await.unwrap();
        assert_eq!(answer, refused);
        assert!(opens(&*store, 1).await && opens(&*store, 2).await && !opens(&*store, 3).await);
        assert_eq!(value(&*store, cart.clone()).await, Some(json!(["hat"])));
        assert_eq!(value(&*store, key(Owner::User(user.id), "cart")).await, None);
        assert!(store.find_link(&digest(60), at(1)).await.unwrap().is_some());
        assert!(!store.find_failures(user.id, Some(&digest(50))).await.unwrap().known_device);
    }
    assert_eq!(events(&*store).await, before);
    log.hears(&*store, &ending(), &[], []).await;

    begun(&*store, whole()).await;
    assert_eq!(value(&*store, key(Owner::User(user.id), "cart")).await, Some(json!(["hat"])));
}

/// User 1 with sessions 1 (used last), 2 and 3, and 4 that expired after ten minutes; user 2 with session 6.
async fn full_house(store: &dyn Store) -> User {
    let user = sign_up(store, 1).await;
    for n in 1..=3 {
        sign_in(store, &user, n).await;
    }
    let mut short = begin(&user, 4);
    short.session.expires_at = at(600);
    begun(store, short).await;
    let touched = [(session_id(1), at(50)), (session_id(3), at(40)), (session_id(2), at(30))];
    store.touch_sessions(&touched).await.unwrap();
    let other = sign_up(store, 2).await;
    sign_in(store, &other, 6).await;
    user
}
