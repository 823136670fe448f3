//! Two whole nodes on one PostgreSQL, by every way to a Redis that an operator may have, and through a `PgBouncer`.
//!
//! What each way answers to the stores' own questions is the stores' to test; here it is the settings, the wiring, and what a
//! person sees.

use std::time::Duration;

use cloakroom_testservers::{
    PgBouncer, Redis, RedisCluster, Sentinel, eventually,
    redis::{PASSWORD, Settings, sentinel},
};
use reqwest::StatusCode;
use serde_json::json;

use crate::{
    many_nodes::{POSTGRES, on, refused, url},
    person::Person,
    program::Program,
    server::{Server, soon},
};

/// How long sentinels and a node may take together until a guest is let in again; a machine that compiles meanwhile too.
const RECOVERED: Duration = Duration::from_secs(10);

#[tokio::test]
async fn beside_a_redis_cluster_two_nodes_are_one() {
    let cluster = RedisCluster::start().unwrap();
    let place = format!("redis+cluster://{}", places(cluster.nodes()));
    let nodes = two(&[("CLOAKROOM_REDIS", &place)]);
    a_guest_is_one_at_both(&nodes).await;

    // Whichever server a guest lies at, by its room's slot, both nodes find the way.
    let [(_, here), (_, there)] = &nodes;
    let has_guests = |server: &Redis| !server.command(&["KEYS", "*:guest:*"]).unwrap().is_empty();
    soon("guests lie at every server of the cluster", async || {
        let mut guest = Person::at(here);
        guest.comes_as_guest().await;
        guest.goes_to(there);
        assert_eq!(guest.is_known().await, StatusCode::OK);
        cluster.nodes().iter().all(has_guests)
    })
    .await;
}

#[tokio::test]
async fn beside_a_redis_by_tls_two_nodes_are_one() {
    let shape = Settings { password: true, tls: true, ..Settings::default() };
    let redis = Redis::start_with(shape).unwrap();
    let files = tempfile::tempdir().unwrap();
    let password = files.path().join("password");
    std::fs::write(&password, format!("{PASSWORD}\n")).unwrap();
    let place = format!("rediss://default@localhost:{}", redis.port());
    let ca = redis.ca().unwrap();
    let with = [
        ("CLOAKROOM_REDIS", place.as_str()),
        ("CLOAKROOM_REDIS_PASSWORD_FILE", password.to_str().unwrap()),
        ("CLOAKROOM_REDIS_CA", ca.to_str().unwrap()),
    ];
    a_guest_is_one_at_both(&two(&with)).await;

    // Whom nobody vouches for is not spoken to, and does not keep the server from starting.
    let other = Redis::start_with(Settings { tls: true, ..Settings::default() }).unwrap();
    let ca = other.ca().unwrap();
    let mut wary = on(&url()).with("CLOAKROOM_REDIS", &place);
    wary.set("CLOAKROOM_REDIS_PASSWORD_FILE", password.to_str().unwrap());
    wary.set("CLOAKROOM_REDIS_CA", ca.to_str().unwrap());
    let server = wary.serve();
    assert_eq!(Person::at(&server).try_as_guest().await, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_sentinels_two_nodes_are_one_and_a_failover_signs_nobody_out() {
    let sentinel = Sentinel::start().unwrap();
    let place = format!("redis+sentinel://{}/{}", places(sentinel.sentinels()), sentinel::NAME);
    let nodes = two(&[("CLOAKROOM_REDIS", &place)]);
    a_guest_is_one_at_both(&nodes).await;

    let [(_, here), (_, there)] = &nodes;
    let mut known = Person::at(here);
    known.sign_up("bea@example.com").await;
    // Neither node has seen these before.
    let mut unseen = Vec::new();
    for _ in 0..3 {
        let mut other = Person::at(here);
        other.sign_in("bea@example.com").await;
        other.goes_to(there);
        unseen.push(other);
    }
    let mut guest = Person::at(here);
    guest.comes_as_guest().await;
    guest.puts("hat").await;
    await_replica(&sentinel);

    let failover = tokio::task::spawn_blocking(move || {
        sentinel.kill_primary().unwrap();
        sentinel
    });
    let mut checks = 0;
    while !failover.is_finished() || !unseen.is_empty() {
        for node in [here, there] {
            known.goes_to(node);
            assert_eq!(known.is_known().await, StatusCode::OK, "check {checks}");
            checks += 1;
        }
        if let Some(other) = unseen.pop() {
            assert_eq!(other.is_known().await, StatusCode::OK, "who was not seen before");
        }
    }
    println!("{checks} checks of somebody signed in while another server became primary");
    for node in [here, there] {
        let delay = soon("a new guest is let in after a failover", async || {
            Person::at(node).try_as_guest().await == StatusCode::CREATED
        })
        .await;
        assert!(delay < RECOVERED, "{delay:?}");
    }
    // What the replica had heard is there, and all of it works as before.
    guest.goes_to(there);
    assert_eq!(guest.finds_in_the_cart().await, json!({ "hat": true }));
    guest.sign_in("bea@example.com").await;
    assert_eq!(guest.finds_in_the_cart().await, json!({ "hat": true }));
    known.goes_to(here);
    known.signs_out().await;
    refused(&mut known, there, "who signed out after the failover").await;
}

#[tokio::test]
async fn behind_a_pgbouncer_two_nodes_are_one() {
    let bouncer = PgBouncer::in_front_of(&POSTGRES).unwrap();
    let redis = Redis::start().unwrap();
    let database = POSTGRES.create_database().unwrap();
    let pooled = format!("{}?pgbouncer=true", bouncer.url(&database));
    let direct = POSTGRES.url(&database);
    let with = [("CLOAKROOM_DATABASE_DIRECT", &*direct), ("CLOAKROOM_REDIS", &redis.url())];
    let nodes = two_on(&pooled, &with);
    // What outlives a transaction goes past the pooler: each node's share in the lock of those who serve, on the connection
    // that listens.
    let shares = "SELECT COUNT(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database \
                  WHERE datname = current_database() AND locktype = 'advisory' AND mode = 'ShareLock'";
    soon("both nodes listen", async || POSTGRES.sql(&database, shares).unwrap() == "2").await;
    a_guest_is_one_at_both(&nodes).await;
}

/// A guest with a cart, who signs in and out, by both nodes in turn.
async fn a_guest_is_one_at_both(nodes: &[(Program, Server); 2]) {
    let [(program, here), (_, there)] = nodes;
    Person::at(here).sign_up("ada@example.com").await;
    let mut person = Person::at(here);
    person.comes_as_guest().await;
    person.puts("hat").await;
    person.goes_to(there);
    assert_eq!(person.is_known().await, StatusCode::OK);
    assert_eq!(person.finds_in_the_cart().await, json!({ "hat": true }));
    person.puts("coat").await;
    let mut guest = person.clone();
    person.sign_in("ada@example.com").await;
    refused(&mut guest, here, "the guest that somebody was").await;
    for node in [there, here] {
        person.goes_to(node);
        assert_eq!(person.is_known().await, StatusCode::OK);
        assert_eq!(person.finds_in_the_cart().await, json!({ "hat": true, "coat": true }));
    }
    person.signs_out().await;
    refused(&mut person, there, "who signed out at one node is refused at the other").await;

    // Commands beside the nodes find the way too.
    let mut guest = Person::at(here);
    guest.comes_as_guest().await;
    guest.goes_to(there);
    assert_eq!(guest.is_known().await, StatusCode::OK);
    program.run(&["session", "end", guest.sid()]).text();
    refused(&mut guest, there, "a guest that a command ended is refused").await;
    refused(&mut guest, here, "and at the other node").await;
    let looked = program.run(&["doctor", "--json", "--listen", here.address()]).one_line();
    let line = |check| {
        let lines = looked["checks"].as_array().unwrap();
        lines.iter().find(|line| line["check"] == check).unwrap()
    };
    assert_eq!(line("PostgreSQL")["result"], "ok", "{}", line("PostgreSQL"));
    // Only who was asked tells its policy.
    let told = line("Redis")["found"].as_str().unwrap();
    assert!(told.contains("maxmemory-policy noeviction"), "{}", line("Redis"));
}

/// Two nodes on a database of their own.
fn two(with: &[(&str, &str)]) -> [(Program, Server); 2] {
    two_on(&url(), with)
}

fn two_on(database: &str, with: &[(&str, &str)]) -> [(Program, Server); 2] {
    [(); 2].map(|()| {
        let mut program = on(database).with("CLOAKROOM_DANGER_NO_THROTTLE", "true");
        for (variable, value) in with {
            program.set(variable, value);
        }
        let server = program.serve();
        (program, server)
    })
}

/// Servers of Redis as a URL names them.
fn places(servers: &[Redis]) -> String {
    let places: Vec<_> =
        servers.iter().map(|server| format!("127.0.0.1:{}", server.port())).collect();
    places.join(",")
}

/// Returns when the replica has heard all that was written before.
fn await_replica(sentinel: &Sentinel) {
    let primary = sentinel.primary().unwrap();
    let offset = |about: &str, name: &str| {
        about.split_once(name).and_then(|(_, rest)| {
            rest.split(|it: char| !it.is_ascii_digit()).next()?.parse::<u64>().ok()
        })
    };
    let written = primary.command(&["INFO", "replication"]).unwrap();
    let written = offset(&written, "master_repl_offset:").unwrap();
    eventually("a replica that has heard", || {
        let about = primary.command(&["INFO", "replication"])?;
        let heard = offset(&about, "state=online,offset=");
        Ok(heard.is_some_and(|heard| heard >= written).then_some(()))
    })
    .unwrap();
}
