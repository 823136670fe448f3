//! What is known by heart and read again at every change: whoever read first must not have the last word.

use cloakroom_engine::clients::NewClient;
use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_testkit::interleaved::Turns;

use super::{On, on_every_cluster};
use crate::clients::client;

on_every_cluster! {
    of_clients_that_are_added_at_once_each_is_known
    of_nodes_that_need_a_new_key_at_once_each_has_it
}

async fn of_clients_that_are_added_at_once_each_is_known(on: On) {
    for seed in on.seeds() {
        let cluster = on.start(seed).await;
        let node = &cluster.nodes[0];
        let names = ["one", "two", "three"].map(|name| ClientId::parse(name).unwrap());
        let mut turns = Turns::new(seed);
        for id in &names {
            turns.add(async move {
                node.add_client(client(id.as_str()), Actor::Operator).await.unwrap();
                assert!(node.find_client(id).is_some(), "seed {seed}: {id} is acknowledged");
            });
        }
        cluster.run(turns).await;
        for id in &names {
            assert!(node.find_client(id).is_some(), "seed {seed}: {id} was forgotten again");
        }
    }
}

/// One of them makes it, and the other one must not answer that its client is there while it can sign nothing for it.
async fn of_nodes_that_need_a_new_key_at_once_each_has_it(on: On) {
    for seed in on.seeds() {
        let cluster = on.start(seed).await;
        let mut turns = Turns::new(seed);
        for (number, node) in cluster.nodes.iter().enumerate() {
            let client = client(&format!("client-{number}"));
            let client = NewClient { algorithm: Some("ES256".to_owned()), ..client };
            turns.add(async move {
                node.add_client(client, Actor::Operator).await.unwrap();
                let published = node.published_keys().json;
                assert!(published.contains("ES256"), "seed {seed}, node {number}: {published}");
            });
        }
        cluster.run(turns).await;
    }
}
