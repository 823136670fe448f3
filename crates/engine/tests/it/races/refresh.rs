//! Promise 3: two tabs, two nodes, one chain. Nobody is signed out, and the chain never forks.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use cloakroom_engine::refresh::RefreshError;
use cloakroom_model::id::ClientId;
use cloakroom_model::session::Carrier;
use cloakroom_oauth::refresh_token::Presented;
use cloakroom_testkit::engine::visitor;
use cloakroom_testkit::interleaved::{Turns, pause};

use super::{On, on_every_cluster};

on_every_cluster! {
    tabs_that_refresh_at_once_through_two_nodes_are_never_signed_out
    of_any_number_that_hold_the_newest_token_all_get_the_same_successor
    a_stolen_token_that_comes_late_ends_the_grant_whatever_its_owner_does_meanwhile
}

async fn tabs_that_refresh_at_once_through_two_nodes_are_never_signed_out(on: On) {
    for seed in on.seeds() {
        let cluster = on.start(seed).await;
        let ada = cluster.ada(Carrier::Token).await;
        let first = ada.tokens.unwrap().refresh;
        let rounds = Rc::new(Cell::new(0));
        // The tabs share what they keep, as browsers' tabs do: each takes the newest it finds there.
        let kept = Rc::new(RefCell::new(first.to_string()));

        let mut turns = Turns::new(seed);
        for tab in 0..4 {
            let node = &cluster.nodes[tab % 2];
            let (kept, rounds) = (Rc::clone(&kept), Rc::clone(&rounds));
            turns.add(async move {
                let client = node.find_client(&ClientId::built_in()).unwrap();
                for _ in 0..3 {
                    let presented = Presented::parse(&kept.borrow()).unwrap();
                    pause().await;
                    let pair =
                        match node.refresh(&presented, &client, None, None, None, &visitor()).await
                        {
                            Ok(pair) => pair,
                            Err(error) => panic!("seed {seed}: tab {tab} was signed out: {error}"),
                        };
                    // A lost answer: every third one never reaches the tab.
                    rounds.set(rounds.get() + 1);
                    if rounds.get() % 3 != 0 {
                        *kept.borrow_mut() = pair.refresh.to_string();
                    }
                    node.check_token(&pair.access.token).await.unwrap();
                }
            });
        }
        cluster.run(turns).await;
    }
}

async fn of_any_number_that_hold_the_newest_token_all_get_the_same_successor(on: On) {
    for seed in on.seeds() {
        let cluster = on.start(seed).await;
        let ada = cluster.ada(Carrier::Token).await;
        let tokens = ada.tokens.unwrap();
        let presented = Presented::parse(&tokens.refresh).unwrap();
        let earned = Rc::new(RefCell::new(BTreeSet::new()));

        let mut turns = Turns::new(seed);
        for caller in 0..6 {
            let node = &cluster.nodes[caller % 2];
            let (earned, presented) = (Rc::clone(&earned), presented.clone());
            turns.add(async move {
                let client = node.find_client(&ClientId::built_in()).unwrap();
                let pair =
                    node.refresh(&presented, &client, None, None, None, &visitor()).await.unwrap();
                earned.borrow_mut().insert(pair.refresh.to_string());
            });
        }
        cluster.run(turns).await;

        assert_eq!(earned.borrow().len(), 1, "seed {seed}: the chain forked");
        let grant = cluster.store.find_grant(presented.grant).await.unwrap().unwrap().grant;
        assert_eq!(grant.counter, 1, "seed {seed}: one presentation, one rotation");
    }
}

async fn a_stolen_token_that_comes_late_ends_the_grant_whatever_its_owner_does_meanwhile(on: On) {
    for seed in on.seeds() {
        let cluster = on.start(seed).await;
        let ada = cluster.ada(Carrier::Token).await;
        let stolen = Presented::parse(&ada.tokens.unwrap().refresh).unwrap();
        let [here, there] = &cluster.nodes;
        let client = here.find_client(&ClientId::built_in()).unwrap();
        let newest = here.refresh(&stolen, &client, None, None, None, &visitor()).await.unwrap();
        cluster.clock.go(Duration::from_secs(31));
        let latest = RefCell::new(newest.access.token);

        let mut turns = Turns::new(seed);
        turns.add(async {
            let refused = there.refresh(&stolen, &client, None, None, None, &visitor()).await;
            assert!(matches!(refused, Err(RefreshError::Refused)), "seed {seed}");
        });
        turns.add(async {
            let presented = Presented::parse(&newest.refresh).unwrap();
            if let Ok(pair) = here.refresh(&presented, &client, None, None, None, &visitor()).await
            {
                *latest.borrow_mut() = pair.access.token;
            }
        });
        cluster.run(turns).await;

        assert!(cluster.store.find_grant(stolen.grant).await.unwrap().is_none(), "seed {seed}");
        let latest = latest.into_inner();
        for node in [here, there] {
            node.catch_up().await.unwrap();
            assert!(
                node.check_token(&latest).await.is_err(),
                "seed {seed}: a token outlived its grant"
            );
        }
    }
}
