//! Load balancers: who is asked next, and what becomes of a request when its node dies.

use cloakroom_testservers::{HaProxy, Nginx, Wire, eventually};

use crate::http::{Node, ask};

/// The port of a balancer in front of these, and what keeps it there.
type Started = (u16, Box<dyn std::any::Any>);

type Start = fn(&[u16]) -> Started;

const BOTH: [(&str, Start); 2] = [
    ("nginx", |nodes| {
        let nginx = Nginx::in_front_of(nodes).unwrap();
        (nginx.port(), Box::new(nginx))
    }),
    ("haproxy", |nodes| {
        let haproxy = HaProxy::in_front_of(nodes, None).unwrap();
        (haproxy.port(), Box::new(haproxy))
    }),
];

#[test]
fn each_request_comes_to_another_node() {
    for (name, start) in BOTH {
        let nodes = ["one", "two", "three"].map(Node::answering);
        let (port, _kept) = start(&nodes.each_ref().map(|node| node.port));
        let mut answers = [(); 6].map(|()| ask(port, "GET").unwrap().1);
        answers.sort();
        assert_eq!(answers, ["one", "one", "three", "three", "two", "two"], "{name}");
    }
}

#[test]
fn a_request_that_was_sent_is_sent_again_only_when_its_method_allows_it() {
    for (name, start) in BOTH {
        for (method, is_repeated) in [("GET", true), ("PUT", true), ("POST", false)] {
            let (dying, good) = (Node::dying(), Node::answering("good"));
            let (port, _kept) = start(&[dying.port, good.port]);
            // Whom it asks first is the balancer's to say, and after a repetition too.
            let answers = [(); 4].map(|()| ask(port, method).unwrap().0);
            let deaths = dying.asked().len();
            assert!(deaths > 0, "{name} {method}");
            let failures = answers.iter().filter(|status| **status == 502).count();
            assert_eq!(failures, if is_repeated { 0 } else { deaths }, "{name} {method}");
            let successes = answers.iter().filter(|status| **status == 200).count();
            assert_eq!(failures + successes, answers.len(), "{name} {method}: {answers:?}");
        }
    }
}

#[test]
fn a_node_that_is_gone_costs_nobody_a_request_and_is_asked_again_when_it_is_back() {
    for (name, start) in BOTH {
        let nodes = ["one", "two"].map(Node::answering);
        let way = Wire::to(nodes[1].port).unwrap();
        let (port, _kept) = start(&[nodes[0].port, way.port()]);
        way.cut().unwrap();
        for _ in 0..6 {
            assert_eq!(ask(port, "POST").unwrap(), (200, "one".to_owned()), "{name}");
        }
        way.heal().unwrap();
        eventually("a node that is asked again", || {
            Ok((ask(port, "GET").unwrap().1 == "two").then_some(()))
        })
        .unwrap();
    }
}

#[test]
fn a_balancer_that_was_killed_comes_back_at_its_port() {
    let node = Node::answering("one");
    let (nginx, haproxy) = (
        Nginx::in_front_of(&[node.port]).unwrap(),
        HaProxy::in_front_of(&[node.port], Some("/")).unwrap(),
    );
    nginx.kill().unwrap();
    haproxy.kill().unwrap();
    assert!(ask(nginx.port(), "GET").is_err() && ask(haproxy.port(), "GET").is_err());
    nginx.start_again().unwrap();
    haproxy.start_again().unwrap();
    assert_eq!(ask(nginx.port(), "GET").unwrap().1, "one");
    assert_eq!(ask(haproxy.port(), "GET").unwrap().1, "one");
}
