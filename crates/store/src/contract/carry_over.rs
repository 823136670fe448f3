//! Promises about what a sign-in carries over from the browser's earlier session: a guest's cart, and what
//! belongs to a session alone.

use std::sync::Arc;

use cloakroom_model::client::DataRule;
use cloakroom_model::data::{Belongs, Change, DocumentKey, MergeRule, Owner};
use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::id::ClientId;
use cloakroom_model::user::User;
use serde_json::json;

use super::scene::{
    act, act_at, at, begin, begin_new, begun, come_as_guest, data_rule, digest, earlier, ending,
    etag, key, new_user, put, session_id, sign_in, sign_up, user_id, write,
};
use super::witness::{CALLERS, at_once, events, opens, value};
use crate::{Begin, Begun, Earlier, FoundSession, LiveGuest, Merge, Store, Written};

pub async fn a_guests_cart_goes_to_the_user(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let of_user = key(Owner::User(user.id), "cart");
    let of_guest = key(Owner::Session(session_id(1)), "cart");
    put(&*store, of_user.clone(), json!({"items":["coat"],"gift":false}), 1).await;
    come_as_guest(&*store, 1).await;
    put(&*store, of_guest.clone(), json!({"items":["hat"],"gift":true}), 2).await;
    put(&*store, key(Owner::Session(session_id(1)), "seen"), json!([7]), 3).await;

    begun(&*store, Begin { earlier: Some(earlier(session_id(1))), ..begin(&user, 2) }).await;

    let merged = store.read_data(&of_user).await.unwrap().unwrap();
    assert_eq!(merged.value, json!({"items":["coat","hat"],"gift":true}));
    assert_ne!(merged.etag, etag(1), "another version has another name");
    let seen = store.read_data(&key(Owner::User(user.id), "seen")).await.unwrap().unwrap();
    assert_eq!(seen.value, json!([7]));
    assert_ne!(seen.etag, merged.etag);
    assert_eq!(value(&*store, of_guest).await, None);
    assert_eq!(merges(&*store).await, [(Kind::GuestMerged, "2".to_owned())]);

    // A sign-up is a sign-in too.
    come_as_guest(&*store, 3).await;
    put(&*store, key(Owner::Session(session_id(3)), "cart"), json!(["scarf"]), 4).await;
    let new = Begin { earlier: Some(earlier(session_id(3))), ..begin_new(new_user(2), 4) };
    begun(&*store, new).await;
    let cart = value(&*store, key(Owner::User(user_id(2)), "cart")).await;
    assert_eq!(cart, Some(json!(["scarf"])));
}

pub async fn each_namespace_follows_its_rule(store: Arc<dyn Store>) {
    use Belongs::{Session, User};
    use MergeRule::{KeepGuest, KeepUser, Merge};

    let user = sign_up(&*store, 1).await;
    come_as_guest(&*store, 1).await;
    let rules = vec![
        data_rule("keeps-user", User, KeepUser),
        data_rule("keeps-guest", User, KeepGuest),
        data_rule("merges", User, Merge),
        data_rule("of-session", Session, Merge),
    ];
    let names = ["keeps-user", "keeps-guest", "merges", "of-session", "without-rule"];
    for (n, name) in (1..).zip(names) {
        put(&*store, key(Owner::User(user.id), name), json!(["ours"]), n).await;
        put(&*store, key(Owner::Session(session_id(1)), name), json!(["theirs"]), n + 10).await;
    }

    begun(&*store, Begin { earlier: Some(by(rules, 1000)), ..begin(&user, 2) }).await;

    let (ours, theirs, both) = (json!(["ours"]), json!(["theirs"]), json!(["ours", "theirs"]));
    for (name, of_user, of_session) in [
        ("keeps-user", &ours, None),
        ("keeps-guest", &theirs, None),
        ("merges", &both, None),
        ("of-session", &ours, Some(theirs.clone())),
        ("without-rule", &both, None),
    ] {
        let found = value(&*store, key(Owner::User(user.id), name)).await;
        assert_eq!(found.as_ref(), Some(of_user), "{name} of the user");
        let found = value(&*store, key(Owner::Session(session_id(2)), name)).await;
        assert_eq!(found, of_session, "{name} of the session");
    }
    // What a rule left as it was is the version it was.
    let kept = store.read_data(&key(Owner::User(user.id), "keeps-user")).await.unwrap().unwrap();
    assert_eq!(kept.etag, etag(1));
}

pub async fn what_is_over_the_limit_stays_behind_and_the_sign_in_succeeds(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let cart = key(Owner::User(user.id), "cart");
    put(&*store, cart.clone(), json!(["coat"]), 1).await;
    come_as_guest(&*store, 1).await;
    put(&*store, key(Owner::Session(session_id(1)), "cart"), json!(["hat"]), 2).await;
    put(&*store, key(Owner::Session(session_id(1)), "note"), json!(7), 3).await;

    // `["coat"]` has 8 bytes; `["coat","hat"]` 14, and `7` one more.
    begun(&*store, Begin { earlier: Some(by(Vec::new(), 13)), ..begin(&user, 2) }).await;

    let kept = store.read_data(&cart).await.unwrap().unwrap();
    assert_eq!((kept.value, kept.etag), (json!(["coat"]), etag(1)));
    assert_eq!(value(&*store, key(Owner::User(user.id), "note")).await, Some(json!(7)));
    assert!(opens(&*store, 2).await);
    let expected = [(Kind::GuestNotMerged, "1".to_owned()), (Kind::GuestMerged, "1".to_owned())];
    let mut told = merges(&*store).await;
    told.sort_by_key(|(kind, _)| *kind != Kind::GuestNotMerged);
    assert_eq!(told, expected);
}

pub async fn a_guest_without_data_merges_nothing(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    come_as_guest(&*store, 1).await;
    begun(&*store, Begin { earlier: Some(earlier(session_id(1))), ..begin(&user, 2) }).await;
    // Never there, and there no more.
    for gone in [7, 1] {
        let n = gone + 10;
        begun(&*store, Begin { earlier: Some(earlier(session_id(gone))), ..begin(&user, n) }).await;
        assert!(opens(&*store, n).await);
    }
    assert_eq!(merges(&*store).await, []);
}

pub async fn a_session_hands_its_own_documents_on_to_its_users_next(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let other = sign_up(&*store, 2).await;
    let rules = || vec![data_rule("tabs", Belongs::Session, MergeRule::Merge)];
    sign_in(&*store, &user, 1).await;
    put(&*store, tabs(1), json!(["a"]), 1).await;

    begun(&*store, Begin { earlier: Some(by(rules(), 1000)), ..begin(&user, 2) }).await;
    assert_eq!(value(&*store, tabs(1)).await, None);
    assert_eq!(value(&*store, tabs(2)).await, Some(json!(["a"])));

    let merge = Merge { rules: rules(), limit: 1000, etag_seed: [8; 16] };
    let of_another = Earlier { id: session_id(2), merge, elsewhere: None };
    begun(&*store, Begin { earlier: Some(of_another), ..begin(&other, 3) }).await;
    for (owner, whose) in [
        (Owner::Session(session_id(2)), "the session that ended"),
        (Owner::Session(session_id(3)), "somebody else's session"),
        (Owner::User(other.id), "somebody else"),
        (Owner::User(user.id), "the user"),
    ] {
        assert_eq!(value(&*store, key(owner, "tabs")).await, None, "{whose}");
    }
    assert!(!opens(&*store, 2).await && opens(&*store, 3).await);
    assert_eq!(merges(&*store).await, [], "nobody of them was a guest");
}

pub async fn clicking_sign_in_again_keeps_the_cart(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    come_as_guest(&*store, 1).await;
    put(&*store, tabs(1), json!(["a"]), 1).await;

    // Each click carries the guest's cookie, since none has seen the answer to another.
    for n in [2, 3, 4] {
        click(&*store, &user, n, 60).await;
        assert_eq!(value(&*store, tabs(n)).await, Some(json!(["a"])), "click {n}");
        assert!(opens(&*store, n).await && !opens(&*store, n - 1).await);
    }
    let guest = store.find_guest(&digest(1), at(60)).await.unwrap();
    assert!(matches!(guest, Some(LiveGuest::Replaced(it)) if it.successor == session_id(4)));
    assert_eq!(store.list_sessions(user.id).await.unwrap().len(), 1);

    // After the minute, and for somebody else, the successor is nobody's business.
    click(&*store, &user, 5, 61).await;
    assert!(opens(&*store, 4).await && opens(&*store, 5).await);
    assert_eq!(value(&*store, tabs(5)).await, None);
    let other = sign_up(&*store, 2).await;
    click(&*store, &other, 6, 0).await;
    assert!(opens(&*store, 4).await && opens(&*store, 6).await);
    assert_eq!(value(&*store, tabs(6)).await, None);
    assert_eq!(value(&*store, tabs(4)).await, Some(json!(["a"])));
}

pub async fn a_sign_out_between_two_clicks_is_final(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    come_as_guest(&*store, 1).await;
    put(&*store, tabs(1), json!(["a"]), 1).await;
    click(&*store, &user, 2, 0).await;
    assert!(
        store.end_session(session_id(2), Reason::SignedOut, &ending()).await.unwrap().is_some()
    );
    click(&*store, &user, 3, 0).await;
    assert_eq!(value(&*store, tabs(3)).await, None);
}

pub async fn however_often_one_clicks_at_once_the_cart_is_kept(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    come_as_guest(&*store, 100).await;
    put(&*store, tabs(100), json!(["a"]), 1).await;
    at_once(&store, |store, caller| {
        let merge = Merge { rules: rules(), limit: 1000, etag_seed: [caller; 16] };
        let earlier = Some(Earlier { id: session_id(100), merge, elsewhere: None });
        let begin = Begin { earlier, ..begin(&user, caller) };
        async move {
            let answer = store.begin_session(begin, &act(Kind::SignedIn)).await.unwrap();
            assert!(matches!(answer, Begun::Done(_)), "{answer:?}");
        }
    })
    .await;

    let sessions = store.list_sessions(user.id).await.unwrap();
    assert_eq!(sessions.len(), 1, "each click took the place of the one before");
    // Every one of them was acknowledged, and none is forgotten: the others are told who goes on.
    for n in 1..=CALLERS {
        match store.find_session(&digest(n), at(0)).await.unwrap() {
            Some(FoundSession::Live(live)) => assert_eq!(live.session.id, sessions[0].id),
            Some(FoundSession::Replaced(it)) => assert_eq!(it.successor, sessions[0].id),
            None => panic!("the sign-in of caller {n} is lost"),
        }
    }
    let cart = value(&*store, key(Owner::Session(sessions[0].id), "tabs")).await;
    assert_eq!(cart, Some(json!(["a"])));
}

pub async fn what_a_guest_writes_is_merged_or_refused(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    come_as_guest(&*store, 100).await;
    let answers = at_once(&store, |store, caller| {
        let user = user.clone();
        async move {
            if caller == CALLERS / 2 {
                let earlier = Some(earlier(session_id(100)));
                begun(&*store, Begin { earlier, ..begin(&user, caller) }).await;
                return None;
            }
            let patch = json!({ caller.to_string(): true });
            let cart = key(Owner::Session(session_id(100)), "cart");
            let write = write(cart, Change::Patch(patch), caller);
            Some((caller, store.write_data(write, &ending()).await.unwrap()))
        }
    })
    .await;

    let cart = value(&*store, key(Owner::User(user.id), "cart")).await.unwrap_or_default();
    for (caller, written) in answers.into_iter().flatten() {
        let merged = cart.get(caller.to_string()).is_some();
        assert_eq!(matches!(written, Written::Done(_)), merged, "caller {caller}: {written:?}");
    }
    assert_eq!(value(&*store, key(Owner::Session(session_id(100)), "cart")).await, None);
}

/// A sign-in as session `n` from the browser whose cookie is still guest 1's.
async fn click(store: &dyn Store, user: &User, n: u8, seconds: u64) {
    let merge = Merge { rules: rules(), limit: 1000, etag_seed: [n; 16] };
    let earlier = Some(Earlier { id: session_id(1), merge, elsewhere: None });
    let begin = Begin { earlier, ..begin(user, n) };
    let click = act_at(at(if n == 2 { 0 } else { seconds }), Kind::SignedIn);
    let answer = store.begin_session(begin, &click).await.unwrap();
    assert!(matches!(answer, Begun::Done(_)), "click {n}: {answer:?}");
}

fn tabs(session: u8) -> DocumentKey {
    key(Owner::Session(session_id(session)), "tabs")
}

fn rules() -> Vec<(ClientId, DataRule)> {
    vec![data_rule("tabs", Belongs::Session, MergeRule::Merge)]
}

/// Session 1 gives way by these rules.
fn by(rules: Vec<(ClientId, DataRule)>, limit: usize) -> Earlier {
    let merge = Merge { rules, limit, etag_seed: [200; 16] };
    Earlier { id: session_id(1), merge, elsewhere: None }
}

/// What the events say of merging, the latest first.
async fn merges(store: &dyn Store) -> Vec<(Kind, String)> {
    let events = events(store).await.into_iter().map(|recorded| recorded.event);
    events
        .filter(|event| [Kind::GuestMerged, Kind::GuestNotMerged].contains(&event.kind))
        .map(|event| (event.kind, event.detail.unwrap_or_default()))
        .collect()
}
