//! Promises about the registry of clients.

use std::sync::Arc;

use cloakroom_model::client::{Client, ClientSecret, ForeignNamespace, TokenPlace};
use cloakroom_model::data::{Belongs, MergeRule, Namespace};
use cloakroom_model::event::Kind;
use cloakroom_model::link::Purpose;
use cloakroom_model::log::Subject;

use super::scene::{
    act, act_at, at, begin, begun, client, client_id, come_as_guest, data_rule, digest,
    give_own_grant, insert_link, link, sign_up,
};
use super::witness::{
    Listener, at_once, count, different, ended, grant_ended, grants_there, opens,
};
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
    come_as_guest(&*store, 3).await;
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

pub async fn a_link_registers_one_client(store: Arc<dyn Store>) {
    add(&*store, client("shop")).await;
    insert_link(&*store, link(60, Purpose::Register)).await;
    insert_link(&*store, link(61, Purpose::SetUp)).await;
    let insert = async |name: &str, n: u8, seconds| {
        let add = act_at(at(seconds), Kind::ClientAdded);
        store.insert_client(client(name), Some(digest(n)), &add).await.unwrap()
    };
    let table = [
        ("blog", 62, 0, InsertClient::LinkSpent),
        ("blog", 61, 0, InsertClient::LinkSpent),
        ("blog", 60, 60, InsertClient::LinkSpent),
        ("shop", 60, 0, InsertClient::Taken),
    ];
    for (name, n, seconds, refused) in table {
        assert_eq!(insert(name, n, seconds).await, refused, "{name} by {n} after {seconds}");
    }
    assert_eq!(store.list_clients().await.unwrap(), [client("shop")]);
    assert!(store.find_link(&digest(61), at(0)).await.unwrap().is_some());
    assert!(matches!(insert("blog", 60, 59).await, InsertClient::Done(_)));
    assert_eq!(insert("api", 60, 59).await, InsertClient::LinkSpent);
    assert_eq!(store.list_clients().await.unwrap(), [client("blog"), client("shop")]);
    assert_eq!(count(&*store, Kind::ClientAdded).await, 2);
}

pub async fn of_many_who_follow_one_link_one_is_registered(store: Arc<dyn Store>) {
    insert_link(&*store, link(60, Purpose::Register)).await;
    let answers = at_once(&store, |store, caller| async move {
        let (client, add) = (client(&format!("client{caller}")), act(Kind::ClientAdded));
        store.insert_client(client, Some(digest(60)), &add).await.unwrap()
    })
    .await;
    let spent = answers.iter().filter(|answer| **answer == InsertClient::LinkSpent).count();
    assert_eq!(spent, answers.len() - 1, "{answers:?}");
    assert_eq!(store.list_clients().await.unwrap().len(), 1);
}

async fn add(store: &dyn Store, client: Client) {
    let answer = store.insert_client(client, None, &act(Kind::ClientAdded)).await.unwrap();
    assert!(matches!(answer, InsertClient::Done(_)), "{answer:?}");
}
