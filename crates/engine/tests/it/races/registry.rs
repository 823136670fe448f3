//! What is known by heart and read again at every change: whoever read first must not have the last word.

use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_testkit::interleaved::Turns;

use super::{On, on_every_cluster};
use crate::clients::client;

on_every_cluster! {
    of_clients_that_are_added_at_once_each_is_known
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
