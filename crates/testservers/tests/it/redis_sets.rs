//! Several Redis servers that are one: a cluster, and a primary that sentinels watch.

use cloakroom_testservers::{RedisCluster, Sentinel, eventually};

#[test]
fn a_cluster_shares_the_keys_and_is_whole_again_when_a_node_comes_back() {
    let cluster = RedisCluster::start().unwrap();
    let [first, second, third] = cluster.nodes() else { panic!("{:?}", cluster.urls()) };
    // Slots 12182, 5061 and 866, by the algorithm of Redis Cluster.
    for (key, home) in [("foo", third), ("bar", first), ("hello", first)] {
        assert_eq!(home.command(&["SET", key, "1"]).unwrap(), "OK", "{key}");
    }
    let moved = second.command(&["GET", "foo"]).unwrap_err().to_string();
    assert!(moved.contains("MOVED 12182"), "{moved}");

    third.kill().unwrap();
    eventually("a cluster that knows of its loss", || {
        let state = first.command(&["CLUSTER", "INFO"])?;
        Ok(state.contains("cluster_state:fail").then_some(()))
    })
    .unwrap();
    third.start_again().unwrap();
    cluster.await_whole().unwrap();
    assert_eq!(third.command(&["SET", "foo", "2"]).unwrap(), "OK");
}

#[test]
fn sentinels_replace_a_primary_that_is_killed_and_take_it_back_as_a_replica() {
    let all = Sentinel::start().unwrap();
    let first = all.primary().unwrap().port();
    all.primary().unwrap().command(&["SET", "coat", "7"]).unwrap();
    // Heard by one replica, or told that it was not within two seconds.
    assert_eq!(all.primary().unwrap().command(&["WAIT", "1", "2000"]).unwrap(), "1");
    all.kill_primary().unwrap();
    let second = all.primary().unwrap();
    assert_ne!(second.port(), first);
    assert_eq!(second.command(&["GET", "coat"]).unwrap(), "7");
    second.command(&["SET", "coat", "8"]).unwrap();

    all.servers()[0].start_again().unwrap();
    all.await_ready().unwrap();
    eventually("a replica that has caught up", || {
        Ok((all.servers()[0].command(&["GET", "coat"])? == "8").then_some(()))
    })
    .unwrap();
}
