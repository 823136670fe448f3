//! Promises about grants: they hang from what is there, the chain never forks, and an ended grant is gone.

use std::sync::Arc;

use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::grant::{Confirmation, Details, Grant, Rotated};
use cloakroom_model::session::{Acr, Authentication};

use super::scene::{
    act, act_at, at, begin, begun, client_id, come_with_tokens, disabled, ending, give_own_grant,
    grant, grant_id, session_id, sign_in, sign_up, user_id,
};
use super::witness::{
    CALLERS, Listener, at_once, changed, count, events, grant_ended, grants_there, opens,
};
use crate::{InsertGrant, LiveGrant, Rotate, RotateOutcome, Store};

pub async fn a_grant_is_found_with_its_parents(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    give_own_grant(&*store, &user, 9).await;
    let session = sign_in(&*store, &user, 1).await;
    let guest = come_with_tokens(&*store, 2).await;

    let (of_session, of_guest, own) = (
        grant(1, Some(user.id), Some(session.id)),
        grant(2, None, Some(guest.id)),
        grant(9, Some(user.id), None),
    );
    let table = [
        LiveGrant { grant: of_session, session: Some(session), user: Some(user.clone()) },
        LiveGrant { grant: of_guest, session: Some(guest), user: None },
        LiveGrant { grant: own, session: None, user: Some(user) },
    ];
    for expected in table {
        let found = store.find_grant(expected.grant.id).await.unwrap();
        assert_eq!(found, Some(expected));
    }
    assert_eq!(store.find_grant(grant_id(7)).await.unwrap(), None);
}

pub async fn a_grant_is_kept_with_all_it_says(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    come_with_tokens(&*store, 2).await;
    let details = Details {
        confirmation: Some(Confirmation::Key("thumbprint".to_owned())),
        authentication: Some(Authentication {
            at: at(0),
            acr: Acr::Aal2,
            amr: vec!["pwd".to_owned(), "otp".to_owned()],
        }),
        claims: Some(r#"{"userinfo":{"email":null}}"#.to_owned()),
        authorization_details: Some(r#"[{"type":"payment"}]"#.to_owned()),
        actor: Some(r#"{"sub":"client:batch"}"#.to_owned()),
        status: None,
    };
    let all = Grant { details, bound: true, ..grant(10, Some(user.id), None) };
    let certificate = Details {
        confirmation: Some(Confirmation::Certificate("thumbprint".to_owned())),
        ..Details::default()
    };
    let of_service = Grant { details: certificate, ..grant(11, None, None) };
    let of_session = grant(12, Some(user.id), Some(session_id(1)));
    let of_guest = grant(13, None, Some(session_id(2)));

    for grant in [all, of_service, of_session, of_guest] {
        insert(&*store, grant.clone()).await;
        let found = store.find_grant(grant.id).await.unwrap().unwrap();
        assert_eq!(found.grant, grant);
        assert_eq!(found.user.map(|user| user.id), grant.user);
        assert_eq!(found.session.map(|session| session.id), grant.session);
        assert!(store.insert_grant(grant, &act(Kind::GrantMade)).await.is_err(), "never replaced");
    }
    assert_eq!(count(&*store, Kind::GrantMade).await, 4);
}

pub async fn a_grant_that_would_hang_from_nothing_is_not_kept(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let out = sign_up(&*store, 2).await;
    sign_in(&*store, &user, 1).await;
    sign_in(&*store, &user, 2).await;
    come_with_tokens(&*store, 3).await;
    store.end_session(session_id(2), Reason::SignedOut, &ending()).await.unwrap();
    changed(store.set_life(out.id, disabled(), &act(Kind::UserDisabled)).await.unwrap());
    let table = [
        ("nobody", grant(10, Some(user_id(7)), None)),
        ("a disabled user", grant(10, Some(out.id), None)),
        ("an ended session", grant(10, Some(user.id), Some(session_id(2)))),
        ("another user's session", grant(10, Some(out.id), Some(session_id(1)))),
        ("a guest as a user", grant(10, Some(user.id), Some(session_id(3)))),
        ("a user as a guest", grant(10, None, Some(session_id(1)))),
    ];
    for (whose, grant) in table {
        let inserted = store.insert_grant(grant, &act(Kind::GrantMade)).await.unwrap();
        assert_eq!(inserted, InsertGrant::Pointless, "{whose}");
        assert!(grants_there(&*store, [10]).await.is_empty(), "{whose}");
    }
    assert_eq!(count(&*store, Kind::GrantMade).await, 0);
    insert(&*store, grant(10, Some(user.id), Some(session_id(1)))).await;
}

pub async fn no_grant_is_made_that_outlives_the_session_it_raced(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    at_once(&store, |store, caller| async move {
        if caller == CALLERS / 2 {
            let (id, reason) = (session_id(1), Reason::SignedOut);
            assert!(store.end_session(id, reason, &ending()).await.unwrap().is_some());
        } else {
            let grant = grant(10 + caller, Some(user_id(1)), Some(session_id(1)));
            store.insert_grant(grant, &act(Kind::GrantMade)).await.unwrap();
        }
    })
    .await;
    assert_eq!(store.list_grants_of_user(user.id).await.unwrap(), []);
}

pub async fn what_a_user_allowed_one_client_is_listed_and_ended_together(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let other = sign_up(&*store, 2).await;
    sign_in(&*store, &user, 1).await;
    sign_in(&*store, &other, 2).await;
    insert(&*store, grant(10, Some(user.id), None)).await;
    let of_blog = Grant { client: client_id("blog"), ..grant(11, Some(user.id), None) };
    insert(&*store, of_blog).await;
    let shop = client_id("shop");
    let listed = async || {
        let grants = store.list_grants_of_user_at(user.id, &shop).await.unwrap();
        grants.into_iter().map(|grant| grant.id).collect::<Vec<_>>()
    };
    assert_eq!(listed().await, [1, 10].map(grant_id));
    let mut log = Listener::new(&*store).await;

    let end = act(Kind::GrantEnded);
    let of_both = store.end_grants_of_user_at(user.id, &shop, Reason::Operator, &end).await;
    let done = of_both.unwrap();

    assert_eq!(done.value, 2);
    log.hears(&*store, &end, &done.rows, [grant_ended(1), grant_ended(10)]).await;
    assert_eq!(listed().await, []);
    assert_eq!(grants_there(&*store, [1, 2, 10, 11]).await, [2, 11]);
    assert!(opens(&*store, 1).await, "the session stays");
    assert_eq!(count(&*store, Kind::GrantEnded).await, 2);
    let again = store.end_grants_of_user_at(user.id, &shop, Reason::Operator, &end).await.unwrap();
    assert_eq!((again.value, again.rows.len()), (0, 0));
}

pub async fn a_grant_without_a_session_lives_and_ends_like_any_other(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    for n in [10, 20, 30] {
        insert(&*store, grant(n, Some(user.id), None)).await;
        insert(&*store, grant(n + 1, None, None)).await;
    }
    let mut log = Listener::new(&*store).await;
    for n in [10, 11, 30, 31] {
        let rotate = Rotate { grant: grant_id(n), expected: 0, next: 1, rotations: Vec::new() };
        let rotated = store.rotate(rotate, &act_at(at(3000), Kind::SignedIn)).await.unwrap();
        assert_eq!(rotated, RotateOutcome::Done);
        let live = store.find_grant(grant_id(n)).await.unwrap().unwrap();
        assert_eq!((live.grant.counter, live.grant.last_used_at), (1, at(3000)));
    }
    for n in [10, 11] {
        let end = act(Kind::GrantEnded);
        let done = store.end_grant(grant_id(n), Reason::Operator, &end).await.unwrap().unwrap();
        log.hears(&*store, &end, &done.rows, [grant_ended(n)]).await;
    }
    let sweep = act_at(at(3600), Kind::GrantEnded);
    let done = store.expire_grants(9, &sweep).await.unwrap();
    log.hears(&*store, &sweep, &done.rows, [grant_ended(20), grant_ended(21)]).await;
    let disable = act(Kind::UserDisabled);
    changed(store.set_life(user.id, disabled(), &disable).await.unwrap());
    assert_eq!(grants_there(&*store, [10, 11, 20, 21, 30, 31]).await, [31]);
}

pub async fn grants_are_listed_by_session_and_by_user(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let other = sign_up(&*store, 2).await;
    give_own_grant(&*store, &user, 9).await;
    sign_in(&*store, &user, 1).await;
    sign_in(&*store, &user, 2).await;
    sign_in(&*store, &other, 3).await;

    let of_session = store.list_grants_of_session(session_id(2)).await.unwrap();
    assert_eq!(of_session.iter().map(|grant| grant.id).collect::<Vec<_>>(), [grant_id(2)]);
    let of_user = store.list_grants_of_user(user.id).await.unwrap();
    let ids: Vec<_> = of_user.iter().map(|grant| grant.id).collect();
    assert_eq!(ids, [1, 2, 9].map(grant_id));
}

pub async fn a_rotation_moves_the_chain_from_the_number_it_saw(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    sign_in(&*store, &user, 2).await;
    let rotations = |n: u64| (0..n).map(|counter| Rotated { counter, at: at(counter) }).collect();
    let rotate = async |n, expected| {
        let rotate = Rotate {
            grant: grant_id(n),
            expected,
            next: expected + 1,
            rotations: rotations(expected + 1),
        };
        store.rotate(rotate, &act(Kind::GrantEnded)).await.unwrap()
    };

    assert_eq!(rotate(1, 0).await, RotateOutcome::Done);
    assert_eq!(rotate(1, 1).await, RotateOutcome::Done);
    for expected in [0, 1, 3, u64::MAX - 1] {
        let late =
            Rotate { grant: grant_id(1), expected, next: expected + 1, rotations: Vec::new() };
        let late = store.rotate(late, &act(Kind::GrantEnded)).await.unwrap();
        assert_eq!(late, RotateOutcome::Lost, "{expected}");
    }
    assert_eq!(rotate(7, 0).await, RotateOutcome::Lost);

    let grant = store.find_grant(grant_id(1)).await.unwrap().unwrap().grant;
    assert_eq!((grant.counter, grant.rotations), (2, rotations(2)));
    let other = store.find_grant(grant_id(2)).await.unwrap().unwrap().grant;
    assert_eq!((other.counter, other.rotations), (0, Vec::new()));
}

pub async fn of_many_who_rotate_the_same_token_one_does(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    for expected in 0..3 {
        let answers = at_once(&store, |store, caller| async move {
            let rotations = vec![Rotated { counter: expected, at: at(u64::from(caller)) }];
            let rotate = Rotate { grant: grant_id(1), expected, next: expected + 1, rotations };
            store.rotate(rotate, &act(Kind::GrantEnded)).await.unwrap()
        })
        .await;
        let lost = answers.iter().filter(|answer| **answer == RotateOutcome::Lost).count();
        assert_eq!(lost, usize::from(CALLERS) - 1);
        let winner = answers.iter().position(|answer| *answer == RotateOutcome::Done).unwrap();
        let grant = store.find_grant(grant_id(1)).await.unwrap().unwrap().grant;
        assert_eq!(grant.counter, expected + 1);
        assert_eq!(grant.rotations[0].at, at(winner as u64 + 1), "the winner's memory is kept");
    }
}

pub async fn a_rotation_is_a_use_of_the_grant_and_of_its_session(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    come_with_tokens(&*store, 2).await;
    let before = events(&*store).await;
    let mut log = Listener::new(&*store).await;
    // Earlier than what is known already: nothing is lowered.
    for (expected, seconds) in [(0, 9), (1, 5)] {
        for n in [1, 2] {
            let rotate =
                Rotate { grant: grant_id(n), expected, next: expected + 1, rotations: Vec::new() };
            let answer = store.rotate(rotate, &act_at(at(seconds), Kind::SignedIn)).await.unwrap();
            assert_eq!(answer, RotateOutcome::Done);
            let live = store.find_grant(grant_id(n)).await.unwrap().unwrap();
            let session = live.session.unwrap();
            assert_eq!((live.grant.last_used_at, session.last_seen_at), (at(9), at(9)));
        }
    }
    log.hears(&*store, &ending(), &[], []).await;
    assert_eq!(events(&*store).await, before);
}

pub async fn a_chain_that_stays_is_used_and_keeps_its_number(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    let stay = async |expected, seconds| {
        let rotations = vec![Rotated { counter: expected, at: at(seconds) }];
        let stay = Rotate { grant: grant_id(1), expected, next: expected, rotations };
        store.rotate(stay, &act_at(at(seconds), Kind::SignedIn)).await.unwrap()
    };
    // Whoever holds it may use it again.
    for seconds in [9, 12] {
        assert_eq!(stay(0, seconds).await, RotateOutcome::Done);
        let live = store.find_grant(grant_id(1)).await.unwrap().unwrap();
        assert_eq!((live.grant.counter, live.grant.last_used_at), (0, at(seconds)));
        assert_eq!(live.session.unwrap().last_seen_at, at(seconds));
    }
    assert_eq!(stay(1, 15).await, RotateOutcome::Lost, "nobody was given that one");
    let live = store.find_grant(grant_id(1)).await.unwrap().unwrap();
    assert_eq!((live.grant.counter, live.grant.last_used_at), (0, at(12)));
}

pub async fn an_ended_grant_rotates_no_more(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    let mut log = Listener::new(&*store).await;

    let stolen = act(Kind::RefreshStolen);
    let done = store.end_grant(grant_id(1), Reason::Stolen, &stolen).await.unwrap().unwrap();
    log.hears(&*store, &stolen, &done.rows, [grant_ended(1)]).await;

    let rotate = Rotate { grant: grant_id(1), expected: 0, next: 1, rotations: Vec::new() };
    assert_eq!(store.rotate(rotate, &ending()).await.unwrap(), RotateOutcome::Lost);
    assert!(grants_there(&*store, [1]).await.is_empty());
    assert!(opens(&*store, 1).await, "the session stays");
    assert_eq!(store.end_grant(grant_id(1), Reason::Stolen, &stolen).await.unwrap(), None);
    assert_eq!(count(&*store, Kind::RefreshStolen).await, 1);
    let told = events(&*store).await.into_iter().find(|it| it.event.kind == Kind::GrantEnded);
    let told = told.unwrap().event;
    assert_eq!((told.grant, told.session), (Some(grant_id(1)), Some(session_id(1))));
    assert_eq!((told.user, told.detail.as_deref()), (Some(user.id), Some("stolen")));
}

pub async fn an_end_of_a_grant_wins_over_the_rotations_it_races(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    at_once(&store, |store, caller| async move {
        if caller == CALLERS / 2 {
            let ended = store.end_grant(grant_id(1), Reason::Stolen, &ending()).await.unwrap();
            assert!(ended.is_some());
        } else {
            let rotate = Rotate { grant: grant_id(1), expected: 0, next: 1, rotations: Vec::new() };
            store.rotate(rotate, &ending()).await.unwrap();
        }
    })
    .await;
    assert!(grants_there(&*store, [1]).await.is_empty());
}

pub async fn grants_whose_time_is_over_end_with_their_reason(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let mut short = begin(&user, 1);
    if let Some(grant) = &mut short.grant {
        grant.expires_at = at(600);
    }
    begun(&*store, short).await;
    sign_in(&*store, &user, 2).await;
    sign_in(&*store, &user, 3).await;
    let rotate = Rotate { grant: grant_id(3), expected: 0, next: 1, rotations: Vec::new() };
    store.rotate(rotate, &act_at(at(3000), Kind::SignedIn)).await.unwrap();
    let mut log = Listener::new(&*store).await;

    for (seconds, limit, over) in [(599, 9, None), (3599, 9, Some(1)), (3601, 9, Some(2))] {
        let act = act_at(at(seconds), Kind::GrantEnded);
        let done = store.expire_grants(limit, &act).await.unwrap();
        assert_eq!(done.value, usize::from(over.is_some()), "at {seconds}");
        match over {
            Some(n) => log.hears(&*store, &act, &done.rows, [grant_ended(n)]).await,
            None => log.hears(&*store, &act, &done.rows, []).await,
        }
    }
    assert_eq!(grants_there(&*store, [1, 2, 3]).await, [3]);
    let none = store.expire_grants(0, &act_at(at(99_999), Kind::GrantEnded)).await.unwrap();
    assert_eq!(none.value, 0);
    let reasons = events(&*store).await.into_iter().filter_map(|it| it.event.detail);
    assert_eq!(reasons.collect::<Vec<_>>(), ["idle", "expired"]);
}

async fn insert(store: &dyn Store, grant: Grant) {
    let inserted = store.insert_grant(grant, &act(Kind::GrantMade)).await.unwrap();
    assert_eq!(inserted, InsertGrant::Done);
}
