//! Promises about changes of a password: against what was seen, with the proof that allows it, and with a new
//! secret for whoever made it.

use std::sync::Arc;

use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::link::Purpose;
use cloakroom_model::log::Subject;
use cloakroom_model::session::Replaced;

use super::scene::{
    act, act_at, at, begin, begun, digest, give_own_grant, insert_link, link, session_id, sign_in,
    sign_up, user_id,
};
use super::witness::{
    Listener, at_once, changed, count, different, grant_ended, grants_there, look_at, opens,
    session_ended,
};
use crate::{Begin, ChangePassword, Changed, CredentialLink, FoundSession, Store};

pub async fn a_password_is_changed_only_as_it_was_seen(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let mut log = Listener::new(&*store).await;
    let first = act(Kind::PasswordChanged);
    let rows = changed(store.change_password(change(1, 0, "new"), &first).await.unwrap());
    log.hears(&*store, &first, &rows, [different(Subject::User(user.id))]).await;

    for generation in [0, 2] {
        let late = change(1, generation, "late");
        let answer = store.change_password(late, &act(Kind::PasswordChanged)).await.unwrap();
        assert_eq!(answer, Changed::Stale, "{generation}");
    }
    let nobody = store.change_password(change(7, 0, "new"), &act(Kind::PasswordChanged)).await;
    assert_eq!(nobody.unwrap(), Changed::NoUser);

    assert_eq!(password(&*store, 1).await, "new");
    assert_eq!(look_at(&*store, user.id).await.generation, 1);
    assert_eq!(count(&*store, Kind::PasswordChanged).await, 1);
    log.hears(&*store, &first, &[], []).await;
}

pub async fn of_many_changes_that_saw_the_same_password_one_is_done(store: Arc<dyn Store>) {
    sign_up(&*store, 1).await;
    let answers = at_once(&store, |store, caller| async move {
        let change = change(1, 0, &format!("new {caller}"));
        store.change_password(change, &act(Kind::PasswordChanged)).await.unwrap()
    })
    .await;

    let done: Vec<_> = (1..)
        .zip(&answers)
        .filter(|(_, answer)| matches!(answer, Changed::Done(_)))
        .map(|(caller, _)| format!("new {caller}"))
        .collect();
    assert_eq!(done, [password(&*store, 1).await]);
    let stale = answers.iter().filter(|answer| **answer == Changed::Stale).count();
    assert_eq!(stale, answers.len() - 1);
}

pub async fn a_changed_password_can_leave_the_others_in(store: Arc<dyn Store>) {
    three_sessions(&*store).await;
    let mut log = Listener::new(&*store).await;
    let keep = Some((session_id(1), None));
    let change = ChangePassword { keep, ..change(1, 0, "new") };
    let done = act(Kind::PasswordChanged);
    let rows = changed(store.change_password(change, &done).await.unwrap());

    log.hears(&*store, &done, &rows, [different(Subject::User(user_id(1)))]).await;
    assert!(opens(&*store, 1).await && opens(&*store, 2).await && opens(&*store, 3).await);
    assert_eq!(grants_there(&*store, [1, 2, 3, 9]).await, [1, 2, 3, 9]);
}

pub async fn a_changed_password_can_end_the_others(store: Arc<dyn Store>) {
    three_sessions(&*store).await;
    let mut log = Listener::new(&*store).await;
    let keep = Some((session_id(1), Some(digest(11))));
    let with_keep = ChangePassword { keep, end_others: true, ..change(1, 0, "new") };
    let done = act(Kind::PasswordChanged);
    let rows = changed(store.change_password(with_keep, &done).await.unwrap());

    let expected = [
        different(Subject::User(user_id(1))),
        different(Subject::Session(session_id(1))),
        session_ended(2),
        grant_ended(2),
        grant_ended(9),
    ];
    log.hears(&*store, &done, &rows, expected).await;
    assert!(opens(&*store, 11).await && !opens(&*store, 2).await && opens(&*store, 3).await);
    assert_eq!(grants_there(&*store, [1, 2, 3, 9]).await, [1, 3]);

    // Asked from nowhere, nothing stays.
    let without_keep = ChangePassword { end_others: true, ..change(1, 1, "newer") };
    let done = act(Kind::PasswordChanged);
    let rows = changed(store.change_password(without_keep, &done).await.unwrap());
    let expected = [different(Subject::User(user_id(1))), session_ended(1), grant_ended(1)];
    log.hears(&*store, &done, &rows, expected).await;
    assert!(!opens(&*store, 11).await && opens(&*store, 3).await);
}

pub async fn who_changed_the_password_gets_a_new_secret(store: Arc<dyn Store>) {
    three_sessions(&*store).await;
    let keep = Some((session_id(1), Some(digest(11))));
    let change = ChangePassword { keep, ..change(1, 0, "new") };
    let done = act_at(at(5), Kind::PasswordChanged);
    changed(store.change_password(change, &done).await.unwrap());

    assert!(opens(&*store, 11).await);
    let replaced = Replaced { session: session_id(1), successor: session_id(1), at: at(5) };
    let old = store.find_session(&digest(1), at(65)).await.unwrap();
    assert_eq!(old, Some(FoundSession::Replaced(replaced)));
    assert_eq!(store.find_session(&digest(1), at(66)).await.unwrap(), None);
}

pub async fn a_session_that_is_gone_changes_no_password(store: Arc<dyn Store>) {
    three_sessions(&*store).await;
    store.end_session(session_id(2), Reason::SignedOut, &act(Kind::SessionEnded)).await.unwrap();

    // Ended, of somebody else, never there.
    for gone in [2, 3, 7] {
        let keep = Some((session_id(gone), Some(digest(11))));
        let change = ChangePassword { keep, ..change(1, 0, "new") };
        let answer = store.change_password(change, &act(Kind::PasswordChanged)).await.unwrap();
        assert_eq!(answer, Changed::Stale, "session {gone}");
    }
    assert_eq!(password(&*store, 1).await, "hash 1");
    assert!(!opens(&*store, 11).await && opens(&*store, 3).await);

    let keep = Some((session_id(1), Some(digest(11))));
    let live = ChangePassword { keep, ..change(1, 0, "new") };
    changed(store.change_password(live, &act(Kind::PasswordChanged)).await.unwrap());
}

pub async fn a_recovery_link_changes_one_password_once(store: Arc<dyn Store>) {
    three_sessions(&*store).await;
    insert_link(&*store, link(60, Purpose::Recover { user: user_id(1) })).await;
    insert_link(&*store, link(61, Purpose::Recover { user: user_id(2) })).await;
    insert_link(&*store, link(62, Purpose::SetUp)).await;
    insert_link(&*store, link(63, Purpose::Cookie { session: session_id(1) })).await;
    let with = async |n: u8, seconds, generation| {
        let link = Some(CredentialLink { digest: digest(n), now: at(seconds) });
        let change = ChangePassword { link, ..change(1, generation, &format!("by {n}")) };
        store.change_password(change, &act(Kind::PasswordRecovered)).await.unwrap()
    };

    // Expired; somebody else's; for something else; unknown; and for a password that changed meanwhile.
    for (n, seconds, generation) in [(60, 60, 0), (61, 1, 0), (62, 1, 0), (63, 1, 0), (64, 1, 0)] {
        assert_eq!(with(n, seconds, generation).await, Changed::Stale, "link {n}");
    }
    assert_eq!(with(60, 59, 1).await, Changed::Stale);
    assert_eq!(password(&*store, 1).await, "hash 1");

    changed(with(60, 59, 0).await);
    assert_eq!(password(&*store, 1).await, "by 60");
    assert_eq!(store.find_link(&digest(60), at(1)).await.unwrap(), None);
    assert_eq!(with(60, 59, 1).await, Changed::Stale);
    assert!(store.find_link(&digest(61), at(1)).await.unwrap().is_some());
}

pub async fn a_new_password_leaves_no_failures_and_no_open_link(store: Arc<dyn Store>) {
    let (user, other) = (sign_up(&*store, 1).await, sign_up(&*store, 2).await);
    begun(&*store, Begin { device: Some(digest(50)), ..begin(&user, 1) }).await;
    for (n, whose) in [(60, other.id), (61, user.id)] {
        insert_link(&*store, link(n, Purpose::Recover { user: whose })).await;
        for device in [None, Some(&digest(50))] {
            store.count_failure(whose, device, at(1)).await.unwrap();
        }
    }

    changed(store.change_password(change(1, 0, "new"), &act(Kind::PasswordChanged)).await.unwrap());

    for device in [None, Some(&digest(50))] {
        let failures = store.find_failures(user.id, device).await.unwrap();
        assert_eq!((failures.in_a_row, failures.last_at), (0, None), "{device:?}");
    }
    assert_eq!(store.find_failures(other.id, None).await.unwrap().in_a_row, 2);
    assert_eq!(store.find_link(&digest(61), at(1)).await.unwrap(), None);
    assert!(store.find_link(&digest(60), at(1)).await.unwrap().is_some());
}

/// Sessions 1 and 2 of user 1, session 3 of user 2, and grant 9 of user 1 alone.
async fn three_sessions(store: &dyn Store) {
    let (user, other) = (sign_up(store, 1).await, sign_up(store, 2).await);
    give_own_grant(store, &user, 9).await;
    sign_in(store, &user, 1).await;
    sign_in(store, &user, 2).await;
    sign_in(store, &other, 3).await;
}

/// A change that ends nothing.
fn change(user: u8, expected_generation: u64, password: &str) -> ChangePassword {
    ChangePassword {
        user: user_id(user),
        expected_generation,
        password: password.to_owned(),
        keep: None,
        end_others: false,
        link: None,
        reason: Reason::PasswordChanged,
    }
}

async fn password(store: &dyn Store, user: u8) -> String {
    store.find_login_of(user_id(user)).await.unwrap().and_then(|login| login.password).unwrap()
}
