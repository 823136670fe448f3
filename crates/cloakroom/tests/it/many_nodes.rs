//! Two processes on one PostgreSQL, with a Redis beside it and without: what one did, the other knows.
//!
//! The delays are printed and held to a generous limit; how fast it is on a quiet machine is the bench's to say.

use std::{sync::LazyLock, time::Duration};

use cloakroom_testservers::{Postgres, Redis};
use reqwest::StatusCode;

use crate::{
    person::Person,
    program::Program,
    server::{Server, soon},
};

/// For every test of this binary: a database each.
pub(crate) static POSTGRES: LazyLock<Postgres> = LazyLock::new(|| Postgres::start().unwrap());

/// Promise 8 says one second; a machine that compiles meanwhile gets more.
pub(crate) const GENEROUS: Duration = Duration::from_secs(5);

const KEY: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

#[tokio::test]
async fn on_one_postgres_two_nodes_are_one() {
    let url = url();
    two_nodes_are_one([on(&url), on(&url)]).await;
}

#[tokio::test]
async fn on_one_postgres_and_redis_two_nodes_are_one() {
    let redis = Redis::start().unwrap();
    let (url, place) = (url(), redis.url());
    two_nodes_are_one([(); 2].map(|()| on(&url).with("CLOAKROOM_REDIS", &place))).await;
}

async fn two_nodes_are_one([mut first, mut second]: [Program; 2]) {
    let (here, there) = (first.serve(), second.serve());
    let mut person = Person::at(&here);
    person.sign_up("ada@example.com").await;
    person.goes_to(&there);
    assert_eq!(person.is_known().await, StatusCode::OK, "at once, and remembered from then on");
    assert_eq!(person.is_known().await, StatusCode::OK);
    person.goes_to(&here);
    person.signs_out().await;
    assert_eq!(person.is_known().await, StatusCode::UNAUTHORIZED);
    refused(&mut person, &there, "who signed out at one node is refused at the other").await;

    // A guest too, whom a command ends beside both.
    let mut guest = Person::at(&here);
    guest.comes_as_guest().await;
    guest.goes_to(&there);
    assert_eq!(guest.is_known().await, StatusCode::OK);
    first.run(&["session", "end", guest.sid()]).text();
    refused(&mut guest, &there, "a guest that a command ended is refused").await;
    refused(&mut guest, &here, "and at the other node").await;
}

#[tokio::test]
async fn a_redis_that_is_away_degrades_a_node_and_does_not_take_it_out() {
    let redis = Redis::start().unwrap();
    let mut program = on(&url())
        .with("CLOAKROOM_REDIS", &redis.url())
        .with("CLOAKROOM_DANGER_NO_THROTTLE", "true");
    let server = program.serve_with(&["--admin-listen=localhost:0"]);
    assert_eq!(server.greeting["redis"], format!("redis://127.0.0.1:{}", redis.port()));
    let (mut person, mut guest) = (Person::at(&server), Person::at(&server));
    person.sign_up("ada@example.com").await;
    guest.comes_as_guest().await;
    assert_eq!(guest.is_known().await, StatusCode::OK);
    let mut unseen = Person::at(&server);
    unseen.comes_as_guest().await;
    assert!(of_operators(&server, "metrics").await.1.contains("cloakroom_redis_there 1"));

    redis.kill().unwrap();
    soon("the node notices that Redis is away", async || {
        // Whoever asks for something there is how it notices.
        Person::at(&server).try_as_guest().await == StatusCode::SERVICE_UNAVAILABLE
            && of_operators(&server, "metrics").await.1.contains("cloakroom_redis_there 0")
    })
    .await;
    assert_eq!(of_operators(&server, "readyz").await.0, StatusCode::OK);
    assert_eq!(person.is_known().await, StatusCode::OK);
    let mut late = Person::at(&server);
    late.sign_up("bea@example.com").await;
    assert_eq!(late.is_known().await, StatusCode::OK);
    // Who was a guest is not kept out, whether the node remembers the guest or not.
    guest.sign_in("ada@example.com").await;
    assert_eq!(guest.is_known().await, StatusCode::OK);
    unseen.sign_up("eve@example.com").await;
    assert_eq!(unseen.is_known().await, StatusCode::OK);
    let doctor = program.run(&["doctor", "--json", "--listen", server.address()]);
    assert!(doctor.one_line().to_string().contains("guests wait until it does"));

    redis.start_again().unwrap();
    soon("guests are let in again", async || {
        Person::at(&server).try_as_guest().await == StatusCode::CREATED
    })
    .await;
    assert_eq!(person.is_known().await, StatusCode::OK);
}

/// A program on this database.
pub(crate) fn on(url: &str) -> Program {
    Program::new().with("CLOAKROOM_DATABASE", url).with("CLOAKROOM_MASTER_KEY", KEY)
}

/// The address of a database of its own.
pub(crate) fn url() -> String {
    POSTGRES.url(&POSTGRES.create_database().unwrap())
}

/// Waits until this server refuses somebody.
pub(crate) async fn refused(person: &mut Person, server: &Server, what: &str) {
    person.goes_to(server);
    let delay = soon(what, async || person.is_known().await == StatusCode::UNAUTHORIZED).await;
    assert!(delay < GENEROUS, "{what}: {delay:?}");
}

/// What the operators' listener answers.
async fn of_operators(server: &Server, path: &str) -> (StatusCode, String) {
    let address = server.greeting["admin_listening"][0].as_str().unwrap();
    let answer = reqwest::get(format!("http://{address}/{path}")).await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}
