//! Promises about codes: given in a session that is there, good once, and seen when they come again.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::authorization::{Code, FoundCode};
use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::grant::Grant;
use cloakroom_model::user::User;

use super::scene::{
    act, act_at, at, client, client_id, code, come_as_guest, digest, disabled, ending, give_code,
    grant, grant_id, new_code, pushed_request, redeem, relying_party, session, session_id, sign_in,
    sign_up, user_id,
};
use super::witness::{CALLERS, at_once, changed, count, events, grants_there};
use crate::{Done, Ends, InsertCode, LiveGrant, NewCode, Redeem, Redeemed, Store};

pub async fn a_code_is_found_until_it_expires(store: Arc<dyn Store>) {
    let user = with_session(&*store, 1).await;
    let before = events(&*store).await;
    give_code(&*store, code(70, user.id, session_id(1))).await;

    let just_before = at(60).minus(Duration::from_millis(1));
    let fresh = FoundCode::Fresh(Box::new(code(70, user.id, session_id(1))));
    for _ in 0..2 {
        // To look is not to spend.
        assert_eq!(store.find_code(&digest(70), just_before).await.unwrap(), Some(fresh.clone()));
    }
    assert_eq!(store.find_code(&digest(70), at(60)).await.unwrap(), None);
    assert_eq!(store.find_code(&digest(71), at(0)).await.unwrap(), None);
    store.expire_codes(just_before).await.unwrap();
    assert!(is_fresh(&*store, 70).await);
    store.expire_codes(at(60)).await.unwrap();
    assert!(!is_fresh(&*store, 70).await);
    assert_eq!(events(&*store).await, before, "there are too many to tell of each");
}

pub async fn a_code_of_a_session_that_is_gone_is_not_kept(store: Arc<dyn Store>) {
    let user = with_session(&*store, 1).await;
    sign_in(&*store, &user, 2).await;
    let other = sign_up(&*store, 2).await;
    come_as_guest(&*store, 3).await;
    store.end_session(session_id(2), Reason::SignedOut, &ending()).await.unwrap();
    store.insert_pushed_request(pushed_request(80)).await.unwrap();
    let table = [
        ("an ended session", user.id, session_id(2)),
        ("another user's session", other.id, session_id(1)),
        ("a guest's session", user.id, session_id(3)),
        ("nobody", user_id(7), session_id(1)),
    ];
    for (whose, user, session) in table {
        let answer = answering(code(70, user, session), 80);
        let inserted = store.insert_code(answer, at(0)).await.unwrap();
        assert_eq!(inserted, InsertCode::Pointless, "{whose}");
        assert!(!is_fresh(&*store, 70).await, "{whose}");
    }
    let request = store.find_pushed_request(&digest(80), at(0)).await.unwrap();
    assert!(request.is_some(), "nobody has answered it");
    give_code(&*store, code(70, user.id, session_id(1))).await;
    assert!(is_fresh(&*store, 70).await);
}

pub async fn a_code_spends_the_request_it_answers(store: Arc<dyn Store>) {
    let user = with_session(&*store, 1).await;
    for n in [80, 81, 82] {
        store.insert_pushed_request(pushed_request(n)).await.unwrap();
    }
    let answer = async |n: u8, request: u8, now| {
        let answer = answering(code(n, user.id, session_id(1)), request);
        store.insert_code(answer, now).await.unwrap()
    };
    assert_eq!(answer(70, 80, at(59)).await, InsertCode::Done);
    assert_eq!(store.find_pushed_request(&digest(80), at(0)).await.unwrap(), None);
    assert_eq!(answer(71, 80, at(0)).await, InsertCode::RequestSpent, "answered before");
    assert_eq!(answer(71, 81, at(60)).await, InsertCode::RequestSpent, "expired");
    assert_eq!(answer(71, 89, at(0)).await, InsertCode::RequestSpent, "never pushed");
    let of_blog = Code { client: client_id("blog"), ..code(71, user.id, session_id(1)) };
    let stolen = store.insert_code(answering(of_blog, 82), at(0)).await.unwrap();
    assert_eq!(stolen, InsertCode::RequestSpent, "another client's");

    assert!(is_fresh(&*store, 70).await && !is_fresh(&*store, 71).await);
    for n in [81, 82] {
        assert!(store.find_pushed_request(&digest(n), at(0)).await.unwrap().is_some(), "{n}");
    }
}

pub async fn of_many_who_answer_one_request_one_gives_a_code(store: Arc<dyn Store>) {
    with_session(&*store, 1).await;
    store.insert_pushed_request(pushed_request(80)).await.unwrap();
    let answers = at_once(&store, |store, caller| async move {
        let answer = answering(code(100 + caller, user_id(1), session_id(1)), 80);
        store.insert_code(answer, at(0)).await.unwrap()
    })
    .await;
    let done = answers.iter().filter(|answer| **answer == InsertCode::Done).count();
    let spent = answers.iter().filter(|answer| **answer == InsertCode::RequestSpent).count();
    assert_eq!((done, spent), (1, usize::from(CALLERS) - 1));
    for (n, answer) in (101..).zip(answers) {
        assert_eq!(is_fresh(&*store, n).await, answer == InsertCode::Done, "code {n}");
    }
}

pub async fn a_redeemed_code_becomes_a_grant(store: Arc<dyn Store>) {
    let user = with_session(&*store, 1).await;
    for n in [70, 71] {
        give_code(&*store, code(n, user.id, session_id(1))).await;
    }
    let of_session = grant(10, Some(user.id), Some(session_id(1)));
    let own = grant(11, Some(user.id), None);
    let party = relying_party(1, "shop");
    let with_party =
        Redeem { relying_party: Some(party.clone()), ..redeem(70, of_session.clone()) };
    let table = [
        (with_party, Some(session(1, Some(user.id))), of_session),
        (redeem(71, own.clone()), None, own),
    ];
    for (redeem, session, grant) in table {
        let digest = redeem.digest;
        let answer = store.redeem_code(redeem, &act(Kind::GrantMade)).await.unwrap();
        let live = LiveGrant { grant: grant.clone(), session, user: Some(user.clone()) };
        let done = Done { value: Box::new(live.clone()), rows: Vec::new() };
        assert_eq!(answer, Redeemed::Done(done));
        assert_eq!(store.find_grant(grant.id).await.unwrap(), Some(live));
        let spent = FoundCode::Spent { client: client_id("shop"), grant: grant.id };
        assert_eq!(store.find_code(&digest, at(0)).await.unwrap(), Some(spent));
    }
    assert_eq!(store.list_relying_parties(session_id(1)).await.unwrap(), [party]);
    assert_eq!(count(&*store, Kind::GrantMade).await, 2);
}

pub async fn of_many_who_redeem_one_code_one_gets_a_grant(store: Arc<dyn Store>) {
    with_session(&*store, 1).await;
    give_code(&*store, code(70, user_id(1), session_id(1))).await;
    let answers = at_once(&store, |store, caller| async move {
        let grant = grant(100 + caller, Some(user_id(1)), None);
        store.redeem_code(redeem(70, grant), &act(Kind::GrantMade)).await.unwrap()
    })
    .await;
    let is_done = |answer: &Redeemed| matches!(answer, Redeemed::Done(_));
    let winner = answers.iter().position(is_done).unwrap();
    let won = grant_id(101 + u8::try_from(winner).unwrap());
    for (caller, answer) in answers.into_iter().enumerate() {
        if caller != winner {
            assert_eq!(answer, Redeemed::Spent { grant: won });
        }
    }
    let grants = store.list_grants_of_user(user_id(1)).await.unwrap();
    assert_eq!(grants.iter().map(|grant| grant.id).collect::<Vec<_>>(), [grant_id(1), won]);
    assert_eq!(count(&*store, Kind::GrantMade).await, 1);
}

pub async fn a_spent_code_is_recognised_for_an_hour(store: Arc<dyn Store>) {
    let user = with_session(&*store, 1).await;
    give_code(&*store, code(70, user.id, session_id(1))).await;
    let own = grant(10, Some(user.id), None);
    let made = store.redeem_code(redeem(70, own), &act_at(at(30), Kind::GrantMade)).await.unwrap();
    assert!(matches!(made, Redeemed::Done(_)), "{made:?}");
    // The grant outlives its session, and so does what shows that somebody has a copy.
    store.end_session(session_id(1), Reason::SignedOut, &ending()).await.unwrap();

    let again = async |grant: Grant, seconds| {
        let act = act_at(at(seconds), Kind::GrantMade);
        store.redeem_code(redeem(70, grant), &act).await.unwrap()
    };
    let end = 30 + Code::RECOGNISED.as_secs();
    let copy = grant(11, Some(user.id), None);
    let of_blog = Grant { client: client_id("blog"), ..copy.clone() };
    for seconds in [31, end - 1] {
        store.expire_codes(at(seconds)).await.unwrap();
        let spent = Redeemed::Spent { grant: grant_id(10) };
        assert_eq!(again(copy.clone(), seconds).await, spent, "after {seconds} seconds");
        let others = again(of_blog.clone(), seconds).await;
        assert_eq!(others, Redeemed::Gone, "nobody ends what is another client's");
    }
    assert_eq!(again(copy, end).await, Redeemed::Gone);
    store.expire_codes(at(end)).await.unwrap();
    assert_eq!(store.find_code(&digest(70), at(0)).await.unwrap(), None);
    assert_eq!(grants_there(&*store, [10, 11]).await, [10]);
}

pub async fn a_code_is_good_for_what_it_was_given_for_alone(store: Arc<dyn Store>) {
    let user = with_session(&*store, 1).await;
    sign_in(&*store, &user, 2).await;
    let other = sign_up(&*store, 2).await;
    give_code(&*store, code(70, user.id, session_id(1))).await;
    let right = grant(10, Some(user.id), Some(session_id(1)));
    let table = [
        ("another client", 0, Grant { client: client_id("blog"), ..right.clone() }),
        ("another user", 0, Grant { user: Some(other.id), session: None, ..right.clone() }),
        ("a service", 0, Grant { user: None, session: None, ..right.clone() }),
        ("another session", 0, Grant { session: Some(session_id(2)), ..right.clone() }),
        ("too late", 60, right.clone()),
    ];
    for (what, seconds, grant) in table {
        let act = act_at(at(seconds), Kind::GrantMade);
        let answer = store.redeem_code(redeem(70, grant), &act).await.unwrap();
        assert_eq!(answer, Redeemed::Gone, "{what}");
        assert!(grants_there(&*store, [10]).await.is_empty(), "{what}");
        assert!(is_fresh(&*store, 70).await, "{what}");
    }
    assert_eq!(count(&*store, Kind::GrantMade).await, 0);
    let answer = store.redeem_code(redeem(70, right), &act(Kind::GrantMade)).await.unwrap();
    assert!(matches!(answer, Redeemed::Done(_)), "{answer:?}");
}

pub async fn fresh_codes_go_with_what_they_hang_from(store: Arc<dyn Store>) {
    let user = with_session(&*store, 1).await;
    let out = sign_up(&*store, 2).await;
    let gone = sign_up(&*store, 3).await;
    store.insert_client(client("shop"), None, &act(Kind::ClientAdded)).await.unwrap();
    let sessions = [(2, &user), (3, &user), (4, &out), (5, &gone), (6, &user), (7, &user)];
    for (n, user) in sessions {
        sign_in(&*store, user, n).await;
        give_code(&*store, code(70 + n, user.id, session_id(n))).await;
    }
    let of_blog = Code { client: client_id("blog"), ..code(71, user.id, session_id(1)) };
    give_code(&*store, of_blog).await;
    // Spent codes stay, or go with their user.
    for n in [3, 5] {
        let (_, user) = sessions.iter().find(|(session, _)| *session == n).unwrap();
        let own = grant(20 + n, Some(user.id), None);
        let answer = store.redeem_code(redeem(70 + n, own), &act(Kind::GrantMade)).await.unwrap();
        assert!(matches!(answer, Redeemed::Done(_)), "{answer:?}");
    }
    let there = async || {
        let mut there = Vec::new();
        for n in 71..=77 {
            if store.find_code(&digest(n), at(0)).await.unwrap().is_some() {
                there.push(n);
            }
        }
        there
    };
    assert_eq!(there().await, [71, 72, 73, 74, 75, 76, 77]);
    for n in [2, 3] {
        store.end_session(session_id(n), Reason::SignedOut, &ending()).await.unwrap();
    }
    assert_eq!(there().await, [71, 73, 74, 75, 76, 77]);
    changed(store.set_life(out.id, disabled(), &act(Kind::UserDisabled)).await.unwrap());
    assert_eq!(there().await, [71, 73, 75, 76, 77]);
    changed(store.delete_user(gone.id, None, &act(Kind::UserDeleted)).await.unwrap());
    assert_eq!(there().await, [71, 73, 76, 77]);
    let shop = client_id("shop");
    let of_both = store.end_grants_of_user_at(user.id, &shop, Reason::Operator, &ending()).await;
    let _rows = of_both.unwrap();
    assert_eq!(there().await, [71, 73]);
    let removed = store.remove_client(&shop, &act(Kind::ClientRemoved)).await.unwrap();
    assert!(removed.is_some());
    assert_eq!(there().await, [71]);
    let everybodys = store.end_sessions(Ends::Everybodys, Reason::Restored, &ending()).await;
    let _rows = everybodys.unwrap();
    assert!(there().await.is_empty());
}

pub async fn an_end_wins_over_the_codes_it_races(store: Arc<dyn Store>) {
    with_session(&*store, 1).await;
    at_once(&store, |store, caller| async move {
        if caller == CALLERS / 2 {
            let (id, reason) = (session_id(1), Reason::SignedOut);
            assert!(store.end_session(id, reason, &ending()).await.unwrap().is_some());
        } else {
            let code = code(100 + caller, user_id(1), session_id(1));
            store.insert_code(new_code(code), at(0)).await.unwrap();
        }
    })
    .await;
    for n in 101..=100 + CALLERS {
        assert!(!is_fresh(&*store, n).await, "code {n}");
    }
}

pub async fn an_end_wins_over_the_grants_of_codes_it_races(store: Arc<dyn Store>) {
    with_session(&*store, 1).await;
    for n in 101..=100 + CALLERS {
        give_code(&*store, code(n, user_id(1), session_id(1))).await;
    }
    at_once(&store, |store, caller| async move {
        if caller == CALLERS / 2 {
            let (id, reason) = (session_id(1), Reason::SignedOut);
            assert!(store.end_session(id, reason, &ending()).await.unwrap().is_some());
        } else {
            let grant = grant(100 + caller, Some(user_id(1)), Some(session_id(1)));
            let redeem = redeem(100 + caller, grant);
            store.redeem_code(redeem, &act(Kind::GrantMade)).await.unwrap();
        }
    })
    .await;
    assert_eq!(store.list_grants_of_user(user_id(1)).await.unwrap(), []);
}

/// User `n` with session `n`.
async fn with_session(store: &dyn Store, n: u8) -> User {
    let user = sign_up(store, n).await;
    sign_in(store, &user, n).await;
    user
}

/// A code that answers pushed request `n`.
fn answering(code: Code, n: u8) -> NewCode {
    NewCode { spends: Some(digest(n)), ..new_code(code) }
}

async fn is_fresh(store: &dyn Store, n: u8) -> bool {
    matches!(store.find_code(&digest(n), at(0)).await.unwrap(), Some(FoundCode::Fresh(_)))
}
