//! Promises about new secrets: the old one earns nothing from then on, and is recognised for a minute.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::link::Purpose;
use cloakroom_model::log::Subject;
use cloakroom_model::session::{Acr, Authentication, Replaced};
use cloakroom_model::time::Timestamp;

use super::scene::{
    act, act_at, at, begin, begun, come_as_guest, come_with_tokens, digest, earlier, ending,
    insert_link, link, session_id, sign_in, sign_up,
};
use super::witness::{Listener, at_once, count, different, grant_ended, opens, session_ended};
use crate::{Begin, Done, FoundSession, LiveGuest, LiveSession, ReplaceSecret, Replacing, Store};

pub async fn a_new_secret_takes_the_place_of_the_old_one(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let session = sign_in(&*store, &user, 1).await;
    sign_in(&*store, &user, 2).await;
    let mut log = Listener::new(&*store).await;

    let replace = act_at(at(5), Kind::SecretReplaced);
    let done = done(store.replace_secret(replacing(1), &replace).await.unwrap());
    assert_eq!(*done.value, LiveSession { session, user, secret: Some(digest(21)) });
    let expected = [different(Subject::Session(session_id(1)))];
    log.hears(&*store, &replace, &done.rows, expected).await;

    assert!(opens(&*store, 21).await && !opens(&*store, 1).await && opens(&*store, 2).await);
    assert_eq!(told(&*store, 1, at(6)).await, Some(replaced(1, 1, 5)));

    let nobody = store.replace_secret(replacing(7), &act(Kind::SecretReplaced)).await.unwrap();
    assert_eq!(nobody, Replacing::NoSession);
    come_as_guest(&*store, 3).await;
    let guest = store.replace_secret(replacing(3), &act(Kind::SecretReplaced)).await.unwrap();
    assert_eq!(guest, Replacing::NoSession);
    assert_eq!(count(&*store, Kind::SecretReplaced).await, 1);
}

pub async fn stepping_up_is_kept_with_the_new_secret(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let before = sign_in(&*store, &user, 1).await;
    let proof =
        Authentication { at: at(5), acr: Acr::Aal2, amr: vec!["pwd".to_owned(), "otp".to_owned()] };
    let step_up = ReplaceSecret { authentication: Some(proof.clone()), ..replacing(1) };
    let done = done(store.replace_secret(step_up, &act(Kind::SecretReplaced)).await.unwrap());
    assert_eq!(done.value.session.authentication, Some(proof.clone()));

    // Without a new proof the one there is stays.
    let again = ReplaceSecret { secret: digest(31), ..replacing(1) };
    store.replace_secret(again, &act(Kind::SecretReplaced)).await.unwrap();
    let now = store.find_session_by_id(session_id(1)).await.unwrap().unwrap().session;
    assert_eq!(now.authentication, Some(proof));
    assert_eq!((now.id, now.created_at), (before.id, before.created_at));
    assert!(opens(&*store, 31).await && !opens(&*store, 21).await);
    assert_eq!(told(&*store, 21, at(0)).await, Some(replaced(1, 1, 0)));
}

pub async fn stepping_up_against_an_older_generation_changes_nothing(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let before = sign_in(&*store, &user, 1).await;
    let step_up = |secret, generation| ReplaceSecret {
        secret: digest(secret),
        authentication: Some(Authentication {
            at: at(5),
            ..before.authentication.clone().unwrap()
        }),
        expected_generation: Some(generation),
        ..replacing(1)
    };
    let act = act(Kind::Reauthenticated);
    for generation in [user.generation + 1, u64::MAX] {
        let late = store.replace_secret(step_up(21, generation), &act).await.unwrap();
        assert_eq!(late, Replacing::Stale, "{generation}");
    }
    assert!(opens(&*store, 1).await && !opens(&*store, 21).await);
    let now = store.find_session_by_id(session_id(1)).await.unwrap().unwrap().session;
    assert_eq!(now, before);
    assert_eq!(count(&*store, Kind::Reauthenticated).await, 0);

    let now = done(store.replace_secret(step_up(31, user.generation), &act).await.unwrap());
    assert_eq!(now.value.session.authentication.map(|proof| proof.at), Some(at(5)));
    assert!(opens(&*store, 31).await && !opens(&*store, 1).await);
}

pub async fn a_replaced_secret_is_told_for_a_minute(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    let replace = act_at(at(5), Kind::SecretReplaced);
    store.replace_secret(replacing(1), &replace).await.unwrap();

    let millisecond = Duration::from_millis(1);
    assert_eq!(told(&*store, 1, at(65)).await, Some(replaced(1, 1, 5)));
    assert_eq!(told(&*store, 1, at(65).plus(millisecond)).await, None);
    let expire = async |now| {
        let act = act_at(now, Kind::SessionEnded);
        store.expire_sessions(Duration::ZERO, 9, &act).await.unwrap().value
    };
    assert_eq!(expire(at(65)).await, 0);
    assert_eq!(told(&*store, 1, at(65)).await, Some(replaced(1, 1, 5)));
    assert_eq!(expire(at(65).plus(millisecond)).await, 0);
    assert_eq!(told(&*store, 1, at(65)).await, None, "what is told no more is forgotten");
    assert!(opens(&*store, 21).await);
}

pub async fn an_ended_session_is_told_of_no_more(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    store.replace_secret(replacing(1), &act(Kind::SecretReplaced)).await.unwrap();
    let earlier = Some(earlier(session_id(1)));
    begun(&*store, Begin { earlier, ..begin(&user, 2) }).await;
    assert_eq!(told(&*store, 1, at(0)).await, Some(replaced(1, 2, 0)));
    assert_eq!(told(&*store, 21, at(0)).await, Some(replaced(1, 2, 0)));

    assert!(
        store.end_session(session_id(2), Reason::SignedOut, &ending()).await.unwrap().is_some()
    );
    assert_eq!(told(&*store, 1, at(0)).await, None);
    assert_eq!(told(&*store, 21, at(0)).await, None);
}

pub async fn a_link_puts_a_session_into_a_cookie_once(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    // Carried as a token: it has no secret yet.
    begun(&*store, Begin { secret: None, ..begin(&user, 1) }).await;
    sign_in(&*store, &user, 2).await;
    insert_link(&*store, link(60, Purpose::Cookie { session: session_id(1) })).await;
    insert_link(&*store, link(61, Purpose::Cookie { session: session_id(2) })).await;
    insert_link(&*store, link(62, Purpose::Recover { user: user.id })).await;
    let follow = async |n, seconds| {
        let replace = ReplaceSecret { link: Some(digest(n)), ..replacing(1) };
        store.replace_secret(replace, &act_at(at(seconds), Kind::SecretReplaced)).await.unwrap()
    };

    // Expired; another session's; for something else; unknown.
    for (n, seconds) in [(60, 60), (61, 1), (62, 1), (63, 1)] {
        assert_eq!(follow(n, seconds).await, Replacing::LinkSpent, "link {n}");
    }
    assert!(!opens(&*store, 21).await);
    let followed = follow(60, 59).await;
    assert!(matches!(followed, Replacing::Done(_)), "{followed:?}");
    assert!(opens(&*store, 21).await);
    assert_eq!(store.find_link(&digest(60), at(1)).await.unwrap(), None);
    assert_eq!(follow(60, 59).await, Replacing::LinkSpent);
    assert!(store.find_link(&digest(61), at(1)).await.unwrap().is_some());
}

pub async fn of_many_who_follow_one_link_one_gets_the_cookie(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    begun(&*store, Begin { secret: None, ..begin(&user, 1) }).await;
    insert_link(&*store, link(60, Purpose::Cookie { session: session_id(1) })).await;
    let answers = at_once(&store, |store, caller| async move {
        let secret = digest(20 + caller);
        let replace = ReplaceSecret { link: Some(digest(60)), secret, ..replacing(1) };
        store.replace_secret(replace, &act(Kind::SecretReplaced)).await.unwrap()
    })
    .await;

    let spent = answers.iter().filter(|answer| **answer == Replacing::LinkSpent).count();
    assert_eq!(spent, answers.len() - 1);
    for (caller, answer) in (1..).zip(&answers) {
        let done = matches!(answer, Replacing::Done(_));
        assert_eq!(opens(&*store, 20 + caller).await, done, "caller {caller}");
    }
}

pub async fn a_browser_that_takes_a_session_over_leaves_its_own(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    begun(&*store, Begin { secret: None, ..begin(&user, 1) }).await;
    sign_in(&*store, &user, 2).await;
    come_with_tokens(&*store, 3).await;
    come_as_guest(&*store, 4).await;
    let mut log = Listener::new(&*store).await;

    // One's own session, and one that is gone, are nothing to leave.
    for (n, there) in [(2, true), (3, true), (4, true), (1, false), (7, false)] {
        let take = act_at(at(5), Kind::SecretReplaced);
        let secret = digest(20 + n);
        let earlier = Some(session_id(n));
        let replace = ReplaceSecret { secret, earlier, ..replacing(1) };
        let done = done(store.replace_secret(replace, &take).await.unwrap());
        let taken = different(Subject::Session(session_id(1)));
        if there {
            if n == 4 {
                log.hears(&*store, &take, &done.rows, [taken, session_ended(n)]).await;
            } else {
                let expected = [taken, session_ended(n), grant_ended(n)];
                log.hears(&*store, &take, &done.rows, expected).await;
            }
            assert_eq!(told(&*store, n, at(6)).await, Some(replaced(n, 1, 5)));
        } else {
            log.hears(&*store, &take, &done.rows, [taken]).await;
        }
        assert!(opens(&*store, 20 + n).await && !opens(&*store, n).await);
        assert!(store.find_session_by_id(session_id(1)).await.unwrap().is_some());
    }
    assert_eq!(store.find_session_by_id(session_id(2)).await.unwrap(), None);
    assert_eq!(store.find_guest_by_id(session_id(3)).await.unwrap(), None);
}

/// What a secret that opens nothing is told to have been, whoever had it.
async fn told(store: &dyn Store, n: u8, now: Timestamp) -> Option<Replaced> {
    let session = store.find_session(&digest(n), now).await.unwrap();
    let guest = store.find_guest(&digest(n), now).await.unwrap();
    match (session, guest) {
        (Some(FoundSession::Replaced(replaced)), None)
        | (None, Some(LiveGuest::Replaced(replaced))) => Some(replaced),
        (None, None) => None,
        found => panic!("secret {n} is more than replaced: {found:?}"),
    }
}

fn replaced(session: u8, successor: u8, seconds: u64) -> Replaced {
    Replaced { session: session_id(session), successor: session_id(successor), at: at(seconds) }
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

#[track_caller]
fn done(replacing: Replacing) -> Done<Box<LiveSession>> {
    match replacing {
        Replacing::Done(done) => done,
        refused => panic!("the new secret was refused: {refused:?}"),
    }
}
