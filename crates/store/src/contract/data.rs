//! Promises about session data: no lost update, no name of a version twice, nothing after the end.

use std::sync::Arc;

use cloakroom_model::data::{Change, Document, DocumentKey, Owner, Seen};
use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::user::User;
use serde_json::{Value, json};

use super::scene::{
    act, at, client_id, come_as_guest, disabled, ending, etag, key, put, session_id, sign_in,
    sign_up, user_id, write,
};
use super::witness::{CALLERS, Listener, at_once, changed, events, value};
use crate::{Hanging, Store, Write, Written};

pub async fn a_document_is_read_as_it_was_written(store: Arc<dyn Store>) {
    let user = somebody(&*store).await;
    let cart = key(Owner::User(user.id), "cart");
    let full = json!({"items":["coat",{"n":1.5}],"ü":null,"deep":{"a":[[true]]}});
    put(&*store, cart.clone(), full.clone(), 1).await;

    let read = store.read_data(&cart).await.unwrap();
    assert_eq!(read, Some(Document { value: full, etag: etag(1) }));

    let elsewhere = [
        key(Owner::User(user.id), "cart2"),
        key(Owner::User(user_id(2)), "cart"),
        key(Owner::Session(session_id(1)), "cart"),
        DocumentKey { client: client_id("shop2"), ..cart.clone() },
    ];
    for other in elsewhere {
        assert_eq!(store.read_data(&other).await.unwrap(), None, "{other:?}");
    }
    put(&*store, cart.clone(), json!(2), 2).await;
    assert_eq!(value(&*store, cart).await, Some(json!(2)));
}

pub async fn a_writer_who_saw_another_version_is_told(store: Arc<dyn Store>) {
    let user = somebody(&*store).await;
    let saw = |n| Seen::Versions([None, Some(etag(n)), None, Some(etag(99))]);
    // What is there, what the writer saw, and whether it is so.
    let table = [
        (None, Seen::Unsaid, true),
        (None, Seen::Absent, true),
        (None, Seen::Any, false),
        (None, saw(1), false),
        (Some(1), Seen::Unsaid, true),
        (Some(1), Seen::Absent, false),
        (Some(1), Seen::Any, true),
        (Some(1), saw(1), true),
        (Some(1), saw(2), false),
        (Some(1), Seen::Versions([None; 4]), false),
    ];
    let changes = [Change::Put(json!("new")), Change::Patch(json!("new")), Change::Delete];
    for (case, (there, seen, holds)) in table.into_iter().enumerate() {
        for (which, change) in changes.iter().enumerate() {
            let document = key(Owner::User(user.id), &format!("{case}-{which}"));
            if let Some(n) = there {
                put(&*store, document.clone(), json!("old"), n).await;
            }
            let before = store.read_data(&document).await.unwrap();
            let write = Write { seen, ..write(document.clone(), change.clone(), 3) };
            let new = Document { value: json!("new"), etag: etag(3) };
            let new = (*change != Change::Delete).then_some(new);

            let written = store.write_data(write, &ending()).await.unwrap();

            let after = store.read_data(&document).await.unwrap();
            let expected = if holds {
                (Written::Done(new.clone()), new)
            } else {
                (Written::NotAsSeen(there.map(etag)), before)
            };
            assert_eq!((written, after), expected, "case {case}, {change:?}");
        }
    }
}

pub async fn of_many_writers_who_saw_the_same_version_one_wins(store: Arc<dyn Store>) {
    let user = somebody(&*store).await;
    let cart = key(Owner::User(user.id), "cart");
    for (seen, there) in [(Seen::Absent, None), (Seen::Versions([Some(etag(99)); 4]), Some(99))] {
        if let Some(n) = there {
            put(&*store, cart.clone(), json!(0), n).await;
        }
        let answers = at_once(&store, |store, caller| {
            let change = Change::Put(json!(caller));
            let write = Write { seen, ..write(cart.clone(), change, caller) };
            async move { store.write_data(write, &ending()).await.unwrap() }
        })
        .await;

        let kept = store.read_data(&cart).await.unwrap();
        let won: Vec<_> =
            answers.iter().filter(|answer| matches!(answer, Written::Done(_))).collect();
        assert_eq!(won, [&Written::Done(kept.clone())]);
        let told = Written::NotAsSeen(kept.map(|document| document.etag));
        let lost = answers.iter().filter(|answer| **answer == told).count();
        assert_eq!(lost, usize::from(CALLERS) - 1);
    }
}

pub async fn a_patch_merges_onto_the_latest_version(store: Arc<dyn Store>) {
    let user = somebody(&*store).await;
    let cart = key(Owner::User(user.id), "cart");
    let steps = [
        (json!({"a":1,"gone":null}), json!({"a":1})),
        (json!({"b":{"c":2,"d":3}}), json!({"a":1,"b":{"c":2,"d":3}})),
        (json!({"a":null,"b":{"c":null}}), json!({"b":{"d":3}})),
        (json!([1]), json!([1])),
    ];
    for (n, (patch, expected)) in (1..).zip(steps) {
        let write = write(cart.clone(), Change::Patch(patch), n);
        let written = store.write_data(write, &ending()).await.unwrap();
        let document = Some(Document { value: expected, etag: etag(n) });
        assert_eq!(written, Written::Done(document.clone()));
        assert_eq!(store.read_data(&cart).await.unwrap(), document);
    }
}

pub async fn patches_of_different_keys_all_stay(store: Arc<dyn Store>) {
    let user = somebody(&*store).await;
    let cart = key(Owner::User(user.id), "cart");
    at_once(&store, |store, caller| {
        let patch = Change::Patch(json!({ caller.to_string(): true }));
        let write = write(cart.clone(), patch, caller);
        async move {
            let written = store.write_data(write, &ending()).await.unwrap();
            assert!(matches!(written, Written::Done(Some(_))), "{written:?}");
        }
    })
    .await;

    let all = (1..=CALLERS).map(|caller| (caller.to_string(), json!(true)));
    assert_eq!(value(&*store, cart).await, Some(Value::Object(all.collect())));
}

pub async fn what_was_deleted_and_made_again_is_not_what_it_was(store: Arc<dyn Store>) {
    let user = somebody(&*store).await;
    let cart = key(Owner::User(user.id), "cart");
    put(&*store, cart.clone(), json!(1), 1).await;
    let delete = write(cart.clone(), Change::Delete, 2);
    assert_eq!(store.write_data(delete, &ending()).await.unwrap(), Written::Done(None));
    assert_eq!(value(&*store, cart.clone()).await, None);
    put(&*store, cart.clone(), json!(1), 3).await;

    let late = Write {
        seen: Seen::Versions([Some(etag(1)), Some(etag(2)), None, None]),
        ..write(cart.clone(), Change::Put(json!(9)), 4)
    };
    let answer = store.write_data(late, &ending()).await.unwrap();
    assert_eq!(answer, Written::NotAsSeen(Some(etag(3))));
    assert_eq!(value(&*store, cart).await, Some(json!(1)));
}

pub async fn the_limit_is_of_all_documents_of_one_owner(store: Arc<dyn Store>) {
    let user = somebody(&*store).await;
    let of_user = Owner::User(user.id);
    // Each has ten bytes of JSON.
    let ten = json!("12345678");
    put(&*store, key(of_user, "a"), ten.clone(), 1).await;
    put(&*store, key(of_user, "b"), ten.clone(), 2).await;
    put(&*store, key(Owner::Session(session_id(1)), "a"), ten.clone(), 3).await;
    let answer = async |name: &str, change, limit| {
        let write = Write { limit, ..write(key(of_user, name), change, 4) };
        store.write_data(write, &ending()).await.unwrap()
    };

    assert_eq!(answer("c", Change::Put(json!(1)), 20).await, Written::TooLarge);
    assert_eq!(answer("a", Change::Put(json!("123456789")), 20).await, Written::TooLarge);
    assert_eq!(answer("a", Change::Patch(json!({"k":"ü"})), 19).await, Written::TooLarge);
    assert_eq!(value(&*store, key(of_user, "a")).await, Some(ten.clone()));
    assert_eq!(value(&*store, key(of_user, "c")).await, None);

    // What is replaced makes room, bytes are counted and not characters, and a deletion is never too large.
    assert!(matches!(answer("a", Change::Put(json!("87654321")), 20).await, Written::Done(_)));
    let patched = answer("a", Change::Patch(json!({"k":"ü"})), 20).await;
    assert!(matches!(patched, Written::Done(_)), "{patched:?}");
    assert_eq!(answer("b", Change::Delete, 0).await, Written::Done(None));
    assert!(matches!(answer("c", Change::Put(json!(1)), 11).await, Written::Done(_)));
}

pub async fn who_is_gone_writes_nothing(store: Arc<dyn Store>) {
    let user = somebody(&*store).await;
    let other = sign_up(&*store, 2).await;
    come_as_guest(&*store, 3).await;
    sign_in(&*store, &user, 4).await;
    store.end_session(session_id(1), Reason::SignedOut, &ending()).await.unwrap();
    store.end_guest(session_id(3), Reason::Operator, &ending()).await.unwrap();
    let disable = act(Kind::UserDisabled);
    changed(store.set_life(other.id, disabled(), &disable).await.unwrap());

    let of_user = Owner::User(user.id);
    let session = |n| Hanging::Session(session_id(n));
    let table = [
        (of_user, session(1)),
        (Owner::Session(session_id(1)), session(1)),
        (Owner::Session(session_id(1)), session(4)),
        (Owner::Session(session_id(3)), session(3)),
        (Owner::User(other.id), Hanging::User(other.id)),
        (Owner::User(user_id(7)), Hanging::User(user_id(7))),
        (of_user, session(7)),
    ];
    for (owner, by) in table {
        for change in [Change::Put(json!(1)), Change::Patch(json!(1)), Change::Delete] {
            let write = Write { by, ..write(key(owner, "cart"), change, 1) };
            let written = store.write_data(write, &ending()).await.unwrap();
            assert_eq!(written, Written::Ended, "{owner:?} by {by:?}");
        }
        assert_eq!(value(&*store, key(owner, "cart")).await, None);
    }
    let live = Write { by: session(4), ..write(key(of_user, "cart"), Change::Put(json!(1)), 1) };
    assert!(matches!(store.write_data(live, &ending()).await.unwrap(), Written::Done(_)));
}

pub async fn a_users_documents_outlive_the_session_and_its_own_do_not(store: Arc<dyn Store>) {
    let user = somebody(&*store).await;
    let of_user = key(Owner::User(user.id), "cart");
    let of_session = key(Owner::Session(session_id(1)), "tabs");
    put(&*store, of_user.clone(), json!(1), 1).await;
    put(&*store, of_session.clone(), json!(2), 2).await;
    store.end_session(session_id(1), Reason::SignedOut, &ending()).await.unwrap();
    assert_eq!(value(&*store, of_user).await, Some(json!(1)));
    assert_eq!(value(&*store, of_session).await, None);
}

pub async fn writing_data_is_neither_told_nor_recorded(store: Arc<dyn Store>) {
    let user = somebody(&*store).await;
    let before = events(&*store).await;
    let mut log = Listener::new(&*store).await;
    let cart = key(Owner::User(user.id), "cart");
    put(&*store, cart.clone(), json!(1), 1).await;
    assert_eq!(value(&*store, cart).await, Some(json!(1)));
    log.hears(&*store, &ending(), &[], []).await;
    assert_eq!(events(&*store).await, before);
    let session = store.find_session_by_id(session_id(1)).await.unwrap().unwrap().session;
    assert_eq!(session.last_seen_at, at(0));
}

/// User 1 with session 1.
async fn somebody(store: &dyn Store) -> User {
    let user = sign_up(store, 1).await;
    sign_in(store, &user, 1).await;
    user
}
