//! Promises about guests that lie in another store than the one that does the act: they are merged once, told like
//! everybody, and a claim that was given up merges nothing.

use std::sync::Arc;

use cloakroom_model::data::{Document, DocumentKey, Owner};
use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::id::SessionId;
use cloakroom_model::log::Subject;
use cloakroom_model::session::Replaced;
use serde_json::{Value, json};

use super::scene::{
    act, act_at, at, begin, begun, digest, earlier, ending, etag, key, put, session_id, sign_in,
    sign_up,
};
use super::witness::{
    CALLERS, Listener, at_once, count, different, events, opens, session_ended, value,
};
use crate::{
    Begin, Begun, Done, Earlier, Elsewhere, Error, LiveGuest, ReplaceSecret, Replacing, Store,
};

pub async fn a_guest_elsewhere_goes_to_the_user(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let cart = key(Owner::User(user.id), "cart");
    put(&*store, cart.clone(), json!(["coat"]), 1).await;
    let mut log = Listener::new(&*store).await;

    let sign_in = act(Kind::SignedIn);
    let begin = Begin { earlier: Some(guest(1, 1, json!(["hat"]))), ..begin(&user, 2) };
    let Begun::Done(Done { rows, .. }) = store.begin_session(begin, &sign_in).await.unwrap() else {
        panic!("the session did not begin");
    };
    log.hears(&*store, &sign_in, &rows, [session_ended(1)]).await;
    assert!(opens(&*store, 2).await);
    assert_eq!(value(&*store, cart).await, Some(json!(["coat", "hat"])));
    assert_eq!(count(&*store, Kind::GuestMerged).await, 1);
    let ended = events(&*store).await.into_iter().map(|it| it.event);
    let ended: Vec<_> = ended.filter(|it| it.kind == Kind::SessionEnded).collect();
    let [ended] = ended.as_slice() else { panic!("one end is told: {ended:?}") };
    assert_eq!((ended.session, ended.user), (Some(session_id(1)), None));
    assert_eq!(ended.detail.as_deref(), Some(Reason::Superseded.as_str()));

    let replaced = Replaced { session: session_id(1), successor: session_id(2), at: at(0) };
    let found = store.find_guest(&digest(1), at(60)).await.unwrap();
    assert_eq!(found, Some(LiveGuest::Replaced(replaced)));
    assert_eq!(store.find_guest(&digest(1), at(61)).await.unwrap(), None);
}

pub async fn a_guest_elsewhere_is_merged_once(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let other = sign_up(&*store, 2).await;
    let again = |n: u8, cart| Some(guest(1, n, cart));
    begun(&*store, Begin { earlier: again(1, json!(["hat"])), ..begin(&user, 2) }).await;

    // Its own store has forgotten that it is over: the same guest is brought under another claim.
    begun(&*store, Begin { earlier: again(2, json!(["late"])), ..begin(&other, 3) }).await;
    begun(&*store, Begin { earlier: again(3, json!(["late"])), ..begin(&user, 4) }).await;
    assert_eq!(cart_of(&*store, user.id).await, Some(json!(["hat"])));
    assert_eq!(cart_of(&*store, other.id).await, None);
    assert_eq!(count(&*store, Kind::GuestMerged).await, 1);
    // Such a click goes on from the session that the first one made, like any second click.
    assert!(!opens(&*store, 2).await && opens(&*store, 3).await && opens(&*store, 4).await);

    let just_remembered = act_at(at(0).plus(Elsewhere::REMEMBERED).minus(MOMENT), Kind::SignedIn);
    let begin = Begin { earlier: again(4, json!(["late"])), ..begin(&user, 5) };
    let answer = store.begin_session(begin, &just_remembered).await.unwrap();
    assert!(matches!(answer, Begun::Done(_)), "{answer:?}");
    assert_eq!(cart_of(&*store, user.id).await, Some(json!(["hat"])));
}

pub async fn of_many_sign_ins_of_one_guest_elsewhere_one_merges(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    at_once(&store, |store, caller| {
        let earlier = Some(guest(100, caller, json!([caller])));
        let begin = Begin { earlier, ..begin(&user, caller) };
        async move { begun(&*store, begin).await }
    })
    .await;
    let cart = cart_of(&*store, user.id).await;
    assert_eq!(cart.as_ref().and_then(Value::as_array).map(Vec::len), Some(1), "{cart:?}");
    assert_eq!(count(&*store, Kind::GuestMerged).await, 1);
    assert_eq!(store.list_sessions(user.id).await.unwrap().len(), 1);
    for n in 1..=CALLERS {
        let found = store.find_session(&digest(n), at(0)).await.unwrap();
        assert!(found.is_some(), "the sign-in of caller {n} is lost");
    }
}

pub async fn a_claim_that_was_given_up_merges_nothing(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let claim = Elsewhere::mark_of_claim(1);
    let until = at(0).plus(Elsewhere::REMEMBERED);
    assert!(store.mark_once(claim, until, at(0)).await.unwrap());
    let before = events(&*store).await;
    let mut log = Listener::new(&*store).await;

    let late = Begin { earlier: Some(guest(1, 1, json!(["hat"]))), ..begin(&user, 2) };
    let refused = store.begin_session(late, &act(Kind::SignedIn)).await;
    assert!(matches!(refused, Err(Error::Busy)), "{refused:?}");
    log.hears(&*store, &ending(), &[], []).await;
    assert_eq!(events(&*store).await, before);
    assert!(!opens(&*store, 2).await);
    assert_eq!(cart_of(&*store, user.id).await, None);
    assert_eq!(store.find_guest(&digest(1), at(0)).await.unwrap(), None);

    // The guest itself is not over.
    begun(&*store, Begin { earlier: Some(guest(1, 3, json!(["hat"]))), ..begin(&user, 4) }).await;
    assert_eq!(cart_of(&*store, user.id).await, Some(json!(["hat"])));
}

pub async fn of_a_merge_and_those_who_give_up_its_claim_one_is_first(store: Arc<dyn Store>) {
    for round in 1..=4 {
        let user = sign_up(&*store, round).await;
        let claim = Elsewhere::mark_of_claim(round.into());
        let firsts = at_once(&store, |store, caller| {
            let earlier = Some(guest(100 + round, round, json!(["hat"])));
            let begin = Begin { earlier, ..begin(&user, 10 * round) };
            async move {
                if caller % 2 == 0 {
                    let until = at(0).plus(Elsewhere::REMEMBERED);
                    return store.mark_once(claim, until, at(0)).await.unwrap();
                }
                // One of them merges; to the others it is a session that is there already.
                caller == 1
                    && match store.begin_session(begin, &act(Kind::SignedIn)).await {
                        Ok(Begun::Done(_)) => true,
                        Err(Error::Busy) => false,
                        other => panic!("{other:?}"),
                    }
            }
        })
        .await;
        assert_eq!(firsts.len(), usize::from(CALLERS));
        let merged = firsts[0];
        assert_eq!(firsts.into_iter().filter(|first| *first).count(), 1, "round {round}");
        assert_eq!(cart_of(&*store, user.id).await.is_some(), merged);
    }
}

pub async fn the_end_of_a_guest_elsewhere_is_told_once_and_final(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let mut log = Listener::new(&*store).await;
    let end = ending();
    let id = session_id(1);
    let done = store.end_guest_elsewhere(id, Reason::SignedOut, &end).await.unwrap().unwrap();
    log.hears(&*store, &end, &done.rows, [session_ended(1)]).await;
    let told = events(&*store).await.into_iter().map(|it| it.event);
    let told: Vec<_> = told.filter(|it| it.kind == Kind::SessionEnded).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].detail.as_deref(), Some(Reason::SignedOut.as_str()));

    let again = store.end_guest_elsewhere(id, Reason::SignedOut, &ending()).await.unwrap();
    assert_eq!(again, None);
    let sign_in = act(Kind::SignedIn);
    let begin = Begin { earlier: Some(guest(1, 1, json!(["hat"]))), ..begin(&user, 2) };
    assert!(matches!(store.begin_session(begin, &sign_in).await.unwrap(), Begun::Done(_)));
    log.hears(&*store, &sign_in, &[], []).await;
    assert_eq!(cart_of(&*store, user.id).await, None);
    assert_eq!(store.find_guest(&digest(1), at(0)).await.unwrap(), None);

    // And one that was merged ends no more.
    begun(&*store, Begin { earlier: Some(guest(3, 3, json!([]))), ..self::begin(&user, 4) }).await;
    let late = store.end_guest_elsewhere(session_id(3), Reason::SignedOut, &ending()).await;
    assert_eq!(late.unwrap(), None);
}

pub async fn a_browser_that_takes_a_session_over_leaves_its_guest_elsewhere(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    let mut log = Listener::new(&*store).await;
    for (secret, is_first) in [(21, true), (22, false)] {
        let take = act_at(at(5), Kind::SecretReplaced);
        let replace = ReplaceSecret {
            session: session_id(1),
            secret: digest(secret),
            link: None,
            earlier: Some(session_id(3)),
            elsewhere: Some(digest(3)),
            authentication: None,
            expected_generation: None,
        };
        let Replacing::Done(done) = store.replace_secret(replace, &take).await.unwrap() else {
            panic!("the secret was not replaced");
        };
        let taken = different(Subject::Session(session_id(1)));
        if is_first {
            log.hears(&*store, &take, &done.rows, [taken, session_ended(3)]).await;
        } else {
            log.hears(&*store, &take, &done.rows, [taken]).await;
        }
        let replaced = Replaced { session: session_id(3), successor: session_id(1), at: at(5) };
        let found = store.find_guest(&digest(3), at(6)).await.unwrap();
        assert_eq!(found, Some(LiveGuest::Replaced(replaced)));
    }
    begun(&*store, Begin { earlier: Some(guest(3, 1, json!(["hat"]))), ..begin(&user, 2) }).await;
    assert_eq!(cart_of(&*store, user.id).await, None);
}

const MOMENT: std::time::Duration = std::time::Duration::from_millis(1);

/// Guest `n`, who lies elsewhere, has secret `n` and this cart, and was claimed as this number.
fn guest(n: u8, claim: u8, cart: Value) -> Earlier {
    let of_guest: DocumentKey = key(Owner::Session(session_id(n)), "cart");
    let elsewhere = Elsewhere {
        secret: Some(digest(n)),
        documents: vec![(of_guest, Document { value: cart, etag: etag(claim) })],
        claim: Some(Elsewhere::mark_of_claim(claim.into())),
    };
    let id: SessionId = session_id(n);
    let mut earlier = Earlier { elsewhere: Some(elsewhere), ..earlier(id) };
    earlier.merge.etag_seed = [claim; 16];
    earlier
}

async fn cart_of(store: &dyn Store, user: cloakroom_model::id::UserId) -> Option<Value> {
    value(store, key(Owner::User(user), "cart")).await
}
