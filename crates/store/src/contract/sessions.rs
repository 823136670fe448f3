//! Promises about sessions that have begun: how they are found, and that nothing brings back what ended.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::data::{Change, Owner};
use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::grant::Rotated;
use cloakroom_model::id::SessionId;
use cloakroom_model::link::Purpose;
use cloakroom_model::log::{Change as Changing, Subject};
use cloakroom_model::session::Session;
use serde_json::json;

use super::scene::{
    act, act_at, at, begin, begun, come_as_guest, come_with_tokens, digest, earlier, ending,
    give_own_grant, grant_id, insert_link, key, link, put, session, session_id, sign_in, sign_up,
    user_id, write,
};
use super::witness::{
    CALLERS, Listener, at_once, events, grant_ended, grants_there, opens, session_ended, value,
};
use crate::{
    Begin, ChangePassword, Changed, Ends, FoundSession, InsertLink, LiveSession, ReplaceSecret,
    Replacing, Rotate, RotateOutcome, Store, Written,
};

pub async fn a_session_is_found_by_its_secret_and_by_its_id(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let begin = begin(&user, 1);
    let live =
        LiveSession { session: begin.session.clone(), user: user.clone(), secret: Some(digest(1)) };
    begun(&*store, begin).await;

    let found = store.find_session(&digest(1), at(0)).await.unwrap();
    assert_eq!(found, Some(FoundSession::Live(Box::new(live.clone()))));
    assert_eq!(store.find_session_by_id(session_id(1)).await.unwrap(), Some(live));

    assert_eq!(store.find_session(&digest(2), at(0)).await.unwrap(), None);
    assert_eq!(store.find_session_by_id(session_id(2)).await.unwrap(), None);
}

pub async fn guests_and_sessions_are_two_things(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    come_with_tokens(&*store, 2).await;

    assert_eq!(store.find_session(&digest(2), at(0)).await.unwrap(), None);
    assert_eq!(store.find_session_by_id(session_id(2)).await.unwrap(), None);
    assert_eq!(store.find_guest(&digest(1), at(0)).await.unwrap(), None);
    assert_eq!(store.find_guest_by_id(session_id(1)).await.unwrap(), None);

    store.touch_sessions(&[(session_id(2), at(9))]).await.unwrap();
    store.touch_guests(&[(session_id(1), at(9))]).await.unwrap();
    assert_eq!(store.find_guest_by_id(session_id(2)).await.unwrap(), Some(session(2, None)));
    assert!(store.end_session(session_id(2), Reason::Operator, &ending()).await.unwrap().is_none());
    assert!(store.end_guest(session_id(1), Reason::Operator, &ending()).await.unwrap().is_none());
    let late = act_at(at(999_999), Kind::SessionEnded);
    assert_eq!(store.expire_guests(Duration::ZERO, 1, &late).await.unwrap().value, 1);
    assert_eq!(store.find_guest_by_id(session_id(2)).await.unwrap(), None);

    assert_eq!(store.list_all_sessions(None, 9).await.unwrap(), [session(1, Some(user.id))]);
    come_with_tokens(&*store, 3).await;
    assert_eq!(store.expire_sessions(Duration::ZERO, 9, &late).await.unwrap().value, 1);
    assert_eq!(store.find_guest_by_id(session_id(3)).await.unwrap(), Some(session(3, None)));
}

pub async fn an_end_is_told_of_the_session_and_of_each_grant(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    sign_in(&*store, &user, 2).await;
    let mut log = Listener::new(&*store).await;

    let end = ending();
    let done = store.end_session(session_id(1), Reason::SignedOut, &end).await.unwrap().unwrap();
    log.hears(&*store, &end, &done.rows, [session_ended(1), grant_ended(1)]).await;

    // There is nothing to tell of what is not there.
    let again = ending();
    assert_eq!(store.end_session(session_id(1), Reason::SignedOut, &again).await.unwrap(), None);
    assert_eq!(store.end_session(session_id(7), Reason::SignedOut, &again).await.unwrap(), None);
    log.hears(&*store, &again, &[], []).await;
    assert!(opens(&*store, 2).await);
}

pub async fn nothing_brings_an_ended_session_back(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    sign_in(&*store, &user, 2).await;
    let id = session_id(1);
    let tabs = key(Owner::Session(id), "tabs");
    put(&*store, tabs.clone(), json!(["kept"]), 1).await;
    insert_link(&*store, link(60, Purpose::Cookie { session: id })).await;
    replace(&*store, ReplaceSecret { secret: digest(11), ..replacing(1) }).await;
    assert!(store.end_session(id, Reason::SignedOut, &ending()).await.unwrap().is_some());

    // Everything that was prepared before the end and arrives after it:
    store.touch_sessions(&[(id, at(9))]).await.unwrap();
    let wrote = store.write_data(write(tabs.clone(), Change::Put(json!(1)), 2), &ending()).await;
    assert_eq!(wrote.unwrap(), Written::Ended);
    assert_eq!(store.rotate(rotating(1), &ending()).await.unwrap(), RotateOutcome::Lost);
    let with_link = ReplaceSecret { link: Some(digest(60)), ..replacing(1) };
    for replace in [replacing(1), with_link] {
        let answer = store.replace_secret(replace, &act(Kind::SecretReplaced)).await.unwrap();
        assert_eq!(answer, Replacing::NoSession);
    }
    let linked = store.insert_link(link(61, Purpose::Cookie { session: id }), &ending()).await;
    assert_eq!(linked.unwrap(), InsertLink::Pointless);
    let change = ChangePassword {
        user: user.id,
        expected_generation: 0,
        password: "new".to_owned(),
        keep: Some((id, Some(digest(12)))),
        end_others: true,
        link: None,
        reason: Reason::PasswordChanged,
    };
    let answer = store.change_password(change, &act(Kind::PasswordChanged)).await.unwrap();
    assert_eq!(answer, Changed::Stale);
    let successor = Begin { earlier: Some(earlier(id)), ..begin(&user, 3) };
    assert_eq!(begun(&*store, successor).await, []);

    assert_gone(&*store, 1).await;
    assert_eq!(value(&*store, tabs).await, None);
    assert_eq!(value(&*store, key(Owner::Session(session_id(3)), "tabs")).await, None);
    assert_eq!(value(&*store, key(Owner::User(user.id), "tabs")).await, None);
    assert_eq!(store.find_link(&digest(60), at(1)).await.unwrap(), None);
    for n in [1, 11, 12, 21] {
        assert_eq!(store.find_session(&digest(n), at(0)).await.unwrap(), None, "secret {n}");
    }
    assert!(opens(&*store, 2).await && opens(&*store, 3).await);
}

pub async fn an_end_wins_over_everything_it_races(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    let tabs = key(Owner::Session(session_id(1)), "tabs");

    at_once(&store, |store, caller| {
        let tabs = tabs.clone();
        async move {
            match caller {
                4 => {
                    let (id, reason) = (session_id(1), Reason::SignedOut);
                    assert!(store.end_session(id, reason, &ending()).await.unwrap().is_some());
                }
                1 | 7 => {
                    let write = write(tabs, Change::Put(json!(caller)), caller);
                    store.write_data(write, &ending()).await.unwrap();
                }
                2 => {
                    store.rotate(rotating(1), &ending()).await.unwrap();
                }
                3 | 6 => {
                    let secret = digest(20 + caller);
                    let replace = ReplaceSecret { secret, ..replacing(1) };
                    store.replace_secret(replace, &act(Kind::SecretReplaced)).await.unwrap();
                }
                5 => {
                    let link = link(60, Purpose::Cookie { session: session_id(1) });
                    store.insert_link(link, &ending()).await.unwrap();
                }
                _ => store.touch_sessions(&[(session_id(1), at(9))]).await.unwrap(),
            }
        }
    })
    .await;

    assert_gone(&*store, 1).await;
    assert_eq!(value(&*store, tabs).await, None);
    assert_eq!(store.find_link(&digest(60), at(1)).await.unwrap(), None);
    for n in (1..=CALLERS).map(|caller| 20 + caller).chain([1]) {
        assert_eq!(store.find_session(&digest(n), at(0)).await.unwrap(), None, "secret {n}");
    }
}

pub async fn the_end_of_all_of_a_user_reaches_nobody_else(store: Arc<dyn Store>) {
    let mut log = everybody(&*store).await;
    let end = ending();
    let all = Ends::AllOf(user_id(1));
    let done = store.end_sessions(all, Reason::Operator, &end).await.unwrap();

    assert_eq!(done.value, 2);
    let expected =
        [session_ended(1), session_ended(2), grant_ended(1), grant_ended(2), grant_ended(9)];
    log.hears(&*store, &end, &done.rows, expected).await;
    assert_gone(&*store, 1).await;
    assert_gone(&*store, 2).await;
    assert_eq!(grants_there(&*store, [1, 2, 3, 4, 9]).await, [3, 4]);
    assert!(opens(&*store, 3).await && opens(&*store, 4).await);

    let nobody = store.end_sessions(all, Reason::Operator, &ending()).await.unwrap();
    assert_eq!((nobody.value, nobody.rows.len()), (0, 0));
}

pub async fn the_end_of_the_others_leaves_one_and_the_users_own_grants(store: Arc<dyn Store>) {
    let mut log = everybody(&*store).await;
    let end = ending();
    let others = Ends::Others { user: user_id(1), except: session_id(2) };
    let done = store.end_sessions(others, Reason::EndedElsewhere, &end).await.unwrap();

    assert_eq!(done.value, 1);
    log.hears(&*store, &end, &done.rows, [session_ended(1), grant_ended(1)]).await;
    assert_gone(&*store, 1).await;
    assert_eq!(grants_there(&*store, [1, 2, 3, 4, 9]).await, [2, 3, 4, 9]);
    assert!(opens(&*store, 2).await && opens(&*store, 3).await && opens(&*store, 4).await);
}

pub async fn the_end_of_everybodys_leaves_nothing_to_present(store: Arc<dyn Store>) {
    let mut log = everybody(&*store).await;
    come_as_guest(&*store, 5).await;
    log.hear(&*store).await;
    insert_link(&*store, link(60, Purpose::Recover { user: user_id(1) })).await;
    let end = ending();
    let done = store.end_sessions(Ends::Everybodys, Reason::Restored, &end).await.unwrap();

    // Guests without tokens may be told one by one, or by telling everybody to look again.
    assert!((4..=5).contains(&done.value));
    let heard = log.hear(&*store).await;
    assert_eq!(heard, done.rows);
    let ended = heard.into_iter().filter(|row| row.change == Changing::Ended);
    let ended: Vec<_> = ended.map(|row| (row.subject, row.change)).collect();
    let told = |expected: &(Subject, Changing)| ended.contains(expected);
    assert!([1, 2, 3, 4].map(session_ended).iter().all(told), "{ended:?}");
    assert!([1, 2, 3, 4, 9].map(grant_ended).iter().all(told), "{ended:?}");
    assert_eq!(ended.len(), 9 + done.value - 4);
    for n in [1, 2, 3, 4, 5] {
        assert_gone(&*store, n).await;
    }
    assert!(grants_there(&*store, [1, 2, 3, 4, 9]).await.is_empty());
    assert_eq!(store.find_link(&digest(60), at(1)).await.unwrap(), None);
    assert!(store.find_user(user_id(1)).await.unwrap().is_some());
}

pub async fn sessions_of_a_user_are_listed_the_latest_used_first(store: Arc<dyn Store>) {
    everybody(&*store).await;
    let user = store.find_user(user_id(1)).await.unwrap().unwrap();
    sign_in(&*store, &user, 5).await;
    store.touch_sessions(&[(session_id(1), at(9))]).await.unwrap();
    assert_eq!(ids(&store.list_sessions(user.id).await.unwrap()), [1, 5, 2].map(session_id));
    assert_eq!(store.list_sessions(user_id(7)).await.unwrap(), []);
}

pub async fn all_sessions_are_listed_page_by_page(store: Arc<dyn Store>) {
    everybody(&*store).await;
    let list = async |after, limit| ids(&store.list_all_sessions(after, limit).await.unwrap());
    assert_eq!(list(None, 2).await, [1, 2].map(session_id));
    assert_eq!(list(Some(session_id(2)), 2).await, [session_id(3)]);
    assert_eq!(list(Some(session_id(3)), 2).await, []);
}

pub async fn last_seen_is_raised_and_never_lowered(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    sign_in(&*store, &user, 2).await;
    let seen = async |n| store.find_last_seen(session_id(n)).await.unwrap().unwrap();

    let touched = [(session_id(1), at(9)), (session_id(7), at(9)), (session_id(2), at(3))];
    store.touch_sessions(&touched).await.unwrap();
    assert_eq!((seen(1).await, seen(2).await), (at(9), at(3)));
    store.touch_sessions(&[(session_id(1), at(5)), (session_id(2), at(5))]).await.unwrap();
    assert_eq!((seen(1).await, seen(2).await), (at(9), at(5)));
    assert_eq!(store.find_session_by_id(session_id(7)).await.unwrap(), None);
    assert_eq!(store.find_last_seen(session_id(7)).await.unwrap(), None);
}

pub async fn sessions_whose_time_is_over_end_with_their_reason(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let mut short = begin(&user, 1);
    short.session.expires_at = at(600);
    begun(&*store, short).await;
    sign_in(&*store, &user, 2).await;
    sign_in(&*store, &user, 3).await;
    store.touch_sessions(&[(session_id(3), at(3000))]).await.unwrap();
    let mut log = Listener::new(&*store).await;
    let lag = Duration::from_secs(30);
    let expire = async |seconds, limit| {
        let act = act_at(at(seconds), Kind::SessionEnded);
        let done = store.expire_sessions(lag, limit, &act).await.unwrap();
        (done, act)
    };

    assert_eq!(expire(599, 9).await.0.value, 0);
    // Session 2 idles after an hour and the lag, in which somebody may hold a later use back.
    let (done, act) = expire(3615, 9).await;
    assert_eq!(done.value, 1);
    log.hears(&*store, &act, &done.rows, [session_ended(1), grant_ended(1)]).await;
    let (done, act) = expire(3631, 9).await;
    assert_eq!(done.value, 1);
    log.hears(&*store, &act, &done.rows, [session_ended(2), grant_ended(2)]).await;
    assert!(!opens(&*store, 1).await && !opens(&*store, 2).await && opens(&*store, 3).await);

    let reasons = ended_sessions(&*store).await;
    assert_eq!(reasons, [(session_id(2), "idle"), (session_id(1), "expired")].map(own));

    sign_in(&*store, &user, 4).await;
    sign_in(&*store, &user, 5).await;
    let ends = [expire(99_999, 2).await, expire(99_999, 2).await, expire(99_999, 2).await];
    assert_eq!(ends.map(|(done, _)| done.value), [2, 1, 0]);
}

/// Sessions 1 and 2 of user 1, session 3 of user 2, guest 4, and grant 9 of user 1 alone.
async fn everybody(store: &dyn Store) -> Listener {
    let (user, other) = (sign_up(store, 1).await, sign_up(store, 2).await);
    give_own_grant(store, &user, 9).await;
    sign_in(store, &user, 1).await;
    sign_in(store, &user, 2).await;
    sign_in(store, &other, 3).await;
    come_with_tokens(store, 4).await;
    Listener::new(store).await
}

/// Holds that no way leads to a session that had secret, grant and number `n`.
async fn assert_gone(store: &dyn Store, n: u8) {
    assert!(!opens(store, n).await, "secret {n}");
    assert_eq!(store.find_session_by_id(session_id(n)).await.unwrap(), None);
    assert_eq!(store.find_guest_by_id(session_id(n)).await.unwrap(), None);
    assert_eq!(store.find_grant(grant_id(n)).await.unwrap(), None);
    assert_eq!(store.list_grants_of_session(session_id(n)).await.unwrap(), []);
    let all = store.list_all_sessions(None, 100).await.unwrap();
    assert!(!ids(&all).contains(&session_id(n)), "session {n} is listed");
    let own = store.list_sessions(user_id(1)).await.unwrap();
    assert!(!ids(&own).contains(&session_id(n)), "session {n} is listed for its user");
}

async fn replace(store: &dyn Store, replace: ReplaceSecret) {
    let answer = store.replace_secret(replace, &act(Kind::SecretReplaced)).await.unwrap();
    assert!(matches!(answer, Replacing::Done(_)), "{answer:?}");
}

fn replacing(n: u8) -> ReplaceSecret {
    ReplaceSecret {
        session: session_id(n),
        secret: digest(20 + n),
        link: None,
        earlier: None,
        elsewhere: None,
        authentication: None,
        expected_generation: None,
    }
}

fn rotating(n: u8) -> Rotate {
    let rotations = vec![Rotated { counter: 0, at: at(1) }];
    Rotate { grant: grant_id(n), expected: 0, next: 1, rotations }
}

fn ids(sessions: &[Session]) -> Vec<SessionId> {
    sessions.iter().map(|session| session.id).collect()
}

async fn ended_sessions(store: &dyn Store) -> Vec<(SessionId, String)> {
    let events = events(store).await.into_iter().map(|recorded| recorded.event);
    events
        .filter(|event| event.kind == Kind::SessionEnded)
        .filter_map(|event| Some((event.session?, event.detail?)))
        .collect()
}

fn own((session, reason): (SessionId, &str)) -> (SessionId, String) {
    (session, reason.to_owned())
}
