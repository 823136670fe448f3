//! Promises about sealed keys: nodes that act at once make one key, and none is passed over in silence.

use std::sync::Arc;

use cloakroom_model::event::Kind;
use cloakroom_model::id::KeyId;
use cloakroom_model::key::{DataKey, SigningKey, Stage};
use cloakroom_model::log::{Change, Subject};

use super::scene::{act, act_at, at};
use super::witness::{CALLERS, Listener, at_once, count, different, ended};
use crate::{AdvanceKey, Done, Store};

pub async fn a_data_key_is_kept_once(store: Arc<dyn Store>) {
    assert_eq!(store.list_data_keys().await.unwrap(), []);
    let mut log = Listener::new(&*store).await;
    for key in [data_key(2, "b"), data_key(1, "a")] {
        let (id, act) = (key.id(), act(Kind::DataKeyMade));
        let made = store.insert_data_key(key, &act).await.unwrap();
        log.hears(&*store, &act, &made.unwrap().rows, [different(Subject::Key(id))]).await;
    }
    let again = act(Kind::DataKeyMade);
    assert_eq!(store.insert_data_key(data_key(2, "c"), &again).await.unwrap(), None);
    log.hears(&*store, &again, &[], []).await;
    assert_eq!(count(&*store, Kind::DataKeyMade).await, 2);
    let keys = store.list_data_keys().await.unwrap();
    assert_eq!(keys, [data_key(1, "a"), data_key(2, "b")]);
}

pub async fn of_many_who_make_a_data_key_one_does(store: Arc<dyn Store>) {
    let answers = at_once(&store, |store, caller| async move {
        let key = data_key(1, &format!("by {caller}"));
        store.insert_data_key(key, &act(Kind::DataKeyMade)).await.unwrap().is_some()
    })
    .await;
    let first: Vec<_> = (1..)
        .zip(answers)
        .filter(|(_, first)| *first)
        .map(|(caller, _): (u8, _)| data_key(1, &format!("by {caller}")))
        .collect();
    assert_eq!(store.list_data_keys().await.unwrap(), first);
}

pub async fn seals_are_replaced_only_as_they_were_seen(store: Arc<dyn Store>) {
    let (one, two) = (data_key(1, "a"), data_key(2, "b"));
    for key in [&one, &two] {
        let made = store.insert_data_key(key.clone(), &act(Kind::DataKeyMade)).await.unwrap();
        assert!(made.is_some());
    }
    let resealed = [data_key(1, "A"), data_key(2, "B")];

    // One that came since; one seal that is another already; nothing at all.
    for seen in [vec![one.clone()], vec![one.clone(), data_key(2, "x")], Vec::new()] {
        assert!(!store.reseal_data_keys(&seen, &resealed).await.unwrap(), "{seen:?}");
        assert_eq!(store.list_data_keys().await.unwrap(), [one.clone(), two.clone()]);
    }
    let seen = [one, two];
    assert!(store.reseal_data_keys(&seen, &resealed).await.unwrap());
    assert_eq!(store.list_data_keys().await.unwrap(), resealed);
    assert!(!store.reseal_data_keys(&seen, &resealed).await.unwrap());
}

pub async fn a_signing_key_is_kept_and_told(store: Arc<dyn Store>) {
    let mut log = Listener::new(&*store).await;
    let mut late = signing_key("late", next());
    late.created_at = at(9);
    let mut shared = signing_key("shared", next());
    "HS256".clone_into(&mut shared.algorithm);
    shared.audience = Some("https://legacy.example.com".to_owned());
    shared.public = None;
    let early = signing_key("zz-early", current());
    for key in [late.clone(), shared.clone(), early.clone()] {
        let act = act(Kind::KeyMade);
        let made = store.insert_signing_key(key.clone(), &act).await.unwrap();
        log.hears(&*store, &act, &made.unwrap().rows, [different(Subject::Key(key.id))]).await;
    }
    assert_eq!(store.list_signing_keys().await.unwrap(), [shared, early, late]);
}

pub async fn two_keys_for_one_place_are_one(store: Arc<dyn Store>) {
    insert(&*store, signing_key("current", current())).await;
    insert(&*store, signing_key("next", next())).await;
    let mut log = Listener::new(&*store).await;
    let again = act(Kind::KeyMade);

    for (id, stage) in
        [("other", Stage::Next { since: at(5) }), ("other", current()), ("next", retired())]
    {
        let answer = store.insert_signing_key(signing_key(id, stage), &again).await.unwrap();
        assert_eq!(answer, None, "{id} {stage:?}");
    }
    log.hears(&*store, &again, &[], []).await;
    assert_eq!(count(&*store, Kind::KeyMade).await, 2);

    // Another algorithm or audience is another place, and those that sign no more take none.
    let mut es256 = signing_key("es256", next());
    "ES256".clone_into(&mut es256.algorithm);
    let mut hs256 = signing_key("hs256", next());
    hs256.audience = Some("a".to_owned());
    let mut hs256_too = signing_key("hs256-too", next());
    hs256_too.audience = Some("b".to_owned());
    for key in [es256, hs256, hs256_too] {
        insert(&*store, key).await;
    }
    insert(&*store, signing_key("old", retired())).await;
    insert(&*store, signing_key("older", retired())).await;
    assert_eq!(store.list_signing_keys().await.unwrap().len(), 7);
}

pub async fn of_many_who_make_the_next_key_one_does(store: Arc<dyn Store>) {
    let answers = at_once(&store, |store, caller| async move {
        let key = signing_key(&format!("key {caller}"), next());
        store.insert_signing_key(key, &act(Kind::KeyMade)).await.unwrap()
    })
    .await;
    let none = answers.iter().filter(|answer| answer.is_none()).count();
    assert_eq!(none, usize::from(CALLERS) - 1);
    assert_eq!(store.list_signing_keys().await.unwrap().len(), 1);
}

pub async fn the_next_key_retires_the_current_one(store: Arc<dyn Store>) {
    insert(&*store, signing_key("current", current())).await;
    insert(&*store, signing_key("next", next())).await;
    let mut elsewhere = signing_key("elsewhere", current());
    "ES256".clone_into(&mut elsewhere.algorithm);
    insert(&*store, elsewhere).await;
    let mut log = Listener::new(&*store).await;

    let activate = act_at(at(7), Kind::KeyActivated);
    let to_current = advance("next", next(), Stage::Current { since: at(7) });
    let Done { rows, .. } =
        store.advance_signing_key(to_current.clone(), &activate).await.unwrap().unwrap();
    let expected = ["current", "next"].map(|id| different(Subject::Key(KeyId(id.to_owned()))));
    log.hears(&*store, &activate, &rows, expected).await;
    assert_eq!(stage(&*store, "next").await, Some(Stage::Current { since: at(7) }));
    assert_eq!(stage(&*store, "current").await, Some(Stage::Retired { since: at(7) }));
    assert_eq!(stage(&*store, "elsewhere").await, Some(current()));

    // Another node was first, or never saw it as it is.
    let of_another_time = advance("next", Stage::Current { since: at(8) }, retired());
    for late in [to_current, of_another_time] {
        assert_eq!(store.advance_signing_key(late, &activate).await.unwrap(), None);
    }
    log.hears(&*store, &activate, &[], []).await;
    assert_eq!(count(&*store, Kind::KeyActivated).await, 1);
}

pub async fn a_compromised_key_is_told_as_ended(store: Arc<dyn Store>) {
    insert(&*store, signing_key("current", current())).await;
    let mut log = Listener::new(&*store).await;
    let distrust = act(Kind::KeyCompromised);
    let to = Stage::Compromised { since: at(0) };
    let Done { rows, .. } = store
        .advance_signing_key(advance("current", current(), to), &distrust)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(rows[0].change, Change::Ended);
    log.hears(&*store, &distrust, &rows, [ended(Subject::Key(KeyId("current".to_owned())))]).await;
    assert_eq!(stage(&*store, "current").await, Some(to));
    // It holds its place no longer.
    insert(&*store, signing_key("successor", current())).await;
}

pub async fn only_a_key_that_signs_no_more_is_forgotten(store: Arc<dyn Store>) {
    let stages = [
        ("next", next(), false),
        ("current", current(), false),
        ("retired", retired(), true),
        ("compromised", Stage::Compromised { since: at(0) }, true),
    ];
    for (id, stage, _) in stages {
        insert(&*store, signing_key(id, stage)).await;
    }
    for (id, kept, forgotten) in stages {
        let key = KeyId(id.to_owned());
        let answer = store.delete_signing_key(&key, &act(Kind::KeyRetired)).await.unwrap();
        assert_eq!(answer, forgotten, "{id}");
        assert_eq!(stage(&*store, id).await, (!forgotten).then_some(kept), "{id}");
        assert!(
            !(forgotten && store.delete_signing_key(&key, &act(Kind::KeyRetired)).await.unwrap())
        );
    }
}

fn next() -> Stage {
    Stage::Next { since: at(0) }
}

fn current() -> Stage {
    Stage::Current { since: at(0) }
}

fn retired() -> Stage {
    Stage::Retired { since: at(0) }
}

fn data_key(number: u32, sealed: &str) -> DataKey {
    DataKey { number, sealed: sealed.as_bytes().to_vec(), created_at: at(u64::from(number)) }
}

fn signing_key(id: &str, stage: Stage) -> SigningKey {
    SigningKey {
        id: KeyId(id.to_owned()),
        algorithm: "Ed25519".to_owned(),
        audience: None,
        public: Some(r#"{"kty":"OKP"}"#.to_owned()),
        sealed: vec![0, 255, 7],
        data_key: 1,
        stage,
        created_at: at(0),
    }
}

fn advance(id: &str, from: Stage, to: Stage) -> AdvanceKey {
    AdvanceKey { key: KeyId(id.to_owned()), from, to }
}

async fn insert(store: &dyn Store, key: SigningKey) {
    let made = store.insert_signing_key(key, &act(Kind::KeyMade)).await.unwrap();
    assert!(made.is_some());
}

async fn stage(store: &dyn Store, id: &str) -> Option<Stage> {
    let keys = store.list_signing_keys().await.unwrap();
    keys.into_iter().find(|key| key.id.0 == id).map(|key| key.stage)
}
