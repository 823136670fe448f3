//! Promises about the registry of clients.

use std::sync::Arc;

use cloakroom_model::authorization::{Code, DeviceRequest, PushedRequest};
use cloakroom_model::client::{Client, ClientSecret, ForeignNamespace, TokenPlace};
use cloakroom_model::data::{Belongs, MergeRule, Namespace};
use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::log::Subject;

use super::scene::{
    act, act_at, at, begin, begun, client, client_id, code, come_with_tokens, consent, data_rule,
    digest, give_code, give_consent, give_own_grant, initial_token, initial_token_id,
    insert_initial_token, pushed_request, session_id, sign_in, sign_up,
};
use super::witness::{
    Listener, at_once, count, different, ended, grant_ended, grants_there, opens,
};
use super::{device_requests, relying_parties};
use crate::{Done, InsertClient, Store};

pub async fn a_client_is_kept_as_it_was_registered(store: Arc<dyn Store>) {
    let full = Client {
        token_places: vec![TokenPlace::Body, TokenPlace::Query],
        algorithm: Some("ES256".to_owned()),
        authentication: vec![ClientSecret {
            digest: digest(5),
            created_at: at(0),
            expires_at: Some(at(9)),
        }],
        data: vec![data_rule("tabs", Belongs::Session, MergeRule::KeepGuest).1],
        data_of_others: vec![ForeignNamespace {
            client: client_id("blog"),
            namespace: Namespace::parse("seen").unwrap(),
        }],
        ..client("shop")
    };
    let mut log = Listener::new(&*store).await;
    for client in [full.clone(), client("blog"), client("api")] {
        let add = act(Kind::ClientAdded);
        let InsertClient::Done(done) =
            store.insert_client(client.clone(), None, &add).await.unwrap()
        else {
            panic!("{:?} is taken", client.id);
        };
        log.hears(&*store, &add, &done.rows, [different(Subject::Client(client.id))]).await;
    }
    assert_eq!(store.find_client(&client_id("shop")).await.unwrap(), Some(full.clone()));
    assert_eq!(store.find_client(&client_id("SHOP")).await.unwrap(), None);
    assert_eq!(store.list_clients().await.unwrap(), [client("api"), client("blog"), full]);
}

pub async fn insert_never_replaces_a_client(store: Arc<dyn Store>) {
    add(&*store, client("shop")).await;
    let mut log = Listener::new(&*store).await;
    let second = Client { name: "Another".to_owned(), ..client("shop") };
    let again = act(Kind::ClientAdded);
    assert_eq!(store.insert_client(second, None, &again).await.unwrap(), InsertClient::Taken);
    assert_eq!(store.find_client(&client_id("shop")).await.unwrap(), Some(client("shop")));
    log.hears(&*store, &again, &[], []).await;
    assert_eq!(count(&*store, Kind::ClientAdded).await, 1);
}

pub async fn a_client_is_replaced_only_as_it_was_seen(store: Arc<dyn Store>) {
    add(&*store, client("shop")).await;
    let mut log = Listener::new(&*store).await;
    let renamed = Client { name: "Renamed".to_owned(), ..client("shop") };
    let late = Client { name: "Late".to_owned(), ..client("shop") };
    let replace = act(Kind::ClientChanged);

    let done = store.replace_client(&client("shop"), renamed.clone(), &replace).await.unwrap();
    let Done { rows, .. } = done.unwrap();
    log.hears(&*store, &replace, &rows, [different(Subject::Client(client_id("shop")))]).await;
    let again = store.replace_client(&client("shop"), late.clone(), &replace).await.unwrap();
    assert_eq!(again, None);
    let nothing = store.replace_client(&client("blog"), client("blog"), &replace).await.unwrap();
    assert_eq!(nothing, None);
    log.hears(&*store, &replace, &[], []).await;
    assert_eq!(store.list_clients().await.unwrap(), [renamed]);
    assert_eq!(count(&*store, Kind::ClientChanged).await, 1);
}

pub async fn of_many_who_change_the_same_client_one_does(store: Arc<dyn Store>) {
    add(&*store, client("shop")).await;
    let answers = at_once(&store, |store, caller| async move {
        let changed = Client { name: format!("Name {caller}"), ..client("shop") };
        store.replace_client(&client("shop"), changed, &act(Kind::ClientChanged)).await.unwrap()
    })
    .await;
    let done: Vec<_> = (1..)
        .zip(&answers)
        .filter(|(_, answer)| answer.is_some())
        .map(|(caller, _)| format!("Name {caller}"))
        .collect();
    assert_eq!(done, [store.find_client(&client_id("shop")).await.unwrap().unwrap().name]);
}

pub async fn a_removed_client_ends_its_grants_and_no_session(store: Arc<dyn Store>) {
    add(&*store, client("shop")).await;
    add(&*store, client("blog")).await;
    let user = sign_up(&*store, 1).await;
    give_own_grant(&*store, &user, 9).await;
    let mut of_blog = begin(&user, 1);
    if let Some(grant) = &mut of_blog.grant {
        grant.client = client_id("blog");
    }
    begun(&*store, of_blog).await;
    begun(&*store, begin(&user, 2)).await;
    come_with_tokens(&*store, 3).await;
    let mut log = Listener::new(&*store).await;

    let remove = act(Kind::ClientRemoved);
    let shop = client_id("shop");
    let Done { rows, .. } = store.remove_client(&shop, &remove).await.unwrap().unwrap();
    let expected =
        [ended(Subject::Client(shop.clone())), grant_ended(2), grant_ended(3), grant_ended(9)];
    log.hears(&*store, &remove, &rows, expected).await;

    assert_eq!(store.list_clients().await.unwrap(), [client("blog")]);
    assert_eq!(grants_there(&*store, [1, 2, 3, 9]).await, [1]);
    assert!(opens(&*store, 1).await && opens(&*store, 2).await && opens(&*store, 3).await);
    assert_eq!(store.remove_client(&shop, &remove).await.unwrap(), None);
    assert_eq!(count(&*store, Kind::ClientRemoved).await, 1);
}

pub async fn a_client_is_forgotten_only_while_nothing_hangs_from_it(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 5).await;
    give_own_grant(&*store, &user, 9).await;
    give_consent(&*store, consent(user.id, "allowed", ["openid"])).await;
    let asked = PushedRequest { client: client_id("asked"), ..pushed_request(80) };
    store.insert_pushed_request(asked).await.unwrap();
    let answered = Code { client: client_id("answered"), ..code(81, user.id, session_id(5)) };
    let waiting = DeviceRequest { client: client_id("waiting"), ..device_requests::request(82) };
    store.insert_device_request(waiting).await.unwrap();
    relying_parties::note(&*store, 5, "told").await;
    let grants = store.list_grants_of_user(user.id).await.unwrap();
    let told = grants.iter().find(|grant| grant.client == client_id("told")).unwrap();
    store.end_grant(told.id, Reason::Expired, &act(Kind::GrantEnded)).await.unwrap();
    store.expire_codes(at(100_000)).await.unwrap();
    give_code(&*store, answered).await;
    let in_use = ["shop", "allowed", "answered", "asked", "waiting", "told"];
    for name in in_use.into_iter().chain(["idle"]) {
        add(&*store, client(name)).await;
    }
    let mut log = Listener::new(&*store).await;

    let remove = act(Kind::ClientRemoved);
    for name in in_use {
        let forgotten = store.remove_unused_client(&client_id(name), &remove).await.unwrap();
        assert_eq!(forgotten, None, "{name}");
    }
    log.hears(&*store, &remove, &[], []).await;
    let idle = client_id("idle");
    let Done { rows, .. } = store.remove_unused_client(&idle, &remove).await.unwrap().unwrap();
    log.hears(&*store, &remove, &rows, [different(Subject::Client(idle.clone()))]).await;
    assert_eq!(store.find_client(&idle).await.unwrap(), None);
    assert_eq!(store.remove_unused_client(&idle, &remove).await.unwrap(), None);
    assert_eq!(store.list_clients().await.unwrap().len(), in_use.len());
    assert_eq!(count(&*store, Kind::ClientRemoved).await, 1);
}

pub async fn an_initial_token_registers_as_many_clients_as_it_is_for(store: Arc<dyn Store>) {
    add(&*store, client("shop")).await;
    insert_initial_token(&*store, initial_token(60, Some(2))).await;
    insert_initial_token(&*store, initial_token(61, None)).await;
    let insert = async |name: &str, n: u8, seconds| {
        let add = act_at(at(seconds), Kind::ClientAdded);
        store.insert_client(client(name), Some(digest(n)), &add).await.unwrap()
    };
    let table = [
        ("blog", 62, 0, InsertClient::TokenSpent),
        ("blog", 60, 60, InsertClient::TokenSpent),
        ("shop", 60, 0, InsertClient::Taken),
    ];
    for (name, n, seconds, refused) in table {
        assert_eq!(insert(name, n, seconds).await, refused, "{name} by {n} after {seconds}");
    }
    assert_eq!(store.list_clients().await.unwrap(), [client("shop")]);
    assert_eq!(uses_left(&*store).await, [Some(2), None]);
    assert!(matches!(insert("api", 60, 59).await, InsertClient::Done(_)));
    assert_eq!(uses_left(&*store).await, [Some(1), None]);
    assert!(matches!(insert("blog", 60, 59).await, InsertClient::Done(_)));
    assert_eq!(insert("club", 60, 59).await, InsertClient::TokenSpent);
    for name in ["club", "desk", "edit"] {
        assert!(matches!(insert(name, 61, 59).await, InsertClient::Done(_)));
    }
    assert_eq!(uses_left(&*store).await, [None]);
    assert_eq!(store.list_clients().await.unwrap().len(), 6);
    assert_eq!(count(&*store, Kind::ClientAdded).await, 6);
}

pub async fn of_many_who_bring_one_initial_token_one_is_registered(store: Arc<dyn Store>) {
    insert_initial_token(&*store, initial_token(60, Some(1))).await;
    let answers = at_once(&store, |store, caller| async move {
        let (client, add) = (client(&format!("client{caller}")), act(Kind::ClientAdded));
        store.insert_client(client, Some(digest(60)), &add).await.unwrap()
    })
    .await;
    let spent = answers.iter().filter(|answer| **answer == InsertClient::TokenSpent).count();
    assert_eq!(spent, answers.len() - 1, "{answers:?}");
    assert_eq!(store.list_clients().await.unwrap().len(), 1);
}

pub async fn a_removed_initial_token_registers_nobody(store: Arc<dyn Store>) {
    insert_initial_token(&*store, initial_token(60, None)).await;
    let remove = act(Kind::InitialTokenRemoved);
    assert!(store.remove_initial_token(initial_token_id(60), &remove).await.unwrap());
    let add = act(Kind::ClientAdded);
    let answer = store.insert_client(client("shop"), Some(digest(60)), &add).await.unwrap();
    assert_eq!(answer, InsertClient::TokenSpent);
    assert!(store.list_clients().await.unwrap().is_empty());
}

async fn uses_left(store: &dyn Store) -> Vec<Option<u32>> {
    let tokens = store.list_initial_tokens(at(0)).await.unwrap();
    tokens.into_iter().map(|token| token.uses_left).collect()
}

async fn add(store: &dyn Store, client: Client) {
    let answer = store.insert_client(client, None, &act(Kind::ClientAdded)).await.unwrap();
    assert!(matches!(answer, InsertClient::Done(_)), "{answer:?}");
}
