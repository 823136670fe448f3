//! One rate for all nodes where they can count together, and each its own where not.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use cloakroom_engine::Engine;
use cloakroom_engine::throttle::What;
use cloakroom_testkit::engine::{of_many, settings};
use cloakroom_testkit::faulty::Fault;
use cloakroom_testkit::in_common::Common;

use super::Nodes;

#[tokio::test]
async fn a_network_has_one_rate_however_many_nodes_it_asks() {
    let (nodes, common) = start().await;
    let burst = burst(What::SignUp);
    for n in 0..burst {
        assert!(admits(&nodes[n as usize % 2], What::SignUp).await, "{n}");
    }
    for node in &nodes {
        assert!(!admits(node, What::SignUp).await);
    }
    assert!(common.asked() > 0);
}

#[tokio::test]
async fn a_flood_that_one_node_has_stopped_costs_the_others_no_question() {
    let (nodes, common) = start().await;
    for _ in 0..burst(What::SignUp) {
        assert!(admits(&nodes[0], What::SignUp).await);
    }
    let asked = common.asked();
    for _ in 0..1_000 {
        assert!(!admits(&nodes[0], What::SignUp).await);
    }
    assert_eq!(common.asked(), asked);
    assert!(!admits(&nodes[1], What::SignUp).await);
}

#[tokio::test]
async fn what_spares_a_nodes_processor_is_counted_by_that_node() {
    let (nodes, common) = start().await;
    let before = common.asked();
    for _ in 0..burst(What::Code) {
        assert!(admits(&nodes[0], What::Code).await);
    }
    assert!(!admits(&nodes[0], What::Code).await);
    assert!(admits(&nodes[1], What::Code).await);
    assert_eq!(common.asked(), before);
}

#[tokio::test(start_paused = true)]
async fn while_the_counters_are_away_each_node_counts_for_itself() {
    for fault in [Fault::Refuses, Fault::Hangs] {
        let (nodes, common) = start().await;
        let burst = burst(What::SignUp);
        for _ in 0..burst / 2 {
            assert!(admits(&nodes[0], What::SignUp).await);
        }
        common.set(fault);
        // What it has let pass before counts on.
        for _ in 0..burst - burst / 2 {
            assert!(admits(&nodes[0], What::SignUp).await);
        }
        assert!(!admits(&nodes[0], What::SignUp).await, "{fault:?}");
        for _ in 0..burst {
            assert!(admits(&nodes[1], What::SignUp).await);
        }
        assert!(!admits(&nodes[1], What::SignUp).await, "{fault:?}");
    }
}

async fn start() -> ([Engine; 2], Arc<Common>) {
    let nodes = Nodes::start(settings()).await;
    let common = Arc::new(Common::default());
    let node = async |seed| {
        let store = Arc::clone(&nodes.store) as _;
        of_many(store, common.for_node(), &nodes.clock, seed, settings()).await
    };
    ([node(3).await, node(4).await], common)
}

async fn admits(node: &Engine, what: What) -> bool {
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    node.limits().check(what, &here, node.now()).await.is_ok()
}

fn burst(what: What) -> u32 {
    what.row().rate.burst()
}
